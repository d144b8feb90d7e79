//! Dialects: SQL that was written for MySQL or SQLite becomes PostgreSQL. A statement that is already
//! PostgreSQL comes back byte for byte. So does its schema, unless tables must be reordered or merged, foreign keys
//! cannot hold, or rows do not fit their columns. Each rule rewrites the syntax tree in one respect and records what it
//! changed. Nothing is executed here; that is `execute`'s part.
//!
//! Each layer uses only those above it in this list; rules do not use each other:
//!
//! ```text
//! words        changes: what a translation returns    exactness: which changes keep the meaning
//! tree         syntax, template    value_kind    number_texts, moments    collations
//! schema       names: what is declared    call_kinds, kinds: what kind of values an expression has
//! text         grammar: what the parser lacks of each dialect    detect: whose SQL a text is
//! rewriter     rewriter: dialect, scopes, changes and notes
//! shared       values: what several rules know of values    conditions, ordering
//! rules        schema    names, rowid    calls, dates, truncated_dates, random, meanings
//!              operators, date_sums, bit_complement, affinity, binary_patterns, json_paths, casts, casts_to_text
//!              collation, by_bytes    queries    writes    parentheses
//! translation  translate: every rule in its order
//! ```

mod call_kinds;
mod changes;
mod collations;
mod conditions;
mod detect;
mod exactness;
mod grammar;
mod kinds;
mod moments;
mod names;
mod number_texts;
mod ordering;
mod rewriter;
mod rules;
mod syntax;
mod template;
mod translate;
mod values;

pub use changes::{Change, Translated, Untranslatable};
pub use detect::{calls_foreign, foreign, foreign_text};
pub use translate::{repair, translate, unqualified};

pub(crate) use grammar::parse_as;
pub(crate) use rules::completed_groups;

#[cfg(test)]
mod tests;
