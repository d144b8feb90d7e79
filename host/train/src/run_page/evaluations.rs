//! The links from the page of a run to the pages of its evaluations. Evaluations come later than the page, so its list
//! is replaced when one is written.

use std::path::{Path, PathBuf};

use hive_files::write_file;
use hive_pages::{link_list, with_link_list};

use super::FILE;
use crate::TrainError;
use crate::run_folder::RunFolder;

/// Puts links to all evaluations that exist into the page of the run at `run`. A run without a page, or with one of an
/// older version, stays as it is.
///
/// # Errors
/// When the page cannot be read or written.
pub fn link_evaluations(run: &Path) -> Result<(), TrainError> {
    let path = run.join(FILE);
    if !path.is_file() {
        return Ok(());
    }
    let page = std::fs::read_to_string(&path).map_err(|e| RunFolder::open(run).fault("read", &path, e))?;
    match with_link_list(&page, &list(run)) {
        Some(linked) if linked != page => Ok(write_file(&path, linked.as_bytes())?),
        _ => Ok(()),
    }
}

/// The list of links: the pages below `eval/`, and the comparison that the run was trained for.
pub(super) fn list(run: &Path) -> String {
    let entries = std::fs::read_dir(run.join("eval")).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut pages: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|e| e == "html")).collect();
    pages.sort();
    let mut targets: Vec<(PathBuf, String)> = pages
        .into_iter()
        .map(|path| {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            (path, name)
        })
        .collect();
    targets.push((run.join("../../compare.html"), "comparison with other recipes".to_owned()));
    link_list(run, &targets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_linked_to_evaluations_that_come_later() {
        let place = tempfile::tempdir().unwrap();
        let run = place.path().join("recipes/small");
        std::fs::create_dir_all(run.join("eval")).unwrap();
        link_evaluations(&run).unwrap();
        assert!(!run.join(FILE).exists(), "a run without a page gets none");
        std::fs::write(run.join(FILE), format!("<h2>Evaluations</h2>{}", list(&run))).unwrap();
        let page = || std::fs::read_to_string(run.join(FILE)).unwrap();
        assert!(page().contains("none yet"));
        for file in ["recipes/small/eval/my suite.html", "recipes/small/eval/builtin.json", "compare.html"] {
            std::fs::write(place.path().join(file), "").unwrap();
        }
        link_evaluations(&run).unwrap();
        let text = page();
        assert!(text.contains("<a href=\"eval/my%20suite.html\">my suite</a>"), "{text}");
        assert!(text.contains("<a href=\"../../compare.html\">"), "{text}");
        assert!(!text.contains("builtin") && !text.contains("none yet"), "{text}");
        link_evaluations(&run).unwrap();
        assert_eq!(page(), text);
    }
}
