//! Shared by `hive expert eval` and `hive expert compare`: the report of an evaluation, on the terminal and in files.

use std::path::{Path, PathBuf};

use console::measure_text_width;
use hive_engine::EngineError;
use hive_eval::{Origin, Report, html, markdown, results_table};
use hive_files::write_file;
use hive_runtime::statistics::RIGHT;
use hive_train::run_page::link_evaluations;

use crate::columns::Table;
use crate::error::{CommandResult, Failure};
use crate::output::json_text;
use crate::screen::Screen;
use crate::wrapping::wrapped;

/// The report for a terminal: the metrics of each candidate, and of every pair.
pub(super) fn table(report: &Report, screen: Screen) -> Vec<String> {
    let (rows, pairs) = results_table(report);
    let mut lines = in_blocks(&rows, screen.table_width());
    lines.push(String::new());
    lines.extend(pairs.iter().map(|pair| wrapped(pair, screen.result_width())));
    for candidate in &report.candidates {
        let say = |text: String| wrapped(&format!("{}: {text}", candidate.name), screen.result_width());
        if candidate.refused > 0 {
            let refused = candidate.refused;
            lines.push(say(format!("no answer to {refused} prompts was found that the expert's constraint accepts")));
        }
        for (why, n) in &candidate.unconstrained {
            lines.push(say(format!("{n} answers were not constrained: {why}")));
        }
    }
    lines
}

/// The table within `width` columns: columns that do not fit beside the others follow below, each block with the first
/// column.
fn in_blocks(rows: &[Vec<String>], width: Option<usize>) -> Vec<String> {
    let all = rows.first().map_or(0, Vec::len);
    let part = |columns: &[usize]| {
        let cells = |row: &Vec<String>| columns.iter().filter_map(|at| row.get(*at).cloned()).collect::<Vec<_>>();
        Table::new(rows.iter().map(cells)).lines(None)
    };
    let fits = |columns: &[usize]| {
        let widest = part(columns).iter().map(|line| measure_text_width(line)).max().unwrap_or(0);
        width.is_none_or(|width| widest <= width)
    };
    let mut blocks: Vec<Vec<usize>> = Vec::new();
    for column in 1..all {
        match blocks.last_mut() {
            Some(block) if fits(&[&block[..], &[column]].concat()) => block.push(column),
            _ => blocks.push(vec![0, column]),
        }
    }
    let blocks: Vec<String> = blocks.iter().map(|block| part(block).join("\n")).collect();
    vec![blocks.join("\n\n")]
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
pub(super) fn wrong(report: &Report, limit: usize, screen: Screen) -> Vec<String> {
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
            lines.push(wrapped(&format!("    - {}", finding.message), screen.result_width()));
        }
        lines.extend(answer.grade.evidence.iter().flat_map(|text| text.lines()).map(|line| format!("      {line}")));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_that_do_not_fit_follow_below() {
        let row = |cells: [&str; 4]| cells.map(str::to_owned).to_vec();
        let rows = [row(["", "base", "first", "second"]), row(["right answers", "1.0 %", "2.0 %", "3.0 %"])];
        assert_eq!(in_blocks(&rows, None).join("\n").lines().count(), 2);
        let narrow = in_blocks(&rows, Some(28)).join("\n");
        assert_eq!(
            narrow,
            "               base   first\nright answers  1.0 %  2.0 %\n\n               second\nright answers  3.0 %"
        );
    }
}
