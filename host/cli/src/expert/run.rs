//! `hive expert run`: one prompt, one answer on stdout. The expert inspects both; its findings are
//! printed on stderr.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::Instant;

use clap::Args;
use hive_engine::adapter::{AdapterScales, peft};
use hive_engine::network::pass::Model;
use hive_packages::installed::{InstallError, Release, Store};
use hive_packages::trust::{RequireSigned, Ring, Signer};
use hive_plugins::{CallFault, LoadedExpert, PluginError};
use hive_runtime::RuntimeError;
use hive_runtime::answer::answer_to;
use hive_runtime::asking::{argument, flag};
use hive_runtime::base::Base;
use hive_runtime::inspection::Inspector;
use hive_runtime::models::{ModelError, ModelStore};
use hive_runtime::opened::OpenExpert;
use hive_runtime::tokenise::Tokeniser;
use hive_sdk::{Inspection, Record};
use hive_train::prompt_sample;
use hive_train::run_folder::{RunFolder, trained_length};

use super::super::error::{CommandResult, Failure};
use super::super::expert_flags::{ExpertFlags, text_of};
use super::super::interrupt::on_interrupt;
use super::super::loading::{experts, load_expert, load_release};
use super::super::numbers::{MOST_TOKENS, whole};
use super::super::output::{note, result};
use super::super::pull_progress::PullProgress;
use super::super::shell::word;
use super::train::RUNS;
use crate::context::Environment;

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
    /// Run whose adapter answers [default: the latest run below `runs` or, if there is none, the
    /// installed expert]
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
        let by = self.answers(env)?;
        let open = match &by {
            Answers::Installed(release) => load_release(env, release)?,
            _ => load_expert(env, &self.name)?,
        };
        let OpenExpert { expert, .. } = &open;
        let record = self.record(expert)?;
        let (inspector, record) = self.inspected(&open, record)?;
        if let Some(difference) = by.adapter().and_then(prompt_sample::of_adapter).and_then(|then| then.differs(expert))
        {
            note(&format!("warning: {difference}: the adapter may answer worse"));
        }
        let base = self.open_base(env, expert, &by)?.for_generation();
        let tokeniser = Tokeniser::new(&base.model)?;
        let loaded = by.adapter().map(|dir| peft::load(dir, &base.model.config, Some(&base.reference))).transpose()?;
        let scales = loaded.as_ref().map(|l| AdapterScales::new(&l.adapter, &base.decoder));
        let adapter = loaded.as_ref().map(|l| &l.adapter).zip(scales.as_ref());
        let model = Model { base: &base.decoder, adapter };
        let stop = on_interrupt("\nStopping")?;
        let max_tokens = self.max_new_tokens.unwrap_or(expert.manifest().generation.max_new_tokens);
        let prompt = tokeniser.prompts(expert, std::slice::from_ref(&record))?.pop().unwrap_or_default();
        if let Some(trained) = by.adapter().and_then(trained_length).filter(|trained| prompt.len() > *trained) {
            note(&format!(
                "warning: the prompt has {} tokens, the adapter was trained on records of at most {trained}: answers \
                 to longer prompts were never trained",
                prompt.len()
            ));
        }
        // While the model generates, the expert initializes for inspecting the answer.
        let inspector = inspector.map(Inspector::get_ready);
        let answer = answer_to(model, &tokeniser, &prompt, max_tokens, || !stop.load(Ordering::Relaxed))?;
        tracing::info!(tokens = answer.tokens, prompt = answer.prompt_tokens, seconds = answer.seconds, "answered");
        result(&answer.text)?;
        if stop.load(Ordering::Relaxed) {
            return Err(Failure::misuse("Stopped before the answer was complete").into());
        }
        if !answer.complete {
            note(&format!(
                "warning: the answer was cut after {} tokens; `--max-new-tokens` allows more",
                answer.tokens
            ));
        }
        let Some(inspector) = inspector else { return Ok(()) };
        let waiting = Instant::now();
        let found = inspector.answer(&record, &answer.text);
        tracing::info!(seconds = waiting.elapsed().as_secs_f64(), "inspected");
        self.report(found)
    }

    /// Inspects the prompt and returns the expert's process, if it has one, and the record to use:
    /// a prompt that cannot be answered is reported before a model is loaded.
    fn inspected(&self, open: &OpenExpert, record: Record) -> CommandResult<(Option<Inspector>, Record)> {
        let begin = Instant::now();
        let unchecked = |error: PluginError| {
            note(&format!("warning: neither prompt nor answer is checked: {error}"));
        };
        let started = match Inspector::start(open, self.flags.options(open.expert.manifest())?) {
            Err(error) if !self.strict => {
                unchecked(error);
                return Ok((None, record));
            }
            started => started?,
        };
        let Some(inspector) = started else {
            if self.strict {
                let problem = format!("`{}` was installed without its plugin, so no answer can be checked", self.name);
                return Err(Failure::unacceptable(problem)
                    .hint(
                        "without `--strict` it answers; a package with its plugin, signed by a trusted key, can check",
                    )
                    .into());
            }
            return Ok((None, record));
        };
        let found = inspector.prompt(&record);
        tracing::info!(seconds = begin.elapsed().as_secs_f64(), "prompt inspected");
        match found {
            Ok(found) if found.faults.is_empty() => {
                found.notes.iter().for_each(|finding| note(&format!("note on the prompt: {}", finding.message)));
                // Normalized like a training record, so that the model is prompted as in training.
                Ok((Some(inspector), found.record.unwrap_or(record)))
            }
            Ok(found) => {
                let mut faults = found.faults.into_iter().map(|finding| finding.message);
                let first = faults.next().unwrap_or_default();
                Err(Failure::unacceptable(format!("Failed to ask expert `{}`: {first}", self.name))
                    .details(faults.collect())
                    .into())
            }
            Err(error) if self.strict => Err(error.into()),
            Err(error) => {
                unchecked(error);
                Ok((None, record))
            }
        }
    }

    /// Reports the findings on the answer, which has already been printed to stdout.
    fn report(&self, found: Result<Option<Inspection>, PluginError>) -> CommandResult {
        let unchecked = |why: String| {
            if self.strict {
                return Err(Failure::unacceptable(format!("The answer was not checked: {why}")).into());
            }
            note(&format!("warning: the answer was not checked: {why}"));
            Ok(())
        };
        let Inspection { faults, notes, .. } = match found {
            Ok(Some(found)) => found,
            Ok(None) => return unchecked("the expert was not ready in time".to_owned()),
            // The expert's own error needs no method name.
            Err(PluginError::Call { fault: CallFault::Refused(why), .. }) => return unchecked(why),
            Err(error) => return unchecked(error.to_string()),
        };
        notes.iter().for_each(|finding| note(&format!("note on the answer: {}", finding.message)));
        let mut faults = faults.into_iter().map(|finding| finding.message);
        match faults.next() {
            None => Ok(()),
            Some(first) if self.strict => {
                let error = Failure::unacceptable(format!("The answer cannot be used: {first}"));
                Err(error.details(faults.collect()).into())
            }
            Some(first) => {
                std::iter::once(first)
                    .chain(faults)
                    .for_each(|fault| note(&format!("warning: the answer cannot be used: {fault}")));
                Ok(())
            }
        }
    }

    /// The prompt as a record: each field from its argument, others by `--field`.
    fn record(&self, expert: &LoadedExpert) -> CommandResult<Record> {
        let mut record = Record::default();
        let fields = &expert.manifest().dataset.fields;
        let known = |name: &str| fields.iter().any(|f| f.name == name);
        let names = || fields.iter().filter(|f| !f.completion).map(|f| f.name.clone()).collect::<Vec<_>>().join(", ");
        let mut set = |name: &str, value: String, argument: &str| {
            if !known(name) {
                return Err(Failure::misuse(format!(
                    "Expert `{}` has no field `{name}`, which {argument} sets (its fields: {})",
                    self.name,
                    names()
                )));
            }
            record.set(name, value);
            Ok(())
        };
        let [asked] = &self.asked[..] else {
            let got = self.asked.len();
            return Err(Failure::misuse(format!("Got {got} words as the prompt, expected one text in quotes"))
                .hint(format!("put it in quotes: {}", word(&self.asked.join(" "))))
                .into());
        };
        let asked_field = expert.manifest().asked_field().unwrap_or_default();
        set(asked_field, asked.clone(), "the prompt")?;
        for (name, path) in &self.flags.files {
            let Some(field) = fields.iter().find(|field| field.name == *name) else { continue };
            set(name, text_of(path, field)?, &format!("`--{}`", flag(name)))?;
        }
        for (name, text) in &self.flags.texts {
            set(name, text.clone(), &format!("`--{}`", flag(name)))?;
        }
        for field in &self.fields {
            let (name, value) = field
                .split_once('=')
                .ok_or_else(|| Failure::misuse(format!("`--field {field}` is not of the form `name=value`")))?;
            set(name, value.to_owned(), "`--field`")?;
        }
        for field in fields.iter().filter(|f| !f.completion && !f.optional) {
            if record.text(&field.name).is_none() {
                let hint = if field.name == asked_field {
                    format!("it is the text after the expert's name: `hive expert run {} \"…\"`", self.name)
                } else {
                    format!("`{}` gives it", argument(field))
                };
                return Err(Failure::misuse(format!(
                    "Expert `{}` needs the field `{}`, which is missing or empty",
                    self.name, field.name
                ))
                .hint(hint)
                .into());
            }
        }
        Ok(record)
    }

    /// The source of the answers: as requested, or the latest run's adapter, or the installed
    /// expert.
    fn answers(&self, env: &Environment) -> CommandResult<Answers> {
        if self.base_only {
            return Ok(Answers::Base);
        }
        if let Some(dir) = &self.adapter {
            return Ok(Answers::Folder(dir.clone()));
        }
        if self.name.contains('@') {
            return self.installed(env, self.find(env)?);
        }
        let untrained = |problem: String| {
            Failure::unacceptable(problem).hint(format!(
                "`hive expert train {0} --profile quickstart` trains one; `--adapter DIR` takes any PEFT folder; `--base-only` asks the base",
                self.name
            ))
        };
        let run = self.run.clone().or_else(|| RunFolder::latest(Path::new(RUNS), &self.name, "adapter"));
        let Some(run) = run else {
            if let Ok(release) = self.find(env) {
                return self.installed(env, release);
            }
            // An unknown name is reported as such.
            experts(env).get(&self.name)?;
            return Err(untrained(format!(
                "Expert `{}` has no trained adapter: there is no finished run of it below `{RUNS}`",
                self.name
            ))
            .into());
        };
        let dir = run.join("adapter");
        if !run.join("run.json").is_file() {
            return Err(untrained(format!("There is no run in `{}`", run.display())).into());
        }
        if !dir.is_dir() {
            let problem = format!("The run `{}` has no adapter: it is not finished", run.display());
            let hint = format!("`hive expert train {} --resume {}` resumes it", self.name, run.display());
            return Err(Failure::unacceptable(problem).hint(hint).into());
        }
        Ok(Answers::Folder(dir))
    }

    /// The requested installed release. `--base` selects its base model, or gives the path of it.
    fn find(&self, env: &Environment) -> Result<Release, InstallError> {
        let store = Store::of(env.context.home()?);
        match store.find(&self.name, self.base.as_deref()) {
            Err(InstallError::NotInstalled { .. }) if self.base.is_some() => store.find(&self.name, None),
            found => found,
        }
    }

    /// An installed release, after checking that its files are unchanged.
    fn installed(&self, env: &Environment, release: Release) -> CommandResult<Answers> {
        if self.run.is_some() {
            return Err(
                Failure::misuse(format!("`{}` is an installed version, `--run` another adapter", self.name)).into()
            );
        }
        let signer = Signer::of(release.record.key, &Ring::of(env.context.home()?)?);
        // A revoked key is rejected; unknown keys were already checked at installation.
        signer.admit(RequireSigned::None, &release.title())?;
        release.package()?;
        Ok(Answers::Installed(Box::new(release)))
    }

    /// Opens the base model: as requested, or the one that the release was verified on, or the one
    /// that the adapter names. If that is unavailable, the manifest's first, with a warning.
    fn open_base(&self, env: &Environment, expert: &LoadedExpert, by: &Answers) -> CommandResult<Base> {
        let open = |name: &str| Base::open(&env.context, name, &mut PullProgress::stderr());
        let first = expert.manifest().base_models.first().cloned().unwrap_or_default();
        if let Some(base) = &self.base {
            return Ok(open(base)?);
        }
        let dir = match by {
            Answers::Base => return Ok(open(&first)?),
            Answers::Installed(release) => return Ok(open(&release.record.base)?),
            Answers::Folder(dir) => dir,
        };
        let config = peft::read_config(dir)?;
        if let Some(base) = config.base {
            return Ok(open(&base.id)?);
        }
        let named = config.base_name;
        let other = "`--base` gives another";
        if named.is_empty() {
            note(&format!(
                "warning: the adapter names no base model; it answers on `{first}`, the expert's first; {other}"
            ));
            return Ok(open(&first)?);
        }
        let store = ModelStore::new(&env.context)?;
        let entry = store.entry(&named).map(|model| model.id.clone());
        if entry.is_none() && !Path::new(&named).exists() {
            note(&format!(
                "warning: the adapter names base model `{named}`, which is neither in the catalogue nor on this machine; \
                 it answers on `{first}`, the expert's first; {other}"
            ));
            return Ok(open(&first)?);
        }
        let id = entry.unwrap_or_else(|| named.clone());
        match open(&id) {
            // The expert's own base model, if present: a close relative, such as the same model
            // quantised.
            Err(RuntimeError::Model(error @ (ModelError::NoSourceWorked { .. } | ModelError::Offline { .. })))
                if first != id && store.locate(&first).is_ok() =>
            {
                let why = error.to_string();
                note(&format!(
                    "warning: the adapter names base model `{named}`, which cannot be had ({}); it answers on `{first}`, \
                     with which it may do worse; {other}",
                    why.lines().next().unwrap_or_default().trim_end_matches(':')
                ));
                Ok(open(&first)?)
            }
            opened => {
                let opened = opened?;
                note(&format!("Base model `{id}`, which the adapter names as `{named}`; {other}"));
                Ok(opened)
            }
        }
    }
}

/// The source of the answers.
enum Answers {
    /// The base model alone.
    Base,
    /// A PEFT folder, of a run or another.
    Folder(PathBuf),
    /// An installed release.
    Installed(Box<Release>),
}

impl Answers {
    /// The PEFT folder.
    fn adapter(&self) -> Option<&Path> {
        match self {
            Answers::Base => None,
            Answers::Folder(dir) => Some(dir),
            Answers::Installed(release) => Some(&release.dir),
        }
    }
}
