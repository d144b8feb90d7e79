//! The expert as the host sees it: each method hands over to the module that does the work.

use hive_sdk::{Expert, ExpertError, Grade, Record, Rendered, Verdict};

use crate::{grade, prompt, synthesize, validate};

/// The text-to-SQL expert.
#[derive(Debug, Clone, Copy, Default)]
pub struct SqlExpert;

impl Expert for SqlExpert {
    fn manifest_json(&self) -> &str {
        include_str!("../../../manifests/sql.json")
    }

    fn render(&self, record: &Record) -> Result<Rendered, ExpertError> {
        prompt::render(record)
    }

    fn validate(&self, record: &Record) -> Result<Verdict, ExpertError> {
        Ok(validate::validate(record))
    }

    fn grade(&self, prompt: &Record, completion: &str) -> Result<Grade, ExpertError> {
        grade::grade(prompt, completion)
    }

    fn synthesize(&self, seed: u64, n: usize) -> Result<Option<Vec<Record>>, ExpertError> {
        synthesize::records(seed, n).map(Some)
    }
}
