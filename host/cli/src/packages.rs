//! Shared by the commands for packages: resolving `FILE|NAME`, and the lines of a report about a package. Signatures
//! and proofs have files of their own.

pub(crate) mod proof;
pub(crate) mod signer;
pub(crate) mod signing;
pub(crate) mod summary;

use std::path::{Path, PathBuf};

use hive_files::hint_for_missing_or;
use hive_packages::Package;
use hive_packages::installed::{InstallError, Release, Store};

use super::error::{CommandResult, Failure};
use crate::context::Environment;

/// A package to show: from a file, or installed.
pub struct FoundPackage {
    /// The package.
    pub package: Package,
    /// The installed release, if it is installed.
    pub release: Option<Release>,
}

/// Finds the package: a file, or an installed expert `NAME` or `NAME@VERSION`.
///
/// # Errors
/// When there is none, or its files are inconsistent.
pub fn find_package(env: &Environment, target: &str, base: Option<&str>) -> CommandResult<FoundPackage> {
    let path = Path::new(target);
    if path.is_file() {
        let package = Package::open(path, &staging(env))?;
        return Ok(FoundPackage { package, release: None });
    }
    // Text that can only be a path is not looked up as a name.
    if path.components().count() > 1 || target.ends_with(".expert") {
        return Err(no_package(path).into());
    }
    let store = Store::of(env.context.home()?);
    // `base` may also be the path of the base model.
    let release = match store.find(target, base) {
        Err(InstallError::NotInstalled { .. }) if base.is_some() => store.find(target, None)?,
        found => found?,
    };
    Ok(FoundPackage { package: release.package()?, release: Some(release) })
}

/// The error for a package file that is not there.
pub fn no_package(file: &Path) -> Failure {
    let other =
        "`hive expert package NAME --run RUN -o DIR` makes a package; a registry's is `oci://HOST/PATH/NAME:VERSION`";
    let problem = format!("There is no package `{}`", file.display());
    Failure::misuse(problem).hint(hint_for_missing_or(file, other))
}

/// The folder where packages are unpacked for inspection.
pub fn staging(env: &Environment) -> PathBuf {
    env.context
        .home()
        .map_err(InstallError::from)
        .and_then(|home| Store::of(home).staging())
        .unwrap_or_else(|_| std::env::temp_dir())
}

/// A line of a report: label and value.
pub fn line(label: &str, value: &str) -> String {
    format!("{label:<14}{value}")
}
