//! Whose SQL a record is that does not say so.

use sqlparser::ast::Statement;

use super::marks::{Owner, has_double_equals, owner_of_statements, owner_of_text};
use super::untranslated;
use crate::dialect::changes::Untranslatable;
use crate::dialect::dialects::Dialect;
use crate::dialect::names::declared_names;

/// Whose SQL a record is that does not say so, whether that is certain, and by what mark; `None` for
/// PostgreSQL.
pub(in crate::dialect) fn owner_of_record(
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
    let owner = match (plain, plain_sql) {
        (Ok(tables), Ok(statements)) => owner_of_statements(schema, tables, statements)
            .or_else(|| has_double_equals(sql).then(|| Owner::Certain(Dialect::Sqlite, "==".to_owned()))),
        _ => Some(owner_of_text(schema, sql)),
    };
    match owner {
        None => Ok(None),
        Some(Owner::Certain(dialect, mark)) => Ok(Some((dialect, true, Some(mark)))),
        Some(Owner::Guess(dialect)) => Ok(Some((dialect, false, None))),
        Some(Owner::Mixed(mysql, sqlite)) => {
            let why = format!("the record has MySQL's {mysql} and SQLite's {sqlite}, expected one dialect");
            Err(Untranslatable { code: "mixed-dialects", dialect: Dialect::Postgres, why })
        }
    }
}
