//! Files of the model cache: their digests, and the receipt (`files.json`) that is written once
//! every file of a model has been verified. Later checks only compare sizes with it, which is
//! cheap.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::catalogue::{Model, RECEIPT};
use super::error::{ModelError, Result};

/// What was found when a model's files were checked.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Receipt {
    files: BTreeMap<String, Checked>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Checked {
    size: u64,
    sha256: String,
}

impl Receipt {
    /// The receipt of files that have just been verified against the catalogue.
    pub(super) fn of(model: &Model, folder: &Path) -> Result<Self> {
        let mut files = BTreeMap::new();
        for file in &model.files {
            let path = folder.join(&file.name);
            let size = std::fs::metadata(&path).map_err(|e| ModelError::io("read", &path, e))?.len();
            files.insert(file.name.clone(), Checked { size, sha256: file.sha256.clone() });
        }
        Ok(Self { files })
    }

    pub(super) fn write(&self, folder: &Path) -> Result<()> {
        let path = folder.join(RECEIPT);
        let json = serde_json::to_vec_pretty(self).map_err(|e| ModelError::io("write", &path, e.into()))?;
        let mut file = File::create(&path).map_err(|e| ModelError::io("write", &path, e))?;
        file.write_all(&json).and_then(|()| file.sync_all()).map_err(|e| ModelError::io("write", &path, e))
    }
}

/// Whether `folder` contains the model, judging by its receipt and the sizes; else the problem.
pub(super) fn check_sizes(model: &Model, folder: &Path) -> std::result::Result<(), String> {
    let receipt: Receipt = match std::fs::read(folder.join(RECEIPT)) {
        Ok(json) => serde_json::from_slice(&json).map_err(|e| format!("its `{RECEIPT}` is damaged: {e}"))?,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Err("it has not been pulled".into()),
        Err(e) => return Err(format!("its `{RECEIPT}` cannot be read: {e}")),
    };
    for file in &model.files {
        let name = &file.name;
        let Some(checked) = receipt.files.get(name).filter(|checked| checked.sha256 == file.sha256) else {
            return Err(format!("its copy of `{name}` is of another version than the catalogue's"));
        };
        match std::fs::metadata(folder.join(name)) {
            Ok(found) if found.len() == checked.size => {}
            Ok(found) => {
                let (got, expected) = (hive_errors::grouped(found.len()), hive_errors::grouped(checked.size));
                return Err(format!("`{name}` has {got} bytes, expected {expected}"));
            }
            Err(e) => return Err(format!("`{name}` cannot be read: {e}")),
        }
    }
    Ok(())
}
