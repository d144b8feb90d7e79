//! The cache of one data set's records: a folder of numbered shards, each written atomically. A
//! shard is first `read-000012.jsonl.zst`, the records as read, and then `judged-000012.jsonl.zst`,
//! the same records with their verdicts. Both exist while a shard is partly judged: a run that was
//! killed resumes after the records in the latter.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hive_files::{Cache, Lock, write_file};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use super::error::PipelineError;
use super::judged::Judged;
use crate::datasets::{FileStamps, ReadRecord, stamps_hold};

/// Compression level: shards are written once and read a few times.
const LEVEL: i32 = 1;

const LOCK: &str = ".lock";
const SUMMARY: &str = "read.json";
const EVAL_PROMPTS: &str = "eval-prompts.jsonl.zst";

/// The shards of one data set with one set of conditions.
#[derive(Debug, Clone)]
pub struct Shards {
    folder: PathBuf,
    /// Held as long as anyone uses these shards: two processes would judge the same records, and overwrite
    /// each other's.
    _lock: Option<Arc<Lock>>,
    /// The temporary folder, if the shards are not kept; removed when the last user drops it.
    temporary: Option<Arc<TempDir>>,
}

/// The summary of reading: written once all records are in the shards.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadSummary {
    /// Number of shards.
    pub shards: usize,
    /// Total number of records, including unusable ones.
    pub records: usize,
    /// How each source was read, for the user.
    pub sources: Vec<SourceRead>,
    /// Stamps of the files that records refer to.
    pub files: FileStamps,
}

/// How one source was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceRead {
    /// Its name, as the user gave it.
    pub name: String,
    /// Records in it.
    pub records: usize,
    /// The mapping from columns to fields; empty for synthetic records.
    pub mapping: String,
}

impl Shards {
    /// Opens and locks the shards of `key`, evicting others if necessary. `on_wait` is called before waiting
    /// for another process that prepares the same data.
    ///
    /// # Errors
    /// When the folder cannot be created.
    pub fn open(cache: &Cache, key: &str, on_wait: impl FnOnce()) -> Result<Self, PipelineError> {
        let folder = cache.folder(key)?;
        let lock = Lock::take(&folder.join(LOCK), on_wait)?;
        Ok(Self { folder, _lock: Some(Arc::new(lock)), temporary: None })
    }

    /// Temporary shards, which are not kept.
    ///
    /// # Errors
    /// When the folder cannot be created.
    pub fn temporary() -> Result<Self, PipelineError> {
        let root = std::env::temp_dir();
        let folder = tempfile::Builder::new().prefix("hive-data-").tempdir_in(&root);
        let folder = folder.map_err(PipelineError::io("write to", &root))?;
        Ok(Self { folder: folder.path().to_owned(), temporary: Some(Arc::new(folder)), _lock: None })
    }

    /// The temporary folder, if the shards are not kept.
    pub(super) fn temporary_folder(&self) -> Option<Arc<TempDir>> {
        self.temporary.clone()
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The summary, if everything was read. If a file that records refer to has changed since,
    /// there is none, and the old verdicts are removed.
    ///
    /// # Errors
    /// When they cannot be removed.
    pub fn summary(&self) -> Result<Option<ReadSummary>, PipelineError> {
        let Ok(text) = fs::read(self.folder.join(SUMMARY)) else { return Ok(None) };
        let Ok(summary) = serde_json::from_slice::<ReadSummary>(&text) else { return Ok(None) };
        if !stamps_hold(&summary.files) {
            self.clear()?;
            return Ok(None);
        }
        let whole = |n| self.path("read", n).is_file() || self.path("judged", n).is_file();
        Ok((0..summary.shards).all(whole).then_some(summary))
    }

    fn clear(&self) -> Result<(), PipelineError> {
        let fault = || PipelineError::io("remove", &self.folder);
        for entry in fs::read_dir(&self.folder).map_err(fault())?.flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name == SUMMARY || name == EVAL_PROMPTS || name.starts_with("read-") || name.starts_with("judged-") {
                fs::remove_file(entry.path()).map_err(fault())?;
            }
        }
        Ok(())
    }

    /// Marks reading as finished.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish_reading(&self, summary: &ReadSummary) -> Result<(), PipelineError> {
        let text = serde_json::to_vec_pretty(summary).map_err(|e| PipelineError::format(&self.folder, e))?;
        Ok(write_file(&self.folder.join(SUMMARY), &text)?)
    }

    /// Writes the records of shard `n` as read.
    ///
    /// # Errors
    /// When it cannot be written; the shard then does not exist.
    pub fn write_read(&self, n: usize, records: &[ReadRecord]) -> Result<(), PipelineError> {
        write(&self.path("read", n), records)
    }

    /// The records of shard `n` as read; `None` when all of them are judged.
    ///
    /// # Errors
    /// When it cannot be read or is damaged.
    pub fn unjudged(&self, n: usize) -> Result<Option<Vec<ReadRecord>>, PipelineError> {
        let path = self.path("read", n);
        if path.is_file() { read(&path).map(Some) } else { Ok(None) }
    }

    /// Whether every shard is completely judged.
    pub fn all_judged(&self, summary: &ReadSummary) -> bool {
        (0..summary.shards).all(|n| !self.path("read", n).exists())
    }

    /// Writes the judged records of shard `n`.
    ///
    /// # Errors
    /// When they cannot be written; the old file is then unchanged.
    pub fn write_judged(&self, n: usize, records: &[Judged]) -> Result<(), PipelineError> {
        write(&self.path("judged", n), records)
    }

    /// Marks shard `n` as completely judged.
    ///
    /// # Errors
    /// When the file of unjudged records cannot be removed.
    pub fn finish_judging(&self, n: usize) -> Result<(), PipelineError> {
        let read = self.path("read", n);
        fs::remove_file(&read).map_err(PipelineError::io("remove", &read))
    }

    /// The judged records of shard `n`.
    ///
    /// # Errors
    /// When there are none, or they cannot be read or are damaged.
    pub fn judged(&self, n: usize) -> Result<Vec<Judged>, PipelineError> {
        read(&self.path("judged", n))
    }

    /// The judged eval prompts, if cached.
    pub fn eval_prompts(&self) -> Option<Vec<Judged>> {
        read(&self.folder.join(EVAL_PROMPTS)).ok()
    }

    /// Caches the judged eval prompts.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn write_eval_prompts(&self, prompts: &[Judged]) -> Result<(), PipelineError> {
        write(&self.folder.join(EVAL_PROMPTS), prompts)
    }

    fn path(&self, state: &str, n: usize) -> PathBuf {
        self.folder.join(format!("{state}-{n:06}.jsonl.zst"))
    }
}

fn write(path: &Path, records: &[impl Serialize]) -> Result<(), PipelineError> {
    let mut packed = zstd::Encoder::new(Vec::new(), LEVEL).map_err(PipelineError::io("write", path))?;
    // A truncated shard must be detected.
    packed.include_checksum(true).map_err(PipelineError::io("write", path))?;
    for record in records {
        serde_json::to_writer(&mut packed, record).map_err(|e| PipelineError::format(path, e))?;
        packed.write_all(b"\n").map_err(PipelineError::io("write", path))?;
    }
    let bytes = packed.finish().map_err(PipelineError::io("write", path))?;
    Ok(write_file(path, &bytes)?)
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>, PipelineError> {
    let file = File::open(path).map_err(PipelineError::io("read", path))?;
    let plain = zstd::Decoder::new(file).map_err(PipelineError::io("read", path))?;
    let mut records = Vec::new();
    for line in BufReader::new(plain).split(b'\n') {
        let line = line.map_err(PipelineError::io("read", path))?;
        records.push(serde_json::from_slice(&line).map_err(|e| PipelineError::format(path, e))?);
    }
    Ok(records)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use hive_files::CacheLimits;
    use hive_sdk::{Record, Verdict};

    use super::*;
    use crate::datasets::Source;

    fn judged(n: usize) -> Judged {
        let record = Record::from_pairs([("x", n.to_string())]);
        Judged { source: Source::Synthetic { index: n }, record, verdict: Verdict::accept(), chat: None }
    }

    fn unjudged(n: usize) -> ReadRecord {
        let record = if n.is_multiple_of(7) { Err(Verdict::reject("bad", "why")) } else { Ok(judged(n).record) };
        ReadRecord { source: Source::Line { file: Path::new("d.jsonl").into(), line: n as u64 }, record }
    }

    #[test]
    fn shards_come_back_and_a_missing_or_damaged_one_is_known() {
        let root = tempfile::tempdir().unwrap();
        let limits = CacheLimits { entries: 8, bytes: 1 << 30, age: Duration::from_secs(3600) };
        let shards = Shards::open(&Cache::new(root.path().to_owned(), limits), "k", || panic!("nobody else")).unwrap();
        let (raw, done): (Vec<_>, Vec<_>) = ((0..300).map(unjudged).collect(), (0..300).map(judged).collect());
        shards.write_read(0, &raw).unwrap();
        assert_eq!(shards.unjudged(0).unwrap(), Some(raw.clone()));
        let summary = ReadSummary { shards: 2, records: 600, sources: vec![], files: FileStamps::new() };
        shards.finish_reading(&summary).unwrap();
        assert_eq!(shards.summary().unwrap(), None, "shard 1 is not there");
        shards.write_read(1, &raw).unwrap();
        assert_eq!(shards.summary().unwrap(), Some(summary.clone()));

        shards.write_judged(0, &done).unwrap();
        shards.finish_judging(0).unwrap();
        shards.write_judged(1, &done[..10]).unwrap();
        assert_eq!((shards.unjudged(0).unwrap(), shards.unjudged(1).unwrap()), (None, Some(raw)));
        assert_eq!(shards.judged(1).unwrap(), done[..10]);
        assert!(!shards.all_judged(&summary));
        shards.write_judged(1, &done).unwrap();
        shards.finish_judging(1).unwrap();
        assert!(shards.all_judged(&summary));
        assert_eq!(shards.summary().unwrap(), Some(summary));

        let path = shards.path("judged", 1);
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() - 5]).unwrap();
        assert!(shards.judged(1).is_err());
        shards.clear().unwrap();
        assert_eq!(shards.summary().unwrap(), None);
    }

    #[test]
    fn a_named_file_that_changed_takes_what_was_read_with_it() {
        let root = tempfile::tempdir().unwrap();
        let shards = Shards { folder: root.path().to_owned(), _lock: None, temporary: None };
        let named = root.path().join("named.db");
        fs::write(&named, "a").unwrap();
        let mut files = FileStamps::new();
        let spec = serde_json::json!({"fields": [{"name": "database", "path": true}]});
        let record = Record::from_pairs([("database", named.display().to_string())]);
        crate::datasets::add_stamps(&serde_json::from_value(spec).unwrap(), &record, &mut files);
        let summary = ReadSummary { shards: 0, records: 0, sources: vec![], files };
        shards.finish_reading(&summary).unwrap();
        assert_eq!(shards.summary().unwrap(), Some(summary));
        fs::write(&named, "longer").unwrap();
        assert_eq!(shards.summary().unwrap(), None);
    }
}
