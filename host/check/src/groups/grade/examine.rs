//! The conclusive grade, as `hive expert eval` asks for it.

use std::collections::BTreeSet;

use hive_runtime::statistics::RIGHT;
use hive_sdk::{ExamineRequest, Grade};

use crate::sample::{Gold, spread};
use crate::session::Session;

use super::scored;

/// Number of golds that are examined: an examination may take a while.
const EXAMINED: usize = 8;

/// Examines some golds.
pub(super) fn run(golds: &[Gold], session: &mut Session<'_>) {
    session.out.begin(&[
        "grade-examine-error",
        "grade-examine-gold",
        "grade-examine-wrong",
        "grade-examine-twice",
        "grade-examine-checks",
        "grade-examine-passed",
    ]);
    let declared = &session.manifest().checks;
    let mut seen = BTreeSet::new();
    for gold in spread(golds, EXAMINED) {
        let Some(grade) = examined(gold, gold.answer(), session) else { continue };
        seen.extend(grade.checks.keys().cloned());
        if grade.score < RIGHT {
            let got = format!("`examine` gives the record's own answer {}", scored(&grade));
            session.out.fail("grade-examine-gold", &gold.place, got, "1");
            continue;
        }
        for (code, _) in grade.checks.iter().filter(|(_, passed)| !**passed) {
            session.out.fail("grade-examine-passed", &gold.place, format!("the gold fails `{code}`"), "");
        }
        if examined(gold, gold.answer(), session).is_some_and(|again| again.score != grade.score) {
            session.out.fail("grade-examine-twice", &gold.place, "another score the second time", "");
        }
        if examined(gold, String::new(), session).is_some_and(|grade| grade.score >= RIGHT) {
            session.out.fail("grade-examine-wrong", &gold.place, "the empty answer gets 1", "less than 1");
        }
    }
    if declared.is_empty() {
        return session.out.skip(&["grade-examine-used"], "the manifest declares no checks");
    }
    session.out.begin(&["grade-examine-used"]);
    if session.out.has_failed("grade-examine-checks") || session.out.has_failed("grade-examine-error") {
        return;
    }
    for check in declared.iter().filter(|check| !seen.contains(&check.code)) {
        session.out.fail("grade-examine-used", format!("check `{}`", check.code), "it is never reported", "");
    }
}

fn examined(gold: &Gold, completion: String, session: &mut Session<'_>) -> Option<Grade> {
    let request = ExamineRequest { prompt: gold.record.clone(), alternatives: Vec::new(), completion };
    let requests = std::slice::from_ref(&request);
    session.call("examine", &gold.place, "grade-examine-error", |e| e.examine(requests))?.pop()
}
