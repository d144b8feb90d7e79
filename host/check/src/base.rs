//! The built-in base: a decoder of a few random layers, a tokenizer whose tokens are bytes, and a chat template. It knows
//! nothing, and trains in milliseconds.

use hive_engine::weights::config::{Architecture, ModelConfig};
use hive_engine::weights::decoder::Decoder;
use hive_runtime::tokenise::Tokeniser;
use hive_text::chat_template::ChatTemplate;
use hive_text::tokenizer::{TokenKind, Tokenizer, Vocabulary};

/// Tokens of the template, before the bytes.
const CONTROL: [&str; 3] = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"];

/// The id that ends a completion.
const END: u32 = 2;

/// The template: that of the catalogue's models, without a default system turn.
const TEMPLATE: &str = "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n\
                        {% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

/// Seed of the weights.
const SEED: u64 = 7;

/// Width of a head.
const HEAD: usize = 8;

/// The base.
#[derive(Debug)]
pub(crate) struct TinyBase {
    /// Its weights.
    pub decoder: Decoder,
    tokenizer: Tokenizer,
    template: ChatTemplate,
}

/// The characters by which a byte-level vocabulary writes the bytes 0 to 255 (GPT-2's `bytes_to_unicode`).
fn bytes() -> impl Iterator<Item = char> {
    let shown = |byte: u32| matches!(byte, 0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff);
    let mut moved = 256;
    (0..256_u32).filter_map(move |byte| {
        if shown(byte) {
            return char::from_u32(byte);
        }
        moved += 1;
        char::from_u32(moved - 1)
    })
}

impl TinyBase {
    /// The base with this many layers.
    ///
    /// # Errors
    /// Why it cannot be made; a test ensures that it can.
    pub(crate) fn new(layers: usize) -> Result<Self, String> {
        let mut tokens: Vec<String> = CONTROL.map(str::to_owned).to_vec();
        tokens.extend(bytes().map(String::from));
        let mut kinds = vec![TokenKind::Control; CONTROL.len()];
        kinds.resize(tokens.len(), TokenKind::Normal);
        let vocab_size = tokens.len();
        let vocabulary = Vocabulary { pre_tokenizer: "gpt-2".to_owned(), tokens, kinds, merges: Vec::new() };
        let config = ModelConfig {
            architecture: Architecture::Llama,
            vocab_size,
            hidden_size: 2 * HEAD,
            intermediate_size: 4 * HEAD,
            num_layers: layers,
            num_heads: 2,
            num_kv_heads: 1,
            head_dim: HEAD,
            rms_norm_eps: 1e-5,
            rope_theta: 10_000.0,
            rope_scaling: None,
            max_position_embeddings: 1 << 20,
            tie_word_embeddings: false,
            qkv_bias: false,
            attention_output_bias: false,
            mlp_bias: false,
            eos_token_ids: vec![END],
        };
        let why = |error: &dyn std::fmt::Display| error.to_string();
        Ok(Self {
            decoder: Decoder::random(&config, SEED).map_err(|e| why(&e))?,
            tokenizer: Tokenizer::from_vocabulary(&vocabulary).map_err(|e| why(&e))?,
            template: ChatTemplate::new(TEMPLATE, None, Some(CONTROL[2].to_owned())).map_err(|e| why(&e))?,
        })
    }

    /// Tokenizes chats for it, as for any base.
    pub(crate) fn tokeniser(&self) -> Tokeniser<'_> {
        Tokeniser { template: &self.template, tokenizer: &self.tokenizer, eos: vec![END] }
    }
}

#[cfg(test)]
mod tests {
    use hive_sdk::{Message, Rendered};

    use super::*;

    #[test]
    fn a_token_is_a_byte() {
        let base = TinyBase::new(2).unwrap();
        let messages = vec![Message::user("hé\0"), Message::assistant("OK")];
        let encoded = base.tokeniser().encode(&Rendered { messages, completion_start: 1 }).unwrap();
        // Two letters and the end token.
        assert_eq!(encoded.ids.len() - encoded.prompt_len, 3);
        let prompt = "<|im_start|>user\nhé\0<|im_end|>\n<|im_start|>assistant\n";
        let control = ["<|im_start|>", "<|im_end|>", "<|im_start|>"];
        let letters = prompt.len() - control.iter().map(|token| token.len()).sum::<usize>();
        assert_eq!(encoded.prompt_len, letters + control.len());
        assert!(base.decoder.config.vocab_size == 259);
    }
}
