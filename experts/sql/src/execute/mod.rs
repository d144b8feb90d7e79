//! Proof by execution: a record's schema and statement run in a real PostgreSQL, and everything is rolled back. Whether
//! the result is good is not judged here.
//!
//! ```text
//! database    schema, statement, proof    pool  databases that are free    refuse  what may not run at all
//! wire        statements in messages      embedded, server  what carries the messages
//! stop_words  what the embedded server lacks of its text search
//! extensions  which extension has a type or function that it lacks
//! ```

mod database;
mod embedded;
mod extensions;
mod pool;
mod refuse;
mod server;
mod stop_words;
mod wire;

pub use database::{Around, Database, Proof, Settings};
pub use pool::{Fault, Pool};
pub use refuse::{refusal, refusal_in};
pub use wire::{Column, Ran, SqlError, Stage};
