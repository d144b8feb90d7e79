//! Reads and writes tokenizers in GGUF metadata (`tokenizer.ggml.*`). Keys:
//! <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md#ggml>.

use std::collections::HashMap;

use hive_text::TextError;
use hive_text::tokenizer::{TokenKind, Tokenizer, Vocabulary};

use super::gguf_config::Metadata;
use crate::error::{EngineError, Result};
use crate::weights::gguf::Value;

/// `tokenizer.ggml.token_type` of each kind of token.
const KINDS: [(u64, TokenKind); 4] =
    [(1, TokenKind::Normal), (3, TokenKind::Control), (4, TokenKind::UserDefined), (5, TokenKind::Unused)];

/// The byte-level BPE tokenizer that a GGUF file describes.
///
/// # Errors
/// [`FileError::Format`](hive_files::FileError::Format) when a key is missing or wrong, or names a kind
/// of tokenizer that is not supported.
pub(super) fn read(metadata: &Metadata<'_>) -> Result<Tokenizer> {
    let fail = |problem: String| EngineError::format(metadata.path(), problem);
    match metadata.text("tokenizer.ggml.model")? {
        Some("gpt2") => {}
        other => {
            let other = other.unwrap_or("(not given)");
            return Err(fail(format!("`tokenizer.ggml.model` is `{other}`, expected `gpt2` (byte-level BPE)")));
        }
    }
    let texts = |key: &str| -> Result<Vec<String>> {
        let list = metadata.list(key)?.ok_or_else(|| fail(format!("`{key}` is missing")))?;
        let text = |value: &Value| match value {
            Value::String(text) => Ok(text.clone()),
            other => Err(fail(format!("`{key}` holds {other:?}, expected texts"))),
        };
        list.iter().map(text).collect()
    };
    let merge = |merge: String| match merge.split_once(' ') {
        Some((left, right)) => Ok((left.to_owned(), right.to_owned())),
        None => Err(fail(format!("`tokenizer.ggml.merges` holds `{merge}`, expected two parts"))),
    };
    let kind = |value: &Value| {
        let found = value.whole().and_then(|number| KINDS.iter().find(|(known, _)| *known == number));
        found.map_or(TokenKind::Other, |(_, kind)| *kind)
    };
    let vocabulary = Vocabulary {
        // Files from before this key do not distinguish these pre-tokenizers.
        pre_tokenizer: metadata.text("tokenizer.ggml.pre")?.unwrap_or("default").to_owned(),
        tokens: texts("tokenizer.ggml.tokens")?,
        kinds: metadata.list("tokenizer.ggml.token_type")?.unwrap_or_default().iter().map(kind).collect(),
        merges: texts("tokenizer.ggml.merges")?.into_iter().map(merge).collect::<Result<_>>()?,
    };
    Tokenizer::from_vocabulary(&vocabulary).map_err(|error| match error {
        TextError::Vocabulary(problem) => fail(problem),
        other => other.into(),
    })
}

/// The GGUF metadata of a tokenizer, for an embedding with `rows` rows: all of `tokenizer.ggml.*` except the ids of special
/// tokens.
///
/// # Errors
/// [`EngineError::Unsupported`] when GGUF cannot describe the tokenizer, or a token has no row.
pub(crate) fn write(tokenizer: &Tokenizer, rows: usize) -> Result<HashMap<String, Value>> {
    let vocabulary = tokenizer.vocabulary(rows).map_err(|error| match error {
        TextError::Vocabulary(problem) => EngineError::unsupported(format!(
            "Failed to write the tokenizer as GGUF: {problem}; a Hugging Face folder holds it"
        )),
        other => other.into(),
    })?;
    let number = |kind: &TokenKind| {
        let known = KINDS.iter().find(|(_, known)| known == kind);
        Value::I32(known.map_or(1, |(number, _)| *number as i32))
    };
    let texts = |texts: Vec<String>| Value::Array(texts.into_iter().map(Value::String).collect());
    let merges = vocabulary.merges.iter().map(|(left, right)| format!("{left} {right}")).collect();
    let values = [
        ("model", Value::String("gpt2".to_owned())),
        ("pre", Value::String(vocabulary.pre_tokenizer)),
        ("token_type", Value::Array(vocabulary.kinds.iter().map(number).collect())),
        ("tokens", texts(vocabulary.tokens)),
        ("merges", texts(merges)),
    ];
    Ok(values.into_iter().map(|(key, value)| (format!("tokenizer.ggml.{key}"), value)).collect())
}

#[cfg(test)]
mod tests;
