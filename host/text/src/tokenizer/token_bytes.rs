//! The bytes that each token stands for: what a text is made of when it is generated token by token.

use std::collections::HashMap;

use serde_json::json;

use super::Tokenizer;

/// What a token stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenBytes {
    /// These bytes of a text, perhaps a part of a character.
    Text(Vec<u8>),
    /// Control of the model, by this name; no text.
    Control(String),
    /// Nothing: the id has no token.
    Unused,
}

/// The space of tokenizers in SentencePiece's tradition.
const SPACE: char = '\u{2581}';

impl Tokenizer {
    /// What each id stands for, from 0 on, up to [`Self::vocab_size`].
    pub fn token_bytes(&self) -> Vec<TokenBytes> {
        let added = self.inner.get_added_vocabulary().get_added_tokens_decoder();
        let byte_level = json!(self.inner.get_decoder()).to_string().contains("\"ByteLevel\"");
        let alphabet = if byte_level { byte_alphabet() } else { HashMap::new() };
        let ids = (0..self.vocab_size()).filter_map(|id| u32::try_from(id).ok());
        ids.map(|id| match (added.get(&id), self.token(id)) {
            (Some(token), _) if token.special => TokenBytes::Control(token.content.clone()),
            (Some(token), _) => TokenBytes::Text(token.content.clone().into_bytes()),
            (None, Some(token)) if byte_level => TokenBytes::Text(of_byte_level(&token, &alphabet)),
            (None, Some(token)) => TokenBytes::Text(of_pieces(&token)),
            (None, None) => TokenBytes::Unused,
        })
        .collect()
    }
}

/// The characters in which byte-level BPE spells bytes: printable ones of Latin-1 stand for themselves, the others follow
/// from U+0100 on (`bytes_to_unicode` in <https://github.com/openai/gpt-2/blob/master/src/encoder.py>).
fn byte_alphabet() -> HashMap<char, u8> {
    let own = |byte: &u8| matches!(byte, b'!'..=b'~' | 0xA1..=0xAC | 0xAE..=0xFF);
    let others = (0..=u8::MAX).filter(|byte| !own(byte)).zip('\u{100}'..).map(|(byte, spelling)| (spelling, byte));
    (0..=u8::MAX).filter(own).map(|byte| (char::from(byte), byte)).chain(others).collect()
}

fn of_byte_level(token: &str, alphabet: &HashMap<char, u8>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(token.len());
    for spelling in token.chars() {
        match alphabet.get(&spelling) {
            Some(byte) => bytes.push(*byte),
            None => bytes.extend_from_slice(spelling.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    bytes
}

/// `▁the` is ` the`, `<0x0A>` a byte.
fn of_pieces(token: &str) -> Vec<u8> {
    let byte = token.strip_prefix("<0x").and_then(|rest| rest.strip_suffix('>'));
    match byte.filter(|hex| hex.len() == 2).and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
        Some(byte) => vec![byte],
        None => token.replace(SPACE, " ").into_bytes(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokenizer::tests::{shared, tiny};

    #[test]
    fn the_bytes_of_a_text_are_those_of_its_tokens() {
        let published =
            ["smollm2", "qwen3"].iter().filter_map(|name| shared(&format!("tokenizers/{name}/tokenizer.json")));
        let published = published.map(|path| Tokenizer::from_file(&path).unwrap());
        for tokenizer in published.chain([tiny()]) {
            joined(&tokenizer);
        }
    }

    fn joined(tokenizer: &Tokenizer) {
        let bytes = tokenizer.token_bytes();
        assert_eq!(bytes.len(), tokenizer.vocab_size());
        assert!(bytes.iter().any(|token| matches!(token, TokenBytes::Control(_))));
        for text in ["SELECT name FROM t;\n", "naïve 漢字 🚀\t\u{1}\u{7f}\u{a0}\u{ad}", "  two  blanks "] {
            let ids = tokenizer.encode(text).unwrap();
            let joined: Vec<u8> = ids
                .iter()
                .flat_map(|id| match &bytes[*id as usize] {
                    TokenBytes::Text(bytes) => bytes.clone(),
                    other => panic!("{id}: {other:?}"),
                })
                .collect();
            assert_eq!(String::from_utf8_lossy(&joined), text);
        }
    }

    #[test]
    fn pieces_are_words_with_blanks_and_bytes() {
        assert_eq!(of_pieces("\u{2581}the"), b" the");
        assert_eq!(of_pieces("<0x0A>"), [10]);
        assert_eq!(of_pieces("<0x0>"), b"<0x0>");
    }
}
