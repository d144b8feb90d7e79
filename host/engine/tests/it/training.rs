//! Guarantees of training: before the first step the model is the base, micro-batching does not change the result, masked
//! tokens have no influence, the same seed gives the same bytes, merged equals unmerged, resumed equals uninterrupted.

use hive_engine::adapter::merge::merged;
use hive_engine::adapter::peft::{self, BaseRef};
use hive_engine::adapter::{Adapter, AdapterScales, Method};
use hive_engine::data::{Batch, Example};
use hive_engine::network::pass::{Model, Pass};
use hive_engine::train::{Step, Trainer, TrainingSpec};
use hive_engine::weights::config::Architecture;
use hive_tests::check_all;

use crate::fixtures::{adapter_config, decoder, distance, examples, train_config, trained};

fn logits(model: Model, ids: &[u32]) -> Vec<f32> {
    let example = Example::new(ids.to_vec(), 1, 0);
    let batch = Batch::new([&example], model.base.config.vocab_size).unwrap();
    let mut pass = Pass::new();
    pass.forward(model, &batch, &(0..ids.len()).collect::<Vec<_>>(), None, false);
    pass.logits(model.base)
}

#[test]
fn a_fresh_adapter_changes_nothing() {
    for method in [Method::Lora, Method::Dora] {
        let base = decoder(Architecture::Qwen3, true);
        let adapter = Adapter::init(adapter_config(method), &base, 5).unwrap();
        let scales = AdapterScales::new(&adapter, &base);
        let ids = &examples(3, 61)[2].ids;
        let plain = logits(Model::new(&base, None), ids);
        let adapted = logits(Model::new(&base, Some((&adapter, &scales))), ids);
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
        let plain = logits(Model::new(&base, None), ids);
        let adapted = logits(Model::new(&base, Some((&adapter, &scales))), ids);
        let whole = logits(Model::new(&merged(&base, &adapter), None), ids);
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
        let (loss, split) = gradients(budget);
        assert!((loss - one_loss).abs() < 1e-6 * one_loss);
        assert!(distance(&split, &one) < 1e-5, "budget {budget}: {}", distance(&split, &one));
    }
}

/// Loss and gradient of `records` on a fresh trainer whose config `change` changed.
fn gradients(records: &[Example], change: impl Fn(&mut TrainingSpec)) -> (f64, Vec<f32>) {
    let base = decoder(Architecture::Qwen3, true);
    let adapter = trained(&base, adapter_config(Method::Dora));
    let mut train = train_config();
    change(&mut train);
    let mut trainer = Trainer::new(&base, adapter, train).unwrap();
    let (loss, gradients) = trainer.gradients(&records).unwrap();
    (loss.mean(), gradients.to_vec())
}

#[test]
fn accumulation_does_not_change_the_step() {
    // 90 records with completions of 1 to 14 tokens: 90×1 ≡ 2×45 ≡ 5×18.
    let records = examples(90, 61);
    let lengths: std::collections::BTreeSet<usize> = records.iter().map(Example::loss_tokens).collect();
    assert!(lengths.len() > 5, "uneven completions: {lengths:?}");
    let (one_loss, one) = gradients(&records, |_| {});
    check_all([1, 2, 5, 18, 45], |size| {
        let (loss, split) = gradients(&records, |train| train.micro_batch_records = Some(size));
        assert!(
            (loss - one_loss).abs() <= 1e-6 * one_loss,
            "{size} records at once: loss {loss}, all at once {one_loss}"
        );
        let off = distance(&split, &one);
        assert!(off <= 1e-6, "{size} records at once: the gradient is off by {off}");
    });
}

#[test]
fn packing_does_not_leak_between_records() {
    let records = examples(40, 61);
    let (alone_loss, alone) = gradients(&records, |train| train.micro_batch_records = Some(1));
    check_all([(false, 40), (true, 40), (true, 64), (true, 4096)], |(packing, tokens)| {
        let (loss, got) = gradients(&records, |train| {
            (train.packing, train.micro_batch_tokens) = (packing, tokens);
        });
        assert!((loss - alone_loss).abs() < 1e-5 * alone_loss, "{packing} {tokens}: {loss}, alone {alone_loss}");
        assert!(distance(&got, &alone) < 1e-5, "{packing} {tokens}: {}", distance(&got, &alone));
    });
    // A record's loss does not depend on its neighbours.
    let base = decoder(Architecture::Qwen3, true);
    let mut trainer = Trainer::new(&base, trained(&base, adapter_config(Method::Dora)), train_config()).unwrap();
    let mut loss = |records: &Vec<Example>| trainer.evaluate(records).unwrap();
    let first = loss(&vec![records[0].clone()]);
    for other in &records[1..5] {
        let (both, second) = (loss(&vec![records[0].clone(), other.clone()]), loss(&vec![other.clone()]));
        assert!((both.sum - first.sum - second.sum).abs() < 1e-5 * both.sum);
    }
}

#[test]
fn tokens_without_loss_have_no_say() {
    let base = decoder(Architecture::Llama, true);
    let adapter = trained(&base, adapter_config(Method::Dora));
    let record = &examples(6, 61)[5];
    let gradients = |example: &Example| {
        let mut trainer = Trainer::new(&base, adapter.clone(), train_config()).unwrap();
        trainer.gradients(&vec![example]).unwrap().1.to_vec()
    };
    let all = gradients(record);
    // Tokens after the last loss token have no influence: dropping them changes nothing.
    let mut short_loss = record.clone();
    let end = record.ids.len() - 3;
    short_loss.loss[end..].fill(false);
    let masked = gradients(&short_loss);
    let cut = Example { ids: record.ids[..end].to_vec(), loss: record.loss[..end].to_vec(), key: record.key };
    assert!(distance(&gradients(&cut), &masked) < 1e-5);
    assert!(distance(&masked, &all) > 1e-3);
    // A record without loss tokens adds nothing.
    let silent = Example { loss: vec![false; record.ids.len()], ..examples(4, 61)[3].clone_with_len(record.ids.len()) };
    let mut trainer = Trainer::new(&base, adapter.clone(), train_config()).unwrap();
    let both = trainer.gradients(&vec![record, &silent]).unwrap().1.to_vec();
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

fn base_ref() -> BaseRef {
    BaseRef { id: "tiny".into(), digest: "0".repeat(64) }
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
fn a_gradient_that_is_not_finite_changes_nothing() {
    let base = decoder(Architecture::Llama, true);
    let mut adapter = trained(&base, adapter_config(Method::Dora));
    let records = examples(2, 61);
    let mut trainer = Trainer::new(&base, adapter.clone(), train_config()).unwrap();
    trainer.step(&[&records[0]], 1e-3).unwrap();
    // After the check of the first batch, something overflows.
    let range = adapter.slots()[0].a.clone();
    adapter.params[range].fill(1e38);
    let optimizer = trainer.optimizer.clone();
    trainer.restore(adapter.params.clone(), optimizer.clone(), 1);
    let step = trainer.attempt(&records, 1e-3).unwrap();
    assert!(
        matches!(&step, Step::NotFinite(problem) if problem.contains("loss") || problem.contains("norm")),
        "{step:?}"
    );
    assert_eq!((trainer.adapter.params.clone(), trainer.optimizer.clone()), (adapter.params, optimizer));
    assert_eq!(trainer.steps(), 1, "counting it is the caller's business");
}

#[test]
fn a_tensor_that_cannot_learn_is_found_on_the_first_batch() {
    let base = decoder(Architecture::Llama, true);
    let mut adapter = trained(&base, adapter_config(Method::Dora));
    // With A zero and B ≠ 0, B has no gradient: no fresh adapter is like that.
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
