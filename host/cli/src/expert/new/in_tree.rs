//! A new expert inside hive's own checkout: a crate below `experts/`, its manifest below `manifests/`, and a member of the
//! workspace.

use std::path::{Path, PathBuf};

use hive_files::write_file;
use hive_plugins::Checkout;

use super::files;
use crate::error::{CommandResult, Failure};

/// Writes the expert; returns the folder of its crate.
pub(super) fn write(name: &str) -> CommandResult<PathBuf> {
    let here = std::env::current_dir().ok().and_then(|folder| Checkout::around(&folder));
    let checkout = here.ok_or_else(|| {
        Failure::misuse("This folder is in no checkout of hive")
            .hint("`--rust` writes a crate anywhere; `--in-tree` is for experts that come with hive")
    })?;
    let (folder, manifest) = (checkout.crate_dir(name), checkout.manifest(name));
    if manifest.exists() {
        return Err(Failure::misuse(format!("`{}` exists", manifest.display())).into());
    }
    let root = checkout.root().join("Cargo.toml");
    let text = std::fs::read_to_string(&root).map_err(|e| unreadable(&root, e))?;
    let members = with_member(&text, &format!("experts/{name}")).ok_or_else(|| {
        Failure::unacceptable(format!("`{}` has no list `members`", root.display()))
            .hint("add the crate to the workspace's members yourself")
    })?;
    let mut all = files::sources(name, "../../manifests/");
    all.push(("Cargo.toml".to_owned(), cargo_toml(name)));
    super::write(&folder, &all)?;
    write_file(&manifest, files::manifest(name).as_bytes())?;
    write_file(&root, members.as_bytes())?;
    Ok(folder)
}

fn unreadable(path: &Path, error: std::io::Error) -> Failure {
    Failure::misuse(format!("Failed to read `{}`", path.display())).source(error)
}

fn cargo_toml(name: &str) -> String {
    format!(
        "[package]\nname = \"expert-{name}\"\nversion.workspace = true\nedition.workspace = true\n\
         rust-version.workspace = true\nlicense.workspace = true\npublish.workspace = true\n\n\
         [lib]\ncrate-type = [\"cdylib\", \"rlib\"]\n\n[dependencies]\nhive-sdk.workspace = true\n"
    )
}

/// The workspace's manifest with one member more; `None` when it has no list of members.
fn with_member(text: &str, member: &str) -> Option<String> {
    let quoted = format!("\"{member}\"");
    if text.contains(&quoted) {
        return Some(text.to_owned());
    }
    let list = text.find("members = [")? + "members = [".len();
    let mut changed = text.to_owned();
    let empty = text[list..].trim_start().starts_with(']');
    changed.insert_str(list, &if empty { quoted } else { format!("{quoted}, ") });
    Some(changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_added_once() {
        let before = "[workspace]\nmembers = [\"sdk\"]\n";
        let after = with_member(before, "experts/a").expect("a list");
        assert_eq!(after, "[workspace]\nmembers = [\"experts/a\", \"sdk\"]\n");
        assert_eq!(with_member(&after, "experts/a").as_deref(), Some(after.as_str()));
        assert_eq!(with_member("members = []", "x").as_deref(), Some("members = [\"x\"]"));
        assert_eq!(with_member("[package]", "x"), None);
    }
}
