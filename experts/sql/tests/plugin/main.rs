//! The expert through its own exported table, as the host calls it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod constrain;
mod constrain_grammar;
mod database_decides;
mod dialects;
mod dumps;
mod examine;
mod functions;
mod grading;
mod grammar_and_changes;
mod inspect;
mod kept_values;
mod manifest;
mod meanings;
mod odd_schemas;
mod server;
mod synthesis;
mod weird_input;

use expert_sql::HIVE_EXPERT_TABLE;
use hive_sdk::Record;
use hive_sdk::testing::Driver;

fn plugin() -> Driver {
    Driver::new(&HIVE_EXPERT_TABLE)
}

fn record(question: &str, schema: &str, sql: &str) -> Record {
    Record::from_pairs([("question", question), ("schema", schema), ("sql", sql)])
}
