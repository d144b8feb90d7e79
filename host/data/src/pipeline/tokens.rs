//! The token ids of a prepared set: `tokens-DIGEST.safetensors` beside its Parquet files, one per
//! tokenizer and chat template. They are computed while the set is written if a base model is
//! available, else from the set's chats when it is first used for training.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hive_sdk::Rendered;
use hive_text::token_file::{TokenFile, TokenPart, TokenWriter};
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::error::PipelineError;
use super::set::{Half, PreparedSet};

/// Part of every digest: incremented when the same chats would give other token ids.
const VERSION: &str = "1";

/// Number of chats tokenised at once.
const BATCH: usize = 256;

/// A chat as token ids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChatTokens {
    /// All its token ids.
    pub ids: Vec<u32>,
    /// Number of prompt tokens among them.
    pub prompt_len: usize,
    /// Control tokens whose names occur in the text of its messages.
    pub control: Vec<String>,
}

/// Tokenizes a chat.
pub type EncodeChat<'a> = dyn Fn(&Rendered) -> Result<ChatTokens, PipelineError> + Sync + 'a;

/// The tokenizer and chat template of a base model.
pub struct Tokenisation<'a> {
    /// Name of the base model.
    pub base: String,
    /// Digest of the base model.
    pub base_digest: String,
    /// Digest of its tokenizer.
    pub tokenizer: String,
    /// Digest of its chat template.
    pub template: String,
    /// Token ids that end a completion.
    pub eos: Vec<u32>,
    /// Tokenizes a chat.
    pub encode: &'a EncodeChat<'a>,
}

impl Tokenisation<'_> {
    /// The file name of a set's token ids.
    fn file_name(&self) -> String {
        let mut hash = Sha256::new();
        for part in [VERSION, &self.tokenizer, &self.template, &format!("{:?}", self.eos)] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        format!("tokens-{}.safetensors", &super::hex(hash)[..16])
    }
}

/// The token ids of both halves of a set.
#[derive(Debug)]
pub struct SetTokens {
    /// Ids of the training records.
    pub train: TokenPart,
    /// Ids of the held-out records.
    pub validation: TokenPart,
    /// Their temporary folder, if they are not kept.
    _temporary: Option<TempDir>,
}

/// Writes the token ids of a set.
pub(super) struct SetTokensWriter {
    writer: TokenWriter,
}

impl SetTokensWriter {
    pub(super) fn create(folder: &Path, tokenisation: &Tokenisation<'_>) -> Result<Self, PipelineError> {
        let path = folder.join(tokenisation.file_name());
        Ok(Self { writer: TokenWriter::create(&path, &Half::BOTH.map(Half::name))? })
    }

    pub(super) fn add(&mut self, half: Half, ids: &[u32], prompt_len: usize) -> Result<(), PipelineError> {
        Ok(self.writer.add(half as usize, ids, prompt_len)?)
    }

    /// Assembles the file; `set` is the folder with the Parquet files that it belongs to.
    pub(super) fn finish(self, set: &Path) -> Result<(), PipelineError> {
        let digest = |half: Half| Ok((half.name().to_owned(), half.digest(set)?));
        Ok(self.writer.finish(Half::BOTH.map(digest).into_iter().collect::<Result<Vec<_>, PipelineError>>()?)?)
    }
}

impl PreparedSet {
    /// The token ids of this set, computed if they do not exist. `on_progress` gets the number of
    /// tokenised records and the total.
    ///
    /// # Errors
    /// Errors of the tokenizer, the template or the disk.
    pub fn tokens(
        &self,
        tokenisation: &Tokenisation<'_>,
        mut on_progress: impl FnMut(usize, usize),
    ) -> Result<SetTokens, PipelineError> {
        let path = self.path.join(tokenisation.file_name());
        if let Some(tokens) = self.open_tokens(&path) {
            return Ok(tokens);
        }
        let (writer, path, temporary) = match SetTokensWriter::create(&self.path, tokenisation) {
            // The set is read-only: the ids are computed for this run only.
            Err(error) if error.is_read_only() => {
                let root = std::env::temp_dir();
                let folder = tempfile::Builder::new().prefix("hive-tokens-").tempdir_in(&root);
                let folder = folder.map_err(PipelineError::io("write to", &root))?;
                let path: PathBuf = folder.path().join(tokenisation.file_name());
                (SetTokensWriter::create(folder.path(), tokenisation)?, path, Some(folder))
            }
            writer => (writer?, path, None),
        };
        self.tokenise(writer, tokenisation, &mut on_progress)?;
        let file = TokenFile::open(&path)?;
        let [train, validation] = Half::BOTH.map(|half| file.part(half.name()));
        let tokens = SetTokens { train: train?, validation: validation?, _temporary: temporary };
        for (part, expected) in [(&tokens.train, self.report.train), (&tokens.validation, self.report.validation)] {
            if part.len() != expected {
                let what = format!("got {} records, its report says {expected}", part.len());
                return Err(PipelineError::format(&self.path, what));
            }
        }
        Ok(tokens)
    }

    /// The token ids at `path`, if they exist, are complete, and match the current Parquet files.
    fn open_tokens(&self, path: &Path) -> Option<SetTokens> {
        let file = TokenFile::open(path).ok()?;
        for half in Half::BOTH {
            let digest = half.digest(&self.path).ok()?;
            if file.metadata(half.name()) != Some(digest.as_str()) {
                return None;
            }
        }
        let [train, validation] = Half::BOTH.map(|half| file.part(half.name()).ok());
        let (train, validation) = (train?, validation?);
        let whole = (train.len(), validation.len()) == (self.report.train, self.report.validation);
        whole.then_some(SetTokens { train, validation, _temporary: None })
    }

    fn tokenise(
        &self,
        mut writer: SetTokensWriter,
        tokenisation: &Tokenisation<'_>,
        on_progress: &mut dyn FnMut(usize, usize),
    ) -> Result<(), PipelineError> {
        let total = self.report.train + self.report.validation;
        let mut done = 0;
        for half in Half::BOTH {
            let mut chats = self.chats(half)?.peekable();
            while chats.peek().is_some() {
                let batch = chats.by_ref().take(BATCH).collect::<Result<Vec<Rendered>, _>>()?;
                let tokens = batch.par_iter().map(tokenisation.encode).collect::<Result<Vec<_>, _>>()?;
                for ChatTokens { ids, prompt_len, .. } in &tokens {
                    writer.add(half, ids, *prompt_len)?;
                }
                done += batch.len();
                on_progress(done, total);
            }
        }
        writer.finish(&self.path)
    }
}

/// The token ids of all good records, in the order of the data, until the split is known.
pub(super) struct TokenSpool {
    part: TokenPart,
    next: usize,
    _folder: Arc<TempDir>,
}

/// Writes a [`TokenSpool`].
pub(super) struct TokenSpoolWriter {
    writer: TokenWriter,
    path: PathBuf,
    folder: Arc<TempDir>,
}

const SPOOL: &str = "all";

impl TokenSpoolWriter {
    /// Creates it in a temporary folder below `folder`.
    pub(super) fn create(folder: &Path) -> Result<Self, PipelineError> {
        let temporary = tempfile::Builder::new().prefix(hive_files::PARTIAL_PREFIX).tempdir_in(folder);
        let temporary = temporary.map_err(PipelineError::io("write to", folder))?;
        let path = temporary.path().join("tokens.safetensors");
        Ok(Self { writer: TokenWriter::create(&path, &[SPOOL])?, path, folder: Arc::new(temporary) })
    }

    pub(super) fn add(&mut self, tokens: &ChatTokens) -> Result<(), PipelineError> {
        Ok(self.writer.add(0, &tokens.ids, tokens.prompt_len)?)
    }

    pub(super) fn finish(self) -> Result<TokenSpool, PipelineError> {
        self.writer.finish([])?;
        Ok(TokenSpool { part: TokenFile::open(&self.path)?.part(SPOOL)?, next: 0, _folder: self.folder })
    }
}

impl TokenSpool {
    /// Token ids of the next good record, and the number of prompt tokens.
    pub(super) fn next(&mut self) -> (Vec<u32>, usize) {
        self.next += 1;
        (self.part.ids(self.next - 1), self.part.loss_from(self.next - 1))
    }
}
