//! Whether the programs with which an installed release grades are those that its trusted signer signed. Looked at whenever
//! the release is found, not only when it is installed: the folder may have changed since.

use std::fs;
use std::path::Path;

use hive_files::sha256_of_file;

use crate::integrity::Integrity;
use crate::layout::{INTEGRITY, MANIFEST, SIGNATURE, is_grader};
use crate::signature::SignatureFile;
use crate::trust::PublicKey;

/// Compares manifest and programs in `folder` with the list that `key` signed.
///
/// # Errors
/// The difference, in words.
pub(super) fn unchanged(folder: &Path, key: &PublicKey) -> Result<(), String> {
    let read = |name: &str| fs::read(folder.join(name)).map_err(|e| format!("`{name}` cannot be read: {e}"));
    let listed = read(INTEGRITY)?;
    let signature: SignatureFile =
        serde_json::from_slice(&read(SIGNATURE)?).map_err(|e| format!("`{SIGNATURE}` is damaged: {e}"))?;
    if signature.key != *key {
        return Err(format!("`{SIGNATURE}` is by another key than when it was installed"));
    }
    signature.check(&listed).map_err(|why| format!("its signature is not valid: {why}"))?;
    let listed: Integrity = serde_json::from_slice(&listed).map_err(|e| format!("`{INTEGRITY}` is damaged: {e}"))?;
    for entry in fs::read_dir(folder).map_err(|e| format!("its folder cannot be read: {e}"))?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name != MANIFEST && !is_grader(&name) {
            continue;
        }
        let wanted = listed.files.get(&name).ok_or_else(|| format!("`{name}` is not one of its files"))?;
        let got = sha256_of_file(&entry.path()).map_err(|e| format!("`{name}` cannot be read: {e}"))?;
        if got != wanted.sha256 {
            return Err(format!("`{name}` was changed after it was installed"));
        }
    }
    Ok(())
}
