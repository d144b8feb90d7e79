//! What the user is told about a prompt and an answer, and the prompt that is used instead.

use hive_sdk::{Inspection, Record};

use crate::check::{Check, codes_of};
use crate::codes::is_code;
use crate::collector::quoted;
use crate::odd::{HUGE, odd_answers, odd_records};
use crate::sample::{Gold, Sample, spread};
use crate::session::Session;

/// Number of golds that are inspected.
const INSPECTED: usize = 12;

/// The checks.
pub(crate) const CHECKS: &[Check] = &[
    Check::must(
        "inspect-error",
        "Every sound prompt and answer can be inspected",
        "users are warned that their answer was not checked",
    ),
    Check::must("inspect-prompt", "A sound prompt has no faults", "hive refuses to answer what it can answer"),
    Check::must("inspect-answer", "The gold has no faults", "hive says that a right answer cannot be used"),
    Check::must(
        "inspect-fields",
        "The prompt that is used instead has declared fields only, and no completion",
        "the model is shown an answer, or something that it was not trained on",
    ),
    Check::must(
        "inspect-renders",
        "The prompt that is used instead renders",
        "hive cannot ask what it was told to ask",
    ),
    Check::should(
        "inspect-again",
        "The prompt that is used instead stays as it is when it is inspected again",
        "the same prompt is answered in two ways",
    ),
    Check::should(
        "inspect-codes",
        "Faults and notes have a code and a message",
        "users are told nothing, and programs cannot tell faults apart",
    ),
    Check::must("inspect-twice", "The same prompt gets the same reply", "the same prompt is answered in two ways"),
    Check::must(
        "inspect-odd",
        "Odd prompts and answers get a reply or an error: blank, cut off, wrong types, any Unicode",
        "users are told of a crash instead of their mistake",
    ),
    Check::must(
        "inspect-large",
        "A prompt or an answer of a megabyte gets a reply or an error within the time limit",
        "users wait, and are told of a time limit instead of their mistake",
    ),
];

/// Inspects prompts and answers.
pub(crate) fn run(sample: &Sample, session: &mut Session<'_>) {
    let golds: Vec<Gold> = spread(&sample.golds, INSPECTED).cloned().collect();
    let Some(first) = golds.first() else {
        let codes = codes_of(CHECKS);
        return session.out.skip(&codes, "no record renders");
    };
    session.out.begin(&["inspect-error", "inspect-prompt", "inspect-answer", "inspect-codes", "inspect-twice"]);
    let field = session.field();
    let mut any = false;
    for gold in &golds {
        let prompt = gold.record.without(field);
        let Some(reply) = one(&gold.place, &prompt, None, session) else { continue };
        faults("inspect-prompt", &gold.place, &reply, session);
        if one(&gold.place, &prompt, None, session).is_some_and(|again| again != reply) {
            session.out.fail("inspect-twice", &gold.place, "another reply the second time", "");
        }
        if let Some(record) = reply.record {
            any = true;
            instead(gold, &record, session);
        }
        let answer = gold.answer();
        let here = format!("{}, its gold", gold.place);
        if let Some(reply) = one(&here, &prompt, Some(&answer), session) {
            faults("inspect-answer", &here, &reply, session);
        }
    }
    if !any {
        let codes = ["inspect-fields", "inspect-renders", "inspect-again"];
        session.out.skip(&codes, "no prompt of the sample is replaced");
    }
    session.out.begin(&["inspect-odd", "inspect-large"]);
    let code = |what: &str| if what == HUGE { "inspect-large" } else { "inspect-odd" };
    for (what, record) in odd_records(&first.record.without(field)) {
        session.odd("inspect", &format!("{}, {what}", first.place), code(what), |e| e.inspect(&record, None));
    }
    let prompt = first.record.without(field);
    for (what, answer) in odd_answers(&first.answer()) {
        let place = format!("{}, {what}", first.place);
        session.odd("inspect", &place, code(what), |e| e.inspect(&prompt, Some(&answer)));
    }
}

fn one(place: &str, record: &Record, answer: Option<&str>, session: &mut Session<'_>) -> Option<Inspection> {
    let reply = session.call("inspect", place, "inspect-error", |e| e.inspect(record, answer))?;
    for finding in reply.faults.iter().chain(&reply.notes) {
        if !is_code(&finding.code) || finding.message.trim().is_empty() {
            let got = format!("{} with the message {}", quoted(&finding.code), quoted(&finding.message));
            session.out.fail("inspect-codes", place, got, "a code like `no-text`, and a sentence");
        }
    }
    Some(reply)
}

fn faults(code: &'static str, place: &str, reply: &Inspection, session: &mut Session<'_>) {
    for fault in &reply.faults {
        session.out.fail(code, place, format!("{}: {}", fault.code, fault.message), "no faults");
    }
}

/// The prompt that is used instead.
fn instead(gold: &Gold, record: &Record, session: &mut Session<'_>) {
    session.out.begin(&["inspect-fields", "inspect-renders", "inspect-again"]);
    let fields = &session.manifest().dataset.fields;
    let wrong = record.0.keys().find(|name| !fields.iter().any(|field| field.name == **name && !field.completion));
    let here = format!("{}, the prompt used instead", gold.place);
    if let Some(name) = wrong {
        return session.out.fail("inspect-fields", here, format!("it has `{name}`"), "declared fields, no completion");
    }
    if session.call("render", &here, "inspect-renders", |e| e.render_one(record)).is_none() {
        return;
    }
    let again = one(&here, record, None, session);
    if again.and_then(|reply| reply.record).is_some_and(|again| again != *record) {
        session.out.fail("inspect-again", here, "it is replaced again, by another", "the same prompt");
    }
}
