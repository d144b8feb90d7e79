//! A question that is not English, told by its script and by the commonest words of some languages.
//! Short questions and names prove nothing, so it says so only when nothing speaks for English.

use super::{Context, Found};

/// Words of English that few English questions do without.
const ENGLISH: [&str; 64] = [
    "the",
    "of",
    "and",
    "what",
    "which",
    "who",
    "how",
    "many",
    "list",
    "show",
    "find",
    "give",
    "are",
    "is",
    "in",
    "for",
    "with",
    "all",
    "name",
    "names",
    "number",
    "each",
    "from",
    "by",
    "to",
    "that",
    "have",
    "has",
    "was",
    "when",
    "where",
    "were",
    "did",
    "does",
    "do",
    "get",
    "return",
    "display",
    "count",
    "total",
    "average",
    "their",
    "there",
    "on",
    "at",
    "or",
    "an",
    "a",
    "be",
    "whose",
    "every",
    "most",
    "least",
    "update",
    "delete",
    "insert",
    "create",
    "calculate",
    "select",
    "table",
    "please",
    "not",
    "than",
    "between",
];

/// Words that other languages in Latin script are full of and English is not.
const OTHERS: [&str; 66] = [
    // German
    "der", "die", "das", "und", "wie", "viele", "welche", "ist", "sind", "nicht", "alle", "zeige", "für", "von", "mit",
    // French
    "les", "des", "une", "quel", "quels", "quelle", "quelles", "combien", "est", "sont", "dans", "avec", "pour", "qui",
    // Spanish
    "los", "las", "cuál", "cuáles", "cuántos", "cuántas", "qué", "el", "una", "por", "con", "para", "todos", "muestra",
    // Portuguese
    "quantos", "quantas", "quais", "dos", "uma", "são", "não", "os", // Italian
    "quanti", "quante", "quali", "gli", "che", "sono", "della", "elenca", "nome",
    // Dutch, Polish, Turkish
    "hoeveel", "welke", "zijn", "ile", "jest", "które",
];

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
    let count = |list: &[&str]| words.iter().filter(|word| list.contains(&word.as_str())).count();
    let others = count(&OTHERS);
    if others >= 3 && others > 2 * count(&ENGLISH) {
        return Found::new("the question reads like another language, expected English");
    }
    None
}
