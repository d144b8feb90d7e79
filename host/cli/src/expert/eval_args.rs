//! Shared by `hive expert eval` and `hive expert compare`: their arguments, running the evaluation,
//! and printing and writing the report.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use clap::Args;
use hive_eval::{
    Candidate, Evaluation, ExistingReport, Origin, Report, Suite, existing_report, html, markdown, results_table,
};
use hive_files::write_file;
use hive_runtime::base::Base;
use hive_runtime::models::{Catalogue, hub_adapter};
use hive_runtime::opened::OpenExpert;
use hive_runtime::statistics::RIGHT;
use hive_train::prompt_sample;

use super::super::columns::columns;
use super::super::error::{CommandResult, Failure};
use super::super::eval_progress::EvalProgress;
use super::super::expert_flags::ExpertFlags;
use super::super::numbers::{MOST_RECORDS, MOST_TOKENS, whole};
use super::super::output::{json_text, note};
use super::super::overwrite::may_overwrite;
use super::super::pull_progress::PullProgress;
use crate::context::Environment;

/// Shown at the first Ctrl-C.
pub const STOPPING: &str = "\nStopping; graded answers are kept, Ctrl-C again ends at once";

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
    pub fn base_id(&self, open: &OpenExpert, candidates: &[Candidate]) -> CommandResult<String> {
        let mut named = Vec::new();
        for candidate in candidates {
            named.push((candidate, candidate.base_id()?));
        }
        let first = || named.iter().find_map(|(_, id)| id.clone());
        let catalogue = Catalogue::embedded()?;
        // Named as in the candidates, so that one base model does not look like two.
        let asked = self.base.as_ref().map(|name| match catalogue.named(name) {
            Some(model) if !Path::new(name).exists() => model.id.clone(),
            _ => name.clone(),
        });
        let chosen = asked.or_else(first);
        let chosen = chosen.or_else(|| open.expert.manifest().base_models.first().cloned()).unwrap_or_default();
        for (candidate, id) in &named {
            if let Some(made_for) = &candidate.facts.made_for
                && id.as_ref() != Some(&chosen)
                && *made_for != chosen
            {
                note(&format!(
                    "warning: `{}` was made for base `{made_for}`, and answers on `{chosen}`",
                    candidate.name
                ));
            }
        }
        Ok(chosen)
    }

    /// Evaluates the base model and these candidates; `None` when stopped. `place` is the JSON file
    /// for the report, which may contain another evaluation.
    ///
    /// # Errors
    /// Errors of the expert, an adapter or the engine.
    pub fn hold(
        &self,
        open: &OpenExpert,
        (suite, base): (Suite, &str),
        mut others: Vec<Candidate>,
        place: Option<&Path>,
        stop: &AtomicBool,
    ) -> CommandResult<Option<Report>> {
        for candidate in &mut others {
            let then = candidate.dir().and_then(prompt_sample::of_adapter);
            candidate.facts.other_prompts = then.and_then(|then| then.differs(&open.expert));
            if let Some(difference) = &candidate.facts.other_prompts {
                note(&format!("warning: {difference}: `{}` may answer worse", candidate.name));
            }
        }
        let base = Base::open(&open.context, base, &mut PullProgress::stderr())?.for_generation();
        let mut candidates = vec![Candidate::base()];
        candidates.extend(others);
        let max_tokens = self.max_new_tokens.unwrap_or(open.expert.manifest().generation.max_new_tokens);
        let longest = base.model.config.max_position_embeddings;
        if max_tokens >= longest {
            let problem = format!(
                "Answers of {max_tokens} tokens leave no room for a prompt: base model `{}` reads {longest} tokens, prompt \
                 and answer together",
                base.reference.id
            );
            return Err(Failure::unacceptable(problem).hint("`--max-new-tokens N` asks for shorter answers").into());
        }
        let evaluation = Evaluation {
            open,
            base: &base,
            suite,
            candidates,
            max_new_tokens: max_tokens,
            options: self.flags.options(open.expert.manifest())?,
            workers: self.workers.map(usize::from),
        };
        if let Some(place) = place
            && existing_report(place, &evaluation.digest()?) == ExistingReport::Other
        {
            let hint = "`--out FOLDER` writes the report elsewhere";
            may_overwrite(place, "the report of another evaluation", hint, self.force)?;
        }
        let progress = EvalProgress::stderr();
        let report = evaluation.run(stop, &progress);
        progress.close();
        let report = report?;
        if report.is_none() {
            note("Stopped; graded answers are kept, and the same command resumes");
        }
        Ok(report)
    }
}

/// The candidate at `source`: a run folder, a PEFT folder, or `hub:OWNER/NAME`.
///
/// # Errors
/// When it is none of these.
pub fn candidate(env: &Environment, name: &str, source: &str, expert: &str) -> CommandResult<Candidate> {
    if source.starts_with("hub:") {
        let dir = hub_adapter(&env.context, source, &mut PullProgress::stderr())?;
        return Ok(Candidate::of_folder(name, &dir, Origin::Hub { name: source.to_owned() })?);
    }
    let path = PathBuf::from(source);
    if path.join("run.json").is_file() {
        return Ok(Candidate::of_run(name, &path, expert)?);
    }
    if path.is_dir() {
        return Ok(Candidate::of_folder(name, &path, Origin::Folder { path: path.clone() })?);
    }
    Err(Failure::misuse(format!("There is neither a run nor an adapter in `{source}`"))
        .hint("name a run's folder, a folder with adapter_config.json, or `hub:OWNER/NAME`")
        .into())
}

/// The report for a terminal: the metrics of each candidate, and of every pair.
pub fn table(report: &Report) -> Vec<String> {
    let (rows, pairs) = results_table(report);
    let mut lines = columns(&rows);
    lines.push(String::new());
    lines.extend(pairs);
    lines
}

/// Writes the report in three formats into `folder`.
///
/// # Errors
/// When one cannot be written.
pub fn write(report: &Report, folder: &Path, stem: &str) -> CommandResult<PathBuf> {
    std::fs::create_dir_all(folder).map_err(|e| hive_engine::EngineError::io("create", folder, e))?;
    let page = folder.join(format!("{stem}.html"));
    write_file(&folder.join(format!("{stem}.json")), (json_text(report)? + "\n").as_bytes())?;
    write_file(&folder.join(format!("{stem}.md")), markdown(report).as_bytes())?;
    let text = html(report).map_err(|e| Failure::misuse(format!("Failed to write `{}`", page.display())).source(e))?;
    write_file(&page, text.as_bytes())?;
    Ok(page)
}

/// Up to `limit` wrong answers of the last candidate, with the evidence.
pub fn wrong(report: &Report, limit: usize) -> Vec<String> {
    let Some(last) = report.candidates.last() else { return Vec::new() };
    let wrong: Vec<_> = last.answers.iter().filter(|a| a.grade.score < RIGHT).collect();
    if wrong.is_empty() || limit == 0 {
        return Vec::new();
    }
    let mut lines =
        vec![String::new(), format!("Wrong answers of {} ({} of {}):", last.name, limit.min(wrong.len()), wrong.len())];
    for answer in wrong.into_iter().take(limit) {
        lines.push(format!("  {}", answer.id));
        lines.push(format!("    {}", answer.completion.lines().next().unwrap_or("(nothing)")));
        for finding in &answer.grade.findings {
            lines.push(format!("    - {}", finding.message));
        }
        lines.extend(answer.grade.evidence.iter().flat_map(|text| text.lines()).map(|line| format!("      {line}")));
    }
    lines
}
