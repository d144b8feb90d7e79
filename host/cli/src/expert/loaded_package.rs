//! Shared by `hive expert install` and `hive expert update`: a package from a file or a registry, before anything about
//! it is believed.

use std::path::Path;

use hive_files::Staging;
use hive_packages::Package;
use hive_packages::installed::{Expected, Store};
use hive_packages::registries::{Reference, open};

use crate::builtin::{self, is_builtin};
use crate::context::Environment;
use crate::error::CommandResult;
use crate::packages::{FoundPackage, find_package, no_package};
use crate::pull_progress::PullProgress;

/// A package that was downloaded or unpacked for installation.
pub(super) struct LoadedPackage {
    /// The package.
    pub(super) package: Package,
    /// Its origin.
    pub(super) source: String,
    /// The expected identity.
    pub(super) expected: Option<Expected>,
}

impl LoadedPackage {
    /// The package of this file.
    pub(super) fn of_file(path: &Path, package: Package) -> Self {
        let source = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        Self { package, source: source.display().to_string(), expected: None }
    }
}

/// Loads a package from a file or a registry.
///
/// # Errors
/// When it cannot be had, or is not whole.
pub(super) fn load_package(env: &Environment, source: &str, store: &Store) -> CommandResult<LoadedPackage> {
    if is_registered(source) {
        return fetch(env, source, &reference_of(env, source)?, store);
    }
    let path = Path::new(source);
    if !path.is_file() {
        return Err(no_package(path).into());
    }
    Ok(LoadedPackage::of_file(path, Package::open(path, &store.staging()?)?))
}

/// Finds the package to show: as [`find_package`], or one of a registry, which is downloaded for it.
///
/// # Errors
/// When there is none, or it is not whole.
pub(super) fn shown_package(env: &Environment, target: &str, base: Option<&str>) -> CommandResult<FoundPackage> {
    if !is_registered(target) {
        return find_package(env, target, base);
    }
    let store = Store::of(env.context.home()?);
    let LoadedPackage { package, .. } = fetch(env, target, &reference_of(env, target)?, &store)?;
    Ok(FoundPackage { package, release: None })
}

/// Whether `source` is a package of a registry, which may have newer versions.
pub(super) fn is_registered(source: &str) -> bool {
    Reference::has_prefix(source) || is_builtin(source)
}

/// The reference that `source` is or stands for.
///
/// # Errors
/// When it names no package.
pub(super) fn reference_of(env: &Environment, source: &str) -> CommandResult<Reference> {
    if is_builtin(source) { builtin::reference(env, source) } else { Ok(Reference::to_package(source)?) }
}

/// Downloads the package of a registry that `reference` is; `source` is how it was asked for.
///
/// # Errors
/// When the registry has no such package, or serves another one.
pub(super) fn fetch(
    env: &Environment,
    source: &str,
    reference: &Reference,
    store: &Store,
) -> CommandResult<LoadedPackage> {
    let registry = open(reference, &env.context, &env.access)?;
    let listed = registry.find(&reference.which)?;
    let dir = Staging::new(&store.staging()?)?;
    registry.fetch(&listed, dir.path(), &mut PullProgress::on(env.screen))?;
    let shown = format!("{} {}", listed.name, listed.version);
    let package = Package::of_fetched(shown, dir)?;
    let source = if is_builtin(source) {
        builtin::source(&listed.name, &listed.version.to_string())
    } else {
        reference.named(&listed.version)
    };
    // The registry's metadata and the package's own must agree.
    let name = reference.name.clone().unwrap_or(listed.name);
    let expected = Expected { name, version: listed.version.to_string(), base: listed.base };
    Ok(LoadedPackage { package, source, expected: Some(expected) })
}
