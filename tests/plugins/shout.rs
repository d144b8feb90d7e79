//! The expert `shout`: repeats a text in capital letters.

use hive_sdk::{Expert, ExpertError, Grade, Record, Verdict};

struct Shout;

impl Expert for Shout {
    fn manifest_json(&self) -> &str {
        include_str!("../it/fixtures/shout.json")
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
