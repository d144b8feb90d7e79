//! From a request to all inputs of training: the data prepared and tokenised, the base model
//! loaded, and the digests of both. Used by training, planning and replay.

use std::sync::atomic::AtomicBool;

use hive_check::subject::Named;
use hive_data::pipeline::{EncodeChat, Half, Outcome as Prepared, PipelineReporter, PreparedSet, SetTokens};
use hive_data::sources::{LocalData, locate};
use hive_engine::adapter::{Adapter, AdapterConfig};
use hive_engine::data::{Records, TokenRecords};
use hive_engine::train::TrainingSpec;
use hive_engine::weights::decoder::Decoder;
use hive_files::hex;
use hive_net::TransferReporter;
use hive_runtime::base::{self, Base};
use hive_runtime::models::ModelStore;
use hive_runtime::opened::OpenExpert;
use hive_runtime::tokenise::Tokeniser;
use hive_sdk::Record;
use hive_sdk::manifest::Recipe;
use sha2::{Digest, Sha256};
use tracing::info_span;

use super::data::{DataRequest, encode, first_records, prepare, tokenisation};
use super::run_record::{Digests, TrainRequest, recipe_digest};
use super::small::sized;
use super::{TrainError, preflight};

/// Receives the progress of the setup, in this order: downloads, the data gate, `data`,
/// `tokenising`.
pub trait SetupReporter: TransferReporter {
    /// Receives the progress of judging.
    fn pipeline(&self) -> &dyn PipelineReporter;
    /// The prepared set; `found` is `true` when it existed already.
    fn data(&mut self, set: &PreparedSet, found: bool);
    /// `done` of `total` records are tokenised.
    fn tokenising(&mut self, done: usize, total: usize);
}

/// All inputs of a run.
#[derive(Debug)]
pub struct Setup {
    /// The data sets; none if the records were generated.
    pub datasets: Vec<LocalData>,
    /// The base model.
    pub base: Base,
    /// The prepared set.
    pub set: Box<PreparedSet>,
    /// Training records that are not too long.
    pub train: TokenRecords,
    /// Held-out records that are not too long.
    pub held: TokenRecords,
    /// The token ids on disk; a temporary file is removed when this is dropped.
    pub tokens: SetTokens,
    /// Digests of the steps' inputs.
    pub digests: Digests,
    /// SHA-256 digest of the expert's library.
    pub library: String,
    /// The request, with what its recipe leaves open until the records are counted.
    pub request: TrainRequest,
    /// The recipe's training section.
    pub config: TrainingSpec,
}

/// Prepares data and base model for `request`; `None` when `stop` was set before the end.
///
/// # Errors
/// Errors of the data, the base model or the disk.
pub fn set_up(
    open: &OpenExpert,
    request: &TrainRequest,
    stop: &AtomicBool,
    reporter: &mut dyn SetupReporter,
) -> Result<Option<Setup>, TrainError> {
    let recipe = &request.recipe;
    // An expert whose native code is not here cannot be trained: report that first.
    let library = open.place.sha256()?;
    // Faults of the expert itself are reported before anything is downloaded or judged for it.
    preflight::expert(open)?;
    let datasets = locate(&open.context, &request.datasets, reporter)?;
    preflight::raw(&open.expert, &first_records(open, &datasets, request.map.as_deref(), &request.fields)?)?;
    let (base_id, model) = base::files(&open.context, &recipe.base_model, reporter)?;
    ModelStore::new(&open.context)?.keep(&base_id);
    let data = DataRequest {
        datasets: datasets.clone(),
        map: request.map.clone(),
        fields: request.fields.clone(),
        recipe: recipe.clone(),
        options: request.options.clone(),
        out: None,
        workers: None,
        take_prepared: true,
    };
    let span = info_span!("prepare").entered();
    let prepared = prepare(open, &data, Some((&model, &base_id)), stop, reporter.pipeline())?;
    drop(span);
    let Prepared::Done(set, found) = prepared else { return Ok(None) };
    reporter.data(&set, found);
    preflight::rendering(&open.expert, &library, &set)?;
    let tokeniser = Tokeniser::new(&model)?;
    let encode: &EncodeChat<'_> = &|chat| encode(&tokeniser, chat);
    let tokenisation = tokenisation(&tokeniser, &model, &base_id, encode)?;
    let tokens = info_span!("tokenise")
        .in_scope(|| set.tokens(&tokenisation, |done, total| reporter.tokenising(done, total)))?;
    let (tokenizer, template) = (tokenisation.tokenizer, tokenisation.template);
    let max_seq_len = recipe.training.max_seq_len;
    let SetTokens { train, validation, .. } = &tokens;
    let [train, held] = [train, validation].map(|part| TokenRecords::new(part.clone(), max_seq_len));
    if train.is_empty() {
        return Err(TrainError::AllTooLong { records: train.too_long(), max_seq_len, shortest: train.shortest() });
    }
    let request = sized(request, train.len());
    preflight::golds(&open.expert, &to_grade(&set)?)?;
    let graded = recipe.data.graded_prompts > 0 || recipe.training.graded_eval_prompts > 0;
    let answers = graded && open.expert.grades();
    let base = info_span!("load", base = base_id).in_scope(|| Base::load(&base_id, model))?;
    let base = if answers { base.for_generation() } else { base };
    let data = hex(&Sha256::digest(format!("{}\n{}\n", train.digest(), held.digest())));
    let digests = Digests {
        base: base.reference.digest.clone(),
        tokenizer,
        template,
        data,
        recipe: recipe_digest(&request.recipe),
    };
    let config = request.recipe.training.clone();
    Ok(Some(Setup { datasets, base, set, train, held, tokens, digests, library, request, config }))
}

/// Records whose gold completions the grader must accept, spread evenly over both halves.
fn to_grade(set: &PreparedSet) -> Result<Vec<Named>, TrainError> {
    let mut named = Vec::new();
    for (half, what, rows) in [
        (Half::Train, "training record", set.report.train),
        (Half::Validation, "held-out record", set.report.validation),
    ] {
        let records = set.spread(half, preflight::GRADED)?;
        let n = records.len();
        named.extend(records.into_iter().enumerate().map(|(i, record)| (format!("{what} {}", i * rows / n), record)));
    }
    Ok(named)
}

/// The recipe's adapter before the first step, for this base model.
///
/// # Errors
/// When it does not fit the base model, or part of it would have no effect.
pub fn fresh_adapter(recipe: &Recipe, base: &Decoder) -> Result<Adapter, TrainError> {
    let config = AdapterConfig::from(&recipe.adapter);
    config.check_used(&base.config)?;
    Ok(Adapter::init(config, base, recipe.training.seed)?)
}

impl Setup {
    /// Tokenizes chats.
    ///
    /// # Errors
    /// When the base model has no tokenizer or no chat template.
    pub fn tokeniser(&self) -> Result<Tokeniser<'_>, TrainError> {
        Ok(Tokeniser::new(&self.base.model)?)
    }

    /// The adapter before the first step.
    ///
    /// # Errors
    /// When the recipe's adapter does not fit the base model.
    pub fn fresh_adapter(&self) -> Result<Adapter, TrainError> {
        fresh_adapter(&self.request.recipe, &self.base.decoder)
    }

    /// `n` held-out records for graded answers, spread evenly.
    ///
    /// # Errors
    /// When the set cannot be read.
    pub fn held_out(&self, n: usize) -> Result<Vec<Record>, TrainError> {
        Ok(self.set.spread(Half::Validation, n)?)
    }
}
