//! Grades an answer against the gold. Nothing is executed, and the text is not read again: the gold says what it says.
//!
//! | score | when |
//! | --- | --- |
//! | 1.0 | the answer's normal form equals the gold's (`normal`) |
//! | up to 0.99 | it is JSON and differs: F1 over the fields, each a path to a value, equal if type and value are |
//! | 0.0 | it is no JSON |

mod differences;
mod fields;

use hive_sdk::{ExpertError, Grade, Record};
use serde_json::Value;

use crate::document;
use crate::normal::normal;
use crate::schema::{Place, Schema};
use differences::Differences;

/// Codes of findings. They are stable: they are counted and compared between runs.
pub mod code {
    /// The answer is no JSON value.
    pub const DOES_NOT_PARSE: &str = "does-not-parse";
    /// The answer does not conform to the schema.
    pub const DOES_NOT_CONFORM: &str = "does-not-conform";
    /// A key that the schema does not provide for.
    pub const INVENTED_KEY: &str = "invented-key";
    /// A value that is not one of those that the schema lists.
    pub const NOT_IN_ENUM: &str = "not-in-enum";
    /// A key of the gold is missing.
    pub const MISSING_KEY: &str = "missing-key";
    /// A key that the gold does not have, though the schema provides for it.
    pub const NEEDLESS_KEY: &str = "needless-key";
    /// A value of another type than the gold's.
    pub const WRONG_TYPE: &str = "wrong-type";
    /// Another value than the gold's.
    pub const WRONG_VALUE: &str = "wrong-value";
    /// An array has more or fewer items than the gold's.
    pub const WRONG_LENGTH: &str = "wrong-length";
}

/// Codes of the manifest's checks.
pub mod check {
    /// It is one JSON value.
    pub const PARSES: &str = "parses";
    /// It conforms to the schema.
    pub const CONFORMS: &str = "conforms";
    /// The schema provides for every key.
    pub const KEYS: &str = "no-invented-key";
    /// Where the schema lists the values, it has one of them.
    pub const ENUMS: &str = "enum-values";
    /// Every number is the gold's.
    pub const NUMBERS: &str = "numbers";
    /// Every date and time is the gold's.
    pub const DATES: &str = "dates";
}

/// Best score of an answer that is not right.
const NEARLY: f64 = 0.99;

/// Grades `completion` against the `json` of `prompt`. Without a schema that can be read, nothing is said about
/// conformity, keys and listed values.
///
/// # Errors
/// When `prompt` has no `json`, or one that is no JSON.
pub fn grade(prompt: &Record, completion: &str) -> Result<Grade, ExpertError> {
    let gold = document::parse(document::bare(prompt.require("json")?).text)
        .map_err(|why| ExpertError::new(format!("the gold `json` is no JSON: {why}")))?;
    let answer = match document::parse(document::bare(completion).text) {
        Ok(answer) => answer,
        Err(why) => {
            let mut grade = Grade::new(0.0).with(code::DOES_NOT_PARSE, format!("it is no JSON: {why}"));
            grade.check(check::PARSES, false);
            grade.check(check::CONFORMS, false);
            return Ok(grade);
        }
    };
    let schema = prompt.text("schema").and_then(|text| Schema::parse(text).ok());
    let place = schema.as_ref().map(Schema::root);
    let mut grade = compared(&normal(&gold, place.as_ref()), &normal(&answer, place.as_ref()), place.as_ref());
    grade.check(check::PARSES, true);
    if let Some(schema) = &schema {
        let violations = schema.violations(&answer);
        grade.check(check::CONFORMS, violations.is_empty());
        for violation in violations {
            grade = grade.with(code::DOES_NOT_CONFORM, violation.to_string());
        }
    }
    Ok(grade)
}

fn compared(gold: &Value, answer: &Value, place: Option<&Place<'_>>) -> Grade {
    let differences = Differences::between(gold, answer, place);
    let score = if gold == answer { 1.0 } else { fields::f1(gold, answer).min(NEARLY) };
    let mut grade = Grade::new(score);
    let checks = [
        (check::KEYS, place.map(|_| differences.invented_keys == 0)),
        (check::ENUMS, differences.closed.passed()),
        (check::NUMBERS, differences.numbers.passed()),
        (check::DATES, differences.dates.passed()),
    ];
    for (code, passed) in checks {
        if let Some(passed) = passed {
            grade.check(code, passed);
        }
    }
    grade.findings = differences.findings;
    grade
}
