//! Scores of answers. A model is chosen, and an expert judged, by nothing else: the gold must get the full score, and what
//! is nearly the gold must not.

mod examine;
mod wrong;

use hive_runtime::statistics::RIGHT;
use hive_sdk::{Grade, GradeRequest, Record};

use crate::check::{Check, codes_of};
use crate::codes::is_code;
use crate::collector::quoted;
use crate::odd::{HUGE, odd_answers};
use crate::sample::{Gold, Sample};
use crate::session::Session;

/// A score, with what was found: a time limit that was reached, for instance.
pub(super) fn scored(grade: &Grade) -> String {
    match grade.findings.first() {
        Some(finding) => format!("{} ({})", grade.score, quoted(&finding.message)),
        None => grade.score.to_string(),
    }
}

/// The checks.
pub(crate) const CHECKS: &[Check] = &[
    Check::must("grade-error", "Every answer to a sound prompt gets a score", "training stops at its first evaluation")
        .quick(),
    Check::must("grade-score", "A score is from 0 to 1", "means and rankings make no sense").quick(),
    Check::must("grade-gold", "The gold gets the full score", "a model that answers right counts as wrong").quick(),
    Check::must(
        "grade-twice",
        "The same answer gets the same score, again and in a batch",
        "checkpoints are ranked by chance",
    )
    .quick(),
    Check::must(
        "grade-empty-error",
        "An empty answer gets a score and not an error",
        "a model's first answers are nonsense, and training stops over them",
    )
    .quick(),
    Check::must("grade-empty", "An empty answer does not get the full score", "a model that says nothing is right")
        .quick(),
    Check::must(
        "grade-echo",
        "The prompt as an answer does not get the full score",
        "a model that repeats what it is asked is right",
    ),
    Check::must(
        "grade-swapped",
        "At least 95 % of the golds of other prompts do not get the full score",
        "wrong answers count as right, and the figures say nothing",
    ),
    Check::should(
        "grade-dropped",
        "At least 95 % of the golds without one word do not get the full score",
        "answers that lack something count as right",
    ),
    Check::should(
        "grade-repeated",
        "The gold written twice does not get the full score",
        "a model that never stops counts as right",
    ),
    Check::should(
        "grade-chatter",
        "The gold with a sentence in front does not get the full score",
        "a model that talks around its answer counts as right, and its answers cannot be used as they are",
    ),
    Check::should(
        "grade-blanks",
        "Blanks around the gold do not matter",
        "a right answer that ends with a line break counts as wrong",
    ),
    Check::should(
        "grade-codes",
        "Findings have a code and a message",
        "reports cannot count and show what is wrong with answers",
    ),
    Check::must(
        "grade-odd",
        "Odd answers get a score or an error: blank, cut off, any Unicode",
        "one odd answer of a model ends training",
    ),
    Check::must(
        "grade-large",
        "An answer of a megabyte gets a score or an error within the time limit",
        "one endless answer of a model stops training",
    ),
    Check::must(
        "grade-examine-error",
        "Every sound prompt can be examined",
        "`hive expert eval` stops, or leaves the prompt out",
    ),
    Check::must(
        "grade-examine-gold",
        "The gold gets the full score when it is examined",
        "`hive expert eval` leaves the prompt out",
    ),
    Check::must(
        "grade-examine-wrong",
        "An empty answer does not get the full score when it is examined",
        "`hive expert eval` counts nothing as right",
    ),
    Check::must(
        "grade-examine-twice",
        "The same answer gets the same score when it is examined again",
        "evaluations cannot be compared",
    ),
    Check::must(
        "grade-examine-checks",
        "Only checks that the manifest declares are reported",
        "`hive expert eval` cannot show them",
    ),
    Check::should(
        "grade-examine-passed",
        "The gold passes every check that is reported",
        "a right model would fail the check",
    ),
    Check::should(
        "grade-examine-used",
        "Every check that the manifest declares is reported for some gold",
        "reports have a column without figures",
    ),
];

/// Grades the golds and what is made from them.
pub(crate) fn run(sample: &Sample, session: &mut Session<'_>) {
    if sample.golds.is_empty() {
        let codes = codes_of(CHECKS);
        return session.out.skip(&codes, "no record renders");
    }
    if !session.expert.grades() {
        return session.without(&["grade", "examine"], CHECKS, "the manifest declares no `grade`");
    }
    session.out.begin(&["grade-error", "grade-score", "grade-gold", "grade-twice", "grade-empty-error", "grade-empty"]);
    let golds = graded(&sample.golds, session);
    for gold in &golds {
        let empty = score("grade-empty-error", &gold.place, &gold.record, "", session);
        if empty.is_some_and(|grade| grade.score >= RIGHT) {
            session.out.fail("grade-empty", &gold.place, "the empty answer gets 1", "less than 1");
        }
    }
    if !session.out.is_full() || golds.is_empty() {
        return;
    }
    wrong::run(&golds, session);
    examine::run(&golds, session);
    let Some(gold) = golds.first() else { return };
    session.out.begin(&["grade-odd", "grade-large"]);
    for (what, answer) in odd_answers(&gold.answer()) {
        let code = if what == HUGE { "grade-large" } else { "grade-odd" };
        let request = GradeRequest { prompt: gold.record.clone(), completion: answer };
        session.odd("grade", &format!("{}, {what}", gold.place), code, |e| e.grade(std::slice::from_ref(&request)));
    }
}

/// The golds that get the full score, always.
fn graded(golds: &[Gold], session: &mut Session<'_>) -> Vec<Gold> {
    let field = session.field();
    let mut sound = Vec::new();
    let mut grades = Vec::new();
    for gold in golds {
        let here = format!("{}, field `{field}`", gold.place);
        let Some(grade) = score("grade-error", &here, &gold.record, &gold.answer(), session) else { continue };
        grades.push((gold, here, grade));
    }
    let requests: Vec<GradeRequest> = grades
        .iter()
        .map(|(gold, ..)| GradeRequest { prompt: gold.record.clone(), completion: gold.answer() })
        .collect();
    let again = session.call("grade", "all golds in one batch", "grade-error", |e| e.grade(&requests));
    for (i, (gold, here, grade)) in grades.into_iter().enumerate() {
        let other = again.as_ref().map(|again| again[i].score).filter(|other| *other != grade.score);
        if let Some(other) = other {
            let other = again.as_ref().map_or_else(|| other.to_string(), |again| scored(&again[i]));
            let got = format!("`grade` gives the same answer {} and then {other}", scored(&grade));
            session.out.fail("grade-twice", here, got, "");
        } else if grade.score < RIGHT {
            let got = format!("`grade` gives the record's own answer {}", scored(&grade));
            session.out.fail("grade-gold", here, got, "1");
        } else {
            sound.push(gold.clone());
        }
    }
    sound
}

/// The grade of one answer.
fn score(code: &'static str, place: &str, prompt: &Record, answer: &str, session: &mut Session<'_>) -> Option<Grade> {
    let request = GradeRequest { prompt: prompt.clone(), completion: answer.to_owned() };
    let here = if answer.is_empty() { format!("{place}, of an empty answer") } else { place.to_owned() };
    let grade = session.call("grade", &here, code, |e| e.grade(std::slice::from_ref(&request)))?.pop()?;
    if session.out.is_full() {
        session.out.begin(&["grade-codes"]);
        for finding in grade.findings.iter().filter(|f| !is_code(&f.code) || f.message.trim().is_empty()) {
            let got = format!("{} with the message {}", quoted(&finding.code), quoted(&finding.message));
            session.out.fail("grade-codes", here.clone(), got, "a code like `no-text`, and a sentence");
        }
    }
    Some(grade)
}
