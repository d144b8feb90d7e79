//! Records as chats: what the model is shown, and what it learns.

mod chat;
mod fields;

use hive_data::pipeline::{differing_turn, with_another_completion};
use hive_sdk::{Record, Rendered};
use serde_json::json;

use crate::check::{Check, codes_of};
use crate::odd::{HUGE, odd_records};
use crate::sample::{Gold, Sample, answer_of};
use crate::session::Session;

/// Number of records that are looked at from every side.
const CLOSELY: usize = 12;

/// The checks.
pub(crate) const CHECKS: &[Check] = &[
    Check::must("render-error", "Every sound record renders", "training and evaluation stop at it").quick(),
    Check::must("render-turns", "A chat has turns", "there is nothing to show the model").quick(),
    Check::must(
        "render-start",
        "`completion_start` is at most the number of turns",
        "hive cannot tell what is learned",
    )
    .quick(),
    Check::must(
        "render-prompt-alone",
        "A record without its completion renders",
        "the expert can be trained, and never be asked",
    )
    .quick(),
    Check::must(
        "render-leak",
        "The prompt does not depend on the completion",
        "the model is shown the answer in training and not in use, and learns to copy",
    )
    .quick(),
    Check::must(
        "render-completion",
        "A record with a completion has a turn to learn, which is not blank",
        "nothing is learned from it",
    )
    .quick(),
    Check::must(
        "render-invented",
        "A record without its completion has no turn to learn",
        "in use the prompt would end with an answer that nobody gave",
    )
    .quick(),
    Check::must(
        "render-fixed",
        "The turn to learn changes when the completion does",
        "the model learns one answer to everything",
    )
    .quick(),
    Check::must(
        "render-one-turn",
        "The completion is one turn, of the assistant",
        "what follows its first turn is never generated, and a turn of another role never answered",
    )
    .quick(),
    Check::should(
        "render-verbatim",
        "The turn to learn has the completion's text",
        "the model learns other answers than those that the data holds",
    ),
    Check::must(
        "render-last-turn",
        "The prompt ends with a turn of the user",
        "chat templates answer the user; some refuse anything else",
    )
    .quick(),
    Check::should(
        "render-turn-order",
        "System turns come first, and user and assistant take turns",
        "chat templates refuse other orders, or render them in a way that the base was not trained on",
    ),
    Check::should("render-blank-turn", "No turn of the prompt is blank", "the model is shown an empty turn").quick(),
    Check::must(
        "render-twice",
        "The same record renders to the same chat, again and in a batch",
        "prompts in use differ from those in training, and no run can be repeated",
    )
    .quick(),
    Check::should(
        "render-every-field",
        "The prompt changes with every required field",
        "the model is not shown what the answer depends on, and guesses",
    ),
    Check::must(
        "render-optional",
        "A record without optional fields renders",
        "records that omit what may be omitted are rejected",
    ),
    Check::must(
        "render-undeclared",
        "A field that the manifest does not declare changes nothing",
        "the prompt depends on something that users cannot give",
    ),
    Check::should(
        "render-required",
        "A record without a required field is refused",
        "the model is asked about nothing, and answers",
    ),
    Check::must(
        "render-declared",
        "The prompt is the one that the manifest declares",
        "where the plugin is not installed, the model is prompted otherwise than it was trained",
    ),
    Check::must(
        "render-odd",
        "Odd records get a chat or an error: blank, cut off, wrong types, any Unicode",
        "one odd record of a data set ends the process",
    ),
    Check::must(
        "render-large",
        "A record of a megabyte gets a chat or an error within the time limit",
        "one large record of a data set stops the work",
    ),
];

/// Renders the records; those without a finding become the golds of `sample`.
pub(crate) fn run(sample: &mut Sample, session: &mut Session<'_>) {
    let named = sample.named(session.out.is_full());
    if named.is_empty() {
        let codes = codes_of(CHECKS);
        return session.out.skip(&codes, "there are no eval prompts and no synthetic records");
    }
    if session.declared && only_asked(&named[0], session) {
        sample.only_asked = true;
        let codes = codes_of(CHECKS);
        return session.out.skip(&codes, "without its plugin the expert renders no completions: it can only be asked");
    }
    session.out.begin(&[
        "render-error",
        "render-turns",
        "render-start",
        "render-prompt-alone",
        "render-leak",
        "render-completion",
        "render-invented",
        "render-fixed",
        "render-one-turn",
        "render-last-turn",
        "render-blank-turn",
        "render-twice",
    ]);
    for (place, record) in named {
        if let Some(chat) = one(&place, &record, session) {
            sample.golds.push(Gold { place, record, chat });
        }
    }
    again(sample, session);
    if !session.out.is_full() {
        return;
    }
    chat::declared(sample, session);
    let closely: Vec<Gold> = crate::sample::spread(&sample.golds, CLOSELY).cloned().collect();
    chat::order(&closely, session);
    fields::run(&closely, session);
    odd(&closely, session);
}

/// Whether an expert without code renders a prompt and leaves out the completion.
fn only_asked((place, record): &(String, Record), session: &mut Session<'_>) -> bool {
    let chat = session.attempt("render", place, |e| e.render_one(record)).and_then(Result::ok);
    chat.is_some_and(|chat| chat.completion().is_empty())
}

/// One record; its chat if nothing is wrong with it.
fn one(place: &str, record: &Record, session: &mut Session<'_>) -> Option<Rendered> {
    let field = session.field();
    let chat = session.call("render", place, "render-error", |e| e.render_one(record))?;
    let here = format!("{place}, field `{field}`");
    if record.text(field).is_some() && answer_of(&chat).trim().is_empty() {
        session.out.fail("render-completion", here, "it holds an answer, and `render` gives no completion", "");
        return None;
    }
    let place_without = format!("{place}, without the field `{field}`");
    let alone =
        session.call("render", &place_without, "render-prompt-alone", |e| e.render_one(&record.without(field)))?;
    let mut sound = true;
    let another = with_another_completion(record, field);
    let changed = session.attempt("render", place, |e| e.render_one(&another)).and_then(Result::ok);
    if let Some(turn) = [Some(&alone), changed.as_ref()].into_iter().flatten().find_map(|o| differing_turn(&chat, o)) {
        let got = format!(
            "the prompt depends on the answer (turn {turn} differs when the answer does), so the model would be shown it"
        );
        session.out.fail("render-leak", here.clone(), got, "");
        return None;
    }
    if !alone.completion().is_empty() {
        session.out.fail("render-invented", place_without, "`render` gives a completion", "none");
        sound = false;
    }
    if changed.is_some_and(|changed| changed.completion() == chat.completion()) {
        session.out.fail("render-fixed", here.clone(), "another answer renders to the same completion", "");
        sound = false;
    }
    sound &= chat::turns(&here, &chat, session);
    sound.then_some(chat)
}

/// The same records in one batch: a second time, and beside others.
fn again(sample: &Sample, session: &mut Session<'_>) {
    let records: Vec<Record> = sample.golds.iter().map(|gold| gold.record.clone()).collect();
    let Some(chats) = session.call("render", "all records in one batch", "render-twice", |e| e.render(&records)) else {
        return;
    };
    for (gold, chat) in sample.golds.iter().zip(chats) {
        if chat != gold.chat {
            let (a, b) = (json!(gold.chat.messages).to_string(), json!(chat.messages).to_string());
            let got = format!("{} and then {}", crate::collector::quoted(&a), crate::collector::quoted(&b));
            session.out.fail("render-twice", &gold.place, got, "the same chat");
        }
    }
}

fn odd(golds: &[Gold], session: &mut Session<'_>) {
    let Some(gold) = golds.first() else { return };
    session.out.begin(&["render-odd", "render-large"]);
    for (what, record) in odd_records(&gold.record) {
        let code = if what == HUGE { "render-large" } else { "render-odd" };
        session.odd("render", &format!("{}, {what}", gold.place), code, |e| e.render_one(&record));
    }
}
