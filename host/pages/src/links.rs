//! Links from page to page that still work when the folder that holds both is moved.

use std::path::{Component, Path, PathBuf};

use minijinja::HtmlEscape;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What need not be encoded in a segment of a path, RFC 3986, §2.3.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The link from a page in `folder` to the file `target`; `None` when there is no such file, or when the two have
/// nothing in common but the root, so that no folder that holds both could be moved.
pub fn relative(folder: &Path, target: &Path) -> Option<String> {
    if !target.is_file() {
        return None;
    }
    let (from, to) = (whole(folder)?, whole(target)?);
    let (from, to): (Vec<Component>, Vec<Component>) = (from.components().collect(), to.components().collect());
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    if !from[..common].iter().any(|part| matches!(part, Component::Normal(_))) {
        return None;
    }
    let up = std::iter::repeat_n("..".to_owned(), from.len() - common);
    let down =
        to[common..].iter().map(|part| utf8_percent_encode(&part.as_os_str().to_string_lossy(), SEGMENT).to_string());
    Some(up.chain(down).collect::<Vec<_>>().join("/"))
}

/// Begins a list of links that can be replaced in a finished page.
const BEGIN: &str = "<!-- links -->";
/// Ends it.
const END: &str = "<!-- end of links -->";

/// A list of links from a page in `folder` to those of the targets (file, name) that exist, to be put into a template
/// as it is.
pub fn link_list(folder: &Path, targets: &[(PathBuf, String)]) -> String {
    let item = |(target, name): &(PathBuf, String)| {
        let href = relative(folder, target)?;
        Some(format!("<li><a href=\"{href}\">{}</a></li>", HtmlEscape(name)))
    };
    let items: String = targets.iter().filter_map(item).collect();
    let list = if items.is_empty() {
        "<p class=\"dim\">none yet</p>".to_owned()
    } else {
        format!("<ul class=\"links\">{items}</ul>")
    };
    format!("{BEGIN}{list}{END}")
}

/// The finished page with this list of links in the place of the one that it has; `None` if it has none.
pub fn with_link_list(page: &str, list: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some([before, list, after].concat())
}

/// The path without links and dots. The folder of a page that is still being written need not exist.
fn whole(path: &Path) -> Option<PathBuf> {
    let path = std::path::absolute(path).ok()?;
    path.canonicalize().ok().or_else(|| Some(path.parent()?.canonicalize().ok()?.join(path.file_name()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_up_and_down_and_only_to_what_exists() {
        let place = tempfile::tempdir().unwrap();
        let run = place.path().join("runs/a #1");
        std::fs::create_dir_all(run.join("eval")).unwrap();
        for file in ["report.html", "eval/builtin.html"] {
            std::fs::write(run.join(file), "").unwrap();
        }
        assert_eq!(relative(&run.join("eval"), &run.join("report.html")).as_deref(), Some("../report.html"));
        assert_eq!(relative(&run, &run.join("eval/builtin.html")).as_deref(), Some("eval/builtin.html"));
        assert_eq!(relative(&run, &run.join("eval/other.html")), None);
        let side = place.path().join("side");
        assert_eq!(relative(&side, &run.join("report.html")).as_deref(), Some("../runs/a%20%231/report.html"));
        assert_eq!(relative(Path::new("/"), &run.join("report.html")), None, "nothing but the root in common");
    }

    #[test]
    fn a_list_of_links_is_replaced_in_a_finished_page() {
        let place = tempfile::tempdir().unwrap();
        std::fs::write(place.path().join("a.html"), "").unwrap();
        let target = |name: &str| (place.path().join(format!("{name}.html")), format!("<{name}>"));
        let none = link_list(place.path(), &[target("b")]);
        assert!(none.contains("none yet"), "{none}");
        let one = link_list(place.path(), &[target("a"), target("b")]);
        assert!(one.contains("<li><a href=\"a.html\">&lt;a&gt;</a></li>") && !one.contains("b.html"), "{one}");
        assert_eq!(with_link_list(&format!("1{none}2"), &one), Some(format!("1{one}2")));
        assert_eq!(with_link_list("a page of an older version", &one), None);
    }
}
