//! The text-to-SQL expert: (question, schema) in, one PostgreSQL statement out.
//!
//! Wiring only. `expert` answers the host: `prompt` renders chats, `validate` judges records, `grade` grades answers by
//! their text and `examine` by executing them, `inspect` checks what a person asks and is answered, `synthesize` makes
//! records. The other modules serve these.

mod canonical;
mod catalog;
mod components;
mod constrain;
mod datagen;
pub mod dialect;
pub mod examine;
pub mod execute;
mod expert;
mod facts;
pub mod grade;
mod grouping;
mod import;
pub mod inspect;
pub mod lint;
mod mutants;
mod options;
mod prompt;
mod resolve;
mod scope;
mod syntax;
pub mod synthesize;
mod test_suite;
pub mod validate;

pub use expert::SqlExpert;
pub use syntax::Dialect;

hive_sdk::export_expert!(SqlExpert::default());
