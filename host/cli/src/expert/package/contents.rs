//! What goes into a package besides the run: plugins and the text of the licence.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hive_engine::EngineError;
use hive_packages::layout::{is_grader, own_target};
use hive_plugins::{Commands, ExpertCode};
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
        let ExpertCode::Library { library, .. } = &open.place.code else {
            let problem = format!("Expert `{}` has no plugin: its manifest declares all that it does", args.name);
            return Err(Failure::misuse(problem).hint("leave `--with-plugin` out").into());
        };
        libraries.insert(own_target(), library.clone());
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

/// The files of the expert's folder that its grading commands use.
///
/// # Errors
/// When one has a name that files of a package do not have.
pub(super) fn graders(open: &OpenExpert) -> CommandResult<Vec<PathBuf>> {
    let ExpertCode::Declared { commands: Commands::In(folder), .. } = &open.place.code else { return Ok(Vec::new()) };
    let mut graders = Vec::new();
    for argument in open.expert.manifest().commands().flat_map(|command| &command.argv) {
        let path = folder.join(argument);
        // An argument that is no file of the folder is a program of the system, or a flag.
        if argument.trim().is_empty() || !path.is_file() {
            continue;
        }
        if !is_grader(argument) {
            let problem = format!("`{argument}` of `{}` cannot be put into a package", folder.display());
            let hint = "a file that a grading command uses lies beside the manifest and is named `grade`, `grade.awk` or \
                        `grade-…`";
            return Err(Failure::unacceptable(problem).hint(hint).into());
        }
        graders.push(path);
    }
    Ok(graders)
}

/// The text of the licence, if a file with it is named or lies beside the manifest.
///
/// # Errors
/// When it cannot be read.
pub(super) fn license(args: &Package, open: &OpenExpert) -> CommandResult<Option<String>> {
    let read = |path: &Path| std::fs::read_to_string(path).map_err(|e| EngineError::io("read", path, e));
    let own = || {
        let ExpertCode::Declared { manifest, .. } = &open.place.code else { return None };
        let names = ["LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE"];
        names.iter().map(|name| manifest.with_file_name(name)).find(|path| path.is_file())
    };
    Ok(args.license_file.clone().or_else(own).as_deref().map(read).transpose()?)
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
        "This package could not be used: the manifest of `{}` declares no `prompt`, and no plugin is included",
        args.name
    );
    let hint = "`--with-plugin` includes the plugin for this machine; or declare the `prompt`";
    Err(Failure::unacceptable(problem).hint(hint).into())
}
