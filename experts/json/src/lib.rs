//! The text-to-JSON expert: (text, JSON Schema) in, one JSON value out that conforms to the schema and says what the
//! text says.
//!
//! Wiring only. `expert` answers the host: `validate` judges records, `grade` grades answers, `inspect` checks what a
//! person asks and is answered, `synthesize` makes records; the manifest says how a record becomes a chat. The other
//! modules serve these: `document` reads JSON, `schema` reads schemas, `normal` has the normal form of values, `dates`
//! reads dates, and `said` tells what a text says.

mod dates;
mod document;
mod expert;
mod facts;
pub mod grade;
pub mod inspect;
mod normal;
mod said;
mod schema;
pub mod synthesize;
pub mod validate;

pub use expert::JsonExpert;

hive_sdk::export_expert!(JsonExpert::default());
