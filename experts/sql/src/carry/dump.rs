//! A plain dump of PostgreSQL's (`pg_dump`): CREATE and ALTER TABLE as they are, rows as INSERTs.
//! Format: <https://www.postgresql.org/docs/current/app-pgdump.html>, COPY's text format:
//! <https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-FILE-FORMATS>.

use super::{Carried, Rows, quoted};
use crate::dialect::Dialect;
use crate::statement;

/// Beginnings of statements that say nothing of tables and rows: settings, owners, rights.
const PASSED_OVER: [&str; 16] = [
    "SET ",
    "SELECT pg_catalog.setval",
    "SELECT pg_catalog.set_config",
    "ALTER SEQUENCE ",
    "ALTER DATABASE ",
    "COMMENT ON ",
    "GRANT ",
    "REVOKE ",
    "CREATE EXTENSION",
    "CREATE FUNCTION",
    "CREATE TRIGGER",
    "CREATE INDEX",
    "CREATE UNIQUE INDEX",
    "CREATE SCHEMA public",
    "LOCK ",
    "DROP ",
];

/// Reads a dump.
///
/// # Errors
/// What in it cannot be carried over: a predicate whose subject is the dump.
pub(super) fn read(text: &str) -> Result<Carried, String> {
    let mut tables = String::new();
    let mut rows = Rows::new();
    let mut pending = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        // What is said to psql, and remarks, stand on lines of their own.
        if pending.trim().is_empty() && (line.starts_with('\\') || line.starts_with("--") || line.trim().is_empty()) {
            continue;
        }
        pending.push_str(line);
        pending.push('\n');
        if !ends_statement(&pending) {
            continue;
        }
        let whole = std::mem::take(&mut pending);
        // Whatever stands in an INSERT's values is data.
        let most = if whole.trim_start().starts_with("INSERT ") { 1 } else { usize::MAX };
        let whole = whole.trim().replacen("public.", "", most);
        let starts = |word: &str| whole.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word));
        if starts("COPY ") {
            let target = whole[5..].split(" FROM ").next().unwrap_or_default().trim();
            let (table, columns) = match target.find('(') {
                Some(at) => (target[..at].trim(), format!(" {}", target[at..].trim())),
                None => (target, String::new()),
            };
            let data = lines.by_ref().take_while(|line| *line != "\\.");
            rows.add(table, &columns, data.map(|line| line.split('\t').map(field).collect()));
        } else if starts("INSERT ") {
            if rows.text.len() + whole.len() > super::MOST_BYTES {
                rows.left_behind += 1;
            } else {
                rows.text.push_str(&whole);
                rows.text.push('\n');
            }
        } else if starts("ALTER TABLE ") && whole.contains(" OWNER TO ") || PASSED_OVER.iter().any(|w| starts(w)) {
        } else if starts("CREATE SEQUENCE") || whole.contains("nextval(") {
            // Numbers come with the rows; who adds one says its own.
        } else {
            tables.push_str(&whole);
            tables.push('\n');
        }
    }
    if !pending.trim().is_empty() {
        return Err(format!(
            "ends within a statement: `{}`",
            statement::compact(&pending).chars().take(60).collect::<String>()
        ));
    }
    if !tables.to_ascii_uppercase().contains("CREATE TABLE") {
        return Err("holds no CREATE TABLE, expected at least one".to_owned());
    }
    // Keys come behind the rows in a dump, and before them here: rows then must fit, as they do.
    Ok(Carried { text: tables + &rows.text, dialect: Some(Dialect::Postgres), left_behind: rows.left_behind })
}

/// Whether a text ends with a semicolon that stands in no quotes.
fn ends_statement(text: &str) -> bool {
    if !text.trim_end().ends_with(';') {
        return false;
    }
    let mut quote = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '-') if chars.peek() == Some(&'-') => while chars.next_if(|c| *c != '\n').is_some() {},
            _ => {}
        }
    }
    quote.is_none()
}

/// A field of COPY's text format as a literal.
fn field(field: &str) -> String {
    if field == "\\N" {
        return "NULL".to_owned();
    }
    let mut text = String::with_capacity(field.len());
    let mut chars = field.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            text.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => text.push('\n'),
            Some('t') => text.push('\t'),
            Some('r') => text.push('\r'),
            Some('b') => text.push('\u{8}'),
            Some('f') => text.push('\u{c}'),
            Some('v') => text.push('\u{b}'),
            Some(other) => text.push(other),
            None => {}
        }
    }
    quoted(&text)
}
