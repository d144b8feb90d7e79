//! Answers that are nearly right.

use hive_runtime::statistics::RIGHT;

use super::score;
use crate::codes::swapped;
use crate::collector::quoted;
use crate::sample::Gold;
use crate::session::Session;

/// Share of wrong answers that must not get the full score.
const CAUGHT: f64 = 0.95;

/// Grades every kind of wrong answer.
pub(super) fn run(golds: &[Gold], session: &mut Session<'_>) {
    let echo = golds.iter().filter_map(|gold| Some((gold, gold.chat.prompt().last()?.content.clone())));
    // Where the answer is the prompt itself, the echo is right.
    let echo: Vec<_> = echo.filter(|(gold, text)| text.trim() != gold.answer().trim()).collect();
    wrong("grade-echo", "the prompt as the answer", echo, session);
    wrong("grade-swapped", "another's gold", swapped(golds), session);
    let dropped = golds.iter().enumerate().filter_map(|(i, gold)| Some((gold, without_a_word(&gold.answer(), i)?)));
    wrong("grade-dropped", "the gold without a word", dropped.collect(), session);
    let twice = golds.iter().map(|gold| (gold, format!("{0}\n{0}", gold.answer())));
    wrong("grade-repeated", "the gold twice", twice.collect(), session);
    let chatter = golds.iter().map(|gold| (gold, format!("Sure, here is the answer you need:\n\n{}", gold.answer())));
    wrong("grade-chatter", "the gold behind a sentence", chatter.collect(), session);
    session.out.begin(&["grade-blanks"]);
    for gold in golds {
        let grade = score("grade-error", &gold.place, &gold.record, &format!("\n {} \n", gold.answer()), session);
        if let Some(grade) = grade.filter(|grade| grade.score < RIGHT) {
            session.out.fail("grade-blanks", &gold.place, format!("the gold between blanks gets {}", grade.score), "1");
        }
    }
}

/// The text without one of its words; `None` if it has only one.
fn without_a_word(text: &str, which: usize) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let dropped = which % words.len().max(1);
    (words.len() > 1).then(|| {
        words.iter().enumerate().filter(|(i, _)| *i != dropped).map(|(_, word)| *word).collect::<Vec<_>>().join(" ")
    })
}

/// A finding if more than a few of these answers get the full score.
fn wrong(code: &'static str, what: &str, answers: Vec<(&Gold, String)>, session: &mut Session<'_>) {
    if answers.is_empty() {
        return session.out.skip(&[code], "no answer of the sample can be changed so");
    }
    session.out.begin(&[code]);
    let total = answers.len();
    let mut right = Vec::new();
    for (gold, answer) in answers {
        let grade = score("grade-error", &format!("{}, {what}", gold.place), &gold.record, &answer, session);
        if grade.is_some_and(|grade| grade.score >= RIGHT) {
            right.push((gold, answer));
        }
    }
    if (right.len() as f64) <= (1.0 - CAUGHT) * total as f64 {
        return;
    }
    for (gold, answer) in &right {
        let got = format!("{what} gets 1: {} ({} of {total} do)", quoted(answer), right.len());
        session.out.fail(code, &gold.place, got, "less than 1");
    }
}
