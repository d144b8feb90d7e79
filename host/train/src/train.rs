//! Trains an expert, from records to a graded adapter in a run folder.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use hive_engine::EngineError;
use hive_engine::adapter::peft;
use hive_engine::data::Records;
use hive_engine::train::Grader;
use hive_engine::train::checkpoint::{self, State};
use hive_engine::train::run::{End, Outcome, RunPlan, run};
use hive_engine::train::trainer::Trainer;
use hive_files::{KnownDigests, remove_leftovers, sha256_of_file, write_folder};
use hive_pages::Stopwatch;
use hive_runtime::RuntimeError;
use hive_runtime::grade::Scores;
use hive_runtime::opened::OpenExpert;
use tracing::info_span;

use super::data_sources::{self, DataSource};
use super::evaluation::{self, Compared, Evaluation, HeldOutGrader, Summary};
use super::metrics::{Metrics, Recorded};
use super::plan::Plan;
use super::prompt_sample::PromptSample;
use super::receipt::{self, Receipt};
use super::replay::changed;
use super::reporter::TrainReporter;
use super::run_folder::RunFolder;
use super::run_page::RunPage;
use super::run_record::{Change, RunRecord, TrainRequest, differences};
use super::setup::{Setup, set_up};
use super::small::sized;
use super::tensorboard::Events;
use super::{TrainError, making};

/// The result of `train`.
#[derive(Debug)]
pub enum TrainEnd {
    /// Finished, with an adapter.
    Done(Box<Summary>, Outcome, RunFolder),
    /// Stopped by the user; a checkpoint was saved, unless it was before the end of the first step.
    Stopped(Outcome, RunFolder),
    /// The run was already finished, and nothing has changed since.
    AlreadyDone(Box<Summary>, RunFolder),
    /// Stopped by the user before training began; judged records are kept.
    StoppedBefore,
}

/// The folder of the run.
#[derive(Debug, Clone)]
pub enum RunPlace {
    /// A new folder.
    New(PathBuf),
    /// A folder whose last checkpoint is resumed; with `force`, the recipe may differ in the keys
    /// that may change.
    Resume {
        /// The folder.
        path: PathBuf,
        /// Whether the recipe may differ.
        force: bool,
    },
}

impl RunPlace {
    /// The folder `path`: a run that it holds is resumed with the same recipe, otherwise one begins there.
    pub fn at(path: &Path) -> Self {
        if path.join("run.json").is_file() {
            Self::Resume { path: path.to_owned(), force: false }
        } else {
            Self::New(path.to_owned())
        }
    }
}

/// Trains an expert.
///
/// # Errors
/// Errors of any part; checkpoints written before an error are kept.
pub fn train(
    expert: &OpenExpert,
    request: &TrainRequest,
    place: &RunPlace,
    stop: &AtomicBool,
    reporter: &mut dyn TrainReporter,
) -> Result<TrainEnd, TrainError> {
    // The folder first, so that an unwritable place is reported before any work.
    let (RunPlace::New(path) | RunPlace::Resume { path, .. }) = place;
    let folder = RunFolder::create(path)?;
    let _lock = folder.lock()?;
    let job = Job { folder: &folder, open: expert, request, place, stop };
    let end = job.run(reporter);
    if matches!(place, RunPlace::New(_)) && matches!(end, Err(_) | Ok(TrainEnd::StoppedBefore)) {
        // With unusable data or an unusable base model, no run has begun.
        folder.remove_if_nothing_begun();
    }
    end.map_err(|error| match error {
        // A grader's error was wrapped by the engine.
        TrainError::Runtime(RuntimeError::Engine(EngineError::Caller(inner))) => match inner.downcast::<TrainError>() {
            Ok(error) => *error,
            Err(other) => EngineError::Caller(other).into(),
        },
        other => other,
    })
}

struct Job<'a> {
    folder: &'a RunFolder,
    open: &'a OpenExpert,
    request: &'a TrainRequest,
    place: &'a RunPlace,
    stop: &'a AtomicBool,
}

impl Job<'_> {
    fn run(&self, reporter: &mut dyn TrainReporter) -> Result<TrainEnd, TrainError> {
        let Self { folder, open, stop, .. } = *self;
        let stopwatch = Stopwatch::start();
        let expert = &open.expert;
        let mut record = self.record()?;
        let Some(setup) = set_up(open, self.request, stop, reporter)? else { return Ok(TrainEnd::StoppedBefore) };
        let request = &setup.request;
        let recipe = &request.recipe;
        let config = &setup.config;
        let adapter = setup.fresh_adapter()?;
        let mut trainer = Trainer::new(&setup.base.decoder, adapter, config.clone())?.stopped_by(stop);
        let start = self.resume(&mut record, &setup, &mut trainer)?;
        if let Some(summary) = self.already_done(&setup)? {
            return Ok(TrainEnd::AlreadyDone(Box::new(summary), folder.clone()));
        }
        let tokeniser = setup.tokeniser()?;
        let mut grader = HeldOutGrader::new(expert, &tokeniser, &setup, recipe)?;
        reporter.plan(&Plan::new(request, &setup, &mut trainer, start.as_ref(), Some(folder.path()))?);
        record.base = Some(setup.base.reference.clone());
        record.digests = Some(setup.digests.clone());
        record.sources = Some(self.sources(&setup)?);
        if start.is_none() {
            record.request = request.clone();
        }
        // A resumed run has the same data, so its recorded prompts remain valid.
        if record.prompts.is_none() {
            record.prompts = Some(PromptSample::of(expert, &setup.set)?);
        }
        folder.write_json("run.json", &record)?;
        folder.write_json("recipe.json", recipe)?;
        making::begin(folder, &stopwatch)?;
        let checkpoints = folder.checkpoints();
        let digests = setup.digests.map();
        let plan = RunPlan {
            config,
            train: &setup.train,
            validation: &setup.held,
            base: &setup.base.reference,
            checkpoints: &checkpoints,
            digests: &digests,
            stop,
        };
        let (step, evaluated) = start.as_ref().map_or((0, false), |s| (s.step, s.evaluated));
        let metrics = Metrics::open(folder, step, evaluated)?;
        let events = Events::create(&folder.path().join("tensorboard"), step)?;
        let mut recorded = Recorded { inner: reporter, metrics, events };
        let grading = grader.as_mut().map(|g| g as &mut dyn Grader);
        let outcome = info_span!("train").in_scope(|| run(&mut trainer, &plan, start, grading, &mut recorded));
        // The metrics so far deserve a page even when the run fails.
        let gold = expert.manifest().completion_field().unwrap_or_default();
        let page = RunPage { folder, record: &record, setup: &setup, gold };
        let paged = making::end(folder, &stopwatch).and_then(|()| page.write(None));
        let outcome = outcome?;
        paged?;
        if outcome.end == End::Stopped {
            return Ok(TrainEnd::Stopped(outcome, folder.clone()));
        }
        write_folder(&folder.adapter(), |dir| peft::save(dir, &trainer.adapter, &setup.base.reference))?;
        let records = (setup.train.len(), setup.held.len());
        let inputs = (&setup.base.reference, &setup.digests);
        let receipt = Receipt::of(folder, &record, inputs, &setup.library, records, &outcome)?;
        folder.write_json(receipt::FILE, &receipt)?;
        let job = Evaluation { expert, setup: &setup, tokeniser: &tokeniser, recipe, stop };
        let summary =
            info_span!("evaluation").in_scope(|| job.run(&trainer.adapter, outcome.adapter_step, reporter))?;
        let Some(summary) = summary else {
            return Ok(TrainEnd::Stopped(Outcome { end: End::Stopped, ..outcome }, folder.clone()));
        };
        folder.write_json("evaluation.json", &summary)?;
        making::end(folder, &stopwatch)?;
        page.write(Some(&summary))?;
        Ok(TrainEnd::Done(Box::new(summary), outcome, folder.clone()))
    }

    /// The run's record: a new one, written immediately so that a run killed during data
    /// preparation can be resumed; or that of the resumed run.
    fn record(&self) -> Result<RunRecord, TrainError> {
        let expert = &self.open.expert;
        match self.place {
            RunPlace::Resume { path, .. } => {
                remove_leftovers(path)?;
                remove_leftovers(&self.folder.checkpoints())?;
                RunRecord::read_of(path, expert.name())
            }
            RunPlace::New(_) => {
                let record = RunRecord {
                    expert: expert.name().to_owned(),
                    expert_version: expert.manifest().version.clone(),
                    request: self.request.clone(),
                    base: None,
                    digests: None,
                    sources: None,
                    prompts: None,
                    changes: Vec::new(),
                };
                self.folder.write_json("run.json", &record)?;
                Ok(record)
            }
        }
    }

    /// The data sets of this run as they are now.
    fn sources(&self, setup: &Setup) -> Result<Vec<DataSource>, TrainError> {
        let known = self.open.context.home.as_deref().map(KnownDigests::of);
        data_sources::of(&setup.datasets, &setup.set, known.as_ref())
    }

    /// The evaluation of the resumed run, if it is finished with the same recipe.
    fn already_done(&self, setup: &Setup) -> Result<Option<Summary>, TrainError> {
        if !matches!(self.place, RunPlace::Resume { .. }) {
            return Ok(None);
        }
        let Some(receipt) = Receipt::read(self.folder)? else { return Ok(None) };
        let tensors = self.folder.adapter().join(peft::TENSOR_FILE);
        if receipt.digests != setup.digests || !tensors.is_file() || sha256_of_file(&tensors)? != receipt.adapter.sha256
        {
            return Ok(None);
        }
        // An evaluation of another format, or an interrupted one, is repeated.
        let summary = self.folder.read_json("evaluation.json")?.and_then(|own| serde_json::from_value(own).ok());
        let prompts = self.open.expert.eval_prompts()?.len();
        let wanted = self.request.recipe.data.graded_prompts;
        let answered = |pair: &Option<Compared<Scores>>| pair.as_ref().map_or(0, |pair| pair.expert.graded.len());
        let whole = |summary: &Summary| {
            summary.format == evaluation::FORMAT
                && answered(&summary.held_out) == wanted.min(setup.set.report.validation)
                && answered(&summary.eval_prompts) == wanted.min(prompts)
        };
        Ok(summary.filter(whole))
    }

    /// Restores the last checkpoint of the resumed run, if the run has the same inputs; `None` when
    /// there is none yet.
    fn resume(
        &self,
        record: &mut RunRecord,
        setup: &Setup,
        trainer: &mut Trainer,
    ) -> Result<Option<State>, TrainError> {
        let RunPlace::Resume { path, force } = self.place else { return Ok(None) };
        let fault = |changed: Vec<&'static str>, details: Vec<String>, forcible: bool| {
            Err(TrainError::OtherRun { path: path.to_owned(), changed, details, forcible })
        };
        let then = sized(&record.request, setup.train.len());
        let found = differences(&then.recipe, &setup.request.recipe);
        let mut what = Vec::new();
        let mut fixed = Vec::new();
        if let Some(then) = &record.digests {
            let ids = record.base.as_ref().map(|base| (base.id.as_str(), setup.base.reference.id.as_str()));
            for (name, line) in changed(then, &setup.digests) {
                match (name, ids, &record.sources) {
                    ("data", _, Some(sources)) => {
                        fixed.extend(data_sources::differences(sources, &self.sources(setup)?))
                    }
                    ("base", Some((then, now)), _) => fixed.push(format!("{line} (`{then}`, now `{now}`)")),
                    _ => fixed.push(line),
                }
                what.push(name);
            }
        }
        if !(found.fixed.is_empty() && found.forcible.is_empty()) {
            what.push("recipe");
        }
        fixed.extend(found.fixed);
        if !fixed.is_empty() {
            return fault(what, [fixed, found.forcible].concat(), false);
        }
        if !found.forcible.is_empty() && !force {
            return fault(what, found.forcible, true);
        }
        let latest = checkpoint::list(&self.folder.checkpoints())?.pop();
        let state = match latest {
            Some((_, latest)) => {
                let loaded = checkpoint::load(&latest, &setup.base.model.config, &setup.base.reference)?;
                let digests = setup.digests.map();
                let of_another = |name: &&str| loaded.state.digests.get(*name) != digests.get(*name);
                if let Some(name) = ["base", "tokenizer", "template", "data"].iter().find(|n| of_another(n)) {
                    let problem = format!("the checkpoint `{}` was made with another {name}", latest.display());
                    return Err(TrainError::Resume { path: path.to_owned(), problem });
                }
                trainer.restore(loaded.adapter.params, loaded.optimizer, loaded.state.step);
                Some(loaded.state)
            }
            None => None,
        };
        if !found.forcible.is_empty() {
            let at_step = trainer.steps();
            let recipe = std::mem::replace(&mut record.request.recipe, setup.request.recipe.clone());
            record.request.origins = setup.request.origins.clone();
            // Before the first step, the old recipe was not used.
            if at_step > 0 {
                record.changes.push(Change { at_step, recipe });
            }
        }
        Ok(state)
    }
}

/// The path of the run named by `--resume`, or of the latest run of this expert below `runs`.
pub fn run_to_resume(named: Option<&Path>, runs: &Path, expert: &str) -> Option<PathBuf> {
    named.map(Path::to_owned).or_else(|| RunFolder::latest(runs, expert, "run.json"))
}
