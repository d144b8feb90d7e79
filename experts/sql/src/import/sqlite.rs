//! A SQLite database as its own CREATE statements and INSERTs.

use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};

use super::inserts::{InsertWriter, MAX_ROWS_PER_TABLE, quoted};
use super::{Imported, Source};
use crate::dialect::parse_as;
use crate::syntax::Dialect;

/// Reads tables, views and rows, but not virtual tables and the tables that hold their content.
///
/// # Errors
/// Why it cannot be read: a predicate whose subject is the database.
pub(super) fn read(path: &Path) -> Result<Imported, String> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(fault)?;
    let mut statement = connection
        .prepare(
            "SELECT type, name, sql FROM sqlite_master \
             WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND sql IS NOT NULL \
             AND name NOT IN (SELECT name FROM pragma_table_list WHERE type IN ('virtual', 'shadow')) ORDER BY rowid",
        )
        .map_err(fault)?;
    let entries = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).map_err(fault)?;
    let entries: Vec<(String, String, String)> = entries.collect::<Result<_, _>>().map_err(fault)?;
    let (tables, views): (Vec<_>, Vec<_>) = entries.into_iter().partition(|(kind, ..)| kind == "table");
    if tables.is_empty() {
        return Err("holds no table, expected at least one".to_owned());
    }
    let mut text = String::new();
    for (_, table, create) in &tables {
        let create = create.trim().trim_end_matches(';');
        // SQLite accepts what no parser does, such as a missing comma before FOREIGN KEY.
        match parse_as(create, Dialect::Sqlite) {
            Ok(_) => text.push_str(create),
            Err(_) => text.push_str(&rebuilt(&connection, table).map_err(fault)?),
        }
        text.push_str(";\n");
    }
    let mut rows = InsertWriter::new(tables.len());
    for (_, table, _) in &tables {
        add(&connection, table, &mut rows).map_err(|why| format!("cannot be read in table `{table}`: {why}"))?;
    }
    text.push_str(&rows.text);
    // Views stand behind the tables that they read.
    for (_, _, create) in &views {
        text.push_str(create.trim().trim_end_matches(';'));
        text.push_str(";\n");
    }
    Ok(Imported {
        text,
        dialect: Some(Dialect::Sqlite),
        skipped_rows: rows.skipped_rows,
        changes: Vec::new(),
        source: Source::Database,
        locations: Vec::new(),
    })
}

/// A table's CREATE statement, rebuilt from the columns, keys and references that SQLite reports.
fn rebuilt(connection: &Connection, table: &str) -> rusqlite::Result<String> {
    let mut parts = Vec::new();
    let mut keys: Vec<(i64, String)> = Vec::new();
    let mut pragma = connection.prepare("SELECT name, type, \"notnull\", pk FROM pragma_table_info(?1)")?;
    let columns = pragma.query_map([table], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, bool>(2)?, row.get::<_, i64>(3)?))
    })?;
    for column in columns {
        let (name, kind, not_null, key) = column?;
        if key > 0 {
            keys.push((key, identifier(&name)));
        }
        let kind = if kind.trim().is_empty() { "TEXT" } else { kind.trim() };
        parts.push(format!("{} {kind}{}", identifier(&name), if not_null { " NOT NULL" } else { "" }));
    }
    keys.sort();
    if !keys.is_empty() {
        let names: Vec<String> = keys.into_iter().map(|(_, name)| name).collect();
        parts.push(format!("PRIMARY KEY ({})", names.join(", ")));
    }
    let mut pragma = connection
        .prepare("SELECT id, \"table\", \"from\", \"to\" FROM pragma_foreign_key_list(?1) ORDER BY id, seq")?;
    let references = pragma.query_map([table], |row| {
        Ok((
            row.get::<_, i64>(0)?,
            row.get::<_, String>(1)?,
            row.get::<_, String>(2)?,
            row.get::<_, Option<String>>(3)?,
        ))
    })?;
    let mut foreign: Vec<(i64, String, Vec<String>, Vec<String>)> = Vec::new();
    for reference in references {
        let (id, other, from, to) = reference?;
        if foreign.last().is_none_or(|(last, ..)| *last != id) {
            foreign.push((id, other, Vec::new(), Vec::new()));
        }
        if let Some((_, _, columns, referred)) = foreign.last_mut() {
            columns.push(identifier(&from));
            referred.extend(to.as_deref().map(identifier));
        }
    }
    for (_, other, columns, referred) in foreign {
        let referred = if referred.is_empty() { String::new() } else { format!(" ({})", referred.join(", ")) };
        parts.push(format!("FOREIGN KEY ({}) REFERENCES {}{referred}", columns.join(", "), identifier(&other)));
    }
    Ok(format!("CREATE TABLE {} ({})", identifier(table), parts.join(", ")))
}

fn fault(error: rusqlite::Error) -> String {
    format!("cannot be read: {error}")
}

fn add(connection: &Connection, table: &str, into: &mut InsertWriter) -> rusqlite::Result<()> {
    let table = identifier(table);
    let all: i64 = connection.query_row(&format!("SELECT COUNT(*) FROM {table}"), [], |row| row.get(0))?;
    into.skipped_rows += usize::try_from(all).unwrap_or(0).saturating_sub(MAX_ROWS_PER_TABLE);
    let mut statement = connection.prepare(&format!("SELECT * FROM {table} LIMIT {MAX_ROWS_PER_TABLE}"))?;
    let columns: Vec<String> = statement.column_names().map(identifier).collect();
    let width = columns.len();
    let columns = format!(" ({})", columns.join(", "));
    let mut rows = statement.query([])?;
    let mut failed = None;
    let read = std::iter::from_fn(|| {
        let row = rows.next().transpose()?;
        let values = row.and_then(|row| (0..width).map(|i| Ok(literal(row.get_ref(i)?))).collect());
        values.map_err(|error| failed = Some(error)).ok()
    });
    into.add(&table, &columns, read);
    failed.map_or(Ok(()), Err)
}

fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn literal(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "NULL".to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        // SQLite holds infinities, which have no literal.
        ValueRef::Real(number) if !number.is_finite() => "NULL".to_owned(),
        ValueRef::Real(number) => format!("{number:?}"),
        ValueRef::Text(bytes) => quoted(&String::from_utf8_lossy(bytes)),
        // As PostgreSQL's BYTEA reads it.
        ValueRef::Blob(bytes) => {
            let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("'\\x{digits}'")
        }
    }
}
