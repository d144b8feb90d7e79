//! What a text says: its words, numbers, dates and times, to tell values that come from it from invented ones.

use std::collections::BTreeSet;

use serde_json::{Number, Value};

use crate::dates;
use crate::normal;
use crate::schema::Place;

const NUMERALS: [&str; 21] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
];

const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

/// A text, ready to be asked.
#[derive(Debug)]
pub struct Said {
    /// All words, with blanks around each.
    words: String,
    numbers: BTreeSet<String>,
    dates: BTreeSet<String>,
    times: BTreeSet<String>,
}

impl Said {
    /// What this text says.
    pub fn of(text: &str) -> Self {
        Self {
            words: folded(text),
            numbers: numbers(text),
            dates: dates::in_text(text).into_iter().collect(),
            times: dates::times_in_text(text).into_iter().collect(),
        }
    }

    /// Whether the text has these words in a row, or this date or time in any spelling.
    pub fn says(&self, value: &str) -> bool {
        let words = folded(value);
        if words.trim().is_empty() || self.words.contains(&words) {
            return true;
        }
        let (day, time) = value.split_once(['T', ' ']).unwrap_or((value, ""));
        if let Some(date) = dates::whole(value).or_else(|| dates::whole(day)) {
            let clock = dates::times_in_text(time);
            return self.dates.contains(&date) && clock.first().is_none_or(|clock| self.times.contains(clock));
        }
        let clock = value.len() <= 8 && value.contains(':');
        clock && dates::times_in_text(value).first().is_some_and(|clock| self.times.contains(clock))
    }

    /// Whether the text has this number, in any spelling.
    pub fn counts(&self, value: &Number) -> bool {
        self.numbers.contains(&normal::number(value).to_string())
    }
}

/// The places of strings and numbers that neither the text says nor the schema names, as JSON pointers with the value.
pub fn invented(said: &Said, place: &Place<'_>, value: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    collect(said, place, value, "", &mut found);
    found
}

fn collect(said: &Said, place: &Place<'_>, value: &Value, at: &str, found: &mut Vec<(String, String)>) {
    let named = || place.named_values().any(|named| named == value);
    match value {
        Value::String(text) if !said.says(text) && !named() => found.push((at.to_owned(), format!("`{text}`"))),
        Value::Number(number) if !said.counts(number) && !named() => found.push((at.to_owned(), number.to_string())),
        Value::Array(items) => {
            let tuple = place.tuple_len();
            let others = place.item(tuple);
            for (index, item) in items.iter().enumerate() {
                let own = (index < tuple).then(|| place.item(index));
                collect(said, own.as_ref().unwrap_or(&others), item, &format!("{at}/{index}"), found);
            }
        }
        Value::Object(entries) => {
            for (key, value) in entries {
                collect(said, &place.key(key), value, &format!("{at}/{key}"), found);
            }
        }
        _ => {}
    }
}

/// The words of a text in lower case, one blank around each.
fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push(' ');
    for c in text.chars().flat_map(char::to_lowercase) {
        if c.is_alphanumeric() {
            out.push(c);
        } else if !out.ends_with(' ') {
            out.push(' ');
        }
    }
    if !out.ends_with(' ') {
        out.push(' ');
    }
    out
}

/// The numbers of a text in normal form: digits with or without separators, and numerals up to ninety-nine, articles.
fn numbers(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut add = |spelling: &str| {
        let value = spelling.parse::<i64>().map(Number::from).ok();
        let value = value.or_else(|| spelling.parse().ok().and_then(Number::from_f64));
        if let Some(value) = value {
            found.insert(normal::number(&value).to_string());
        }
    };
    for word in text.split(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ',' | '-' | '\''))) {
        for sign in ["", "-"] {
            let word = word.trim_matches(['.', ',', '\'']);
            let digits = word.trim_start_matches('-');
            let signed = format!("{}{digits}", if word.starts_with('-') { "-" } else { sign });
            // A comma or a point may separate thousands or decimals: what is meant is not known, so both are said.
            add(&signed.replace([',', '\''], ""));
            add(&signed.replace(['.', '\''], "").replace(',', "."));
            add(&signed);
        }
        for part in word.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()) {
            add(part);
        }
    }
    // An article counts: `a kettle`.
    if text.split(|c: char| !c.is_alphabetic()).any(|word| matches!(word, "a" | "an" | "A" | "An")) {
        add("1");
    }
    // `forty-two` says 42, and 40 and 2 as well: which of them is meant is not known.
    let mut tens = 0;
    for word in text.split(|c: char| !c.is_alphabetic()).map(str::to_lowercase) {
        let units = NUMERALS.iter().position(|numeral| *numeral == word);
        if let Some(n) = units {
            add(&n.to_string());
            add(&(tens + n).to_string());
        }
        tens = TENS.iter().position(|numeral| *numeral == word).map_or(0, |at| 10 * at + 20);
        if tens > 0 {
            add(&tens.to_string());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use hive_tests::check_all;
    use serde_json::json;

    const TEXT: &str = "On 9 March 2024, at 3:30 pm, Zoë O'Neil paid $1,249.50 for a rug and three lamps of forty-one (-4 °C, 1.250,75).";

    #[test]
    fn what_the_text_says_is_not_invented() {
        let schema = json!({"properties": {"kind": {"enum": ["sale"]}}});
        let says = |value: &Value| invented(&Said::of(TEXT), &Place::root(&schema), value);
        check_all(
            [
                json!({"name": "Zoë O'Neil", "day": "2024-03-09", "at": "15:30", "kind": "sale"}),
                json!(["2024-03-09T15:30:00Z", "lamps", "", true, null]),
                json!([1249.5, 3, -4, 1250.75, 9, 2024, 41, 1]),
            ],
            |value| assert!(says(&value).is_empty(), "{value}: {:?}", says(&value)),
        );
        let got = says(&json!({"name": "Zoe", "n": [5], "kind": "gift", "day": "2024-03-10", "at": "15:31"}));
        let places: Vec<_> = got.iter().map(|(at, _)| at.as_str()).collect();
        assert_eq!(places, ["/name", "/n/0", "/kind", "/day", "/at"]);
    }
}
