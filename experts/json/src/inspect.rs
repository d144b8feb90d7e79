//! Inspects what a person asks and the model's answer: whether the schema is one, and whether the answer conforms to it.
//! There is no gold to compare with; whether the text says what the answer says is a note.

use hive_sdk::{Inspection, Record};

use crate::document;
use crate::said::{self, Said};
use crate::schema::Schema;
use crate::validate::{code, code_of};

/// Longest text in which values are looked up, in bytes.
const MAX_SEARCHED: usize = 64 << 10;

/// Faults of a question, and the question with a minified schema.
pub fn question(record: &Record) -> Inspection {
    let mut found = Inspection::default();
    if record.text("text").is_none() {
        found = found.fault(code::NO_TEXT, "there is no text to take the values from");
    }
    let Some(text) = record.text("schema") else {
        return found.fault(code::NO_SCHEMA, "`schema` is empty, expected a JSON Schema");
    };
    match Schema::parse(text) {
        Err(fault) => found.fault(code_of(&fault), fault.to_string()),
        Ok(schema) => {
            let short = schema.value().to_string();
            if short != text {
                let mut asked = record.clone();
                asked.set("schema", short);
                found.record = Some(asked);
            }
            found
        }
    }
}

/// Faults of an answer: it is no JSON value, or does not conform to the schema.
pub fn answer(record: &Record, completion: &str) -> Inspection {
    let mut found = Inspection::default();
    let bare = document::bare(completion);
    if bare.text.is_empty() {
        return found.fault(code::NO_JSON, "it is empty, expected a JSON value");
    }
    if bare.fenced {
        found = found.fault(code::CODE_FENCE, "it stands in a code fence, expected the value alone");
    }
    let value = match document::parse(bare.text) {
        Ok(value) => value,
        Err(why) => return found.fault(code::JSON_DOES_NOT_PARSE, format!("it is no JSON: {why}")),
    };
    let Some(Ok(schema)) = record.text("schema").map(Schema::parse) else { return found };
    for violation in schema.violations(&value) {
        found = found.fault(code::DOES_NOT_CONFORM, violation.to_string());
    }
    if let Some(text) = record.text("text").filter(|text| text.len() <= MAX_SEARCHED) {
        for (at, value) in said::invented(&Said::of(text), &schema.root(), &value).into_iter().take(5) {
            found = found.note(code::INVENTED_VALUE, format!("the text does not say {value} (at `{at}`)"));
        }
    }
    found
}
