//! Records to tokens: the expert renders, the base model's template and tokenizer do the rest. The
//! only place where prompts become token ids, for training, evaluation and generation alike. The
//! content of a record or prompt is plain text: only the template's own control tokens become
//! control tokens.

use std::collections::BTreeSet;

use hive_engine::data::Example;
use hive_engine::ops::dropout::key;
use hive_engine::weights::source::BaseModel;
use hive_files::hex;
use hive_plugins::LoadedExpert;
use hive_sdk::{Message, Record, Rendered, Role};
use hive_text::chat_template::{self, ChatMessage, ChatTemplate, PromptCompletion};
use hive_text::tokenizer::Tokenizer;
use sha2::{Digest, Sha256};

use crate::RuntimeError;

/// Tokenizes chats for one base model.
#[derive(Debug)]
pub struct Tokeniser<'a> {
    /// The base model's template.
    pub template: &'a ChatTemplate,
    /// The base model's tokenizer.
    pub tokenizer: &'a Tokenizer,
    /// Tokens that end a completion.
    pub eos: Vec<u32>,
}

impl<'a> Tokeniser<'a> {
    /// The tokenizer and template of `base`.
    ///
    /// # Errors
    /// When the base model has no tokenizer or no chat template.
    pub fn new(base: &'a BaseModel) -> Result<Self, RuntimeError> {
        let missing = |missing| RuntimeError::NotAChatModel { base: base.name.clone(), missing };
        Ok(Self {
            template: base.chat_template.as_ref().ok_or_else(|| missing("chat template"))?,
            tokenizer: base.tokenizer.as_ref().ok_or_else(|| missing("tokenizer"))?,
            eos: base.config.eos_token_ids.clone(),
        })
    }

    /// SHA-256 digests of the tokenizer and of the template's text.
    ///
    /// # Errors
    /// When the tokenizer's file cannot be read.
    pub fn digests(&self) -> Result<(String, String), RuntimeError> {
        Ok((self.tokenizer.digest()?, hex(&Sha256::digest(self.template.source()))))
    }

    /// Tokenizes a rendered record.
    ///
    /// # Errors
    /// When the template or the tokenizer rejects it.
    pub fn encode(&self, rendered: &Rendered) -> Result<PromptCompletion, RuntimeError> {
        let turns: Vec<ChatMessage> = rendered.messages.iter().map(turn).collect();
        let (prompt, completion) = turns.split_at(rendered.completion_start);
        let completion = (!completion.is_empty()).then_some(completion);
        Ok(chat_template::encode(self.template, self.tokenizer, prompt, completion, &self.eos)?)
    }

    /// Control tokens whose names occur in the text of these messages, each once, sorted.
    pub fn control_tokens_in(&self, rendered: &Rendered) -> Vec<String> {
        let contents = rendered.messages.iter().map(|message| message.content.as_str());
        let names: BTreeSet<&str> = contents.flat_map(|text| self.tokenizer.control_tokens_in(text)).collect();
        names.into_iter().map(str::to_owned).collect()
    }

    /// Tokenizes records, whatever their length.
    ///
    /// # Errors
    /// Errors of the expert, the template or the tokenizer.
    pub fn records(&self, expert: &LoadedExpert, records: &[Record]) -> Result<Vec<Example>, RuntimeError> {
        let encode = |(index, rendered): (usize, Rendered)| {
            let PromptCompletion { ids, prompt_len } = self.encode(&rendered)?;
            Ok(Example::new(ids, prompt_len, key(&[index as u64])))
        };
        expert.render(records)?.into_iter().enumerate().map(encode).collect()
    }

    /// Tokenizes the prompt of a record, without its completion.
    ///
    /// # Errors
    /// Errors of the expert, the template or the tokenizer.
    pub fn prompts(&self, expert: &LoadedExpert, records: &[Record]) -> Result<Vec<Vec<u32>>, RuntimeError> {
        let rendered = expert.render(records)?;
        rendered.into_iter().map(|rendered| Ok(self.encode(&rendered.into_prompt())?.ids)).collect()
    }
}

fn turn(message: &Message) -> ChatMessage {
    let role = match message.role {
        Role::System => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
    };
    ChatMessage::new(role, message.content.clone())
}
