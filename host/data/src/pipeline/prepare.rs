//! From data to a prepared set: judge what is not judged yet, hold the good records against each
//! other, split, write. Two passes over the cached shards, so memory grows by a few numbers per
//! record and not with their texts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use hive_plugins::{CallFault, LoadedExpert, PluginError};
use hive_sdk::{LintLevel, Rendered, Settings, Verdict};
use rayon::prelude::*;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::dedup::{DedupOutcome, Deduplicator, Fields, Keys, LONG_COMPLETION};
use super::error::PipelineError;
use super::judge::{Incoming, Tally, judge, verdict};
use super::judged::Judged;
use super::report::{Collector, Report};
use super::set::{self, FORMAT, Half, PreparedSet, SetWriter};
use super::shards::{Done, Shards, SourceRead};
use crate::datasets::{Groups, SPLIT_VERSION, SplitBy, SplitSettings, split};

/// Changes when the same input would be judged or stored otherwise.
const GATE_VERSION: u32 = 2;

/// What is to be prepared.
pub trait Data {
    /// sha256 over everything that decides which records come, and in which order.
    ///
    /// # Errors
    /// When it cannot be read.
    fn digest(&self) -> Result<String, PipelineError>;

    /// What it is called in messages.
    fn name(&self) -> String;

    /// Reads everything once, so that what cannot be read is known before any work, and counts it:
    /// so many records come. `None` when `stop` was raised. `on_count` hears how far it is.
    ///
    /// # Errors
    /// When it cannot be read.
    fn count(&self, stop: &AtomicBool, on_count: &dyn Fn(usize)) -> Result<Option<usize>, PipelineError>;

    /// The records from the first on.
    ///
    /// # Errors
    /// When it cannot be read.
    fn open(&self) -> Result<Box<dyn Stream>, PipelineError>;
}

/// Records as they are read.
pub trait Stream: Iterator<Item = Result<Incoming, PipelineError>> + Send {
    /// What was read so far, each source with its mapping.
    fn sources(&self) -> Vec<SourceRead>;
}

/// A record whose text holds the names of control tokens, such as `<|im_end|>`. They train as text.
pub const CONTROL_TEXT: &str = "control-token-text";

/// What a tokenizer makes of a chat.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChatTokens {
    /// All its tokens.
    pub whole: usize,
    /// Those of the completion.
    pub completion: usize,
    /// Control tokens whose names are in the text of its messages.
    pub control: Vec<String>,
}

/// Counts the tokens of a chat.
pub type CountTokens<'a> = dyn Fn(&Rendered) -> Result<ChatTokens, PipelineError> + Sync + 'a;

/// Counts tokens with the tokenizer of a base model.
pub struct Counter<'a> {
    /// Name of the base.
    pub base: String,
    /// Digest of the base.
    pub digest: String,
    /// Digest of its tokenizer.
    pub tokenizer: String,
    /// Longest record that training takes.
    pub max_seq_len: usize,
    /// Longest completion.
    pub max_completion: usize,
    /// Counts.
    pub count: &'a CountTokens<'a>,
}

/// What decides a prepared set.
pub struct Request<'a> {
    /// The expert, for its manifest.
    pub expert: &'a LoadedExpert,
    /// sha256 of the expert's library: another build may judge otherwise.
    pub library: String,
    /// The data.
    pub data: &'a dyn Data,
    /// Levels of lints other than the manifest's.
    pub lints: BTreeMap<String, LintLevel>,
    /// Settings of the domain's own.
    pub options: serde_json::Map<String, serde_json::Value>,
    /// How much is held out.
    pub split: SplitSettings,
    /// Counts tokens, if a base is at hand.
    pub counter: Option<Counter<'a>>,
    /// Folder of the cache.
    pub cache: PathBuf,
    /// Folder of the prepared set; in the cache unless given.
    pub out: Option<PathBuf>,
    /// Whether a set that is not kept will do, where the cache cannot be written to and `out` is not
    /// given.
    pub passing: bool,
}

/// How preparing ended.
#[derive(Debug)]
pub enum Outcome {
    /// With a set; `true` when it stood there already.
    Done(Box<PreparedSet>, bool),
    /// Stopped by the person: what is judged is kept.
    Stopped,
}

/// Hears how far preparing is.
pub trait PipelineReporter: Sync {
    /// The cache cannot be written to, for this reason: what is judged is not kept.
    fn not_kept(&self, why: &PipelineError) {
        let _ = why;
    }
    /// The data is read and counted: so many records so far.
    fn reading(&self, records: usize);
    /// Judging begins: what is read and how, and how many records come in all.
    fn begin(&self, sources: &[SourceRead], total: usize);
    /// A part is done.
    fn judged(&self, tally: Tally);
    /// All is judged: `done` of `total` shards are compared, counted and written.
    fn writing(&self, done: usize, total: usize);
}

/// Prepares.
pub struct Pipeline<'a> {
    request: Request<'a>,
    settings: Settings,
    fields: Fields,
}

impl<'a> Pipeline<'a> {
    /// Checks the request.
    ///
    /// # Errors
    /// When a lint is unknown or the place for the result is taken.
    pub fn new(request: Request<'a>) -> Result<Self, PipelineError> {
        let dataset = &request.expert.manifest().dataset;
        let mut lints: BTreeMap<String, LintLevel> =
            dataset.lints.iter().map(|lint| (lint.code.clone(), lint.level)).collect();
        for (code, level) in &request.lints {
            let Some(known) = lints.get_mut(code) else {
                return Err(PipelineError::NoLint { code: code.clone(), known: lints.into_keys().collect() });
            };
            *known = *level;
        }
        let completion = request.expert.manifest().completion_field().unwrap_or_default().to_owned();
        let group = dataset.group_by.clone();
        let prompt = dataset
            .fields
            .iter()
            .filter(|f| !f.optional && !f.completion && Some(&f.name) != group.as_ref())
            .map(|f| f.name.clone())
            .collect();
        if let Some(out) = &request.out {
            set::check_place(out)?;
        }
        let settings = Settings { lints, options: request.options.clone() };
        Ok(Self { request, settings, fields: Fields { prompt, completion, group } })
    }

    /// Judges what is not in the cache, and writes the set unless it stands there already. `workers`
    /// is called only when something is to be judged.
    ///
    /// # Errors
    /// When the data cannot be read, the expert fails, or nothing is left.
    pub fn run(
        &self,
        workers: &mut dyn FnMut() -> Result<Vec<LoadedExpert>, PipelineError>,
        stop: &AtomicBool,
        reporter: &dyn PipelineReporter,
    ) -> Result<Outcome, PipelineError> {
        let verdicts = self.verdict_key()?;
        let shards = self.shards(&verdicts[..32], reporter)?;
        let key = self.set_key(&verdicts);
        let out = self.request.out.clone().unwrap_or_else(|| shards.folder().join("prepared"));
        if PreparedSet::is_at(&out)
            && let Ok(set) = PreparedSet::open(&out)
            && set.report.key == key
            && set.is_whole()
        {
            return Ok(Outcome::Done(Box::new(set), true));
        }
        let mut ready: Option<Vec<LoadedExpert>> = None;
        let done = match shards.done() {
            Some(done) => done,
            None => {
                let counted = self.request.data.count(stop, &|records| reporter.reading(records))?;
                let Some(total) = counted else { return Ok(Outcome::Stopped) };
                let ready = ready.insert(self.configured(workers)?);
                let mut stream = self.request.data.open()?;
                reporter.begin(&stream.sources(), total);
                let incoming: &mut (dyn Iterator<Item = _> + Send) = &mut StreamIter(&mut *stream);
                let Some((count, records)) = judge(ready, incoming, &shards, stop, &|t| reporter.judged(t))? else {
                    return Ok(Outcome::Stopped);
                };
                let done = Done { shards: count, records, sources: stream.sources() };
                shards.finish(&done)?;
                done
            }
        };
        let prompts = self.eval_prompts(&shards, &mut || match ready.take() {
            Some(ready) => Ok(ready),
            None => self.configured(workers),
        })?;
        drop(ready);
        let first = self.first_pass(&shards, &done, &prompts, stop, reporter)?;
        let Some((collector, outcomes, groups)) = first else { return Ok(Outcome::Stopped) };
        let kept = groups.len();
        if kept == 0 {
            let what = self.request.data.name();
            return Err(match collector.records {
                0 => crate::datasets::DatasetError::Empty { what }.into(),
                _ => PipelineError::AllRejected { rejects: collector.rejects.clone() },
            });
        }
        let by_group = self.fields.group.as_deref().map(|field| Groups { field, of: &groups });
        let halves = split(kept, by_group, &self.request.split);
        let mut report = self.report(key, &done, &collector, halves.by.clone());
        (report.train, report.validation, report.unused) = (halves.train.len(), halves.validation.len(), halves.unused);
        let mut sides = vec![None; kept];
        halves.train.iter().for_each(|i| sides[*i] = Some(Half::Train));
        halves.validation.iter().for_each(|i| sides[*i] = Some(Half::Validation));
        let written = set::write(&out, |writer| {
            let whole = second_pass(&shards, &done, &outcomes, &sides, writer, stop, reporter)?;
            Ok(whole.then_some(report))
        })?;
        Ok(written.map_or(Outcome::Stopped, |set| {
            Outcome::Done(Box::new(PreparedSet { _aside: shards.temporary(), ..set }), false)
        }))
    }

    /// The cache; shards that are not kept where it cannot be written to.
    fn shards(&self, key: &str, reporter: &dyn PipelineReporter) -> Result<Shards, PipelineError> {
        let Request { cache, out, passing, .. } = &self.request;
        match Shards::open(cache, key) {
            Err(error) if error.is_read_only() && (out.is_some() || *passing) => {
                reporter.not_kept(&error);
                Shards::aside()
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

    /// What the verdicts depend on.
    fn verdict_key(&self) -> Result<String, PipelineError> {
        let Request { expert, library, data, .. } = &self.request;
        let mut hash = Sha256::new();
        for part in [
            &GATE_VERSION.to_string(),
            library,
            expert.manifest_json(),
            &json!(self.settings).to_string(),
            &data.digest()?,
        ] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
        Ok(hex(hash))
    }

    /// What the set depends on, besides the verdicts.
    fn set_key(&self, verdicts: &str) -> String {
        let Request { split, counter, .. } = &self.request;
        let counter = counter.as_ref().map(|c| json!([c.digest, c.tokenizer, c.max_seq_len, c.max_completion]));
        let split = json!([SPLIT_VERSION, split.seed, split.validation_fraction, split.validation_records]);
        hex(Sha256::new().chain_update(json!([FORMAT, verdicts, split, counter]).to_string()))
    }

    /// The evaluation prompts, judged, so that records are compared with their canonical texts.
    fn eval_prompts(
        &self,
        shards: &Shards,
        workers: &mut dyn FnMut() -> Result<Vec<LoadedExpert>, PipelineError>,
    ) -> Result<Vec<Judged>, PipelineError> {
        let prompts = &self.request.expert.manifest().eval_prompts;
        if prompts.is_empty() {
            return Ok(Vec::new());
        }
        let beside = Shards::open(shards.folder(), "eval-prompts")?;
        if let Some(found) = beside.has(0).then(|| beside.read(0).ok()).flatten() {
            return Ok(found);
        }
        let workers = workers()?;
        let Some(worker) = workers.first() else { return Ok(Vec::new()) };
        let judged = prompts
            .iter()
            .map(|prompt| {
                let source = format!("eval prompt {}", prompt.id);
                let verdict = verdict(worker, &source, &prompt.record)?;
                Ok(Judged { source, record: prompt.record.clone(), verdict, chat: None })
            })
            .collect::<Result<Vec<_>, PipelineError>>()?;
        beside.write(0, &judged)?;
        Ok(judged)
    }

    /// Counts everything and decides which records stay: their outcomes in the order of the data, and
    /// the groups of those that stay.
    #[allow(clippy::type_complexity)]
    fn first_pass(
        &self,
        shards: &Shards,
        done: &Done,
        prompts: &[Judged],
        stop: &AtomicBool,
        reporter: &dyn PipelineReporter,
    ) -> Result<Option<(Collector, Vec<DedupOutcome>, Vec<u64>)>, PipelineError> {
        let mut seen = Deduplicator::new(self.fields.clone(), prompts);
        let mut collector = Collector::new(&self.request.expert.manifest().dataset.fields);
        let counter = self.request.counter.as_ref();
        let mut outcomes = Vec::with_capacity(done.records);
        let mut groups = Vec::new();
        let budget = self.completion_budget();
        for number in 0..done.shards {
            if stop.load(Ordering::Relaxed) {
                return Ok(None);
            }
            let records = shards.read(number)?;
            let counted: Vec<(Keys, Option<ChatTokens>)> = records
                .par_iter()
                .map(|record| Ok((seen.keys(record), tokens(counter, record)?)))
                .collect::<Result<_, PipelineError>>()?;
            for (mut record, (keys, tokens)) in records.into_iter().zip(counted) {
                let counts = tokens.as_ref().map(|t| (t.whole, t.completion));
                let long = counts.zip(budget).is_some_and(|((_, completion), (most, _))| completion > most);
                let outcome = match (&record.verdict, long, budget) {
                    (Verdict::Reject { .. }, ..) => DedupOutcome::Keep,
                    (_, true, Some((_, true))) => DedupOutcome::LongCompletion,
                    _ => seen.place(&record, keys),
                };
                if long && outcome == DedupOutcome::Keep {
                    note_long(&mut record, counts);
                }
                note_control(&mut record, tokens.as_ref());
                collector.add(&record, outcome, counts);
                if record.good().is_some() && outcome == DedupOutcome::Keep {
                    groups.push(keys.group);
                }
                outcomes.push(outcome);
            }
            reporter.writing(number + 1, 2 * done.shards);
        }
        Ok(Some((collector, outcomes, groups)))
    }

    /// Most tokens of a completion, and whether a longer one is rejected; `None` when nobody looks.
    fn completion_budget(&self) -> Option<(usize, bool)> {
        let most = self.request.counter.as_ref()?.max_completion;
        match self.settings.lints.get(LONG_COMPLETION)? {
            LintLevel::Off => None,
            level => Some((most, *level == LintLevel::Reject)),
        }
    }

    fn report(&self, key: String, done: &Done, collector: &Collector, split_by: SplitBy) -> Report {
        let manifest = self.request.expert.manifest();
        let mut report = Report {
            format: FORMAT,
            expert: manifest.name.clone(),
            expert_version: manifest.version.clone(),
            key,
            sources: done.sources.clone(),
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
            lints: collector.lints(&manifest.dataset.lints, &self.settings.lints),
            labels: BTreeMap::new(),
            measures: BTreeMap::new(),
            tokens: self.request.counter.as_ref().map(|c| collector.tokens(&c.base, c.max_seq_len)),
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

/// What a tokenizer makes of a record, when somebody counts.
fn tokens(counter: Option<&Counter<'_>>, record: &Judged) -> Result<Option<ChatTokens>, PipelineError> {
    match counter.zip(record.chat.as_ref()) {
        Some((counter, chat)) => (counter.count)(chat).map(Some),
        None => Ok(None),
    }
}

/// Adds the remark that the completion is long.
fn note_long(record: &mut Judged, tokens: Option<(usize, usize)>) {
    let completion = tokens.map_or(0, |(_, completion)| completion);
    note(record, LONG_COMPLETION, format!("its completion has {completion} tokens, more than an answer may have"));
}

/// Adds the remark that names of control tokens are in its text.
fn note_control(record: &mut Judged, tokens: Option<&ChatTokens>) {
    let Some(names) = tokens.map(|t| t.control.as_slice()).filter(|names| !names.is_empty()) else { return };
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    note(
        record,
        CONTROL_TEXT,
        format!("its text holds {}, which trains as text, not as a control token", names.join(", ")),
    );
}

fn note(record: &mut Judged, code: &str, message: String) {
    if let Verdict::Accept { notes, .. } | Verdict::Repaired { notes, .. } = &mut record.verdict {
        notes.push(hive_sdk::Finding { code: code.to_owned(), message });
    }
}

/// Writes every record to where it belongs. `sides` has an entry per record that stays. False when
/// `stop` was raised before the end.
fn second_pass(
    shards: &Shards,
    done: &Done,
    outcomes: &[DedupOutcome],
    sides: &[Option<Half>],
    writer: &mut SetWriter<'_>,
    stop: &AtomicBool,
    reporter: &dyn PipelineReporter,
) -> Result<bool, PipelineError> {
    let mut outcomes = outcomes.iter();
    let mut sides = sides.iter();
    for number in 0..done.shards {
        if stop.load(Ordering::Relaxed) {
            return Ok(false);
        }
        for record in shards.read(number)? {
            let outcome = outcomes.next().copied().unwrap_or(DedupOutcome::Keep);
            match (&record.verdict, outcome.code()) {
                (Verdict::Reject { code, why, .. }, _) => writer.reject(&record, code, why)?,
                (_, Some((code, why))) => writer.reject(&record, code, why)?,
                (_, None) => {
                    if let Some(half) = sides.next().copied().flatten() {
                        writer.keep(half, &record)?;
                    }
                }
            }
        }
        reporter.writing(done.shards + number + 1, 2 * done.shards);
    }
    Ok(true)
}

/// A stream as a plain iterator, which `judge` takes.
struct StreamIter<'a>(&'a mut dyn Stream);

impl Iterator for StreamIter<'_> {
    type Item = Result<Incoming, PipelineError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }
}

fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|b| format!("{b:02x}")).collect()
}

/// Where caches of an expert's data are: `HIVE_HOME/cache/data/NAME`.
pub fn cache_folder(home: &Path, expert: &str) -> PathBuf {
    home.join("cache").join("data").join(expert)
}
