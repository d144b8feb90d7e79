//! Dumps: what `pg_dump`, `mysqldump`, `mariadb-dump` and `sqlite3 .dump` write, as the statements in it
//! that make tables, views and rows, each with the line where it stands. Rows of COPY become INSERTs;
//! settings, rights and code are passed over.
//! Formats: <https://www.postgresql.org/docs/current/app-pgdump.html>,
//! <https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-FILE-FORMATS>,
//! <https://mariadb.com/kb/en/mariadb-dump/>, <https://www.sqlite.org/cli.html#converting_an_entire_database_to_a_text_file>.

use std::collections::{BTreeMap, BTreeSet};

use super::{MOST_BYTES, MOST_ROWS};
use crate::dialect::Dialect;
use crate::lexer::{self, Kind, Lexer, Piece, Token};

mod copy;
mod fate;

use fate::{Fate, fate};

/// Where a text stands, which decides how much of it is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// A file: only the first rows of each table, and no schema's name before tables.
    File,
    /// A record's own text: what makes something is taken as it is.
    Field,
}

/// A statement that is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kept {
    /// Its text, without a semicolon.
    pub text: String,
    /// The line on which it begins.
    pub line: usize,
    /// The line of its first row, if they were COPY's.
    pub rows_from: Option<usize>,
    /// It has rows refer to those of another table.
    pub refers: bool,
}

/// What was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Dump {
    pub kept: Vec<Kept>,
    /// What each change to the text is, in words; none when all statements were taken as they are.
    pub changes: Vec<String>,
    /// Rows that are too many.
    pub left_behind: usize,
    /// What was made.
    pub made: Made,
}

/// A statement, or rows, as they came.
enum Item {
    Statement { text: String, refers: bool },
    Rows { table: String, head: String, rows: Vec<String>, from: Option<usize> },
}

/// Reads a text as this dialect's. `before`: what was made by a text that stands before it; that is not made again.
///
/// # Errors
/// Where it breaks off: a predicate whose subject is the text.
pub(super) fn read(text: &str, dialect: Dialect, place: Place, before: &Made) -> Result<Dump, String> {
    let ansi = with_backticks(text, dialect);
    let text = ansi.as_deref().unwrap_or(text);
    let mut dump = Dump::default();
    let mut items: Vec<(usize, Item)> = Vec::new();
    let mut made = Made { names: before.names.clone(), numbered: before.numbered.clone(), virtuals: BTreeSet::new() };
    let (mut line, mut counted) = (1, 0);
    for piece in lexer::statements(text, dialect) {
        line += text.as_bytes()[counted..piece.start].iter().filter(|c| **c == b'\n').count();
        counted = piece.start;
        if breaks_off(&piece) {
            return Err(format!("ends within a statement, which begins on line {line}: `{}`", piece.brief()));
        }
        if piece.data.is_some() && copy_format(&piece).is_none() {
            let what = piece.brief();
            return Err(format!("has `{what}` with other options on line {line}, expected COPY's text format or CSV"));
        }
        // MySQL's statements for some versions alone, as statements for all.
        let plain = plain(&piece, dialect);
        let inner = plain.as_deref().and_then(|text| lexer::statements(text, dialect).next());
        if plain.is_some() && inner.is_none() {
            dump.changes.push(passed(&piece));
            continue;
        }
        let piece = inner.as_ref().unwrap_or(&piece);
        made.virtuals.extend(virtual_table(piece, dialect));
        let fate = if makes_again(piece, before) { Fate::Passed } else { fate(piece, dialect, place, &made) };
        match fate {
            Fate::Passed => {
                if place == Place::Field {
                    dump.changes.push(passed(piece));
                }
                continue;
            }
            Fate::Removes(name) => {
                items.retain(|(_, item)| !matches!(item, Item::Statement { text, .. } if creates(text, dialect).as_ref() == Some(&name)));
                made.names.remove(&name);
                dump.changes.push(passed(piece));
                continue;
            }
            Fate::Kept => {}
        }
        made.names.extend(created(piece));
        if always_numbers(piece) {
            made.numbered.extend(piece.target());
        }
        let item = match piece.data {
            Some(data) => {
                let behind = &text[piece.start..data.as_ptr() as usize - text.as_ptr() as usize];
                let from = line + behind.matches('\n').count();
                let Some(item) = copied(piece, data, from, place, &made) else { continue };
                dump.changes.push(format!("the rows of `{}` are written as INSERT", piece.brief()));
                item
            }
            None if place == Place::File => taken(piece, dialect),
            None => {
                let cut = dialect == Dialect::MySql && partitions(&piece.tokens) < piece.tokens.len();
                if cut {
                    dump.changes.push(format!("`{}` stands without its partitions", piece.brief()));
                }
                let rewritten = cut || plain.is_some();
                let text = if rewritten { without_conditionals(piece, dialect) } else { piece.text.to_owned() };
                Item::Statement { text, refers: refers(piece) }
            }
        };
        if plain.is_some() && place == Place::Field {
            dump.changes.push(format!("`{}` stands outside of comments", piece.brief()));
        }
        items.push((line, item));
    }
    let room = (place == Place::File).then(|| Room::of(&items));
    emit(items, room, &mut dump);
    // Said once is enough.
    let mut told = BTreeSet::new();
    dump.changes.retain(|change| told.insert(change.clone()));
    dump.made = made;
    Ok(dump)
}

/// The text of a dump made with `--compatible=ansi`, whose names stand in double quotes, as MySQL reads it by
/// default.
fn with_backticks(text: &str, dialect: Dialect) -> Option<String> {
    let names = ["CREATE TABLE \"", "CREATE TABLE IF NOT EXISTS \"", "INSERT INTO \""];
    if dialect != Dialect::MySql || !names.iter().any(|name| text.contains(name)) {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut last = 0;
    for token in Lexer::new(text, dialect).filter(|token| token.text.starts_with('"')) {
        out.push_str(&text[last..token.start]);
        out.push_str(&token.text.replace('"', "`"));
        last = token.end();
    }
    out.push_str(&text[last..]);
    Some(out)
}

/// What was made so far, by names in lower case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Made {
    names: BTreeSet<String>,
    /// Tables whose rows are always numbered.
    numbered: BTreeSet<String>,
    /// SQLite's virtual tables: what they are made of are tables too.
    virtuals: BTreeSet<String>,
}

/// Whether it makes or changes what an earlier text has made, such as the tables of a whole dump beside its
/// schema.
fn makes_again(piece: &Piece<'_>, before: &Made) -> bool {
    let index = piece.tokens.iter().take(3).any(|token| token.is("index"));
    let makes = piece.tokens.first().is_some_and(|token| token.is_any(&["create", "alter", "comment", "drop"]));
    makes && !before.names.is_empty() && (index || piece.target().is_some_and(|name| before.names.contains(&name)))
}

fn passed(piece: &Piece<'_>) -> String {
    format!("`{}` makes no table", piece.brief())
}

fn breaks_off(piece: &Piece<'_>) -> bool {
    let open = |symbol: &str| piece.tokens.iter().filter(|token| token.is_symbol(symbol)).count();
    let unterminated = piece.tokens.last().is_some_and(|token| token.kind == Kind::Unterminated);
    unterminated || (!piece.ended && (piece.data.is_some() || open("(") > open(")")))
}

/// How the rows of COPY stand, where that is known.
fn copy_format(piece: &Piece<'_>) -> Option<copy::Format> {
    let from = piece.tokens.iter().rposition(|token| token.is("stdin"))?;
    copy::Format::of(&piece.tokens[from + 1..])
}

/// A statement's text with what stands in conditional comments, where there are such.
fn plain(piece: &Piece<'_>, dialect: Dialect) -> Option<String> {
    if dialect != Dialect::MySql || !piece.tokens.iter().any(|token| token.kind == Kind::Conditional) {
        return None;
    }
    // In the definition of a table they say how it is stored.
    let drop = piece.begins(&["create"]) && piece.tokens.iter().take(4).any(|token| token.is("table"));
    let mut text = String::new();
    let mut last = piece.start;
    for token in &piece.tokens {
        text.push_str(piece.text.get(last - piece.start..token.start - piece.start).unwrap_or(" "));
        last = token.end();
        if token.kind != Kind::Conditional {
            text.push_str(token.text);
            continue;
        }
        let inside = token.text.trim_start_matches("/*").trim_start_matches(['M', '!']).trim_end_matches("*/");
        let inside = inside.trim_start_matches(|c: char| c.is_ascii_digit());
        // MariaDB's first line is said to its client.
        if !drop && !inside.starts_with('\\') {
            text.push_str(inside);
        }
    }
    Some(text)
}

/// What a piece creates: the names of tables, views and others, in lower case.
fn created(piece: &Piece<'_>) -> Option<String> {
    if !piece.begins(&["create"]) {
        return None;
    }
    piece.target()
}

fn creates(text: &str, dialect: Dialect) -> Option<String> {
    lexer::statements(text, dialect).next().and_then(|piece| created(&piece))
}

/// The virtual table that SQLite's catalogue is told of.
fn virtual_table(piece: &Piece<'_>, dialect: Dialect) -> Option<String> {
    if piece.begins(&["create", "virtual", "table"]) {
        return piece.target();
    }
    let told = dialect == Dialect::Sqlite && piece.begins(&["insert", "into", "sqlite_schema"])
        || piece.begins(&["insert", "into", "sqlite_master"]);
    let mut texts = piece.tokens.iter().filter(|token| token.kind == Kind::Text);
    let name = texts.nth(1).filter(|_| told)?;
    Some(name.text.trim_matches('\'').to_lowercase())
}

/// Whether it says that rows are numbered whatever they say themselves.
fn always_numbers(piece: &Piece<'_>) -> bool {
    let words = ["generated", "always", "as", "identity"];
    piece.tokens.windows(4).any(|four| four.iter().zip(words).all(|(token, word)| token.is(word)))
}

/// The rows of COPY.
fn copied(piece: &Piece<'_>, data: &str, from: usize, place: Place, made: &Made) -> Option<Item> {
    let end = piece.tokens.windows(2).position(|two| two[0].is("from") && two[1].is("stdin"))?;
    let head = &piece.tokens[1..end];
    let names = written(piece.text, piece.start, head, place == Place::File);
    let table = piece.target()?;
    // A table without columns has empty lines for rows.
    if data.lines().all(str::is_empty) && !head.iter().any(|token| token.is_symbol("(")) {
        return None;
    }
    let rows = copy_format(piece)?.rows(data);
    let rows = rows.into_iter().map(|values| format!("({})", values.join(", ")));
    // COPY writes numbers that INSERT may not.
    let overriding = if made.numbered.contains(&table) { " OVERRIDING SYSTEM VALUE" } else { "" };
    let head = format!("INSERT INTO {names}{overriding} VALUES ");
    Some(Item::Rows { table, head, rows: rows.collect(), from: Some(from) })
}

/// A statement of a file.
fn taken(piece: &Piece<'_>, dialect: Dialect) -> Item {
    match rows_of(piece, dialect) {
        Some((head, rows)) => Item::Rows { table: piece.target().unwrap_or_default(), head, rows, from: None },
        None => Item::Statement { text: without_conditionals(piece, dialect), refers: refers(piece) },
    }
}

/// Whether a statement has rows refer to those of another table.
fn refers(piece: &Piece<'_>) -> bool {
    piece.begins(&["alter", "table"]) && piece.tokens.windows(2).any(|two| two[0].is("foreign") && two[1].is("key"))
}

/// A statement's text as it is taken from a file or from comments; `CREATE ALGORITHM = … DEFINER = …
/// SQL SECURITY … VIEW` as CREATE VIEW.
fn without_conditionals(piece: &Piece<'_>, dialect: Dialect) -> String {
    let tokens = &piece.tokens;
    let view = tokens.iter().position(|token| token.is("view")).filter(|_| dialect == Dialect::MySql);
    match view {
        Some(at) if tokens[..at].iter().any(|token| token.is_any(&["algorithm", "definer", "sql"])) => {
            format!("CREATE {}", written(piece.text, piece.start, &tokens[at..], false))
        }
        _ if dialect == Dialect::MySql => written(piece.text, piece.start, &tokens[..partitions(tokens)], false),
        _ => written(piece.text, piece.start, tokens, dialect == Dialect::Postgres),
    }
}

/// Where in a CREATE TABLE the partitions begin: how rows are stored.
fn partitions(tokens: &[Token<'_>]) -> usize {
    let table =
        tokens.first().is_some_and(|token| token.is("create")) && tokens.iter().take(4).any(|token| token.is("table"));
    let begin = tokens.windows(2).position(|two| two[0].is("partition") && two[1].is("by"));
    begin.filter(|_| table).unwrap_or(tokens.len())
}

/// Tokens of a statement as text, with what stands between those that follow one another; `bare`: without
/// `public.`, also in the texts that name sequences.
fn written(text: &str, start: usize, tokens: &[Token<'_>], bare: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let names = !tokens.first().is_some_and(|token| token.is("insert"));
    let mut last: Option<&Token<'_>> = None;
    let mut i = 0;
    while let Some(token) = tokens.get(i) {
        let public = bare
            && token.name().is_some_and(|name| name == "public")
            && tokens.get(i + 1).is_some_and(|dot| dot.is_symbol("."))
            && !last.is_some_and(|last| last.is_symbol("."));
        if let Some(last) = last {
            let between = text.get(last.end() - start..token.start - start).unwrap_or(" ");
            out.push_str(if between.is_empty() { "" } else { between });
        }
        if public {
            last = tokens.get(i + 1);
            i += 2;
            continue;
        }
        match token.text.strip_prefix("'public.") {
            Some(rest) if bare && names && token.kind == Kind::Text => {
                out.push('\'');
                out.push_str(rest);
            }
            _ => out.push_str(token.text),
        }
        last = Some(token);
        i += 1;
    }
    out
}

/// What stands before the rows of `INSERT … VALUES`, and each row; `None` when something stands behind.
fn rows_of(piece: &Piece<'_>, dialect: Dialect) -> Option<(String, Vec<String>)> {
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
    let head = written(piece.text, piece.start, &piece.tokens[..=values], dialect == Dialect::Postgres);
    Some((format!("{head} "), rows))
}

/// How many bytes the rows of each table may have.
struct Room(BTreeMap<String, usize>);

impl Room {
    /// Small tables get what they need, and large ones equal parts of what is left.
    fn of(items: &[(usize, Item)]) -> Self {
        let mut needs: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for (_, item) in items {
            let Item::Rows { table, rows, .. } = item else { continue };
            let (count, bytes) = needs.entry(table).or_default();
            for row in rows.iter().take(MOST_ROWS.saturating_sub(*count)) {
                *count += 1;
                *bytes += row.len() + 2;
            }
        }
        let mut all: Vec<(&str, usize)> = needs.into_iter().map(|(table, (_, bytes))| (table, bytes)).collect();
        all.sort_by_key(|(_, bytes)| *bytes);
        let (mut left, mut tables) = (MOST_BYTES, all.len());
        let mut room = BTreeMap::new();
        for (table, bytes) in all {
            let share = bytes.min(left / tables.max(1));
            (left, tables) = (left - share, tables - 1);
            room.insert(table.to_owned(), share);
        }
        Self(room)
    }
}

fn emit(items: Vec<(usize, Item)>, mut room: Option<Room>, dump: &mut Dump) {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for (line, item) in items {
        match item {
            Item::Statement { text, refers } => {
                dump.kept.push(Kept { text, line, rows_from: None, refers });
            }
            Item::Rows { table, head, mut rows, from } => {
                if let Some(Room(room)) = &mut room {
                    let (count, left) = (counts.entry(table.clone()).or_default(), room.entry(table).or_default());
                    let all = rows.len();
                    let fits = rows.iter().take_while(|row| {
                        let fits = *count < MOST_ROWS && row.len() + 2 <= *left;
                        if fits {
                            *count += 1;
                            *left -= row.len() + 2;
                        }
                        fits
                    });
                    let fits = fits.count();
                    rows.truncate(fits);
                    dump.left_behind += all - fits;
                }
                if !rows.is_empty() {
                    dump.kept.push(Kept { text: head + &rows.join(", "), line, rows_from: from, refers: false });
                }
            }
        }
    }
    // Where rows are left behind, what refers to them would not hold.
    if dump.left_behind > 0 {
        dump.kept.retain(|kept| !kept.refers);
    }
}

/// Whose dump a text is, by what only theirs have; `None` when nothing tells.
pub(super) fn whose(text: &str) -> Option<Dialect> {
    let head = text.char_indices().nth(2_000).map_or(text, |(at, _)| &text[..at]);
    if head.contains("-- MySQL dump") || head.contains("-- MariaDB dump") || head.contains("/*!40101 SET") {
        return Some(Dialect::MySql);
    }
    if head.contains("-- PostgreSQL database") || head.contains("pg_catalog.set_config") {
        return Some(Dialect::Postgres);
    }
    let first = lexer::statements(head, Dialect::Sqlite).next()?;
    if first.begins(&["pragma"]) || first.begins(&["begin", "transaction"]) {
        return Some(Dialect::Sqlite);
    }
    None
}

/// In which dialect a text of nobody's is cut into tokens.
pub(super) fn flavour(text: &str) -> Dialect {
    whose(text).unwrap_or_else(|| {
        let quotes = |token: Token<'_>| token.kind == Kind::Name && token.text.starts_with('`');
        let lower = text.to_ascii_lowercase();
        let mysql = ["\\'", "auto_increment", "engine=", "engine ="].iter().any(|sign| lower.contains(sign))
            || (text.contains('`') && Lexer::new(text, Dialect::Sqlite).any(quotes));
        if mysql { Dialect::MySql } else { Dialect::Postgres }
    })
}
