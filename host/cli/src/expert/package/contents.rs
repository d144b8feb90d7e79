//! What goes into a package besides the run: plugins and the text of the licence.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hive_engine::EngineError;
use hive_packages::layout::own_target;
use hive_runtime::opened::OpenExpert;

use super::Package;
use crate::error::{CommandResult, Failure};

/// The plugin's libraries, by target triple.
///
/// # Errors
/// When an argument is malformed, or names a file that does not exist.
pub(super) fn libraries(args: &Package, open: &OpenExpert) -> CommandResult<BTreeMap<String, PathBuf>> {
    let mut libraries = BTreeMap::new();
    if args.with_plugin {
        libraries.insert(own_target(), open.place.library.clone());
    }
    for plugin in &args.plugins {
        let (target, path) = plugin
            .split_once('=')
            .ok_or_else(|| Failure::misuse(format!("`--plugin {plugin}` is not of the form `TARGET=FILE`")))?;
        if !Path::new(path).is_file() {
            return Err(Failure::misuse(format!("There is no plugin `{path}`")).into());
        }
        libraries.insert(target.to_owned(), path.into());
    }
    Ok(libraries)
}

/// The text of the licence, if a file with it is named.
///
/// # Errors
/// When it cannot be read.
pub(super) fn license(args: &Package) -> CommandResult<Option<String>> {
    let read = |path: &Path| std::fs::read_to_string(path).map_err(|e| EngineError::io("read", path, e));
    Ok(args.license_file.as_deref().map(read).transpose()?)
}

/// Checks that a receiver can ask the expert something: by the manifest's prompt or by a plugin.
///
/// # Errors
/// When the package would have neither.
pub(super) fn check_usable(args: &Package, open: &OpenExpert, libraries: &BTreeMap<String, PathBuf>) -> CommandResult {
    if !libraries.is_empty() || !open.expert.manifest().prompt.is_empty() {
        return Ok(());
    }
    let problem = format!(
        "This package could not be used: `manifests/{}.json` declares no `prompt`, and no plugin is included",
        args.name
    );
    let hint = "`--with-plugin` includes the plugin for this machine; or declare the `prompt`";
    Err(Failure::unacceptable(problem).hint(hint).into())
}
