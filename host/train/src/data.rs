//! Prepares an expert's data: files or synthetic records go through the data gate into a prepared
//! set. Used by training and `hive expert data`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use hive_data::datasets::{DatasetError, MapOverrides, SplitSettings};
use hive_data::pipeline::{
    ChatTokens, Data, EncodeChat, Outcome, Pipeline, PipelineError, PipelineReporter, PreparedSet, Request,
    TokenLimits, Tokenisation, data_cache,
};
use hive_data::sources::{Files, LocalData, Synthetic};
use hive_engine::weights::config::ModelConfig;
use hive_engine::weights::source::BaseModel;
use hive_plugins::load_isolated;
use hive_runtime::opened::OpenExpert;
use hive_runtime::tokenise::Tokeniser;
use hive_sdk::manifest::Recipe;
use hive_sdk::{Record, Rendered};
use serde_json::{Map, Value};

use super::TrainError;

/// Time limit per record, after which its worker is killed.
const RECORD_LIMIT: Duration = Duration::from_secs(10);

/// What to prepare.
#[derive(Debug, Clone)]
pub struct DataRequest {
    /// Files or folders, as returned by [`hive_data::sources::locate`]; none: the expert's
    /// synthetic data.
    pub datasets: Vec<LocalData>,
    /// `field=column` pairs that override the mapping, as on the command line.
    pub map: Option<String>,
    /// Field values for every record that lacks them.
    pub fields: BTreeMap<String, String>,
    /// The recipe; only the data section and the seed are used.
    pub recipe: Recipe,
    /// Settings specific to the domain.
    pub options: Map<String, Value>,
    /// Folder for the prepared set; in the cache unless given.
    pub out: Option<PathBuf>,
    /// Number of worker processes; one per core unless given.
    pub workers: Option<usize>,
    /// If a prepared set is the only data set, use it and its split unchanged: for training.
    pub take_prepared: bool,
}

/// Checks that a base model of this shape supports the recipe's record length.
///
/// # Errors
/// [`TrainError::LongerThanBase`].
pub fn check_length(recipe: &Recipe, config: &ModelConfig, base: &str) -> Result<(), TrainError> {
    let (max_seq_len, longest) = (recipe.training.max_seq_len, config.max_position_embeddings);
    if max_seq_len <= longest {
        return Ok(());
    }
    Err(TrainError::LongerThanBase { max_seq_len, base: base.to_owned(), longest })
}

/// Number of records checked before any is judged.
const FIRST: usize = 64;

/// The first records of files, as read; none of prepared sets, which were checked before, and none
/// of synthetic data.
///
/// # Errors
/// When the data cannot be read.
pub(super) fn first_records(
    open: &OpenExpert,
    datasets: &[LocalData],
    map: Option<&str>,
    fixed: &BTreeMap<String, String>,
) -> Result<Vec<(String, Record)>, TrainError> {
    let sets: Vec<LocalData> = datasets.iter().filter(|set| !PreparedSet::is_at(&set.path)).cloned().collect();
    if sets.is_empty() {
        return Ok(Vec::new());
    }
    let files = files(open, sets, map, fixed)?;
    let stream = files.open()?;
    let read = stream.take(FIRST).filter_map(|read| match read {
        Ok(read) => Some(Ok((read.source.to_string(), read.record.ok()?))),
        Err(error) => Some(Err(error.into())),
    });
    read.collect()
}

fn files(
    open: &OpenExpert,
    sets: Vec<LocalData>,
    map: Option<&str>,
    fixed: &BTreeMap<String, String>,
) -> Result<Files, TrainError> {
    let overrides = map.map_or(Ok(MapOverrides::default()), str::parse);
    let overrides = overrides.map_err(DatasetError::from).map_err(PipelineError::from)?;
    let spec = open.expert.manifest().dataset.clone();
    Ok(Files { sets, spec, map: map.unwrap_or_default().to_owned(), overrides, fixed: fixed.clone() })
}

/// Prepares data. `base`, if given, is used to count tokens.
///
/// # Errors
/// Errors of the data gate.
pub fn prepare(
    open: &OpenExpert,
    request: &DataRequest,
    base: Option<(&BaseModel, &str)>,
    stop: &AtomicBool,
    reporter: &dyn PipelineReporter,
) -> Result<Outcome, TrainError> {
    if let Some((model, id)) = base {
        check_length(&request.recipe, &model.config, id)?;
    }
    if let [only] = &request.datasets[..]
        && PreparedSet::is_at(&only.path)
        && request.take_prepared
    {
        let set = PreparedSet::open(&only.path)?;
        if set.report.expert != open.expert.name() {
            let (got, expected) = (set.report.expert, open.expert.name().to_owned());
            return Err(PipelineError::OtherExpert { path: only.path.clone(), got, expected }.into());
        }
        if !request.fields.is_empty() {
            return Err(PipelineError::FieldsOfPrepared { path: only.path.clone() }.into());
        }
        return Ok(Outcome::Done(Box::new(set), true));
    }
    if request.datasets.is_empty() && !request.fields.is_empty() {
        return Err(PipelineError::FieldsWithoutData.into());
    }
    let OpenExpert { context, expert, place } = open;
    let seed = request.recipe.training.seed;
    let spec = &request.recipe.data;
    let read;
    let made;
    let data: &dyn Data = if request.datasets.is_empty() {
        made = Synthetic { expert, seed, records: spec.synthetic_records };
        &made
    } else {
        read = files(open, request.datasets.clone(), request.map.as_deref(), &request.fields)?;
        &read
    };
    let tokeniser = base.map(|(model, _)| Tokeniser::new(model)).transpose()?;
    let encode: &EncodeChat<'_> = &|chat| match &tokeniser {
        Some(tokeniser) => encode(tokeniser, chat),
        None => Ok(ChatTokens::default()),
    };
    let tokenisation = match base.zip(tokeniser.as_ref()) {
        None => None,
        Some(((model, id), tokeniser)) => {
            let max_seq_len = request.recipe.training.max_seq_len;
            let max_completion = expert.manifest().generation.max_new_tokens.min(max_seq_len);
            Some((tokenisation(tokeniser, model, id, encode)?, TokenLimits { max_seq_len, max_completion }))
        }
    };
    let pipeline = Pipeline::new(Request {
        expert,
        library: place.sha256()?,
        data,
        lints: spec.lints.clone(),
        options: request.options.clone(),
        split: SplitSettings {
            seed,
            validation_fraction: spec.validation_fraction,
            validation_records: spec.validation_records,
        },
        tokenisation,
        cache: data_cache(context.home()?, expert.name()),
        out: request.out.clone(),
        passing: request.take_prepared,
    })?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let workers = request.workers.unwrap_or(cores).max(1);
    let mut start = || Ok(load_isolated(place, workers, RECORD_LIMIT)?);
    Ok(pipeline.run(&mut start, stop, reporter)?)
}

/// How this base model tokenises.
///
/// # Errors
/// When its files cannot be read.
pub(super) fn tokenisation<'a>(
    tokeniser: &Tokeniser<'_>,
    model: &BaseModel,
    base: &str,
    encode: &'a EncodeChat<'a>,
) -> Result<Tokenisation<'a>, TrainError> {
    let (tokenizer, template) = tokeniser.digests()?;
    let (base, base_digest, eos) = (base.to_owned(), model.digest()?.to_owned(), tokeniser.eos.clone());
    Ok(Tokenisation { base, base_digest, tokenizer, template, eos, encode })
}

/// Tokenizes a chat for this base model.
///
/// # Errors
/// When the template or the tokenizer rejects it.
pub(super) fn encode(tokeniser: &Tokeniser<'_>, chat: &Rendered) -> Result<ChatTokens, PipelineError> {
    let encoded = tokeniser.encode(chat).map_err(|e| PipelineError::Tokenise(e.to_string()))?;
    Ok(ChatTokens { prompt_len: encoded.prompt_len, control: tokeniser.control_tokens_in(chat), ids: encoded.ids })
}
