//! Synthetic records: the same for the same seed, complete, varied, and nothing of the eval prompts.

use std::collections::BTreeSet;

use hive_data::pipeline::DedupOutcome;
use hive_sdk::{Record, Rendered, Verdict};

use crate::check::{Check, codes_of};
use crate::length::tokens;
use crate::likeness::{compared, distinct};
use crate::sample::{Sample, answer_of};
use crate::session::Session;

/// Number of records in the quick half.
const QUICK: usize = 8;

/// Number of records otherwise.
const FULL: usize = 256;

/// Number of records that are validated, spread evenly.
const JUDGED: usize = 48;

/// Seed of the records.
const SEED: u64 = 1;

/// Another seed.
const OTHER: u64 = 2;

/// Share of duplicates that is no fault.
const ALIKE: f64 = 0.1;

/// Share of nearly equal records, and of records that occur with another seed as well, that is no fault.
const NEAR: f64 = 0.5;

/// The checks.
pub(crate) const CHECKS: &[Check] = &[
    Check::must("synthesize-error", "Records can be made from any seed", "training without a data set stops").quick(),
    Check::must("synthesize-count", "As many records are made as were asked for", "training without a data set stops")
        .quick(),
    Check::must("synthesize-fields", "Every record has text in its required fields", "the records are rejected")
        .quick(),
    Check::must(
        "synthesize-undeclared",
        "Every record has declared fields only",
        "what the records say is not shown to the model",
    )
    .quick(),
    Check::must(
        "synthesize-twice",
        "The same seed makes the same records",
        "no run without a data set can be repeated or resumed",
    )
    .quick(),
    Check::must(
        "synthesize-seed",
        "Another seed makes other records",
        "more seeds are asked for, and nothing new is learned",
    ),
    Check::must("synthesize-one", "A single record can be made", "small tests of the expert fail"),
    Check::must("synthesize-large-seed", "The largest seed makes records", "some seeds end in an overflow"),
    Check::must(
        "synthesize-rejected",
        "The expert does not reject its own records",
        "training without a data set has fewer records than asked for, or none",
    ),
    Check::must(
        "synthesize-duplicates",
        "At most a tenth of the records are duplicates",
        "the data gate drops them, and training has fewer records than asked for",
    ),
    Check::must(
        "synthesize-contradiction",
        "No two records have the same prompt and different completions",
        "the model cannot learn both",
    ),
    Check::should(
        "synthesize-near",
        "At most half of the records are nearly the same as others",
        "the model learns one pattern, and nothing beside it",
    ),
    Check::must(
        "synthesize-constant",
        "The records have different completions",
        "the model learns one answer to everything",
    ),
    Check::should(
        "synthesize-pool",
        "At most half of the records of one seed are made from another seed too",
        "there are few records altogether, and the model learns them by heart",
    ),
    Check::should(
        "synthesize-leak",
        "No record has the prompt or the answer of an eval prompt",
        "the data gate drops it; what is left is close to it, and the eval prompts look easier than they are",
    ),
    Check::should(
        "synthesize-length",
        "Nearly all records are shorter than the recipe's `max_seq_len`, at four bytes a token",
        "training drops what is longer",
    ),
    Check::should(
        "synthesize-answer-length",
        "No completion is longer than `max_new_tokens`, at four bytes a token",
        "in use such an answer is cut off",
    ),
];

/// Has the expert make records; nothing else if it cannot.
pub(crate) fn make(sample: &mut Sample, session: &mut Session<'_>) {
    session.out.begin(&["synthesize-error", "synthesize-count", "synthesize-twice"]);
    let n = if session.out.is_full() { FULL } else { QUICK };
    let place = format!("seed {SEED}");
    let Some(made) = session.call("synthesize", &place, "synthesize-error", |e| e.synthesize(SEED, n)) else { return };
    let Some(records) = made else {
        let codes = codes_of(CHECKS);
        return session.out.end(&codes, "the expert makes no records");
    };
    let again = session.call("synthesize", &place, "synthesize-error", |e| e.synthesize(SEED, n)).flatten();
    if let Some(again) = again {
        let differs = again.iter().zip(&records).position(|(a, b)| a != b);
        if let Some(i) = differs {
            let place = format!("{place}, record {i}");
            session.out.fail("synthesize-twice", place, "another record the second time", "the same record");
        }
    }
    let sound = whole(&records, session);
    if sound {
        sample.made = Some(records);
    }
}

/// Whether every record has the fields that it must have.
fn whole(records: &[Record], session: &mut Session<'_>) -> bool {
    session.out.begin(&["synthesize-fields", "synthesize-undeclared"]);
    let fields = &session.manifest().dataset.fields;
    let mut sound = true;
    for (i, record) in records.iter().enumerate() {
        for field in fields.iter().filter(|f| !f.optional || f.completion) {
            if record.text(&field.name).is_none() {
                let got = format!("no text in `{}`", field.name);
                session.out.fail("synthesize-fields", format!("synthetic record {i}"), got, "");
                sound = false;
            }
        }
        for name in record.0.keys().filter(|name| !fields.iter().any(|field| field.name == **name)) {
            let got = format!("it has `{name}`");
            session.out.fail("synthesize-undeclared", format!("synthetic record {i}"), got, "declared fields only");
            sound = false;
        }
    }
    sound
}

/// Looks at the records that were made.
pub(crate) fn run(sample: &Sample, session: &mut Session<'_>) {
    let Some(records) = &sample.made else { return };
    session.out.begin(&["synthesize-seed", "synthesize-one", "synthesize-large-seed", "synthesize-constant"]);
    seeds(records, session);
    let field = session.field();
    if distinct(field, records).0 < 2 {
        let got = format!("all {} completions are the same", records.len());
        session.out.fail("synthesize-constant", format!("seed {SEED}"), got, "");
    }
    judged(records, session);
    alike(sample, records, session);
    lengths(records, session);
}

fn seeds(records: &[Record], session: &mut Session<'_>) {
    session.call("synthesize", "one record", "synthesize-one", |e| e.synthesize(SEED, 1));
    let large = format!("seed {}", u64::MAX);
    session.odd("synthesize", &large, "synthesize-large-seed", |e| e.synthesize(u64::MAX, 4));
    let place = format!("seed {OTHER}");
    let other = session.call("synthesize", &place, "synthesize-error", |e| e.synthesize(OTHER, records.len()));
    let Some(other) = other.flatten() else { return };
    if other == records {
        return session.out.fail("synthesize-seed", place, format!("the records of seed {SEED}"), "others");
    }
    session.out.begin(&["synthesize-pool"]);
    let texts: BTreeSet<String> = records.iter().map(|record| serde_json::json!(record).to_string()).collect();
    let again = other.iter().filter(|record| texts.contains(&serde_json::json!(record).to_string())).count();
    if again as f64 > NEAR * other.len() as f64 {
        let got = format!("{again} of {} are records of seed {SEED} too", other.len());
        session.out.fail("synthesize-pool", place, got, "at most half");
    }
}

fn judged(records: &[Record], session: &mut Session<'_>) {
    session.out.begin(&["synthesize-rejected"]);
    let step = records.len().div_ceil(JUDGED).max(1);
    // The first ones are among the golds, which `validate-gold` is about.
    for (i, record) in records.iter().enumerate().skip(FULL / 8).step_by(step) {
        let place = format!("synthetic record {i}");
        let verdict = session.call("validate", &place, "validate-error", |e| e.validate(std::slice::from_ref(record)));
        if let Some(Verdict::Reject { code, why, .. }) = verdict.and_then(|mut verdicts| verdicts.pop()) {
            session.out.fail("synthesize-rejected", place, format!("rejected, {code}: {why}"), "accepted or repaired");
        }
    }
}

fn alike(sample: &Sample, records: &[Record], session: &mut Session<'_>) {
    session.out.begin(&["synthesize-duplicates", "synthesize-contradiction", "synthesize-near"]);
    let found = compared(session.manifest(), &sample.prompts, records, |_| Verdict::accept());
    let of = |outcome: DedupOutcome| found.get(&outcome).map(Vec::as_slice).unwrap_or_default();
    let some = |share: f64, indices: &[usize]| indices.len() as f64 > share * records.len() as f64;
    let place = |indices: &[usize]| {
        let shown: Vec<String> = indices.iter().take(3).map(ToString::to_string).collect();
        format!("synthetic records {}", shown.join(", "))
    };
    let duplicates = of(DedupOutcome::Duplicate);
    if some(ALIKE, duplicates) {
        let got = format!("{} of {} are duplicates", duplicates.len(), records.len());
        session.out.fail("synthesize-duplicates", place(duplicates), got, "at most a tenth");
    }
    let other = of(DedupOutcome::SamePrompt);
    if !other.is_empty() {
        let got = format!("{} have the prompt of an earlier record and another completion", other.len());
        session.out.fail("synthesize-contradiction", place(other), got, "none");
    }
    let near = of(DedupOutcome::NearDuplicate);
    if some(NEAR, near) {
        let got = format!("{} of {} are nearly the same as others", near.len(), records.len());
        session.out.fail("synthesize-near", place(near), got, "at most half");
    }
    if sample.prompts.is_empty() {
        return session.out.skip(&["synthesize-leak"], "there are no eval prompts");
    }
    session.out.begin(&["synthesize-leak"]);
    let leaks = of(DedupOutcome::EvalPrompt);
    if !leaks.is_empty() {
        let got = format!("{} have the prompt or the answer of an eval prompt", leaks.len());
        session.out.fail("synthesize-leak", place(leaks), got, "none");
    }
}

fn lengths(records: &[Record], session: &mut Session<'_>) {
    let most = session.manifest().recipe.training.max_seq_len;
    let answer = session.manifest().generation.max_new_tokens;
    let Some(Ok(chats)) = session.attempt("render", "synthetic records", |e| e.render(records)) else { return };
    session.out.begin(&["synthesize-length", "synthesize-answer-length"]);
    let length = |chat: &Rendered| tokens(chat.messages.iter().map(|turn| turn.content.len()).sum());
    let long = chats.iter().filter(|chat| length(chat) > most).count();
    if long as f64 > ALIKE * chats.len() as f64 {
        let got = format!("{long} of {} have about more than {most} tokens", chats.len());
        session.out.fail("synthesize-length", format!("seed {SEED}"), got, "at most a tenth");
    }
    for (i, chat) in chats.iter().enumerate().filter(|(_, chat)| tokens(answer_of(chat).len()) > answer) {
        let got = format!("about {} tokens", tokens(answer_of(chat).len()));
        session.out.fail("synthesize-answer-length", format!("synthetic record {i}"), got, format!("at most {answer}"));
    }
}
