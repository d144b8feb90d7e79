//! Every gradient of the engine compared with candle's autograd on the oracle: architectures, methods,
//! tied and untied heads, B ≠ 0, m ≠ ‖W‖, rank and alpha patterns, several records in one batch.

use hive_engine::adapter::config::Targets;
use hive_engine::adapter::{AdapterConfig, DropoutSemantics, Method};
use hive_engine::data::Example;
use hive_engine::network::pass::Dropout;
use hive_engine::train::Trainer;
use hive_engine::weights::Module;
use hive_engine::weights::config::Architecture;

use crate::fixtures::{adapter_config, decoder, distance, examples, train_config, trained};
use crate::oracle::Oracle;

fn agree(architecture: Architecture, tied: bool, method: Method, rslora: bool, targets: Targets) {
    let mut config = adapter_config(method);
    config.rslora = rslora;
    config.targets = targets;
    agree_on(architecture, tied, config);
}

fn agree_on(architecture: Architecture, tied: bool, config: AdapterConfig) {
    let base = decoder(architecture, tied);
    let (method, probability, semantics) = (config.method, config.dropout, config.dropout_semantics);
    let adapter = trained(&base, config);
    let mut oracle = Oracle::new(&base, &adapter);
    if probability > 0.0 {
        oracle.dropout = Some(Dropout { seed: train_config().seed, step: 0, probability, semantics });
    }
    let records = examples(5, base.config.vocab_size);
    let records: Vec<&Example> = records.iter().collect();
    let (want_loss, want) = oracle.gradients(&records);
    let mut trainer = Trainer::new(&base, adapter.clone(), train_config()).unwrap();
    let (loss, got) = trainer.gradients(&records).unwrap();
    assert!((loss.mean() - want_loss).abs() < 1e-5 * want_loss, "loss {} expected {want_loss}", loss.mean());
    for ((slot, part, range, _), want) in adapter.tensors().zip(&want) {
        assert!(want.iter().any(|g| *g != 0.0), "the oracle's gradient of {:?} {part:?} is zero", slot.site);
        let off = distance(&got[range], want);
        assert!(off < 2e-4, "{architecture:?} {method:?} {:?} {part:?}: relative distance {off}", slot.site);
    }
}

#[test]
fn dora_on_llama_with_tied_head() {
    agree(Architecture::Llama, true, Method::Dora, false, Targets::AllLinear);
}

#[test]
fn dora_on_llama_with_untied_head() {
    agree(Architecture::Llama, false, Method::Dora, false, Targets::AllLinear);
}

#[test]
fn dora_on_qwen3_tied_and_untied() {
    agree(Architecture::Qwen3, true, Method::Dora, false, Targets::AllLinear);
    agree(Architecture::Qwen3, false, Method::Dora, true, Targets::AllLinear);
}

#[test]
fn dora_on_qwen2_with_biases() {
    agree(Architecture::Qwen2, true, Method::Dora, false, Targets::AllLinear);
}

#[test]
fn lora_on_each_architecture() {
    for architecture in [Architecture::Llama, Architecture::Qwen2, Architecture::Qwen3] {
        agree(architecture, true, Method::Lora, true, Targets::AllLinear);
    }
}

#[test]
fn dropout_on_the_branch_and_as_peft_has_it() {
    for architecture in [Architecture::Llama, Architecture::Qwen2, Architecture::Qwen3] {
        for semantics in [DropoutSemantics::Branch, DropoutSemantics::Peft] {
            for method in [Method::Dora, Method::Lora] {
                let dropout = AdapterConfig { dropout: 0.3, dropout_semantics: semantics, ..adapter_config(method) };
                agree_on(architecture, true, dropout);
            }
        }
    }
}

#[test]
fn any_subset_of_modules() {
    for module in Module::ALL {
        let only = Targets::Names(vec![module.name().to_owned()]);
        agree(Architecture::Qwen3, true, Method::Dora, false, only);
    }
    let pattern = Targets::Pattern(r".*layers\.1\..*(q|down)_proj".to_owned());
    agree(Architecture::Llama, true, Method::Dora, false, pattern);
}
