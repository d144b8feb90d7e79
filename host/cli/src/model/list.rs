//! `hive model list`.

use hive_runtime::models::ModelStore;
use serde::Serialize;

use crate::columns::Table;
use crate::context::Environment;
use crate::error::CommandResult;
use crate::output::{json_text, result};

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

/// Prints the catalogue, as a table or as JSON.
///
/// # Errors
/// When stdout cannot be written to.
pub(super) fn list(env: &Environment, store: &ModelStore, json: bool) -> CommandResult {
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
