//! A tokenizer written down: as the text of a `tokenizer.json`, and as GGUF's metadata
//! (`tokenizer.ggml.*`), the inverse of [`Tokenizer::from_gguf`]. It writes no files.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use candle_core::quantized::gguf_file::Value;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use tokenizers::ModelWrapper;
use tokenizers::models::bpe::BPE;
use tokenizers::processors::template::TemplateProcessing;

use super::{CONTROL, PreTokenizer, Tokenizer, USER_DEFINED};
use crate::error::{EngineError, Result};
use crate::model::source::gguf_config::Metadata;

/// GGUF's `tokenizer.ggml.token_type` of plain tokens.
const NORMAL: u64 = 1;
/// GGUF's type of rows of the embedding that no token stands for.
const UNUSED: u64 = 5;

/// Pre-tokenizers that GGUF has a name for and that are told apart here.
const NAMES: [&str; 4] = ["smollm", "qwen2", "llama-bpe", "gpt-2"];

/// A text in which every pre-tokenizer that is confused with another cuts somewhere else: runs of
/// digits, contractions in both cases, signs, spaces, line ends, combining and wide characters.
const SAMPLE: &str = "It's 12345 o'clock, and I'VE said:\n\n\tx  +=  3.14;\r\n   naïve e\u{301} … 漢字 🚀 2nd\u{a0}\n \
                      SELECT \"a\".b_1 FROM c WHERE d >= 1000000 -- (we'll see)  ";

impl Tokenizer {
    /// The text of a `tokenizer.json`. With `first`, transformers puts this token before every text;
    /// otherwise what the tokenizer came with stays.
    ///
    /// # Errors
    /// [`EngineError::Text`] when it cannot be written down.
    pub(crate) fn json(&self, first: Option<u32>) -> Result<String> {
        let failed = |e: &dyn std::fmt::Display| EngineError::Text(format!("Failed to write the tokenizer down: {e}"));
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

    /// The token that the tokenizer, as it came, puts before every text, if it does.
    pub(crate) fn first_added(&self) -> Option<u32> {
        self.inner.encode_fast("", true).ok()?.get_ids().first().copied()
    }

    /// GGUF's metadata of this tokenizer, for an embedding of so many `rows`: all of
    /// `tokenizer.ggml.*` but the ids of special tokens. What it says is read back and compared.
    ///
    /// # Errors
    /// [`EngineError::Unsupported`] when GGUF has no words for the tokenizer, or a token has no row.
    pub(crate) fn gguf(&self, rows: usize) -> Result<HashMap<String, Value>> {
        let refuse = |problem: String| {
            Err(EngineError::unsupported(format!(
                "Failed to write the tokenizer as GGUF: {problem}; a Hugging Face folder holds it"
            )))
        };
        let ModelWrapper::BPE(bpe) = self.inner.get_model() else {
            return refuse("it is of another kind than byte-level BPE".to_owned());
        };
        let merges = merges(bpe)?;
        let Some(pre) = self.pre_tokenizer_name(bpe, merges.is_empty()) else {
            return refuse(format!("it cuts texts in none of the ways that are known by name ({})", NAMES.join(", ")));
        };
        if self.vocab_size() > rows {
            return refuse(format!("it has {} tokens, the embedding {rows} rows", self.vocab_size()));
        }
        let added = self.inner.get_added_vocabulary().get_added_tokens_decoder();
        let (mut tokens, mut types) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
        for id in (0..rows).filter_map(|id| u32::try_from(id).ok()) {
            let (token, kind) = match (added.get(&id), self.token(id)) {
                (Some(token), _) => (token.content.clone(), if token.special { CONTROL } else { USER_DEFINED }),
                (None, Some(token)) => (token, NORMAL),
                // As llama.cpp's converter fills them.
                (None, None) => (format!("[PAD{id}]"), UNUSED),
            };
            tokens.push(token);
            types.push(Value::I32(kind as i32));
        }
        // llama.cpp takes this for granted.
        if let Some(twice) = repeated(&tokens) {
            return refuse(format!("two of its tokens are `{twice}`, expected each one once"));
        }
        let text = |text: &str| Value::String(text.to_owned());
        let texts = |texts: Vec<String>| Value::Array(texts.into_iter().map(Value::String).collect());
        let metadata: HashMap<String, Value> = [
            ("model", text("gpt2")),
            ("pre", text(pre)),
            ("tokens", texts(tokens)),
            ("token_type", Value::Array(types)),
            ("merges", texts(merges.into_iter().map(|(left, right)| format!("{left} {right}")).collect())),
        ]
        .into_iter()
        .map(|(key, value)| (format!("tokenizer.ggml.{key}"), value))
        .collect();
        let rebuilt = Self::from_gguf(&Metadata::new(Path::new("(the tokenizer as GGUF)"), &metadata))?;
        match self.first_difference(&rebuilt)? {
            None => Ok(metadata),
            Some(text) => refuse(format!("read back, it would tokenize `{}` differently", text.escape_debug())),
        }
    }

    /// GGUF's name for what happens to a text before byte pairs are merged.
    fn pre_tokenizer_name(&self, bpe: &BPE, no_merges: bool) -> Option<&'static str> {
        let steps = json!(self.inner.get_pre_tokenizer());
        let normalizer = json!(self.inner.get_normalizer());
        // Where every token is a byte, it does not matter where a text is cut.
        if no_merges && !bpe.ignore_merges && normalizer.is_null() {
            return Some("gpt-2");
        }
        NAMES.into_iter().find(|name| {
            PreTokenizer::named(name, Path::new("")).is_ok_and(|rules| {
                rules.ignore_merges == bpe.ignore_merges
                    && json!(rules.normalizer) == normalizer
                    && what_it_cuts(json!(rules.steps)) == what_it_cuts(steps.clone())
            })
        })
    }

    /// The first of some telling texts, every added token among them, that `other` tokenizes in
    /// another way.
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

/// The first text that is there a second time.
fn repeated(texts: &[String]) -> Option<&str> {
    let mut seen = HashSet::with_capacity(texts.len());
    texts.iter().map(String::as_str).find(|text| !seen.insert(*text))
}

/// The pairs that are merged, the first first.
fn merges(bpe: &BPE) -> Result<Vec<(String, String)>> {
    /// The list is private to the tokenizers crate, but it is in what a model says of itself.
    #[derive(Deserialize)]
    struct Written {
        merges: Vec<(String, String)>,
    }
    let written = serde_json::to_string(bpe).and_then(|text| serde_json::from_str::<Written>(&text));
    let written =
        written.map_err(|e| EngineError::Text(format!("Failed to write the tokenizer's merges down: {e}")))?;
    Ok(written.merges)
}

/// A pre-tokenizer without the setting that concerns offsets alone.
fn what_it_cuts(mut steps: Json) -> Json {
    match &mut steps {
        Json::Object(object) => {
            object.remove("trim_offsets");
            for value in object.values_mut() {
                *value = what_it_cuts(value.take());
            }
        }
        Json::Array(list) => list.iter_mut().for_each(|value| *value = what_it_cuts(value.take())),
        _ => {}
    }
    steps
}
