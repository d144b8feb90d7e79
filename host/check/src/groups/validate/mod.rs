//! Verdicts on records: sound ones are kept, unsound ones rejected, repairs are repairs.

mod lints;
mod repairs;

use hive_sdk::{Record, Verdict};
use serde_json::json;

use crate::check::{Check, codes_of};
use crate::codes::{is_code, swapped};
use crate::collector::quoted;
use crate::odd::{HUGE, odd_records};
use crate::sample::{Gold, Sample, spread};
use crate::session::Session;

/// Share of unsound records that must be rejected.
const CAUGHT: f64 = 0.95;

/// Number of records whose verdicts are looked at from every side.
const CLOSELY: usize = 24;

/// The checks.
pub(crate) const CHECKS: &[Check] = &[
    Check::must(
        "validate-error",
        "Every sound record gets a verdict",
        "the work on a data set stops at the first such record",
    ),
    Check::must(
        "validate-gold",
        "Eval prompts and synthetic records are not rejected",
        "the expert would reject what it calls right, and training data like it",
    ),
    Check::must("validate-reject-code", "A rejection has a code", "it cannot be counted"),
    Check::must("validate-repair-changes", "A repair says what it changed", "nobody could tell why records differ"),
    Check::should(
        "validate-no-completion",
        "A record without its completion is rejected",
        "records that teach nothing are counted as good",
    ),
    Check::should(
        "validate-swapped",
        "A record with the completion of another is rejected",
        "wrong answers in a data set are learned",
    ),
    Check::should(
        "validate-required",
        "A record without a required field is rejected",
        "records that cannot be rendered are counted as good",
    ),
    Check::must(
        "validate-twice",
        "The same record gets the same verdict, again and in a batch",
        "the prepared set depends on chance",
    ),
    Check::should("validate-why", "A rejection has a reason to read", "users cannot tell what to mend in their data"),
    Check::should(
        "validate-codes",
        "Codes of rejections, changes and notes have lower-case letters, digits and dashes",
        "counts of a report fall apart into many codes",
    ),
    Check::must(
        "validate-repair-differs",
        "A repaired record differs from the original",
        "it counts as repaired and is not",
    ),
    Check::must(
        "validate-repair-accepted",
        "A repaired record is accepted when it is judged again",
        "what training uses would not pass, and a second preparation of the set differs",
    ),
    Check::must(
        "validate-repair-fields",
        "A repaired record has declared fields only, and keeps its completion",
        "there would be nothing to learn from it",
    ),
    Check::should(
        "validate-lint-declared",
        "Notes have codes of declared lints or of repairs",
        "users cannot switch off what they are told",
    ),
    Check::must("validate-lint-off", "A lint that is off reports nothing", "users are told what they switched off"),
    Check::must(
        "validate-lint-reject",
        "A lint at `reject` rejects what it found before",
        "`--lint` is accepted and has no effect",
    ),
    Check::must("validate-keys", "Canonical texts are of declared fields", "duplicates are not found by them"),
    Check::should(
        "validate-labels",
        "A label has fewer classes than records",
        "the report counts a class for every record, and tells nothing",
    ),
    Check::should(
        "validate-suggest",
        "A label by which the manifest suggests a value is reported",
        "the suggestion never comes",
    ),
    Check::must(
        "validate-undeclared",
        "A field that the manifest does not declare changes no verdict",
        "the verdict depends on something that the model never sees",
    ),
    Check::must(
        "validate-odd",
        "Odd records get a verdict or an error: blank, cut off, wrong types, any Unicode",
        "one odd record of a data set ends the process",
    ),
    Check::must(
        "validate-large",
        "A record of a megabyte gets a verdict or an error within the time limit",
        "one large record of a data set stops the work",
    ),
];

/// A record with its verdict.
pub(super) struct Judged {
    pub(super) place: String,
    pub(super) record: Record,
    pub(super) verdict: Verdict,
}

/// Judges the golds and what is made from them.
pub(crate) fn run(sample: &Sample, session: &mut Session<'_>) {
    if sample.golds.is_empty() {
        let codes = codes_of(CHECKS);
        return session.out.skip(&codes, "no record renders");
    }
    session.out.begin(&[
        "validate-error",
        "validate-gold",
        "validate-reject-code",
        "validate-repair-changes",
        "validate-twice",
        "validate-why",
        "validate-codes",
        "validate-undeclared",
    ]);
    let golds: Vec<Gold> = spread(&sample.golds, CLOSELY).cloned().collect();
    let mut judged = Vec::new();
    for gold in &golds {
        let Some(verdict) = verdict(&gold.place, &gold.record, session) else { continue };
        if let Verdict::Reject { code, why, .. } = &verdict {
            session.out.fail("validate-gold", &gold.place, format!("rejected, {code}: {why}"), "accepted or repaired");
        }
        judged.push(Judged { place: gold.place.clone(), record: gold.record.clone(), verdict });
    }
    again(&judged, session);
    unsound(&golds, session);
    repairs::run(&judged, session);
    lints::run(&judged, session);
    for (what, record) in golds.first().map(|gold| odd_records(&gold.record)).unwrap_or_default() {
        session.out.begin(&["validate-odd", "validate-large"]);
        let code = if what == HUGE { "validate-large" } else { "validate-odd" };
        let place = format!("{}, {what}", golds[0].place);
        session.odd("validate", &place, code, |e| e.validate(std::slice::from_ref(&record)));
    }
}

/// The verdict on one record, whose words are looked at as well.
fn verdict(place: &str, record: &Record, session: &mut Session<'_>) -> Option<Verdict> {
    let verdict =
        session.call("validate", place, "validate-error", |e| e.validate(std::slice::from_ref(record)))?.pop()?;
    words(place, &verdict, session);
    Some(verdict)
}

/// Codes and reasons of a verdict.
fn words(place: &str, verdict: &Verdict, session: &mut Session<'_>) {
    let codes: Vec<&str> = match verdict {
        Verdict::Accept { notes, .. } => notes.iter().map(|note| note.code.as_str()).collect(),
        Verdict::Repaired { changes, notes, .. } => changes.iter().chain(notes).map(|f| f.code.as_str()).collect(),
        Verdict::Reject { code, why, .. } => {
            if why.trim().is_empty() {
                session.out.fail("validate-why", place, format!("`{code}` without a reason"), "");
            }
            vec![code]
        }
    };
    for code in codes.into_iter().filter(|code| !is_code(code)) {
        session.out.fail("validate-codes", place, quoted(code), "a code like `no-text`");
    }
}

/// The same records in one batch, and each with a field that means nothing.
fn again(judged: &[Judged], session: &mut Session<'_>) {
    let records: Vec<Record> = judged.iter().map(|judged| judged.record.clone()).collect();
    if let Some(verdicts) =
        session.call("validate", "all records in one batch", "validate-twice", |e| e.validate(&records))
    {
        for (Judged { place, verdict, .. }, other) in judged.iter().zip(verdicts) {
            if *verdict != other {
                let text = |verdict: &Verdict| quoted(&json!(verdict).to_string());
                let got = format!("{} and then {}", text(verdict), text(&other));
                session.out.fail("validate-twice", place, got, "the same verdict");
            }
        }
    }
    for Judged { place, record, verdict } in judged.iter().take(4) {
        let mut more = record.clone();
        more.set("no_such_field", "another text");
        let here = format!("{place}, with an undeclared field");
        let other = session.attempt("validate", &here, |e| e.validate(std::slice::from_ref(&more)));
        let kind = |verdict: &Verdict| match verdict {
            Verdict::Accept { .. } => "accepted".to_owned(),
            Verdict::Repaired { .. } => "repaired".to_owned(),
            Verdict::Reject { code, .. } => format!("rejected, {code}"),
        };
        if let Some(Ok([other])) = other.as_ref().map(|o| o.as_deref())
            && kind(other) != kind(verdict)
        {
            session.out.fail("validate-undeclared", here, kind(other), kind(verdict));
        }
    }
}

/// Records that are not sound.
fn unsound(golds: &[Gold], session: &mut Session<'_>) {
    let field = session.field();
    let fields = &session.manifest().dataset.fields;
    let completion_optional = fields.iter().any(|f| f.completion && f.optional);
    if completion_optional {
        session.out.skip(&["validate-no-completion"], "the completion is optional");
    } else {
        session.out.begin(&["validate-no-completion"]);
        let without =
            golds.iter().map(|gold| (format!("{}, without `{field}`", gold.place), gold.record.without(field)));
        rejects("validate-no-completion", without.collect(), session);
    }
    session.out.begin(&["validate-required"]);
    let required = fields.iter().filter(|f| !f.optional && !f.completion);
    let without = required.flat_map(|f| {
        golds.iter().take(4).map(|gold| (format!("{}, without `{}`", gold.place, f.name), gold.record.without(&f.name)))
    });
    rejects("validate-required", without.collect(), session);
    if session.declared {
        return session.out.skip(&["validate-swapped"], "the manifest's rules look at one field each");
    }
    let other = swapped(golds);
    if other.is_empty() {
        return session.out.skip(&["validate-swapped"], "all completions are the same");
    }
    session.out.begin(&["validate-swapped"]);
    let with = other.into_iter().map(|(gold, answer)| {
        let mut record = gold.record.clone();
        record.set(field, answer);
        (format!("{}, with another's completion", gold.place), record)
    });
    rejects("validate-swapped", with.collect(), session);
}

/// A finding if fewer than nearly all of these records are rejected.
fn rejects(code: &'static str, records: Vec<(String, Record)>, session: &mut Session<'_>) {
    let (mut judged, mut kept) = (0, Vec::new());
    for (place, record) in records {
        // An error is no verdict, but the record is not used either.
        let Some(Ok(verdicts)) = session.attempt("validate", &place, |e| e.validate(std::slice::from_ref(&record)))
        else {
            continue;
        };
        judged += 1;
        match verdicts.first() {
            Some(verdict @ Verdict::Reject { .. }) => words(&place, verdict, session),
            _ => kept.push(place),
        }
    }
    if (kept.len() as f64) > (1.0 - CAUGHT) * judged as f64 {
        let got = format!("not rejected ({} of {judged})", kept.len());
        for place in kept {
            session.out.fail(code, place, got.clone(), "");
        }
    }
}
