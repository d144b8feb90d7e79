//! A plugin built with the SDK of ABI 3: it knows no `inspect`, and its `render` is its own.

use hive_sdk_abi3::{Expert, ExpertError, Grade, Message, Record, Rendered, Verdict};

struct Echo;

impl Expert for Echo {
    fn manifest_json(&self) -> &str {
        include_str!("../it/fixtures/abi3.json")
    }

    fn render(&self, record: &Record) -> Result<Rendered, ExpertError> {
        let mut messages = vec![Message::user(record.require("text")?)];
        if let Some(echo) = record.text("echo") {
            messages.push(Message::assistant(echo));
        }
        Ok(Rendered { messages, completion_start: 1 })
    }

    fn validate(&self, record: &Record) -> Result<Verdict, ExpertError> {
        Ok(match record.text("text") {
            Some(_) => Verdict::accept(),
            None => Verdict::reject("no-text", "the record has no `text`"),
        })
    }

    fn grade(&self, prompt: &Record, completion: &str) -> Result<Grade, ExpertError> {
        Ok(Grade::new(if completion == prompt.require("echo")? { 1.0 } else { 0.0 }))
    }
}

hive_sdk_abi3::export_expert!(Echo);
