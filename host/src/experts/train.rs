//! Training an expert, from records to a graded adapter in a run folder.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use hive_engine::adapter::peft::{self, BaseRef};
use hive_engine::adapter::{Adapter, AdapterScales};
use hive_engine::data::Example;
use hive_engine::model::pass::{Model, Pass};
use hive_engine::train::checkpoint;
use hive_engine::train::events::{EvalReport, Reporter, StepReport};
use hive_engine::train::run::{Outcome, RunPlan, run};
use hive_engine::train::trainer::{Trainer, evaluate};
use hive_sdk::Record;
use hive_sdk::manifest::Recipe;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::ExpertError;
use super::answer::Answer;
use super::base::{self, Base};
use super::data::{DataRequest, OpenExpert, prepare};
use super::grade::{Scores, grade};
use super::recipe::{adapter_config, train_config};
use super::run_folder::{Metrics, RunFolder};
use super::sources::locate;
use super::tokenise::{Tokenised, Tokeniser};
use crate::gate::{GateReporter, Half, Outcome as Prepared, PreparedSet};
use crate::models::PullReporter;
use crate::plugins::LoadedExpert;

/// What to train, and on what. Written into the run folder, so that a run can be resumed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainRequest {
    /// The effective recipe.
    pub recipe: Recipe,
    /// Files, folders, prepared sets, data sets of the hub; none: the expert's own data.
    pub datasets: Vec<PathBuf>,
    /// `field=column` pairs that override the mapping, as on the command line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub map: Option<String>,
    /// Settings of the domain's own for judging. They decide where records are judged, not how, and
    /// may hold a password: a run does not record them.
    #[serde(skip)]
    pub options: Map<String, Value>,
}

/// `run.json`: what a run is of.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RunRecord {
    expert: String,
    expert_version: String,
    request: TrainRequest,
    base: BaseRef,
    /// sha256 over the tokens and loss masks of all records.
    data: String,
}

/// What is about to happen, for the person to read.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The base.
    pub base: BaseRef,
    /// Values in its weights.
    pub base_parameters: usize,
    /// Values in the adapter.
    pub trainable: usize,
    /// Layers that carry an adapter.
    pub adapted: usize,
    /// The recipe.
    pub recipe: Recipe,
    /// Records to train on, and dropped as too long.
    pub train: (usize, usize),
    /// Records to validate on, and dropped as too long.
    pub validation: (usize, usize),
    /// Tokens of the training records, and those of them that carry loss.
    pub tokens: (usize, usize),
    /// Optimizer steps, and those of warm-up.
    pub steps: (u64, u64),
    /// Steps made before, in a resumed run.
    pub resumed_at: u64,
    /// The run folder.
    pub folder: PathBuf,
}

/// One figure of the base and of the expert.
#[derive(Debug, Clone, Serialize)]
pub struct Compared<T> {
    /// Of the base alone.
    pub base: T,
    /// Of the base with the adapter.
    pub expert: T,
}

/// What training was worth.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// Held-out loss of the base and of the expert, nats per token.
    pub loss: Option<Compared<f64>>,
    /// Held-out token accuracy of the base and of the expert.
    pub token_accuracy: Option<Compared<f64>>,
    /// Graded score on held-out records, base and expert.
    pub held_out: Option<Compared<Scores>>,
    /// Graded score on the manifest's own prompts, base and expert.
    pub eval_prompts: Option<Compared<Scores>>,
    /// Step of the adapter that was kept.
    pub step: u64,
}

/// How `train` ended.
#[derive(Debug)]
pub enum TrainEnd {
    /// With an adapter.
    Done(Box<Summary>, RunFolder),
    /// Stopped by the person; a checkpoint stands.
    Stopped(Outcome, RunFolder),
    /// Stopped by the person before training began; what is judged is kept.
    StoppedBefore,
}

/// Receives what happens, in this order: what the gate does, `data`, `plan`, then the engine's
/// events, then `grading` per answer.
pub trait TrainReporter: Reporter + PullReporter {
    /// Hears how far judging is.
    fn gate(&self) -> &dyn GateReporter;
    /// What became of the records; `true` when the set stood there already.
    fn data(&mut self, set: &PreparedSet, found: bool);
    /// What is about to happen.
    fn plan(&mut self, plan: &Plan);
    /// An answer of `who` (`base`, `expert`) was written: the `done`th of `total`.
    fn grading(&mut self, who: &str, done: usize, total: usize, answer: &Answer);
}

/// Where the run goes.
#[derive(Debug, Clone)]
pub enum RunPlace {
    /// A new folder.
    New(PathBuf),
    /// A folder whose last checkpoint is gone on from.
    Resume(PathBuf),
}

/// The request that a run folder records, for `--resume`.
///
/// # Errors
/// When the folder is not a run of this expert.
pub fn recorded_request(path: &Path, expert: &str) -> Result<TrainRequest, ExpertError> {
    let record = read_record(path)?;
    if record.expert != expert {
        let problem = format!("it is a run of expert `{}`, got `{expert}`", record.expert);
        return Err(ExpertError::Resume { path: path.to_owned(), problem });
    }
    Ok(record.request)
}

fn read_record(path: &Path) -> Result<RunRecord, ExpertError> {
    let fault = |problem: String| ExpertError::Resume { path: path.to_owned(), problem };
    if !path.join("run.json").is_file() {
        return Err(fault("there is no `run.json` in it, so it is not a run folder".into()));
    }
    let value = RunFolder::create(path)?.read_json("run.json")?.unwrap_or(Value::Null);
    serde_json::from_value(value).map_err(|e| fault(format!("its `run.json` is not readable: {e}")))
}

/// Trains.
///
/// # Errors
/// What any part of it says; checkpoints written before an error stand.
pub fn train(
    expert: &OpenExpert,
    request: &TrainRequest,
    place: &RunPlace,
    stop: &AtomicBool,
    reporter: &mut dyn TrainReporter,
) -> Result<TrainEnd, ExpertError> {
    // The folder first: a place that cannot be written to is known before any work.
    let (RunPlace::New(path) | RunPlace::Resume(path)) = place;
    let folder = RunFolder::create(path)?;
    let end = train_in(folder.clone(), expert, request, place, stop, reporter);
    if matches!(end, Err(_) | Ok(TrainEnd::StoppedBefore)) {
        // Data or a base that cannot be used: then no run has begun.
        folder.remove_if_empty();
    }
    end
}

fn train_in(
    folder: RunFolder,
    open: &OpenExpert,
    request: &TrainRequest,
    place: &RunPlace,
    stop: &AtomicBool,
    reporter: &mut dyn TrainReporter,
) -> Result<TrainEnd, ExpertError> {
    let recipe = &request.recipe;
    let path = folder.path().to_owned();
    let expert = &open.expert;
    let datasets = locate(&request.datasets, reporter)?;
    let model = base::files(&recipe.base_model, reporter)?;
    let data = DataRequest {
        datasets,
        map: request.map.clone(),
        recipe: recipe.clone(),
        options: request.options.clone(),
        out: None,
        workers: None,
        take_prepared: true,
    };
    let prepared = prepare(open, &data, Some((&model, &recipe.base_model)), stop, reporter.gate())?;
    let Prepared::Done(set, found) = prepared else { return Ok(TrainEnd::StoppedBefore) };
    reporter.data(&set, found);
    let (train_records, held_records) = (set.records(Half::Train)?, set.records(Half::Validation)?);
    let base = Base::load(&recipe.base_model, model)?;
    let tokeniser = Tokeniser::new(&base.model)?;
    let limit = recipe.training.max_seq_len;
    let training = tokeniser.records(expert, &train_records, limit)?;
    let held = tokeniser.records(expert, &held_records, limit)?;
    if training.examples.is_empty() {
        let (records, shortest) = (train_records.len(), training.shortest);
        return Err(ExpertError::AllTooLong { records, max_seq_len: limit, shortest });
    }
    let record = RunRecord {
        expert: expert.name().to_owned(),
        expert_version: expert.manifest().version.clone(),
        request: request.clone(),
        base: base.reference.clone(),
        data: digest(&training.examples, &held.examples),
    };
    let config = train_config(&recipe.training);
    let adapter = Adapter::init(adapter_config(&recipe.adapter), &base.decoder, recipe.training.seed)?;
    let trainable = adapter.params.len();
    let adapted = adapter.slots().len();
    let mut trainer = Trainer::new(&base.decoder, adapter, config.clone())?;
    let mut start = None;
    if let RunPlace::Resume(path) = place {
        start = Some(resume(path, &record, &base, &mut trainer)?);
    }
    let total = config.total_steps(training.examples.len());
    reporter.plan(&Plan {
        base: base.reference.clone(),
        base_parameters: base.decoder.parameters(),
        trainable,
        adapted,
        recipe: recipe.clone(),
        train: (training.examples.len(), training.too_long),
        validation: (held.examples.len(), held.too_long),
        tokens: token_counts(&training),
        steps: (total, config.warmup(total)),
        resumed_at: trainer.steps(),
        folder: path,
    });
    folder.write_json("run.json", &record)?;
    folder.write_json("recipe.json", recipe)?;
    let metrics = folder.metrics(trainer.steps())?;
    let checkpoints = folder.checkpoints();
    let plan = RunPlan {
        config: &config,
        train: &training.examples,
        validation: &held.examples,
        base: &base.reference,
        checkpoints: &checkpoints,
        fingerprint: &record.data,
        stop,
    };
    let outcome = run(&mut trainer, &base.decoder, &plan, start, &mut Recorded { inner: reporter, metrics })?;
    if outcome.stopped {
        return Ok(TrainEnd::Stopped(outcome, folder));
    }
    checkpoint::write_folder(&folder.adapter(), |dir| peft::save(dir, &trainer.adapter, &base.reference))?;
    let best_step = outcome
        .best
        .filter(|_| config.load_best_at_end)
        .map_or(outcome.step, |b| if b.step > 0 { b.step } else { outcome.step });
    let job = Evaluation {
        expert,
        base: &base,
        tokeniser: &tokeniser,
        held: &held,
        held_records: &held_records,
        recipe,
        stop,
    };
    let summary = job.run(&trainer.adapter, best_step, reporter)?;
    folder.write_json("evaluation.json", &summary)?;
    Ok(TrainEnd::Done(Box::new(summary), folder))
}

/// Takes the last checkpoint of a run, if it is a run of the same thing.
fn resume(path: &Path, now: &RunRecord, base: &Base, trainer: &mut Trainer) -> Result<checkpoint::State, ExpertError> {
    let fault = |problem: String| ExpertError::Resume { path: path.to_owned(), problem };
    let then = read_record(path)?;
    let mut differences = Vec::new();
    if then.base != now.base {
        differences.push(format!(
            "base model `{}` ({}), got `{}` ({})",
            then.base.id, then.base.digest, now.base.id, now.base.digest
        ));
    }
    if then.data != now.data {
        differences.push(format!("data of digest {}, got {}", then.data, now.data));
    }
    let changed = |a: &Value, b: &Value| {
        a.as_object().zip(b.as_object()).map_or_else(Vec::new, |(a, b)| {
            a.iter()
                .filter(|(k, v)| b.get(*k) != Some(v))
                .map(|(k, v)| format!("`{k}` = {v}, got {}", b.get(k).unwrap_or(&Value::Null)))
                .collect()
        })
    };
    let (a, b) = (json!(then.request.recipe), json!(now.request.recipe));
    for section in ["adapter", "training", "data"] {
        differences.extend(changed(&a[section], &b[section]));
    }
    if !differences.is_empty() {
        return Err(fault(format!("it is of another run: {}", differences.join("; "))));
    }
    let Some((_, latest)) = checkpoint::list(&path.join("checkpoints"))?.pop() else {
        return Err(fault("it holds no checkpoint yet".into()));
    };
    let found = checkpoint::load(&latest, &base.model.config, &base.reference)?;
    if found.state.fingerprint != now.data {
        return Err(fault(format!("the checkpoint `{}` is of other data", latest.display())));
    }
    trainer.restore(found.adapter.params, found.optimizer);
    Ok(found.state)
}

fn digest(train: &[Example], held: &[Example]) -> String {
    let mut hash = Sha256::new();
    for part in [train, held] {
        hash.update((part.len() as u64).to_le_bytes());
        for example in part {
            hash.update((example.ids.len() as u64).to_le_bytes());
            for (id, loss) in example.ids.iter().zip(&example.loss) {
                hash.update(id.to_le_bytes());
                hash.update([u8::from(*loss)]);
            }
        }
    }
    hash.finalize().iter().map(|b| format!("{b:02x}")).collect()
}

fn token_counts(data: &Tokenised) -> (usize, usize) {
    let tokens = data.examples.iter().map(|e| e.ids.len()).sum();
    (tokens, data.examples.iter().map(Example::loss_tokens).sum())
}

/// Passes events on and writes the metrics.
struct Recorded<'a> {
    inner: &'a mut dyn TrainReporter,
    metrics: Metrics,
}

impl Reporter for Recorded<'_> {
    fn step(&mut self, r: &StepReport) -> hive_engine::Result<()> {
        self.metrics.add(&json!({
            "step": r.step, "loss": r.loss, "grad_norm": r.grad_norm, "learning_rate": r.learning_rate,
            "loss_tokens": r.loss_tokens, "input_tokens": r.input_tokens, "seconds": r.seconds,
        }))?;
        self.inner.step(r)
    }

    fn evaluated(&mut self, r: &EvalReport) -> hive_engine::Result<()> {
        self.metrics.add(&json!({
            "step": r.step, "eval_loss": r.loss, "token_accuracy": r.token_accuracy, "best": r.best, "seconds": r.seconds,
        }))?;
        self.inner.evaluated(r)
    }

    fn checkpoint(&mut self, step: u64, path: &Path) -> hive_engine::Result<()> {
        self.inner.checkpoint(step, path)
    }
}

/// The comparison at the end.
struct Evaluation<'a> {
    expert: &'a LoadedExpert,
    base: &'a Base,
    tokeniser: &'a Tokeniser<'a>,
    held: &'a Tokenised,
    held_records: &'a [Record],
    recipe: &'a Recipe,
    stop: &'a AtomicBool,
}

impl Evaluation<'_> {
    fn run(&self, adapter: &Adapter, step: u64, reporter: &mut dyn TrainReporter) -> Result<Summary, ExpertError> {
        let scales = AdapterScales::new(adapter, &self.base.decoder);
        let plain = Model { base: &self.base.decoder, adapter: None };
        let adapted = Model { adapter: Some((adapter, &scales)), ..plain };
        let held: Vec<&Example> = self.held.examples.iter().collect();
        let (mut loss, mut token_accuracy) = (None, None);
        if !held.is_empty() {
            let budget = self.recipe.training.micro_batch_tokens;
            let mut pass = Pass::new();
            let before = evaluate(&mut pass, plain, &held, budget)?;
            let after = evaluate(&mut pass, adapted, &held, budget)?;
            loss = Some(Compared { base: before.mean(), expert: after.mean() });
            token_accuracy = Some(Compared { base: before.accuracy(), expert: after.accuracy() });
        }
        let wanted = self.recipe.data.graded_prompts;
        let prompts: Vec<Record> = self.expert.eval_prompts()?.into_iter().take(wanted).map(|p| p.record).collect();
        let held_out = self.both(plain, adapted, &spread(self.held_records, wanted), reporter)?;
        let eval_prompts = self.both(plain, adapted, &prompts, reporter)?;
        Ok(Summary { loss, token_accuracy, held_out, eval_prompts, step })
    }

    fn both(
        &self,
        plain: Model,
        adapted: Model,
        prompts: &[Record],
        reporter: &mut dyn TrainReporter,
    ) -> Result<Option<Compared<Scores>>, ExpertError> {
        if prompts.is_empty() || self.stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        // An answer twice as long as the longest right one is no longer right: stop there.
        let golds = self.tokeniser.records(self.expert, prompts, usize::MAX)?;
        let longest = golds.examples.iter().map(Example::loss_tokens).max().unwrap_or(0);
        let most = (2 * longest).clamp(32, self.expert.manifest().generation.max_new_tokens);
        let mut one = |who: &str, model: Model| {
            grade(model, self.tokeniser, self.expert, prompts, most, |i, answer| {
                reporter.grading(who, i + 1, prompts.len(), answer);
                !self.stop.load(Ordering::Relaxed)
            })
        };
        Ok(Some(Compared { base: one("base", plain)?, expert: one("expert", adapted)? }))
    }
}

/// `n` records spread evenly over all of them.
fn spread(records: &[Record], n: usize) -> Vec<Record> {
    let n = n.min(records.len());
    (0..n).map(|i| records[i * records.len() / n].clone()).collect()
}
