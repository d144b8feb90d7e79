//! `hive expert eval`: evaluates an adapter on a suite of prompts, compared with the base model.

mod candidates;
mod ranking;

use std::path::PathBuf;

use clap::Args;
use hive_eval::{Ranking, file_stem};
use serde_json::json;

use super::super::error::CommandResult;
use super::super::interrupt::on_interrupt;
use super::super::numbers::{MOST_RECORDS, whole};
use super::super::output::{json_text, result};
use super::eval_args::EvalArgs;
use super::eval_report::{table, write, wrong};
use super::evaluation::{STOPPING, evaluate};
use crate::context::Environment;
use crate::ended::Interrupted;
use crate::loading::load_expert_of;
use candidates::Asked;

/// Evaluate an expert on a suite of prompts, compared with the base model
#[derive(Debug, Args)]
pub struct Eval {
    /// Name of the expert, as `hive expert list` shows it; NAME@VERSION for an installed version
    name: String,
    /// Run whose adapter to evaluate [default: what the name stands for, as `hive expert list`
    /// shows]
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
        let Asked { candidates, run, expert } = Asked::of(&self, env)?;
        let open = load_expert_of(env, &self.name, expert.as_ref())?;
        let suite = self.args.suite(&open)?;
        let base = self.args.base_id(env, &open, &candidates)?;
        let stop = on_interrupt(STOPPING);
        let stem = file_stem(&suite, self.checkpoint.as_deref());
        let folder = self.out.clone().or_else(|| run.map(|run| run.join("eval")));
        let place = folder.as_ref().map(|folder| folder.join(format!("{stem}.json")));
        let Some(report) = evaluate(&self.args, (env, &open), (suite, &base), candidates, place.as_deref(), &stop)?
        else {
            if self.json {
                result(&json!({"stopped": true}).to_string())?;
            }
            return Err(Interrupted("Stopped; graded answers are kept, and the same command resumes".to_owned()).into());
        };
        let ranking = self.checkpoint.is_some().then(|| Ranking::of(&report));
        let page = folder.map(|folder| write(&report, &folder, &stem)).transpose()?;
        if self.json {
            return result(&json_text(&json!({"report": report, "ranking": ranking}))?);
        }
        let mut lines = table(&report, env.screen);
        lines.extend(ranking.iter().flat_map(|ranking| ranking::lines(ranking, env.screen.table_width())));
        lines.extend(wrong(&report, self.show, env.screen));
        lines.extend(page.map(|page| format!("\nReport: {}", page.display())));
        result(&lines.join("\n"))
    }
}
