//! `hive doctor`: checks this machine, and says what to do. Changes nothing and downloads nothing.

mod bases;
mod experts;
mod finding;
mod machine;
mod network;
mod program;
mod resources;
mod storage;
mod tools;

use clap::Args;
use console::style;
use hive_errors::counted;
use hive_files::KnownDigests;
use hive_plugins::Builder;
use serde_json::json;

use crate::columns::Table;
use crate::context::Environment;
use crate::error::{CommandResult, Failure};
use crate::expert_flags::ExpertFlags;
use crate::output::result;
use finding::{Finding, Level};

/// Shown below the options.
const AFTER_HELP: &str = "\
Exit code 0: nothing would stop hive from working, 1: something would.

With an expert's name, its own options say where what it can use is to be found, for instance the
URL of a server. `hive doctor NAME --help` lists them.";

/// Check this machine, and say what to do
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct Doctor {
    /// Check only this expert among the experts
    #[arg(value_name = "NAME")]
    expert: Option<String>,
    #[command(flatten)]
    flags: ExpertFlags,
    /// Do not check whether servers can be reached
    #[arg(long)]
    offline: bool,
    /// Print JSON: `{"works", "findings": [{"topic", "level", "text", "advice"}]}`; `level` is `ok`, `note` or `problem`
    #[arg(long)]
    json: bool,
}

impl Doctor {
    /// Runs the command.
    ///
    /// # Errors
    /// When something would stop hive from working.
    pub fn run(self, env: &Environment) -> CommandResult {
        let found = self.findings(env)?;
        let problems = found.iter().filter(|finding| finding.level == Level::Problem).count();
        if self.json {
            let findings: Vec<_> = found.iter().map(Finding::as_json).collect();
            result(&format!("{:#}", json!({"works": problems == 0, "findings": findings})))?;
        } else {
            result(&table(&found, env))?;
        }
        match problems {
            0 => Ok(()),
            1 => Err(Failure::unacceptable("1 problem would stop hive from working").into()),
            n => Err(Failure::unacceptable(format!("{n} problems would stop hive from working")).into()),
        }
    }

    fn findings(&self, env: &Environment) -> CommandResult<Vec<Finding>> {
        // Not even digests are remembered.
        let known = env.builder.known.clone().map(KnownDigests::unchanged);
        let env = &Environment { builder: Builder { known, ..env.builder.clone() }, ..env.clone() };
        let experts = experts::Checked::of(self, env)?;
        let tools = tools::Tools::search(env);
        let network = network::check(self, env, &tools);
        let mut found = machine::check(env);
        found.extend(storage::check(env));
        found.extend(bases::check(env, &experts, &tools, &network));
        found.extend(experts.findings);
        found.extend(tools.findings(experts.to_build));
        found.extend(network.into_iter().map(|reached| reached.finding));
        Ok(found)
    }
}

/// The findings as a table, with the advice below each, and the number of problems and notes last.
fn table(found: &[Finding], env: &Environment) -> String {
    let mut rows = Vec::new();
    for finding in found {
        rows.push([finding.level.shown(), finding.topic.clone(), finding.text.clone()]);
        rows.extend(finding.advice.iter().map(|advice| [String::new(), String::new(), format!("→ {advice}")]));
    }
    let count = |level, noun: &str| counted(found.iter().filter(|finding| finding.level == level).count() as u64, noun);
    let last = format!("{}, {}", count(Level::Problem, "problem"), count(Level::Note, "note"));
    let lines = Table::new(rows).wrapping(2).lines(Some(env.screen.result_width()));
    format!("{}\n\n{}", lines.join("\n"), style(last).bold())
}
