//! Shared by `hive expert eval` and `hive expert compare`: the report of an evaluation, on the terminal and in files.

use std::path::{Path, PathBuf};

use hive_engine::EngineError;
use hive_eval::{Origin, Report, html, markdown, results_table};
use hive_files::write_file;
use hive_runtime::statistics::RIGHT;
use hive_train::run_page::link_evaluations;

use crate::columns::columns;
use crate::error::{CommandResult, Failure};
use crate::output::json_text;

/// The report for a terminal: the metrics of each candidate, and of every pair.
pub(super) fn table(report: &Report) -> Vec<String> {
    let (rows, pairs) = results_table(report);
    let mut lines = columns(&rows);
    lines.push(String::new());
    lines.extend(pairs);
    lines
}

/// Writes the report in three formats into `folder`, and links to it from the pages of the runs that were evaluated.
///
/// # Errors
/// When one cannot be written.
pub(super) fn write(report: &Report, folder: &Path, stem: &str) -> CommandResult<PathBuf> {
    std::fs::create_dir_all(folder).map_err(|e| EngineError::io("create", folder, e))?;
    let page = folder.join(format!("{stem}.html"));
    write_file(&folder.join(format!("{stem}.json")), (json_text(report)? + "\n").as_bytes())?;
    write_file(&folder.join(format!("{stem}.md")), markdown(report).as_bytes())?;
    let text =
        html(report, folder).map_err(|e| Failure::misuse(format!("Failed to write `{}`", page.display())).source(e))?;
    write_file(&page, text.as_bytes())?;
    for candidate in &report.candidates {
        if let Origin::Run { path, .. } = &candidate.origin {
            link_evaluations(path)?;
        }
    }
    Ok(page)
}

/// Up to `limit` wrong answers of the last candidate, with the evidence.
pub(super) fn wrong(report: &Report, limit: usize) -> Vec<String> {
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
