//! The messages that cross the plugin boundary, as JSON. Every type says since which ABI number
//! it exists. Unknown keys in a reply are refused: a plugin and a host that disagree must not
//! drift apart in silence.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::ExpertError;

/// The calls of the plugin table, since ABI 1. The numbers are the wire format.
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
    /// `SynthesizeRequest` → `[Record]`, or `null` when the expert has no synthesiser.
    Synthesize = 5,
    /// `Record` → `Grammar`, or `null` when completions are not constrained.
    Constrain = 6,
    /// `null` → `AdapterSpec`.
    Adapter = 7,
    /// `null` → `[EvalPrompt]`.
    EvalPrompts = 8,
    /// `Settings` → `null`. Since ABI 2.
    Configure = 9,
    /// `[ExamineRequest]` → `[Grade]`. Since ABI 3.
    Examine = 10,
}

impl MethodId {
    /// All methods, in the order of their numbers.
    pub const ALL: [MethodId; 10] = [
        MethodId::Manifest,
        MethodId::Render,
        MethodId::Validate,
        MethodId::Grade,
        MethodId::Synthesize,
        MethodId::Constrain,
        MethodId::Adapter,
        MethodId::EvalPrompts,
        MethodId::Configure,
        MethodId::Examine,
    ];

    /// The method with this number on the wire, if there is one.
    pub fn from_wire(number: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|m| *m as u32 == number)
    }

    /// The name used in messages to people.
    pub fn name(self) -> &'static str {
        match self {
            MethodId::Manifest => "manifest",
            MethodId::Render => "render",
            MethodId::Validate => "validate",
            MethodId::Grade => "grade",
            MethodId::Synthesize => "synthesize",
            MethodId::Constrain => "constrain",
            MethodId::Adapter => "adapter",
            MethodId::EvalPrompts => "eval_prompts",
            MethodId::Configure => "configure",
            MethodId::Examine => "examine",
        }
    }
}

/// One item of a data set: named values, as the manifest's `dataset.fields` declares them.
/// Since ABI 1.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Record(pub Map<String, Value>);

impl Record {
    /// A record of text fields.
    pub fn from_pairs<K: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        Self(pairs.into_iter().map(|(k, v)| (k.into(), Value::String(v.into()))).collect())
    }

    /// The text of `field`, unless it is absent, not text, or blank.
    pub fn text(&self, field: &str) -> Option<&str> {
        self.0.get(field).and_then(Value::as_str).filter(|t| !t.trim().is_empty())
    }

    /// The text of `field`.
    ///
    /// # Errors
    /// When it is absent, not text, or blank; the message names the field and those present.
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
}

/// Who speaks in a chat. Since ABI 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Standing instructions.
    System,
    /// The person who asks.
    User,
    /// The model.
    Assistant,
}

/// One turn of a chat, before the base model's template is applied. Since ABI 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said.
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
    /// The turns. A record that holds no completion (when a person asks) ends with the user's.
    pub messages: Vec<Message>,
    /// Index in `messages` of the first turn that belongs to the completion; equal to the length
    /// when there is none. Loss is computed from there on.
    pub completion_start: usize,
}

/// What the expert says of a record. Since ABI 1; findings and facts since ABI 2.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case", deny_unknown_fields)]
pub enum Verdict {
    /// Good as it is.
    Accept {
        /// Remarks that do not keep it from training.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        notes: Vec<Finding>,
        /// What it is like.
        #[serde(default, skip_serializing_if = "Facts::is_empty")]
        facts: Facts,
    },
    /// Good after these changes.
    Repaired {
        /// The record to use instead.
        record: Record,
        /// What was changed and why; at least one.
        changes: Vec<Finding>,
        /// Remarks that do not keep it from training.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        notes: Vec<Finding>,
        /// What the changed record is like.
        #[serde(default, skip_serializing_if = "Facts::is_empty")]
        facts: Facts,
    },
    /// Not to be trained on.
    Reject {
        /// A short stable code, for counting: `schema-does-not-parse`.
        code: String,
        /// What was got and what was expected.
        why: String,
        /// What could be seen of it.
        #[serde(default, skip_serializing_if = "Facts::is_empty")]
        facts: Facts,
    },
}

impl Verdict {
    /// Good as it is, with nothing to remark.
    pub fn accept() -> Self {
        Verdict::Accept { notes: Vec::new(), facts: Facts::default() }
    }

    /// Good after one change.
    pub fn repaired(record: Record, code: impl Into<String>, why: impl Into<String>) -> Self {
        let changes = vec![Finding { code: code.into(), message: why.into() }];
        Verdict::Repaired { record, changes, notes: Vec::new(), facts: Facts::default() }
    }

    /// A rejection with a code for counting and a reason for reading.
    pub fn reject(code: impl Into<String>, why: impl Into<String>) -> Self {
        Verdict::Reject { code: code.into(), why: why.into(), facts: Facts::default() }
    }

    /// What the record is like, as far as it was looked at.
    pub fn facts(&self) -> &Facts {
        match self {
            Verdict::Accept { facts, .. } | Verdict::Repaired { facts, .. } | Verdict::Reject { facts, .. } => facts,
        }
    }
}

/// What a record is like, in the expert's own terms: the host counts, draws and compares without
/// knowing what the names mean. Since ABI 2.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Facts {
    /// Classes that it belongs to, for counting: `statement` is `select`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Figures, for histograms: `tables` is 3.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub measures: BTreeMap<String, f64>,
    /// A canonical text per field: records that agree in one are alike in that field. A field
    /// without one is compared as it stands.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub keys: BTreeMap<String, String>,
}

impl Facts {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.measures.is_empty() && self.keys.is_empty()
    }
}

/// What becomes of a record that a lint finds fault with. Since ABI 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LintLevel {
    /// It does not train.
    Reject,
    /// It is changed where that is possible, noted where it is not.
    Repair,
    /// It trains, and is counted.
    Note,
    /// Nobody looks.
    Off,
}

/// How the expert should judge. Sent before the first record. Since ABI 2.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Level of every lint that the manifest declares, by code.
    pub lints: BTreeMap<String, LintLevel>,
    /// Settings of the domain's own, such as `database_url`. An expert refuses those that it does
    /// not know.
    pub options: Map<String, Value>,
}

/// A prompt and what a model answered. Since ABI 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GradeRequest {
    /// The record that was asked, with its gold completion.
    pub prompt: Record,
    /// The text that the model produced.
    pub completion: String,
}

/// A prompt, all its right answers, and what a model answered. Since ABI 3.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExamineRequest {
    /// The record that was asked, with its gold completion.
    pub prompt: Record,
    /// Other completions that are as right as the gold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alternatives: Vec<String>,
    /// The text that the model produced.
    pub completion: String,
}

/// One remark on a completion. Since ABI 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// A short stable code, for counting: `unknown-table`.
    pub code: String,
    /// The remark, one sentence.
    pub message: String,
}

/// How good a completion is. Since ABI 1; checks and evidence since ABI 3.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grade {
    /// From 0 (useless) to 1 (right).
    pub score: f64,
    /// What was found, in no particular order.
    #[serde(default)]
    pub findings: Vec<Finding>,
    /// Which of the manifest's checks it passes, by code; one that does not apply is not there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub checks: BTreeMap<String, bool>,
    /// What shows it, for a person to read, over several lines: the rows that differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
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

    /// Says whether a check is passed.
    pub fn check(&mut self, code: &str, passed: bool) {
        self.checks.insert(code.to_owned(), passed);
    }
}

/// Which completions are possible at all. Since ABI 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grammar {
    /// A Lark grammar as llguidance reads it.
    pub lark: String,
}

/// Asks an expert for data of its own making. Since ABI 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SynthesizeRequest {
    /// The same seed gives the same records, on any machine.
    pub seed: u64,
    /// How many records.
    pub n: usize,
}

/// What comes back from a call: the method's reply, or why there is none. Since ABI 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Reply<T> {
    /// The answer.
    Ok(T),
    /// Why there is none.
    Error(ExpertError),
}
