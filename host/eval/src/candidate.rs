//! Candidates: the base alone, a run's adapter or one of its checkpoints, or any PEFT folder. What is
//! known about a candidate is read from its own files.

use std::path::{Path, PathBuf};

use hive_engine::adapter::config::{AdapterConfig, Targets};
use hive_engine::adapter::peft::{self, PeftConfig, TENSOR_FILE};
use hive_engine::train::checkpoint;
use hive_files::sha256_of_file;
use hive_runtime::models::Catalogue;
use hive_runtime::resolver::known_base;
use hive_train::receipt::Receipt;
use hive_train::run_folder::RunFolder;
use hive_train::run_record::RunRecord;
use hive_train::runs::Runs;
use hive_train::{TrainError, metrics};
use serde::Serialize;
use serde_json::Value;

use super::error::EvalError;

/// Where a candidate comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The base model alone.
    Base,
    /// A run: its final adapter, or one of its checkpoints.
    Run {
        /// The run folder.
        path: PathBuf,
        /// The checkpoint's step; `None` for the final adapter.
        #[serde(skip_serializing_if = "Option::is_none")]
        step: Option<u64>,
    },
    /// A PEFT folder.
    Folder {
        /// The folder.
        path: PathBuf,
    },
    /// A PEFT repository on the hub.
    Hub {
        /// `hub:OWNER/NAME`.
        name: String,
    },
}

/// What a candidate's files say about it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct CandidateFacts {
    /// `DoRA`, `LoRA`.
    pub method: Option<String>,
    /// Rank.
    pub rank: Option<usize>,
    /// Alpha.
    pub alpha: Option<f64>,
    /// Dropout during training.
    pub dropout: Option<f64>,
    /// Whether the scaling is alpha / √rank.
    pub rslora: bool,
    /// Target modules.
    pub target_modules: Vec<String>,
    /// Peak learning rate.
    pub learning_rate: Option<f64>,
    /// Passes over the data.
    pub epochs: Option<f64>,
    /// Number of optimizer steps.
    pub steps: Option<u64>,
    /// Records per optimizer step.
    pub effective_batch: Option<usize>,
    /// Names of the data sets it was trained on.
    pub data: Option<String>,
    /// Number of records it was trained on.
    pub records: Option<usize>,
    /// Loss on the run's own held-out records, in nats per token.
    pub eval_loss: Option<f64>,
    /// Size of the adapter's tensors, in bytes.
    pub bytes: Option<u64>,
    /// How the expert's current prompts differ from those it was trained on, if they do.
    pub other_prompts: Option<String>,
    /// The base named in its files: hive's id, or PEFT's `base_model_name_or_path`.
    pub made_for: Option<String>,
}

/// A model whose answers are evaluated.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Its name in the report.
    pub name: String,
    /// Where it comes from.
    pub origin: Origin,
    /// What is known about it.
    pub facts: CandidateFacts,
    /// Whether its answers are constrained, if the expert constrains answers.
    pub constrained: bool,
    dir: Option<PathBuf>,
}

impl Candidate {
    /// The base model alone.
    pub fn base() -> Self {
        Self::named("base", Origin::Base, CandidateFacts::default(), None)
    }

    fn named(name: &str, origin: Origin, facts: CandidateFacts, dir: Option<PathBuf>) -> Self {
        Self { name: name.to_owned(), origin, facts, constrained: true, dir }
    }

    /// The same model, whose answers are not constrained.
    pub fn unconstrained(&self) -> Self {
        Self { name: format!("{}, unconstrained", self.name), constrained: false, ..self.clone() }
    }

    /// The adapter of a run of `expert`.
    ///
    /// # Errors
    /// When there is no such run, or it has no adapter because it did not finish.
    pub fn of_run(name: &str, path: &Path, expert: &str) -> Result<Self, EvalError> {
        let dir = Runs::adapter(path, expert)?.dir;
        let folder = RunFolder::open(path);
        let record = RunRecord::read_of(path, expert)?;
        let mut facts = adapter_facts(&dir)?;
        add_run_facts(&mut facts, &record, &folder)?;
        let evaluation = folder.read_json("evaluation.json")?.unwrap_or(Value::Null);
        facts.eval_loss = evaluation["loss"]["expert"].as_f64();
        facts.steps = evaluation["step"].as_u64();
        let origin = Origin::Run { path: path.to_owned(), step: None };
        Ok(Self::named(name, origin, facts, Some(dir)))
    }

    /// The adapter in a PEFT folder; `origin` says where the folder is from.
    ///
    /// # Errors
    /// When it is not a PEFT folder.
    pub fn of_folder(name: &str, path: &Path, origin: Origin) -> Result<Self, EvalError> {
        Ok(Self::named(name, origin, adapter_facts(path)?, Some(path.to_owned())))
    }

    /// The base it was trained on, in the form that `--base` accepts, if its files name a known one.
    ///
    /// # Errors
    /// When the catalogue of base models cannot be read.
    pub fn base_id(&self) -> Result<Option<String>, EvalError> {
        let Some(name) = &self.facts.made_for else { return Ok(None) };
        let catalogue = Catalogue::embedded().map_err(TrainError::from)?;
        Ok(known_base(&catalogue, name))
    }

    /// sha256 of the adapter's tensors; `None` for the base alone.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn sha256(&self) -> Result<Option<String>, EvalError> {
        Ok(self.dir.as_deref().map(|dir| sha256_of_file(&dir.join(TENSOR_FILE))).transpose()?)
    }

    /// The adapter's folder.
    pub fn dir(&self) -> Option<&Path> {
        self.dir.as_deref()
    }
}

/// The checkpoints of a run, ordered by step.
///
/// # Errors
/// When the run cannot be read or has no checkpoints.
pub(super) fn checkpoints(path: &Path, expert: &str) -> Result<Vec<Candidate>, EvalError> {
    let folder = RunFolder::open(path);
    let record = RunRecord::read_of(path, expert)?;
    let lines = metrics::read(&folder)?;
    let found = checkpoint::list(&folder.checkpoints())?;
    if found.is_empty() {
        return Err(EvalError::Candidate {
            name: path.display().to_string(),
            problem: "the run has no checkpoint".to_owned(),
            hint: Some("`save_steps` says how often one is written, `keep_best` how many are kept".to_owned()),
        });
    }
    let candidate = |(step, dir): (u64, PathBuf)| {
        let name = format!("step {step}");
        let mut facts = adapter_facts(&dir)?;
        add_run_facts(&mut facts, &record, &folder)?;
        facts.steps = Some(step);
        let at = |line: &&Value| line["step"].as_u64() == Some(step) && line["eval_loss"].is_number();
        facts.eval_loss = lines.iter().rev().find(at).and_then(|line| line["eval_loss"].as_f64());
        let origin = Origin::Run { path: path.to_owned(), step: Some(step) };
        Ok(Candidate::named(&name, origin, facts, Some(dir)))
    };
    found.into_iter().map(candidate).collect()
}

/// The linear layers of a decoder layer, in the order in which a decoder applies them.
const MODULES: [&str; 7] = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];

/// What the files of an adapter folder say.
fn adapter_facts(dir: &Path) -> Result<CandidateFacts, EvalError> {
    let PeftConfig { adapter, base_name, base } = peft::read_config(dir).map_err(TrainError::from)?;
    let AdapterConfig { method, rank, alpha, dropout, rslora, targets, .. } = adapter;
    // For its error message, if the folder has no tensors or a pickle.
    peft::open_tensors(dir).map_err(TrainError::from)?;
    Ok(CandidateFacts {
        method: Some(if method.name() == "dora" { "DoRA" } else { "LoRA" }.to_owned()),
        rank: Some(rank),
        alpha: Some(alpha),
        dropout: Some(dropout),
        rslora,
        target_modules: match targets {
            Targets::Names(mut names) => {
                names.sort_by_key(|name| MODULES.iter().position(|module| module == name));
                names
            }
            Targets::Pattern(pattern) => vec![pattern],
            Targets::AllLinear => vec!["all-linear".to_owned()],
        },
        made_for: base.map(|base| base.id).or(Some(base_name)).filter(|name| !name.is_empty()),
        bytes: std::fs::metadata(dir.join(TENSOR_FILE)).ok().map(|about| about.len()),
        ..CandidateFacts::default()
    })
}

/// Adds what a run folder says about its training.
fn add_run_facts(facts: &mut CandidateFacts, record: &RunRecord, folder: &RunFolder) -> Result<(), EvalError> {
    let recipe = &record.request.recipe;
    facts.learning_rate = Some(recipe.training.learning_rate);
    facts.epochs = Some(recipe.training.epochs);
    facts.effective_batch = Some(recipe.training.effective_batch);
    let names: Vec<String> = record
        .request
        .datasets
        .iter()
        .map(|path| path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned()))
        .collect();
    facts.data = Some(if names.is_empty() { "its own".to_owned() } else { names.join(", ") });
    if let Some(receipt) = Receipt::read(folder)? {
        facts.records = Some(receipt.records.0);
        // The number of steps has precedence over `epochs`.
        let seen = receipt.steps.0 as f64 * recipe.training.effective_batch as f64;
        facts.epochs = Some(seen / receipt.records.0.max(1) as f64);
    }
    Ok(())
}
