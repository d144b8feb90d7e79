//! Whether a record may be used for training: it has its parts, its schema is one, its value conforms to it and passes
//! the lints. The value is repaired where its form alone is at fault; what it says is never changed.

pub mod code;
mod order;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use hive_sdk::{Facts, Finding, LintLevel, Manifest, Record, Settings, Verdict};
use serde_json::Value;

use crate::document::{self, Bare};
use crate::facts;
use crate::said::{self, Said};
use crate::schema::{Place, Schema, SchemaFault};

/// Longest text in which values are looked up, in bytes.
const MAX_SEARCHED: usize = 64 << 10;

/// Longest value whose parts are looked up in the text, in bytes.
const MAX_LOOKED_UP: usize = 64 << 10;

/// Most values that a message lists.
const MAX_LISTED: usize = 5;

/// Compiled schemas that are kept: data sets repeat theirs.
const MAX_KEPT: usize = 64;

/// Judges records.
pub struct Validator {
    levels: BTreeMap<String, LintLevel>,
    kept: Mutex<VecDeque<(String, Arc<Schema>)>>,
}

/// Why a record is rejected.
struct Rejection {
    code: &'static str,
    why: String,
    facts: Facts,
}

impl Rejection {
    fn new(code: &'static str, why: impl Into<String>) -> Self {
        Self { code, why: why.into(), facts: Facts::default() }
    }
}

/// What the lints found so far.
#[derive(Default)]
struct Found {
    changes: Vec<Finding>,
    notes: Vec<Finding>,
}

impl Validator {
    /// Judges with the levels of the manifest and, where they differ, of the settings.
    pub fn new(manifest: &Manifest, settings: &Settings) -> Self {
        let declared = manifest.dataset.lints.iter().map(|lint| (lint.code.clone(), lint.level));
        let mut levels: BTreeMap<_, _> = declared.collect();
        levels.extend(settings.lints.iter().map(|(code, level)| (code.clone(), *level)));
        Self { levels, kept: Mutex::default() }
    }

    /// The verdict on one record.
    pub fn validate(&self, record: &Record) -> Verdict {
        self.judge(record).unwrap_or_else(|Rejection { code, why, facts }| Verdict::Reject {
            code: code.to_owned(),
            why,
            facts,
        })
    }

    fn judge(&self, record: &Record) -> Result<Verdict, Rejection> {
        let part = |field: &str, code| {
            record.text(field).ok_or_else(|| Rejection::new(code, format!("the record has no `{field}`")))
        };
        let text = part("text", code::NO_TEXT)?;
        let schema_text = part("schema", code::NO_SCHEMA)?;
        let json = part("json", code::NO_JSON)?;
        let schema = self.schema(schema_text)?;
        let mut found = Found::default();
        let Bare { text: bare, fenced } = document::bare(json);
        if fenced {
            let message = "took a code fence off `json`, expected the value alone";
            self.lint(&mut found, code::CODE_FENCE, true, || message.to_owned())?;
        }
        let value = document::parse(bare)
            .map_err(|why| Rejection::new(code::JSON_DOES_NOT_PARSE, format!("`json` is no JSON: {why}")))?;
        let facts = facts::facts(text, &schema, &value);
        self.judge_value(text, &schema, value, bare, &mut found)
            .map(|json| verdict(record, json, found, facts.clone()))
            .map_err(|rejection| Rejection { facts, ..rejection })
    }

    /// Lints the value; returns its text as it is to be learned.
    fn judge_value(
        &self,
        text: &str,
        schema: &Schema,
        value: Value,
        bare: &str,
        found: &mut Found,
    ) -> Result<String, Rejection> {
        let violations = schema.violations(&value);
        if let Some(first) = violations.first() {
            let more = match violations.len() - 1 {
                0 => String::new(),
                n => format!(" (and {n} more)"),
            };
            let why = || format!("`json` does not conform to `schema`: {first}{more}");
            self.lint(found, code::DOES_NOT_CONFORM, false, why)?;
        }
        let place = schema.root();
        let unknown = unknown_keys(&place, &value);
        if !unknown.is_empty() {
            let why = || format!("`schema` does not describe {}", listed(unknown.iter().map(|key| format!("`{key}`"))));
            self.lint(found, code::UNKNOWN_KEY, false, why)?;
        }
        if text.len() <= MAX_SEARCHED && bare.len() <= MAX_LOOKED_UP {
            let invented = said::invented(&Said::of(text), &place, &value);
            if !invented.is_empty() {
                let values = invented.iter().map(|(at, value)| format!("{value} at `{at}`"));
                let why = || format!("neither `text` nor `schema` says {}", listed(values));
                self.lint(found, code::INVENTED_VALUE, false, why)?;
            }
        }
        let short = value.to_string();
        let mut json = bare.to_owned();
        // Longer than its shortest form: escapes that are not needed count as well as blanks.
        if bare != short {
            let message = "wrote `json` in its shortest form, without needless white space";
            if self.lint(found, code::NEEDLESS_WHITESPACE, true, || message.to_owned())? {
                json.clone_from(&short);
            }
        }
        let ordered = order::ordered(&place, &value).to_string();
        if ordered != short {
            let message = "put the keys of `json` into the order of `schema`";
            if self.lint(found, code::KEY_ORDER, true, || message.to_owned())? {
                json = ordered;
            }
        }
        Ok(json)
    }

    /// Applies the level of a lint that found something; returns whether to repair it.
    fn lint(
        &self,
        found: &mut Found,
        code: &'static str,
        repairs: bool,
        why: impl FnOnce() -> String,
    ) -> Result<bool, Rejection> {
        let finding = |why: String| Finding { code: code.to_owned(), message: why };
        match self.levels.get(code).copied().unwrap_or(LintLevel::Off) {
            LintLevel::Off => Ok(false),
            LintLevel::Reject => Err(Rejection::new(code, why())),
            LintLevel::Repair if repairs => {
                found.changes.push(finding(why()));
                Ok(true)
            }
            LintLevel::Repair | LintLevel::Note => {
                found.notes.push(finding(why()));
                Ok(false)
            }
        }
    }

    /// The compiled schema of this text.
    fn schema(&self, text: &str) -> Result<Arc<Schema>, Rejection> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, schema)) = kept.iter().find(|(known, _)| known == text) {
            return Ok(Arc::clone(schema));
        }
        drop(kept);
        let schema = Arc::new(Schema::parse(text).map_err(|fault| Rejection::new(code_of(&fault), fault.to_string()))?);
        kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MAX_KEPT {
            kept.pop_front();
        }
        kept.push_back((text.to_owned(), Arc::clone(&schema)));
        Ok(schema)
    }
}

/// The code of a rejection for this fault.
pub fn code_of(fault: &SchemaFault) -> &'static str {
    match fault {
        SchemaFault::NotJson(_) => code::SCHEMA_IS_NO_JSON,
        SchemaFault::NotASchema(_) => code::NO_JSON_SCHEMA,
        SchemaFault::Remote(_) => code::REMOTE_REFERENCE,
    }
}

fn verdict(record: &Record, json: String, found: Found, facts: Facts) -> Verdict {
    let Found { changes, notes } = found;
    if changes.is_empty() {
        return Verdict::Accept { notes, facts };
    }
    let mut record = record.clone();
    record.set("json", json);
    Verdict::Repaired { record, changes, notes, facts }
}

/// Pointers to the keys that the schema does not provide for.
fn unknown_keys(place: &Place<'_>, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    // A schema that declares nothing describes everything.
    collect_unknown(place, value, "", &mut found);
    found
}

fn collect_unknown(place: &Place<'_>, value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(entries) => {
            let declares = !place.declared_keys().is_empty();
            for (key, value) in entries {
                let at = format!("{at}/{key}");
                if declares && !place.provides(key) {
                    found.push(at);
                } else {
                    collect_unknown(&place.key(key), value, &at, found);
                }
            }
        }
        Value::Array(items) => {
            let tuple = place.tuple_len();
            let others = place.item(tuple);
            for (index, item) in items.iter().enumerate() {
                let own = (index < tuple).then(|| place.item(index));
                collect_unknown(own.as_ref().unwrap_or(&others), item, &format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}

/// The first of several, and how many more there are.
fn listed(all: impl ExactSizeIterator<Item = String>) -> String {
    let more = all.len().saturating_sub(MAX_LISTED);
    let list = all.take(MAX_LISTED).collect::<Vec<_>>().join(", ");
    if more == 0 { list } else { format!("{list} and {more} more") }
}
