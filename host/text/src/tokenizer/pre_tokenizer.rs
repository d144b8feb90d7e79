//! Pre-tokenisation: how text is split before byte pairs are merged.

use tokenizers::normalizers::unicode::NFC;
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::digits::Digits;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::{NormalizerWrapper, SplitDelimiterBehavior};

use crate::{Result, TextError};

/// The split of Qwen2 and Qwen3: contractions, words with one leading symbol, single digits,
/// symbols, line breaks, spaces. From Qwen's `tokenizer.json`.
const QWEN2_SPLIT: &str =
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
/// The split of Llama 3: the same with digits in groups of up to three.
const LLAMA3_SPLIT: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// Processing of text before byte pairs are merged. GGUF files store only its name.
pub(super) struct PreTokenizer {
    pub(super) normalizer: Option<NormalizerWrapper>,
    pub(super) steps: PreTokenizerWrapper,
    /// A piece that is itself a token becomes that token, regardless of the merges.
    pub(super) ignore_merges: bool,
}

impl PreTokenizer {
    pub(super) fn named(name: &str) -> Result<Self> {
        let split = |pattern: &str| {
            Split::new(SplitPattern::Regex(pattern.to_owned()), SplitDelimiterBehavior::Isolated, false)
                .map(PreTokenizerWrapper::from)
                .map_err(|e| TextError::Vocabulary(format!("its pre-tokenizer `{name}` cannot be rebuilt: {e}")))
        };
        // The arguments: no leading space added, offsets not trimmed, GPT-2's own split or not.
        let bytes = |own_split: bool| PreTokenizerWrapper::from(ByteLevel::new(false, false, own_split));
        let (normalizer, steps, ignore_merges) = match name {
            "gpt-2" | "default" => (None, bytes(true), false),
            "smollm" => (None, Sequence::new(vec![Digits::new(true).into(), bytes(true)]).into(), false),
            "qwen2" => (Some(NFC.into()), Sequence::new(vec![split(QWEN2_SPLIT)?, bytes(false)]).into(), false),
            "llama-bpe" => (None, Sequence::new(vec![split(LLAMA3_SPLIT)?, bytes(false)]).into(), true),
            other => {
                return Err(TextError::Vocabulary(format!(
                    "its pre-tokenizer is `{other}`, expected one of default, gpt-2, llama-bpe, qwen2, smollm"
                )));
            }
        };
        Ok(Self { normalizer, steps, ignore_merges })
    }
}
