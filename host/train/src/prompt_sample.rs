//! A sample of a run's training prompts: a few records, each with the digest of the expert's
//! rendering. An adapter works best with the prompts it was trained on; a warning is printed when
//! its expert now renders them differently.

use std::path::Path;

use hive_data::pipeline::{Half, PreparedSet};
use hive_files::hex;
use hive_plugins::{LoadedExpert, PluginError};
use hive_sdk::{Message, Record};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::TrainError;

/// Number of prompts in a sample.
const PROMPTS: usize = 4;

/// Seed of the synthetic records for an expert without eval prompts.
const SEED: u64 = 1;

/// Prompts of a run, as rendered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PromptSample(Vec<SampledPrompt>);

/// One prompt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SampledPrompt {
    /// Its name.
    id: String,
    /// The record without the answer.
    record: Record,
    /// SHA-256 digest of the turns before the completion.
    sha256: String,
}

impl PromptSample {
    /// The sample of an expert: from its eval prompts or, without any, from synthetic records or
    /// the training records. The same expert and set give the same sample.
    ///
    /// # Errors
    /// Errors of the expert or the set.
    pub fn of(expert: &LoadedExpert, set: &PreparedSet) -> Result<Self, TrainError> {
        let prompts = expert.eval_prompts()?;
        let every = prompts.len().div_ceil(PROMPTS).max(1);
        let mut records: Vec<(String, Record)> =
            prompts.into_iter().step_by(every).map(|prompt| (prompt.id, prompt.record)).collect();
        if records.is_empty() {
            let made = expert.synthesize(SEED, PROMPTS)?.unwrap_or_default();
            records = made.into_iter().enumerate().map(|(i, record)| (format!("made-{i}"), record)).collect();
        }
        if records.is_empty() {
            let trained = set.spread(Half::Train, PROMPTS)?;
            records = trained.into_iter().enumerate().map(|(i, record)| (format!("trained-{i}"), record)).collect();
        }
        let sampled = records.into_iter().map(|(id, record)| {
            let record = expert.without_completion(&record);
            let sha256 = digest(expert.render_one(&record)?.prompt());
            Ok(SampledPrompt { id, record, sha256 })
        });
        sampled.collect::<Result<_, PluginError>>().map(Self).map_err(TrainError::from)
    }

    /// The difference between these prompts and the expert's current ones, if any.
    pub fn differs(&self, expert: &LoadedExpert) -> Option<String> {
        self.0.iter().find_map(|SampledPrompt { id, record, sha256 }| match expert.render_one(record) {
            Ok(rendered) if digest(rendered.prompt()) == *sha256 => None,
            Ok(_) => Some(format!("expert `{}` renders the prompt `{id}` differently than in training", expert.name())),
            Err(error) => Some(format!("the prompt `{id}`, rendered in training, no longer renders: {error}")),
        })
    }
}

/// The sample of the run that contains this adapter or checkpoint, if any.
pub fn of_adapter(dir: &Path) -> Option<PromptSample> {
    let dir = std::path::absolute(dir).ok()?;
    // `RUN/adapter`, `RUN/checkpoints/step-000012`.
    dir.ancestors().skip(1).take(2).find_map(|run| {
        let text = std::fs::read(run.join("run.json")).ok()?;
        let mut record: Value = serde_json::from_slice(&text).ok()?;
        serde_json::from_value(record["prompts"].take()).ok()
    })
}

fn digest(messages: &[Message]) -> String {
    hex(&Sha256::digest(json!(messages).to_string()))
}
