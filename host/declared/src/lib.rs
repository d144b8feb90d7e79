//! Experts without code: an implementation of [`hive_sdk::Expert`] that does what a manifest declares. Prompts come from
//! `prompt`, verdicts from `validate`, grades from `grade`, faults of an answer from the JSON Schema of `generation`.
//!
//! It knows neither files nor processes of hive: the caller reads the manifest, decides whether programs that grade may
//! run ([`Commands`]), and runs the expert in a process that may be killed, since schemas and patterns are an author's.
//!
//! ```text
//! expert   the trait      rules    `validate`      facts  what a record is counted by
//! grade/   `grade`        schemas  JSON Schemas, compiled once and never fetched
//! ```

mod expert;
mod facts;
mod grade;
mod patterns;
mod rules;
mod schemas;
#[cfg(test)]
mod tests;

pub use expert::{DeclaredExpert, faults};
pub use grade::Commands;
