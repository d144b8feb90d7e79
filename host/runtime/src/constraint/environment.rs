//! A base model's tokens as llguidance (<https://github.com/guidance-ai/llguidance>) wants them, and grammars compiled for
//! them.

use std::sync::Arc;

use hive_text::tokenizer::{TokenBytes, Tokenizer};
use llguidance::api::TopLevelGrammar;
use llguidance::toktrie::{InferenceCapabilities, TokEnv, TokRxInfo, TokTrie, TokenId, TokenizerEnv};
use llguidance::{Matcher, ParserFactory};

use super::text::{ConstrainedText, PrefixCheck};
use crate::RuntimeError;

/// Compiles grammars for one base model.
pub struct Grammars {
    factory: ParserFactory,
    /// What each token adds to a text; nothing for control tokens.
    bytes: Arc<Vec<Vec<u8>>>,
    /// The tokens that are text, as bits.
    texts: Arc<Vec<u32>>,
    stop: Vec<u32>,
}

impl Grammars {
    /// For the tokens of this tokenizer, on a model whose embedding has `vocab_size` rows and where the tokens `stop` end a
    /// text.
    ///
    /// # Errors
    /// When no token does.
    pub fn new(tokenizer: &Tokenizer, stop: &[u32], vocab_size: usize) -> Result<Self, RuntimeError> {
        let stop = stop.to_vec();
        let Some(end) = stop.first().copied() else {
            return Err(RuntimeError::Constraint("the base model has no token that ends a text".to_owned()));
        };
        let mut tokens = tokenizer.token_bytes();
        tokens.resize(vocab_size, TokenBytes::Unused);
        let mut texts = vec![0; vocab_size.div_ceil(32)];
        let mut words = Vec::with_capacity(tokens.len());
        let mut bytes = Vec::with_capacity(tokens.len());
        for (id, token) in tokens.into_iter().enumerate() {
            let word = match token {
                TokenBytes::Text(word) => {
                    if !word.is_empty() {
                        texts[id / 32] |= 1 << (id % 32);
                    }
                    bytes.push(word.clone());
                    word
                }
                TokenBytes::Control(name) => {
                    bytes.push(Vec::new());
                    // How a control token is marked: it matches no text.
                    [&[TokTrie::SPECIAL_TOKEN_MARKER], name.as_bytes()].concat()
                }
                TokenBytes::Unused => {
                    bytes.push(Vec::new());
                    Vec::new()
                }
            };
            words.push(word);
        }
        let about = TokRxInfo {
            vocab_size: u32::try_from(vocab_size).unwrap_or(u32::MAX),
            tok_eos: end,
            tok_bos: None,
            tok_pad: None,
            tok_unk: None,
            tok_end_of_turn: None,
        };
        let trie = TokTrie::from(&about, &words).with_eos_tokens(&stop);
        let environment: TokEnv = Arc::new(Environment { tokenizer: tokenizer.clone(), trie });
        let mut factory = ParserFactory::new(&environment, InferenceCapabilities::default(), &[])
            .map_err(|error| RuntimeError::Constraint(error.to_string()))?;
        factory.quiet();
        Ok(Self { factory, bytes: Arc::new(bytes), texts: Arc::new(texts), stop })
    }

    /// One answer that follows this grammar, in llguidance's Lark, if there is one, and the expert's check.
    ///
    /// # Errors
    /// When it is no grammar, or too large a one.
    pub fn text<'c>(
        &self,
        lark: Option<&str>,
        check: Option<PrefixCheck<'c>>,
    ) -> Result<ConstrainedText<'c>, RuntimeError> {
        let matcher = lark.map(|lark| {
            let parser = self.factory.create_parser(TopLevelGrammar::from_lark(lark.to_owned()));
            parser.map(|parser| Matcher::new(Ok(parser))).map_err(|error| RuntimeError::Constraint(error.to_string()))
        });
        let (bytes, texts) = (Arc::clone(&self.bytes), Arc::clone(&self.texts));
        Ok(ConstrainedText::new(matcher.transpose()?, check, bytes, texts, self.stop.clone()))
    }
}

struct Environment {
    tokenizer: Tokenizer,
    trie: TokTrie,
}

impl TokenizerEnv for Environment {
    fn tok_trie(&self) -> &TokTrie {
        &self.trie
    }

    fn tokenize_bytes(&self, bytes: &[u8]) -> Vec<TokenId> {
        // A text that the tokenizer refuses is still made of tokens.
        let encode =
            |text: &str| self.tokenizer.encode(text).unwrap_or_else(|_| self.trie.greedy_tokenize(text.as_bytes()));
        self.trie.tokenize_with_greedy_fallback(bytes, encode)
    }
}
