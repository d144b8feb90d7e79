//! `hive model`: base models on this machine.

mod list;

use std::path::PathBuf;

use clap::Subcommand;
use hive_runtime::models::ModelStore;

use super::confirm::confirmed;
use super::output::result;
use super::pull_progress::PullProgress;
use crate::context::Environment;
use crate::error::CommandResult;

/// Base models: list, pull, add, locate.
#[derive(Debug, Subcommand)]
pub enum ModelCommand {
    /// List the known base models and whether they are on this machine
    List {
        /// Print JSON instead of a table
        #[arg(long)]
        json: bool,
    },
    /// Download a base model, or resume an interrupted download
    Pull {
        /// Id of the base model, as `hive model list` shows it
        id: String,
    },
    /// Add a base model of the list from a file that is here: the model's own file, the Python wheel that has it, or a folder
    /// with its files
    Add {
        /// The file or folder
        path: PathBuf,
    },
    /// Remove a downloaded base model
    #[command(name = "rm")]
    Remove {
        /// Id of the base model, as `hive model list` shows it
        id: String,
        /// Do not ask
        #[arg(long)]
        force: bool,
    },
    /// Print the path of a base model on this machine
    Path {
        /// Id of the base model, as `hive model list` shows it
        id: String,
    },
}

/// Runs `hive model`.
///
/// # Errors
/// A [`hive_runtime::models::ModelError`], which carries its hint.
pub fn run(command: ModelCommand, env: &Environment) -> CommandResult {
    let store = ModelStore::new(&env.context)?;
    match command {
        ModelCommand::List { json } => list::list(env, &store, json),
        ModelCommand::Pull { id } => {
            let location = store.pull(&id, &mut PullProgress::on(env.screen))?;
            store.keep(&id);
            result(&location.path.display().to_string())
        }
        ModelCommand::Add { path } => {
            let location = store.add(&path, &mut PullProgress::on(env.screen))?;
            location.id.iter().for_each(|id| store.keep(id));
            result(&location.path.display().to_string())
        }
        ModelCommand::Remove { id, force } => {
            let bytes = store.downloaded_bytes(&id)?;
            let size = indicatif::DecimalBytes(bytes);
            if confirmed(env.screen, &format!("base model `{id}` ({size})"), force)? {
                store.remove(&id)?;
                env.screen.note(&format!("Removed `{id}`, {size}; `hive model pull {id}` downloads it again"));
            }
            Ok(())
        }
        ModelCommand::Path { id } => result(&store.locate(&id)?.path.display().to_string()),
    }
}
