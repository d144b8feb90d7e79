//! `hive runs compare`.

use std::path::{Path, PathBuf};

use clap::Args;
use hive_files::write_file;
use hive_pages::{Stopwatch, is_page};
use hive_train::run_comparison::{KIND, RunComparison};
use serde_json::json;

use crate::answering::{COMPARISONS, run_named};
use crate::columns::Table;
use crate::context::Environment;
use crate::error::{CommandResult, Failure};
use crate::output::{json_text, result};
use crate::overwrite::may_overwrite;
use crate::wrapping::wrapped;

/// Compare runs: their curves on one page, what differs between their recipes, and their results
#[derive(Debug, Args)]
pub struct Compare {
    /// Folders of the runs, or their names below `runs`
    #[arg(value_name = "RUN", required = true, num_args = 2..)]
    runs: Vec<PathBuf>,
    /// File for the page [default: `comparisons/RUN-RUN.html`]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Overwrite a file that is no comparison of runs without asking
    #[arg(long)]
    force: bool,
    /// Print JSON: `{"page", "runs", "differences", "results", "remarks"}`
    #[arg(long)]
    json: bool,
}

impl Compare {
    pub(super) fn run(self, env: &Environment) -> CommandResult {
        let stopwatch = Stopwatch::start();
        let paths: Vec<PathBuf> = self.runs.iter().map(|run| run_named(run)).collect();
        let compared = RunComparison::of(&paths)?;
        let page = self.out.clone().unwrap_or_else(|| default_page(&paths));
        self.write(env, &compared, &page, &stopwatch)?;
        if self.json {
            let mut all = json!(compared);
            all["results"] = json!(compared.results());
            all["page"] = json!(page);
            return result(&json_text(&all)?);
        }
        let mut lines = Table::new(compared.table()).wrapping_all().lines(env.screen.table_width());
        let width = env.screen.result_width();
        lines.extend(compared.remarks.iter().map(|remark| wrapped(&format!("\nNote: {remark}"), width)));
        lines.push(format!("\nComparison: {}", page.display()));
        result(&lines.join("\n"))
    }

    /// Writes the page. An older comparison is replaced, anything else only if the user wants it.
    fn write(&self, env: &Environment, compared: &RunComparison, page: &Path, stopwatch: &Stopwatch) -> CommandResult {
        let folder = page.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let failed = |e: std::io::Error| Failure::misuse(format!("Failed to write `{}`", page.display())).source(e);
        if page.exists() && !std::fs::read_to_string(page).is_ok_and(|text| is_page(KIND, &text)) {
            may_overwrite(
                env.screen,
                page,
                "something else than a comparison of runs",
                "`--out FILE` writes elsewhere",
                self.force,
            )?;
        }
        std::fs::create_dir_all(folder).map_err(failed)?;
        let text = compared.html(folder, stopwatch);
        let text = text.map_err(|e| Failure::misuse(format!("Failed to write `{}`", page.display())).source(e))?;
        Ok(write_file(page, text.as_bytes())?)
    }
}

/// The names of the runs, joined.
fn default_page(runs: &[PathBuf]) -> PathBuf {
    let names: Vec<_> = runs.iter().filter_map(|run| run.file_name()).map(|name| name.to_string_lossy()).collect();
    Path::new(COMPARISONS).join(names.join("-") + ".html")
}
