//! Which dialect a dump or a text of no declared dialect is in.

use crate::syntax::Dialect;
use crate::syntax::lexer::{self, Kind, Lexer, Token};

/// The dialect of a dump, by what only its program writes; `None` when nothing tells.
pub fn dialect_of_dump(text: &str) -> Option<Dialect> {
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

/// The dialect in which to split a text into tokens whose dialect is unknown.
pub fn guess_dialect(text: &str) -> Dialect {
    dialect_of_dump(text).unwrap_or_else(|| {
        let quotes = |token: Token<'_>| token.kind == Kind::Name && token.text.starts_with('`');
        let lower = text.to_ascii_lowercase();
        let mysql = ["\\'", "auto_increment", "engine=", "engine ="].iter().any(|sign| lower.contains(sign))
            || (text.contains('`') && Lexer::new(text, Dialect::Sqlite).any(quotes));
        if mysql { Dialect::MySql } else { Dialect::Postgres }
    })
}
