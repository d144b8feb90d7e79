//! A candidate's answers to all prompts. Decoding is greedy, so that an answer depends on model and
//! prompt alone and can be cached.

use std::sync::atomic::{AtomicBool, Ordering};

use hive_engine::adapter::peft::CONFIG_FILE;
use hive_engine::data::Example;
use hive_engine::ops::cross_entropy::Loss;
use hive_files::{hex, sha256_of_file};
use hive_plugins::LoadedExpert;
use hive_runtime::RuntimeError;
use hive_runtime::answer::{Answer, Prompt, answer_to};
use hive_runtime::base::Base;
use hive_runtime::constraint::Constraining;
use hive_runtime::model::{Activations, AdaptedModel, LoadedAdapter};
use hive_runtime::tokenise::Tokeniser;
use hive_sdk::Record;
use hive_train::run_folder::trained_length;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::answer::{Answered, CandidateAnswers};
use super::cache::{CacheKind, EvalCache};
use super::candidate::Candidate;
use super::error::EvalError;
use super::reporter::EvalReporter;
use super::suite::SuitePrompt;

/// Gold answers whose loss is computed between two looks at the stop flag.
const GOLDS_PER_CHUNK: usize = 16;

/// Limit on the tokens of one forward pass when the loss of the gold answers is computed.
const PASS_TOKENS: usize = 1_600;

/// Has candidates answer the prompts of a suite.
pub(super) struct Answerer<'a> {
    pub(super) base: &'a Base,
    pub(super) tokeniser: &'a Tokeniser<'a>,
    pub(super) expert: &'a LoadedExpert,
    pub(super) prompts: &'a [SuitePrompt],
    pub(super) max_new_tokens: usize,
    pub(super) cache: &'a EvalCache,
}

/// A candidate that is asked.
struct Asking<'a> {
    model: AdaptedModel<'a>,
    model_key: &'a Value,
    constraining: Constraining<'a>,
}

impl Answerer<'_> {
    /// Has `candidate` answer every prompt; `None` if `stop` was set before the end.
    pub(super) fn answer_all(
        &self,
        candidate: Candidate,
        stop: &AtomicBool,
        reporter: &dyn EvalReporter,
    ) -> Result<Option<CandidateAnswers>, EvalError> {
        let adapter = candidate.dir().map(|dir| LoadedAdapter::load(dir, self.base)).transpose()?;
        let model = AdaptedModel::new(self.base, adapter.as_ref());
        let model_key = self.model_key(&candidate)?;
        let records: Vec<_> = self.prompts.iter().map(|p| p.record.clone()).collect();
        let prompts = self.tokeniser.prompts(self.expert, &records)?;
        if let Some(trained) = candidate.dir().and_then(trained_length) {
            let beyond = prompts.iter().filter(|ids| ids.len() > trained).count();
            if beyond > 0 {
                reporter.beyond_training(&candidate.name, beyond, trained);
            }
        }
        let expert = candidate.constrained.then_some(self.expert);
        let asking = Asking {
            model,
            model_key: &model_key,
            constraining: Constraining::new(expert, self.tokeniser, model.vocab_size()),
        };
        let mut answers = Vec::with_capacity(prompts.len());
        for (at, (ids, record)) in prompts.iter().zip(&records).enumerate() {
            if stop.load(Ordering::Relaxed) {
                return Ok(None);
            }
            let prompt = Prompt { record, ids };
            let Some(answered) = self.answer_cached(&asking, prompt, stop)? else { return Ok(None) };
            reporter.answering(&candidate.name, at + 1, prompts.len(), &answered);
            answers.push(answered);
        }
        let Some(gold_loss) = self.gold_loss_cached(model, &model_key, &records, stop)? else { return Ok(None) };
        Ok(Some(CandidateAnswers {
            answers,
            gold_loss,
            tensors: adapter.as_ref().map_or(0, LoadedAdapter::tensors),
            parameters: adapter.as_ref().map_or(0, LoadedAdapter::parameters),
            adapter: candidate.sha256()?,
            candidate,
        }))
    }

    /// The answer to one prompt, from the cache if it is known; `None` if `stop` was set meanwhile.
    fn answer_cached(
        &self,
        asking: &Asking<'_>,
        prompt: Prompt<'_>,
        stop: &AtomicBool,
    ) -> Result<Option<Answered>, EvalError> {
        let ids = hex(&Sha256::digest(json!(prompt.ids).to_string()));
        let rules = asking.constraining.rules(prompt.record)?.digest();
        let key = json!(["answer", asking.model_key, ids, self.max_new_tokens, rules]);
        if let Some(known) = self.cache.get(CacheKind::Answers, &key) {
            return Ok(Some(known));
        }
        let answered = self.answer(asking, prompt, stop)?;
        if let Some(fresh) = &answered {
            self.cache.put(CacheKind::Answers, &key, fresh);
        }
        Ok(answered)
    }

    fn answer(
        &self,
        asking: &Asking<'_>,
        prompt: Prompt<'_>,
        stop: &AtomicBool,
    ) -> Result<Option<Answered>, EvalError> {
        let ids = prompt.ids;
        if !asking.model.has_room(ids.len(), self.max_new_tokens) {
            return Ok(Some(Answered {
                text: String::new(),
                prompt_tokens: ids.len(),
                tokens: 0,
                complete: false,
                refused: false,
                unconstrained: None,
                too_long: true,
                seconds: 0.0,
                first_seconds: 0.0,
            }));
        }
        let keep_going = || !stop.load(Ordering::Relaxed);
        let Asking { model, constraining, .. } = asking;
        let Answer { text, prompt_tokens, tokens, complete, refused, unconstrained, seconds, first_seconds, .. } =
            answer_to(*model, self.tokeniser, prompt, self.max_new_tokens, constraining, |_| keep_going())?;
        // An interrupted answer is not kept.
        let answered = Answered {
            text,
            prompt_tokens,
            tokens,
            complete,
            refused,
            unconstrained,
            too_long: false,
            seconds,
            first_seconds,
        };
        Ok(keep_going().then_some(answered))
    }

    /// As [`Self::gold_loss`], from the cache if it is known.
    fn gold_loss_cached(
        &self,
        model: AdaptedModel<'_>,
        model_key: &Value,
        records: &[Record],
        stop: &AtomicBool,
    ) -> Result<Option<Option<f64>>, EvalError> {
        let golds = self.tokeniser.records(self.expert, records)?;
        let ids: Vec<&[u32]> = golds.iter().map(|gold| gold.ids.as_slice()).collect();
        let key = json!(["gold loss", model_key, hex(&Sha256::digest(json!(ids).to_string()))]);
        if let Some(known) = self.cache.get(CacheKind::Answers, &key) {
            return Ok(Some(known));
        }
        let loss = self.gold_loss(model, golds, stop)?;
        if let Some(fresh) = &loss {
            self.cache.put(CacheKind::Answers, &key, fresh);
        }
        Ok(loss)
    }

    /// Mean loss of the gold answers' tokens, or `Some(None)` if none of them fits the base's context;
    /// `None` if `stop` was set before the end.
    fn gold_loss(
        &self,
        model: AdaptedModel<'_>,
        mut golds: Vec<Example>,
        stop: &AtomicBool,
    ) -> Result<Option<Option<f64>>, EvalError> {
        let longest = self.base.model.config.max_position_embeddings;
        golds.retain(|gold| gold.ids.len() <= longest);
        let mut activations = Activations::default();
        let mut total = Loss::default();
        for chunk in golds.chunks(GOLDS_PER_CHUNK) {
            if stop.load(Ordering::Relaxed) {
                return Ok(None);
            }
            total += model.loss(&mut activations, chunk, PASS_TOKENS)?;
        }
        Ok(Some((!golds.is_empty()).then(|| total.mean())))
    }

    /// Digests of what a candidate's answers depend on besides the prompt.
    fn model_key(&self, candidate: &Candidate) -> Result<Value, EvalError> {
        let base = (&self.base.reference.digest, self.tokeniser.tokenizer.digest().map_err(RuntimeError::from)?);
        let config = candidate.dir().map(|dir| sha256_of_file(&dir.join(CONFIG_FILE))).transpose()?;
        let adapter = config.zip(candidate.sha256()?);
        Ok(json!([base, self.tokeniser.eos, adapter]))
    }
}
