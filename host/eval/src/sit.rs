//! Candidates answering: each prompt once, greedily, so that an answer is a function of model and
//! prompt and can be kept.

use std::sync::atomic::{AtomicBool, Ordering};

use hive_engine::adapter::peft::{self, CONFIG_FILE};
use hive_engine::adapter::{Adapter, AdapterScales};
use hive_engine::data::{Batching, Example};
use hive_engine::network::pass::{Model, Pass};
use hive_engine::ops::cross_entropy::Loss;
use hive_engine::train::trainer::evaluate;
use hive_files::{hex, sha256_of_file};
use hive_plugins::LoadedExpert;
use hive_runtime::RuntimeError;
use hive_runtime::answer::{Answer, answer_to, has_room};
use hive_runtime::base::Base;
use hive_runtime::tokenise::Tokeniser;
use hive_train::run_folder::trained_length;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::ExamReporter;
use super::cache::{Cache, Kind};
use super::candidate::Candidate;
use super::error::ExamError;
use super::suite::SuitePrompt;

/// Golds whose loss is computed before a person who wants to stop is heard.
const AT_ONCE: usize = 16;

/// Most tokens in one forward pass when the loss on the golds is computed.
const PASS_TOKENS: usize = 1_600;

/// An answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answered {
    /// The text.
    pub text: String,
    /// Tokens read.
    pub prompt_tokens: usize,
    /// Tokens written.
    pub tokens: usize,
    /// Whether it ended by itself.
    pub complete: bool,
    /// Whether the prompt leaves no room for an answer in what the base can read: then it was not asked.
    pub too_long: bool,
    /// Wall time when it was written.
    pub seconds: f64,
    /// Of these, until the first token stood.
    pub first_seconds: f64,
}

/// A candidate's answers to all prompts.
#[derive(Debug)]
pub(super) struct Sheet {
    /// Who answered.
    pub candidate: Candidate,
    /// sha256 of the adapter's tensors; none for the base.
    pub adapter: Option<String>,
    /// The answers, in the order of the prompts.
    pub answers: Vec<Answered>,
    /// Mean loss of the golds' tokens, nats per token.
    pub gold_loss: Option<f64>,
    /// Tensors of the adapter that were applied; 0 for the base.
    pub tensors: usize,
    /// Values of the adapter.
    pub parameters: usize,
}

/// Where candidates sit.
pub(super) struct Room<'a> {
    pub base: &'a Base,
    pub tokeniser: &'a Tokeniser<'a>,
    pub expert: &'a LoadedExpert,
    pub prompts: &'a [SuitePrompt],
    pub most: usize,
    pub cache: &'a Cache,
}

impl Room<'_> {
    /// Has `candidate` answer everything; `None` when `stop` was raised before the end.
    pub fn sit(
        &self,
        candidate: Candidate,
        stop: &AtomicBool,
        reporter: &dyn ExamReporter,
    ) -> Result<Option<Sheet>, ExamError> {
        let decoder = &self.base.decoder;
        let loaded = candidate
            .dir()
            .map(|dir| peft::load(dir, &self.base.model.config, Some(&self.base.reference)))
            .transpose()?;
        let scales = loaded.as_ref().map(|l| AdapterScales::new(&l.adapter, decoder));
        let adapter: Option<(&Adapter, &AdapterScales)> = loaded.as_ref().map(|l| &l.adapter).zip(scales.as_ref());
        let model = Model { base: decoder, adapter };
        let who = self.digest(&candidate)?;
        let records: Vec<_> = self.prompts.iter().map(|p| p.record.clone()).collect();
        let prompts = self.tokeniser.prompts(self.expert, &records)?;
        if let Some(trained) = candidate.dir().and_then(trained_length) {
            let beyond = prompts.iter().filter(|ids| ids.len() > trained).count();
            if beyond > 0 {
                reporter.beyond_training(&candidate.name, beyond, trained);
            }
        }
        let mut answers = Vec::with_capacity(prompts.len());
        for (at, ids) in prompts.iter().enumerate() {
            if stop.load(Ordering::Relaxed) {
                return Ok(None);
            }
            let prompt = hex(&Sha256::digest(json!(ids).to_string()));
            let key = json!(["answer", who, prompt, self.most]);
            let answered = match self.cache.get(Kind::Answers, &key) {
                Some(known) => known,
                None => {
                    let Some(fresh) = self.answer(model, ids, stop)? else { return Ok(None) };
                    self.cache.put(Kind::Answers, &key, &fresh);
                    fresh
                }
            };
            reporter.answering(&candidate.name, at + 1, prompts.len(), &answered);
            answers.push(answered);
        }
        let golds = self.tokeniser.records(self.expert, &records)?;
        let ids: Vec<&[u32]> = golds.iter().map(|gold| gold.ids.as_slice()).collect();
        let key = json!(["gold loss", who, hex(&Sha256::digest(json!(ids).to_string()))]);
        let gold_loss = match self.cache.get(Kind::Answers, &key) {
            Some(known) => known,
            None => {
                let Some(loss) = self.gold_loss(model, golds, stop)? else { return Ok(None) };
                self.cache.put(Kind::Answers, &key, &loss);
                loss
            }
        };
        Ok(Some(Sheet {
            answers,
            gold_loss,
            tensors: loaded.as_ref().map_or(0, |l| l.tensors),
            parameters: loaded.as_ref().map_or(0, |l| l.adapter.params.len()),
            adapter: candidate.sha256()?,
            candidate,
        }))
    }

    fn answer(&self, model: Model, ids: &[u32], stop: &AtomicBool) -> Result<Option<Answered>, ExamError> {
        if !has_room(&self.base.model.config, ids.len(), self.most) {
            return Ok(Some(Answered {
                text: String::new(),
                prompt_tokens: ids.len(),
                tokens: 0,
                complete: false,
                too_long: true,
                seconds: 0.0,
                first_seconds: 0.0,
            }));
        }
        let go_on = || !stop.load(Ordering::Relaxed);
        let Answer { text, prompt_tokens, tokens, complete, seconds, first_seconds } =
            answer_to(model, self.tokeniser, ids, self.most, go_on)?;
        // Half an answer is none, and is not kept.
        let answered = Answered { text, prompt_tokens, tokens, complete, too_long: false, seconds, first_seconds };
        Ok(go_on().then_some(answered))
    }

    /// Mean loss of the golds' tokens, if there are any that the base can read; `None` when stopped.
    fn gold_loss(
        &self,
        model: Model,
        mut golds: Vec<Example>,
        stop: &AtomicBool,
    ) -> Result<Option<Option<f64>>, ExamError> {
        let longest = self.base.model.config.max_position_embeddings;
        golds.retain(|gold| gold.ids.len() <= longest);
        let mut pass = Pass::new();
        let mut total = Loss::default();
        for some in golds.chunks(AT_ONCE) {
            if stop.load(Ordering::Relaxed) {
                return Ok(None);
            }
            total += evaluate(&mut pass, model, &some, Batching::by_tokens(PASS_TOKENS))?;
        }
        Ok(Some((!golds.is_empty()).then(|| total.mean())))
    }

    /// What the candidate's answers depend on, beside the prompt.
    fn digest(&self, candidate: &Candidate) -> Result<serde_json::Value, ExamError> {
        let base = (&self.base.reference.digest, self.tokeniser.tokenizer.digest().map_err(RuntimeError::from)?);
        let config = candidate.dir().map(|dir| sha256_of_file(&dir.join(CONFIG_FILE))).transpose()?;
        let adapter = config.zip(candidate.sha256()?);
        Ok(json!([base, self.tokeniser.eos, adapter]))
    }
}
