//! Where and how an answer differs from the gold, and which of the manifest's checks that concerns. Both are in normal
//! form.

use hive_sdk::Finding;
use serde_json::Value;

use super::code;
use crate::dates;
use crate::schema::{Place, kind};

/// Most findings that are kept.
const MAX_FINDINGS: usize = 20;

/// Most characters of a value in a message.
const MAX_SHOWN: usize = 80;

/// A check of values of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Values that it applies to.
    seen: usize,
    /// Those that are wrong.
    wrong: usize,
}

impl Tally {
    fn count(&mut self, right: bool) {
        self.seen += 1;
        self.wrong += usize::from(!right);
    }

    /// Whether all are right; `None` if there are none.
    pub fn passed(self) -> Option<bool> {
        (self.seen > 0).then_some(self.wrong == 0)
    }
}

/// The differences.
#[derive(Debug, Default)]
pub struct Differences {
    /// Remarks with path, what was got and what was expected.
    pub findings: Vec<Finding>,
    /// Keys that the schema does not provide for.
    pub invented_keys: usize,
    /// Values where the schema lists the values.
    pub closed: Tally,
    /// Numbers.
    pub numbers: Tally,
    /// Dates and times.
    pub dates: Tally,
}

impl Differences {
    /// The differences of `answer` from `gold`.
    pub fn between(gold: &Value, answer: &Value, place: Option<&Place<'_>>) -> Self {
        let mut all = Self::default();
        all.walk(Some(gold), Some(answer), place, "");
        all
    }

    /// Compares two values at one place, of which one may be missing.
    fn walk(&mut self, gold: Option<&Value>, answer: Option<&Value>, place: Option<&Place<'_>>, at: &str) {
        self.tally(gold, answer, place, at);
        match (gold, answer) {
            (Some(Value::Object(_)) | None, Some(Value::Object(_))) | (Some(Value::Object(_)), None) => {
                let empty = serde_json::Map::new();
                let entries =
                    |value: Option<&Value>| value.and_then(Value::as_object).cloned().unwrap_or(empty.clone());
                let (gold_entries, answer_entries) = (entries(gold), entries(answer));
                for (key, value) in &gold_entries {
                    let place = place.map(|place| place.key(key));
                    self.child(Some(value), answer_entries.get(key), place.as_ref(), format!("{at}/{key}"), answer);
                }
                for (key, value) in answer_entries.iter().filter(|(key, _)| !gold_entries.contains_key(*key)) {
                    let at = format!("{at}/{key}");
                    if place.is_some_and(|place| !place.provides(key)) {
                        self.invented_keys += 1;
                        self.find(code::INVENTED_KEY, || {
                            format!("`{at}` is no key of the schema; got {}", shown(value))
                        });
                    } else if gold.is_some() {
                        self.find(code::NEEDLESS_KEY, || {
                            format!("at `{at}`: got {}, expected no such key", shown(value))
                        });
                    }
                    let place = place.map(|place| place.key(key));
                    self.walk(None, Some(value), place.as_ref(), &at);
                }
            }
            (Some(Value::Array(_)) | None, Some(Value::Array(_))) | (Some(Value::Array(_)), None) => {
                let items = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
                let (gold_items, answer_items) = (items(gold), items(answer));
                if gold.is_some() && answer.is_some() && gold_items.len() != answer_items.len() {
                    let (got, expected) = (answer_items.len(), gold_items.len());
                    self.find(code::WRONG_LENGTH, || format!("at `{at}`: got {got} items, expected {expected}"));
                }
                let tuple = place.map_or(0, Place::tuple_len);
                let others = place.map(|place| place.item(tuple));
                for index in 0..gold_items.len().max(answer_items.len()) {
                    let own = place.filter(|_| index < tuple).map(|place| place.item(index));
                    let place = own.as_ref().or(others.as_ref());
                    self.walk(gold_items.get(index), answer_items.get(index), place, &format!("{at}/{index}"));
                }
            }
            (Some(gold), Some(answer)) if gold != answer => {
                let path = if at.is_empty() { String::new() } else { format!("at `{at}`: ") };
                if std::mem::discriminant(gold) == std::mem::discriminant(answer) {
                    self.find(code::WRONG_VALUE, || format!("{path}got {}, expected {}", shown(answer), shown(gold)));
                } else {
                    let message = || {
                        format!(
                            "{path}got {} ({}), expected {} ({})",
                            shown(answer),
                            kind(answer),
                            shown(gold),
                            kind(gold)
                        )
                    };
                    self.find(code::WRONG_TYPE, message);
                    // What it should have had is missing.
                    if gold.is_object() || gold.is_array() {
                        self.walk(Some(gold), None, place, at);
                    }
                }
            }
            _ => {}
        }
    }

    /// A key of the gold.
    fn child(
        &mut self,
        gold: Option<&Value>,
        answer: Option<&Value>,
        place: Option<&Place<'_>>,
        at: String,
        parent: Option<&Value>,
    ) {
        if let (Some(gold), None, Some(_)) = (gold, answer, parent) {
            self.find(code::MISSING_KEY, || format!("at `{at}`: got nothing, expected {}", shown(gold)));
        }
        self.walk(gold, answer, place, &at);
    }

    /// Counts a value for the checks that apply to it.
    fn tally(&mut self, gold: Option<&Value>, answer: Option<&Value>, place: Option<&Place<'_>>, at: &str) {
        let equal = gold == answer;
        if gold.is_some_and(Value::is_number) {
            self.numbers.count(equal);
        } else if answer.is_some_and(Value::is_number) {
            self.numbers.count(false);
        }
        if is_date(gold, place) || is_date(answer, place) {
            self.dates.count(equal);
        }
        if let (Some(place), Some(answer)) = (place.filter(|place| place.is_closed()), answer) {
            let listed = place.named_values().any(|named| named == answer);
            self.closed.count(listed);
            if !listed {
                self.find(code::NOT_IN_ENUM, || format!("at `{at}`: the schema does not list {}", shown(answer)));
            }
        }
    }

    fn find(&mut self, code: &str, message: impl FnOnce() -> String) {
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push(Finding { code: code.to_owned(), message: message() });
        }
    }
}

/// Whether a value is a date or a time: the schema says so, or it is spelled `2024-03-09`.
fn is_date(value: Option<&Value>, place: Option<&Place<'_>>) -> bool {
    let Some(text) = value.and_then(Value::as_str) else { return false };
    let formats = ["date", "date-time", "time"];
    let says = place.is_some_and(|place| formats.iter().any(|format| place.has_format(format)));
    says || (text.len() == 10 && dates::whole(text).is_some_and(|date| date == text))
}

/// A value for a message.
fn shown(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= MAX_SHOWN {
        return format!("`{text}`");
    }
    format!("`{}…`", text.chars().take(MAX_SHOWN).collect::<String>())
}
