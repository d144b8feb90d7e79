//! Special tokens of a model (begin, end, padding, unknown), read from the base and written in the keys of both formats. The
//! engine itself needs only the end tokens, which are part of the configuration.

use std::collections::HashMap;
use std::path::Path;

use hive_text::tokenizer::Tokenizer;
use serde_json::{Map, Value as Json, json};

use crate::error::Result;
use crate::weights::gguf::Value;
use crate::weights::source::BaseModel;
use crate::weights::source::folder::{read_json, special_token};

/// Special tokens by their ids.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct SpecialTokens {
    /// Beginning of a text.
    pub(super) bos: Option<u32>,
    /// Ends of a text or a turn, the tokenizer's own first.
    pub(super) eos: Vec<u32>,
    /// Padding.
    pub(super) pad: Option<u32>,
    /// Unknown token.
    pub(super) unknown: Option<u32>,
    /// Whether the tokenizer prepends `bos`.
    pub(super) add_bos: bool,
}

impl SpecialTokens {
    /// Special tokens of a base that was created in memory.
    pub(super) fn from_config(model: &BaseModel) -> Self {
        Self { eos: model.config.eos_token_ids.clone(), ..Self::default() }
    }

    /// Special tokens from a folder's `tokenizer_config.json`, or else its `config.json`.
    ///
    /// # Errors
    /// When one of the files cannot be read.
    pub(super) fn from_folder(folder: &Path, model: &BaseModel) -> Result<Self> {
        let tokenizer_config = read_json(&folder.join("tokenizer_config.json"))?.unwrap_or_default();
        let model_config = read_json(&folder.join("config.json"))?.unwrap_or_default();
        let tokenizer = model.tokenizer.as_ref();
        let token = |name: &str| {
            let named = special_token(&tokenizer_config, &format!("{name}_token"));
            let named = named.and_then(|text| tokenizer?.token_id(&text));
            named.or_else(|| u32::try_from(model_config[format!("{name}_token_id")].as_u64()?).ok())
        };
        let bos = token("bos");
        let added = tokenizer_config["add_bos_token"].as_bool();
        let added = added.unwrap_or_else(|| bos.is_some() && tokenizer.and_then(Tokenizer::first_added) == bos);
        Ok(Self {
            bos,
            eos: ends(token("eos"), model),
            pad: token("pad"),
            unknown: token("unk"),
            add_bos: added && bos.is_some(),
        })
    }

    /// Special tokens from the metadata of a GGUF file.
    pub(super) fn from_gguf(metadata: &HashMap<String, Value>, model: &BaseModel) -> Self {
        let token = |name: &str| {
            let id = metadata.get(&format!("tokenizer.ggml.{name}_token_id")).and_then(Value::whole)?;
            // Some files have -1 for none.
            u32::try_from(id).ok().filter(|id| (*id as usize) < model.config.vocab_size)
        };
        let bos = token("bos");
        let add_bos = match metadata.get("tokenizer.ggml.add_bos_token") {
            Some(Value::Bool(yes)) => *yes,
            // llama.cpp's rule if the key is missing.
            _ => matches!(metadata.get("tokenizer.ggml.pre"), Some(Value::String(pre)) if pre == "llama-bpe"),
        };
        Self {
            bos,
            eos: ends(token("eos"), model),
            pad: token("padding"),
            unknown: token("unknown"),
            add_bos: add_bos && bos.is_some(),
        }
    }

    /// As GGUF metadata.
    pub(super) fn gguf(&self, tokenizer: Option<&Tokenizer>) -> HashMap<String, Value> {
        let mut out = HashMap::new();
        let mut put = |name: &str, id: Option<u32>| {
            if let Some(id) = id {
                out.insert(format!("tokenizer.ggml.{name}_token_id"), Value::U32(id));
            }
        };
        put("bos", self.bos);
        put("padding", self.pad);
        put("unknown", self.unknown);
        // GGUF has no list of end tokens but three keys: end of text, of turn and of message. The first is the tokenizer's
        // own; the others take the remaining end tokens.
        put("eos", self.eos.first().copied());
        let others = self.eos.iter().skip(1).copied();
        let ends_message = |id: &u32| tokenizer.and_then(|t| t.token(*id)).is_some_and(|text| text.contains("eom"));
        let (messages, mut turns): (Vec<u32>, Vec<u32>) = others.partition(ends_message);
        put("eot", (!turns.is_empty()).then(|| turns.remove(0)));
        put("eom", messages.first().or(turns.first()).copied());
        out.insert("tokenizer.ggml.add_bos_token".to_owned(), Value::Bool(self.add_bos));
        out
    }

    /// As keys of `config.json` and `generation_config.json`.
    pub(super) fn ids(&self) -> Map<String, Json> {
        let mut out = Map::new();
        out.extend(self.bos.map(|id| ("bos_token_id".to_owned(), json!(id))));
        match self.eos.as_slice() {
            [] => {}
            [single] => drop(out.insert("eos_token_id".to_owned(), json!(single))),
            several => drop(out.insert("eos_token_id".to_owned(), json!(several))),
        }
        out.extend(self.pad.map(|id| ("pad_token_id".to_owned(), json!(id))));
        out
    }

    /// As keys of `tokenizer_config.json`.
    pub(super) fn texts(&self, tokenizer: &Tokenizer) -> Map<String, Json> {
        let tokens = [
            ("bos_token", self.bos),
            ("eos_token", self.eos.first().copied()),
            ("pad_token", self.pad),
            ("unk_token", self.unknown),
        ];
        let text = |(name, id): (&str, Option<u32>)| Some((name.to_owned(), json!(tokenizer.token(id?)?)));
        tokens.into_iter().filter_map(text).collect()
    }
}

/// The end tokens of a model, with `first` in front.
fn ends(first: Option<u32>, model: &BaseModel) -> Vec<u32> {
    let others = model.config.eos_token_ids.iter().copied().filter(|id| Some(*id) != first);
    first.into_iter().chain(others).collect()
}
