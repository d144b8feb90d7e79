//! `set_f1`: the same items in any order.

use std::collections::BTreeMap;

use hive_sdk::text::TextStep;
use serde_json::Value;

use super::{Outcome, as_text, finding};
use crate::patterns::shown;

pub(super) fn outcome(separator: &str, steps: &[TextStep], right: &str, answer: &str) -> Outcome {
    let items = |text: &str| items(separator, steps, text);
    compared("item", &items(right), &items(answer))
}

fn items(separator: &str, steps: &[TextStep], text: &str) -> Vec<String> {
    let whole = TextStep::apply_all(steps, text);
    let items = match serde_json::from_str::<Vec<Value>>(&whole) {
        Ok(items) => items.iter().map(as_text).collect::<Vec<_>>(),
        // Steps that drop punctuation must not drop the separators.
        Err(_) => text.split(separator).map(str::to_owned).collect(),
    };
    let items = items.iter().map(|item| TextStep::apply_all(steps, item).trim().to_owned());
    items.filter(|item| !item.is_empty()).collect()
}

/// F1 over two bags of texts; 1 only when they are equal.
pub(super) fn compared(word: &str, right: &[String], got: &[String]) -> Outcome {
    let mut counts: BTreeMap<&str, i64> = BTreeMap::new();
    right.iter().for_each(|item| *counts.entry(item).or_default() += 1);
    got.iter().for_each(|item| *counts.entry(item).or_default() -= 1);
    let missing: i64 = counts.values().filter(|n| **n > 0).sum();
    let extra: i64 = -counts.values().filter(|n| **n < 0).sum::<i64>();
    if missing == 0 && extra == 0 {
        return Outcome::right();
    }
    let hits = right.len() as f64 - missing as f64;
    let findings = counts.iter().filter(|(_, n)| **n != 0).map(|(item, n)| match *n > 0 {
        true => finding("missing-item", format!("the {word} `{}` is missing", shown(item))),
        false => finding("extra-item", format!("the {word} `{}` is not in the right answer", shown(item))),
    });
    Outcome { score: 2.0 * hits / (right.len() + got.len()) as f64, findings: findings.collect() }
}
