//! `hive cache`: what can be computed or downloaded again.

use clap::Subcommand;
use hive_files::{CacheFolder, cache_folders};
use serde_json::json;

use crate::columns::Table;
use crate::confirm::confirmed;
use crate::context::Environment;
use crate::error::CommandResult;
use crate::output::result;

/// Commands for the caches.
#[derive(Debug, Subcommand)]
pub enum CacheCommand {
    /// Show what each cache holds
    Show {
        /// Print JSON: `{"folder", "caches": [{"name", "entries", "bytes"}]}`
        #[arg(long)]
        json: bool,
    },
    /// Empty the caches; what they held is computed or downloaded again when it is needed
    Prune {
        /// Name of a cache, as `hive cache show` lists it [default: all]
        #[arg(value_name = "NAME")]
        name: Option<String>,
        /// Do not ask
        #[arg(long)]
        force: bool,
    },
}

/// Runs `hive cache`.
///
/// # Errors
/// When there is no home folder, or an entry cannot be removed.
pub fn run(command: CacheCommand, env: &Environment) -> CommandResult {
    let root = env.context.cache()?;
    let found = cache_folders(&root);
    let size = |bytes: u64| indicatif::DecimalBytes(bytes).to_string();
    match command {
        CacheCommand::Show { json: true } => {
            let caches: Vec<_> = found
                .iter()
                .map(|cache| json!({"name": cache.name, "entries": cache.entries, "bytes": cache.bytes}))
                .collect();
            result(&format!("{:#}", json!({"folder": root, "caches": caches})))
        }
        CacheCommand::Show { .. } => {
            let row = |cache: &CacheFolder| [cache.name.clone(), cache.entries.to_string(), size(cache.bytes)];
            let table = Table::headed(["CACHE", "ENTRIES", "SIZE"], found.iter().map(row)).dropping(&[1]);
            let total = size(found.iter().map(|cache| cache.bytes).sum());
            result(&format!("{}\n\n{total} in {}", table.lines(env.screen.table_width()).join("\n"), root.display()))
        }
        CacheCommand::Prune { name, force } => {
            let known = || found.iter().map(|cache| cache.name.as_str());
            let chosen: Vec<&CacheFolder> =
                found.iter().filter(|cache| name.as_ref().is_none_or(|name| *name == cache.name)).collect();
            if let Some(name) = name.filter(|_| chosen.is_empty()) {
                let problem = format!("There is no cache `{name}` (there are: {})", hive_errors::listed(known()));
                return Err(crate::error::Failure::misuse(problem).into());
            }
            let bytes: u64 = chosen.iter().map(|cache| cache.bytes).sum();
            if bytes == 0 {
                env.screen.note("The caches are empty");
                return Ok(());
            }
            confirmed(env.screen, &format!("Remove {} from {}?", size(bytes), root.display()), force)?;
            for cache in chosen {
                cache.remove()?;
            }
            env.screen.note(&format!("Removed {}", size(bytes)));
            Ok(())
        }
    }
}
