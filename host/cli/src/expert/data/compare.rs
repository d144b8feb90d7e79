//! `hive expert data compare`: judges two data sets and shows the shares of their records side by side.

use std::path::PathBuf;

use clap::Args;
use hive_data::pipeline::{Comparison, compare};
use hive_data::sources::locate;

use super::args::DataArgs;
use super::preparing::{STOPPING, prepared, stopped};
use crate::columns::Table;
use crate::context::Environment;
use crate::error::CommandResult;
use crate::interrupt::on_interrupt;
use crate::loading::load_expert;
use crate::numbers::grouped;
use crate::output::{json_text, result};
use crate::pull_progress::PullProgress;

/// Arguments of `hive expert data compare`.
#[derive(Debug, Args)]
pub(super) struct Compare {
    /// Name of the expert
    name: String,
    /// The first data set
    first: PathBuf,
    /// The second
    second: PathBuf,
    #[command(flatten)]
    args: DataArgs,
    /// Print the comparison as JSON
    #[arg(long)]
    json: bool,
}

impl Compare {
    /// Runs the command.
    ///
    /// # Errors
    /// Errors of data preparation.
    pub(super) fn run(self, env: &Environment) -> CommandResult {
        let open = load_expert(env, &self.name)?;
        let recipe = self.args.recipe(env, &open)?;
        let both = locate(&env.context, &[self.first, self.second], &mut PullProgress::on(env.screen))?;
        let stop = on_interrupt(STOPPING);
        let mut sets = Vec::new();
        for one in &both {
            let request = self.args.request(&open, recipe.clone(), vec![one.clone()], None)?;
            let Some((set, found)) = prepared(env.screen, &open, &request, None, &stop)? else {
                return stopped(self.json);
            };
            if found {
                env.screen.row("data", &format!("{} (judged before)", one.name));
            }
            sets.push(set);
        }
        let ([first, second], [a, b]) = (&both[..], &sets[..]) else { return Ok(()) };
        let comparison = compare([&first.name, &second.name], [&a.report, &b.report]);
        if self.json {
            return result(&json_text(&comparison)?);
        }
        result(&format!(
            "{}\nReports: {}\n         {}",
            table(&comparison, env.screen.table_width()),
            a.path.join("report.html").display(),
            b.path.join("report.html").display()
        ))
    }
}

/// The comparison as a table.
fn table(comparison: &Comparison, width: Option<usize>) -> String {
    let [a, b] = &comparison.sides;
    let mut rows: Vec<[String; 4]> = vec![[String::new(), a.name.clone(), b.name.clone(), "difference".to_owned()]];
    rows.push(["records".to_owned(), grouped(a.records), grouped(b.records), String::new()]);
    let mut row = |name: &str, counts: [usize; 2]| {
        let shares = [a.share(counts[0]), b.share(counts[1])];
        let relative = if shares[0] > 0.0 {
            format!(" ({:+.0} %)", 100.0 * (shares[1] - shares[0]) / shares[0])
        } else {
            String::new()
        };
        let show = |count: usize, share: f64| format!("{} ({:.1} %)", grouped(count), 100.0 * share);
        rows.push([
            name.to_owned(),
            show(counts[0], shares[0]),
            show(counts[1], shares[1]),
            format!("{:+.1} points{relative}", 100.0 * (shares[1] - shares[0])),
        ]);
    };
    row("conformity: good as given, style included", [a.conforming, b.conforming]);
    row("correctness: works as given", [a.correct, b.correct]);
    row("usable after repair", [a.usable, b.usable]);
    for line in &comparison.lines {
        row(&format!("  {}", line.code), line.found);
    }
    Table::new(rows).figures().wrapping(0).lines(width).join("\n")
}
