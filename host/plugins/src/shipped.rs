//! Experts that came with the program, in `lib/hive/experts/` beside the folder of the program: `bin/hive` of an unpacked
//! archive finds them wherever it was unpacked.

use std::path::{Path, PathBuf};

use super::discover::Installed;

/// The folder of what came with the program besides itself; `None` when nothing did.
pub fn shipped_folder() -> Option<PathBuf> {
    folder_beside(&std::env::current_exe().ok()?)
}

fn folder_beside(program: &Path) -> Option<PathBuf> {
    let folder = program.parent()?.parent()?.join("lib/hive");
    folder.is_dir().then_some(folder)
}

/// The experts that came with the program: name and place.
pub fn shipped() -> Vec<(String, Installed)> {
    shipped_folder().map(|folder| experts_in(&folder.join("experts"))).unwrap_or_default()
}

fn experts_in(folder: &Path) -> Vec<(String, Installed)> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let whole = entries.flatten().filter(|entry| entry.path().join("manifest.json").is_file());
    whole
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let installed = Installed::by_hand(&name, &entry.path());
            Some((name, installed))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn experts_beside_the_program_are_found() {
        let prefix = tempfile::tempdir().expect("a folder");
        let program = prefix.path().join("bin/hive");
        assert_eq!(folder_beside(&program), None);
        let experts = prefix.path().join("lib/hive/experts");
        for name in ["one", "no-manifest"] {
            std::fs::create_dir_all(experts.join(name)).expect("made");
        }
        std::fs::write(experts.join("one/manifest.json"), "{}").expect("written");
        assert_eq!(folder_beside(&program), Some(prefix.path().join("lib/hive")));
        let found = experts_in(&experts);
        let [(name, installed)] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((name.as_str(), installed.folder.as_path()), ("one", experts.join("one").as_path()));
        assert!(installed.library.starts_with(&installed.folder));
    }
}
