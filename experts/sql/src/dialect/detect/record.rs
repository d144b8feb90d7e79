//! The dialect of a record that does not name it.

use sqlparser::ast::Statement;

use super::marks::{Detected, detect_in_statements, detect_in_text, has_double_equals};
use super::untranslated;
use crate::dialect::changes::Untranslatable;
use crate::dialect::names::declared_names;
use crate::syntax::Dialect;

/// The dialect of a record that does not name it, whether that is certain, and by what mark; `None` for PostgreSQL.
pub(in crate::dialect) fn dialect_of_record(
    schema: &str,
    plain: &Result<Vec<Statement>, String>,
    sql: &str,
    plain_sql: &Result<Vec<Statement>, String>,
) -> Result<Option<(Dialect, bool, Option<String>)>, Untranslatable> {
    let declared = plain.as_ref().map(|tables| declared_names(tables)).unwrap_or_default();
    if let Some((owner, mark)) = untranslated::mark(schema, sql, &declared) {
        let why = format!("the record is {owner}'s (`{mark}`), expected PostgreSQL, MySQL or SQLite");
        return Err(Untranslatable { code: "untranslated-dialect", dialect: Dialect::Postgres, why });
    }
    let detected = match (plain, plain_sql) {
        (Ok(tables), Ok(statements)) => detect_in_statements(schema, tables, statements)
            .or_else(|| has_double_equals(sql).then(|| Detected::Certain(Dialect::Sqlite, "==".to_owned()))),
        _ => Some(detect_in_text(schema, sql)),
    };
    match detected {
        None => Ok(None),
        Some(Detected::Certain(dialect, mark)) => Ok(Some((dialect, true, Some(mark)))),
        Some(Detected::Guess(dialect)) => Ok(Some((dialect, false, None))),
        Some(Detected::Mixed(mysql, sqlite)) => {
            let why = format!("the record has MySQL's {mysql} and SQLite's {sqlite}, expected one dialect");
            Err(Untranslatable { code: "mixed-dialects", dialect: Dialect::Postgres, why })
        }
    }
}
