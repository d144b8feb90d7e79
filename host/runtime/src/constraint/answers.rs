//! Which rules the answer to a prompt follows: what its expert says, unless answers are not to be constrained.

use std::cell::OnceCell;

use hive_engine::EngineError;
use hive_files::hex;
use hive_plugins::LoadedExpert;
use hive_sdk::{Grammar, Record};
use sha2::{Digest, Sha256};

use super::environment::Grammars;
use super::text::{ConstrainedText, PrefixCheck};
use crate::RuntimeError;
use crate::tokenise::Tokeniser;

/// Constrains answers of one base model.
pub struct Constraining<'a> {
    expert: Option<&'a LoadedExpert>,
    tokeniser: &'a Tokeniser<'a>,
    vocab_size: usize,
    /// Made for the first answer that is constrained.
    grammars: OnceCell<Result<Grammars, String>>,
}

/// The rules for one answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AnswerRules {
    /// Its grammar.
    pub grammar: Option<Grammar>,
    /// Whether the expert checks it while it grows.
    pub checked: bool,
}

impl<'a> Constraining<'a> {
    /// By what `expert` says, on a base model whose embedding has `vocab_size` rows; without an expert, not at all.
    pub fn new(expert: Option<&'a LoadedExpert>, tokeniser: &'a Tokeniser<'a>, vocab_size: usize) -> Self {
        Self { expert, tokeniser, vocab_size, grammars: OnceCell::new() }
    }

    /// The rules for the answer to this prompt.
    ///
    /// # Errors
    /// When the expert fails.
    pub fn rules(&self, prompt: &Record) -> Result<AnswerRules, RuntimeError> {
        let Some(expert) = self.expert else { return Ok(AnswerRules::default()) };
        Ok(AnswerRules { grammar: expert.constrain(prompt)?, checked: expert.checks_prefixes() })
    }

    /// The answer to `prompt` that follows these rules; `None` if there are none.
    ///
    /// # Errors
    /// When the grammar is none that can be followed.
    pub fn text<'t>(
        &'t self,
        prompt: &'t Record,
        rules: &AnswerRules,
    ) -> Result<Option<ConstrainedText<'t>>, RuntimeError> {
        if *rules == AnswerRules::default() {
            return Ok(None);
        }
        let made = self.grammars.get_or_init(|| {
            Grammars::new(self.tokeniser.tokenizer, &self.tokeniser.eos, self.vocab_size)
                .map_err(|error| error.to_string())
        });
        let grammars = made.as_ref().map_err(|why| RuntimeError::Constraint(why.clone()))?;
        let check = self.expert.filter(|_| rules.checked).map(|expert| -> PrefixCheck<'t> {
            Box::new(move |text, ended| {
                let found = expert.check_prefix(prompt, text, ended);
                found.map_err(|error| EngineError::unsupported(error.to_string()))
            })
        });
        grammars.text(rules.grammar.as_ref().map(|grammar| grammar.lark.as_str()), check).map(Some)
    }
}

impl AnswerRules {
    /// A digest of the rules; `None` if there are none.
    pub fn digest(&self) -> Option<String> {
        let lark = self.grammar.as_ref().map(|grammar| grammar.lark.as_str());
        (*self != Self::default())
            .then(|| hex(&Sha256::digest(format!("{} {}", self.checked, lark.unwrap_or_default()))))
    }
}
