//! Converts a tokenizer to a vocabulary, as GGUF files store it, and back; and to the text of a
//! `tokenizer.json`. It does no file access.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::{Value as Json, json};
use tokenizers::models::bpe::{BPE, Vocab};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::processors::template::TemplateProcessing;
use tokenizers::{AddedToken, ModelWrapper};

use super::Tokenizer;
use super::pre_tokenizer::PreTokenizer;
use crate::{Result, TextError};

/// A byte-level BPE tokenizer, as GGUF files describe it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vocabulary {
    /// Name of the pre-tokenizer.
    pub pre_tokenizer: String,
    /// All tokens, in order of their ids.
    pub tokens: Vec<String>,
    /// The kind of each token; empty when unknown.
    pub kinds: Vec<TokenKind>,
    /// The merges, in order of priority.
    pub merges: Vec<(String, String)>,
}

/// The kind of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// Plain text.
    Normal,
    /// Controls the model, such as `<|im_end|>`.
    Control,
    /// Added to a vocabulary, stands for text.
    UserDefined,
    /// A row of the embedding without a token.
    Unused,
    /// Another kind, read as text.
    Other,
}

/// Pre-tokenizers with a GGUF name that this module can distinguish.
const NAMES: [&str; 4] = ["smollm", "qwen2", "llama-bpe", "gpt-2"];

/// A text that every pair of these pre-tokenizers splits differently: runs of digits, contractions
/// in both cases, symbols, spaces, line breaks, combining and wide characters.
const SAMPLE: &str = "It's 12345 o'clock, and I'VE said:\n\n\tx  +=  3.14;\r\n   naïve e\u{301} … 漢字 🚀 2nd\u{a0}\n \
                      SELECT \"a\".b_1 FROM c WHERE d >= 1000000 -- (we'll see)  ";

impl Tokenizer {
    /// The text of a `tokenizer.json`. With `first`, transformers puts this token before every
    /// text; otherwise the original setting is kept.
    ///
    /// # Errors
    /// [`TextError::Refused`] when the tokenizer cannot be serialized.
    pub fn json(&self, first: Option<u32>) -> Result<String> {
        let failed = |e: &dyn std::fmt::Display| TextError::Refused(format!("Failed to serialize the tokenizer: {e}"));
        let mut inner = self.inner.clone();
        if let Some((id, token)) = first.and_then(|id| Some((id, self.token(id)?))) {
            let special = json!({"SpecialToken": {"id": token, "type_id": 0}});
            let text = |name: &str, id: u32| json!({"Sequence": {"id": name, "type_id": id}});
            let processor: TemplateProcessing = serde_json::from_value(json!({
                "type": "TemplateProcessing",
                "single": [special, text("A", 0)],
                "pair": [special, text("A", 0), text("B", 1)],
                "special_tokens": {&token: {"id": token, "ids": [id], "tokens": [token]}},
            }))
            .map_err(|e| failed(&e))?;
            inner.with_post_processor(Some(processor));
        }
        inner.to_string(true).map_err(|e| failed(&e))
    }

    /// The token that the original tokenizer puts before every text, if any.
    pub fn first_added(&self) -> Option<u32> {
        self.inner.encode_fast("", true).ok()?.get_ids().first().copied()
    }

    /// Builds the byte-level BPE tokenizer of a vocabulary.
    ///
    /// # Errors
    /// [`TextError::Vocabulary`] when it is inconsistent or names another kind of tokenizer.
    pub fn from_vocabulary(vocabulary: &Vocabulary) -> Result<Self> {
        let Vocabulary { pre_tokenizer, tokens, kinds, merges } = vocabulary;
        if !kinds.is_empty() && kinds.len() != tokens.len() {
            let problem = format!("its kinds of tokens have {} entries for {} tokens", kinds.len(), tokens.len());
            return Err(TextError::Vocabulary(problem));
        }
        let rules = PreTokenizer::named(pre_tokenizer)?;
        let set_up = |e: tokenizers::Error| TextError::Vocabulary(format!("its tokenizer cannot be rebuilt: {e}"));
        let ids: Vocab = tokens.iter().zip(0u32..).map(|(token, id)| (token.clone(), id)).collect();
        let model = BPE::builder()
            .vocab_and_merges(ids, merges.clone())
            .ignore_merges(rules.ignore_merges)
            .build()
            .map_err(set_up)?;
        let mut inner = tokenizers::Tokenizer::new(model);
        inner.with_normalizer(rules.normalizer).map_err(set_up)?;
        inner.with_pre_tokenizer(Some(rules.steps));
        inner.with_decoder(Some(ByteLevel::default()));
        let added = |kind: TokenKind, special: bool| -> Vec<AddedToken> {
            let of_kind = tokens.iter().zip(kinds).filter(|(_, of)| **of == kind);
            of_kind.map(|(token, _)| AddedToken::from(token.clone(), special).normalized(false)).collect()
        };
        inner.add_special_tokens(added(TokenKind::Control, true)).map_err(set_up)?;
        inner.add_tokens(added(TokenKind::UserDefined, false)).map_err(set_up)?;
        Self::new(inner)
    }

    /// The vocabulary of this tokenizer, for an embedding with `rows` rows. It is verified by
    /// rebuilding the tokenizer and comparing.
    ///
    /// # Errors
    /// [`TextError::Vocabulary`] when a vocabulary cannot represent the tokenizer, or a token has
    /// no row.
    pub fn vocabulary(&self, rows: usize) -> Result<Vocabulary> {
        let refuse = |problem: String| Err(TextError::Vocabulary(problem));
        let ModelWrapper::BPE(bpe) = self.inner.get_model() else {
            return refuse("it is not byte-level BPE".to_owned());
        };
        let merges = merges(bpe)?;
        let Some(pre) = self.pre_tokenizer_name(bpe, merges.is_empty()) else {
            return refuse(format!("its pre-tokenizer is none of the known ones ({})", NAMES.join(", ")));
        };
        if self.vocab_size() > rows {
            return refuse(format!("it has {} tokens, the embedding {rows} rows", self.vocab_size()));
        }
        let added = self.inner.get_added_vocabulary().get_added_tokens_decoder();
        let (mut tokens, mut kinds) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
        for id in (0..rows).filter_map(|id| u32::try_from(id).ok()) {
            let (token, kind) = match (added.get(&id), self.token(id)) {
                (Some(token), _) if token.special => (token.content.clone(), TokenKind::Control),
                (Some(token), _) => (token.content.clone(), TokenKind::UserDefined),
                (None, Some(token)) => (token, TokenKind::Normal),
                // The same padding as llama.cpp's converter.
                (None, None) => (format!("[PAD{id}]"), TokenKind::Unused),
            };
            tokens.push(token);
            kinds.push(kind);
        }
        // llama.cpp assumes unique tokens.
        if let Some(twice) = repeated(&tokens) {
            return refuse(format!("two of its tokens are `{twice}`, expected each one once"));
        }
        let vocabulary = Vocabulary { pre_tokenizer: pre.to_owned(), tokens, kinds, merges };
        match self.first_difference(&Self::from_vocabulary(&vocabulary)?)? {
            None => Ok(vocabulary),
            Some(text) => refuse(format!("read back, it would tokenise `{}` differently", text.escape_debug())),
        }
    }

    /// GGUF's name of the pre-tokenizer.
    fn pre_tokenizer_name(&self, bpe: &BPE, no_merges: bool) -> Option<&'static str> {
        let steps = json!(self.inner.get_pre_tokenizer());
        let normalizer = json!(self.inner.get_normalizer());
        // If every token is a single byte, the split does not matter.
        if no_merges && !bpe.ignore_merges && normalizer.is_null() {
            return Some("gpt-2");
        }
        NAMES.into_iter().find(|name| {
            PreTokenizer::named(name).is_ok_and(|rules| {
                rules.ignore_merges == bpe.ignore_merges
                    && json!(rules.normalizer) == normalizer
                    && without_offsets(json!(rules.steps)) == without_offsets(steps.clone())
            })
        })
    }

    /// The first of a set of sample texts, including every added token, that `other` tokenises
    /// differently.
    fn first_difference(&self, other: &Self) -> Result<Option<String>> {
        let added = self.inner.get_added_vocabulary().get_added_tokens_decoder();
        let mut ids: Vec<&u32> = added.keys().collect();
        ids.sort();
        let around = |id: &u32| format!("a {0} b{0}c\n{0}", added[id].content);
        for text in std::iter::once(SAMPLE.to_owned()).chain(ids.into_iter().map(around)) {
            if self.encode(&text)? != other.encode(&text)? {
                return Ok(Some(text));
            }
        }
        Ok(None)
    }
}

/// The first text that occurs twice.
fn repeated(texts: &[String]) -> Option<&str> {
    let mut seen = HashSet::with_capacity(texts.len());
    texts.iter().map(String::as_str).find(|text| !seen.insert(*text))
}

/// The merges, in order of priority.
fn merges(bpe: &BPE) -> Result<Vec<(String, String)>> {
    /// The list is private to the tokenizers crate, but it is part of a model's serialized form.
    #[derive(Deserialize)]
    struct Written {
        merges: Vec<(String, String)>,
    }
    let written = serde_json::to_string(bpe).and_then(|text| serde_json::from_str::<Written>(&text));
    let written =
        written.map_err(|e| TextError::Refused(format!("Failed to serialize the tokenizer's merges: {e}")))?;
    Ok(written.merges)
}

/// A pre-tokenizer without the setting that only affects offsets.
fn without_offsets(mut steps: Json) -> Json {
    match &mut steps {
        Json::Object(object) => {
            object.remove("trim_offsets");
            for value in object.values_mut() {
                *value = without_offsets(value.take());
            }
        }
        Json::Array(list) => list.iter_mut().for_each(|value| *value = without_offsets(value.take())),
        _ => {}
    }
    steps
}
