//! The expert `shout`: repeats a text in capital letters.

use std::sync::OnceLock;

use hive_sdk::{Expert, ExpertError, Grade, Manifest, Message, Record, Rendered, Verdict};

const MANIFEST: &str = include_str!("../it/fixtures/shout.json");

/// The manifest, parsed once.
fn manifest() -> Result<&'static Manifest, ExpertError> {
    static PARSED: OnceLock<Result<Manifest, ExpertError>> = OnceLock::new();
    PARSED.get_or_init(|| Manifest::parse(MANIFEST)).as_ref().map_err(Clone::clone)
}

struct Shout;

impl Expert for Shout {
    fn manifest_json(&self) -> &str {
        MANIFEST
    }

    fn render(&self, record: &Record) -> Result<Rendered, ExpertError> {
        let mut messages = manifest()?.prompt_of(record)?;
        let completion_start = messages.len();
        if let Some(loud) = record.text("loud") {
            messages.push(Message::assistant(loud));
        }
        Ok(Rendered { messages, completion_start })
    }

    fn validate(&self, record: &Record) -> Result<Verdict, ExpertError> {
        Ok(match record.text("question") {
            Some(_) => Verdict::accept(),
            None => Verdict::reject("no-question", "the record has no `question`"),
        })
    }

    fn grade(&self, prompt: &Record, completion: &str) -> Result<Grade, ExpertError> {
        let wanted = prompt.require("question")?.trim().to_uppercase();
        Ok(Grade::new(if completion.trim() == wanted { 1.0 } else { 0.0 }))
    }
}

hive_sdk::export_expert!(Shout);
