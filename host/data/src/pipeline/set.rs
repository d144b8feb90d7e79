//! A prepared set: a folder with `train.parquet`, `validation.parquet`, `rejected.jsonl`,
//! `report.json` and `report.html`, written atomically. This module writes, detects and reads it;
//! its content is decided elsewhere.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hive_files::{sha256_of_file, write_file, write_folder};
use hive_pages::Stopwatch;
use hive_sdk::{Message, Record, Rendered, Role};
use serde::Deserialize;
use serde_json::json;
use tempfile::TempDir;

use super::error::PipelineError;
use super::judged::Judged;
use super::page;
use super::report::Report;
use super::tokens::{SetTokensWriter, Tokenisation};
use crate::datasets::ParquetTable;

/// Format version of the folder.
pub const FORMAT: u32 = 1;

const REPORT: &str = "report.json";

/// Columns of `train.parquet` and `validation.parquet`.
pub const COLUMNS: [&str; 4] = ["prompt", "completion", "record", "provenance"];

/// One half of a prepared set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Half {
    /// Training records.
    Train,
    /// Held-out records.
    Validation,
}

impl Half {
    /// Both halves, in order.
    pub const BOTH: [Half; 2] = [Half::Train, Half::Validation];

    /// `train` or `validation`.
    pub fn name(self) -> &'static str {
        match self {
            Half::Train => "train",
            Half::Validation => "validation",
        }
    }

    /// SHA-256 digest of this half's file in the set at `set`, lower-case hex.
    pub(super) fn digest(self, set: &Path) -> Result<String, PipelineError> {
        Ok(sha256_of_file(&set.join(self.file()))?)
    }

    fn file(self) -> &'static str {
        match self {
            Half::Train => "train.parquet",
            Half::Validation => "validation.parquet",
        }
    }
}

/// A prepared set on disk.
#[derive(Debug, Clone)]
pub struct PreparedSet {
    /// Its folder.
    pub path: PathBuf,
    /// The report of its preparation.
    pub report: Report,
    /// The temporary folder that contains it; removed when the last user drops it.
    pub(super) _temporary: Option<Arc<TempDir>>,
}

impl PreparedSet {
    /// Whether this folder is a prepared set, judging by its files.
    pub fn is_at(path: &Path) -> bool {
        path.join(REPORT).is_file() && path.join(Half::Train.file()).is_file()
    }

    /// Opens the set in this folder.
    ///
    /// # Errors
    /// When its report cannot be read.
    pub fn open(path: &Path) -> Result<Self, PipelineError> {
        let file = path.join(REPORT);
        let text = fs::read(&file).map_err(PipelineError::io("read", &file))?;
        let report: Report = serde_json::from_slice(&text).map_err(|e| PipelineError::format(&file, e))?;
        if report.format != FORMAT {
            let what = format!("it has format {}, this hive reads {FORMAT}", report.format);
            return Err(PipelineError::Format { path: file, what });
        }
        Ok(Self { path: path.to_owned(), report, _temporary: None })
    }

    /// Whether both halves have the number of rows in the report, according to their footers.
    pub fn is_whole(&self) -> bool {
        let rows = |half: Half| ParquetTable::rows(&self.path.join(half.file())).ok();
        rows(Half::Train) == Some(self.report.train) && rows(Half::Validation) == Some(self.report.validation)
    }

    /// The records of one half, in order, one at a time.
    ///
    /// # Errors
    /// When the file cannot be read or was changed.
    pub fn rows(
        &self,
        half: Half,
    ) -> Result<impl Iterator<Item = Result<Record, PipelineError>> + Send + use<>, PipelineError> {
        let file = self.path.join(half.file());
        let rows = ParquetTable::read(&file, &["record"])?;
        Ok(rows.map(move |columns| {
            let columns = columns?;
            let text = columns.first().map(String::as_str).unwrap_or_default();
            serde_json::from_str(text).map_err(|e| PipelineError::format(&file, e))
        }))
    }

    /// The file of one half, for messages.
    pub fn file(&self, half: Half) -> PathBuf {
        self.path.join(half.file())
    }

    /// The rendered records of one half, in order, one at a time.
    ///
    /// # Errors
    /// As for [`Self::rows`].
    pub fn chats(
        &self,
        half: Half,
    ) -> Result<impl Iterator<Item = Result<Rendered, PipelineError>> + use<>, PipelineError> {
        let file = self.path.join(half.file());
        let rows = ParquetTable::read(&file, &["prompt", "completion", "provenance"])?;
        Ok(rows.map(move |columns| {
            let columns = columns?;
            let [prompt, completion, provenance] = &columns[..] else {
                return Err(PipelineError::format(&file, "a row lacks columns"));
            };
            let fault = |e| PipelineError::format(&file, e);
            let mut messages: Vec<Message> = serde_json::from_str(prompt).map_err(fault)?;
            let completion_start = messages.len();
            match serde_json::from_str::<Turns>(provenance).map_err(fault)?.turns {
                Some(turns) => messages.extend(turns),
                None => messages.push(Message::assistant(completion)),
            }
            Ok(Rendered { messages, completion_start })
        }))
    }

    /// `n` records of one half, spread evenly over it.
    ///
    /// # Errors
    /// As for [`Self::rows`].
    pub fn spread(&self, half: Half, n: usize) -> Result<Vec<Record>, PipelineError> {
        let rows = match half {
            Half::Train => self.report.train,
            Half::Validation => self.report.validation,
        };
        let n = n.min(rows);
        let mut wanted = (0..n).map(|i| i * rows / n).peekable();
        let mut found = Vec::with_capacity(n);
        for (i, row) in self.rows(half)?.enumerate() {
            let Some(next) = wanted.peek() else { break };
            let row = row?;
            if i == *next {
                found.push(row);
                wanted.next();
            }
        }
        Ok(found)
    }
}

/// From a row's provenance: the turns of a completion that is not a single assistant turn.
#[derive(Deserialize)]
struct Turns {
    #[serde(default)]
    turns: Option<Vec<Message>>,
}

/// A set being written.
pub struct SetWriter<'a> {
    folder: &'a Path,
    train: ParquetTable,
    validation: ParquetTable,
    rejected: BufWriter<File>,
    tokens: Option<SetTokensWriter>,
}

impl<'a> SetWriter<'a> {
    fn create(folder: &'a Path, tokenisation: Option<&Tokenisation<'_>>) -> Result<Self, PipelineError> {
        let rejected = folder.join("rejected.jsonl");
        let file = File::create(&rejected).map_err(PipelineError::io("create", &rejected))?;
        Ok(Self {
            folder,
            train: ParquetTable::create(&folder.join(Half::Train.file()), &COLUMNS)?,
            validation: ParquetTable::create(&folder.join(Half::Validation.file()), &COLUMNS)?,
            rejected: BufWriter::new(file),
            tokens: tokenisation.map(|tokenisation| SetTokensWriter::create(folder, tokenisation)).transpose()?,
        })
    }

    /// Adds a training or held-out record, with its token ids and the number of prompt tokens when
    /// the set is tokenised.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn keep(
        &mut self,
        half: Half,
        judged: &Judged,
        tokens: Option<(Vec<u32>, usize)>,
    ) -> Result<(), PipelineError> {
        let Some((record, chat)) = judged.good().zip(judged.chat.as_ref()) else { return Ok(()) };
        let (prompt, completion) = (chat.prompt(), chat.completion());
        let mut provenance =
            json!({"source": judged.source.to_string(), "changes": judged.changes(), "notes": judged.notes()});
        if !matches!(completion, [only] if only.role == Role::Assistant) {
            provenance["turns"] = json!(completion);
        }
        let completion: Vec<&str> =
            completion.iter().filter(|m| m.role == Role::Assistant).map(|m| m.content.as_str()).collect();
        if let Some((writer, (ids, prompt_len))) = self.tokens.as_mut().zip(tokens) {
            writer.add(half, &ids, prompt_len)?;
        }
        let table = match half {
            Half::Train => &mut self.train,
            Half::Validation => &mut self.validation,
        };
        let row = [json!(prompt).to_string(), completion.join("\n"), json!(record).to_string(), provenance.to_string()];
        Ok(table.write(&row.each_ref().map(String::as_str))?)
    }

    /// Adds a rejected record.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn reject(&mut self, judged: &Judged, code: &str, why: &str) -> Result<(), PipelineError> {
        let line = json!({"source": judged.source.to_string(), "code": code, "why": why, "record": judged.record});
        writeln!(self.rejected, "{line}").map_err(PipelineError::io("write", &self.folder.join("rejected.jsonl")))
    }

    fn finish(mut self, report: &Report, stopwatch: &Stopwatch) -> Result<(), PipelineError> {
        self.train.finish()?;
        self.validation.finish()?;
        if let Some(tokens) = self.tokens {
            tokens.finish(self.folder)?;
        }
        let path = self.folder.join("rejected.jsonl");
        self.rejected
            .flush()
            .and_then(|()| self.rejected.get_ref().sync_all())
            .map_err(PipelineError::io("write", &path))?;
        let text = serde_json::to_string_pretty(report).map_err(|e| PipelineError::format(self.folder, e))?;
        write_file(&self.folder.join("report.html"), page::html(report, &stopwatch.made())?.as_bytes())?;
        write_file(&self.folder.join(REPORT), (text + "\n").as_bytes())?;
        Ok(())
    }
}

/// Writes a set to `path`, where nothing but another prepared set may exist. `fill` adds the
/// records and returns the report; without a report, nothing is written. The page says when the
/// stopwatch was started and how long that is ago.
///
/// # Errors
/// Errors of `fill`, or when the folder cannot be written; existing content is then unchanged.
pub fn write(
    path: &Path,
    tokenisation: Option<&Tokenisation<'_>>,
    stopwatch: &Stopwatch,
    fill: impl FnOnce(&mut SetWriter<'_>) -> Result<Option<Report>, PipelineError>,
) -> Result<Option<PreparedSet>, PipelineError> {
    check_place(path)?;
    let mut report = None;
    let written = write_folder(path, |folder| {
        let mut writer = SetWriter::create(folder, tokenisation)?;
        let filled = fill(&mut writer)?.ok_or(Unfinished::Stopped)?;
        writer.finish(&filled, stopwatch)?;
        report = Some(filled);
        Ok(())
    });
    match written {
        Ok(()) => Ok(report.map(|report| PreparedSet { path: path.to_owned(), report, _temporary: None })),
        Err(Unfinished::Stopped) => Ok(None),
        Err(Unfinished::Failed(error)) => Err(error),
    }
}

/// Why a set was not written.
enum Unfinished {
    /// There is no report: preparation was stopped.
    Stopped,
    /// An error.
    Failed(PipelineError),
}

impl<E: Into<PipelineError>> From<E> for Unfinished {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// Fails when something at `path` must not be replaced, or nothing can be written there: to be
/// checked before any work.
///
/// # Errors
/// [`PipelineError::Occupied`], or the system's error.
pub fn check_place(path: &Path) -> Result<(), PipelineError> {
    let free = !path.exists() || PreparedSet::is_at(path) || fs::read_dir(path).is_ok_and(|mut d| d.next().is_none());
    if !free {
        return Err(PipelineError::Occupied { path: path.to_owned() });
    }
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(PipelineError::io("create", parent))?;
    tempfile::tempfile_in(parent).map_err(PipelineError::io("write to", parent)).map(drop)
}
