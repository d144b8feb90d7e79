//! Whether a statement of a dump is kept: it creates a table, a view or rows, or is skipped.

use super::{CreatedObjects, TextOrigin, created_name};
use crate::syntax::Dialect;
use crate::syntax::lexer::{Kind, Piece, Token};

/// What happens to a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Disposition {
    /// It is kept.
    Keep,
    /// It creates no table, view or rows.
    Skip,
    /// It is skipped, and the earlier statement that created this name is dropped.
    Remove(String),
}

/// First words of statements that create nothing in any dialect: settings, rights, transactions, upkeep.
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

/// Kinds of objects besides tables, views, types, sequences and indexes: code, rights, other servers.
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

/// Words of ALTER TABLE that change neither columns nor keys: owner, storage, triggers.
const TABLE_SETTINGS: [&[&str]; 15] = [
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

/// Decides about one statement. `created`: what the statements before it have created.
pub(super) fn disposition(
    piece: &Piece<'_>,
    dialect: Dialect,
    origin: TextOrigin,
    created: &CreatedObjects,
) -> Disposition {
    if piece.command {
        return Disposition::Skip;
    }
    // The tables that hold a virtual table's content.
    let part_of = |name: &String| {
        created.virtuals.iter().any(|table| name.strip_prefix(table.as_str()).is_some_and(|rest| rest.starts_with('_')))
    };
    if !created.virtuals.is_empty() && piece.target().as_ref().is_some_and(part_of) {
        return Disposition::Skip;
    }
    let Some(first) = piece.tokens.first().filter(|token| token.kind == Kind::Word) else { return Disposition::Keep };
    let first = first.text.to_ascii_lowercase();
    let skip_if = |skip: bool| if skip { Disposition::Skip } else { Disposition::Keep };
    match first.as_str() {
        "create" => create(piece, dialect, origin),
        "alter" => alter(piece, origin, created),
        "drop" => drop(piece, dialect, origin, created),
        "comment" => skip_if(
            origin == TextOrigin::File || !piece.tokens.get(2).is_some_and(|t| t.is_any(&["table", "column", "view"])),
        ),
        // Calls of pg_dump's, except those that set sequences.
        "select" => skip_if(
            piece.tokens.get(1).is_some_and(|token| token.is("pg_catalog"))
                && !piece.tokens.get(3).is_some_and(|token| token.is("setval")),
        ),
        "insert" | "delete" | "replace" | "update" => {
            skip_if(dialect == Dialect::Sqlite && piece.target().is_some_and(|name| name.starts_with("sqlite_")))
        }
        "vacuum" => Disposition::Skip,
        word => skip_if(NOTHING.contains(&word)),
    }
}

fn create(piece: &Piece<'_>, dialect: Dialect, origin: TextOrigin) -> Disposition {
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
    let skip = code
        || CODE.contains(&thing.as_str())
        || piece.begins(&["create", "aggregate"])
        || (thing == "schema" && (mysql || created_name(piece).is_some_and(|name| name == "public")))
        || thing == "virtual"
        // MariaDB has sequences, which its dumps write.
        || (mysql && thing == "sequence")
        || (index && origin == TextOrigin::File && !piece.tokens.iter().take(3).any(|token| token.is("unique")));
    if skip { Disposition::Skip } else { Disposition::Keep }
}

fn alter(piece: &Piece<'_>, origin: TextOrigin, created: &CreatedObjects) -> Disposition {
    let has = |words: &[&str]| {
        let same = |(token, word): (&Token<'_>, &&str)| token.is(word) || token.is_symbol(word);
        piece.tokens.windows(words.len()).any(|some| some.iter().zip(words).all(same))
    };
    // Of a file's indexes only the unique ones are kept.
    let index = piece.word(1) == "index" && origin == TextOrigin::File;
    let other = CODE.contains(&piece.word(1).as_str()) || piece.word(1) == "schema" || index;
    // A dump made to replace a database drops what is there first.
    let absent = has(&["drop"]) && piece.target().is_some_and(|name| !created.names.contains(&name));
    if other || absent || TABLE_SETTINGS.iter().any(|words| has(words)) { Disposition::Skip } else { Disposition::Keep }
}

fn drop(piece: &Piece<'_>, dialect: Dialect, origin: TextOrigin, created: &CreatedObjects) -> Disposition {
    let name = piece.target().unwrap_or_default();
    if CODE.contains(&piece.word(1).as_str()) || name == "public" {
        return Disposition::Skip;
    }
    if created.names.contains(&name) {
        // mysqldump drops its stand-in for a view before it creates the view.
        let stand_in = dialect == Dialect::MySql && matches!(piece.word(1).as_str(), "table" | "view");
        return if stand_in { Disposition::Remove(name) } else { Disposition::Keep };
    }
    // PostgreSQL accepts DROP … IF EXISTS; dropping the system's own objects is refused elsewhere.
    let if_exists = piece.tokens.iter().any(|token| token.is("exists"));
    let kept = dialect == Dialect::Postgres && origin == TextOrigin::Field && if_exists || name.starts_with("pg_");
    if kept { Disposition::Keep } else { Disposition::Skip }
}
