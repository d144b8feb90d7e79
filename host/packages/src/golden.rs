//! The proof that an adapter is applied correctly: prompts with their token ids, and the logits at their ends with
//! and without the adapter, as recorded on the machine that built the package. They are computed again when it is
//! installed. Prompts are not rendered here.

use std::path::Path;

use hive_engine::EngineError;
use hive_engine::weights::source::TensorSource;
use hive_engine::weights::source::safetensors::SafetensorsSource;
use hive_plugins::LoadedExpert;
use hive_runtime::RuntimeError;
use hive_runtime::base::Base;
use hive_runtime::model::{Activations, AdaptedModel, LoadedAdapter};
use hive_runtime::tokenise::Tokeniser;
use hive_sdk::{Message, Record, Rendered};
use safetensors::tensor::{Dtype, TensorView};
use serde::{Deserialize, Serialize};

use super::layout::FORMAT;

/// Largest accepted difference of a logit from the recorded one. Another order of summation, as on another processor,
/// causes differences of about 1e-4; an adapter that is not applied, or only in part, causes differences above 1.
pub const TOLERANCE: f64 = 1e-3;

/// Limit on the number of golden prompts.
pub const PROMPTS: usize = 4;

/// Longest golden prompt, in tokens, so that the proof takes seconds.
const MAX_TOKENS: usize = 2048;

const BASE_LOGITS: &str = "base_logits";
const ADAPTED_LOGITS: &str = "adapted_logits";

/// `golden.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Golden {
    /// Number of the package format.
    pub format: u32,
    /// Largest accepted difference of a logit from the recorded one.
    pub tolerance: f64,
    /// The prompts.
    pub prompts: Vec<GoldenPrompt>,
}

/// One prompt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoldenPrompt {
    /// The prompt's id.
    pub id: String,
    /// The record, without its completion.
    pub record: Record,
    /// The record as the expert renders it.
    pub messages: Vec<Message>,
    /// Its token ids, after the base's template and tokenizer.
    pub ids: Vec<u32>,
}

/// Logits at the last token of every prompt, row by row.
#[derive(Debug, Clone, PartialEq)]
pub struct Logits {
    /// Of the base without the adapter.
    pub base: Vec<f32>,
    /// Of the base with the adapter.
    pub adapted: Vec<f32>,
    /// Length of a row: the size of the vocabulary.
    pub vocab: usize,
}

/// The differences between the logits on this machine and the recorded ones.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Distance {
    /// Largest difference without the adapter.
    pub base: f64,
    /// Largest difference with the adapter.
    pub adapted: f64,
    /// The adapter's effect: the largest difference between the recorded logits with and without it.
    pub effect: f64,
}

impl Golden {
    /// The first of these records that are not too long, rendered and tokenised.
    ///
    /// # Errors
    /// When the expert, the template or the tokenizer fails.
    pub fn of(
        records: Vec<(String, Record)>,
        expert: &LoadedExpert,
        tokeniser: &Tokeniser<'_>,
    ) -> Result<Self, RuntimeError> {
        let mut prompts = Vec::new();
        for (id, record) in records {
            let record = expert.without_completion(&record);
            let messages = expert.render_one(&record)?.into_prompt().messages;
            let ids = ids_of(tokeniser, &messages)?;
            if (1..=MAX_TOKENS).contains(&ids.len()) {
                prompts.push(GoldenPrompt { id, record, messages, ids });
            }
            if prompts.len() == PROMPTS {
                break;
            }
        }
        Ok(Self { format: FORMAT, tolerance: TOLERANCE, prompts })
    }

    /// The faults that can be found without a base model.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.format != FORMAT {
            problems.push(format!("its `format` is {}, expected {FORMAT}", self.format));
        }
        // A package must not choose a tolerance with which everything passes.
        if !(self.tolerance > 0.0 && self.tolerance <= TOLERANCE) {
            problems.push(format!("its `tolerance` is {}, expected at most {TOLERANCE}", self.tolerance));
        }
        if !(1..=PROMPTS).contains(&self.prompts.len()) {
            problems.push(format!("it has {} prompts, expected 1 to {PROMPTS}", self.prompts.len()));
        }
        for prompt in &self.prompts {
            if !(1..=MAX_TOKENS).contains(&prompt.ids.len()) {
                let got = prompt.ids.len();
                problems.push(format!("`{}` has {got} tokens, expected 1 to {MAX_TOKENS}", prompt.id));
            }
        }
        problems
    }

    /// How this expert's messages and this base's tokens differ from the recorded ones.
    ///
    /// # Errors
    /// When the expert, the template or the tokenizer fails.
    pub fn differences(&self, expert: &LoadedExpert, tokeniser: &Tokeniser<'_>) -> Result<Vec<String>, RuntimeError> {
        let mut found = Vec::new();
        for prompt in &self.prompts {
            if expert.render_one(&prompt.record)?.prompt() != prompt.messages {
                found.push(format!("the expert renders the prompt `{}` in other words", prompt.id));
            }
            let ids = ids_of(tokeniser, &prompt.messages)?;
            if ids != prompt.ids {
                let at = ids.iter().zip(&prompt.ids).take_while(|(a, b)| a == b).count();
                let (got, expected) = (ids.len(), prompt.ids.len());
                found.push(format!(
                    "the prompt `{}` has other tokens from the {at}th on ({got} tokens, recorded are {expected})",
                    prompt.id
                ));
            }
        }
        Ok(found)
    }

    /// Computes the logits at the ends of the prompts.
    ///
    /// # Errors
    /// When a token is not in the base's vocabulary.
    pub fn logits(&self, base: &Base, adapter: &LoadedAdapter) -> Result<Logits, RuntimeError> {
        let plain = AdaptedModel::new(base, None);
        let adapted = AdaptedModel::new(base, Some(adapter));
        let mut logits = Logits { base: Vec::new(), adapted: Vec::new(), vocab: base.model.config.vocab_size };
        let mut activations = Activations::default();
        for GoldenPrompt { ids, .. } in &self.prompts {
            let last = ids.len().saturating_sub(1)..ids.len();
            for (model, out) in [(plain, &mut logits.base), (adapted, &mut logits.adapted)] {
                out.extend(model.logits(&mut activations, ids, last.clone())?);
            }
        }
        Ok(logits)
    }
}

impl Logits {
    /// The logits as a safetensors file: `base_logits` and `adapted_logits`, f32 [prompts, vocabulary]. `path` is for
    /// messages.
    ///
    /// # Errors
    /// When they cannot be serialised.
    pub fn to_bytes(&self, path: &Path) -> Result<Vec<u8>, EngineError> {
        let fault = |e: safetensors::SafeTensorError| EngineError::format(path, e.to_string());
        let bytes = |values: &[f32]| values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
        let (base, adapted) = (bytes(&self.base), bytes(&self.adapted));
        let shape = vec![self.base.len() / self.vocab.max(1), self.vocab];
        let view = |bytes| TensorView::new(Dtype::F32, shape.clone(), bytes).map_err(fault);
        let views = [(BASE_LOGITS, view(&base)?), (ADAPTED_LOGITS, view(&adapted)?)];
        safetensors::serialize(views, None).map_err(fault)
    }

    /// Reads a file that [`Logits::to_bytes`] made for this number of prompts.
    ///
    /// # Errors
    /// When the file is damaged, or of another shape.
    pub fn read(path: &Path, prompts: usize) -> Result<Self, EngineError> {
        let file = SafetensorsSource::open(path)?;
        let mut rows = Vec::new();
        for name in [BASE_LOGITS, ADAPTED_LOGITS] {
            let shape = file.shape(name).unwrap_or_default();
            if shape.len() != 2 || shape[0] != prompts || shape[1] == 0 {
                let problem = format!("`{name}` has the shape {shape:?}, expected [{prompts}, vocabulary]");
                return Err(EngineError::format(path, problem));
            }
            rows.push((file.read(name)?, shape[1]));
        }
        match (rows.pop(), rows.pop()) {
            (Some((adapted, vocab)), Some((base, same))) if vocab == same => Ok(Self { base, adapted, vocab }),
            _ => Err(EngineError::format(path, "the two tensors have different vocabularies")),
        }
    }

    /// The distance from the recorded logits. NaN counts as infinitely far.
    pub fn distance(&self, recorded: &Self) -> Distance {
        let largest_difference = |a: &[f32], b: &[f32]| {
            if a.len() != b.len() {
                return f64::INFINITY;
            }
            let differences = a.iter().zip(b).map(|(a, b)| (f64::from(*a) - f64::from(*b)).abs());
            // `f64::max` ignores NaN, which must not be accepted.
            differences.fold(0.0, |largest, d| if d.is_nan() { f64::INFINITY } else { d.max(largest) })
        };
        Distance {
            base: largest_difference(&self.base, &recorded.base),
            adapted: largest_difference(&self.adapted, &recorded.adapted),
            effect: largest_difference(&recorded.base, &recorded.adapted),
        }
    }
}

fn ids_of(tokeniser: &Tokeniser<'_>, messages: &[Message]) -> Result<Vec<u32>, RuntimeError> {
    Ok(tokeniser.encode(&Rendered::of_prompt(messages.to_vec()))?.ids)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hive_tests::check_all;

    fn logits(base: &[f32], adapted: &[f32]) -> Logits {
        Logits { base: base.to_vec(), adapted: adapted.to_vec(), vocab: 2 }
    }

    #[test]
    fn logits_read_back_and_their_distance_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("probe.safetensors");
        let recorded = logits(&[1.0, 2.0, 3.0, 4.0], &[1.5, 2.0, 3.0, 4.0]);
        std::fs::write(&path, recorded.to_bytes(&path).unwrap()).unwrap();
        assert_eq!(Logits::read(&path, 2).unwrap(), recorded);
        assert!(Logits::read(&path, 3).unwrap_err().to_string().contains("[2, 2], expected [3"));
        let here = logits(&[1.0, 2.0, 3.0, 4.25], &[1.5, 2.0, 2.875, 4.0]);
        assert_eq!(here.distance(&recorded), Distance { base: 0.25, adapted: 0.125, effect: 0.5 });
        let broken = logits(&[f32::NAN, 2.0, 3.0, 4.0], &[1.5]);
        let far = broken.distance(&recorded);
        assert_eq!((far.base, far.adapted), (f64::INFINITY, f64::INFINITY));
    }

    #[test]
    fn a_golden_file_that_proves_nothing_is_faulty() {
        let prompt = |n: usize| GoldenPrompt {
            id: "p".to_owned(),
            record: Record::default(),
            messages: Vec::new(),
            ids: vec![1; n],
        };
        let golden = Golden { format: 1, tolerance: TOLERANCE, prompts: vec![prompt(3)] };
        assert_eq!(golden.problems(), Vec::<String>::new());
        check_all([0.0, -1.0, 1.0, f64::NAN, f64::INFINITY], |tolerance| {
            assert_eq!(Golden { tolerance, ..golden.clone() }.problems().len(), 1, "{tolerance}");
        });
        check_all([vec![], vec![prompt(0)], vec![prompt(3000)], vec![prompt(1); 5]], |prompts| {
            assert_eq!(Golden { prompts, ..golden.clone() }.problems().len(), 1);
        });
    }
}
