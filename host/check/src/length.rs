//! Lengths in tokens, without a base model's tokenizer.

/// Bytes per token that common tokenizers reach with English text and code. A base's own tokenizer may need some more or
/// less; what is reported here is far beyond that.
const BYTES: usize = 4;

/// About how many tokens a text of this many bytes has.
pub(crate) fn tokens(bytes: usize) -> usize {
    bytes.div_ceil(BYTES)
}
