//! `hive expert run`: one prompt, one answer on stdout. The expert inspects both; its findings are
//! printed on stderr.

mod adapter;
mod inspection;
mod record;

use std::path::PathBuf;
use std::sync::atomic::Ordering;

use clap::Args;
use hive_runtime::answer::{Answer, answer_to};
use hive_runtime::inspection::Inspector;
use hive_runtime::model::{AdaptedModel, LoadedAdapter};
use hive_runtime::tokenise::Tokeniser;
use hive_train::prompt_sample;
use hive_train::run_folder::trained_length;

use crate::context::Environment;
use crate::error::{CommandResult, Failure};
use crate::expert_flags::ExpertFlags;
use crate::interrupt::on_interrupt;
use crate::loading::{load_entry, load_expert};
use crate::numbers::{MOST_TOKENS, whole};
use crate::output::{note, result};

/// Run an expert on a prompt
#[derive(Debug, Args)]
pub struct Run {
    /// Name of the expert, as `hive expert list` shows it; NAME@VERSION for an installed version
    name: String,
    /// The prompt, in quotes
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
    /// Base model: a catalogue id, a folder or a GGUF file [default: the one that the adapter
    /// names, else the manifest's first]
    #[arg(long)]
    base: Option<String>,
    /// Maximum tokens to generate [default: the manifest's]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = whole::<usize>(1..=MOST_TOKENS))]
    max_new_tokens: Option<usize>,
    /// Exit with code 1 when the answer cannot be used, or was not checked
    #[arg(long)]
    strict: bool,
}

impl Run {
    /// Runs the command.
    ///
    /// # Errors
    /// When there is no adapter or base model, or they do not match.
    pub fn run(self, env: &Environment) -> CommandResult {
        let found = adapter::adapter(&self, env)?;
        let dir = found.as_ref().map(|found| found.dir.as_path());
        let open = match found.as_ref().and_then(|found| found.expert.as_ref()) {
            Some(entry) => load_entry(env, entry)?,
            None => load_expert(env, &self.name)?,
        };
        let expert = &open.expert;
        let record = record::record(&self, expert)?;
        let (inspector, record) = inspection::prompt(&self, &open, record)?;
        if let Some(difference) = dir.and_then(prompt_sample::of_adapter).and_then(|then| then.differs(expert)) {
            note(&format!("warning: {difference}: the adapter may answer worse"));
        }
        let base = adapter::base(&self, env, found.as_ref(), expert.manifest())?;
        let tokeniser = Tokeniser::new(&base.model)?;
        let loaded = dir.map(|dir| LoadedAdapter::load(dir, &base)).transpose()?;
        let model = AdaptedModel::new(&base, loaded.as_ref());
        let stop = on_interrupt("\nStopping")?;
        let max_tokens = self.max_new_tokens.unwrap_or(expert.manifest().generation.max_new_tokens);
        let prompt = tokeniser.prompts(expert, std::slice::from_ref(&record))?.pop().unwrap_or_default();
        note(&match &found {
            Some(found) => format!("Asking {} on base model `{}`", found.title, base.reference.id),
            None => format!("Asking base model `{}` without an adapter", base.reference.id),
        });
        let tokens = prompt.len();
        if let Some(trained) = dir.and_then(trained_length).filter(|trained| tokens > *trained) {
            note(&format!(
                "warning: the prompt has {tokens} tokens, the adapter was trained on records of at most {trained}: \
                 answers to longer prompts were never trained"
            ));
        }
        // While the model generates, the expert initializes for inspecting the answer.
        let inspector = inspector.map(Inspector::get_ready);
        let Answer { text, complete, tokens, prompt_tokens, seconds, .. } =
            answer_to(model, &tokeniser, &prompt, max_tokens, || !stop.load(Ordering::Relaxed))?;
        tracing::info!(tokens, prompt = prompt_tokens, seconds, "answered");
        result(&text)?;
        if stop.load(Ordering::Relaxed) {
            return Err(Failure::misuse("Stopped before the answer was complete").into());
        }
        if !complete {
            note(&format!("warning: the answer was cut after {tokens} tokens; `--max-new-tokens` allows more"));
        }
        inspector.map_or(Ok(()), |inspector| inspection::answer(inspector, &record, &text, self.strict))
    }
}
