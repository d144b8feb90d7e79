//! What becomes of a record's schema and rows: the fields of the record that it turns into.

use hive_sdk::{Finding, Record};

use super::code;
use crate::dialect;
use crate::import::{self, Imported, Source};
use crate::syntax::Dialect;
use crate::syntax::statement::Script;

/// A note on rows of a file that were not imported.
pub(super) fn skipped_rows(imported: &Imported) -> Option<Finding> {
    let rows = Some(imported.skipped_rows).filter(|n| *n > 0)?;
    let message = format!("{rows} rows of the database are left behind: the first thousand of a table are enough");
    Some(Finding { code: code::ROWS_LEFT_BEHIND.to_owned(), message })
}

/// Sets the schema that the record's prompt shows, without rows, and its rows apart, where these have changed. Rows of a
/// database file stay in the file. Returns a finding if the schema is new.
pub(super) fn set_imported(
    record: &mut Record,
    imported: &Imported,
    declared: Option<Dialect>,
    translated: &str,
    script: &Script,
) -> Option<Finding> {
    if imported.source == Source::Inserts {
        if translated != imported.text || !imported.changes.is_empty() {
            record.set("schema", script.text(false));
            record.set(import::INSERTS, script.text(true));
        }
        return None;
    }
    // A schema beside the database is what the record's author wants to show.
    let own = record.text("schema").and_then(|own| dialect::translate(own, "SELECT 1", declared).ok());
    match own {
        Some(own) => {
            record.set("schema", own.schema);
            None
        }
        None => {
            record.set("schema", script.text(false));
            let message = "the schema is that of the database".to_owned();
            Some(Finding { code: code::CARRIED_OVER.to_owned(), message })
        }
    }
}
