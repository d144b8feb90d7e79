//! The text-to-JSON expert: (text, JSON Schema) in, one JSON value out that conforms to the schema and says what the
//! text says.
//!
//! Wiring only. `expert` answers the host: `render` makes chats, `validate` judges records, `grade` grades answers,
//! `inspect` checks what a person asks and is answered, `synthesize` makes records. The other modules serve these:
//! `texts` gives a record's fields as texts, `document` reads JSON, `schema` reads schemas, `normal` has the normal form
//! of values, `dates` reads dates, and `said` tells what a text says.

mod dates;
mod document;
mod expert;
mod facts;
pub mod grade;
pub mod inspect;
mod normal;
mod render;
mod said;
mod schema;
pub mod synthesize;
mod texts;
pub mod validate;

pub use expert::JsonExpert;

hive_sdk::export_expert!(JsonExpert::default());
