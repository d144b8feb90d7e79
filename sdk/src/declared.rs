//! What an expert declares instead of code: how its records are validated and its answers graded. hive carries it out
//! for an expert without a plugin; a plugin has its own code for both.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::manifest::{LintSpec, Manifest};
use crate::protocol::LintLevel;
use crate::text::TextStep;

/// A rule that a field of every record must follow. It is a lint of the expert, with a level that users can change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ValidatorSpec {
    /// A short stable name, used in counts: `unknown-label`.
    #[schemars(regex(pattern = r"^[a-z][a-z0-9-]*$"))]
    pub code: String,
    /// What it finds, in one sentence.
    #[schemars(length(min = 1))]
    pub description: String,
    /// The field.
    pub field: String,
    /// What its value must be. A field that the record lacks breaks the rule `required` alone.
    pub rule: Rule,
    /// Default level of the lint.
    #[serde(default = "reject")]
    pub level: LintLevel,
    /// Changes to try on a value that breaks the rule, in this order; the record is repaired when the changed value
    /// follows it. At the levels `repair` and `reject`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repair: Vec<TextStep>,
}

fn reject() -> LintLevel {
    LintLevel::Reject
}

/// What a field's value must be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Rule {
    /// Present and not blank.
    Required,
    /// JSON.
    Json,
    /// One of these texts.
    Enum(Vec<String>),
    /// A text in which this regular expression matches; `^` and `$` bind it to the whole text.
    Regex(String),
    /// At most this many characters.
    MaxChars(usize),
    /// A number in this range.
    Number(NumberRange),
    /// JSON that conforms to this JSON Schema.
    JsonSchema(Value),
    /// JSON that conforms to the JSON Schema in this field of the record.
    JsonSchemaField(String),
}

impl Rule {
    /// The names of all rules, as in a manifest.
    pub const NAMES: [&str; 8] =
        ["required", "json", "enum", "regex", "max_chars", "number", "json_schema", "json_schema_field"];
}

/// A range of numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NumberRange {
    /// The smallest, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// The largest, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
}

/// One grader. An answer's score is the mean of its graders' scores by weight; the answer is right when all give 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GraderSpec {
    /// How the answer is compared.
    pub grader: Grader,
    /// Its share of the score, relative to the other graders'.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    #[schemars(range(min = 0.0, max = 1e6))]
    pub weight: f64,
    /// Changes of answer and gold before they are compared, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub normalise: Vec<TextStep>,
    /// The check of the manifest that an answer passes when this grader gives it 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<String>,
}

fn one() -> f64 {
    1.0
}

fn is_one(weight: &f64) -> bool {
    *weight == 1.0
}

/// How an answer is compared with the gold completion and its alternatives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Grader {
    /// It is the same text.
    Exact,
    /// It is one of several texts.
    OneOf(Choices),
    /// A regular expression matches in it.
    Regex(Pattern),
    /// It is the same number, within a tolerance.
    Numeric(Tolerance),
    /// It is a JSON object whose fields have the same values: F1 over the fields, below 1 unless all are equal.
    JsonFields(JsonFields),
    /// It is a list with the same items in any order: F1 over the items.
    #[serde(rename = "set_f1")]
    SetF1(SetF1),
    /// A program says how good it is.
    Command(GradeCommand),
}

impl Grader {
    /// The names of all graders, as in a manifest.
    pub const NAMES: [&str; 7] = ["exact", "one_of", "regex", "numeric", "json_fields", "set_f1", "command"];
}

/// Texts that are right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Choices {
    /// These, for every prompt.
    Values(Vec<String>),
    /// Those of a field of the record: a JSON array of texts, or one text a line.
    Field(String),
}

/// A regular expression.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Pattern {
    /// This one, for every prompt.
    Pattern(String),
    /// That of a field of the record.
    Field(String),
}

/// How far a number may be from the right one: the larger of both distances counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Tolerance {
    /// As a share of the right number's absolute value.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub relative: f64,
    /// As a number.
    #[schemars(range(min = 0.0))]
    pub absolute: f64,
}

/// How the fields of a JSON object are compared.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct JsonFields {
    /// The kind of each field, by its path (`label`, `address.city`). When this is empty, all fields of answer and gold
    /// count, each as what it is in the gold.
    pub fields: BTreeMap<String, JsonFieldKind>,
}

/// How a field of a JSON object is compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum JsonFieldKind {
    /// As a text, after the steps of `normalise`.
    Text,
    /// As a JSON value: type and value.
    Value,
    /// As an array in any order.
    Set,
    /// As a number, within a tolerance; a number in quotes is one too.
    Number(Tolerance),
}

/// How a list is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetF1 {
    /// What separates the items. A JSON array is read as one in any case.
    #[serde(default = "comma")]
    #[schemars(length(min = 1))]
    pub separator: String,
}

fn comma() -> String {
    ",".to_owned()
}

/// A program that grades. It runs in the expert's folder, gets
/// `{"prompt": RECORD, "gold": TEXT, "alternatives": [TEXT], "completion": TEXT}` on its standard input and writes
/// `{"score": 0.5, "findings": [{"code": CODE, "message": TEXT}]}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GradeCommand {
    /// The program and its arguments. Files of the expert's folder are named relative to it and are part of a package.
    #[schemars(length(min = 1))]
    pub argv: Vec<String>,
    /// Longest time of one call in milliseconds; a call that takes longer gives 0.
    #[serde(default = "five_seconds")]
    #[schemars(range(min = 1, max = 25_000))]
    pub timeout_ms: u64,
}

fn five_seconds() -> u64 {
    5_000
}

impl Manifest {
    /// All lints of the expert: those that it declares as such, and its validators.
    pub fn lints(&self) -> Vec<LintSpec> {
        let validators = self.validate.iter().map(|validator| LintSpec {
            code: validator.code.clone(),
            description: validator.description.clone(),
            level: validator.level,
            repairs: !validator.repair.is_empty(),
        });
        self.dataset.lints.iter().cloned().chain(validators).collect()
    }

    /// The programs that the expert's graders run.
    pub fn commands(&self) -> impl Iterator<Item = &GradeCommand> {
        self.grade.iter().filter_map(|spec| match &spec.grader {
            Grader::Command(command) => Some(command),
            _ => None,
        })
    }
}
