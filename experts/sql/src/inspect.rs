//! Inspects the question of a person and its answer: whether the schema parses or loads, and whether PostgreSQL would
//! prepare the answer on it. Nothing is executed or graded: there is no gold, and there may be no rows.

use std::io;

use hive_sdk::{ExpertError, Inspection, Record};
use sqlparser::ast::{AlterTableOperation, Statement};

use crate::catalog::Catalog;
use crate::dialect;
use crate::examine::destroys;
use crate::execute::{Pool, Proof, SqlError};
use crate::import::{self, DATABASE, INSERTS};
use crate::lint::code as lints;
use crate::resolve::resolve;
use crate::syntax::Dialect;
use crate::syntax::statement;
use crate::test_suite::modifies_data;
use crate::validate::code as records;

/// Codes of findings besides those of records and lints.
pub mod code {
    /// PostgreSQL does not prepare the answer.
    pub const NOT_PREPARED: &str = "not-prepared";
    /// The answer changes rows or tables.
    pub const CHANGES: &str = "changes-data";
}

/// Most tables whose names a message lists.
const LISTED: usize = 12;

/// Faults of a question, which can only be those of its schema. `pool` is called only if the parser, which knows less
/// SQL than PostgreSQL, cannot read the schema.
pub fn question(record: &Record, pool: impl FnOnce() -> Result<std::sync::Arc<Pool>, ExpertError>) -> Inspection {
    let fault = |code: &str, why: String| Inspection::default().fault(code, why);
    let read = match Asked::of(record) {
        Ok(read) => read,
        Err((code, why)) => return fault(code, why),
    };
    match &read.statements {
        Ok(statements) if Catalog::read(statements).is_empty() => {
            let why = "`schema` has no table: got no CREATE TABLE or CREATE VIEW, expected at least one";
            fault(records::SCHEMA_HAS_NO_TABLE, why.to_owned())
        }
        Ok(statements) => Inspection { record: read.asked(record, statements), ..Inspection::default() },
        Err(why) => {
            let loads = pool().ok().and_then(|pool| pool.prepare(&read.schema, "SELECT 1").ok());
            match loads {
                Some(Proof::Ran(_)) => Inspection::default(),
                _ => fault(records::SCHEMA_DOES_NOT_PARSE, format!("`schema` does not parse: {}", placed(why))),
            }
        }
    }
}

/// Faults of an answer: it is not one statement alone, or PostgreSQL would refuse it.
///
/// # Errors
/// When PostgreSQL refuses the schema, or the database is lost.
pub fn answer(pool: &Pool, record: &Record, completion: &str) -> Result<Inspection, ExpertError> {
    let mut found = Inspection::default();
    let bare = statement::bare(completion);
    if bare.sql.is_empty() {
        return Ok(found.fault(records::NO_SQL, "it holds no statement"));
    }
    if let Some(wrapping) = bare.wrapping {
        found = found.fault(records::WRAPPED_SQL, format!("it stands in {wrapping}, expected the statement alone"));
    }
    let parsed = statement::parse_one(bare.sql).ok();
    if let Some(what) = parsed.as_ref().and_then(destroys) {
        found = found.note(code::CHANGES, format!("it is {what}, which changes tables"));
    } else if parsed.as_ref().is_some_and(|statement| is_about_rows(statement) && modifies_data(statement)) {
        found = found.note(code::CHANGES, "it changes rows");
    }
    // Findings made without a database are reported even if there is none.
    let unchecked = |found: Inspection, why: String| match found.faults.is_empty() {
        true => Err(ExpertError::new(why)),
        false => Ok(found),
    };
    let read = match Asked::of(record) {
        Ok(read) => read,
        Err((_, why)) => return unchecked(found, why),
    };
    Ok(match read.prepare(pool, bare.sql).map_err(|e| ExpertError::new(format!("the database was lost: {e}")))? {
        Proof::Ran(_) => found,
        Proof::SchemaRefused(number, error) => {
            let why = format!("PostgreSQL refuses statement {number} of `schema`: {error}");
            return unchecked(found, why);
        }
        Proof::Crashed(why) => return unchecked(found, format!("the database crashed on it: {why}")),
        Proof::StatementRefused(_, error) => {
            let catalog = read.statements.as_ref().ok().map(|statements| Catalog::read(statements));
            let said = in_words(&error, catalog.as_ref());
            let name = quoted(&said).map(str::to_owned);
            found = found.fault(code::NOT_PREPARED, said);
            // PostgreSQL stops at the first unknown name; all of them are reported.
            if let (Some(statement), Some(catalog)) = (parsed, &catalog)
                && matches!(error.sqlstate.as_str(), "42P01" | "42703")
            {
                for other in resolve(statement, Some(catalog)).findings {
                    let unknown = [lints::UNKNOWN_TABLE, lints::UNKNOWN_COLUMN].contains(&other.code.as_str());
                    let told = quoted(&other.message).map(last) == name.as_deref().map(last);
                    if unknown && !told {
                        found = found.fault(&other.code, other.message);
                    }
                }
            }
            found
        }
    })
}

/// Whether a statement reads or changes rows.
fn is_about_rows(statement: &Statement) -> bool {
    use Statement::{Delete, Insert, Merge, Query, Update};
    matches!(statement, Query(_) | Insert(_) | Update(_) | Delete(_) | Merge(_))
}

/// The schema of a question in PostgreSQL's dialect.
struct Asked {
    schema: String,
    /// Its statements, or why the parser cannot read it.
    statements: Result<Vec<Statement>, String>,
    /// Its original dialect, where that is certain.
    declared: Option<Dialect>,
}

impl Asked {
    fn of(record: &Record) -> Result<Self, (&'static str, String)> {
        let declared = import::declared_dialect(record).map_err(|why| (records::UNKNOWN_DIALECT, why))?;
        if record.text("schema").is_none() && record.text(DATABASE).is_none() {
            return Err((records::NO_SCHEMA, "`schema` is empty".to_owned()));
        }
        // Rows do not matter for preparing a statement.
        let mut tables = record.clone();
        tables.0.remove(INSERTS);
        let imported = import::import(&tables, declared).map_err(|why| (records::NO_DATABASE, why))?;
        let (given, declared) = (imported.text, imported.dialect.or(declared));
        Ok(match dialect::translate(&given, "SELECT 1", declared) {
            Ok(translated) => {
                let statements = statement::parse_all(&translated.schema);
                Self { statements, schema: translated.schema, declared }
            }
            // The reason of the parser for PostgreSQL says where.
            Err(cannot) => {
                let plain = statement::parse_all(&given).err();
                let why = if declared.is_some_and(|d| d != Dialect::Postgres) {
                    cannot.why
                } else {
                    plain.unwrap_or(cannot.why)
                };
                Self { schema: given, statements: Err(why), declared }
            }
        })
    }

    /// The record as the gate would write it for training: its schema in PostgreSQL's dialect, without statements that
    /// create no table, and without rows from elsewhere.
    fn asked(&self, record: &Record, statements: &[Statement]) -> Option<Record> {
        let schema = match (record.text(DATABASE), record.text("schema")) {
            (None, _) => self.schema.clone(),
            (Some(_), None) => {
                let tables = statements.iter().filter(|statement| !matches!(statement, Statement::Insert(_)));
                tables.map(|table| format!("{table};\n")).collect()
            }
            // A schema beside the database is what the question wants to show.
            (Some(_), Some(own)) => dialect::translate(own, "SELECT 1", self.declared).ok()?.schema,
        };
        if record.text("schema") == Some(&*schema) {
            return None;
        }
        let mut asked = record.clone();
        asked.set("schema", schema);
        if asked.0.contains_key("dialect") {
            asked.set("dialect", Dialect::Postgres.name());
        }
        Some(asked)
    }

    /// Prepares `sql` on the schema. If PostgreSQL refuses a schema of unknown dialect, it is repaired once, as the
    /// gate does.
    fn prepare(&self, pool: &Pool, sql: &str) -> io::Result<Proof> {
        let text = self.definitions();
        match pool.prepare(&text, sql)? {
            refused @ Proof::SchemaRefused(..) => match dialect::repair(&text, "SELECT 1") {
                Ok(mended) if mended.schema != text => pool.prepare(&mended.schema, sql),
                _ => Ok(refused),
            },
            proof => Ok(proof),
        }
    }

    /// The statements that declare names, as text: rows, settings and rights do not matter here.
    fn definitions(&self) -> String {
        let Ok(statements) = &self.statements else { return self.schema.clone() };
        let makes = |statement: &&Statement| match statement {
            Statement::CreateTable(_)
            | Statement::CreateView(_)
            | Statement::CreateType { .. }
            | Statement::CreateDomain(_)
            | Statement::CreateSequence { .. }
            | Statement::CreateSchema { .. }
            | Statement::CreateIndex(_) => true,
            // The owner may not exist here.
            Statement::AlterTable(alter) => {
                !alter.operations.iter().any(|operation| matches!(operation, AlterTableOperation::OwnerTo { .. }))
            }
            _ => false,
        };
        if statements.iter().all(|statement| makes(&statement)) {
            return self.schema.clone();
        }
        statements.iter().filter(makes).map(|statement| format!("{statement};")).collect::<Vec<_>>().join("\n")
    }
}

/// The parser's message with the line first: `line 3: expected ), got ;`.
fn placed(why: &str) -> String {
    let plain = |what: &str| what.replace("Expected: ", "expected ").replace(", found: ", ", got ");
    let place = why.rsplit_once(" at Line: ");
    match place.and_then(|(what, place)| Some((what, place.split(',').next()?))) {
        Some((what, line)) => format!("line {line}: {}", plain(what)),
        None => plain(why),
    }
}

/// An error of PostgreSQL's, for a person who has the schema at hand. Messages of a server that speaks another language
/// than English are quoted.
fn in_words(error: &SqlError, catalog: Option<&Catalog>) -> String {
    let message = error.message.as_str();
    let missing = message.strip_suffix(" does not exist");
    match (error.sqlstate.as_str(), missing) {
        ("42P01", Some(what)) if what.starts_with("relation ") => {
            let name = quoted(what).unwrap_or(what);
            let tables: Vec<&str> =
                catalog.map_or_else(Vec::new, |c| c.tables().iter().map(|t| t.name.as_str()).collect());
            match nearest(last(name), tables.iter().copied()) {
                Some(near) => format!("there is no table `{name}`, did you mean `{near}`?"),
                None if (1..=LISTED).contains(&tables.len()) => {
                    format!("there is no table `{name}` (the schema has {})", tables.join(", "))
                }
                None => format!("there is no table `{name}`"),
            }
        }
        ("42P01", _) if message.starts_with("missing FROM-clause entry") => {
            format!("`{}` is neither a table nor an alias in FROM", quoted(message).unwrap_or("?"))
        }
        ("42703", Some(what)) if what.starts_with("column ") => {
            let name = quoted(what).unwrap_or_else(|| what.trim_start_matches("column "));
            // PostgreSQL knows which tables are in scope.
            let hint = error.hint.as_deref().filter(|hint| hint.starts_with("Perhaps you meant")).and_then(quoted);
            let columns = || {
                let tables = catalog.map_or(&[][..], Catalog::tables);
                tables.iter().flat_map(|t| t.column_names.iter().flatten()).map(String::as_str)
            };
            // A column of that very name is one of another table.
            let near = hint.or_else(|| nearest(last(name), columns())).filter(|near| last(near) != last(name));
            match near {
                Some(near) => format!("there is no column `{name}`, did you mean `{near}`?"),
                None => format!("there is no column `{name}`"),
            }
        }
        ("42883", Some(what)) if what.starts_with("function ") => {
            format!("there is no function `{}`", what.trim_start_matches("function "))
        }
        ("42883", None) if message.starts_with("operator does not exist: ") => {
            let operator = message.trim_start_matches("operator does not exist: ");
            format!("there is no operator `{operator}` for values of these types")
        }
        ("42601", _) if message.starts_with("cannot insert multiple commands") => {
            "it holds several statements, expected one".to_owned()
        }
        ("42601", _) => format!("it is not PostgreSQL: {message}"),
        _ => format!("PostgreSQL refuses it: {error}"),
    }
}

/// The text in the first quotes or backticks of a message.
fn quoted(message: &str) -> Option<&str> {
    let start = message.find(['"', '`'])?;
    let quote = message.as_bytes()[start] as char;
    let rest = &message[start + 1..];
    rest.find(quote).map(|end| &rest[..end])
}

/// The last part of a dotted name.
fn last(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// The nearest known name, if it is near: one edit in three letters.
fn nearest<'k>(name: &str, known: impl Iterator<Item = &'k str> + Clone) -> Option<&'k str> {
    let name = name.to_lowercase();
    let slips = (name.chars().count() / 3).max(1);
    let distance = |other: &str| strsim::damerau_levenshtein(&name, &other.to_lowercase());
    known
        .map(|other| (distance(other), other))
        .filter(|(d, _)| *d <= slips)
        .min_by_key(|(d, _)| *d)
        .map(|(_, other)| other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_comes_first() {
        assert_eq!(placed("Expected: ), found: ; at Line: 3, Column: 7"), "line 3: expected ), got ;");
        assert_eq!(placed("Expected: ), found: EOF"), "expected ), got EOF");
    }

    #[test]
    fn refusals_are_told_in_words() {
        let catalog =
            Catalog::parse("CREATE TABLE city (name TEXT, state TEXT); CREATE TABLE rivers (length INT)").unwrap();
        let said = |sqlstate: &str, message: &str, hint: Option<&str>| {
            let error = SqlError {
                sqlstate: sqlstate.to_owned(),
                message: message.to_owned(),
                detail: None,
                hint: hint.map(str::to_owned),
                position: None,
            };
            in_words(&error, Some(&catalog))
        };
        let missing = said("42P01", "relation \"weather\" does not exist", None);
        assert_eq!(missing, "there is no table `weather` (the schema has city, rivers)");
        let near = said("42P01", "relation \"river\" does not exist", None);
        assert_eq!(near, "there is no table `river`, did you mean `rivers`?");
        let column = said("42703", "column \"lenght\" does not exist", None);
        assert_eq!(column, "there is no column `lenght`, did you mean `length`?");
        let hint = Some("Perhaps you meant to reference the column \"c.name\".");
        assert_eq!(
            said("42703", "column c.nam does not exist", hint),
            "there is no column `c.nam`, did you mean `c.name`?"
        );
        let from = said("42P01", "missing FROM-clause entry for table \"x\"", None);
        assert_eq!(from, "`x` is neither a table nor an alias in FROM");
        // A server that speaks another language is quoted.
        let german = said("42P01", "Relation »weather« existiert nicht", None);
        assert_eq!(german, "PostgreSQL refuses it: Relation »weather« existiert nicht (42P01)");
    }
}
