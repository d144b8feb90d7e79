//! Records to tokens: the expert renders, the base's template and tokenizer do the rest. The one
//! place where a prompt becomes token ids, for training, evaluation and generation alike. What a
//! record or a question holds is text: only the template's own control tokens become control tokens.

use std::collections::BTreeSet;

use hive_engine::data::{Example, TokenWriter};
use hive_engine::model::chat_template::{self, ChatMessage, ChatTemplate, PromptCompletion};
use hive_engine::model::source::BaseModel;
use hive_engine::model::tokenizer::Tokenizer;
use hive_engine::ops::dropout::key;
use hive_plugins::{BATCH, LoadedExpert};
use hive_sdk::{Message, Record, Rendered, Role};

use super::{ExpertError, preflight};

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

/// What was left out of a tokenised set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lengths {
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

    /// Control tokens whose names are in the text of these messages, each once, sorted.
    pub fn control_tokens_in(&self, rendered: &Rendered) -> Vec<String> {
        let contents = rendered.messages.iter().map(|message| message.content.as_str());
        let names: BTreeSet<&str> = contents.flat_map(|text| self.tokenizer.control_tokens_in(text)).collect();
        names.into_iter().map(str::to_owned).collect()
    }

    /// Tokenises records, whatever their length.
    ///
    /// # Errors
    /// What the expert, the template or the tokenizer says.
    pub fn records(&self, expert: &LoadedExpert, records: &[Record]) -> Result<Vec<Example>, ExpertError> {
        let encode = |(index, rendered): (usize, Rendered)| {
            let PromptCompletion { ids, prompt_len } = self.encode(&rendered)?;
            Ok(Example::new(ids, prompt_len, key(&[index as u64])))
        };
        expert.render(records)?.into_iter().enumerate().map(encode).collect()
    }

    /// Tokenises a stream of records into `writer`; those longer than `max_seq_len` are dropped and
    /// counted. `what` is what a record is called in messages; `done` hears how many were read so far.
    ///
    /// # Errors
    /// What the stream, the expert, the template, the tokenizer or the disk says; and what is wrong with
    /// the records' prompts.
    pub fn write(
        &self,
        expert: &LoadedExpert,
        records: impl Iterator<Item = Result<Record, ExpertError>>,
        (what, max_seq_len): (&str, usize),
        writer: &mut TokenWriter,
        mut done: impl FnMut(usize),
    ) -> Result<Lengths, ExpertError> {
        let mut lengths = Lengths { too_long: 0, shortest: usize::MAX };
        let mut index = 0;
        let mut records = records.peekable();
        while records.peek().is_some() {
            // Batch by batch, so that the chats of all records never exist at once.
            let batch = records.by_ref().take(BATCH).collect::<Result<Vec<_>, _>>()?;
            let rendered = expert.render(&batch)?;
            preflight::batch(expert, &batch, &rendered, |i| format!("{what} {}", index as usize + i))?;
            for rendered in rendered {
                let PromptCompletion { ids, prompt_len } = self.encode(&rendered)?;
                lengths.shortest = lengths.shortest.min(ids.len());
                if ids.len() > max_seq_len {
                    lengths.too_long += 1;
                } else {
                    writer.add(&ids, prompt_len, key(&[index]))?;
                }
                index += 1;
            }
            done(index as usize);
        }
        Ok(lengths)
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
