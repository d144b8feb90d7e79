//! Records of a data set, before any work on it. Training looks at its own data with [`leaks`] and [`golds`] as well.

use hive_data::pipeline::{DedupOutcome, differing_turn, rendered_without_completion};
use hive_plugins::{BATCH, LoadedExpert};
use hive_runtime::statistics::RIGHT;
use hive_sdk::{GradeRequest, Record, Rendered, Verdict};

use crate::check::{Check, codes_of};
use crate::collector::Collector;
use crate::length::tokens;
use crate::likeness::{compared, distinct};
use crate::sample::{Sample, answer_of};
use crate::session::Session;
use crate::subject::{self, DataRecords, Named, Subject};

/// Number of records that are judged and graded.
const JUDGED: usize = 64;

/// Fewest records that are worth training on.
const FEW: usize = 20;

/// Share of unreadable rows, and of too long records, that is no fault.
const SOME: f64 = 0.1;

/// Share of rejected records, and of duplicates, that is no fault.
const MANY: f64 = 0.5;

/// The checks.
pub(crate) const CHECKS: &[Check] = &[
    Check::must(
        "data-read",
        "The data set can be read, and its columns are the expert's fields",
        "training stops before it begins",
    ),
    Check::should(
        "data-rows",
        "At least nine tenths of the rows can be read",
        "training has fewer records than the file has rows",
    ),
    Check::should("data-few", "There are at least 20 records", "the model learns them by heart, and nothing else"),
    Check::must(
        "data-leak",
        "The prompt does not depend on the completion",
        "the model is shown the answer in training and not in use, and learns to copy",
    ),
    Check::must("data-completion", "Every record has a completion that renders", "it teaches nothing and is rejected"),
    Check::must(
        "data-gold",
        "The grader gives the record's own completion the full score",
        "a model that answers like the data counts as wrong",
    ),
    Check::should(
        "data-rejected",
        "At most half of the records are rejected",
        "the expert and the data set do not fit together",
    ),
    Check::should(
        "data-duplicates",
        "At most half of the records are duplicates",
        "training has far fewer records than the file has rows",
    ),
    Check::should(
        "data-contradiction",
        "No two records have the same prompt and different completions",
        "the data gate drops one of them, perhaps the right one",
    ),
    Check::should(
        "data-suite",
        "No record has the prompt or the answer of an eval prompt",
        "the data gate drops it; what is left is close to it, and the eval prompts look easier than they are",
    ),
    Check::should(
        "data-length",
        "Nearly all records are shorter than the recipe's `max_seq_len`, at four bytes a token",
        "training drops what is longer",
    ),
    Check::should(
        "data-constant",
        "The records have different completions",
        "the model learns one answer to everything",
    ),
];

/// Reads the first records of the data set.
pub(crate) fn read(subject: &Subject<'_>, sample: &mut Sample, session: &mut Session<'_>) {
    let Some(set) = subject.data() else {
        return session.out.skip(&codes_of(CHECKS), "no data set was given");
    };
    session.out.begin(&["data-read"]);
    match subject::read(&set, &session.manifest().dataset) {
        Ok(data) if data.records.is_empty() && data.unreadable.is_empty() => {
            session.out.fail("data-read", &set.name, "it has no records", "some");
        }
        Ok(data) => sample.data = Some(data),
        Err(why) => session.out.fail("data-read", &set.name, why, ""),
    }
}

/// Looks at the records.
pub(crate) fn run(sample: &Sample, session: &mut Session<'_>) {
    let Some(data) = &sample.data else { return };
    if sample.only_asked {
        return session.out.skip(&codes_of(CHECKS), "without its plugin the expert can only be asked");
    }
    rows(data, session.out);
    let chats = if sample.is_of_data() {
        let why = "the records are the sample of the other groups";
        session.out.skip(&["data-leak", "data-completion", "data-gold"], why);
        sample.golds.iter().map(|gold| ((gold.place.clone(), gold.record.clone()), gold.chat.clone())).collect()
    } else {
        rendered(session.expert, &data.records, session.out)
    };
    let sound: Vec<Named> = chats.iter().take(JUDGED).map(|(named, _)| named.clone()).collect();
    if !session.expert.grades() {
        session.out.skip(&["data-gold"], "the expert grades nothing");
    } else if !sample.is_of_data() {
        session.out.begin(&["data-gold"]);
        golds(session.expert, &sound, session.out);
    }
    let records: Vec<Record> = chats.iter().map(|((_, record), _)| record.clone()).collect();
    judged(&sound, session);
    alike(&data.name, &records, sample, session);
    let most = session.manifest().recipe.training.max_seq_len;
    session.out.begin(&["data-length", "data-constant"]);
    let length = |chat: &Rendered| tokens(chat.messages.iter().map(|turn| turn.content.len()).sum());
    let long = chats.iter().filter(|(_, chat)| length(chat) > most).count();
    if long as f64 > SOME * chats.len() as f64 {
        let got = format!("{long} of {} have about more than {most} tokens", chats.len());
        session.out.fail("data-length", &data.name, got, "at most a tenth");
    }
    if records.len() > 1 && distinct(session.field(), &records).0 < 2 {
        let got = format!("all {} completions are the same", records.len());
        session.out.fail("data-constant", &data.name, got, "");
    }
}

fn rows(data: &DataRecords, out: &mut Collector) {
    out.begin(&["data-rows", "data-few"]);
    let total = data.records.len() + data.unreadable.len();
    if data.unreadable.len() as f64 > SOME * total as f64 {
        for (place, why) in &data.unreadable {
            out.fail("data-rows", place, why, "");
        }
    } else if total < FEW {
        out.fail("data-few", &data.name, format!("{total} records"), format!("at least {FEW}"));
    }
}

/// Renders the records; those without a completion, or with one in their prompt, are findings and left out.
fn rendered(expert: &LoadedExpert, records: &[Named], out: &mut Collector) -> Vec<(Named, Rendered)> {
    out.begin(&["data-leak", "data-completion"]);
    let leaking = leaks(expert, records, out);
    let mut chats = Vec::new();
    for (i, named) in records.iter().enumerate().filter(|(i, _)| !leaking.contains(i)) {
        match expert.render_one(&named.1) {
            Ok(chat) if answer_of(&chat).trim().is_empty() => {
                out.fail("data-completion", &records[i].0, "`render` gives no completion of it", "");
            }
            Ok(chat) => chats.push((named.clone(), chat)),
            Err(error) => out.fail("data-completion", &records[i].0, error.to_string(), ""),
        }
    }
    chats
}

/// Looks for prompts that depend on the completion, in records that need not be sound: what cannot be rendered is passed
/// over. The indices of records that leak.
pub(crate) fn leaks(expert: &LoadedExpert, records: &[Named], out: &mut Collector) -> Vec<usize> {
    let field = expert.manifest().completion_field().unwrap_or_default();
    let answered = records.iter().enumerate().filter(|(_, (_, record))| record.text(field).is_some());
    let (places, plain): (Vec<usize>, Vec<Record>) = answered.map(|(i, (_, record))| (i, record.clone())).unzip();
    let mut leaking = Vec::new();
    for ((i, record), other) in places.into_iter().zip(&plain).zip(rendered_without_completion(expert, &plain)) {
        let (Ok(chat), Some(other)) = (expert.render_one(record), other) else { continue };
        if leak(expert, &records[i].0, &chat, &other, out) {
            leaking.push(i);
        }
    }
    leaking
}

/// Compares a chat with one whose completion is another; whether its prompt depends on it.
pub(crate) fn leak(expert: &LoadedExpert, place: &str, chat: &Rendered, other: &Rendered, out: &mut Collector) -> bool {
    let Some(turn) = differing_turn(chat, other) else { return false };
    let field = expert.manifest().completion_field().unwrap_or_default();
    let got = format!(
        "the prompt depends on the answer (turn {turn} differs when the answer does), so the model would be shown it"
    );
    out.fail("data-leak", format!("{place}, field `{field}`"), got, "");
    true
}

/// Looks for records whose own completion does not always get the full score; for none if the expert does not grade.
pub(crate) fn golds(expert: &LoadedExpert, records: &[Named], out: &mut Collector) {
    if !expert.grades() {
        return;
    }
    let field = expert.manifest().completion_field().unwrap_or_default();
    for some in records.chunks(BATCH) {
        let plain: Vec<Record> = some.iter().map(|(_, record)| record.clone()).collect();
        let Ok(chats) = expert.render(&plain) else { continue };
        let request =
            |(chat, prompt): (&Rendered, &Record)| GradeRequest { prompt: prompt.clone(), completion: answer_of(chat) };
        let requests: Vec<GradeRequest> = chats.iter().zip(&plain).map(request).collect();
        let twice = [expert.grade(&requests), expert.grade(&requests)];
        for (i, (place, _)) in some.iter().enumerate() {
            let here = format!("{place}, field `{field}`");
            // Grade each alone where the batch has failed, to find the one at fault.
            let score = |all: &Result<Vec<hive_sdk::Grade>, _>| match all {
                Ok(grades) => Ok(grades[i].score),
                Err(_) => expert.grade(&requests[i..=i]).map(|grades| grades.first().map_or(0.0, |grade| grade.score)),
            };
            match (score(&twice[0]), score(&twice[1])) {
                (Err(error), _) | (_, Err(error)) => out.fail("data-gold", here, crate::session::why(error), ""),
                (Ok(a), Ok(b)) if a != b => {
                    out.fail("data-gold", here, format!("`grade` gives the same answer {a} and then {b}"), "");
                }
                (Ok(score), Ok(_)) if score < RIGHT => {
                    out.fail("data-gold", here, format!("`grade` gives the record's own answer {score}"), "1");
                }
                _ => {}
            }
        }
    }
}

fn judged(records: &[Named], session: &mut Session<'_>) {
    session.out.begin(&["data-rejected"]);
    let mut rejected = Vec::new();
    for (place, record) in records {
        let verdict = session.attempt("validate", place, |e| e.validate(std::slice::from_ref(record)));
        if let Some(Ok(verdicts)) = verdict
            && let Some(Verdict::Reject { code, why, .. }) = verdicts.into_iter().next()
        {
            rejected.push((place, format!("rejected, {code}: {why}")));
        }
    }
    if rejected.len() as f64 > MANY * records.len() as f64 {
        for (place, got) in rejected {
            session.out.fail("data-rejected", place, got, "");
        }
    }
}

fn alike(name: &str, records: &[Record], sample: &Sample, session: &mut Session<'_>) {
    session.out.begin(&["data-duplicates", "data-contradiction", "data-suite"]);
    let found = compared(session.manifest(), &sample.prompts, records, |_| Verdict::accept());
    let count = |outcome: DedupOutcome| found.get(&outcome).map_or(0, Vec::len);
    let out = &mut *session.out;
    let duplicates = count(DedupOutcome::Duplicate);
    if duplicates as f64 > MANY * records.len() as f64 {
        let got = format!("{duplicates} of the first {} are duplicates", records.len());
        out.fail("data-duplicates", name, got, "at most half");
    }
    let other = count(DedupOutcome::SamePrompt);
    if other > 0 {
        let got = format!("{other} of the first {} have the prompt of an earlier record", records.len());
        out.fail("data-contradiction", name, got, "none with another completion");
    }
    let leaks = count(DedupOutcome::EvalPrompt);
    if leaks > 0 {
        let got = format!("{leaks} of the first {} have the prompt or the answer of an eval prompt", records.len());
        out.fail("data-suite", name, got, "none");
    }
}
