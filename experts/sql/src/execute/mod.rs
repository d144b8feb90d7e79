//! Proof by execution: a record's schema and statement run in a real PostgreSQL, and everything is
//! rolled back. Whether what came out is good is not asked here.
//!
//! ```text
//! database  schema, statement, proof    refuse   what may not run at all
//! wire      the protocol                embedded, server  who speaks it    pool  who is free
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
