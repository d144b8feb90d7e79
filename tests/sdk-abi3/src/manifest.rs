//! The manifest: everything an expert declares. These types are the only definition; the JSON
//! schema in `manifests/schema/` is generated from them and refuses unknown keys.
//!
//! Parsing here is plain serde: one fault at a time. `hive expert validate` lists all at once.

use std::collections::BTreeMap;

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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
    /// True when a record may lack it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// True for the field that the model learns to write.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub completion: bool,
    /// True when it names a file. In a suite the name is relative to the suite's folder.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub path: bool,
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

/// How the adapter acts on a linear layer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// Weight-decomposed low-rank adaptation (arXiv 2402.09353).
    #[default]
    Dora,
    /// Low-rank adaptation (arXiv 2106.09685).
    Lora,
}

/// What dropout drops in training. The two differ for DoRA alone, and not at dropout 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DropoutSemantics {
    /// The input of the adapter's branch.
    #[default]
    Branch,
    /// PEFT's rule, for comparisons with it: also the input of the base product that DoRA scales.
    /// Slower: three more base products per layer.
    Peft,
}

/// A linear layer of the decoder that can carry an adapter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TargetModule {
    /// Attention query projection.
    QProj,
    /// Attention key projection.
    KProj,
    /// Attention value projection.
    VProj,
    /// Attention output projection.
    OProj,
    /// Feed-forward gate projection.
    GateProj,
    /// Feed-forward up projection.
    UpProj,
    /// Feed-forward down projection.
    DownProj,
    /// All of these.
    #[serde(rename = "all-linear")]
    AllLinear,
}

/// Shape of the adapter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AdapterSpec {
    /// DoRA or LoRA.
    pub method: Method,
    /// Rank of A and B.
    #[schemars(range(min = 1, max = 4096))]
    pub rank: u32,
    /// Scaling is alpha / rank (alpha / √rank with rsLoRA).
    #[schemars(range(min = 0.0))]
    pub alpha: f64,
    /// Probability with which an input is dropped in training.
    #[schemars(range(min = 0.0, max = 0.99))]
    pub dropout: f64,
    /// What dropout drops.
    pub dropout_semantics: DropoutSemantics,
    /// Scale by alpha / √rank (arXiv 2312.03732).
    pub rslora: bool,
    /// The linear layers that carry an adapter.
    #[schemars(length(min = 1))]
    pub target_modules: Vec<TargetModule>,
    /// Only these decoder layers, from 0; all of them unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layers_to_transform: Option<Vec<usize>>,
    /// Other ranks for modules whose name ends so: `{"layers.1.mlp.up_proj": 6}`.
    pub rank_pattern: BTreeMap<String, u32>,
    /// Other alphas for modules whose name ends so.
    pub alpha_pattern: BTreeMap<String, f64>,
}

impl Default for AdapterSpec {
    fn default() -> Self {
        use TargetModule::{DownProj, KProj, OProj, QProj, UpProj, VProj};
        Self {
            method: Method::Dora,
            rank: 12,
            alpha: 24.0,
            dropout: 0.1,
            dropout_semantics: DropoutSemantics::Branch,
            rslora: false,
            target_modules: vec![QProj, KProj, VProj, OProj, UpProj, DownProj],
            layers_to_transform: None,
            rank_pattern: BTreeMap::new(),
            alpha_pattern: BTreeMap::new(),
        }
    }
}

/// How the learning rate moves after warm-up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Schedule {
    /// Half a cosine, down to zero.
    #[default]
    Cosine,
    /// A straight line, down to zero.
    Linear,
    /// No change.
    Constant,
}

/// What ranks the evaluations of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// The validation loss; lower is better.
    #[default]
    EvalLoss,
    /// The share of the validation records' loss tokens that the model would have written.
    TokenAccuracy,
    /// The expert's grade of the answers to `graded_eval_prompts` held-out prompts.
    Score,
}

/// What to do about a loss or gradient that is not finite.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum NonFinite {
    /// End the run; its checkpoints stand.
    #[default]
    Stop,
    /// Change nothing, count the step and go on; ten in a row end the run.
    Skip,
}

/// The training loop. A step is an optimizer step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TrainingSpec {
    /// Highest learning rate.
    #[schemars(range(min = 0.0))]
    pub learning_rate: f64,
    /// Passes over the training records; may be a fraction, of which whole steps are made. Ignored
    /// when `steps` is given.
    #[schemars(range(min = 0.0))]
    pub epochs: f64,
    /// Optimizer steps in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<u64>,
    /// Share of the steps during which the learning rate rises from zero.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub warmup_ratio: f64,
    /// Warm-up in optimizer steps, instead of `warmup_ratio`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warmup_steps: Option<u64>,
    /// Learning rate after warm-up.
    pub schedule: Schedule,
    /// Records per optimizer step.
    #[schemars(range(min = 1))]
    pub effective_batch: usize,
    /// Longest record in tokens, prompt and completion; a longer one is dropped and counted.
    #[schemars(range(min = 8))]
    pub max_seq_len: usize,
    /// Most tokens in one forward pass: a memory knob that does not change the result.
    #[schemars(range(min = 8))]
    pub micro_batch_tokens: usize,
    /// Most records in one forward pass; as many as fit unless given. Does not change the result
    /// either.
    #[schemars(range(min = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub micro_batch_records: Option<usize>,
    /// Fill every forward pass with whatever record still fits, instead of records of a size. Each
    /// record attends to itself alone either way, so this does not change the result.
    pub packing: bool,
    /// Decoupled weight decay of A and B; magnitudes never decay.
    #[schemars(range(min = 0.0))]
    pub weight_decay: f64,
    /// AdamW's first-moment decay.
    #[schemars(range(min = 0.0, max = 0.9999999))]
    pub beta1: f64,
    /// AdamW's second-moment decay.
    #[schemars(range(min = 0.0, max = 0.9999999))]
    pub beta2: f64,
    /// AdamW's epsilon.
    pub epsilon: f64,
    /// Gradients are scaled down to this global L2 norm; 0 means never.
    #[schemars(range(min = 0.0))]
    pub max_grad_norm: f64,
    /// Optimizer steps between evaluations of the validation loss.
    #[schemars(range(min = 1))]
    pub eval_steps: u64,
    /// Optimizer steps between checkpoints.
    #[schemars(range(min = 1))]
    pub save_steps: u64,
    /// Held-out prompts that are answered and graded at every evaluation; 0: none.
    pub graded_eval_prompts: usize,
    /// Checkpoints to keep, the best by `best_metric`, besides the latest.
    #[schemars(range(min = 1))]
    pub keep_best: usize,
    /// What makes an evaluation the best.
    pub best_metric: Metric,
    /// Whether a greater value of `best_metric` is better; as it says itself unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub greater_is_better: Option<bool>,
    /// End with the best adapter instead of the last.
    pub load_best_at_end: bool,
    /// End early after so many evaluations without a better one; never unless given.
    #[schemars(range(min = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patience: Option<u64>,
    /// What to do about a loss or gradient that is not finite.
    pub non_finite: NonFinite,
    /// Seed of initialisation, order and dropout.
    pub seed: u64,
}

impl Default for TrainingSpec {
    fn default() -> Self {
        Self {
            learning_rate: 5e-5,
            epochs: 1.5,
            steps: None,
            warmup_ratio: 0.1,
            warmup_steps: None,
            schedule: Schedule::Cosine,
            effective_batch: 90,
            max_seq_len: 800,
            micro_batch_tokens: 1600,
            micro_batch_records: None,
            packing: false,
            weight_decay: 0.0,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            max_grad_norm: 1.0,
            eval_steps: 250,
            save_steps: 250,
            graded_eval_prompts: 0,
            keep_best: 4,
            best_metric: Metric::EvalLoss,
            greater_is_better: None,
            load_best_at_end: true,
            patience: None,
            non_finite: NonFinite::Stop,
            seed: 42,
        }
    }
}

/// What is trained and evaluated on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DataSpec {
    /// Records to synthesise when no data set is given.
    #[schemars(range(min = 1))]
    pub synthetic_records: usize,
    /// Share of the records held out for validation.
    #[schemars(range(min = 0.0, max = 0.9))]
    pub validation_fraction: f64,
    /// Most validation records; those held out beyond it are not used.
    #[schemars(range(min = 1))]
    pub validation_records: usize,
    /// Held-out prompts that are answered and graded at the end, base against adapter.
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
    #[schemars(range(min = 1))]
    pub max_new_tokens: usize,
}

impl Default for GenerationSpec {
    fn default() -> Self {
        Self { max_new_tokens: 256 }
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
