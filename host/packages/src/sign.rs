//! Adds a signature to a package file. Everything else in it is unchanged, byte for byte.

use std::path::Path;

use super::archive::{self, Source, Sources};
use super::error::{PackageError, Result};
use super::layout::SIGNATURE;
use super::package::Package;
use super::signature::SignatureFile;
use crate::trust::{PublicKey, SecretKey};

/// Signs the package in `path` with `key`, replacing its signature if it has one. The same package and key give
/// the same file.
///
/// # Errors
/// When it is not a complete package, or cannot be written.
pub fn sign(path: &Path, key: &SecretKey) -> Result<PublicKey> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let package = Package::open(path, folder)?;
    let signature = SignatureFile::of(&package.integrity_bytes()?, key);
    let text = serde_json::to_string_pretty(&signature).map_err(|e| PackageError::io("write", path, e.into()))?;
    let mut files: Sources =
        package.files.keys().map(|name| (name.clone(), Source::File(package.dir().join(name)))).collect();
    files.insert(SIGNATURE.to_owned(), Source::Bytes((text + "\n").into_bytes()));
    archive::write(path, &files)?;
    Ok(signature.key)
}
