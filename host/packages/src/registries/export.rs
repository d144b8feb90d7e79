//! A package as a repository for a model hub: a folder with PEFT's files and the model card, as
//! `PeftModel.from_pretrained` and the hub's pages read it. It has the package's other files as well, so that it can be
//! verified.

use std::path::Path;

use hive_files::{write_file, write_folder};

use super::error::{RegistryError, Result};
use crate::Package;
use crate::layout::{is_library, limit};

const ATTRIBUTES_FILE: &str = ".gitattributes";

/// The files for Git LFS: weights and libraries.
const ATTRIBUTES: &str = "*.safetensors filter=lfs diff=lfs merge=lfs -text\n\
    *.so filter=lfs diff=lfs merge=lfs -text\n\
    *.dylib filter=lfs diff=lfs merge=lfs -text\n\
    *.dll filter=lfs diff=lfs merge=lfs -text\n";

/// Writes the package as a repository to `folder`, atomically. An earlier export is replaced only if `force` is set.
///
/// # Errors
/// When the folder is not empty, or it cannot be written.
pub fn export(package: &Package, folder: &Path, force: bool) -> Result<()> {
    let occupied = folder.read_dir().is_ok_and(|mut entries| entries.next().is_some());
    if occupied && !force {
        let source = std::io::Error::new(std::io::ErrorKind::AlreadyExists, "it is not empty");
        return Err(RegistryError::io("export to", folder, source));
    }
    // Only an earlier export may be replaced, never a clone with its `.git`.
    for entry in folder.read_dir().into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name != ATTRIBUTES_FILE && limit(&name).is_none() {
            let problem = format!("it holds `{name}`, which is no file of a package; export to an empty folder");
            let source = std::io::Error::new(std::io::ErrorKind::DirectoryNotEmpty, problem);
            return Err(RegistryError::io("export to", folder, source));
        }
    }
    write_folder(folder, |staging| {
        for name in package.files.keys() {
            let (from, to) = (package.dir().join(name), staging.join(name));
            // Libraries may have been left out when the package was installed.
            if is_library(name) && !from.exists() {
                continue;
            }
            std::fs::copy(&from, &to).map_err(|error| RegistryError::io("write", &to, error))?;
        }
        Ok(write_file(&staging.join(ATTRIBUTES_FILE), ATTRIBUTES.as_bytes())?)
    })
}
