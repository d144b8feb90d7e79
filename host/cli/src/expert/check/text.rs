//! The report of a check on a terminal: a line for each group, then what has failed.

use std::collections::BTreeSet;
use std::time::Duration;

use console::{StyledObject, style};
use hive_check::report::count;
use hive_check::{Checked, Counts, Group, Level, Outcome, Report};

use crate::columns::Table;
use crate::screen::Screen;
use crate::wrapping::wrapped;

/// Number of places that are shown of a failed check.
const PLACES: usize = 3;

/// Columns of the level and the code's indent.
const INDENT: &str = "        ";

/// The whole report.
pub(super) fn shown(report: &Report, time: Duration, screen: Screen) -> String {
    let rows = Group::ALL.iter().filter_map(|group| row(report, *group));
    let table = Table::new(rows).wrapping(1).lines(Some(screen.result_width()));
    let mut lines = vec![table.join("\n")];
    for level in [Level::Must, Level::Should] {
        lines.extend(report.failed(level).map(|checked| failed(checked, screen)));
    }
    if screen.is_verbose() {
        lines.extend(skipped(report, screen));
    }
    let counts = words(report.counts());
    lines.push(
        style(format!("{} checks in {:.1} s: {counts}", report.checks.len(), time.as_secs_f64())).bold().to_string(),
    );
    lines.join("\n\n")
}

/// One line of a group; none if none of its checks belongs to the report.
fn row(report: &Report, group: Group) -> Option<[String; 2]> {
    let checks: Vec<&Checked> = report.of(group).collect();
    if checks.is_empty() {
        return None;
    }
    let reasons = checks.iter().filter_map(|checked| match &checked.outcome {
        Outcome::Skipped(why) => Some(why.as_str()),
        _ => None,
    });
    let reasons: BTreeSet<&str> = reasons.collect();
    let mut text = words(count(checks.iter().copied()));
    // One reason for all of them is worth its words; several are in the details.
    if let [why] = reasons.into_iter().collect::<Vec<_>>()[..] {
        text += &format!(" ({why})");
    }
    Some([group.name().to_owned(), text])
}

/// "12 passed, 1 must failed, 2 skipped"
fn words(counts: Counts) -> String {
    let Counts { passed, failed_must, failed_should, skipped } = counts;
    let part = |n: usize, text: StyledObject<String>| (n > 0).then(|| text.to_string());
    let parts = [
        part(passed, style(format!("{passed} passed"))),
        part(failed_must, style(format!("{failed_must} must failed")).red().bold()),
        part(failed_should, style(format!("{failed_should} should failed")).yellow()),
        part(skipped, style(format!("{skipped} skipped")).dim()),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// A failed check: where, what was found, and what goes wrong otherwise.
fn failed(checked: &Checked, screen: Screen) -> String {
    let Checked { check, outcome: Outcome::Failed(findings, total) } = checked else { return String::new() };
    let level = style(format!("{:<6}", check.level.name()));
    let level = if check.level == Level::Must { level.red().bold() } else { level.yellow() };
    let mut lines = vec![format!("{level}  {}", style(check.code).bold())];
    let wide = screen.result_width() - INDENT.len();
    let mut say = |text: &str| {
        let text = wrapped(text, wide).replace('\n', &format!("\n{INDENT}"));
        lines.push(format!("{INDENT}{text}"));
    };
    let places = if screen.is_verbose() { findings.len() } else { PLACES };
    for finding in findings.iter().take(places) {
        say(&finding.to_string());
    }
    if *total > places {
        say(&format!("… and {} more", total - places.min(findings.len())));
    }
    say(&format!("{}. Otherwise {}.", check.expects, check.otherwise));
    say(&check.page());
    lines.join("\n")
}

/// Every check that was not run, with its reason.
fn skipped(report: &Report, screen: Screen) -> Option<String> {
    let rows = report.checks.iter().filter_map(|checked| match &checked.outcome {
        Outcome::Skipped(why) => Some([format!("{:<6}", "skip"), checked.check.code.to_owned(), why.clone()]),
        _ => None,
    });
    let lines = Table::new(rows).wrapping(2).lines(Some(screen.result_width()));
    (!lines.is_empty()).then(|| lines.join("\n"))
}
