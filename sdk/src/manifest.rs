//! The manifest: everything an expert declares. These types are the only definition; the JSON
//! schema in `manifests/schema/` is generated from them and refuses unknown keys.
//!
//! Parsing here is plain serde: one error at a time. `hive expert validate` lists all at once.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, PoisonError, RwLock};

pub use hive_recipe::{AdapterSpec, DropoutSemantics, Method, Metric, NonFinite, Schedule, TargetModule, TrainingSpec};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::declared::{GraderSpec, ValidatorSpec};
use crate::error::ExpertError;
use crate::prompt::PromptTurn;
use crate::protocol::{LintLevel, Record};

/// What an expert declares about itself: `manifests/<name>.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Location of this file's JSON schema, for editors.
    #[serde(rename = "$schema", default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// Name on the command line: lower-case letters, digits, dashes.
    #[schemars(regex(pattern = r"^[a-z][a-z0-9-]{0,62}$"))]
    pub name: String,
    /// Semantic version of the expert: `0.1.0`.
    #[schemars(regex(pattern = r"^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$"))]
    pub version: String,
    /// ABI number of the SDK that the plugin was built with.
    #[schemars(range(min = 1))]
    pub abi: u32,
    /// One sentence for `hive expert list`.
    #[schemars(length(min = 1))]
    pub description: String,
    /// SPDX license expression.
    #[schemars(length(min = 1))]
    pub license: String,
    /// Ids of the base models that the expert supports (see `hive model list`).
    #[schemars(length(min = 1))]
    pub base_models: Vec<String>,
    /// The structure of its records.
    pub dataset: DatasetSpec,
    /// Settings that the user can change (`Settings::options`). Each becomes a flag of the commands
    /// that call the expert.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<OptionSpec>,
    /// What the expert can use besides hive, such as a server or a program; `hive doctor` says whether it is there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uses: Vec<ResourceSpec>,
    /// The turns before the completion, with the record's fields in braces. Without its plugin, a
    /// package can generate only when its manifest has this.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prompt: Vec<PromptTurn>,
    /// Default training recipe.
    #[serde(default)]
    pub recipe: Recipe,
    /// Named changes to the recipe, each a partial recipe: `--profile quickstart`.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Recipe>")]
    pub profiles: BTreeMap<String, Map<String, Value>>,
    /// Notes on profiles, by name; printed whenever the profile is used.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub profile_notes: BTreeMap<String, String>,
    /// Default generation settings.
    #[serde(default)]
    pub generation: GenerationSpec,
    /// Of an expert without a plugin: rules for the fields of its records.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub validate: Vec<ValidatorSpec>,
    /// Of an expert without a plugin: how its answers are graded. Without graders it is trained and asked, and cannot be
    /// evaluated.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grade: Vec<GraderSpec>,
    /// What an answer is checked for, besides its score; each check has its own rate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<CheckSpec>,
    /// Prompts that are never used for training.
    #[serde(default)]
    pub eval_prompts: Vec<EvalPrompt>,
}

impl Manifest {
    /// Parses a manifest.
    ///
    /// # Errors
    /// The first error, with its line and column.
    pub fn parse(json: &str) -> Result<Self, ExpertError> {
        serde_json::from_str(json)
            .map_err(|e| ExpertError::new(format!("the manifest does not follow its schema: {e}")))
    }

    /// Parses a manifest once: the next calls with the same text return the same manifest. For an expert whose methods
    /// need its manifest at every record.
    ///
    /// # Errors
    /// As [`Manifest::parse`].
    pub fn shared(json: &str) -> Result<Arc<Self>, ExpertError> {
        /// A library holds one expert, a test a few.
        const KEPT: usize = 8;
        static PARSED: RwLock<VecDeque<(String, Arc<Manifest>)>> = RwLock::new(VecDeque::new());
        let parsed = PARSED.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, manifest)) = parsed.iter().find(|(text, _)| text == json) {
            return Ok(Arc::clone(manifest));
        }
        drop(parsed);
        let manifest = Arc::new(Self::parse(json)?);
        let mut parsed = PARSED.write().unwrap_or_else(PoisonError::into_inner);
        parsed.truncate(KEPT - 1);
        parsed.push_front((json.to_owned(), Arc::clone(&manifest)));
        Ok(manifest)
    }

    /// Name of the field for the text that the user types: the one whose input says so, else the
    /// first required field that is not the completion.
    pub fn asked_field(&self) -> Option<&str> {
        let fields = &self.dataset.fields;
        let declared = fields.iter().find(|field| field.input == Some(InputKind::Question));
        declared.or_else(|| fields.iter().find(|f| !f.completion && !f.optional)).map(|field| field.name.as_str())
    }

    /// Name of the field that holds the completion, if one is declared.
    pub fn completion_field(&self) -> Option<&str> {
        self.dataset.fields.iter().find(|f| f.completion).map(|f| f.name.as_str())
    }
}

/// The structure of a data set of this domain.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DatasetSpec {
    /// The fields of a record.
    #[schemars(length(min = 1))]
    pub fields: Vec<FieldSpec>,
    /// Columns that make up the prompt, in order, in data sets that keep the answer in a column of
    /// its own and store the prompt as a chat turn: `instruction` and `input`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chat_columns: Vec<String>,
    /// A field whose value must not occur in both train and validation: records that share it go to
    /// the same side of the split.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_by: Option<String>,
    /// Regular expressions that extract the fields from a chat's user turn, tried in order: each
    /// has one named group per required field except the completion, which is the answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chat_patterns: Vec<String>,
    /// The lints that the expert checks, with their default levels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lints: Vec<LintSpec>,
}

/// A fault that the expert looks for in every record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LintSpec {
    /// A short stable name, used in counts: `needless-alias`.
    #[schemars(regex(pattern = r"^[a-z][a-z0-9-]*$"))]
    pub code: String,
    /// What it finds, in one sentence.
    pub description: String,
    /// Default level.
    pub level: LintLevel,
    /// True when the expert can repair the record.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub repairs: bool,
}

/// A check that an answer passes or fails, where it applies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckSpec {
    /// A short stable name, used in counts: `executes`.
    #[schemars(regex(pattern = r"^[a-z][a-z0-9-]*$"))]
    pub code: String,
    /// What a correct answer does, in a few words: used as a table heading.
    #[schemars(length(min = 1))]
    pub title: String,
    /// When it applies and what is checked, in one sentence.
    pub description: String,
    /// True when an answer whose grading times out fails the check.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub needs_end: bool,
}

/// One field of a record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldSpec {
    /// Name inside hive.
    pub name: String,
    /// What it contains.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The type of its value; text unless given.
    #[serde(rename = "type", default, skip_serializing_if = "FieldType::is_text")]
    pub value: FieldType,
    /// Other names that data sets use for it, in order of preference.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// How the user enters it on the command line; only by `--field NAME=VALUE` unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<InputKind>,
    /// For a field that is entered as a file: other kinds of files that users pass by mistake, and
    /// what to do with them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refuse: Vec<RefuseSpec>,
    /// Of a field that is entered as a file: the extension of files that hive writes for it, `txt` unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[a-z0-9]{1,16}$"))]
    pub extension: Option<String>,
    /// True when a record may omit it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// True for the field that the model learns to write.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub completion: bool,
    /// True when it is a file name, relative to the folder of the suite or data set that contains
    /// it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub path: bool,
    /// Headings that mark it in a chat, the most specific first: `schema` in `### Database schema`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headings: Vec<String>,
    /// Headings that mark it in a chat when none of `headings` does: `instruction`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vague_headings: Vec<String>,
    /// A regular expression that every value matches, so that nothing else in a chat is mistaken
    /// for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<String>,
    /// When to suggest a value for all records of a data set that lacks the field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggest: Option<SuggestSpec>,
}

impl FieldSpec {
    /// The extension of a file with this field's text.
    pub fn file_extension(&self) -> &str {
        self.extension.as_deref().unwrap_or("txt")
    }
}

/// The type of a field's value. In hive every value is a text; the type says what that text must be, and that a data
/// set may hold the value itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FieldType {
    /// Any text.
    #[default]
    Text,
    /// JSON: an object, an array or any other value.
    Json,
    /// A number.
    Number,
}

impl FieldType {
    fn is_text(&self) -> bool {
        *self == FieldType::Text
    }
}

/// How the user enters a field's value on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InputKind {
    /// As the text after the expert's name; at most one field.
    Question,
    /// As the content of a file: `--NAME FILE`.
    File,
    /// As a flag: `--NAME TEXT`.
    Text,
}

/// A kind of file that a field cannot be read from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RefuseSpec {
    /// The first bytes of the file.
    #[schemars(length(min = 1))]
    pub begins_with: String,
    /// What kind of file it is: `an archive of pg_dump`.
    #[schemars(length(min = 1))]
    pub is: String,
    /// What to do, with the file's name in braces: `` `pg_restore -s -f schema.sql {file}` writes it as text ``.
    #[schemars(length(min = 1))]
    pub hint: String,
}

/// A setting of the expert's grading and answering that the user can change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OptionSpec {
    /// Name in `Settings::options`: `database_url`. The flag is `--database-url`.
    #[schemars(regex(pattern = r"^[a-z][a-z0-9_]{0,62}$"))]
    pub name: String,
    /// What it contains.
    pub kind: OptionKind,
    /// True when it may contain a password: it is never written to a file or shown.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub secret: bool,
    /// One sentence for `--help`.
    #[schemars(length(min = 1))]
    pub help: String,
}

/// The type of an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OptionKind {
    /// Text.
    Text,
    /// A number.
    Number,
    /// True when present.
    Flag,
    /// A file path.
    File,
    /// A URL.
    Url,
}

/// Something besides hive that the expert can use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResourceSpec {
    /// What it is, for people: `PostgreSQL server`.
    #[schemars(length(min = 1))]
    pub name: String,
    /// How hive can tell whether it is there.
    pub kind: ResourceKind,
    /// For a command: the program's name, searched in `PATH`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub command: Option<String>,
    /// The expert's option that says where it is. A URL needs one; a command's may name another program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub option: Option<String>,
    /// For a URL: the port, if it names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub port: Option<u16>,
    /// What the expert does with it, and how to get it, in one sentence.
    #[schemars(length(min = 1))]
    pub help: String,
    /// What the expert uses without it, in a few words. Without this text the expert needs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub otherwise: Option<String>,
}

/// How hive can tell whether a resource is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResourceKind {
    /// A program on this machine. hive searches it and does not run it.
    Command,
    /// A server. hive opens a connection to the host of the URL and sends nothing.
    Url,
}

/// When to suggest a field's value for a whole data set, `--field dialect=mysql`: when many records
/// lack the field and one of the expert's labels indicates its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SuggestSpec {
    /// The label whose classes are values of the field.
    #[schemars(length(min = 1))]
    pub label: String,
    /// Classes for which nothing is suggested.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<String>,
    /// The reason, phrased for several records, with the class in braces: `bear the marks of
    /// {class}`.
    #[schemars(length(min = 1))]
    pub what: String,
}

/// All settings that determine a training run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Recipe {
    /// Base model: a catalogue id, a folder or a GGUF file. Empty: the manifest's first base model.
    pub base_model: String,
    /// The adapter.
    pub adapter: AdapterSpec,
    /// The training loop.
    pub training: TrainingSpec,
    /// Training and evaluation data.
    pub data: DataSpec,
}

/// Training and evaluation data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DataSpec {
    /// Records to synthesise when no data set is given.
    #[schemars(range(min = 1, max = 10_000_000))]
    pub synthetic_records: usize,
    /// Fraction of the records held out for validation.
    #[schemars(range(min = 0.0, max = 0.9))]
    pub validation_fraction: f64,
    /// Maximum number of validation records; further held-out records are not used.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub validation_records: usize,
    /// Number of held-out prompts answered and graded at the end, base model against adapter.
    #[schemars(range(max = 100_000))]
    pub graded_prompts: usize,
    /// Lint levels that differ from the manifest's, by code.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub lints: BTreeMap<String, LintLevel>,
}

impl Default for DataSpec {
    fn default() -> Self {
        Self {
            synthetic_records: 5_000,
            validation_fraction: 0.05,
            validation_records: 500,
            graded_prompts: 24,
            lints: BTreeMap::new(),
        }
    }
}

/// Generation settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GenerationSpec {
    /// Maximum tokens in an answer.
    #[schemars(range(min = 1, max = 1_048_576))]
    pub max_new_tokens: usize,
    /// A JSON Schema that every answer conforms to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json_schema: Option<Value>,
    /// The field of the record with a JSON Schema that the answer to it conforms to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json_schema_field: Option<String>,
    /// Whether the expert checks answers while they grow (`check_prefix`, since ABI 5).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub check_prefix: bool,
    /// A grammar that every answer follows, in llguidance's Lark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grammar: Option<String>,
}

impl Default for GenerationSpec {
    fn default() -> Self {
        Self { max_new_tokens: 512, json_schema: None, json_schema_field: None, check_prefix: false, grammar: None }
    }
}

/// An evaluation prompt with its gold completion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EvalPrompt {
    /// Stable id.
    pub id: String,
    /// Category, for grouping: `missing-group-by`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Whether comparisons show its answers side by side.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub featured: bool,
    /// The record, including the completion field. A field of type `json` or `number` may hold the value itself.
    #[schemars(with = "BTreeMap<String, Value>")]
    #[serde(deserialize_with = "as_texts")]
    pub record: Record,
    /// Other completions that are as correct as the record's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alternatives: Vec<String>,
}

/// A record whose values may be JSON, as texts.
fn as_texts<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Record, D::Error> {
    Ok(Record::deserialize(deserializer)?.as_texts())
}
