//! Compares two judged data sets: how many records of each conform and are correct, and what each
//! lint finds. Each is judged separately, so duplicates between the two do not count.

use std::collections::BTreeSet;

use serde::Serialize;

use super::report::Report;

/// One data set.
#[derive(Debug, Clone, Serialize)]
pub struct Side {
    /// Its name.
    pub name: String,
    /// Records in it.
    pub records: usize,
    /// Records that the expert accepts without repairs or remarks.
    pub conforming: usize,
    /// Records that are correct as given: nothing was rejected, whatever the style.
    pub correct: usize,
    /// Records that can be used for training.
    pub usable: usize,
}

/// One lint on both sides.
#[derive(Debug, Clone, Serialize)]
pub struct Line {
    /// Its code, or a code of a rejection.
    pub code: String,
    /// Number of records in which it was found, on each side.
    pub found: [usize; 2],
}

/// The comparison.
#[derive(Debug, Clone, Serialize)]
pub struct Comparison {
    /// The two sides, in the order given.
    pub sides: [Side; 2],
    /// The findings, the most frequent first.
    pub lines: Vec<Line>,
}

impl Side {
    fn of(name: &str, report: &Report) -> Self {
        let yes = |label: &str| report.labels.get(label).map(|classes| classes.get("yes").copied().unwrap_or(0));
        Self {
            name: name.to_owned(),
            records: report.records,
            conforming: yes(CONFORMS).unwrap_or(report.accepted),
            correct: yes(CORRECT).unwrap_or(report.accepted + report.repaired),
            usable: report.accepted + report.repaired,
        }
    }

    /// Fraction of `count` among the records, from 0 to 1.
    pub fn share(&self, count: usize) -> f64 {
        if self.records == 0 { 0.0 } else { count as f64 / self.records as f64 }
    }
}

/// Label of experts for a record that is good as given, style included.
pub const CONFORMS: &str = "conforms as given";
/// Label of experts for a record whose completion works as given.
pub const CORRECT: &str = "correct as given";

/// Compares two reports.
pub fn compare(names: [&str; 2], reports: [&Report; 2]) -> Comparison {
    let found = |report: &Report, code: &str| {
        let lint = report.lints.iter().find(|l| l.code == code).map(|l| l.found);
        let listed = |list: &[super::report::Counted]| list.iter().find(|c| c.code == code).map_or(0, |c| c.count);
        lint.unwrap_or_else(|| listed(&report.rejects) + listed(&report.repairs) + listed(&report.notes))
    };
    let codes: BTreeSet<&str> = reports
        .iter()
        .flat_map(|r| {
            let counted = r.rejects.iter().chain(&r.repairs).chain(&r.notes).map(|c| c.code.as_str());
            counted.chain(r.lints.iter().map(|l| l.code.as_str()))
        })
        .collect();
    let mut lines: Vec<Line> = codes
        .into_iter()
        .map(|code| Line { code: code.to_owned(), found: reports.map(|report| found(report, code)) })
        .filter(|line| line.found != [0, 0])
        .collect();
    lines.sort_by_key(|line| std::cmp::Reverse(line.found[0].max(line.found[1])));
    let [a, b] = reports;
    Comparison { sides: [Side::of(names[0], a), Side::of(names[1], b)], lines }
}
