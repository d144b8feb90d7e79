//! What a package file is about to replace. Whether it may be overwritten is for the caller to decide.

use std::path::Path;

use super::build::Assembled;
use super::package::Package;

/// The file at the path where a package is to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExistingPackage {
    /// A package that nobody has signed, or no package.
    Unsigned,
    /// The same package, signed.
    SameSigned,
    /// Another package, signed.
    OtherSigned,
}

impl ExistingPackage {
    /// The file at `path`, compared with `assembled`; it is unpacked in `staging`.
    pub fn at(path: &Path, assembled: &Assembled, staging: &Path) -> Self {
        match Package::open(path, staging) {
            Ok(there) if there.signature.is_none() => Self::Unsigned,
            Ok(there) if Some(&there.digest) == assembled.digest().as_ref() => Self::SameSigned,
            Ok(_) => Self::OtherSigned,
            Err(_) => Self::Unsigned,
        }
    }
}
