//! The tokens of prepared sets, on disk: made once for a set, an expert, a tokenizer, a template and
//! a limit, then mapped into memory. A run that goes on, or another on the same data, finds them.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use hive_data::pipeline::{Half, PipelineError, PreparedSet};
use hive_engine::EngineError;
use hive_engine::data::{Records, TokenFile, TokenWriter};
use hive_engine::ops::dropout;
use hive_files::FileError;
use hive_net::Context;
use hive_plugins::{BATCH, LoadedExpert};
use hive_runtime::tokenise::Tokeniser;
use hive_sdk::Record;
use hive_text::chat_template::PromptCompletion;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::TrainError;

/// Part of every key: counts up when the same input would give other tokens, or is checked otherwise.
const VERSION: &str = "3";

/// Token folders that are kept, the ones used last.
const KEPT: usize = 8;

/// One half of a prepared set as tokens.
#[derive(Debug)]
pub struct Tokens {
    /// The records that fit.
    pub records: TokenFile,
    /// What was left out.
    pub lengths: Lengths,
    /// Where they are when they are not kept; removed after them.
    _aside: Option<TempDir>,
}

/// What tokens depend on besides the records.
#[derive(Debug, Clone, Copy)]
pub struct Recipe<'a> {
    /// The expert, which renders.
    pub expert: &'a LoadedExpert,
    /// sha256 of its library.
    pub library: &'a str,
    /// Digest of the tokenizer.
    pub tokenizer: &'a str,
    /// Digest of the template.
    pub template: &'a str,
    /// Longest record.
    pub max_seq_len: usize,
}

/// The tokens of both halves of `set`, made if they are not there. `done` hears how many records of
/// how many were read.
///
/// # Errors
/// What the expert, the template, the tokenizer or the disk says.
pub fn tokens(
    context: &Context,
    set: &PreparedSet,
    recipe: Recipe<'_>,
    tokeniser: &Tokeniser<'_>,
    mut done: impl FnMut(usize, usize),
) -> Result<(Tokens, Tokens), TrainError> {
    let cache = context.cache()?.join("tokens");
    let total = set.report.train + set.report.validation;
    let mut half = |half: Half, before: usize| -> Result<Tokens, TrainError> {
        let path = cache.join(key(set, half, recipe)?).join("tokens.safetensors");
        if let Some(found) = open(&path) {
            return Ok(found);
        }
        let (mut writer, path, aside) = match TokenWriter::create(&path) {
            Err(EngineError::File(FileError::Io { source, .. }))
                if matches!(source.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem) =>
            {
                // A home that cannot be written to: they are made for this run alone.
                let root = std::env::temp_dir();
                let folder = tempfile::Builder::new().prefix("hive-tokens-").tempdir_in(&root);
                let folder = folder.map_err(|e| EngineError::io("write to", &root, e))?;
                let path = folder.path().join("tokens.safetensors");
                (TokenWriter::create(&path)?, path, Some(folder))
            }
            writer => (writer?, path, None),
        };
        let records = set.rows(half)?.map(|row| Ok(row?.record));
        let what = match half {
            Half::Train => "training record",
            Half::Validation => "held-out record",
        };
        let how = (what, recipe.max_seq_len);
        let lengths = write(tokeniser, recipe.expert, records, how, &mut writer, |n| done(before + n, total))?;
        writer.finish([
            ("too_long".to_owned(), lengths.too_long.to_string()),
            ("shortest".to_owned(), lengths.shortest.to_string()),
        ])?;
        Ok(Tokens { records: TokenFile::open(&path)?, lengths, _aside: aside })
    };
    let train = half(Half::Train, 0)?;
    let held = half(Half::Validation, set.report.train)?;
    let rows = |tokens: &Tokens| tokens.records.len() + tokens.lengths.too_long;
    for (tokens, expected) in [(&train, set.report.train), (&held, set.report.validation)] {
        if rows(tokens) != expected {
            let what = format!("got {} records, its report tells of {expected}", rows(tokens));
            return Err(PipelineError::format(&set.path, what).into());
        }
    }
    prune(&cache);
    Ok((train, held))
}

/// The tokens at `path`, if they are there and whole. Its folder is then one that was used last.
fn open(path: &Path) -> Option<Tokens> {
    let records = TokenFile::open(path).ok()?;
    let number = |key: &str| records.metadata(key)?.parse().ok();
    let lengths = Lengths { too_long: number("too_long")?, shortest: number("shortest")? };
    // A date that cannot be set makes the folder older than it is, and no more.
    let _ = fs::File::open(path.parent()?).and_then(|folder| folder.set_modified(SystemTime::now()));
    Some(Tokens { records, lengths, _aside: None })
}

fn key(set: &PreparedSet, half: Half, recipe: Recipe<'_>) -> Result<String, TrainError> {
    let mut hash = Sha256::new();
    let limit = recipe.max_seq_len.to_string();
    let parts =
        [VERSION, recipe.expert.name(), recipe.library, recipe.tokenizer, recipe.template, &limit, &set.digest(half)?];
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    Ok(hash.finalize().iter().take(16).map(|b| format!("{b:02x}")).collect())
}

/// Removes all but the folders used last. What cannot be removed stays.
fn prune(cache: &Path) {
    let Ok(entries) = fs::read_dir(cache) else { return };
    let mut folders: Vec<(SystemTime, PathBuf)> =
        entries.flatten().filter_map(|e| Some((e.metadata().ok()?.modified().ok()?, e.path()))).collect();
    folders.sort();
    for (_, folder) in folders.iter().rev().skip(2 * KEPT) {
        // One that another process maps stays readable to it.
        let _ = fs::remove_dir_all(folder);
    }
}

/// What was left out of a tokenised set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lengths {
    /// Records longer than the limit: dropped whole, never cut.
    pub too_long: usize,
    /// Tokens of the shortest record, for the error when none fits.
    pub shortest: usize,
}

/// Tokenises a stream of records into `writer`; those longer than `max_seq_len` are dropped and
/// counted. `what` is what a record is called in messages; `done` hears how many were read so far.
///
/// # Errors
/// What the stream, the expert, the template, the tokenizer or the disk says; and what is wrong with
/// the records' prompts.
fn write(
    tokeniser: &Tokeniser<'_>,
    expert: &LoadedExpert,
    records: impl Iterator<Item = Result<Record, TrainError>>,
    (what, max_seq_len): (&str, usize),
    writer: &mut TokenWriter,
    mut done: impl FnMut(usize),
) -> Result<Lengths, TrainError> {
    let mut lengths = Lengths { too_long: 0, shortest: usize::MAX };
    let mut index = 0;
    let mut records = records.peekable();
    while records.peek().is_some() {
        // Batch by batch, so that the chats of all records never exist at once.
        let batch = records.by_ref().take(BATCH).collect::<Result<Vec<_>, _>>()?;
        let rendered = expert.render(&batch)?;
        crate::preflight::batch(expert, &batch, &rendered, |i| format!("{what} {}", index as usize + i))?;
        for rendered in rendered {
            let PromptCompletion { ids, prompt_len } = tokeniser.encode(&rendered)?;
            lengths.shortest = lengths.shortest.min(ids.len());
            if ids.len() > max_seq_len {
                lengths.too_long += 1;
            } else {
                writer.add(&ids, prompt_len, dropout::key(&[index]))?;
            }
            index += 1;
        }
        done(index as usize);
    }
    Ok(lengths)
}
