//! Dumps as `pg_dump`, `mysqldump`, `mariadb-dump` and `sqlite3 .dump` write them: the statements that create tables,
//! views and rows, each with its line. Rows of COPY become INSERTs; settings, rights and code are skipped. Statements
//! are told apart by their tokens; nothing is parsed here.
//! Formats: <https://www.postgresql.org/docs/current/app-pgdump.html>,
//! <https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-FILE-FORMATS>,
//! <https://mariadb.com/kb/en/mariadb-dump/>, <https://www.sqlite.org/cli.html#converting_an_entire_database_to_a_text_file>.

mod copy;
mod detect;
mod disposition;
mod items;
mod text;

use std::collections::BTreeSet;

pub(super) use detect::{dialect_of_dump, guess_dialect};

use crate::syntax::Dialect;
use crate::syntax::lexer::{self, Kind, Piece};
use disposition::{Disposition, disposition};
use items::{ByteBudget, DumpItem};
use text::{partitions_start, statement_text, tokens_text};

/// Where a text comes from, which decides how much of it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextOrigin {
    /// A file: the first rows of each table are kept, and `public.` goes.
    File,
    /// A field of the record: all that creates something is kept as it is.
    Field,
}

/// A statement that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KeptStatement {
    /// Its text, without a semicolon.
    pub text: String,
    /// The line on which it begins.
    pub line: usize,
    /// The line of its first row, if the rows came from COPY.
    pub first_row_line: Option<usize>,
    /// It is an ALTER TABLE that adds a foreign key.
    pub adds_foreign_key: bool,
}

/// What was read of a dump.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Dump {
    pub kept: Vec<KeptStatement>,
    /// Each change to the text, in words; empty when all statements were kept as they are.
    pub changes: Vec<String>,
    /// Rows beyond the limits.
    pub skipped_rows: usize,
    /// What its statements create.
    pub created: CreatedObjects,
}

/// What the statements so far have created, by names in lower case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct CreatedObjects {
    names: BTreeSet<String>,
    /// Tables with a column GENERATED ALWAYS AS IDENTITY.
    always_numbered: BTreeSet<String>,
    /// SQLite's virtual tables: each has tables of its own that hold its content.
    virtuals: BTreeSet<String>,
}

/// Reads a text in this dialect. `before`: what a text before it has created, which is not created again.
///
/// # Errors
/// That it ends within a statement, or has rows of an unknown format: a predicate whose subject is the text.
pub(super) fn read(text: &str, dialect: Dialect, origin: TextOrigin, before: &CreatedObjects) -> Result<Dump, String> {
    let ansi = text::with_backticks(text, dialect);
    let text = ansi.as_deref().unwrap_or(text);
    let mut dump = Dump { created: CreatedObjects { virtuals: BTreeSet::new(), ..before.clone() }, ..Dump::default() };
    let mut items: Vec<(usize, DumpItem)> = Vec::new();
    let (mut line, mut counted) = (1, 0);
    for piece in lexer::statements(text, dialect) {
        line += text.as_bytes()[counted..piece.start].iter().filter(|c| **c == b'\n').count();
        counted = piece.start;
        check_readable(&piece, line)?;
        // MySQL's statements for some versions alone become statements for all.
        let plain = text::without_conditional_comments(&piece, dialect);
        let inner = plain.as_deref().and_then(|text| lexer::statements(text, dialect).next());
        if plain.is_some() && inner.is_none() {
            dump.changes.push(skipped(&piece));
            continue;
        }
        let piece = inner.as_ref().unwrap_or(&piece);
        dump.created.virtuals.extend(virtual_table(piece, dialect));
        let disposition = match creates_again(piece, before) {
            true => Disposition::Skip,
            false => disposition(piece, dialect, origin, &dump.created),
        };
        match disposition {
            Disposition::Keep => {}
            Disposition::Skip => {
                if origin == TextOrigin::Field {
                    dump.changes.push(skipped(piece));
                }
                continue;
            }
            Disposition::Remove(name) => {
                items.retain(|(_, item)| {
                    let DumpItem::Statement { text, .. } = item else { return true };
                    created_by_text(text, dialect).as_ref() != Some(&name)
                });
                dump.created.names.remove(&name);
                dump.changes.push(skipped(piece));
                continue;
            }
        }
        dump.created.names.extend(created_name(piece));
        if has_always_identity(piece) {
            dump.created.always_numbered.extend(piece.target());
        }
        let item = match piece.data {
            Some(data) => {
                let head = &text[piece.start..data.as_ptr() as usize - text.as_ptr() as usize];
                let first_row_line = line + head.matches('\n').count();
                let Some(item) = copied_rows(piece, data, first_row_line, origin, &dump.created) else { continue };
                dump.changes.push(format!("the rows of `{}` are written as INSERT", piece.brief()));
                item
            }
            None if origin == TextOrigin::File => file_item(piece, dialect),
            None => field_item(piece, dialect, plain.is_some(), &mut dump.changes),
        };
        items.push((line, item));
    }
    let budget = (origin == TextOrigin::File).then(|| ByteBudget::new(&items));
    items::keep(items, budget, &mut dump);
    // Each change is reported once.
    let mut reported = BTreeSet::new();
    dump.changes.retain(|change| reported.insert(change.clone()));
    Ok(dump)
}

/// Refuses a statement that does not end, and rows whose format is unknown.
fn check_readable(piece: &Piece<'_>, line: usize) -> Result<(), String> {
    let open = |symbol: &str| piece.tokens.iter().filter(|token| token.is_symbol(symbol)).count();
    let unterminated = piece.tokens.last().is_some_and(|token| token.kind == Kind::Unterminated);
    if unterminated || (!piece.ended && (piece.data.is_some() || open("(") > open(")"))) {
        return Err(format!("ends within a statement, which begins on line {line}: `{}`", piece.brief()));
    }
    if piece.data.is_some() && copy_format(piece).is_none() {
        let what = piece.brief();
        return Err(format!("has `{what}` with other options on line {line}, expected COPY's text format or CSV"));
    }
    Ok(())
}

/// Whether it creates or changes what an earlier text has created, such as the tables of a whole dump that stands
/// beside its schema.
fn creates_again(piece: &Piece<'_>, before: &CreatedObjects) -> bool {
    let index = piece.tokens.iter().take(3).any(|token| token.is("index"));
    let creates = piece.tokens.first().is_some_and(|token| token.is_any(&["create", "alter", "comment", "drop"]));
    creates && !before.names.is_empty() && (index || piece.target().is_some_and(|name| before.names.contains(&name)))
}

fn skipped(piece: &Piece<'_>) -> String {
    format!("`{}` makes no table", piece.brief())
}

/// The format of the rows behind a COPY, where it is known.
fn copy_format(piece: &Piece<'_>) -> Option<copy::Format> {
    let from = piece.tokens.iter().rposition(|token| token.is("stdin"))?;
    copy::Format::parse(&piece.tokens[from + 1..])
}

/// The name of the table, view or other object that a statement creates, in lower case.
fn created_name(piece: &Piece<'_>) -> Option<String> {
    if !piece.begins(&["create"]) {
        return None;
    }
    piece.target()
}

fn created_by_text(text: &str, dialect: Dialect) -> Option<String> {
    lexer::statements(text, dialect).next().and_then(|piece| created_name(&piece))
}

/// The virtual table that a statement creates, or enters into SQLite's catalogue.
fn virtual_table(piece: &Piece<'_>, dialect: Dialect) -> Option<String> {
    if piece.begins(&["create", "virtual", "table"]) {
        return piece.target();
    }
    let entered = dialect == Dialect::Sqlite && piece.begins(&["insert", "into", "sqlite_schema"])
        || piece.begins(&["insert", "into", "sqlite_master"]);
    let mut texts = piece.tokens.iter().filter(|token| token.kind == Kind::Text);
    let name = texts.nth(1).filter(|_| entered)?;
    Some(name.text.trim_matches('\'').to_lowercase())
}

/// Whether a column is GENERATED ALWAYS AS IDENTITY.
fn has_always_identity(piece: &Piece<'_>) -> bool {
    let words = ["generated", "always", "as", "identity"];
    piece.tokens.windows(4).any(|four| four.iter().zip(words).all(|(token, word)| token.is(word)))
}

/// The rows of COPY as rows of an INSERT.
fn copied_rows(
    piece: &Piece<'_>,
    data: &str,
    first_row_line: usize,
    origin: TextOrigin,
    created: &CreatedObjects,
) -> Option<DumpItem> {
    let end = piece.tokens.windows(2).position(|two| two[0].is("from") && two[1].is("stdin"))?;
    let head = &piece.tokens[1..end];
    let names = tokens_text(piece.text, piece.start, head, origin == TextOrigin::File);
    let table = piece.target()?;
    // The rows of a table without columns are empty lines.
    if data.lines().all(str::is_empty) && !head.iter().any(|token| token.is_symbol("(")) {
        return None;
    }
    let rows = copy_format(piece)?.rows(data);
    let rows = rows.into_iter().map(|values| format!("({})", values.join(", ")));
    // COPY may write an identity column, INSERT only with this clause.
    let overriding = if created.always_numbered.contains(&table) { " OVERRIDING SYSTEM VALUE" } else { "" };
    let insert_head = format!("INSERT INTO {names}{overriding} VALUES ");
    Some(DumpItem::Rows { table, insert_head, rows: rows.collect(), first_row_line: Some(first_row_line) })
}

/// A statement of a file; the rows of an INSERT one by one, so that they can be counted.
fn file_item(piece: &Piece<'_>, dialect: Dialect) -> DumpItem {
    match inserted_rows(piece, dialect) {
        Some((insert_head, rows)) => {
            DumpItem::Rows { table: piece.target().unwrap_or_default(), insert_head, rows, first_row_line: None }
        }
        None => DumpItem::Statement { text: statement_text(piece, dialect), adds_foreign_key: adds_foreign_key(piece) },
    }
}

/// A statement of a record's field. `from_comments`: it stood in conditional comments.
fn field_item(piece: &Piece<'_>, dialect: Dialect, from_comments: bool, changes: &mut Vec<String>) -> DumpItem {
    let cut = dialect == Dialect::MySql && partitions_start(&piece.tokens) < piece.tokens.len();
    if cut {
        changes.push(format!("`{}` stands without its partitions", piece.brief()));
    }
    let text = if cut || from_comments { statement_text(piece, dialect) } else { piece.text.to_owned() };
    if from_comments {
        changes.push(format!("`{}` stands outside of comments", piece.brief()));
    }
    DumpItem::Statement { text, adds_foreign_key: adds_foreign_key(piece) }
}

fn adds_foreign_key(piece: &Piece<'_>) -> bool {
    piece.begins(&["alter", "table"]) && piece.tokens.windows(2).any(|two| two[0].is("foreign") && two[1].is("key"))
}

/// The text before the rows of `INSERT … VALUES`, and each row; `None` when anything follows the rows.
fn inserted_rows(piece: &Piece<'_>, dialect: Dialect) -> Option<(String, Vec<String>)> {
    if !piece.tokens.first()?.is_any(&["insert", "replace"]) {
        return None;
    }
    let (mut depth, mut values) = (0usize, None);
    for (i, token) in piece.tokens.iter().enumerate() {
        match token.text {
            "(" if token.kind == Kind::Symbol => depth += 1,
            ")" if token.kind == Kind::Symbol => depth = depth.saturating_sub(1),
            _ if depth == 0 && token.is("values") => {
                values = Some(i);
                break;
            }
            _ => {}
        }
    }
    let values = values?;
    let mut rows = Vec::new();
    let mut begin = 0;
    for token in &piece.tokens[values + 1..] {
        match token.text {
            "(" if token.kind == Kind::Symbol => {
                if depth == 0 {
                    begin = token.start;
                }
                depth += 1;
            }
            ")" if token.kind == Kind::Symbol => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    rows.push(piece.text[begin - piece.start..token.end() - piece.start].to_owned());
                }
            }
            _ if depth > 0 || token.is_symbol(",") => {}
            _ => return None,
        }
    }
    let head = tokens_text(piece.text, piece.start, &piece.tokens[..=values], dialect == Dialect::Postgres);
    Some((format!("{head} "), rows))
}
