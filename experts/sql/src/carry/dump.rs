//! A plain dump of PostgreSQL's (`pg_dump`): CREATE and ALTER TABLE as they are, rows as INSERTs.
//! Format: <https://www.postgresql.org/docs/current/app-pgdump.html>, COPY's text format:
//! <https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-FILE-FORMATS>.

use super::{Carried, Rows, quoted};
use crate::dialect::Dialect;

/// Beginnings of statements that say nothing of tables and rows: settings, rights, code.
const PASSED_OVER: [&str; 18] = [
    "SET ",
    "SELECT pg_catalog.setval",
    "SELECT pg_catalog.set_config",
    "CREATE SEQUENCE",
    "ALTER SEQUENCE ",
    "ALTER DATABASE ",
    "COMMENT ON ",
    "GRANT ",
    "REVOKE ",
    "CREATE EXTENSION",
    "CREATE FUNCTION",
    "CREATE PROCEDURE",
    "CREATE TRIGGER",
    "CREATE INDEX",
    "CREATE UNIQUE INDEX",
    "CREATE SCHEMA public",
    "LOCK ",
    "DROP ",
];

/// Parts of an ALTER that say who owns a thing, or how rows are numbered: they come with their numbers.
const ALTERED: [&str; 3] = [" OWNER TO ", "nextval(", " ADD GENERATED "];

/// Reads a dump.
///
/// # Errors
/// What in it cannot be carried over: a predicate whose subject is the dump.
pub(super) fn read(text: &str) -> Result<Carried, String> {
    let mut tables = String::new();
    let mut references = String::new();
    let mut rows = Rows::new(text.matches("\nCOPY ").count());
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
        } else if PASSED_OVER.iter().any(|word| starts(word))
            || (starts("ALTER ") && ALTERED.iter().any(|part| whole.contains(part)))
        {
            continue;
        } else if starts("ALTER TABLE ") && whole.contains(" FOREIGN KEY ") {
            references.push_str(&whole);
            references.push('\n');
        } else {
            tables.push_str(&without_sequences(&whole));
            tables.push('\n');
        }
    }
    if !pending.trim().is_empty() {
        let start: String = hive_sdk::prompt::compact(&pending).chars().take(60).collect();
        return Err(format!("ends within a statement: `{start}`"));
    }
    if !tables.to_ascii_uppercase().contains("CREATE TABLE") {
        return Err("holds no CREATE TABLE, expected at least one".to_owned());
    }
    // A dump has its tables by name, so what refers to others comes behind all rows. Where rows are left
    // behind, what refers to them would not hold.
    if rows.left_behind > 0 {
        references.clear();
    }
    let text = tables + &rows.text + &references;
    Ok(Carried { text, dialect: Some(Dialect::Postgres), left_behind: rows.left_behind })
}

/// A CREATE TABLE without defaults that take the next number of a sequence.
fn without_sequences(create: &str) -> String {
    const DEFAULT: &str = " DEFAULT nextval(";
    let mut text = create.to_owned();
    while let Some(at) = text.find(DEFAULT) {
        let Some(end) = text[at..].find(')') else { break };
        text.replace_range(at..=at + end, "");
    }
    text
}

/// Whether a text ends with a semicolon that stands in no quotes, `$…$` ones among them.
fn ends_statement(text: &str) -> bool {
    if !text.trim_end().ends_with(';') {
        return false;
    }
    let mut rest = text;
    while let Some(at) = rest.find(['\'', '"', '$', '-']) {
        let quote = rest[at..].chars().next().unwrap_or_default();
        let behind = &rest[at + 1..];
        let closing = match quote {
            '-' => match behind.strip_prefix('-') {
                Some(comment) => {
                    rest = comment.find('\n').map_or("", |end| &comment[end..]);
                    continue;
                }
                None => {
                    rest = behind;
                    continue;
                }
            },
            '$' => {
                let tag = behind.find('$').map(|end| &behind[..end]);
                let is_tag = |tag: &&str| tag.chars().all(|c| c.is_alphanumeric() || c == '_');
                match tag.filter(is_tag) {
                    Some(tag) => format!("${tag}$"),
                    None => {
                        rest = behind;
                        continue;
                    }
                }
            }
            quote => quote.to_string(),
        };
        let body = &rest[at + closing.len()..];
        match body.find(&closing) {
            Some(end) => rest = &body[end + closing.len()..],
            None => return false,
        }
    }
    true
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
