//! Lints at other levels, and the facts that verdicts report.

use std::collections::{BTreeMap, BTreeSet};

use hive_sdk::{LintLevel, Settings, Verdict};

use super::Judged;
use crate::collector::quoted;
use crate::session::Session;

/// Fewest records of which a label can be said to have a class for each.
const MANY: usize = 12;

/// Looks at lints and facts.
pub(super) fn run(judged: &[Judged], session: &mut Session<'_>) {
    notes(judged, session);
    levels(judged, session);
    facts(judged, session);
}

/// The codes that a verdict reports besides a rejection's.
fn codes(verdict: &Verdict) -> BTreeSet<&str> {
    match verdict {
        Verdict::Accept { notes, .. } => notes.iter().map(|note| note.code.as_str()).collect(),
        Verdict::Repaired { changes, notes, .. } => changes.iter().chain(notes).map(|f| f.code.as_str()).collect(),
        Verdict::Reject { code, .. } => BTreeSet::from([code.as_str()]),
    }
}

fn notes(judged: &[Judged], session: &mut Session<'_>) {
    session.out.begin(&["validate-lint-declared"]);
    let lints = session.manifest().lints();
    for Judged { place, verdict, .. } in judged {
        let Verdict::Accept { notes, .. } = verdict else { continue };
        for note in notes.iter().filter(|note| !lints.iter().any(|lint| lint.code == note.code)) {
            session.out.fail("validate-lint-declared", place, quoted(&note.code), "the code of a declared lint");
        }
    }
}

fn levels(judged: &[Judged], session: &mut Session<'_>) {
    let lints = session.manifest().lints();
    let mut any = false;
    for lint in &lints {
        let Some(found) = judged.iter().find(|judged| codes(&judged.verdict).contains(lint.code.as_str())) else {
            continue;
        };
        any = true;
        session.out.begin(&["validate-lint-off", "validate-lint-reject"]);
        for (level, code) in [(LintLevel::Off, "validate-lint-off"), (LintLevel::Reject, "validate-lint-reject")] {
            let mut levels: BTreeMap<_, _> = lints.iter().map(|l| (l.code.clone(), l.level)).collect();
            levels.insert(lint.code.clone(), level);
            let settings = Settings { lints: levels, ..Settings::default() };
            let place = format!("{}, lint `{}`", found.place, lint.code);
            let set = session.attempt("configure", &place, |e| e.configure(&settings));
            let record = std::slice::from_ref(&found.record);
            let verdict = session.attempt("validate", &place, |e| e.validate(record));
            let (Some(Ok(())), Some(Ok([verdict]))) = (set, verdict.as_ref().map(|v| v.as_deref())) else { continue };
            let rejected = matches!(verdict, Verdict::Reject { .. });
            let reported = codes(verdict).contains(lint.code.as_str());
            match level {
                LintLevel::Off if reported => session.out.fail(code, place, "it is reported all the same", ""),
                LintLevel::Reject if !rejected => session.out.fail(code, place, "the record is not rejected", ""),
                _ => {}
            }
        }
    }
    if !any {
        let why = "no lint finds anything in the sample";
        return session.out.skip(&["validate-lint-off", "validate-lint-reject"], why);
    }
    let settings = Settings { lints: lints.iter().map(|l| (l.code.clone(), l.level)).collect(), ..Settings::default() };
    session.attempt("configure", "the default settings again", |e| e.configure(&settings));
}

fn facts(judged: &[Judged], session: &mut Session<'_>) {
    session.out.begin(&["validate-keys"]);
    let fields = &session.manifest().dataset.fields;
    let mut labels: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for Judged { place, verdict, .. } in judged {
        let facts = verdict.facts();
        for name in facts.keys.keys().filter(|name| !fields.iter().any(|field| field.name == **name)) {
            session.out.fail("validate-keys", place, format!("a canonical text of `{name}`"), "of a declared field");
        }
        for (label, class) in &facts.labels {
            labels.entry(label).or_default().push(class);
        }
    }
    if labels.is_empty() {
        session.out.skip(&["validate-labels"], "no verdict has labels");
    } else {
        session.out.begin(&["validate-labels"]);
    }
    for (label, classes) in &labels {
        let distinct: BTreeSet<_> = classes.iter().collect();
        if classes.len() >= MANY && distinct.len() == classes.len() {
            let got = format!("{} classes in {} records", distinct.len(), classes.len());
            session.out.fail("validate-labels", format!("label `{label}`"), got, "some that several records share");
        }
    }
    let suggested = fields.iter().filter_map(|field| Some((field, field.suggest.as_ref()?)));
    let suggested: Vec<_> = suggested.collect();
    if suggested.is_empty() {
        return session.out.skip(&["validate-suggest"], "the manifest suggests no values");
    }
    session.out.begin(&["validate-suggest"]);
    for (field, suggest) in suggested.into_iter().filter(|(_, suggest)| !labels.contains_key(suggest.label.as_str())) {
        let place = format!("field `{}`", field.name);
        session.out.fail("validate-suggest", place, format!("no record has the label `{}`", suggest.label), "");
    }
}
