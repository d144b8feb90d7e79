//! The messages that cross the plugin boundary, as JSON. Every type names the ABI number that
//! introduced it. Unknown keys in a reply are rejected: a mismatch between plugin and host must not
//! go unnoticed.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::error::ExpertError;

/// The methods of the plugin table, since ABI 1. The numbers are the wire format; 7 was the adapter
/// to train, until ABI 3; the manifest now declares it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum MethodId {
    /// `null` → the manifest as a JSON string.
    Manifest = 1,
    /// `[Record]` → `[Rendered]`.
    Render = 2,
    /// `[Record]` → `[Verdict]`.
    Validate = 3,
    /// `[GradeRequest]` → `[Grade]`.
    Grade = 4,
    /// `SynthesizeRequest` → `[Record]`, or `null` when the expert cannot synthesize records.
    Synthesize = 5,
    /// `Record` → `Grammar`, or `null` when completions are not constrained.
    Constrain = 6,
    /// `null` → `[EvalPrompt]`.
    EvalPrompts = 8,
    /// `Settings` → `null`. Since ABI 2.
    Configure = 9,
    /// `[ExamineRequest]` → `[Grade]`. Since ABI 3.
    Examine = 10,
    /// `[InspectRequest]` → `[Inspection]`. Since ABI 4.
    Inspect = 11,
    /// `[PrefixRequest]` → `[PrefixVerdict]`. Since ABI 5.
    CheckPrefix = 12,
}

impl MethodId {
    /// All methods, in the order of their numbers.
    pub const ALL: [MethodId; 11] = [
        MethodId::Manifest,
        MethodId::Render,
        MethodId::Validate,
        MethodId::Grade,
        MethodId::Synthesize,
        MethodId::Constrain,
        MethodId::EvalPrompts,
        MethodId::Configure,
        MethodId::Examine,
        MethodId::Inspect,
        MethodId::CheckPrefix,
    ];

    /// The method with this wire number, if there is one.
    pub fn from_wire(number: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|m| *m as u32 == number)
    }

    /// The name used in messages to the user.
    pub fn name(self) -> &'static str {
        match self {
            MethodId::Manifest => "manifest",
            MethodId::Render => "render",
            MethodId::Validate => "validate",
            MethodId::Grade => "grade",
            MethodId::Synthesize => "synthesize",
            MethodId::Constrain => "constrain",
            MethodId::EvalPrompts => "eval_prompts",
            MethodId::Configure => "configure",
            MethodId::Examine => "examine",
            MethodId::Inspect => "inspect",
            MethodId::CheckPrefix => "check_prefix",
        }
    }
}

/// One item of a data set: named values, as the manifest's `dataset.fields` declares them. Since
/// ABI 1.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Record(pub Map<String, Value>);

impl Record {
    /// A record from text fields.
    pub fn from_pairs<K: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        Self(pairs.into_iter().map(|(k, v)| (k.into(), Value::String(v.into()))).collect())
    }

    /// The text of `field`, unless it is missing, not text, or blank.
    pub fn text(&self, field: &str) -> Option<&str> {
        self.0.get(field).and_then(Value::as_str).filter(|t| !t.trim().is_empty())
    }

    /// The text of `field`.
    ///
    /// # Errors
    /// When it is missing, not text, or blank; the message names the field and those present.
    pub fn require(&self, field: &str) -> Result<&str, ExpertError> {
        self.text(field).ok_or_else(|| {
            let present: Vec<_> = self.0.keys().map(String::as_str).collect();
            ExpertError::new(format!(
                "the record has no text in `{field}` (its fields: {})",
                if present.is_empty() { "none".to_owned() } else { present.join(", ") }
            ))
        })
    }

    /// Sets `field` to this text.
    pub fn set(&mut self, field: &str, text: impl Into<String>) {
        self.0.insert(field.to_owned(), Value::String(text.into()));
    }

    /// The record with all values as texts: JSON values without blanks between their parts. Fields that are null are
    /// left out.
    pub fn as_texts(self) -> Self {
        let texts = self.0.into_iter().filter_map(|(name, value)| match value {
            Value::Null => None,
            Value::String(text) => Some((name, Value::String(text))),
            value => Some((name, Value::String(value.to_string()))),
        });
        Self(texts.collect())
    }

    /// The record without `field`, the other fields in their order.
    pub fn without(&self, field: &str) -> Self {
        let others = self.0.iter().filter(|(name, _)| *name != field);
        Self(others.map(|(name, value)| (name.clone(), value.clone())).collect())
    }
}

/// The speaker of a chat turn. Since ABI 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// System instructions.
    System,
    /// The user.
    User,
    /// The model.
    Assistant,
}

/// One turn of a chat, before the base model's template is applied. Since ABI 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// The speaker.
    pub role: Role,
    /// The text.
    pub content: String,
}

impl Message {
    /// A system turn.
    pub fn system(content: impl Into<String>) -> Self {
        Self { role: Role::System, content: content.into() }
    }
    /// A user turn.
    pub fn user(content: impl Into<String>) -> Self {
        Self { role: Role::User, content: content.into() }
    }
    /// An assistant turn.
    pub fn assistant(content: impl Into<String>) -> Self {
        Self { role: Role::Assistant, content: content.into() }
    }
}

/// A record as a chat. Since ABI 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rendered {
    /// The turns. A record without a completion (a user's prompt) ends with the user's turn.
    pub messages: Vec<Message>,
    /// Index in `messages` of the first turn of the completion; equal to the length when there is
    /// none. Loss is computed from there on.
    pub completion_start: usize,
}

impl Rendered {
    /// A prompt without a completion.
    pub fn of_prompt(messages: Vec<Message>) -> Self {
        Self { completion_start: messages.len(), messages }
    }

    /// The turns before the completion.
    pub fn prompt(&self) -> &[Message] {
        &self.messages[..self.completion_start.min(self.messages.len())]
    }

    /// The turns of the completion; none for a prompt.
    pub fn completion(&self) -> &[Message] {
        &self.messages[self.completion_start.min(self.messages.len())..]
    }

    /// The chat cut off before its completion.
    pub fn into_prompt(mut self) -> Self {
        self.messages.truncate(self.completion_start);
        Self::of_prompt(self.messages)
    }
}

/// The expert's verdict on a record. Since ABI 1; findings and facts since ABI 2.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case", deny_unknown_fields)]
pub enum Verdict {
    /// Usable as it is.
    Accept {
        /// Remarks that do not exclude it from training.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        notes: Vec<Finding>,
        /// Its properties.
        #[serde(default, skip_serializing_if = "Facts::is_empty")]
        facts: Facts,
    },
    /// Usable after these changes.
    Repaired {
        /// The record to use instead.
        record: Record,
        /// What was changed and why; at least one.
        changes: Vec<Finding>,
        /// Remarks that do not exclude it from training.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        notes: Vec<Finding>,
        /// Properties of the changed record.
        #[serde(default, skip_serializing_if = "Facts::is_empty")]
        facts: Facts,
    },
    /// Not usable for training.
    Reject {
        /// A short stable code, used in counts: `schema-does-not-parse`.
        code: String,
        /// What was found and what was expected.
        why: String,
        /// Its properties, as far as they could be determined.
        #[serde(default, skip_serializing_if = "Facts::is_empty")]
        facts: Facts,
    },
}

impl Verdict {
    /// Usable as it is, without remarks.
    pub fn accept() -> Self {
        Verdict::Accept { notes: Vec::new(), facts: Facts::default() }
    }

    /// Usable after one change.
    pub fn repaired(record: Record, code: impl Into<String>, why: impl Into<String>) -> Self {
        let changes = vec![Finding { code: code.into(), message: why.into() }];
        Verdict::Repaired { record, changes, notes: Vec::new(), facts: Facts::default() }
    }

    /// A rejection with a code for counts and a reason to read.
    pub fn reject(code: impl Into<String>, why: impl Into<String>) -> Self {
        Verdict::Reject { code: code.into(), why: why.into(), facts: Facts::default() }
    }

    /// The record's properties, as far as they were determined.
    pub fn facts(&self) -> &Facts {
        match self {
            Verdict::Accept { facts, .. } | Verdict::Repaired { facts, .. } | Verdict::Reject { facts, .. } => facts,
        }
    }
}

/// Properties of a record, in the expert's own terms: the host counts, plots and compares them
/// without knowing what the names mean. Since ABI 2.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Facts {
    /// Classes that it belongs to, counted: `statement` is `select`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Numbers, for histograms: `tables` is 3.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub measures: BTreeMap<String, f64>,
    /// A canonical text per field: records whose texts are equal are duplicates in that field. A
    /// field without one is compared as it is.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub keys: BTreeMap<String, String>,
}

impl Facts {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.measures.is_empty() && self.keys.is_empty()
    }
}

/// What happens to a record in which a lint finds a fault. Since ABI 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LintLevel {
    /// The record is not used for training.
    Reject,
    /// The record is repaired if possible, otherwise noted.
    Repair,
    /// The record is used for training, and counted.
    Note,
    /// The lint is not checked.
    Off,
}

/// Lint levels and options. Sent before the first record. Since ABI 2.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Level of every lint that the manifest declares, by code.
    pub lints: BTreeMap<String, LintLevel>,
    /// Settings specific to the domain, such as `database_url`. An expert rejects unknown ones.
    pub options: Map<String, Value>,
}

/// A prompt and a model's answer. Since ABI 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GradeRequest {
    /// The prompt's record, with its gold completion.
    pub prompt: Record,
    /// The text that the model produced.
    pub completion: String,
}

/// A prompt, all its correct answers, and a model's answer. Since ABI 3.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExamineRequest {
    /// The prompt's record, with its gold completion.
    pub prompt: Record,
    /// Other completions that are as correct as the gold completion.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alternatives: Vec<String>,
    /// The text that the model produced.
    pub completion: String,
}

/// One remark on a completion. Since ABI 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// A short stable code, used in counts: `unknown-table`.
    pub code: String,
    /// The remark, in one sentence.
    pub message: String,
}

/// How good a completion is. Since ABI 1; checks and evidence since ABI 3.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grade {
    /// From 0 (useless) to 1 (correct).
    #[serde(deserialize_with = "score")]
    pub score: f64,
    /// Remarks, in no particular order.
    #[serde(default)]
    pub findings: Vec<Finding>,
    /// The manifest's checks, by code: true when passed. Checks that do not apply are absent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub checks: BTreeMap<String, bool>,
    /// Evidence for the user, in several lines: the rows that differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
}

/// JSON cannot represent NaN and infinity and writes `null`, which is read as NaN, so that the
/// check of scores can report it.
fn score<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::<f64>::deserialize(deserializer)?.unwrap_or(f64::NAN))
}

impl Grade {
    /// A grade without remarks.
    pub fn new(score: f64) -> Self {
        Self { score, findings: Vec::new(), checks: BTreeMap::new(), evidence: None }
    }

    /// Adds a remark.
    pub fn with(mut self, code: &str, message: impl Into<String>) -> Self {
        self.findings.push(Finding { code: code.to_owned(), message: message.into() });
        self
    }

    /// Records whether a check is passed.
    pub fn check(&mut self, code: &str, passed: bool) {
        self.checks.insert(code.to_owned(), passed);
    }
}

/// Asks for the faults of a prompt or, when there is one, of the answer to it. Since ABI 4.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InspectRequest {
    /// The prompt's record, without its completion.
    pub record: Record,
    /// The text that the model produced; `None` before it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completion: Option<String>,
}

/// Faults and notes for the user. Since ABI 4.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inspection {
    /// Reasons why the prompt cannot be answered, or the answer cannot be used.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Finding>,
    /// Remarks that are not faults.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Finding>,
    /// The prompt to use instead: normalized as `validate` would a training record. `None` when it
    /// stays as it is, and for answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<Record>,
}

impl Inspection {
    /// Adds a fault.
    pub fn fault(mut self, code: &str, message: impl Into<String>) -> Self {
        self.faults.push(Finding { code: code.to_owned(), message: message.into() });
        self
    }

    /// Adds a note.
    pub fn note(mut self, code: &str, message: impl Into<String>) -> Self {
        self.notes.push(Finding { code: code.to_owned(), message: message.into() });
        self
    }
}

/// A constraint on the possible completions. Since ABI 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grammar {
    /// A grammar in llguidance's Lark (<https://github.com/guidance-ai/llguidance/blob/main/docs/syntax.md>).
    pub lark: String,
}

/// Asks whether the beginning of an answer is still possible. Since ABI 5.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrefixRequest {
    /// The prompt's record, without its completion.
    pub prompt: Record,
    /// The whole text of the answer so far.
    pub text: String,
    /// Whether the answer ends with `text`.
    pub ended: bool,
}

/// Whether the beginning of an answer is still possible. Since ABI 5.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case", deny_unknown_fields)]
pub enum PrefixVerdict {
    /// It may be part of a correct answer or, if it has ended, be one.
    #[default]
    Fine,
    /// It cannot.
    Dead {
        /// The byte offset from which on another text is needed: whoever decodes goes back to before the token that has
        /// this byte. The length of the text where it may not end.
        at: usize,
        /// The reason, for people.
        why: String,
    },
}

/// Requests synthetic records from an expert. Since ABI 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SynthesizeRequest {
    /// The same seed gives the same records, on any machine.
    pub seed: u64,
    /// Number of records.
    pub n: usize,
}

/// The result of a call: the method's reply or an error. Since ABI 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Reply<T> {
    /// The reply.
    Ok(T),
    /// The error.
    Error(ExpertError),
}
