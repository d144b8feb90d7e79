//! Optimizer steps with the expert's recipe on the built-in base: chats to tokens, adapter, gradient, update. What is
//! wrong with a recipe shows here and not after the download of a base model.

use hive_engine::adapter::{Adapter, AdapterConfig};
use hive_engine::data::Example;
use hive_engine::train::Trainer;
use hive_sdk::manifest::Recipe;

use crate::base::TinyBase;
use crate::check::{Check, codes_of};
use crate::sample::Sample;
use crate::session::Session;

/// Number of records of a step.
const RECORDS: usize = 4;

/// Maximum tokens of a record: the step must not take long.
const TOKENS: usize = 2048;

/// Steps with the recipe's peak learning rate.
const STEPS: usize = 3;

/// Most layers of the built-in base.
const LAYERS: usize = 128;

/// The checks.
pub(crate) const CHECKS: &[Check] = &[
    Check::must(
        "train-adapter",
        "The recipe's adapter fits a decoder, and all its patterns are used",
        "training stops after the download of the base model",
    ),
    Check::must(
        "train-step",
        "Chats become tokens, and steps with the recipe have a finite loss and a finite gradient",
        "training stops at its first step, or spoils the adapter",
    ),
    Check::should(
        "train-learning-rate",
        "The loss falls in the first steps at the recipe's learning rate",
        "nothing is learned, or the model unlearns what it knew",
    ),
];

/// Trains on some golds.
pub(crate) fn run(sample: &Sample, session: &mut Session<'_>) {
    if sample.golds.is_empty() {
        let codes = codes_of(CHECKS);
        return session.out.skip(&codes, "no record renders");
    }
    let recipe = &session.manifest().recipe;
    let base = match TinyBase::new(layers(recipe)) {
        Ok(base) => base,
        Err(why) => return session.out.fail("train-step", "the built-in base", why, ""),
    };
    session.out.begin(&["train-adapter"]);
    let examples = examples(sample, &base, session);
    let adapter = AdapterConfig::from(&recipe.adapter);
    let fits = adapter
        .check_used(&base.decoder.config)
        .and_then(|()| Adapter::init(adapter, &base.decoder, recipe.training.seed));
    let adapter = match fits {
        Ok(adapter) => adapter,
        Err(error) => {
            let details = hive_errors::Diagnostic::details(&error);
            for fault in if details.is_empty() { vec![error.to_string()] } else { details } {
                session.out.fail("train-adapter", "$.recipe.adapter", fault, "");
            }
            return;
        }
    };
    if examples.is_empty() {
        return;
    }
    session.out.begin(&["train-step", "train-learning-rate"]);
    if let Err(why) = steps(recipe, &base, adapter, &examples, session) {
        session.out.fail("train-step", "$.recipe", why, "");
    }
}

/// Two layers, or as many as the recipe names.
fn layers(recipe: &Recipe) -> usize {
    let adapter = &recipe.adapter;
    let named = |key: &String| key.split("layers.").nth(1)?.split('.').next()?.parse::<usize>().ok();
    let patterns = adapter.rank_pattern.keys().chain(adapter.alpha_pattern.keys()).filter_map(named);
    let listed = adapter.layers_to_transform.iter().flatten().copied();
    patterns.chain(listed).map(|layer| layer.saturating_add(1)).max().unwrap_or(0).clamp(2, LAYERS)
}

fn examples(sample: &Sample, base: &TinyBase, session: &mut Session<'_>) -> Vec<Example> {
    let tokeniser = base.tokeniser();
    let mut examples = Vec::new();
    for (key, gold) in sample.golds.iter().enumerate() {
        match tokeniser.encode(&gold.chat) {
            Ok(encoded) if encoded.ids.len() <= encoded.prompt_len => {
                session.out.fail("train-step", &gold.place, "its completion has no tokens", "");
            }
            Ok(encoded) => {
                if encoded.ids.len() <= TOKENS && examples.len() < RECORDS {
                    examples.push(Example::new(encoded.ids, encoded.prompt_len, key as u64));
                }
            }
            Err(error) => session.out.fail("train-step", &gold.place, error.to_string(), ""),
        }
    }
    if examples.is_empty() && !session.out.has_failed("train-step") {
        let why = format!("every record has more than {TOKENS} bytes");
        session.out.skip(&["train-step", "train-learning-rate"], &why);
    }
    examples
}

fn steps(
    recipe: &Recipe,
    base: &TinyBase,
    adapter: Adapter,
    examples: &[Example],
    session: &mut Session<'_>,
) -> Result<(), String> {
    let why = |error: hive_engine::EngineError| {
        let details = hive_errors::Diagnostic::details(&error);
        details.into_iter().next().map_or(error.to_string(), |detail| format!("{error}: {detail}"))
    };
    let records: Vec<&Example> = examples.iter().collect();
    let mut trainer = Trainer::new(&base.decoder, adapter, recipe.training.clone()).map_err(why)?;
    let before = trainer.evaluate(&records).map_err(why)?.mean();
    for _ in 0..STEPS {
        trainer.step(&records, recipe.training.learning_rate).map_err(why)?;
    }
    let after = trainer.evaluate(&records).map_err(why)?.mean();
    if !after.is_finite() {
        return Err(format!("the loss is {before:.3}, and after {STEPS} steps it is {after}"));
    }
    if after >= before {
        let got = format!("the loss is {before:.3}, and after {STEPS} steps {after:.3}");
        let place = format!("$.recipe.training.learning_rate, {}", recipe.training.learning_rate);
        session.out.fail("train-learning-rate", place, got, "a lower loss");
    }
    Ok(())
}
