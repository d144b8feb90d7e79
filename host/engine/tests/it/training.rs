//! What training promises: step 0 is the base, the cut does not matter, masked tokens have no
//! say, the same seed gives the same bytes, merged equals unmerged, resume equals no stop.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use hive_engine::adapter::merge::merged;
use hive_engine::adapter::peft::{self, BaseRef};
use hive_engine::adapter::{Adapter, AdapterScales, Method};
use hive_engine::data::{Batch, Example};
use hive_engine::model::config::Architecture;
use hive_engine::model::pass::{Model, Pass};
use hive_engine::train::checkpoint;
use hive_engine::train::events::{EvalReport, Reporter, StepReport};
use hive_engine::train::{Outcome, RunPlan, Trainer, run};
use hive_engine::{EngineError, Result};

use crate::fixtures::{adapter_config, decoder, distance, examples, train_config, trained};

fn logits(model: Model, ids: &[u32]) -> Vec<f32> {
    let example = Example::new(ids.to_vec(), 1, 0);
    let batch = Batch::new([&example], model.base.config.vocab_size).unwrap();
    let mut pass = Pass::new();
    pass.forward(model, &batch, None, false);
    pass.logits(model.base, &(0..ids.len()).collect::<Vec<_>>())
}

#[test]
fn a_fresh_adapter_changes_nothing() {
    for method in [Method::Lora, Method::Dora] {
        let base = decoder(Architecture::Qwen3, true);
        let adapter = Adapter::init(adapter_config(method), &base, 5).unwrap();
        let scales = AdapterScales::new(&adapter, &base);
        let ids = &examples(3, 61)[2].ids;
        let plain = logits(Model { base: &base, adapter: None }, ids);
        let adapted = logits(Model { base: &base, adapter: Some((&adapter, &scales)) }, ids);
        assert!(distance(&adapted, &plain) < 1e-6);
    }
}

#[test]
fn merged_equals_unmerged() {
    for method in [Method::Lora, Method::Dora] {
        let base = decoder(Architecture::Llama, true);
        let adapter = trained(&base, adapter_config(method));
        let scales = AdapterScales::new(&adapter, &base);
        let ids = &examples(3, 61)[1].ids;
        let plain = logits(Model { base: &base, adapter: None }, ids);
        let adapted = logits(Model { base: &base, adapter: Some((&adapter, &scales)) }, ids);
        let whole = logits(Model { base: &merged(&base, &adapter), adapter: None }, ids);
        assert!(distance(&adapted, &plain) > 0.05, "the adapter must do something for this to mean anything");
        assert!(distance(&whole, &adapted) < 1e-5);
    }
}

#[test]
fn micro_batches_do_not_change_the_step() {
    // 1×8 ≡ 4×2 with uneven completions, with dropout on: masks belong to records, not batches.
    let base = decoder(Architecture::Qwen3, true);
    let mut config = adapter_config(Method::Dora);
    config.dropout = 0.2;
    let adapter = trained(&base, config);
    let records = examples(8, 61);
    let records: Vec<&Example> = records.iter().collect();
    let gradients = |budget| {
        let mut train = train_config();
        train.micro_batch_tokens = budget;
        let mut trainer = Trainer::new(&base, adapter.clone(), train).unwrap();
        let (loss, gradients) = trainer.gradients(&records).unwrap();
        (loss.mean(), gradients.to_vec())
    };
    let (one_loss, one) = gradients(100_000);
    for budget in [1, 20, 34] {
        let (loss, cut) = gradients(budget);
        assert!((loss - one_loss).abs() < 1e-6 * one_loss);
        assert!(distance(&cut, &one) < 1e-5, "budget {budget}: {}", distance(&cut, &one));
    }
}

#[test]
fn tokens_without_loss_have_no_say() {
    let base = decoder(Architecture::Llama, true);
    let adapter = trained(&base, adapter_config(Method::Dora));
    let record = &examples(6, 61)[5];
    let gradients = |example: &Example| {
        let mut trainer = Trainer::new(&base, adapter.clone(), train_config()).unwrap();
        trainer.gradients(&[example]).unwrap().1.to_vec()
    };
    let all = gradients(record);
    // What follows the last loss token cannot matter: cutting it off is the same.
    let mut short_loss = record.clone();
    let end = record.ids.len() - 3;
    short_loss.loss[end..].fill(false);
    let masked = gradients(&short_loss);
    let cut = Example { ids: record.ids[..end].to_vec(), loss: record.loss[..end].to_vec(), key: record.key };
    assert!(distance(&gradients(&cut), &masked) < 1e-5);
    assert!(distance(&masked, &all) > 1e-3);
    // And a record without any loss token adds nothing.
    let silent = Example { loss: vec![false; record.ids.len()], ..examples(4, 61)[3].clone_with_len(record.ids.len()) };
    let mut trainer = Trainer::new(&base, adapter.clone(), train_config()).unwrap();
    let both = trainer.gradients(&[record, &silent]).unwrap().1.to_vec();
    assert!(distance(&both, &all) < 1e-6);
}

trait WithLen {
    fn clone_with_len(&self, len: usize) -> Example;
}

impl WithLen for Example {
    fn clone_with_len(&self, len: usize) -> Example {
        Example::new(self.ids.iter().copied().cycle().take(len).collect(), 0, self.key)
    }
}

#[derive(Default)]
struct Log {
    losses: Vec<f64>,
    evals: Vec<(u64, f64)>,
    fail_at: Option<u64>,
}

impl Reporter for Log {
    fn step(&mut self, report: &StepReport) -> Result<()> {
        self.losses.push(report.loss);
        match self.fail_at {
            Some(step) if step == report.step => Err(EngineError::unsupported("stopped by the test")),
            _ => Ok(()),
        }
    }
    fn evaluated(&mut self, report: &EvalReport) -> Result<()> {
        self.evals.push((report.step, report.loss));
        Ok(())
    }
    fn checkpoint(&mut self, _: u64, path: &Path) -> Result<()> {
        assert!(path.join("state.json").exists());
        Ok(())
    }
}

fn base_ref() -> BaseRef {
    BaseRef { id: "tiny".into(), digest: "0".repeat(64) }
}

/// Runs 12 steps, perhaps stopping on the way and going on from the checkpoint.
fn train_in(dir: &Path, stop_at: Option<u64>) -> (Vec<f32>, Outcome, Log) {
    let base = decoder(Architecture::Llama, true);
    let mut config = adapter_config(Method::Dora);
    config.dropout = 0.1;
    let mut train = train_config();
    train.steps = Some(12);
    train.load_best_at_end = false;
    train.seed = 4;
    let records = examples(20, 61);
    let (validation, training) = records.split_at(4);
    let stop = AtomicBool::new(false);
    let base_ref = base_ref();
    let plan = RunPlan {
        config: &train,
        train: training,
        validation,
        base: &base_ref,
        checkpoints: dir,
        fingerprint: "test",
        stop: &stop,
    };
    let adapter = Adapter::init(config, &base, 1).unwrap();
    let mut log = Log { fail_at: stop_at, ..Log::default() };
    let mut trainer = Trainer::new(&base, adapter.clone(), train.clone()).unwrap();
    match run(&mut trainer, &base, &plan, None, &mut log) {
        Ok(outcome) => (trainer.adapter.params, outcome, log),
        Err(_) => {
            let (_, latest) = checkpoint::list(dir).unwrap().pop().unwrap();
            let found = checkpoint::load(&latest, &base.config, &base_ref).unwrap();
            let mut trainer = Trainer::new(&base, adapter, train.clone()).unwrap();
            trainer.restore(found.adapter.params, found.optimizer);
            let mut log = Log::default();
            let outcome = run(&mut trainer, &base, &plan, Some(found.state), &mut log).unwrap();
            (trainer.adapter.params, outcome, log)
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_resume_equals_no_stop() {
    let dir = tempfile::tempdir().unwrap();
    let (once, outcome, log) = train_in(&dir.path().join("a"), None);
    let (twice, ..) = train_in(&dir.path().join("b"), None);
    assert_eq!(once, twice);
    assert_eq!(outcome.step, 12);
    assert!(log.losses.last() < log.losses.first(), "{:?}", log.losses);
    assert_eq!(log.evals.iter().map(|e| e.0).collect::<Vec<_>>(), [0, 5, 10, 12]);
    let (resumed, outcome_resumed, _) = train_in(&dir.path().join("c"), Some(7));
    assert_eq!(once, resumed);
    assert_eq!(outcome, outcome_resumed);
}

#[test]
fn the_best_adapter_is_loaded_at_the_end_and_kept_on_disk() {
    let dir = tempfile::tempdir().unwrap();
    let base = decoder(Architecture::Llama, true);
    let mut train = train_config();
    // A rate that soon ruins the model: the best is then not the last.
    train.learning_rate = 0.5;
    train.steps = Some(10);
    train.eval_steps = 1;
    train.save_steps = 3;
    let records = examples(12, 61);
    let (validation, training) = records.split_at(4);
    let base_ref = base_ref();
    let stop = AtomicBool::new(false);
    let plan = RunPlan {
        config: &train,
        train: training,
        validation,
        base: &base_ref,
        checkpoints: dir.path(),
        fingerprint: "",
        stop: &stop,
    };
    let adapter = Adapter::init(adapter_config(Method::Dora), &base, 1).unwrap();
    let start = adapter.params.clone();
    let mut trainer = Trainer::new(&base, adapter, train.clone()).unwrap();
    let mut log = Log::default();
    let outcome = run(&mut trainer, &base, &plan, None, &mut log).unwrap();
    let best = outcome.best.unwrap();
    let lowest = log.evals.iter().copied().min_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
    assert_eq!((best.step, best.loss), lowest);
    assert_ne!(best.step, 10, "the test wants a run that gets worse: {:?}", log.evals);
    let held: Vec<&Example> = validation.iter().collect();
    if best.step > 0 {
        assert!((trainer.evaluate(&held).unwrap().mean() - best.loss).abs() < 1e-9);
        assert!(checkpoint::list(dir.path()).unwrap().iter().any(|(s, _)| *s == best.step));
    } else {
        assert_ne!(trainer.adapter.params, start);
    }
}

#[test]
fn a_stop_finishes_the_step_and_saves() {
    let dir = tempfile::tempdir().unwrap();
    let base = decoder(Architecture::Llama, true);
    let mut train = train_config();
    train.steps = Some(10);
    let records = examples(8, 61);
    let base_ref = base_ref();
    let stop = AtomicBool::new(true);
    let plan = RunPlan {
        config: &train,
        train: &records,
        validation: &[],
        base: &base_ref,
        checkpoints: dir.path(),
        fingerprint: "",
        stop: &stop,
    };
    let adapter = Adapter::init(adapter_config(Method::Lora), &base, 1).unwrap();
    let mut trainer = Trainer::new(&base, adapter, train.clone()).unwrap();
    let outcome = run(&mut trainer, &base, &plan, None, &mut Log::default()).unwrap();
    assert!(outcome.stopped && outcome.step == 1);
    assert_eq!(checkpoint::list(dir.path()).unwrap().len(), 1);
}

#[test]
fn a_loss_that_is_not_finite_stops_the_run_and_names_the_step() {
    let mut base = decoder(Architecture::Llama, true);
    let adapter = trained(&base, adapter_config(Method::Dora));
    base.norm[0] = f32::NAN;
    let mut trainer = Trainer::new(&base, adapter.clone(), train_config()).unwrap();
    let records = examples(2, 61);
    let error = trainer.step(&[&records[0]], 1e-3).unwrap_err();
    assert!(error.to_string().contains("loss is NaN at step 1"), "{error}");
    assert_eq!(trainer.adapter.params, adapter.params);
}

#[test]
fn a_tensor_that_cannot_learn_is_found_on_the_first_batch() {
    let base = decoder(Architecture::Llama, true);
    let mut adapter = trained(&base, adapter_config(Method::Dora));
    // A of zeros with B ≠ 0 gives B no gradient: not what a fresh adapter looks like.
    let range = adapter.slots()[0].a.clone();
    adapter.params[range].fill(0.0);
    let mut trainer = Trainer::new(&base, adapter, train_config()).unwrap();
    let records = examples(2, 61);
    let error = trainer.step(&[&records[0]], 1e-3).unwrap_err().to_string();
    assert!(error.contains("layers.0.self_attn.q_proj.lora_B.weight` has a gradient of zero"), "{error}");
}

#[test]
fn an_adapter_survives_its_files() {
    let dir = tempfile::tempdir().unwrap();
    let base = decoder(Architecture::Qwen3, true);
    for method in [Method::Dora, Method::Lora] {
        let adapter = trained(&base, adapter_config(method));
        peft::save(dir.path(), &adapter, &base_ref()).unwrap();
        let loaded = peft::load(dir.path(), &base.config, Some(&base_ref())).unwrap();
        assert_eq!(loaded.adapter.params, adapter.params);
        assert_eq!(loaded.adapter.config, adapter.config);
        let other = BaseRef { id: "other".into(), digest: "1".repeat(64) };
        let error = peft::load(dir.path(), &base.config, Some(&other)).unwrap_err().to_string();
        assert!(error.contains("trained on base model `tiny`"), "{error}");
        let smaller = decoder(Architecture::Llama, true);
        let mut shape = smaller.config.clone();
        shape.intermediate_size = 44;
        let error = peft::load(dir.path(), &shape, None).unwrap_err().to_string();
        assert!(error.contains("gate_proj") && error.contains("down_proj"), "{error}");
    }
}
