//! The expert through its own exported table, as the host calls it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod gate;
mod grading;
mod inspect;
mod manifest;
mod synthesis;
mod weird_input;

use expert_json::HIVE_EXPERT_TABLE;
use hive_sdk::Record;
use hive_sdk::testing::Driver;

fn plugin() -> Driver {
    Driver::new(&HIVE_EXPERT_TABLE)
}

fn record(text: &str, schema: &str, json: &str) -> Record {
    Record::from_pairs([("text", text), ("schema", schema), ("json", json)])
}
