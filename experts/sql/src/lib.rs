//! The text-to-SQL expert: (question, schema) in, one PostgreSQL statement out.
//!
//! Wiring only. `expert` answers the host, `prompt` makes chats, `validate` judges records, `grade`
//! judges answers, `synthesize` makes records; the other modules serve these.

mod canonical;
mod components;
pub mod dialect;
pub mod execute;
mod expert;
mod facts;
pub mod grade;
mod grouping;
pub mod lint;
mod prompt;
mod resolve;
mod schema;
mod scope;
mod statement;
pub mod synthesize;
pub mod validate;
mod walk;

pub use expert::SqlExpert;

hive_sdk::export_expert!(SqlExpert::default());
