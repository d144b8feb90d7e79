//! Text to token ids and back, from `tokenizer.json` or rebuilt from a vocabulary. Special tokens
//! in a text are recognised, none are ever added: what goes before and after a text is the chat
//! template's business. Where a text comes from somebody else than the template, their names are
//! text ([`Tokenizer::shield`]). Truncation and padding that a file may ask for are switched off.

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

/// Texts whose control tokens are broken by a mark, so that only the template's own are left.
#[derive(Debug)]
pub struct Shielded<'t> {
    /// The texts, with the mark where there is one.
    pub texts: Vec<Cow<'t, str>>,
    /// The mark; `None` when nothing had to be broken, and the texts are as they were.
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

    /// sha256 over everything that the tokenizer does, lower-case hex.
    ///
    /// # Errors
    /// [`TextError::Refused`] when it cannot be written down.
    pub fn digest(&self) -> Result<String> {
        let text = self.inner.to_string(false);
        let text = text.map_err(|e| TextError::Refused(format!("Failed to write the tokenizer down: {e}")))?;
        Ok(hex(&Sha256::digest(text)))
    }

    /// The ids of `text`. Special tokens written in it become their ids; none are added.
    ///
    /// # Errors
    /// [`TextError::Refused`] when the tokenizer refuses the text.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>> {
        let encoding = self
            .inner
            .encode_fast(text, false)
            .map_err(|e| TextError::Refused(format!("Failed to tokenize a text of {} bytes: {e}", text.len())))?;
        Ok(encoding.get_ids().to_vec())
    }

    /// The control tokens that are written in `text`, each once, sorted: in a record or a question
    /// they are text.
    pub fn control_tokens_in(&self, text: &str) -> Vec<&str> {
        self.controls.within(text)
    }

    /// `texts` as they can be given to a template: whatever of a control token is in them is broken by
    /// a mark that occurs neither in them nor in `beside`, which is what the template itself may write.
    ///
    /// # Errors
    /// [`TextError::Refused`] when no character is left to mark with.
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
                "Failed to tokenize a text with control tokens in it: it holds every private-use character of Unicode, \
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

    /// The ids of `text`, which may hold texts that were shielded with `mark`: special tokens become
    /// their ids where no mark breaks them. The marks themselves leave nothing behind, so the ids are
    /// those of [`Self::encode`] but for the tokens that were broken.
    ///
    /// # Errors
    /// As [`Self::encode`].
    pub fn encode_marked(&self, text: &str, mark: Option<char>) -> Result<Vec<u32>> {
        let Some(mark) = mark else { return self.encode(text) };
        let failed = |e: tokenizers::Error| {
            TextError::Refused(format!("Failed to tokenize a text of {} bytes: {e}", text.len()))
        };
        // What `encode` does, but that the places of special tokens are looked for in the marked text and
        // everything else is done with the plain one.
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

    /// The text of `ids`, special tokens left out. Bytes that are not UTF-8, such as a character cut
    /// in the middle, become U+FFFD: see [`Tokenizer::stream`] for ids that arrive one by one.
    ///
    /// # Errors
    /// [`TextError::Refused`] when the tokenizer refuses the ids.
    pub fn decode(&self, ids: &[u32]) -> Result<String> {
        self.inner
            .decode(ids, true)
            .map_err(|e| TextError::Refused(format!("Failed to turn {} tokens into text: {e}", ids.len())))
    }

    /// Decodes ids that arrive one by one.
    pub fn stream(&self) -> TextStream<'_> {
        TextStream { tokenizer: self, ids: Vec::new(), context: 0, emitted: 0 }
    }

    /// One more than the largest id, added tokens included. A model's embedding may have more rows.
    pub fn vocab_size(&self) -> usize {
        let largest_added = self.inner.get_added_vocabulary().get_added_tokens_decoder().keys().max().copied();
        let model = self.inner.get_vocab_size(false);
        largest_added.map_or(model, |id| model.max(id as usize + 1))
    }

    /// The id of this token, written as in the vocabulary.
    pub fn token_id(&self, token: &str) -> Option<u32> {
        self.inner.token_to_id(token)
    }

    /// The token of this id, written as in the vocabulary.
    pub fn token(&self, id: u32) -> Option<String> {
        self.inner.id_to_token(id)
    }

    /// `ids` up to the first end token, without it.
    pub fn before_end<'a>(&self, ids: &'a [u32], eos: &[u32]) -> &'a [u32] {
        let end = ids.iter().position(|id| eos.contains(id)).unwrap_or(ids.len());
        &ids[..end]
    }
}

/// `whole` in pieces: these tokens, and what lies between them.
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

/// Text of ids that arrive one by one: a character that spans tokens comes out once it is whole.
pub struct TextStream<'a> {
    tokenizer: &'a Tokenizer,
    ids: Vec<u32>,
    /// Ids before this one are behind the text that later ids could still change.
    context: usize,
    /// Ids before this one have come out.
    emitted: usize,
}

impl TextStream<'_> {
    /// Takes one id; gives the text that is now certain, which may be empty.
    ///
    /// # Errors
    /// As [`Tokenizer::decode`].
    pub fn push(&mut self, id: u32) -> Result<String> {
        self.ids.push(id);
        let before = self.tokenizer.decode(&self.ids[self.context..self.emitted])?;
        let now = self.tokenizer.decode(&self.ids[self.context..])?;
        // An unfinished character shows as U+FFFD at the end: wait for its other bytes.
        if now.ends_with('\u{fffd}') {
            return Ok(String::new());
        }
        let new = now.strip_prefix(&before).unwrap_or_default().to_owned();
        self.context = self.emitted;
        self.emitted = self.ids.len();
        Ok(new)
    }

    /// Whatever has been held back, as it is.
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
mod vocabulary;

pub use vocabulary::{TokenKind, Vocabulary};

#[cfg(test)]
pub(crate) mod tests;
