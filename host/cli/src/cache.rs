//! `hive cache`: what can be computed or downloaded again.

use clap::Subcommand;
use hive_errors::{listed, nearest};
use hive_files::{CacheFolder, FileError, cache_folders, cache_kind};
use serde_json::json;

use crate::columns::Table;
use crate::confirm::confirmed;
use crate::context::Environment;
use crate::error::{CommandResult, Failure};
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
            let chosen: Vec<&CacheFolder> =
                found.iter().filter(|cache| name.as_ref().is_none_or(|name| *name == cache.name)).collect();
            if let Some(name) = name.as_deref().filter(|name| chosen.is_empty() && !cache_kind::ALL.contains(name)) {
                return Err(unknown(name).into());
            }
            let bytes: u64 = chosen.iter().map(|cache| cache.bytes).sum();
            if bytes == 0 {
                let which = name.map_or_else(|| "The caches are".to_owned(), |name| format!("The cache `{name}` is"));
                env.screen.note(&format!("{which} empty"));
                return Ok(());
            }
            if confirmed(env.screen, &format!("{} from {}", size(bytes), root.display()), force)? {
                chosen.into_iter().try_for_each(CacheFolder::remove).map_err(in_home)?;
                env.screen.note(&format!("Removed {}", size(bytes)));
            }
            Ok(())
        }
    }
}

fn unknown(name: &str) -> Failure {
    let known = || cache_kind::ALL.into_iter();
    let problem = format!("There is no cache `{name}`, expected one of: {}", listed(known()));
    let hint = nearest(name, known()).map(|near| format!("did you mean `hive cache prune {near}`?"));
    Failure::misuse(problem).hint(hint.unwrap_or_else(|| "`hive cache show` shows what each holds".to_owned()))
}

/// The error of an entry that cannot be removed: what is in the home folder can be nowhere else.
fn in_home(error: FileError) -> Failure {
    let hint = error.hint_in_home();
    let failure = Failure::because("Failed to empty the cache", error);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}
