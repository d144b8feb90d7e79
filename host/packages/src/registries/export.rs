//! A package as the repository of a model hub: a folder with PEFT's files and the model card, as
//! `PeftModel.from_pretrained` and the hub's pages read it. The package's own files go along, so that
//! it can be verified from there.

use std::path::Path;

use hive_files::{write_file, write_folder};

use super::error::{RegistryError, Result};
use crate::Package;
use crate::layout::{is_library, limit};

const ATTRIBUTES_FILE: &str = ".gitattributes";

/// What the hub's git keeps outside of its history: weights and libraries.
const ATTRIBUTES: &str = "*.safetensors filter=lfs diff=lfs merge=lfs -text\n\
    *.so filter=lfs diff=lfs merge=lfs -text\n\
    *.dylib filter=lfs diff=lfs merge=lfs -text\n\
    *.dll filter=lfs diff=lfs merge=lfs -text\n";

/// Writes the package as a repository into `folder`, whole or not at all. A folder of the hub is
/// replaced only when `force` says so.
///
/// # Errors
/// When there is something already, or it cannot be written.
pub fn export(package: &Package, folder: &Path, force: bool) -> Result<()> {
    let taken = folder.read_dir().is_ok_and(|mut entries| entries.next().is_some());
    if taken && !force {
        let source = std::io::Error::new(std::io::ErrorKind::AlreadyExists, "it is not empty");
        return Err(RegistryError::io("export to", folder, source));
    }
    // What is replaced must have come from here: a clone's `.git` is nobody's to remove.
    for entry in folder.read_dir().into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name != ATTRIBUTES_FILE && limit(&name).is_none() {
            let problem = format!("it holds `{name}`, which is no file of a package; export to an empty folder");
            let source = std::io::Error::new(std::io::ErrorKind::DirectoryNotEmpty, problem);
            return Err(RegistryError::io("export to", folder, source));
        }
    }
    write_folder(folder, |aside| {
        for name in package.files.keys() {
            let (from, to) = (package.dir().join(name), aside.join(name));
            // A library that was left out when the package was installed is not there to be exported.
            if is_library(name) && !from.exists() {
                continue;
            }
            std::fs::copy(&from, &to).map_err(|error| RegistryError::io("write", &to, error))?;
        }
        Ok(write_file(&aside.join(ATTRIBUTES_FILE), ATTRIBUTES.as_bytes())?)
    })
}
