//! From data to a prepared set: reads it into shards, judges what is not judged yet, deduplicates
//! the good records, splits and writes them. Memory use grows by a few numbers per record, not with
//! the texts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use hive_files::{Cache, CacheLimits, cache_folder, cache_kind};
use hive_pages::Stopwatch;
use hive_plugins::{CallFault, LoadedExpert, PluginError};
use hive_sdk::{LintLevel, Settings};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::data::Data;
use super::dedup::Fields;
use super::error::PipelineError;
use super::judge::{Tally, judge, verdict};
use super::judged::Judged;
use super::passes::Pass;
use super::reading::read;
use super::report::{Collector, Report};
use super::set::{self, FORMAT, Half, PreparedSet};
use super::shards::{ReadSummary, Shards, SourceRead};
use super::tokens::Tokenisation;
use crate::datasets::{Groups, SPLIT_VERSION, Source, SplitBy, SplitSettings, split};

/// Changes when the same input would be judged or stored differently.
const PIPELINE_VERSION: u32 = 3;

/// Limits of the cache of records and verdicts.
const KEPT: CacheLimits = CacheLimits { entries: 8, bytes: 50_000_000_000, age: Duration::from_secs(180 * 24 * 3600) };

/// Limits on a record's length in tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenLimits {
    /// Maximum length of a record for training.
    pub max_seq_len: usize,
    /// Maximum length of a completion.
    pub max_completion: usize,
}

/// Everything that determines a prepared set.
pub struct Request<'a> {
    /// The expert, for its manifest.
    pub expert: &'a LoadedExpert,
    /// SHA-256 digest of the expert's library: another build may judge differently.
    pub library: String,
    /// The data.
    pub data: &'a dyn Data,
    /// Lint levels that differ from the manifest's.
    pub lints: BTreeMap<String, LintLevel>,
    /// Settings specific to the domain.
    pub options: serde_json::Map<String, serde_json::Value>,
    /// How many records are held out.
    pub split: SplitSettings,
    /// Tokenizes records, if there is a base model, with the limits on their length.
    pub tokenisation: Option<(Tokenisation<'a>, TokenLimits)>,
    /// The cache of records and their verdicts.
    pub cache: Cache,
    /// Folder of the prepared set; in the cache unless given.
    pub out: Option<PathBuf>,
    /// Whether to accept a temporary set when the cache is not writable and `out` is not given.
    pub passing: bool,
}

/// The result of preparation.
#[derive(Debug)]
pub enum Outcome {
    /// A set; `true` when it existed already.
    Done(Box<PreparedSet>, bool),
    /// Stopped by the user: judged records are kept.
    Stopped,
}

/// Receives the progress of preparation.
pub trait PipelineReporter: Sync {
    /// The cache is not writable, for this reason: verdicts are not kept.
    fn not_kept(&self, why: &PipelineError) {
        let _ = why;
    }
    /// Another process prepares the same data: this one waits until it has finished.
    fn waiting(&self) {}
    /// `records` records have been read so far.
    fn reading(&self, records: usize);
    /// Judging begins: the sources with their mappings, and the total number of records.
    fn begin(&self, sources: &[SourceRead], total: usize);
    /// More records are judged.
    fn judged(&self, tally: Tally);
    /// All is judged: `done` of `total` shards are deduplicated, counted and written.
    fn writing(&self, done: usize, total: usize);
}

/// Runs the preparation.
pub struct Pipeline<'a> {
    pub(super) request: Request<'a>,
    pub(super) settings: Settings,
    pub(super) fields: Fields,
}

impl<'a> Pipeline<'a> {
    /// Checks the request.
    ///
    /// # Errors
    /// When a lint is unknown or the output folder is occupied.
    pub fn new(request: Request<'a>) -> Result<Self, PipelineError> {
        let mut lints: BTreeMap<String, LintLevel> =
            request.expert.manifest().lints().into_iter().map(|lint| (lint.code, lint.level)).collect();
        for (code, level) in &request.lints {
            let Some(known) = lints.get_mut(code) else {
                return Err(PipelineError::NoLint { code: code.clone(), known: lints.into_keys().collect() });
            };
            *known = *level;
        }
        let fields = Fields::of(request.expert.manifest());
        if let Some(out) = &request.out {
            set::check_place(out)?;
        }
        let settings = Settings { lints, options: request.options.clone() };
        Ok(Self { request, settings, fields })
    }

    /// Judges what is not in the cache, and writes the set unless it exists already. `workers` is
    /// called only when there is something to judge.
    ///
    /// # Errors
    /// When the data cannot be read, the expert fails, or no record is left.
    pub fn run(
        &self,
        workers: &mut dyn FnMut() -> Result<Vec<LoadedExpert>, PipelineError>,
        stop: &AtomicBool,
        reporter: &dyn PipelineReporter,
    ) -> Result<Outcome, PipelineError> {
        let stopwatch = Stopwatch::start();
        let verdicts = self.verdict_key()?;
        let shards = self.shards(&verdicts[..32], reporter)?;
        let summary = match shards.summary()? {
            Some(summary) => summary,
            None => match read(self.request.data, &self.request.expert.manifest().dataset, &shards, stop, reporter)? {
                Some(summary) => summary,
                None => return Ok(Outcome::Stopped),
            },
        };
        let key = self.set_key(&verdicts, &summary);
        let out = self.request.out.clone().unwrap_or_else(|| shards.folder().join("prepared"));
        if PreparedSet::is_at(&out)
            && let Ok(set) = PreparedSet::open(&out)
            && set.report.key == key
            && set.is_whole()
        {
            return Ok(Outcome::Done(Box::new(set), true));
        }
        let mut ready: Option<Vec<LoadedExpert>> = None;
        if !shards.all_judged(&summary) {
            let ready = ready.insert(self.configured(workers)?);
            reporter.begin(&summary.sources, summary.records);
            if !judge(ready, &shards, summary.shards, stop, &|tally| reporter.judged(tally))? {
                return Ok(Outcome::Stopped);
            }
        }
        let prompts = self.eval_prompts(&shards, &mut || match ready.take() {
            Some(ready) => Ok(ready),
            None => self.configured(workers),
        })?;
        drop(ready);
        let pass = Pass { shards: &shards, summary: &summary, stop, reporter };
        let Some(mut chosen) = self.choose(&pass, &prompts)? else { return Ok(Outcome::Stopped) };
        let kept = chosen.groups.len();
        if kept == 0 {
            let what = self.request.data.name();
            return Err(match chosen.collector.records {
                0 => crate::datasets::DatasetError::Empty { what }.into(),
                _ => PipelineError::AllRejected { rejects: chosen.collector.rejects.clone() },
            });
        }
        let by_group = self.fields.group.as_deref().map(|field| Groups { field, keys: &chosen.groups });
        let halves = split(kept, by_group, &self.request.split);
        let mut report = self.report(key, &summary, &chosen.collector, halves.by.clone());
        (report.train, report.validation, report.unused) = (halves.train.len(), halves.validation.len(), halves.unused);
        let mut sides = vec![None; kept];
        halves.train.iter().for_each(|i| sides[*i] = Some(Half::Train));
        halves.validation.iter().for_each(|i| sides[*i] = Some(Half::Validation));
        let tokenisation = self.request.tokenisation.as_ref().map(|(tokenisation, _)| tokenisation);
        let written = set::write(&out, tokenisation, &stopwatch, |writer| {
            let whole = pass.write(&mut chosen, &sides, writer)?;
            Ok(whole.then_some(report))
        })?;
        Ok(written.map_or(Outcome::Stopped, |set| {
            Outcome::Done(Box::new(PreparedSet { _temporary: shards.temporary_folder(), ..set }), false)
        }))
    }

    /// The shards in the cache; temporary ones if the cache is not writable.
    fn shards(&self, key: &str, reporter: &dyn PipelineReporter) -> Result<Shards, PipelineError> {
        let Request { cache, out, passing, .. } = &self.request;
        match Shards::open(cache, key, || reporter.waiting()) {
            Err(error) if error.is_read_only() && (out.is_some() || *passing) => {
                reporter.not_kept(&error);
                Shards::temporary()
            }
            shards => shards,
        }
    }

    fn configured(
        &self,
        workers: &mut dyn FnMut() -> Result<Vec<LoadedExpert>, PipelineError>,
    ) -> Result<Vec<LoadedExpert>, PipelineError> {
        let workers = workers()?;
        for worker in &workers {
            worker.configure(&self.settings).map_err(|error| match error {
                PluginError::Call { expert, fault: CallFault::Refused(why), .. } => {
                    PipelineError::SetUp { expert, why }
                }
                other => other.into(),
            })?;
        }
        Ok(workers)
    }

    /// Digest of everything that verdicts depend on.
    fn verdict_key(&self) -> Result<String, PipelineError> {
        let Request { expert, library, data, .. } = &self.request;
        let mut hash = Sha256::new();
        for part in [
            &PIPELINE_VERSION.to_string(),
            library,
            expert.manifest_json(),
            &json!(self.settings).to_string(),
            &data.digest()?,
        ] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
        Ok(super::hex(hash))
    }

    /// Digest of everything else that the set depends on.
    fn set_key(&self, verdicts: &str, summary: &ReadSummary) -> String {
        let Request { split, tokenisation, .. } = &self.request;
        let tokens = tokenisation.as_ref().map(|(tokenisation, limits)| {
            json!([tokenisation.base_digest, tokenisation.tokenizer, limits.max_seq_len, limits.max_completion])
        });
        let split = json!([SPLIT_VERSION, split.seed, split.validation_fraction, split.validation_records]);
        super::hex(Sha256::new().chain_update(json!([FORMAT, verdicts, summary.files, split, tokens]).to_string()))
    }

    /// The judged eval prompts, so that records are compared with their canonical texts.
    fn eval_prompts(
        &self,
        shards: &Shards,
        workers: &mut dyn FnMut() -> Result<Vec<LoadedExpert>, PipelineError>,
    ) -> Result<Vec<Judged>, PipelineError> {
        let prompts = &self.request.expert.manifest().eval_prompts;
        if prompts.is_empty() {
            return Ok(Vec::new());
        }
        if let Some(found) = shards.eval_prompts() {
            return Ok(found);
        }
        let workers = workers()?;
        let Some(worker) = workers.first() else { return Ok(Vec::new()) };
        let judged = prompts
            .iter()
            .map(|prompt| {
                let source = Source::EvalPrompt { id: prompt.id.clone() };
                let verdict = verdict(worker, &source, &prompt.record)?;
                Ok(Judged { source, record: prompt.record.clone(), verdict, chat: None })
            })
            .collect::<Result<Vec<_>, PipelineError>>()?;
        shards.write_eval_prompts(&judged)?;
        Ok(judged)
    }

    fn report(&self, key: String, summary: &ReadSummary, collector: &Collector, split_by: SplitBy) -> Report {
        let manifest = self.request.expert.manifest();
        let mut report = Report {
            format: FORMAT,
            expert: manifest.name.clone(),
            expert_version: manifest.version.clone(),
            key,
            rendered_by: Some(self.request.library.clone()),
            sources: summary.sources.clone(),
            records: 0,
            accepted: 0,
            repaired: 0,
            rejected: 0,
            left_out: BTreeMap::new(),
            train: 0,
            validation: 0,
            unused: 0,
            split_by,
            rejects: Vec::new(),
            repairs: Vec::new(),
            notes: Vec::new(),
            lints: collector.lints(&manifest.lints(), &self.settings.lints),
            labels: BTreeMap::new(),
            measures: BTreeMap::new(),
            tokens: self.request.tokenisation.as_ref().map(|(t, limits)| collector.tokens(&t.base, limits.max_seq_len)),
            examples: Vec::new(),
            remarks: Vec::new(),
        };
        collector.fill(&mut report);
        if let SplitBy::Record { whole: Some(hundredths), .. } = report.split_by {
            let fraction = f64::from(hundredths) / 100.0;
            let group = self.fields.group.as_deref().unwrap_or_default();
            report.remarks.push(format!(
                "held-out records share their `{group}` with records that are trained on: \
                 `--set validation_fraction={fraction}` keeps one apart"
            ));
        }
        report
    }
}

/// The cache of an expert's records and verdicts: `HIVE_HOME/cache/data/NAME`.
pub fn data_cache(home: &Path, expert: &str) -> Cache {
    Cache::new(cache_folder(home).join(cache_kind::DATA).join(expert), KEPT)
}
