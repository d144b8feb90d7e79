//! Constrained decoding: what an answer to a record may be, token by token. `grammar` writes a Lark grammar for the crate
//! llguidance, which says how a statement is built, with the tables and columns of the record's schema; `reader` and its
//! parts say which names are in scope, which no context-free grammar can, of every beginning of a statement. The check is
//! of names alone: not of types, and only of what it is sure of, so that no beginning of a statement is refused that
//! PostgreSQL would prepare, but for calls of functions that `functions.txt` leaves out, and calls written as columns:
//! `t.count` for `count(t)`.
//!
//! It reads tokens and not sqlparser's trees, because a beginning of a statement has no tree; `catalog` reads the
//! schema. `crate::scope` and `crate::resolve` compare names in any case and pass over what is ambiguous: they serve
//! grades, where a doubt counts for the answer, and rewrite what they read.

mod calls;
mod cursor;
mod expression;
mod from;
mod grammar;
mod groups;
mod names;
mod query;
mod reader;
mod resolve;
mod schema;
mod types;
mod words;
mod writes;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use schema::Schema;

/// How many schemas are kept.
const KEPT: usize = 8;

/// The schemas that have been read last, by their texts.
#[derive(Debug, Default)]
pub struct Schemas {
    kept: Mutex<VecDeque<(String, Arc<Schema>)>>,
}

impl Schemas {
    fn get(&self, text: &str) -> Arc<Schema> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = kept.iter().position(|(known, _)| known == text)
            && let Some(found) = kept.remove(at)
        {
            kept.push_front(found);
        } else {
            kept.push_front((text.to_owned(), Arc::new(Schema::read(text))));
            kept.truncate(KEPT);
        }
        kept.front().map(|(_, schema)| Arc::clone(schema)).unwrap_or_default()
    }

    /// The Lark grammar of the statements on a schema.
    pub fn grammar(&self, schema: &str) -> String {
        grammar::lark(&self.get(schema))
    }

    /// Why `text` cannot be (`ended`) or become a statement that PostgreSQL prepares on a schema: from which byte on
    /// another text is needed, and for what reason. `None`: it may be one.
    pub fn check(&self, schema: &str, text: &str, ended: bool) -> Option<(usize, String)> {
        reader::check(&self.get(schema), text, ended)
    }
}
