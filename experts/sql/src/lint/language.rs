//! A question that is not English, told by its script, and otherwise by a detector of languages. Short
//! questions and names prove nothing, so it says so only when the detector is sure and the commonest
//! words of English are absent.

use whatlang::{Lang, detect};

use super::{Context, Found};

/// Words that few English questions do without.
const ENGLISH: &str = "the of and what which who how many list show find give are is in for with all name names \
    number each from by to that have has was when where were did does do get return display count total average \
    their there on at or an a be whose every most least update delete insert create calculate select table please \
    not than between";

/// Fewest words from which a language is told.
const WORDS: usize = 4;

pub(super) fn check(context: &Context<'_>) -> Option<Found> {
    let question = context.question;
    let letters = question.chars().filter(|c| c.is_alphabetic()).count();
    // Beyond Latin with its accents: Greek, Cyrillic, Arabic, Hangul, Han …
    let foreign = question.chars().filter(|c| c.is_alphabetic() && *c >= '\u{370}').count();
    if letters > 0 && 2 * foreign > letters {
        return Found::new("the question is not in Latin script, expected English");
    }
    let words: Vec<String> =
        question.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect();
    let english = words.iter().filter(|word| ENGLISH.split(' ').any(|known| known == word.as_str())).count();
    // A fifth of the words is more than any other language borrows.
    if words.len() < WORDS || 5 * english >= words.len() {
        return None;
    }
    let marked = question.contains(['¿', '¡']);
    let found = detect(question).filter(|info| info.lang() != Lang::Eng && (info.is_reliable() || marked));
    found.and_then(|info| Found::new(format!("the question reads like {}, expected English", info.lang().eng_name())))
}
