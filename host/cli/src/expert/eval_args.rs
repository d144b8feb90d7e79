//! The arguments that `hive expert eval` and `hive expert compare` share: which prompts are used, on which base model,
//! and how they are answered.

use std::path::Path;

use clap::Args;
use hive_eval::{Candidate, CandidateBase, Suite};
use hive_runtime::opened::OpenExpert;

use super::super::context::Environment;
use super::super::error::CommandResult;
use super::super::expert_flags::ExpertFlags;
use super::super::numbers::{MOST_RECORDS, MOST_TOKENS, whole};

/// Which prompts to use, and how to answer them.
#[derive(Debug, Args)]
pub struct EvalArgs {
    /// Prompts: `builtin` for the expert's own, or a JSON Lines file with id, gold (one or a list)
    /// and the fields of a record
    #[arg(long, value_name = "SUITE", default_value = "builtin")]
    pub suite: String,
    /// Number of prompts to use, spread evenly over the suite; unusable ones are skipped
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = whole::<usize>(1..=MOST_RECORDS))]
    pub limit: Option<usize>,
    /// Base model: a catalogue id, a folder or a GGUF file [default: the one that the adapter
    /// names, else the manifest's first]
    #[arg(long)]
    pub base: Option<String>,
    /// Maximum tokens of an answer [default: the manifest's]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = whole::<usize>(1..=MOST_TOKENS))]
    pub max_new_tokens: Option<usize>,
    /// Evaluate each adapter without the expert's constraint on answers as well, if it has one
    #[arg(long)]
    pub unconstrained: bool,
    #[command(flatten)]
    pub flags: ExpertFlags,
    /// Number of grading processes [default: one per core]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = whole::<u16>(1..=256))]
    pub workers: Option<u16>,
    /// Overwrite the report of another evaluation without asking
    #[arg(long)]
    pub force: bool,
}

impl EvalArgs {
    /// The suite of prompts.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn suite(&self, open: &OpenExpert) -> CommandResult<Suite> {
        let suite = match self.suite.as_str() {
            "builtin" => Suite::builtin(&open.expert)?,
            path => Suite::read(Path::new(path), &open.expert)?,
        };
        Ok(suite.limited(self.limit))
    }

    /// The base model: as requested, else the first that an adapter names and that this machine or
    /// the catalogue has, else the manifest's first. Prints a warning for each adapter that names a
    /// different base model.
    ///
    /// # Errors
    /// When the catalogue of base models cannot be read.
    pub fn base_id(&self, env: &Environment, open: &OpenExpert, candidates: &[Candidate]) -> CommandResult<String> {
        let first = open.expert.manifest().base_models.first().map(String::as_str);
        let CandidateBase { id, made_for_others } = CandidateBase::of(self.base.as_deref(), candidates, first)?;
        for (name, made_for) in made_for_others {
            env.screen.note(&format!("warning: `{name}` was made for base `{made_for}`, and answers on `{id}`"));
        }
        Ok(id)
    }
}
