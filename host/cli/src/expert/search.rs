//! `hive expert search`: the packages of a registry.

use clap::Args;
use hive_packages::registries::{Listed, Reference, open};
use hive_packages::trust::{Ring, Signer};
use serde_json::json;

use super::super::output::{result, result_prose};
use super::super::packages::summary::summary_text;
use crate::context::Environment;
use crate::error::CommandResult;

/// List the packages of a registry
#[derive(Debug, Args)]
pub struct Search {
    /// Registry: `dir:FOLDER`, `oci://HOST/PATH/NAME`, or `oci://HOST` if it lists its repositories
    #[arg(value_name = "REGISTRY")]
    registry: String,
    /// List only packages with all of these words in name, base model or description
    words: Vec<String>,
    /// Print JSON: `{"packages": [{"name", "version", "base", "description", "key", "digest",
    /// "kind", "checks", "answers", "license"}]}`. A registry states them, the package is not looked at
    #[arg(long)]
    json: bool,
}

impl Search {
    /// Runs the command.
    ///
    /// # Errors
    /// When the registry cannot be reached.
    pub fn run(self, env: &Environment) -> CommandResult {
        let mut found = open(&Reference::to_registry(&self.registry)?, &env.context, &env.access)?.list()?;
        let words: Vec<String> = self.words.iter().map(|word| word.to_lowercase()).collect();
        found.retain(|listed| {
            let text = format!("{} {} {}", listed.name, listed.base, listed.description).to_lowercase();
            words.iter().all(|word| text.contains(word))
        });
        if self.json {
            return result(&format!("{:#}", json!({ "packages": found })));
        }
        if found.is_empty() {
            env.screen.note(&format!("`{}` has no such package", self.registry));
            return Ok(());
        }
        let ring = Ring::of(env.context.home()?)?;
        let shown = found.iter().map(|listed| {
            // Text from a registry is untrusted: control characters must not reach the terminal.
            let plain = |text: &str| text.replace(char::is_control, "\u{fffd}");
            let Listed { name, version, base, description, .. } = listed;
            let summary = summary_text(&listed.summary, Some(&Signer::of(listed.key, &ring)));
            format!("{} {version} for {}\n  {}\n  {summary}", plain(name), plain(base), plain(description))
        });
        result_prose(env.screen, &shown.collect::<Vec<_>>().join("\n"))
    }
}
