//! The cache of judged records: a folder of numbered shards, each written whole or not at all. A run
//! that was killed leaves its finished shards, and the next one goes on behind them.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hive_files::write_file;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use super::error::PipelineError;
use super::judged::Judged;

/// Compression level: shards are written once and read a few times.
const LEVEL: i32 = 1;

/// Caches of this many data sets are kept, the latest used.
const KEPT: usize = 8;

const DONE: &str = "done.json";

/// The shards of one data set under one set of circumstances.
#[derive(Debug, Clone)]
pub struct Shards {
    folder: PathBuf,
    /// Where they are not kept: removed with the last who uses it.
    aside: Option<Arc<TempDir>>,
}

/// Says that all shards are there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Done {
    /// How many shards.
    pub shards: usize,
    /// How many records in all, unusable ones included.
    pub records: usize,
    /// How each source was read, for the person to see.
    pub sources: Vec<SourceRead>,
}

/// How one source was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceRead {
    /// Its name, as the user gave it.
    pub name: String,
    /// Records in it.
    pub records: usize,
    /// Which column holds which field; empty for records of the expert's own making.
    pub mapping: String,
}

impl Shards {
    /// Opens the cache of `key` below `root`, and makes room for it.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn open(root: &Path, key: &str) -> Result<Self, PipelineError> {
        let folder = root.join(key);
        fs::create_dir_all(&folder).map_err(PipelineError::io("create", &folder))?;
        // Dates the folder, so that the caches in use are the ones that stay.
        let used = folder.join("used");
        fs::write(&used, b"").map_err(PipelineError::io("write", &used))?;
        forget_oldest(root, &folder);
        Ok(Self { folder, aside: None })
    }

    /// Shards that are not kept, in a temporary folder.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn aside() -> Result<Self, PipelineError> {
        let root = std::env::temp_dir();
        let folder = tempfile::Builder::new().prefix("hive-data-").tempdir_in(&root);
        let folder = folder.map_err(PipelineError::io("write to", &root))?;
        Ok(Self { folder: folder.path().to_owned(), aside: Some(Arc::new(folder)) })
    }

    /// The temporary folder that they are in, when they are not kept.
    pub(super) fn temporary(&self) -> Option<Arc<TempDir>> {
        self.aside.clone()
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether every part is there, and what was read.
    pub fn done(&self) -> Option<Done> {
        let done: Done = serde_json::from_slice(&fs::read(self.folder.join(DONE)).ok()?).ok()?;
        (0..done.shards).all(|n| self.has(n)).then_some(done)
    }

    /// Says that every part is there.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(&self, done: &Done) -> Result<(), PipelineError> {
        let text = serde_json::to_vec_pretty(done).map_err(|e| PipelineError::format(&self.folder, e))?;
        Ok(write_file(&self.folder.join(DONE), &text)?)
    }

    /// Whether part `n` is there.
    pub fn has(&self, n: usize) -> bool {
        self.path(n).is_file()
    }

    /// Writes part `n`.
    ///
    /// # Errors
    /// When it cannot be written; there is then no part `n`.
    pub fn write(&self, n: usize, records: &[Judged]) -> Result<(), PipelineError> {
        let path = self.path(n);
        let mut packed = zstd::Encoder::new(Vec::new(), LEVEL).map_err(PipelineError::io("write", &path))?;
        // A part that was cut short must not pass for a whole one.
        packed.include_checksum(true).map_err(PipelineError::io("write", &path))?;
        for record in records {
            serde_json::to_writer(&mut packed, record).map_err(|e| PipelineError::format(&path, e))?;
            packed.write_all(b"\n").map_err(PipelineError::io("write", &path))?;
        }
        let bytes = packed.finish().map_err(PipelineError::io("write", &path))?;
        Ok(write_file(&path, &bytes)?)
    }

    /// Reads part `n`.
    ///
    /// # Errors
    /// When it cannot be read or is damaged.
    pub fn read(&self, n: usize) -> Result<Vec<Judged>, PipelineError> {
        let path = self.path(n);
        let file = File::open(&path).map_err(PipelineError::io("read", &path))?;
        let plain = zstd::Decoder::new(file).map_err(PipelineError::io("read", &path))?;
        let mut records = Vec::new();
        for line in BufReader::new(plain).split(b'\n') {
            let line = line.map_err(PipelineError::io("read", &path))?;
            records.push(serde_json::from_slice(&line).map_err(|e| PipelineError::format(&path, e))?);
        }
        Ok(records)
    }

    fn path(&self, n: usize) -> PathBuf {
        self.folder.join(format!("part-{n:06}.jsonl.zst"))
    }
}

/// Removes the caches that were used longest ago. A cache is only ever a matter of time: what
/// cannot be removed stays.
fn forget_oldest(root: &Path, current: &Path) {
    let Ok(entries) = fs::read_dir(root) else { return };
    let mut caches: Vec<_> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path != current)
        .filter_map(|path| Some((fs::metadata(path.join("used")).ok()?.modified().ok()?, path)))
        .collect();
    caches.sort();
    for (_, path) in caches.iter().rev().skip(KEPT - 1) {
        drop(fs::remove_dir_all(path));
    }
}

#[cfg(test)]
mod tests {
    use hive_sdk::{Record, Verdict};

    use super::*;

    fn judged(n: usize) -> Judged {
        let record = Record::from_pairs([("x", n.to_string())]);
        Judged { source: format!("f:{n}"), record, verdict: Verdict::accept(), chat: None }
    }

    #[test]
    fn parts_come_back_and_a_missing_or_damaged_one_is_known() {
        let root = tempfile::tempdir().unwrap();
        let shards = Shards::open(root.path(), "k").unwrap();
        let records: Vec<_> = (0..300).map(judged).collect();
        shards.write(0, &records).unwrap();
        assert_eq!(shards.read(0).unwrap(), records);
        let done = Done { shards: 2, records: 600, sources: vec![] };
        shards.finish(&done).unwrap();
        assert_eq!(shards.done(), None, "part 1 is not there");
        shards.write(1, &records).unwrap();
        assert_eq!(shards.done(), Some(done));

        let path = shards.path(1);
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() - 5]).unwrap();
        assert!(shards.read(1).is_err());
    }

    #[test]
    fn the_caches_used_last_stay() {
        let root = tempfile::tempdir().unwrap();
        for n in 0..KEPT + 3 {
            Shards::open(root.path(), &n.to_string()).unwrap();
            std::thread::sleep(std::time::Duration::from_millis(15));
        }
        let left: Vec<_> = (0..KEPT + 3).filter(|n| root.path().join(n.to_string()).exists()).collect();
        assert_eq!(left, (3..KEPT + 3).collect::<Vec<_>>());
    }
}
