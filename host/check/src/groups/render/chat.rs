//! The turns of a chat: their roles, their order, and the prompt that the manifest declares.

use hive_sdk::{Rendered, Role};

use crate::collector::quoted;
use crate::sample::{Gold, Sample};
use crate::session::Session;

/// Roles and blanks of one chat; whether nothing is wrong.
pub(super) fn turns(place: &str, chat: &Rendered, session: &mut Session<'_>) -> bool {
    let out = &mut *session.out;
    let mut sound = true;
    match chat.completion() {
        [] | [hive_sdk::Message { role: Role::Assistant, .. }] => {}
        turns => {
            let got = format!("{} turns, the first of role `{:?}`", turns.len(), turns[0].role);
            out.fail("render-one-turn", place, got.to_lowercase(), "one turn of the assistant");
            sound = false;
        }
    }
    if let Some(last) = chat.prompt().last()
        && last.role != Role::User
    {
        let got = format!("the prompt's last turn has the role `{:?}`", last.role).to_lowercase();
        out.fail("render-last-turn", place, got, "`user`");
        sound = false;
    }
    if let Some(turn) = chat.prompt().iter().position(|turn| turn.content.trim().is_empty()) {
        out.fail("render-blank-turn", place, format!("turn {turn} is blank"), "");
        sound = false;
    }
    sound
}

/// The order of turns, and the completion's own text.
pub(super) fn order(golds: &[Gold], session: &mut Session<'_>) {
    let field = session.field();
    session.out.begin(&["render-turn-order", "render-verbatim"]);
    for gold in golds {
        let roles: Vec<Role> = gold.chat.messages.iter().map(|turn| turn.role).collect();
        let talk: Vec<Role> = roles.iter().copied().skip_while(|role| *role == Role::System).collect();
        if talk.contains(&Role::System) || talk.windows(2).any(|pair| pair[0] == pair[1]) {
            let got = roles.iter().map(|role| format!("{role:?}").to_lowercase()).collect::<Vec<_>>().join(", ");
            session.out.fail("render-turn-order", &gold.place, got, "system first, then user and assistant in turn");
        }
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let text = gold.record.text(field).unwrap_or_default();
        if words(&gold.answer()) != words(text) {
            session.out.fail("render-verbatim", &gold.place, quoted(&gold.answer()), quoted(text));
        }
    }
}

/// The declared prompt.
pub(super) fn declared(sample: &Sample, session: &mut Session<'_>) {
    let manifest = session.manifest();
    if manifest.prompt.is_empty() {
        return session.out.skip(&["render-declared"], "the manifest declares no prompt");
    }
    session.out.begin(&["render-declared"]);
    for gold in &sample.golds {
        let Ok(turns) = manifest.prompt_of(&gold.record) else { continue };
        if turns != gold.chat.prompt() {
            let text = |turns: &[hive_sdk::Message]| turns.last().map(|t| quoted(&t.content)).unwrap_or_default();
            session.out.fail("render-declared", &gold.place, text(gold.chat.prompt()), text(&turns));
        }
    }
}
