//! Records to tokens: the expert renders, the base's template and tokenizer do the rest. The one
//! place where a prompt becomes token ids, for training, evaluation and generation alike.

use hive_engine::data::Example;
use hive_engine::model::chat_template::{self, ChatMessage, ChatTemplate, PromptCompletion};
use hive_engine::model::source::BaseModel;
use hive_engine::model::tokenizer::Tokenizer;
use hive_engine::ops::dropout::key;
use hive_sdk::{Message, Record, Rendered, Role};

use super::ExpertError;
use crate::plugins::{BATCH, LoadedExpert};

/// What turns chats into tokens, for one base.
#[derive(Debug)]
pub struct Tokeniser<'a> {
    /// The base's template.
    pub template: &'a ChatTemplate,
    /// The base's tokenizer.
    pub tokenizer: &'a Tokenizer,
    /// Tokens that end a completion.
    pub eos: Vec<u32>,
}

/// Records as tokens, and how many were left out.
#[derive(Debug, Default)]
pub struct Tokenised {
    /// Those that fit, in the order of the records.
    pub examples: Vec<Example>,
    /// Records longer than the limit: dropped whole, never cut.
    pub too_long: usize,
    /// Tokens of the shortest record, for the error when none fits.
    pub shortest: usize,
}

impl<'a> Tokeniser<'a> {
    /// The tokeniser of `base`.
    ///
    /// # Errors
    /// When the base has no tokenizer or no chat template.
    pub fn new(base: &'a BaseModel) -> Result<Self, ExpertError> {
        let missing = |missing| ExpertError::NotAChatModel { base: base.name.clone(), missing };
        Ok(Self {
            template: base.chat_template.as_ref().ok_or_else(|| missing("chat template"))?,
            tokenizer: base.tokenizer.as_ref().ok_or_else(|| missing("tokenizer"))?,
            eos: base.config.eos_token_ids.clone(),
        })
    }

    /// Tokens of a rendered record.
    ///
    /// # Errors
    /// When the template or the tokenizer refuses it.
    pub fn encode(&self, rendered: &Rendered) -> Result<PromptCompletion, ExpertError> {
        let turns: Vec<ChatMessage> = rendered.messages.iter().map(turn).collect();
        let (prompt, completion) = turns.split_at(rendered.completion_start);
        let completion = (!completion.is_empty()).then_some(completion);
        Ok(chat_template::encode(self.template, self.tokenizer, prompt, completion, &self.eos)?)
    }

    /// Tokenises records; those longer than `max_seq_len` are dropped and counted.
    ///
    /// # Errors
    /// What the expert, the template or the tokenizer says.
    pub fn records(
        &self,
        expert: &LoadedExpert,
        records: &[Record],
        max_seq_len: usize,
    ) -> Result<Tokenised, ExpertError> {
        let mut out = Tokenised { shortest: usize::MAX, ..Tokenised::default() };
        let mut index = 0;
        // Batch by batch, so that the chats of all records never exist at once.
        for batch in records.chunks(BATCH) {
            for rendered in expert.render(batch)? {
                let PromptCompletion { ids, prompt_len } = self.encode(&rendered)?;
                out.shortest = out.shortest.min(ids.len());
                if ids.len() > max_seq_len {
                    out.too_long += 1;
                } else {
                    out.examples.push(Example::new(ids, prompt_len, key(&[index])));
                }
                index += 1;
            }
        }
        Ok(out)
    }

    /// Tokens of the prompt of a record, without its completion.
    ///
    /// # Errors
    /// What the expert, the template or the tokenizer says.
    pub fn prompts(&self, expert: &LoadedExpert, records: &[Record]) -> Result<Vec<Vec<u32>>, ExpertError> {
        let rendered = expert.render(records)?;
        rendered
            .into_iter()
            .map(|mut rendered| {
                rendered.messages.truncate(rendered.completion_start);
                Ok(self.encode(&rendered)?.ids)
            })
            .collect()
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
