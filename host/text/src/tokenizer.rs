//! Text to token ids and back, from `tokenizer.json` or rebuilt from a vocabulary. Special tokens
//! in a text are recognised but never added: the text before and after is the chat template's
//! responsibility. In text that does not come from the template, their names are plain text
//! ([`Tokenizer::shield`]). Truncation and padding settings in a file are ignored.

use std::borrow::Cow;
use std::path::Path;

use hive_files::{FileError, hex, refuse_lfs_pointer};
use sha2::{Digest, Sha256};
use tokenizers::{
    Model, NormalizedString, Normalizer, OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer as _, Token,
};

use self::controls::Controls;
use crate::{Result, TextError};

/// A tokenizer.
#[derive(Debug, Clone)]
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    controls: Controls,
}

/// Texts whose control tokens are broken by a mark, so that only the template's own remain.
#[derive(Debug)]
pub struct Shielded<'t> {
    /// The texts, with the mark inserted where necessary.
    pub texts: Vec<Cow<'t, str>>,
    /// The mark; `None` when nothing had to be broken and the texts are unchanged.
    pub mark: Option<char>,
}

impl Tokenizer {
    /// Reads a `tokenizer.json`.
    ///
    /// # Errors
    /// [`FileError::Io`] when the file cannot be read, [`FileError::Format`] when it is not a
    /// tokenizer.
    pub fn from_file(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|e| FileError::io("read", path, e))?;
        refuse_lfs_pointer(path, &bytes)?;
        let inner = tokenizers::Tokenizer::from_bytes(&bytes)
            .map_err(|e| FileError::format(path, format!("it is not a tokenizer: {e}")))?;
        Self::new(inner)
    }

    fn new(mut inner: tokenizers::Tokenizer) -> Result<Self> {
        inner.with_padding(None);
        let failed = |e: &dyn std::fmt::Display| TextError::Refused(format!("Failed to set up the tokenizer: {e}"));
        inner.with_truncation(None).map_err(|e| failed(&e))?;
        let controls = Controls::of(inner.get_added_vocabulary()).map_err(|e| failed(&e))?;
        Ok(Self { inner, controls })
    }

    /// SHA-256 digest of everything that determines the tokenizer's output, lower-case hex.
    ///
    /// # Errors
    /// [`TextError::Refused`] when the tokenizer cannot be serialized.
    pub fn digest(&self) -> Result<String> {
        let text = self.inner.to_string(false);
        let text = text.map_err(|e| TextError::Refused(format!("Failed to serialize the tokenizer: {e}")))?;
        Ok(hex(&Sha256::digest(text)))
    }

    /// Tokenizes `text`. Special tokens in it become their ids; none are added.
    ///
    /// # Errors
    /// [`TextError::Refused`] when the tokenizer rejects the text.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>> {
        let encoding = self
            .inner
            .encode_fast(text, false)
            .map_err(|e| TextError::Refused(format!("Failed to tokenise a text of {} bytes: {e}", text.len())))?;
        Ok(encoding.get_ids().to_vec())
    }

    /// The control tokens that occur in `text`, each once, sorted: in a record or a prompt they are
    /// plain text.
    pub fn control_tokens_in(&self, text: &str) -> Vec<&str> {
        self.controls.within(text)
    }

    /// Prepares `texts` for a template: every control token in them is broken by a mark that occurs
    /// neither in them nor in `beside`, the text that the template itself may write.
    ///
    /// # Errors
    /// [`TextError::Refused`] when no unused character is left for the mark.
    pub fn shield<'t>(
        &self,
        texts: impl IntoIterator<Item = &'t str>,
        beside: impl IntoIterator<Item = &'t str>,
    ) -> Result<Shielded<'t>> {
        let texts: Vec<&str> = texts.into_iter().collect();
        let breaks: Vec<_> = texts.iter().map(|text| self.controls.breaks(text)).collect();
        if breaks.iter().all(|places| places.is_empty()) {
            return Ok(Shielded { texts: texts.into_iter().map(Cow::Borrowed).collect(), mark: None });
        }
        let beside: Vec<&str> = beside.into_iter().collect();
        let Some(mark) = controls::unused(texts.iter().chain(&beside).copied()) else {
            return Err(TextError::Refused(
                "Failed to tokenise a text with control tokens in it: it holds every private-use character of Unicode, \
                 expected one that it does not hold"
                    .to_owned(),
            ));
        };
        let texts = texts.iter().zip(&breaks).map(|(text, places)| match places.is_empty() {
            true => Cow::Borrowed(*text),
            false => Cow::Owned(controls::marked(text, places, mark)),
        });
        Ok(Shielded { texts: texts.collect(), mark: Some(mark) })
    }

    /// Tokenizes `text`, which may contain texts shielded with `mark`: special tokens become their
    /// ids unless a mark breaks them. The marks themselves are dropped, so the ids equal those of
    /// [`Self::encode`] except for the broken tokens.
    ///
    /// # Errors
    /// As [`Self::encode`].
    pub fn encode_marked(&self, text: &str, mark: Option<char>) -> Result<Vec<u32>> {
        let Some(mark) = mark else { return self.encode(text) };
        let failed = |e: tokenizers::Error| {
            TextError::Refused(format!("Failed to tokenise a text of {} bytes: {e}", text.len()))
        };
        // As `encode`, but special tokens are located in the marked text and everything else uses
        // the plain text.
        let normalizer = self.inner.get_normalizer();
        let found = self.inner.get_added_vocabulary().extract_and_normalize(normalizer, text);
        let plain_at = |at: usize| at - text[..at].matches(mark).count() * mark.len_utf8();
        let special: Vec<(usize, usize, Token)> = found
            .get_splits(OffsetReferential::Original, OffsetType::Byte)
            .into_iter()
            .filter_map(|(_, (start, end), tokens)| {
                let token = tokens.as_ref()?.first()?.clone();
                Some((plain_at(start), plain_at(end), token))
            })
            .collect();
        let mut pieces = PreTokenizedString::from(text.replace(mark, ""));
        pieces.split(|_, whole| Ok(cut_out(&whole, &special))).map_err(failed)?;
        if let Some(normalizer) = normalizer {
            pieces.normalize(|piece| normalizer.normalize(piece)).map_err(failed)?;
        }
        if let Some(steps) = self.inner.get_pre_tokenizer() {
            steps.pre_tokenize(&mut pieces).map_err(failed)?;
        }
        self.inner.get_model().tokenize_in_pretokenized(&mut pieces, None).map_err(failed)?;
        let encoding = pieces.into_encoding(None, 0, OffsetType::None).map_err(failed)?;
        Ok(encoding.get_ids().to_vec())
    }

    /// Decodes `ids`, without special tokens. Bytes that are not UTF-8, such as a character cut in
    /// the middle, become U+FFFD: see [`Tokenizer::stream`] for incremental decoding.
    ///
    /// # Errors
    /// [`TextError::Refused`] when the tokenizer rejects the ids.
    pub fn decode(&self, ids: &[u32]) -> Result<String> {
        self.inner
            .decode(ids, true)
            .map_err(|e| TextError::Refused(format!("Failed to turn {} tokens into text: {e}", ids.len())))
    }

    /// Decodes ids incrementally.
    pub fn stream(&self) -> TextStream<'_> {
        TextStream { tokenizer: self, ids: Vec::new(), context: 0, emitted: 0 }
    }

    /// The largest id plus one, including added tokens. A model's embedding may have more rows.
    pub fn vocab_size(&self) -> usize {
        let largest_added = self.inner.get_added_vocabulary().get_added_tokens_decoder().keys().max().copied();
        let model = self.inner.get_vocab_size(false);
        largest_added.map_or(model, |id| model.max(id as usize + 1))
    }

    /// The id of this token, spelled as in the vocabulary.
    pub fn token_id(&self, token: &str) -> Option<u32> {
        self.inner.token_to_id(token)
    }

    /// The token of this id, spelled as in the vocabulary.
    pub fn token(&self, id: u32) -> Option<String> {
        self.inner.id_to_token(id)
    }

    /// `ids` up to the first end token, exclusive.
    pub fn before_end<'a>(&self, ids: &'a [u32], eos: &[u32]) -> &'a [u32] {
        let end = ids.iter().position(|id| eos.contains(id)).unwrap_or(ids.len());
        &ids[..end]
    }
}

/// Splits `whole` into these tokens and the text between them.
fn cut_out(whole: &NormalizedString, tokens: &[(usize, usize, Token)]) -> Vec<(NormalizedString, Option<Vec<Token>>)> {
    let piece = |start: usize, end: usize| whole.slice(tokenizers::normalizer::Range::Original(start..end));
    let mut pieces = Vec::with_capacity(2 * tokens.len() + 1);
    let mut from = 0;
    for (start, end, token) in tokens {
        pieces.extend(piece(from, *start).map(|piece| (piece, None)));
        pieces.extend(piece(*start, *end).map(|piece| (piece, Some(vec![token.clone()]))));
        from = *end;
    }
    pieces.extend(piece(from, whole.len_original()).map(|piece| (piece, None)));
    pieces
}

/// Incremental decoder: a character that spans several tokens is emitted once it is complete.
pub struct TextStream<'a> {
    tokenizer: &'a Tokenizer,
    ids: Vec<u32>,
    /// Ids before this index can no longer change the text.
    context: usize,
    /// Ids before this index have been emitted.
    emitted: usize,
}

impl TextStream<'_> {
    /// Adds one id and returns the text that is now final, possibly empty.
    ///
    /// # Errors
    /// As [`Tokenizer::decode`].
    pub fn push(&mut self, id: u32) -> Result<String> {
        self.ids.push(id);
        let before = self.tokenizer.decode(&self.ids[self.context..self.emitted])?;
        let now = self.tokenizer.decode(&self.ids[self.context..])?;
        // An incomplete character shows as U+FFFD at the end: wait for its remaining bytes.
        if now.ends_with('\u{fffd}') {
            return Ok(String::new());
        }
        let new = now.strip_prefix(&before).unwrap_or_default().to_owned();
        self.context = self.emitted;
        self.emitted = self.ids.len();
        Ok(new)
    }

    /// The text held back so far.
    ///
    /// # Errors
    /// As [`Tokenizer::decode`].
    pub fn finish(self) -> Result<String> {
        let before = self.tokenizer.decode(&self.ids[self.context..self.emitted])?;
        let now = self.tokenizer.decode(&self.ids[self.context..])?;
        Ok(now.strip_prefix(&before).unwrap_or_default().to_owned())
    }
}

mod controls;
mod pre_tokenizer;
mod token_bytes;
mod vocabulary;

pub use token_bytes::TokenBytes;
pub use vocabulary::{TokenKind, Vocabulary};

#[cfg(test)]
pub(crate) mod tests;
