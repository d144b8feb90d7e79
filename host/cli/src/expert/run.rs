//! `hive expert run`: one prompt, one answer on stdout. The expert inspects both; its findings are
//! printed on stderr.

mod adapter;
mod checked;
mod display;
mod inspection;
mod json;
mod record;
mod remarks;
mod start;

use std::path::PathBuf;
use std::sync::atomic::Ordering;

use clap::Args;
use hive_runtime::answer::{Prompt, answer_to};
use hive_runtime::constraint::Constraining;
use hive_runtime::inspection::Inspector;
use hive_runtime::model::{AdaptedModel, LoadedAdapter};
use hive_runtime::tokenise::Tokeniser;

use crate::context::Environment;
use crate::ended::Interrupted;
use crate::error::CommandResult;
use crate::expert_flags::ExpertFlags;
use crate::interrupt::on_interrupt;
use crate::loading::load_expert_of;
use crate::numbers::{MOST_TOKENS, whole};
use crate::output::result;
use display::AnswerDisplay;
use start::Started;

/// Run an expert on a prompt
#[derive(Debug, Args)]
pub struct Run {
    /// Name of the expert, as `hive expert list` shows it; NAME@VERSION for an installed version
    name: String,
    /// The prompt, in quotes; `-` reads it from stdin
    #[arg(required = true, num_args = 1.., value_name = "PROMPT")]
    asked: Vec<String>,
    #[command(flatten)]
    flags: ExpertFlags,
    /// Set another field of the record; may be repeated
    #[arg(long = "field", value_name = "NAME=VALUE")]
    fields: Vec<String>,
    /// Run whose adapter answers [default: what the name stands for, as `hive expert list` shows]
    #[arg(long, value_name = "RUN", conflicts_with_all = ["adapter", "base_only"])]
    run: Option<PathBuf>,
    /// PEFT adapter folder, LoRA or DoRA, to use instead of a run's
    #[arg(long, value_name = "DIR", conflicts_with = "base_only")]
    adapter: Option<PathBuf>,
    /// Use the base model without an adapter
    #[arg(long)]
    base_only: bool,
    /// Base model: a catalogue id, a folder or a GGUF file [default: the adapter's, else the manifest's first]
    #[arg(long)]
    base: Option<String>,
    /// Maximum tokens to generate [default: the manifest's]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = whole::<usize>(1..=MOST_TOKENS))]
    max_new_tokens: Option<usize>,
    /// Generate the answer without the expert's constraint
    #[arg(long)]
    unconstrained: bool,
    /// Exit with code 1 when the answer cannot be used, or was not checked
    #[arg(long)]
    strict: bool,
    /// Print JSON: `{"answer", "expert", "answered_by", "base", "complete", "constrained", "prompt_tokens", "tokens",
    /// "seconds", "first_token_seconds", "checked", "faults", "notes"}`
    #[arg(long)]
    json: bool,
}

impl Run {
    /// Runs the command.
    ///
    /// # Errors
    /// When there is no adapter or base model, or they do not match.
    pub fn run(self, env: &Environment) -> CommandResult {
        let found = adapter::adapter(&self, env)?;
        let dir = found.as_ref().map(|found| found.dir.as_path());
        let open = load_expert_of(env, &self.name, found.as_ref().and_then(|found| found.expert.as_ref()))?;
        let expert = &open.expert;
        let record = record::record(&self, expert)?;
        let Started { inspector, record, base } = start::start(&self, env, &open, found.as_ref(), record)?;
        dir.iter().for_each(|dir| adapter::warn_of_other_prompts(env.screen, dir, expert));
        let tokeniser = Tokeniser::new(&base.model)?;
        let loaded = dir.map(|dir| LoadedAdapter::load(dir, &base)).transpose()?;
        let model = AdaptedModel::new(&base, loaded.as_ref());
        let stop = on_interrupt("\nStopping");
        let max_tokens = self.max_new_tokens.unwrap_or(expert.manifest().generation.max_new_tokens);
        let prompt = tokeniser.prompts(expert, std::slice::from_ref(&record))?.pop().unwrap_or_default();
        env.screen.note(&adapter::title(found.as_ref(), &base));
        let tokens = prompt.len();
        dir.iter().for_each(|dir| adapter::warn_of_long_prompt(env.screen, dir, tokens));
        // While the model generates, the expert initializes for inspecting the answer.
        let inspector = inspector.map(Inspector::get_ready);
        let mut display = AnswerDisplay::new(env.screen, &tokeniser, tokens, self.json);
        let constraining = Constraining::new((!self.unconstrained).then_some(expert), &tokeniser, model.vocab_size());
        let prompt = Prompt { record: &record, ids: &prompt };
        let answer = answer_to(model, &tokeniser, prompt, max_tokens, &constraining, |ids| {
            // What comes after the signal is not shown.
            (!stop.load(Ordering::Relaxed)).then(|| display.token(ids)).is_some()
        })?;
        let stopped = stop.load(Ordering::Relaxed);
        if !self.json && !answer.refused {
            display.finish(&answer.text, stopped)?;
        }
        if stopped {
            return Err(Interrupted("Stopped before the answer was complete".to_owned()).into());
        }
        remarks::report(env.screen, &answer)?;
        let checked = inspector.map(|inspector| checked::inspected(inspector, &record, &answer.text));
        if self.json {
            let title = found.as_ref().map(|found| found.title.as_str());
            result(&json::text(&self.name, title, &base.reference.id, &answer, checked.as_ref()))?;
        }
        checked.map_or(Ok(()), |checked| checked.report(env.screen, self.strict))
    }
}
