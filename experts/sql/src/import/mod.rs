//! Imports the tables and rows of a record: its schema, the rows given beside it, or the database file that it names.
//! All become one text of CREATE statements and INSERTs in the dialect of their source. It translates nothing: that is
//! the dialect layer's.

mod dump;
mod inserts;
mod location;
mod sqlite;

use std::path::Path;

use hive_sdk::Record;

use crate::syntax::Dialect;
use crate::syntax::lexer;
use dump::{CreatedObjects, Dump, KeptStatement, TextOrigin};
use location::SourceLocation;

/// The field with INSERT statements.
pub const INSERTS: &str = "inserts";

/// The field that names a database file.
pub const DATABASE: &str = "database";

/// Imported tables and rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// CREATE statements, then INSERTs.
    pub text: String,
    /// Its dialect, where that is certain.
    pub dialect: Option<Dialect>,
    /// Rows of a file beyond the limits, which were not imported.
    pub skipped_rows: usize,
    /// Which statements of the record's own texts were skipped or rewritten, in words.
    pub changes: Vec<String>,
    /// Where the tables and rows come from.
    pub source: Source,
    /// Where each statement of the text was written; empty when they come from no text.
    locations: Vec<SourceLocation>,
}

/// Where a record's tables and rows come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Its schema.
    Schema,
    /// Its schema and the rows beside it.
    Inserts,
    /// A file.
    Database,
}

/// The dialect that a record names; `None` when it names none.
///
/// # Errors
/// When the name is unknown.
pub fn declared_dialect(record: &Record) -> Result<Option<Dialect>, String> {
    match record.text("dialect") {
        None => Ok(None),
        Some(name) if Dialect::is_unnamed(name) => Ok(None),
        Some(name) => match name.parse() {
            Ok(dialect) => Ok(Some(dialect)),
            Err(()) => Err(format!("`dialect` is `{name}`, expected postgresql, mysql or sqlite")),
        },
    }
}

/// Imports the tables and rows of a record. `declared`: the dialect that the record names.
///
/// # Errors
/// Why its file cannot be read, as a sentence without its full stop.
pub fn import(record: &Record, declared: Option<Dialect>) -> Result<Imported, String> {
    if let Some(path) = record.text(DATABASE) {
        return import_file(Path::new(path), declared);
    }
    let schema = record.text("schema").unwrap_or_default();
    let mut created = CreatedObjects::default();
    let (mut imported, kept) = import_field("schema", schema, declared, &mut created);
    let Some(inserts) = record.text(INSERTS) else { return Ok(imported) };
    // The rows are in the dialect of their schema.
    let dialect = declared.or_else(|| Some(dump::guess_dialect(schema)).filter(|d| *d != Dialect::Postgres));
    let (rows, _) = import_field(INSERTS, inserts, dialect, &mut created);
    // A dump lists its tables by name, so foreign keys that it adds later stand behind all rows.
    let (behind, first): (Vec<_>, Vec<_>) =
        kept.iter().zip(&imported.locations).partition(|(kept, _)| kept.adds_foreign_key);
    if !behind.is_empty() {
        imported.text = first.iter().map(|(kept, _)| format!("{};\n", kept.text)).collect();
    }
    let text = imported.text.trim_end();
    let between = if text.is_empty() || text.ends_with(';') { "\n" } else { ";\n" };
    let mut all = format!("{text}{between}{}", rows.text);
    let mut locations: Vec<SourceLocation> =
        first.iter().map(|(_, location)| (*location).clone()).chain(rows.locations).collect();
    if !behind.is_empty() {
        all.truncate(all.trim_end().trim_end_matches(';').len());
        all.push_str(";\n");
        all.extend(behind.iter().map(|(kept, _)| format!("{};\n", kept.text)));
        locations.extend(behind.iter().map(|(_, location)| (*location).clone()));
    }
    imported.text = all;
    imported.locations = locations;
    imported.source = Source::Inserts;
    imported.changes.extend(rows.changes);
    Ok(imported)
}

/// Imports a record's own text; returns the statements kept as well. The text is the record's byte for byte unless a
/// statement was skipped or rewritten. `created`: what the record's texts have created, which this one adds to.
fn import_field(
    field: &str,
    text: &str,
    declared: Option<Dialect>,
    created: &mut CreatedObjects,
) -> (Imported, Vec<KeptStatement>) {
    let unchanged = || Imported {
        text: text.to_owned(),
        dialect: None,
        skipped_rows: 0,
        changes: Vec::new(),
        source: Source::Schema,
        locations: Vec::new(),
    };
    let dialect = declared.or_else(|| dump::dialect_of_dump(text)).unwrap_or_else(|| dump::guess_dialect(text));
    // A text that ends within a statement is reported by whoever parses it.
    let read = dump::read(text, dialect, TextOrigin::Field, created);
    let read = read.or_else(|why| match dialect {
        Dialect::Postgres => Err(why),
        _ => dump::read(text, Dialect::Postgres, TextOrigin::Field, created),
    });
    let Ok(read) = read else { return (unchanged(), Vec::new()) };
    created.clone_from(&read.created);
    let locations = locations(&read, &format!("`{field}`"));
    let imported = match read.changes.is_empty() {
        true => Imported { locations, ..unchanged() },
        false => Imported { text: joined(&read), changes: read.changes, locations, ..unchanged() },
    };
    (imported, read.kept)
}

/// The statements kept, each on lines of its own.
fn joined(dump: &Dump) -> String {
    dump.kept.iter().map(|kept| format!("{};\n", kept.text)).collect()
}

/// Where the statements of a text called `origin` were written.
fn locations(dump: &Dump, origin: &str) -> Vec<SourceLocation> {
    let location = |kept: &KeptStatement| SourceLocation {
        origin: origin.to_owned(),
        line: kept.line,
        first_row_line: kept.first_row_line,
    };
    dump.kept.iter().map(location).collect()
}

/// What [`import`] depends on, as a key for caches: the record's texts, or its file with size and time.
pub fn fingerprint(record: &Record) -> String {
    match record.text(DATABASE) {
        Some(path) => {
            let metadata = std::fs::metadata(path).ok();
            let time = metadata.as_ref().and_then(|metadata| metadata.modified().ok());
            format!("{path}\n{:?}\n{time:?}", metadata.map(|metadata| metadata.len()))
        }
        None => {
            format!("{}\n{}", record.text("schema").unwrap_or_default(), record.text(INSERTS).unwrap_or_default())
        }
    }
}

/// First bytes of a SQLite database: <https://www.sqlite.org/fileformat2.html#the_database_header>.
const SQLITE: &[u8] = b"SQLite format 3\0";

/// First bytes of the pointer that Git LFS leaves in place of a file: its specification, "Pointer".
const LFS: &[u8] = b"version https://git-lfs.github.com/spec/";

/// First bytes of PostgreSQL's own archives (`pg_dump -Fc`).
const ARCHIVE: &[u8] = b"PGDMP";

fn import_file(path: &Path, declared: Option<Dialect>) -> Result<Imported, String> {
    let unreadable = |why: std::io::Error| format!("the database `{}` cannot be read: {why}", path.display());
    let mut head = [0; 64];
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let read = std::io::Read::read(&mut std::io::Read::take(file, 64), &mut head).map_err(unreadable)?;
    let head = &head[..read];
    if head.starts_with(SQLITE) {
        return sqlite::read(path).map_err(|why| format!("the SQLite database `{}` {why}", path.display()));
    }
    if head.starts_with(LFS) {
        return Err(format!("`{}` is a Git LFS pointer: `git lfs pull` gets the file", path.display()));
    }
    if head.starts_with(ARCHIVE) {
        return Err(format!(
            "`{}` is an archive of pg_dump, expected plain SQL: `pg_restore -f FILE.sql` makes that of it",
            path.display()
        ));
    }
    let bytes = std::fs::read(path).map_err(unreadable)?;
    let text = String::from_utf8(bytes).or_else(|no| {
        // MySQL's dumps hold binary values as raw bytes.
        let text = String::from_utf8_lossy(no.as_bytes()).into_owned();
        if dump::dialect_of_dump(&text) == Some(Dialect::MySql) { Ok(text) } else { Err(no.utf8_error()) }
    });
    let text = text.map_err(|why| format!("the dump `{}` is not UTF-8: {why}", path.display()))?;
    import_dump(&text, declared, &path.display().to_string())
        .map_err(|why| format!("the dump `{}` {why}", path.display()))
}

/// Imports a dump, called `name` in messages.
fn import_dump(text: &str, declared: Option<Dialect>, name: &str) -> Result<Imported, String> {
    let dialect = dump::dialect_of_dump(text).or(declared).unwrap_or_else(|| dump::guess_dialect(text));
    let read = dump::read(text, dialect, TextOrigin::File, &CreatedObjects::default())?;
    let is_table = |kept: &KeptStatement| {
        lexer::statements(&kept.text, dialect).next().is_some_and(|piece| {
            piece.begins(&["create"]) && piece.tokens.iter().take(5).any(|token| token.is("table"))
        })
    };
    if !read.kept.iter().any(is_table) {
        return Err("holds no CREATE TABLE, expected at least one".to_owned());
    }
    Ok(Imported {
        text: joined(&read),
        dialect: Some(dialect),
        skipped_rows: read.skipped_rows,
        changes: Vec::new(),
        source: Source::Database,
        locations: locations(&read, &format!("the dump `{name}`")),
    })
}

#[cfg(test)]
mod tests;
