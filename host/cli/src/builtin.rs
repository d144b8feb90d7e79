//! Releases that came with hive: `builtin:NAME[:VERSION]` is a package of the registry in `releases/` of a checkout, or else
//! in `lib/hive/releases/` beside the folder of the program.

use std::path::PathBuf;

use hive_packages::registries::{Reference, open};
use hive_plugins::{Checkout, shipped_folder};

use crate::context::Environment;
use crate::error::{CommandResult, Failure};

/// The prefix of references to them.
const PREFIX: &str = "builtin:";

/// Whether `source` is a release that came with hive.
pub fn is_builtin(source: &str) -> bool {
    source.starts_with(PREFIX)
}

/// The source as it is recorded of an installed release: where hive lies now does not matter later.
pub fn source(name: &str, version: &str) -> String {
    format!("{PREFIX}{name}:{version}")
}

/// The package that `source` stands for.
///
/// # Errors
/// When hive came with no release of this name, or `source` names none.
pub fn reference(env: &Environment, source: &str) -> CommandResult<Reference> {
    let asked = source.strip_prefix(PREFIX).unwrap_or(source);
    let name = asked.split_once(':').map_or(asked, |(name, _)| name);
    let names = names(env)?;
    match registry().filter(|_| names.iter().any(|known| known == name)) {
        Some(folder) => Ok(Reference::to_package(&format!("dir:{}", folder.join(asked).display()))?),
        None => {
            let there = match names.as_slice() {
                [] => "it came with none".to_owned(),
                names => format!("it came with: {}", hive_errors::listed(names.iter().map(String::as_str))),
            };
            Err(Failure::misuse(format!("No release of `{name}` came with this hive: {there}"))
                .hint("`hive expert install FILE` installs a package, `hive expert search REGISTRY` looks for one")
                .into())
        }
    }
}

/// The command that installs the release of this expert, if one came with hive. It is a hint: of a registry that cannot be
/// read, installing says why.
pub fn install_command(env: &Environment, name: &str) -> Option<String> {
    names(env)
        .unwrap_or_default()
        .iter()
        .any(|known| known == name)
        .then(|| format!("hive expert install {PREFIX}{name}"))
}

/// The registry's folder.
fn registry() -> Option<PathBuf> {
    let of_checkout = Checkout::find().map(|checkout| checkout.root().join("releases"));
    let shipped = shipped_folder().map(|folder| folder.join("releases"));
    [of_checkout, shipped].into_iter().flatten().find(|folder| folder.join("index.json").is_file())
}

/// The experts with releases.
///
/// # Errors
/// When the registry cannot be read.
fn names(env: &Environment) -> CommandResult<Vec<String>> {
    let Some(folder) = registry() else { return Ok(Vec::new()) };
    let reference = Reference::to_registry(&format!("dir:{}", folder.display()))?;
    let listed = open(&reference, &env.context, &env.access)?.list()?;
    let mut names: Vec<String> = listed.into_iter().map(|listed| listed.name).collect();
    names.dedup();
    Ok(names)
}
