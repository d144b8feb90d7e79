//! The tables and rows that a record brings: as SQL text beside its schema, or in a database file
//! that it names. Everything becomes one text, CREATE statements and INSERTs, in the dialect of its
//! source; the dialect layer takes it from there.

mod dump;
mod sqlite;

use std::path::Path;

use hive_sdk::Record;

use crate::dialect::Dialect;

/// The field with INSERT statements.
pub const INSERTS: &str = "inserts";

/// The field that names a database file.
pub const DATABASE: &str = "database";

/// Most rows that are carried over from one table of a file: enough to tell answers apart.
const MOST_ROWS: usize = 1_000;

/// Most bytes of all rows from one file; the parser takes a megabyte.
const MOST_BYTES: usize = 700_000;

/// Tables and rows as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    /// CREATE statements, then INSERTs.
    pub text: String,
    /// Its dialect, where that is certain.
    pub dialect: Option<Dialect>,
    /// Rows that were left behind since there are too many.
    pub left_behind: usize,
}

/// What the record brings, `schema` included; `None` when that is its schema alone.
///
/// # Errors
/// Why its file cannot be read, as a sentence without its full stop.
pub fn carried(record: &Record) -> Result<Option<Carried>, String> {
    if let Some(path) = record.text(DATABASE) {
        return of_file(Path::new(path)).map(Some);
    }
    let Some(inserts) = record.text(INSERTS) else { return Ok(None) };
    let schema = record.text("schema").unwrap_or_default().trim_end();
    let between = if schema.is_empty() || schema.ends_with(';') { "\n" } else { ";\n" };
    Ok(Some(Carried { text: format!("{schema}{between}{inserts}"), dialect: None, left_behind: 0 }))
}

/// What [`carried`] depends on: the record's texts, or its file with size and time.
pub fn stamp(record: &Record) -> String {
    match record.text(DATABASE) {
        Some(path) => {
            let about = std::fs::metadata(path).ok();
            let time = about.as_ref().and_then(|about| about.modified().ok());
            format!("{path}\n{:?}\n{time:?}", about.map(|about| about.len()))
        }
        None => {
            format!("{}\n{}", record.text("schema").unwrap_or_default(), record.text(INSERTS).unwrap_or_default())
        }
    }
}

/// First bytes of a SQLite database: <https://www.sqlite.org/fileformat2.html#the_database_header>.
const SQLITE: &[u8] = b"SQLite format 3\0";

/// First bytes of PostgreSQL's own archives (`pg_dump -Fc`).
const ARCHIVE: &[u8] = b"PGDMP";

fn of_file(path: &Path) -> Result<Carried, String> {
    let unreadable = |why: std::io::Error| format!("the database `{}` cannot be read: {why}", path.display());
    let mut head = [0; 16];
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let read = std::io::Read::read(&mut std::io::Read::take(file, 16), &mut head).map_err(unreadable)?;
    let head = &head[..read];
    if head == SQLITE {
        return sqlite::read(path).map_err(|why| format!("the SQLite database `{}` {why}", path.display()));
    }
    if head.starts_with(ARCHIVE) {
        return Err(format!(
            "`{}` is an archive of pg_dump, expected plain SQL: `pg_restore -f FILE.sql` makes that of it",
            path.display()
        ));
    }
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    dump::read(&text).map_err(|why| format!("the dump `{}` {why}", path.display()))
}

/// A text as SQL writes it.
fn quoted(text: &str) -> String {
    // No text of PostgreSQL's holds a zero.
    format!("'{}'", text.replace('\'', "''").replace('\0', ""))
}

/// Collects rows as INSERT statements, as many as are carried over.
struct Rows {
    text: String,
    left_behind: usize,
    /// Tables that may still come.
    tables: usize,
}

impl Rows {
    /// For so many tables, each of which gets its share of the room, and what others have left of theirs.
    fn new(tables: usize) -> Self {
        Self { text: String::new(), left_behind: 0, tables }
    }

    /// Adds rows, each with its values as literals. `columns` is the list in parentheses, or blank.
    fn add(&mut self, table: &str, columns: &str, rows: impl Iterator<Item = Vec<String>>) {
        let room = self.text.len() + MOST_BYTES.saturating_sub(self.text.len()) / self.tables.max(1);
        self.tables = self.tables.saturating_sub(1);
        let mut count = 0;
        for row in rows {
            let row = format!("({})", row.join(", "));
            if count == MOST_ROWS || self.text.len() + row.len() > room {
                self.left_behind += 1;
                continue;
            }
            if count == 0 {
                self.text.push_str(&format!("INSERT INTO {table}{columns} VALUES "));
            } else {
                self.text.push_str(", ");
            }
            self.text.push_str(&row);
            count += 1;
        }
        if count > 0 {
            self.text.push_str(";\n");
        }
    }
}

#[cfg(test)]
mod tests;
