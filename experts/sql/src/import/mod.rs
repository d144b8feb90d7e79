//! The tables and rows that a record brings: as SQL text beside its schema, or in a database file
//! that it names. Everything becomes one text, CREATE statements and INSERTs, in the dialect of its
//! source; the dialect layer takes it from there.

mod dump;
mod sqlite;

use std::path::Path;

use hive_sdk::Record;

use crate::dialect::Dialect;
use crate::lexer::{self, Lexer, Piece};

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
    /// What of the record's own texts was passed over or written otherwise, in words.
    pub changes: Vec<String>,
    /// Where the tables and rows come from.
    pub source: Source,
    /// Where each statement of the text stands; none when they stand in no text.
    places: Vec<Place>,
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

/// Where a statement stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The field or file, as it is called in messages.
    of: String,
    line: usize,
    /// The line of its first row, if they were COPY's.
    rows_from: Option<usize>,
}

/// What the record brings, `schema` included.
///
/// # Errors
/// Why its file cannot be read, as a sentence without its full stop.
pub fn carried(record: &Record, declared: Option<Dialect>) -> Result<Carried, String> {
    if let Some(path) = record.text(DATABASE) {
        return of_file(Path::new(path), declared);
    }
    let schema = record.text("schema").unwrap_or_default();
    let mut made = dump::Made::default();
    let (mut carried, kept) = of_field("schema", schema, declared, &mut made);
    let Some(inserts) = record.text(INSERTS) else { return Ok(carried) };
    // Rows are their schema's, in whatever dialect that is.
    let dialect = declared.or_else(|| Some(dump::flavour(schema)).filter(|d| *d != Dialect::Postgres));
    let (rows, _) = of_field(INSERTS, inserts, dialect, &mut made);
    // A dump has its tables by name, so what has rows refer to others comes behind all rows.
    let (behind, first): (Vec<_>, Vec<_>) = kept.iter().zip(&carried.places).partition(|(kept, _)| kept.refers);
    if !behind.is_empty() {
        carried.text = first.iter().map(|(kept, _)| format!("{};\n", kept.text)).collect();
    }
    let text = carried.text.trim_end();
    let between = if text.is_empty() || text.ends_with(';') { "\n" } else { ";\n" };
    let mut all = format!("{text}{between}{}", rows.text);
    let mut places: Vec<Place> = first.iter().map(|(_, place)| (*place).clone()).chain(rows.places).collect();
    if !behind.is_empty() {
        all.truncate(all.trim_end().trim_end_matches(';').len());
        all.push_str(";\n");
        all.extend(behind.iter().map(|(kept, _)| format!("{};\n", kept.text)));
        places.extend(behind.iter().map(|(_, place)| (*place).clone()));
    }
    carried.text = all;
    carried.places = places;
    carried.source = Source::Inserts;
    carried.changes.extend(rows.changes);
    Ok(carried)
}

/// A record's own text, and its statements. What makes no table in it is passed over; it stays as it is where
/// there is no such.
fn of_field(field: &str, text: &str, declared: Option<Dialect>, made: &mut dump::Made) -> (Carried, Vec<dump::Kept>) {
    let unchanged = || Carried {
        text: text.to_owned(),
        dialect: None,
        left_behind: 0,
        changes: Vec::new(),
        source: Source::Schema,
        places: Vec::new(),
    };
    let dialect = declared.or_else(|| dump::whose(text)).unwrap_or_else(|| dump::flavour(text));
    // What breaks off is told by whoever parses it.
    let read = dump::read(text, dialect, dump::Place::Field, made);
    let read = read.or_else(|why| match dialect {
        Dialect::Postgres => Err(why),
        _ => dump::read(text, Dialect::Postgres, dump::Place::Field, made),
    });
    let Ok(read) = read else { return (unchanged(), Vec::new()) };
    made.clone_from(&read.made);
    let of = format!("`{field}`");
    let place = |kept: &dump::Kept| Place { of: of.clone(), line: kept.line, rows_from: kept.rows_from };
    let places = read.kept.iter().map(place).collect();
    let carried = match read.changes.is_empty() {
        true => Carried { places, ..unchanged() },
        false => Carried { text: joined(&read), changes: read.changes, places, ..unchanged() },
    };
    (carried, read.kept)
}

/// The statements that were taken, each on lines of its own.
fn joined(dump: &dump::Dump) -> String {
    dump.kept.iter().map(|kept| format!("{};\n", kept.text)).collect()
}

impl Carried {
    /// Where the statement stands that has become the one at place `at`, from 0, of a text made from this
    /// one by translation: in words, such as "line 3 of `schema`".
    pub fn place(&self, translated: &str, at: usize, position: Option<usize>) -> Option<String> {
        // A translation may order statements anew, but not those of one kind on one table.
        let now: Vec<Piece<'_>> = lexer::statements(translated, Dialect::Postgres).collect();
        let failed = now.get(at)?;
        let key = key(failed);
        let nth = now[..at].iter().filter(|piece| self::key(piece) == key).count();
        let dialect = self.dialect.unwrap_or_else(|| dump::flavour(&self.text));
        let then: Vec<Piece<'_>> = lexer::statements(&self.text, dialect).collect();
        if self.places.is_empty() && self.source == Source::Schema {
            // It breaks off somewhere, and stands as it was given.
            let end = position.and_then(|position| failed.text.char_indices().nth(position.saturating_sub(1)));
            let before = failed.start + end.map_or(0, |(end, _)| end);
            let line = 1 + translated.as_bytes()[..before].iter().filter(|c| **c == b'\n').count();
            return Some(format!("line {line} of `schema`"));
        }
        if then.len() != self.places.len() {
            return None;
        }
        let same = |(piece, place)| (self::key(piece) == key).then_some(place);
        let place: &Place = then.iter().zip(&self.places).filter_map(same).nth(nth)?;
        // Rows of COPY have a line each, and other statements the line breaks of their text.
        let before = position.and_then(|position| failed.text.char_indices().nth(position.saturating_sub(1)));
        let before = before.map(|(end, _)| &failed.text[..end]);
        let line = match (before, place.rows_from) {
            (Some(before), Some(first)) => first + rows_before(before),
            (Some(before), None) if then.iter().any(|piece| piece.text == failed.text) => {
                place.line + before.matches('\n').count()
            }
            _ => place.line,
        };
        Some(format!("line {line} of {}", place.of))
    }

    /// Where the statement at place `at` of this very text stands, `lines` below its first.
    pub fn own_place(&self, at: usize, lines: usize) -> Option<String> {
        self.places.get(at).map(|place| format!("line {} of {}", place.line + lines, place.of))
    }
}

/// What kind of statement it is, and on what.
fn key(piece: &Piece<'_>) -> (String, Option<String>) {
    (piece.word(0), piece.target())
}

/// How many rows of an INSERT end before the end of this beginning of it.
fn rows_before(text: &str) -> usize {
    let (mut depth, mut rows, mut values) = (0usize, 0, false);
    for token in Lexer::new(text, Dialect::Postgres) {
        values |= depth == 0 && token.is("values");
        if values && token.is_symbol("(") {
            depth += 1;
        } else if values && token.is_symbol(")") {
            depth = depth.saturating_sub(1);
            rows += usize::from(depth == 0);
        }
    }
    rows
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

/// First bytes of what Git LFS leaves in place of a file: its specification, "Pointer".
const LFS: &[u8] = b"version https://git-lfs.github.com/spec/";

/// First bytes of PostgreSQL's own archives (`pg_dump -Fc`).
const ARCHIVE: &[u8] = b"PGDMP";

fn of_file(path: &Path, declared: Option<Dialect>) -> Result<Carried, String> {
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
        // MySQL writes bytes that are no text as they are.
        let text = String::from_utf8_lossy(no.as_bytes()).into_owned();
        if dump::whose(&text) == Some(Dialect::MySql) { Ok(text) } else { Err(no.utf8_error()) }
    });
    let text = text.map_err(|why| format!("the dump `{}` is not UTF-8: {why}", path.display()))?;
    of_dump(&text, declared, &path.display().to_string()).map_err(|why| format!("the dump `{}` {why}", path.display()))
}

/// A dump, called `name` in messages.
fn of_dump(text: &str, declared: Option<Dialect>, name: &str) -> Result<Carried, String> {
    let dialect = dump::whose(text).or(declared).unwrap_or_else(|| dump::flavour(text));
    let read = dump::read(text, dialect, dump::Place::File, &dump::Made::default())?;
    let is_table = |kept: &dump::Kept| {
        lexer::statements(&kept.text, dialect).next().is_some_and(|piece| {
            piece.begins(&["create"]) && piece.tokens.iter().take(5).any(|token| token.is("table"))
        })
    };
    if !read.kept.iter().any(is_table) {
        return Err("holds no CREATE TABLE, expected at least one".to_owned());
    }
    let of = format!("the dump `{name}`");
    let place = |kept: &dump::Kept| Place { of: of.clone(), line: kept.line, rows_from: kept.rows_from };
    Ok(Carried {
        text: joined(&read),
        dialect: Some(dialect),
        left_behind: read.left_behind,
        changes: Vec::new(),
        source: Source::Database,
        places: read.kept.iter().map(place).collect(),
    })
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
