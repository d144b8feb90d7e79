//! `hive expert eval`: evaluates an adapter on a suite of prompts, compared with the base model.

use std::path::{Path, PathBuf};

use clap::Args;
use hive_eval::{Candidate, Ranking, checkpoints, file_stem};
use hive_train::run_folder::RunFolder;
use serde_json::json;

use super::super::columns::columns;
use super::super::error::{CommandResult, Failure};
use super::super::interrupt::on_interrupt;
use super::super::loading::load_expert;
use super::super::numbers::{MOST_RECORDS, whole};
use super::super::output::{json_text, result};
use super::eval_args::{EvalArgs, STOPPING, candidate, table, write, wrong};
use super::train::RUNS;
use crate::context::Environment;

/// Evaluate an expert on a suite of prompts, compared with the base model
#[derive(Debug, Args)]
pub struct Eval {
    /// Name of the expert, as `hive expert list` shows it
    name: String,
    /// Run whose adapter to evaluate [default: the latest run below `runs`]
    #[arg(long, value_name = "RUN", conflicts_with = "adapter")]
    run: Option<PathBuf>,
    /// PEFT adapter to evaluate instead of a run's: a folder, or `hub:OWNER/NAME`
    #[arg(long, value_name = "DIR")]
    adapter: Option<String>,
    /// Evaluate the run's checkpoint of this step, or `all` of them, and rank them
    #[arg(long, value_name = "STEP", conflicts_with = "adapter")]
    checkpoint: Option<String>,
    #[command(flatten)]
    args: EvalArgs,
    /// Number of wrong answers to show
    #[arg(long, value_name = "N", default_value_t = 3, allow_negative_numbers = true, value_parser = whole::<usize>(0..=MOST_RECORDS))]
    show: usize,
    /// Folder for the report (JSON, Markdown, HTML) [default: `eval` in the run folder]
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

impl Eval {
    /// Runs the command.
    ///
    /// # Errors
    /// Errors of the evaluation.
    pub fn run(self, env: &Environment) -> CommandResult {
        let open = load_expert(env, &self.name)?;
        let (candidates, folder) = self.candidates(env)?;
        let suite = self.args.suite(&open)?;
        let base = self.args.base_id(&open, &candidates)?;
        let stop = on_interrupt(STOPPING)?;
        let stem = file_stem(&suite, self.checkpoint.as_deref());
        let folder = self.out.clone().or_else(|| folder.map(|run| run.join("eval")));
        let place = folder.as_ref().map(|folder| folder.join(format!("{stem}.json")));
        let Some(report) = self.args.hold(&open, (suite, &base), candidates, place.as_deref(), &stop)? else {
            return if self.json { result(&json!({"stopped": true}).to_string()) } else { Ok(()) };
        };
        let ranking = self.checkpoint.is_some().then(|| Ranking::of(&report));
        let page = folder.map(|folder| write(&report, &folder, &stem)).transpose()?;
        if self.json {
            return result(&json_text(&json!({"report": report, "ranking": ranking}))?);
        }
        let mut lines = table(&report);
        lines.extend(ranking.iter().flat_map(ranked));
        lines.extend(wrong(&report, self.show));
        lines.extend(page.map(|page| format!("\nReport: {}", page.display())));
        result(&lines.join("\n"))
    }

    /// The candidates to evaluate besides the base model, and the folder of their run.
    fn candidates(&self, env: &Environment) -> CommandResult<(Vec<Candidate>, Option<PathBuf>)> {
        if let Some(source) = &self.adapter {
            return Ok((vec![candidate(env, "adapter", source, &self.name)?], None));
        }
        let file = if self.checkpoint.is_some() { "checkpoints" } else { "adapter" };
        let run = self.run.clone().or_else(|| RunFolder::latest(Path::new(RUNS), &self.name, file));
        let Some(run) = run else {
            let problem = format!("There is no finished run of expert `{}` below `{RUNS}`", self.name);
            let hint = format!(
                "`hive expert train {} --profile quickstart` makes one; `--adapter DIR` takes any PEFT folder",
                self.name
            );
            return Err(Failure::unacceptable(problem).hint(hint).into());
        };
        let Some(checkpoint) = &self.checkpoint else {
            return Ok((vec![Candidate::of_run("expert", &run, &self.name)?], Some(run)));
        };
        let mut all = checkpoints(&run, &self.name)?;
        if checkpoint != "all" {
            let known: Vec<String> = all.iter().filter_map(|c| c.facts.steps).map(|step| step.to_string()).collect();
            all.retain(|c| c.facts.steps.is_some_and(|step| step.to_string() == *checkpoint));
            if all.is_empty() {
                let problem = format!("The run `{}` has no checkpoint of step `{checkpoint}`", run.display());
                let hint = format!("there are: {}; `--checkpoint all` evaluates all", known.join(", "));
                return Err(Failure::misuse(problem).hint(hint).into());
            }
        }
        Ok((all, Some(run)))
    }
}

fn ranked(ranking: &Ranking) -> Vec<String> {
    let mut rows =
        vec![["rank", "checkpoint", "right answers", "partial credit", "eval loss"].map(str::to_owned).to_vec()];
    for (i, one) in ranking.checkpoints.iter().enumerate() {
        rows.push(vec![
            (i + 1).to_string(),
            one.name.clone(),
            one.figures.right_answers.share(),
            one.figures.partial_credit.credit(),
            one.eval_loss.map_or_else(|| "–".to_owned(), |loss| format!("{loss:.4}")),
        ]);
    }
    let mut lines = vec![String::new()];
    lines.extend(columns(&rows));
    lines.push(match (ranking.by_loss, ranking.agree) {
        (Some(step), Some(true)) => format!("The loss picks step {step}: no other has more right answers."),
        (Some(step), _) => format!("The loss picks step {step}: others have more right answers."),
        (None, _) => "No checkpoint was evaluated by its loss.".to_owned(),
    });
    lines
}
