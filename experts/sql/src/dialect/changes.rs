//! What a translation returns: the texts, what was changed in them, and why a text cannot be translated.

use crate::syntax::Dialect;

/// A change, or a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Stable name of the rule.
    pub rule: &'static str,
    /// What stood there, and what stands there now.
    pub what: String,
}

/// A record's SQL in PostgreSQL's dialect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Translated {
    /// The schema.
    pub schema: String,
    /// The statement.
    pub sql: String,
    /// The dialect in which it was read.
    pub dialect: Dialect,
    /// The mark by which the dialect was detected, where the record does not name it.
    pub mark: Option<String>,
    /// What was changed; empty when both texts are unchanged.
    pub changes: Vec<Change>,
    /// What was left unchanged and may mean something else in PostgreSQL.
    pub notes: Vec<Change>,
    /// Rules among the changes that decide what is meant where the record does not say.
    pub interprets: Vec<&'static str>,
    /// Why the texts could not be read in the dialect that was detected. They are unchanged, and PostgreSQL is yet to
    /// judge them.
    pub unread: Option<Untranslatable>,
}

/// Why a text cannot be translated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Untranslatable {
    /// A stable code.
    pub code: &'static str,
    /// The dialect in which it was read.
    pub dialect: Dialect,
    /// What was found, and what was expected.
    pub why: String,
}
