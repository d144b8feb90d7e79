//! Questions that are not English, recognised by their script or by function words of another language. Names and
//! loanwords prove nothing, so a question is reported only if such words are many and English ones are rare.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use super::{Context, Found};

/// Languages written in Latin letters, by their ISO 639-1 code.
const LANGUAGES: &[(&str, &str)] = &[
    ("ca", "Catalan"),
    ("cs", "Czech"),
    ("da", "Danish"),
    ("de", "German"),
    ("es", "Spanish"),
    ("et", "Estonian"),
    ("fi", "Finnish"),
    ("fr", "French"),
    ("hr", "Croatian"),
    ("hu", "Hungarian"),
    ("id", "Indonesian"),
    ("it", "Italian"),
    ("lt", "Lithuanian"),
    ("lv", "Latvian"),
    ("nl", "Dutch"),
    ("no", "Norwegian"),
    ("pl", "Polish"),
    ("pt", "Portuguese"),
    ("ro", "Romanian"),
    ("sk", "Slovak"),
    ("sl", "Slovenian"),
    ("sv", "Swedish"),
    ("tr", "Turkish"),
    ("vi", "Vietnamese"),
];

/// The languages that a function word belongs to, as positions in [`LANGUAGES`]; words that English shares are left
/// out.
static FUNCTION_WORDS: LazyLock<HashMap<&str, Vec<usize>>> = LazyLock::new(|| {
    let mut words: HashMap<&str, Vec<usize>> = HashMap::new();
    for (language, (code, _)) in LANGUAGES.iter().enumerate() {
        for word in stop_words::get(code).iter().filter(|word| word.chars().count() > 1 && !ENGLISH.contains(*word)) {
            words.entry(word).or_default().push(language);
        }
    }
    words
});

/// Short words of English questions. The list of English stop words is of little use below four
/// letters: it holds the codes of countries and syllables of other languages.
const SHORT: &str = "a add age all an and any are as at be buy by can car cut day did do due end far few for get give go \
    got had has have her him his how i if in is it its job key law let low man map max may me men min mr mrs my new no \
    nor not now of off old on one or our out own pay per put ran row run sat saw say see set sex she six so sum sun ten \
    the tie to too top two up us use via war was way we who why win won yet you zip";

static ENGLISH: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    let long = stop_words::get("en").iter().copied().filter(|word| word.chars().count() > 3);
    long.chain(SHORT.split_whitespace()).collect()
});

/// Fewest words by which a language is recognised.
const WORDS: usize = 4;

pub(super) fn check(context: &Context<'_>) -> Option<Found> {
    of_question(context.question).and_then(Found::new)
}

/// Why a question is not English, if it is not.
pub(super) fn of_question(question: &str) -> Option<String> {
    let letters = question.chars().filter(|c| c.is_alphabetic()).count();
    // Beyond Latin with its accents: Greek, Cyrillic, Arabic, Hangul, Han …
    let others = question.chars().filter(|c| c.is_alphabetic() && *c >= '\u{370}').count();
    if letters > 0 && 2 * others > letters {
        return Some("the question is not in Latin script, expected English".to_owned());
    }
    let question = without_quotations(question);
    let words = question.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty());
    // Within a sentence, capitals begin names.
    let words = words.enumerate().filter(|(i, word)| *i == 0 || !word.starts_with(char::is_uppercase));
    let words: Vec<String> = words.map(|(_, word)| word.to_lowercase()).collect();
    if words.len() < WORDS {
        return None;
    }
    let mut seen = [0; LANGUAGES.len()];
    for language in words.iter().filter_map(|word| FUNCTION_WORDS.get(word.as_str())).flatten() {
        seen[*language] += 1;
    }
    // Of those with the most words, the first.
    let (language, most) = seen.iter().enumerate().rev().max_by_key(|(_, seen)| **seen)?;
    let (code, name) = LANGUAGES[language];
    // `in` and `a` are words of several languages, and indicate none.
    let shared = |word: &str| stop_words::get(code).contains(&word);
    let english = words.iter().filter(|word| ENGLISH.contains(word.as_str()) && !shared(word)).count();
    // One word in four is more than loanwords explain, and half as many English words are a frame around a long name.
    if *most < 2 || 4 * most < words.len() || 2 * english >= *most {
        return None;
    }
    let evidence = |word: &&String| FUNCTION_WORDS.get(word.as_str()).is_some_and(|of| of.contains(&language));
    words.iter().find(evidence).map(|word| format!("the question reads like {name} (`{word}`), expected English"))
}

/// The question without its quoted values, which may be in any language.
fn without_quotations(question: &str) -> String {
    let mut rest = question;
    let mut kept = String::new();
    while let Some(open) = rest.find(['\'', '"', '`']) {
        let (before, quotation) = rest.split_at(open);
        let (mark, inside) = quotation.split_at(1);
        kept.push_str(before);
        // An apostrophe follows a letter, and a closing quote is followed by none.
        let opens = !before.ends_with(char::is_alphanumeric);
        let close = inside.match_indices(mark).map(|(at, _)| at + 1);
        let close = close.into_iter().find(|at| !inside[*at..].starts_with(char::is_alphanumeric));
        rest = match close.filter(|_| opens) {
            Some(close) => &inside[close..],
            None => inside,
        };
        kept.push(' ');
    }
    kept + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use hive_tests::check_all;

    #[test]
    fn other_languages_are_told_by_their_script_or_their_words() {
        check_all(
            [
                ("¿Cuántos clientes hay en cada ciudad?", "Spanish"),
                ("Muestra el nombre de los empleados que ganan más de 5000", "Spanish"),
                ("Wie viele Bestellungen hat jeder Kunde im Jahr 2020 aufgegeben?", "German"),
                ("Zeige alle Namen der Mitarbeiter, die mehr als 5000 verdienen", "German"),
                ("Combien de clients ont passé une commande en 2020 ?", "French"),
                ("Quels sont les noms des employés qui gagnent plus de 5000 ?", "French"),
                ("Quanti clienti ci sono in ogni città?", "Italian"),
                ("Quantos pedidos foram feitos por cada cliente em 2020?", "Portuguese"),
                ("Hoeveel klanten hebben een bestelling geplaatst in 2020?", "Dutch"),
                ("Hur många kunder har gjort en beställning under 2020?", "Swedish"),
                ("Ilu klientów złożyło zamówienie w 2020 roku i kto to był?", "Polish"),
                ("Kolik zákazníků má více než pět objednávek v roce 2020?", "Czech"),
            ],
            |(question, language)| {
                let why = of_question(question).unwrap_or_else(|| panic!("{question} passes for English"));
                assert!(why.contains(language), "{question}: {why}");
            },
        );
        assert!(of_question("有多少客户下了订单").is_some_and(|why| why.contains("script")));
        assert!(of_question("Сколько клиентов в каждом городе?").is_some_and(|why| why.contains("script")));
    }

    #[test]
    fn english_with_foreign_names_is_english() {
        check_all(
            [
                "Rename client 'Les Trois Mousquetaires' to 'La Belle et la Bête'",
                "Average goals, La Liga, 2010, Real Madrid de Fútbol",
                "Which restaurants are called El Pollo de la Casa?",
                "Total sales Los Angeles San Francisco San José",
                "Name von Trapp family members",
                "Delete rows of Der Spiegel and Die Zeit",
                "Top five départements",
                "State el canal de las estrellas where mañana es para siempre is 7",
                "List all customers whose name is José",
            ],
            |question| {
                assert_eq!(of_question(question), None, "{question}");
            },
        );
    }
}
