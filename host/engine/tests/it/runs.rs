//! Guarantees of a training run: a resumed run gives the same bytes as one that was never stopped, the best checkpoints are on
//! disk at every moment, early stopping, and steps with a non-finite loss are skipped.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use hive_engine::adapter::peft::BaseRef;
use hive_engine::adapter::{Adapter, Method};
use hive_engine::data::{Example, Records};
use hive_engine::network::pass::Model;
use hive_engine::train::checkpoint::{self, State};
use hive_engine::train::run::End;
use hive_engine::train::{
    EvalReport, Graded, Grader, Metric, NonFinite, Outcome, Reporter, RunPlan, Schedule, SkipReport, StepReport,
    Trainer, TrainingSpec, run,
};
use hive_engine::weights::config::Architecture;
use hive_engine::weights::decoder::Decoder;
use hive_engine::{EngineError, Result};

use crate::fixtures::{adapter_config, decoder, examples, train_config};

/// A run of these tests.
struct Case {
    base: Decoder,
    config: TrainingSpec,
    dropout: f64,
    training: Vec<Example>,
    validation: Vec<Example>,
    stop: AtomicBool,
}

impl Case {
    fn new() -> Self {
        let mut records = examples(20, 61);
        let training = records.split_off(4);
        let base = decoder(Architecture::Llama, true);
        let mut config = train_config();
        config.seed = 4;
        Self { base, config, dropout: 0.0, training, validation: records, stop: AtomicBool::new(false) }
    }

    /// Trains in `dir`, from its latest checkpoint if there is one.
    fn go(&self, dir: &Path, grader: Option<&mut dyn Grader>, log: &mut Log) -> Result<(Vec<f32>, Outcome)> {
        let base = BaseRef { id: "tiny".into(), digest: "0".repeat(64) };
        let digests = BTreeMap::from([("data".to_owned(), "test".to_owned())]);
        let plan = RunPlan {
            config: &self.config,
            train: &self.training,
            validation: &self.validation,
            base: &base,
            checkpoints: dir,
            digests: &digests,
            stop: &self.stop,
        };
        let mut adapter_config = adapter_config(Method::Dora);
        adapter_config.dropout = self.dropout;
        let adapter = Adapter::init(adapter_config, &self.base, 1)?;
        let mut trainer = Trainer::new(&self.base, adapter, self.config.clone())?.stopped_by(&self.stop);
        let mut start: Option<State> = None;
        if let Some((_, latest)) = checkpoint::list(dir)?.pop() {
            let found = checkpoint::load(&latest, &self.base.config, &base)?;
            trainer.restore(found.adapter.params, found.optimizer, found.state.step);
            log.keep_up_to(&found.state);
            start = Some(found.state);
        } else {
            let Log { fail_at_step, fail_at_saving, .. } = *log;
            *log = Log { fail_at_step, fail_at_saving, ..Log::default() };
        }
        let outcome = run(&mut trainer, &plan, start, grader, log)?;
        Ok((trainer.adapter.params, outcome))
    }
}

/// Records all events of a run, and makes it fail at a chosen event.
#[derive(Default, Clone, Debug, PartialEq)]
struct Log {
    steps: Vec<(u64, f64, f64)>,
    evals: Vec<(u64, f64, Option<usize>)>,
    skips: Vec<u64>,
    fail_at_step: Option<u64>,
    fail_at_saving: Option<u64>,
}

impl Log {
    /// Drops events after a checkpoint, as the metrics of a resumed run do.
    fn keep_up_to(&mut self, state: &State) {
        self.steps.retain(|s| s.0 <= state.step);
        self.evals.retain(|e| e.0 < state.step || e.0 == state.step && state.evaluated);
        self.skips.retain(|s| *s <= state.step);
    }

    fn fault() -> EngineError {
        EngineError::unsupported("stopped by the test")
    }
}

impl Reporter for Log {
    fn step(&mut self, r: &StepReport) -> Result<()> {
        self.steps.push((r.step, r.loss, r.grad_norm));
        if self.fail_at_step == Some(r.step) { Err(Self::fault()) } else { Ok(()) }
    }
    fn evaluated(&mut self, r: &EvalReport) -> Result<()> {
        self.evals.push((r.step, r.loss, r.place));
        Ok(())
    }
    fn skipped(&mut self, r: &SkipReport) -> Result<()> {
        self.skips.push(r.step);
        Ok(())
    }
    fn saving(&mut self, step: u64) -> Result<()> {
        if self.fail_at_saving == Some(step) { Err(Self::fault()) } else { Ok(()) }
    }
    fn checkpoint(&mut self, _: u64, path: &Path) -> Result<()> {
        assert!(path.join("state.json").exists());
        Ok(())
    }
}

#[test]
fn a_run_that_was_stopped_anywhere_ends_in_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let mut case = Case::new();
    // 16 records, 4 a step in micro-batches of 2, dropout; 10 steps go over two epoch boundaries.
    (case.config.steps, case.dropout) = (Some(10), 0.1);
    case.config.micro_batch_records = Some(2);
    (case.config.eval_steps, case.config.save_steps) = (3, 2);
    let mut whole_log = Log::default();
    let (whole, outcome) = case.go(&dir.path().join("whole"), None, &mut whole_log).unwrap();
    assert_eq!((outcome.step, outcome.end), (10, End::Complete));
    assert!(whole_log.steps.last().unwrap().1 < whole_log.steps[0].1, "it learns: {whole_log:?}");
    assert_eq!(whole_log.evals.iter().map(|e| e.0).collect::<Vec<_>>(), [0, 3, 6, 9, 10]);
    for step in 1..=10 {
        for saving in [false, true] {
            let place = dir.path().join(format!("{step}-{saving}"));
            let mut log = Log::default();
            if saving {
                log.fail_at_saving = Some(step);
            } else {
                log.fail_at_step = Some(step);
            }
            let failed = case.go(&place, None, &mut log);
            // Not every step is saved.
            assert!(failed.is_err() || saving && ![2, 3, 4, 6, 8, 9, 10].contains(&step));
            (log.fail_at_step, log.fail_at_saving) = (None, None);
            let (resumed, outcome_resumed) = case.go(&place, None, &mut log).unwrap();
            assert!(resumed == whole, "stopped at step {step}, saving {saving}");
            assert_eq!(outcome_resumed, outcome);
            if failed.is_err() {
                assert_eq!(log, whole_log, "stopped at step {step}, saving {saving}");
            }
        }
    }
}

/// Stops the run after a step.
struct StopAt<'a>(&'a AtomicBool, u64, Log);

impl Reporter for StopAt<'_> {
    fn step(&mut self, r: &StepReport) -> Result<()> {
        if r.step == self.1 {
            self.0.store(true, Ordering::Relaxed);
        }
        self.2.step(r)
    }
    fn evaluated(&mut self, r: &EvalReport) -> Result<()> {
        self.2.evaluated(r)
    }
    fn skipped(&mut self, r: &SkipReport) -> Result<()> {
        self.2.skipped(r)
    }
    fn saving(&mut self, step: u64) -> Result<()> {
        self.2.saving(step)
    }
    fn checkpoint(&mut self, step: u64, path: &Path) -> Result<()> {
        self.2.checkpoint(step, path)
    }
}

#[test]
fn a_stop_finishes_the_step_saves_and_owes_the_evaluation() {
    let dir = tempfile::tempdir().unwrap();
    let mut case = Case::new();
    case.config.steps = Some(8);
    (case.config.eval_steps, case.config.save_steps) = (2, 100);
    let mut whole_log = Log::default();
    let (whole, _) = case.go(&dir.path().join("whole"), None, &mut whole_log).unwrap();
    // Step 4 is one after which an evaluation is due; step 5 is not.
    for step in [4, 5] {
        let place = dir.path().join(format!("{step}"));
        let base = BaseRef { id: "tiny".into(), digest: "0".repeat(64) };
        let plan = RunPlan {
            config: &case.config,
            train: &case.training,
            validation: &case.validation,
            base: &base,
            checkpoints: &place,
            digests: &BTreeMap::new(),
            stop: &case.stop,
        };
        let adapter = Adapter::init(adapter_config(Method::Dora), &case.base, 1).unwrap();
        let mut trainer = Trainer::new(&case.base, adapter, case.config.clone()).unwrap();
        let mut stopping = StopAt(&case.stop, step, Log::default());
        let outcome = run(&mut trainer, &plan, None, None, &mut stopping).unwrap();
        assert_eq!((outcome.end, outcome.step), (End::Stopped, step));
        let mut log = stopping.2;
        assert!(log.evals.iter().all(|e| e.0 < step), "a stop does not wait for an evaluation: {log:?}");
        case.stop.store(false, Ordering::Relaxed);
        let (resumed, _) = case.go(&place, None, &mut log).unwrap();
        assert!(resumed == whole);
        assert_eq!(log, whole_log);
    }
}

/// Records that stop the run when they have been read so many times.
#[derive(Debug)]
struct StopWhenRead<'a> {
    records: &'a [Example],
    stop: &'a AtomicBool,
    left: AtomicUsize,
}

impl Records for StopWhenRead<'_> {
    fn len(&self) -> usize {
        self.records.len()
    }
    fn tokens(&self, index: usize) -> usize {
        self.records.tokens(index)
    }
    fn loss_tokens(&self, index: usize) -> usize {
        self.records.loss_tokens(index)
    }
    fn get(&self, index: usize) -> Example {
        if self.left.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.stop.store(true, Ordering::Relaxed);
        }
        self.records[index].clone()
    }
}

#[test]
fn a_stop_within_a_step_or_an_evaluation_gives_it_up_and_loses_nothing_before() {
    const NEVER: usize = usize::MAX;
    let dir = tempfile::tempdir().unwrap();
    let mut case = Case::new();
    case.config.steps = Some(8);
    (case.config.eval_steps, case.config.save_steps) = (2, 100);
    let mut whole_log = Log::default();
    let (whole, _) = case.go(&dir.path().join("whole"), None, &mut whole_log).unwrap();
    // A step reads 4 records before it computes; an evaluation, the first of which is before the first step, reads 4 as it
    // computes.
    let cases: [(usize, usize, u64, &[u64]); 6] = [
        (1, NEVER, 0, &[0]),
        (4 * 3 + 1, NEVER, 3, &[0, 2]),
        (4 * 7 + 1, NEVER, 7, &[0, 2, 4, 6]),
        (NEVER, 2, 0, &[]),
        (NEVER, 4 + 2, 2, &[0]),
        (NEVER, 4 * 4 + 1, 8, &[0, 2, 4, 6]),
    ];
    for (train_reads, validation_reads, steps, evaluated) in cases {
        let place = dir.path().join(format!("{train_reads}-{validation_reads}"));
        std::fs::create_dir(&place).unwrap();
        let base = BaseRef { id: "tiny".into(), digest: "0".repeat(64) };
        let stops = |records, left| StopWhenRead { records, stop: &case.stop, left: AtomicUsize::new(left) };
        let plan = RunPlan {
            config: &case.config,
            train: &stops(&case.training, train_reads),
            validation: &stops(&case.validation, validation_reads),
            base: &base,
            checkpoints: &place,
            digests: &BTreeMap::new(),
            stop: &case.stop,
        };
        let adapter = Adapter::init(adapter_config(Method::Dora), &case.base, 1).unwrap();
        let before = adapter.params.clone();
        let mut trainer = Trainer::new(&case.base, adapter, case.config.clone()).unwrap().stopped_by(&case.stop);
        let mut log = Log::default();
        let outcome = run(&mut trainer, &plan, None, None, &mut log).unwrap();
        assert_eq!((outcome.end, outcome.step), (End::Stopped, steps), "{place:?}");
        assert_eq!(log.steps.len() as u64, steps, "a step that was given up is not reported: {log:?}");
        assert_eq!(log.evals.iter().map(|e| e.0).collect::<Vec<_>>(), evaluated, "nor is an evaluation");
        assert_eq!(trainer.adapter.params == before, steps == 0);
        let saved: Vec<u64> = checkpoint::list(&place).unwrap().into_iter().map(|(step, _)| step).collect();
        assert_eq!(saved.last().copied().unwrap_or(0), steps, "{saved:?}");
        let (_, outcome) = case.go(&place, None, &mut log).unwrap();
        assert_eq!((outcome.end, outcome.step), (End::Stopped, steps), "stopped again at once: {place:?}");
        case.stop.store(false, Ordering::Relaxed);
        let (resumed, outcome) = case.go(&place, None, &mut log).unwrap();
        assert!(resumed == whole, "{place:?}");
        assert_eq!((outcome.end, log == whole_log), (End::Complete, true), "{place:?}: {log:?}, {whole_log:?}");
    }
}

/// Returns prepared grades, one per evaluation.
struct Scripted(Vec<f64>, usize);

impl Grader for Scripted {
    fn grade(&mut self, _: Model, _: u64) -> Result<Option<Graded>> {
        self.1 += 1;
        Ok(Some(Graded { answers: 1, right: 0, credit: self.0[self.1 - 1], credit_interval: (0.0, 1.0) }))
    }
}

/// Checks the checkpoints on disk at every event.
struct Watch<'a> {
    dir: &'a Path,
    values: BTreeMap<u64, f64>,
    keep: usize,
    greater: bool,
    saved: Vec<u64>,
    saving: Option<u64>,
}

impl Watch<'_> {
    /// The latest checkpoint and the best ones evaluated before the current save must be on disk.
    fn look(&self) {
        let there: Vec<u64> = checkpoint::list(self.dir).unwrap().into_iter().map(|(step, _)| step).collect();
        let before = self.saved.last().copied().unwrap_or(0);
        let mut best: Vec<(u64, f64)> =
            self.values.iter().map(|(s, v)| (*s, *v)).filter(|(s, _)| *s <= before).collect();
        best.sort_by(|a, b| if self.greater { b.1.total_cmp(&a.1) } else { a.1.total_cmp(&b.1) });
        for (step, _) in best.iter().take(self.keep) {
            assert!(there.contains(step), "step {step} is among the best and not on disk: {there:?}");
        }
        assert!(self.saved.is_empty() || there.contains(&before), "the latest is {before}, on disk: {there:?}");
        if self.saving.is_none() {
            assert!(there.len() <= self.keep + 1, "what is neither best nor latest goes: {there:?}");
        }
    }
}

impl Reporter for Watch<'_> {
    fn step(&mut self, _: &StepReport) -> Result<()> {
        self.look();
        Ok(())
    }
    fn evaluated(&mut self, r: &EvalReport) -> Result<()> {
        if let Some(graded) = r.graded.filter(|_| r.step > 0) {
            self.values.insert(r.step, graded.credit);
        }
        self.look();
        Ok(())
    }
    fn skipped(&mut self, _: &SkipReport) -> Result<()> {
        Ok(())
    }
    fn saving(&mut self, step: u64) -> Result<()> {
        self.saving = Some(step);
        self.look();
        Ok(())
    }
    fn checkpoint(&mut self, step: u64, _: &Path) -> Result<()> {
        self.saving = None;
        self.saved.push(step);
        self.look();
        Ok(())
    }
}

/// Checks from another thread: if the latest checkpoint does not change during the check, all checkpoints that it lists as the
/// best are on disk.
fn bystander(dir: &Path, done: &AtomicBool) -> u64 {
    let latest = || checkpoint::list(dir).unwrap_or_default().pop();
    let mut looks = 0;
    while !done.load(Ordering::Relaxed) {
        let Some((step, path)) = latest() else { continue };
        let Ok(text) = std::fs::read_to_string(path.join("state.json")) else { continue };
        let state: State = serde_json::from_str(&text).expect("a state under its final name is whole");
        let there: Vec<u64> = checkpoint::list(dir).unwrap().into_iter().map(|(step, _)| step).collect();
        if latest().is_some_and(|(again, _)| again == step) {
            for best in state.best.steps() {
                assert!(there.contains(&best), "{best} is one of the best of step {step}, there are {there:?}");
            }
            looks += 1;
        }
    }
    looks
}

#[test]
fn the_best_and_the_latest_are_on_disk_at_every_moment() {
    // The best values come early; then they get worse, with some noise.
    let curve = [9.0, 5.0, 2.0, 1.0, 3.0, 4.0, 6.0, 7.0, 2.5, 8.0, 8.5, 9.0, 9.5, 9.7, 9.8, 9.9, 10.0];
    for greater in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let mut case = Case::new();
        case.config.steps = Some(16);
        (case.config.eval_steps, case.config.save_steps, case.config.keep_best) = (1, 1, 4);
        (case.config.best_metric, case.config.greater_is_better) = (Metric::Score, Some(greater));
        let sign = if greater { -1.0 } else { 1.0 };
        let mut grader = Scripted(curve.iter().map(|v| sign * v).collect(), 0);
        let mut watch =
            Watch { dir: dir.path(), values: BTreeMap::new(), keep: 4, greater, saved: Vec::new(), saving: None };
        let base = BaseRef { id: "tiny".into(), digest: "0".repeat(64) };
        let plan = RunPlan {
            config: &case.config,
            train: &case.training,
            validation: &case.validation,
            base: &base,
            checkpoints: dir.path(),
            digests: &BTreeMap::new(),
            stop: &case.stop,
        };
        let adapter = Adapter::init(adapter_config(Method::Dora), &case.base, 1).unwrap();
        let mut trainer = Trainer::new(&case.base, adapter, case.config.clone()).unwrap();
        let done = AtomicBool::new(false);
        let (outcome, looks) = std::thread::scope(|scope| {
            let bystander = scope.spawn(|| bystander(dir.path(), &done));
            let outcome = run(&mut trainer, &plan, None, Some(&mut grader), &mut watch);
            done.store(true, Ordering::Relaxed);
            (outcome.unwrap(), bystander.join().unwrap())
        });
        assert!(looks > 0);
        assert_eq!(outcome.best.steps().collect::<Vec<_>>(), [3, 2, 8, 4]);
        assert_eq!(outcome.adapter_step, 3, "the best is loaded at the end");
        let there: Vec<u64> = checkpoint::list(dir.path()).unwrap().into_iter().map(|(step, _)| step).collect();
        assert_eq!(there, [2, 3, 4, 8, 16]);
        let best = checkpoint::load(&dir.path().join("step-000003"), &case.base.config, &base).unwrap();
        assert_eq!(trainer.adapter.params, best.adapter.params);
    }
}

#[test]
fn the_best_by_loss_is_loaded_at_the_end() {
    // With so high a rate the loss goes up and down, depending on rounding. A first run shows where it goes up, and the second
    // ends there, so that its best step is not its last.
    let train = |steps: u64| {
        let dir = tempfile::tempdir().unwrap();
        let mut case = Case::new();
        (case.config.learning_rate, case.config.schedule) = (0.5, Schedule::Constant);
        (case.config.steps, case.config.warmup_ratio) = (Some(steps), 0.0);
        (case.config.eval_steps, case.config.save_steps) = (1, 3);
        let mut log = Log::default();
        let (_, outcome) = case.go(dir.path(), None, &mut log).unwrap();
        let evals: Vec<(u64, f64)> = log.evals.iter().map(|e| (e.0, e.1)).filter(|e| e.0 > 0).collect();
        (outcome.adapter_step, evals)
    };
    let lowest = |evals: &[(u64, f64)]| evals.iter().min_by(|a, b| a.1.total_cmp(&b.1)).unwrap().0;
    let (kept, evals) = train(10);
    assert_eq!(kept, lowest(&evals), "{evals:?}");
    let worse = evals.windows(2).find(|pair| pair[1].1 > pair[0].1);
    let (last, _) = worse.unwrap_or_else(|| panic!("the test wants a run that gets worse: {evals:?}"))[1];
    let (kept, evals) = train(last);
    assert_eq!(kept, lowest(&evals), "{evals:?}");
    assert!(kept < last, "{evals:?}");
}

#[test]
fn a_run_ends_when_nothing_gets_better_and_stays_ended() {
    let dir = tempfile::tempdir().unwrap();
    let mut case = Case::new();
    case.config.steps = Some(20);
    (case.config.eval_steps, case.config.save_steps, case.config.patience) = (1, 100, Some(3));
    case.config.best_metric = Metric::Score;
    let mut grader = Scripted(vec![0.0, 0.1, 0.5, 0.4, 0.5, 0.3, 1.0], 0);
    let mut log = Log::default();
    let (params, outcome) = case.go(dir.path(), Some(&mut grader), &mut log).unwrap();
    assert_eq!((outcome.end, outcome.step, outcome.adapter_step), (End::Patience, 5, 2));
    // Resuming it makes no further step.
    let (again, outcome_again) = case.go(dir.path(), Some(&mut Scripted(vec![], 0)), &mut log).unwrap();
    assert_eq!((again, outcome_again), (params, outcome));
}

#[test]
fn the_last_step_counts_by_its_own_tokens() {
    let dir = tempfile::tempdir().unwrap();
    let mut case = Case::new();
    // 16 records in steps of 6: 6, 6 and 4.
    (case.config.epochs, case.config.effective_batch) = (1.0, 6);
    (case.config.eval_steps, case.config.save_steps) = (100, 2);
    let mut log = Log::default();
    case.go(dir.path(), None, &mut log).unwrap();
    assert_eq!(log.steps.len(), 3);
    // The loss of the third step is the mean over the remaining four records.
    let mut order = hive_engine::data::order::Order::new(16, case.config.seed);
    let left: Vec<Example> = order.at(12..16).into_iter().map(|i| case.training[i].clone()).collect();
    let base = BaseRef { id: "tiny".into(), digest: "0".repeat(64) };
    let before = checkpoint::load(&dir.path().join("step-000002"), &case.base.config, &base);
    // Only the best and the latest checkpoints are kept, so the second step's adapter may have to be trained again.
    let params = match before {
        Ok(found) => found.adapter.params,
        Err(_) => {
            case.config.steps = Some(2);
            case.go(&dir.path().join("two"), None, &mut Log::default()).unwrap().0
        }
    };
    let adapter = Adapter::init(adapter_config(Method::Dora), &case.base, 1).unwrap();
    let mut trainer = Trainer::new(&case.base, adapter, case.config.clone()).unwrap();
    let optimizer = trainer.optimizer.clone();
    trainer.restore(params, optimizer, 2);
    let loss = trainer.gradients(&left).unwrap().0.mean();
    assert!((log.steps[2].1 - loss).abs() < 1e-6 * loss, "{} and {loss}", log.steps[2].1);
}

#[test]
fn steps_that_are_not_finite_are_skipped_and_counted_or_end_the_run() {
    let dir = tempfile::tempdir().unwrap();
    let mut case = Case::new();
    case.config.steps = Some(30);
    // A rate so high that the adapter overflows after its first step.
    case.config.learning_rate = 1e38;
    (case.config.eval_steps, case.config.save_steps) = (1000, 1);
    case.validation.clear();
    let mut log = Log::default();
    let error = case.go(&dir.path().join("stop"), None, &mut log).unwrap_err().to_string();
    assert!(error.contains("at step 2"), "{error}");
    assert_eq!(checkpoint::list(&dir.path().join("stop")).unwrap().len(), 1, "the checkpoint before stands");
    case.config.non_finite = NonFinite::Skip;
    let mut log = Log::default();
    let error = case.go(&dir.path().join("skip"), None, &mut log).unwrap_err().to_string();
    assert!(error.contains("after 10 steps in a row that were skipped"), "{error}");
    assert_eq!(log.skips, (2..=11).collect::<Vec<_>>());
}
