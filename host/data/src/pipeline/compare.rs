//! Two data sets side by side, as the gate judges them: how much of each conforms, how much is
//! correct, what each lint finds. Both are judged alone, so one's duplicates are not the other's.

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
    /// Records that the expert takes as they are, with nothing to repair or remark.
    pub conforming: usize,
    /// Records that hold as they came: nothing in them had to be refused, whatever the style.
    pub correct: usize,
    /// Records of which the expert makes something to train on.
    pub usable: usize,
}

/// One lint on both sides.
#[derive(Debug, Clone, Serialize)]
pub struct Line {
    /// Its code, or a code of a rejection.
    pub code: String,
    /// Records in which it was found, for each side.
    pub found: [usize; 2],
}

/// Both.
#[derive(Debug, Clone, Serialize)]
pub struct Comparison {
    /// The sides, in the order in which they were given.
    pub sides: [Side; 2],
    /// What was found, the most frequent first.
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

    /// Share of `count` among its records, from 0 to 1.
    pub fn share(&self, count: usize) -> f64 {
        if self.records == 0 { 0.0 } else { count as f64 / self.records as f64 }
    }
}

/// Label by which an expert says that a record is good as it came, style included.
pub const CONFORMS: &str = "conforms as given";
/// Label by which an expert says that a record's completion works as it came.
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
