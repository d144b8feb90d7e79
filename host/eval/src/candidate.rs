//! Who answers: the base alone, a run's adapter or one of its checkpoints, or any PEFT folder. What
//! each is made of comes from its own files.

use std::path::{Path, PathBuf};

use hive_engine::adapter::config::{AdapterConfig, Targets};
use hive_engine::adapter::peft::{self, PeftConfig, TENSOR_FILE};
use hive_engine::train::checkpoint;
use hive_files::sha256_of_file;
use hive_runtime::models::Catalogue;
use hive_train::receipt::Receipt;
use hive_train::run_folder::RunFolder;
use hive_train::run_record::RunRecord;
use hive_train::{TrainError, metrics};
use serde::Serialize;
use serde_json::Value;

use super::error::ExamError;

/// Where a candidate comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The base model alone.
    Base,
    /// A run's folder; with the step of a checkpoint, unless it is the run's adapter.
    Run {
        /// The folder.
        path: PathBuf,
        /// The checkpoint's step.
        #[serde(skip_serializing_if = "Option::is_none")]
        step: Option<u64>,
    },
    /// A PEFT folder.
    Folder {
        /// The folder.
        path: PathBuf,
    },
    /// A PEFT repository of the hub.
    Hub {
        /// `hub:OWNER/NAME`.
        name: String,
    },
}

/// What a candidate is made of, as far as its files tell.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct CandidateFacts {
    /// `DoRA`, `LoRA`.
    pub method: Option<String>,
    /// Rank.
    pub rank: Option<usize>,
    /// Alpha.
    pub alpha: Option<f64>,
    /// Dropout in training.
    pub dropout: Option<f64>,
    /// Scaled by alpha / √rank.
    pub rslora: bool,
    /// Target modules.
    pub target_modules: Vec<String>,
    /// Highest learning rate.
    pub learning_rate: Option<f64>,
    /// Passes over the data.
    pub epochs: Option<f64>,
    /// Optimizer steps made.
    pub steps: Option<u64>,
    /// Records per step.
    pub effective_batch: Option<usize>,
    /// What it was trained on.
    pub data: Option<String>,
    /// Records trained on.
    pub records: Option<usize>,
    /// Loss on the run's own held-out records, nats per token.
    pub eval_loss: Option<f64>,
    /// Bytes of the adapter's tensors.
    pub bytes: Option<u64>,
    /// How the expert's prompts differ from those that it was trained on, if they do.
    pub other_prompts: Option<String>,
    /// The base that its files name: hive's id, or PEFT's `base_model_name_or_path`.
    pub made_for: Option<String>,
}

/// Who answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// What it is called.
    pub name: String,
    /// Where it comes from.
    pub origin: Origin,
    /// What it is made of.
    pub facts: CandidateFacts,
    dir: Option<PathBuf>,
}

impl Candidate {
    /// The base model alone.
    pub fn base() -> Self {
        Self { name: "base".to_owned(), origin: Origin::Base, facts: CandidateFacts::default(), dir: None }
    }

    /// The adapter of a run of `expert`.
    ///
    /// # Errors
    /// When there is no such run, or it has not come to its end.
    pub fn of_run(name: &str, path: &Path, expert: &str) -> Result<Self, ExamError> {
        let folder = RunFolder::open(path);
        let record = RunRecord::read_of(path, expert)?;
        let dir = folder.adapter();
        if !dir.is_dir() {
            return Err(ExamError::Candidate {
                name: name.to_owned(),
                problem: format!("the run `{}` has no adapter: it did not come to its end", path.display()),
                hint: Some(format!("`hive expert train {expert} --resume {}` goes on with it", path.display())),
            });
        }
        let mut facts = of_adapter(&dir)?;
        of_record(&mut facts, &record, &folder)?;
        let evaluation = folder.read_json("evaluation.json")?.unwrap_or(Value::Null);
        facts.eval_loss = evaluation["loss"]["expert"].as_f64();
        facts.steps = evaluation["step"].as_u64();
        let origin = Origin::Run { path: path.to_owned(), step: None };
        Ok(Self { name: name.to_owned(), origin, facts, dir: Some(dir) })
    }

    /// A PEFT folder; `origin` says where it is from.
    ///
    /// # Errors
    /// When it is none.
    pub fn of_folder(name: &str, path: &Path, origin: Origin) -> Result<Self, ExamError> {
        Ok(Self { name: name.to_owned(), origin, facts: of_adapter(path)?, dir: Some(path.to_owned()) })
    }

    /// The base that it was made for, as `--base` takes it, if its files name one that is known.
    ///
    /// # Errors
    /// When the catalogue of base models cannot be read.
    pub fn base_id(&self) -> Result<Option<String>, ExamError> {
        let Some(name) = &self.facts.made_for else { return Ok(None) };
        let catalogue = Catalogue::embedded().map_err(TrainError::from)?;
        if let Some(model) = catalogue.named(name) {
            return Ok(Some(model.id.clone()));
        }
        Ok(Path::new(name).exists().then(|| name.clone()))
    }

    /// sha256 of the adapter's tensors; `None` for the base alone.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn sha256(&self) -> Result<Option<String>, ExamError> {
        Ok(self.dir.as_deref().map(|dir| sha256_of_file(&dir.join(TENSOR_FILE))).transpose()?)
    }

    /// The adapter's folder.
    pub fn dir(&self) -> Option<&Path> {
        self.dir.as_deref()
    }
}

/// The checkpoints of a run, in the order of their steps.
///
/// # Errors
/// When the run cannot be read, or has none.
pub fn checkpoints(path: &Path, expert: &str) -> Result<Vec<Candidate>, ExamError> {
    let folder = RunFolder::open(path);
    let record = RunRecord::read_of(path, expert)?;
    let lines = metrics::read(&folder)?;
    let found = checkpoint::list(&folder.checkpoints())?;
    if found.is_empty() {
        return Err(ExamError::Candidate {
            name: path.display().to_string(),
            problem: "the run has no checkpoint".to_owned(),
            hint: Some("`save_steps` says how often one is written, `keep_best` how many are kept".to_owned()),
        });
    }
    let candidate = |(step, dir): (u64, PathBuf)| {
        let name = format!("step {step}");
        let mut facts = of_adapter(&dir)?;
        of_record(&mut facts, &record, &folder)?;
        facts.steps = Some(step);
        let at = |line: &&Value| line["step"].as_u64() == Some(step) && line["eval_loss"].is_number();
        facts.eval_loss = lines.iter().rev().find(at).and_then(|line| line["eval_loss"].as_f64());
        let origin = Origin::Run { path: path.to_owned(), step: Some(step) };
        Ok(Candidate { name, origin, facts, dir: Some(dir) })
    };
    found.into_iter().map(candidate).collect()
}

/// The linear layers of a decoder layer.
const MODULES: [&str; 7] = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];

fn of_adapter(dir: &Path) -> Result<CandidateFacts, ExamError> {
    let PeftConfig { adapter, base_name, base } = peft::read_config(dir).map_err(TrainError::from)?;
    let AdapterConfig { method, rank, alpha, dropout, rslora, targets, .. } = adapter;
    // This says what is wrong with a folder without tensors, or with a pickle.
    peft::open_tensors(dir).map_err(TrainError::from)?;
    Ok(CandidateFacts {
        method: Some(if method.name() == "dora" { "DoRA" } else { "LoRA" }.to_owned()),
        rank: Some(rank),
        alpha: Some(alpha),
        dropout: Some(dropout),
        rslora,
        target_modules: match targets {
            Targets::Names(mut names) => {
                // In the order in which a decoder has them.
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

fn of_record(facts: &mut CandidateFacts, record: &RunRecord, folder: &RunFolder) -> Result<(), ExamError> {
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
        // Steps decide where both are given.
        let seen = receipt.steps.0 as f64 * recipe.training.effective_batch as f64;
        facts.epochs = Some(seen / receipt.records.0.max(1) as f64);
    }
    Ok(())
}
