//! `hive expert data`: judges, repairs and splits data into a prepared set; and compares two data
//! sets.

mod args;
mod compare;
mod lint;
mod preparing;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use hive_data::sources::locate;
use serde_json::json;

use super::super::data_progress::{shares, summary};
use super::super::error::{CommandResult, Failure};
use super::super::interrupt::on_interrupt;
use super::super::loading::load_expert;
use super::super::output::{json_text, result, result_prose};
use super::super::pull_progress::PullProgress;
use super::hive_command::hive_command;
use crate::context::Environment;
use args::DataArgs;
use compare::Compare;
use preparing::{STOPPING, prepared, stopped};

/// Arguments of `hive expert data`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Data {
    #[command(subcommand)]
    command: Option<DataCommand>,
    /// Name of the expert
    #[arg(required = true)]
    name: Option<String>,
    /// Data set: JSON Lines, a JSON array, CSV or Parquet, optionally compressed with gzip, zstd or
    /// xz; a folder of these; a prepared set, which is judged again; or a data set of the model
    /// hub, `hub:OWNER/NAME`. May be repeated [default: the expert's synthetic data]
    #[arg(long, value_name = "FILE")]
    dataset: Vec<PathBuf>,
    /// Folder for the prepared set [default: in the cache below `HIVE_HOME`]
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    #[command(flatten)]
    args: DataArgs,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

/// Subcommands of `hive expert data`.
#[derive(Debug, Subcommand)]
enum DataCommand {
    /// Judge two data sets and compare them
    Compare(Compare),
}

impl Data {
    /// Runs the command.
    ///
    /// # Errors
    /// Errors of data preparation.
    pub fn run(self, env: &Environment) -> CommandResult {
        if let Some(DataCommand::Compare(command)) = self.command {
            return command.run(env);
        }
        let Some(name) = self.name else { return Err(Failure::misuse("No expert was named").into()) };
        let open = load_expert(env, &name)?;
        let recipe = self.args.recipe(env, &open)?;
        let datasets = locate(&env.context, &self.dataset, &mut PullProgress::on(env.screen))?;
        let model = self.args.base_model(env, &recipe)?;
        let request = self.args.request(&open, recipe, datasets, self.out)?;
        let stop = on_interrupt(STOPPING);
        let Some((set, found)) = prepared(env.screen, &open, &request, model.as_ref(), &stop)? else {
            return stopped(self.json);
        };
        summary(&set, found, env.screen).iter().for_each(|(name, text)| env.screen.row(name, text));
        if self.json {
            return result(&json_text(&json!({"prepared": set.path, "report": set.report}))?);
        }
        let hive = hive_command();
        result_prose(env.screen, &shares(&set.report))?;
        result(&format!(
            "Prepared: {}\nReport:   {}\nTry next: {hive} expert train {name} --dataset {}",
            set.path.display(),
            set.path.join("report.html").display(),
            set.path.display()
        ))
    }
}
