//! `hive model`: base models on this machine.

use clap::Subcommand;
use hive_runtime::models::ModelStore;
use serde::Serialize;

use super::confirm::confirmed;
use super::output::{json_text, result};
use super::pull_progress::PullProgress;
use crate::columns::Table;
use crate::context::Environment;
use crate::error::CommandResult;

/// Base models: list, pull, locate.
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

/// One model in `hive model list --json`.
#[derive(Debug, Serialize)]
struct Row<'a> {
    id: &'a str,
    description: &'a str,
    license: &'a str,
    architecture: &'a str,
    /// Total bytes of all files.
    size: Option<u64>,
    /// Its path; null when it is not on this machine.
    path: Option<String>,
    /// All sources, in the order tried.
    sources: Vec<String>,
}

/// Runs `hive model`.
///
/// # Errors
/// A [`hive_runtime::models::ModelError`], which carries its hint.
pub fn run(command: ModelCommand, env: &Environment) -> CommandResult {
    let store = ModelStore::new(&env.context)?;
    match command {
        ModelCommand::List { json } => list(env, &store, json),
        ModelCommand::Pull { id } => {
            let location = store.pull(&id, &mut PullProgress::on(env.screen))?;
            store.keep(&id);
            result(&location.path.display().to_string())
        }
        ModelCommand::Remove { id, force } => {
            let bytes = store.downloaded_bytes(&id)?;
            let size = indicatif::DecimalBytes(bytes);
            confirmed(env.screen, &format!("Remove base model `{id}` ({size})?"), force)?;
            store.remove(&id)?;
            env.screen.note(&format!("Removed `{id}`, {size}; `hive model pull {id}` downloads it again"));
            Ok(())
        }
        ModelCommand::Path { id } => result(&store.locate(&id)?.path.display().to_string()),
    }
}

fn list(env: &Environment, store: &ModelStore, json: bool) -> CommandResult {
    let rows: Vec<Row<'_>> = store
        .catalogue
        .models
        .iter()
        .map(|model| Row {
            id: &model.id,
            description: &model.description,
            license: &model.license,
            architecture: &model.architecture,
            size: model.size(),
            path: store.state(model).ok().map(|location| location.path.display().to_string()),
            sources: model.sources.iter().map(ToString::to_string).collect(),
        })
        .collect();
    if json {
        return result(&json_text(&rows)?);
    }
    let cells = rows.into_iter().map(|row| {
        let size = row.size.map_or("?".to_owned(), |bytes| indicatif::DecimalBytes(bytes).to_string());
        let state = if row.path.is_some() { "pulled" } else { "not pulled" };
        [row.id.to_owned(), state.to_owned(), size, row.license.to_owned(), row.description.to_owned()]
    });
    result(&Table::new(cells).wrapping(4).dropping(&[3, 2]).lines(env.screen.table_width()).join("\n"))
}
