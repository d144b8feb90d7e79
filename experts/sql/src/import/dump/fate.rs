//! What becomes of a statement of a dump: it makes a table, a view or rows, or is passed over.

use super::{Made, Place, created};
use crate::dialect::Dialect;
use crate::lexer::{Kind, Piece, Token};

/// What becomes of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is taken.
    Kept,
    /// It makes no table.
    Passed,
    /// What was made under this name goes again.
    Removes(String),
}

/// What begins a statement that makes nothing, in any dialect: settings, rights, transactions, upkeep.
const NOTHING: [&str; 28] = [
    "analyze",
    "attach",
    "begin",
    "call",
    "commit",
    "connect",
    "deallocate",
    "detach",
    "discard",
    "do",
    "end",
    "flush",
    "grant",
    "handler",
    "lock",
    "optimize",
    "pragma",
    "reindex",
    "release",
    "reset",
    "revoke",
    "rollback",
    "savepoint",
    "security",
    "set",
    "start",
    "unlock",
    "use",
];

/// What is created besides tables, views, types, sequences and indexes: code, rights, other servers.
const CODE: [&str; 32] = [
    "access",
    "aggregate",
    "cast",
    "collation",
    "constraint",
    "conversion",
    "database",
    "default",
    "event",
    "extension",
    "foreign",
    "function",
    "group",
    "language",
    "large",
    "operator",
    "policy",
    "procedural",
    "procedure",
    "publication",
    "role",
    "rule",
    "server",
    "statistics",
    "subscription",
    "system",
    "tablespace",
    "text",
    "transform",
    "trigger",
    "trusted",
    "user",
];

/// Words between CREATE and what is created.
const ATTRIBUTES: [&str; 10] =
    ["global", "local", "or", "recursive", "replace", "temp", "temporary", "unique", "unlogged", "aggregate"];

/// What is said of a table beyond its columns and keys: who owns it, how it is stored and watched.
const ABOUT: [&[&str]; 15] = [
    &["owner", "to"],
    &["owned", "by"],
    &["set", "statistics"],
    &["set", "storage"],
    &["set", "compression"],
    &["set", "("],
    &["set", "tablespace"],
    &["set", "without"],
    &["cluster", "on"],
    &["replica", "identity"],
    &["row", "level"],
    &["enable", "keys"],
    &["disable", "keys"],
    &["enable", "trigger"],
    &["disable", "trigger"],
];

/// Decides over one statement.
pub(super) fn fate(piece: &Piece<'_>, dialect: Dialect, place: Place, made: &Made) -> Fate {
    if piece.command {
        return Fate::Passed;
    }
    // What a virtual table keeps its content in.
    let part_of = |name: &String| {
        made.virtuals.iter().any(|table| name.strip_prefix(table.as_str()).is_some_and(|rest| rest.starts_with('_')))
    };
    if !made.virtuals.is_empty() && piece.target().as_ref().is_some_and(part_of) {
        return Fate::Passed;
    }
    let Some(first) = piece.tokens.first().filter(|token| token.kind == Kind::Word) else { return Fate::Kept };
    let first = first.text.to_ascii_lowercase();
    let passed = |passed: bool| if passed { Fate::Passed } else { Fate::Kept };
    match first.as_str() {
        "create" => create(piece, dialect, place),
        "alter" => alter(piece, place, made),
        "drop" => drop(piece, dialect, place, made),
        "comment" => {
            passed(place == Place::File || !piece.tokens.get(2).is_some_and(|t| t.is_any(&["table", "column", "view"])))
        }
        // What pg_dump calls, sequences' numbers aside.
        "select" => passed(
            piece.tokens.get(1).is_some_and(|token| token.is("pg_catalog"))
                && !piece.tokens.get(3).is_some_and(|token| token.is("setval")),
        ),
        "insert" | "delete" | "replace" | "update" => {
            passed(dialect == Dialect::Sqlite && piece.target().is_some_and(|name| name.starts_with("sqlite_")))
        }
        "vacuum" => Fate::Passed,
        word => passed(NOTHING.contains(&word)),
    }
}

fn create(piece: &Piece<'_>, dialect: Dialect, place: Place) -> Fate {
    let words = || piece.tokens.iter().skip(1).map(|token| token.text.to_ascii_lowercase());
    let thing = words().find(|word| !ATTRIBUTES.contains(&word.as_str())).unwrap_or_default();
    let mysql = dialect == Dialect::MySql;
    // `CREATE DEFINER = … TRIGGER`.
    let code = mysql
        && matches!(thing.as_str(), "definer" | "algorithm" | "sql")
        && words()
            .take_while(|w| w != "as" && w != "view")
            .any(|w| matches!(w.as_str(), "trigger" | "function" | "procedure" | "event"));
    let index = matches!(thing.as_str(), "index" | "fulltext" | "spatial");
    let passed = code
        || CODE.contains(&thing.as_str())
        || piece.begins(&["create", "aggregate"])
        || (thing == "schema" && (mysql || created(piece).is_some_and(|name| name == "public")))
        || thing == "virtual"
        // MariaDB's, a dump's own numbers among them.
        || (mysql && thing == "sequence")
        || (index && place == Place::File && !piece.tokens.iter().take(3).any(|token| token.is("unique")));
    if passed { Fate::Passed } else { Fate::Kept }
}

fn alter(piece: &Piece<'_>, place: Place, made: &Made) -> Fate {
    let has = |words: &[&str]| {
        let same = |(token, word): (&Token<'_>, &&str)| token.is(word) || token.is_symbol(word);
        piece.tokens.windows(words.len()).any(|some| some.iter().zip(words).all(same))
    };
    // Of a file's indexes only those are taken that keep rows apart.
    let index = piece.word(1) == "index" && place == Place::File;
    let other = CODE.contains(&piece.word(1).as_str()) || piece.word(1) == "schema" || index;
    // A dump that is to replace what is there drops it first.
    let absent = has(&["drop"]) && piece.target().is_some_and(|name| !made.names.contains(&name));
    if other || absent || ABOUT.iter().any(|words| has(words)) { Fate::Passed } else { Fate::Kept }
}

fn drop(piece: &Piece<'_>, dialect: Dialect, place: Place, made: &Made) -> Fate {
    let name = piece.target().unwrap_or_default();
    if CODE.contains(&piece.word(1).as_str()) || name == "public" {
        return Fate::Passed;
    }
    if made.names.contains(&name) {
        // A stand-in for a view goes before the view itself comes.
        let stand_in = dialect == Dialect::MySql && matches!(piece.word(1).as_str(), "table" | "view");
        return if stand_in { Fate::Removes(name) } else { Fate::Kept };
    }
    // PostgreSQL takes what is to be dropped if it is there; what belongs to the system is another's to refuse.
    let if_there = piece.tokens.iter().any(|token| token.is("exists"));
    let taken = dialect == Dialect::Postgres && place == Place::Field && if_there || name.starts_with("pg_");
    if taken { Fate::Kept } else { Fate::Passed }
}
