//! The manifest: everything an expert declares. These types are the only definition; the JSON
//! schema in `manifests/schema/` is generated from them and refuses unknown keys.
//!
//! Parsing here is plain serde: one fault at a time. `hive expert validate` lists all at once.

use std::collections::BTreeMap;

pub use hive_recipe::{AdapterSpec, DropoutSemantics, Method, Metric, NonFinite, Schedule, TargetModule, TrainingSpec};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::ExpertError;
use crate::prompt::PromptTurn;
use crate::protocol::{LintLevel, Record};

/// What an expert declares of itself: `manifests/<name>.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Where the schema of this file is, for editors.
    #[serde(rename = "$schema", default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// The name on the command line: lower-case letters, digits, dashes.
    #[schemars(regex(pattern = r"^[a-z][a-z0-9-]{0,62}$"))]
    pub name: String,
    /// Semantic version of the expert: `0.1.0`.
    #[schemars(regex(pattern = r"^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$"))]
    pub version: String,
    /// ABI number of the SDK that the plugin is built for.
    #[schemars(range(min = 1))]
    pub abi: u32,
    /// One sentence for `hive expert list`.
    #[schemars(length(min = 1))]
    pub description: String,
    /// SPDX expression.
    #[schemars(length(min = 1))]
    pub license: String,
    /// Ids of the base models that the expert is meant for (see `hive model list`).
    #[schemars(length(min = 1))]
    pub base_models: Vec<String>,
    /// What its records look like.
    pub dataset: DatasetSpec,
    /// What a person may set of how it judges and answers: `Settings::options`. Each becomes a flag of the
    /// commands that ask the expert.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<OptionSpec>,
    /// The turns before the completion, with the record's fields in braces. A package without the
    /// plugin can be asked only when its manifest has this.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prompt: Vec<PromptTurn>,
    /// How to train unless the user says otherwise.
    #[serde(default)]
    pub recipe: Recipe,
    /// Named changes to the recipe, each a partial recipe: `--profile quickstart`.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Recipe>")]
    pub profiles: BTreeMap<String, Map<String, Value>>,
    /// What a person should know of a profile, by its name: said whenever it is used.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub profile_notes: BTreeMap<String, String>,
    /// How to generate unless the user says otherwise.
    #[serde(default)]
    pub generation: GenerationSpec,
    /// What an answer is held against, beside its score; each has a rate of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<CheckSpec>,
    /// Prompts that never train.
    #[serde(default)]
    pub eval_prompts: Vec<EvalPrompt>,
}

impl Manifest {
    /// Reads a manifest.
    ///
    /// # Errors
    /// The first fault, with its line and column.
    pub fn parse(json: &str) -> Result<Self, ExpertError> {
        serde_json::from_str(json)
            .map_err(|e| ExpertError::new(format!("the manifest does not follow its schema: {e}")))
    }

    /// Name of the field that a person's words go into when the expert is asked: the one whose input says
    /// so, else the first that is needed besides the completion.
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

/// What a data set of this domain holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DatasetSpec {
    /// The fields of a record.
    #[schemars(length(min = 1))]
    pub fields: Vec<FieldSpec>,
    /// Columns of what is asked, in their order, in data sets where the answer has a column of its own and
    /// what is asked is a chat's turn: `instruction` and `input`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chat_columns: Vec<String>,
    /// A field whose value must not occur in both train and validation: records that share it
    /// fall on the same side of the split.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_by: Option<String>,
    /// Regular expressions that find the fields in what a chat's user asks, tried in order: each
    /// has a named group per required field besides the completion, which is the answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chat_patterns: Vec<String>,
    /// What the expert looks for in a record, and what follows from it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lints: Vec<LintSpec>,
}

/// One thing that the expert looks for in every record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LintSpec {
    /// A short stable name, for counting: `needless-alias`.
    #[schemars(regex(pattern = r"^[a-z][a-z0-9-]*$"))]
    pub code: String,
    /// What it finds, one sentence.
    pub description: String,
    /// What follows unless the user says otherwise.
    pub level: LintLevel,
    /// True when the expert can change the record so that the fault is gone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub repairs: bool,
}

/// One thing that an answer passes or fails, where it applies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckSpec {
    /// A short stable name, for counting: `executes`.
    #[schemars(regex(pattern = r"^[a-z][a-z0-9-]*$"))]
    pub code: String,
    /// What a right answer does, a few words: a table's heading.
    #[schemars(length(min = 1))]
    pub title: String,
    /// When it applies and what is looked at, one sentence.
    pub description: String,
    /// True when an answer over which the examination does not end has failed it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub needs_end: bool,
}

/// One field of a record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldSpec {
    /// Its name inside hive.
    pub name: String,
    /// What it holds.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Names that data sets use for it, in order of preference, besides its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// How a person enters it when the expert is asked; by `--field NAME=VALUE` alone unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<InputKind>,
    /// Of a field that is entered as a file: files of other kinds that people give, and what to do with them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refuse: Vec<RefuseSpec>,
    /// True when a record may lack it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// True for the field that the model learns to write.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub completion: bool,
    /// True when it names a file. The name is relative to the folder of the suite or data set that it stands in.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub path: bool,
    /// Words that head it in a chat, the surest first: `schema` of `### Database schema`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headings: Vec<String>,
    /// Words that head it in a chat where none of `headings` does: `instruction`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vague_headings: Vec<String>,
    /// A regular expression that all its texts match, so that in a chat nothing else is taken for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<String>,
    /// When to suggest a value for the records of a data set that lack it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggest: Option<SuggestSpec>,
}

/// How a person enters a field's value on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InputKind {
    /// As the text behind the expert's name; one field at most.
    Question,
    /// As the text of a file: `--NAME FILE`.
    File,
    /// As a flag: `--NAME TEXT`.
    Text,
}

/// A file that a field cannot be entered from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RefuseSpec {
    /// What the file begins with.
    #[schemars(length(min = 1))]
    pub begins_with: String,
    /// What it is: `an archive of pg_dump`.
    #[schemars(length(min = 1))]
    pub is: String,
    /// What to do, with the file's name in braces: `` `pg_restore -s -f schema.sql {file}` writes it as text ``.
    #[schemars(length(min = 1))]
    pub hint: String,
}

/// What a person may set of how the expert judges and answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OptionSpec {
    /// Its name in `Settings::options`: `database_url`. The flag is `--database-url`.
    #[schemars(regex(pattern = r"^[a-z][a-z0-9_]{0,62}$"))]
    pub name: String,
    /// What it holds.
    pub kind: OptionKind,
    /// True when it may hold a password: it is written to no file and shown to nobody.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub secret: bool,
    /// One sentence for `--help`.
    #[schemars(length(min = 1))]
    pub help: String,
}

/// What an option holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OptionKind {
    /// A text.
    Text,
    /// A number.
    Number,
    /// True when it is given.
    Flag,
    /// The path of a file.
    File,
    /// An address.
    Url,
}

/// When to suggest that a field is given for a whole data set, `--field dialect=mysql`: when a label
/// of the expert's tells it of many records that lack the field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SuggestSpec {
    /// The label, whose classes are values of the field.
    #[schemars(length(min = 1))]
    pub label: String,
    /// Classes that need no saying.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<String>,
    /// What records of a class do, said of several of them, with the class in braces: `bear the marks
    /// of {class}`.
    #[schemars(length(min = 1))]
    pub what: String,
}

/// Everything that decides what a training run does.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Recipe {
    /// Base model: a catalogue id, a folder or a GGUF file. Empty: the manifest's first.
    pub base_model: String,
    /// The adapter.
    pub adapter: AdapterSpec,
    /// The training loop.
    pub training: TrainingSpec,
    /// What is trained and evaluated on.
    pub data: DataSpec,
}

/// What is trained and evaluated on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DataSpec {
    /// Records to synthesise when no data set is given.
    #[schemars(range(min = 1, max = 10_000_000))]
    pub synthetic_records: usize,
    /// Share of the records held out for validation.
    #[schemars(range(min = 0.0, max = 0.9))]
    pub validation_fraction: f64,
    /// Most validation records; those held out beyond it are not used.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub validation_records: usize,
    /// Held-out prompts that are answered and graded at the end, base against adapter.
    #[schemars(range(max = 100_000))]
    pub graded_prompts: usize,
    /// Levels of lints other than the manifest's, by code.
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

/// How to generate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GenerationSpec {
    /// Most tokens in an answer.
    #[schemars(range(min = 1, max = 1_048_576))]
    pub max_new_tokens: usize,
}

impl Default for GenerationSpec {
    fn default() -> Self {
        Self { max_new_tokens: 512 }
    }
}

/// A prompt for evaluation, with its gold completion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EvalPrompt {
    /// Stable name.
    pub id: String,
    /// What the prompt is about, for grouping: `missing-group-by`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Whether comparisons show the answers to it side by side.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub featured: bool,
    /// The record, completion field included.
    #[schemars(with = "BTreeMap<String, String>")]
    pub record: Record,
    /// Other completions that are as right as the record's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alternatives: Vec<String>,
}
