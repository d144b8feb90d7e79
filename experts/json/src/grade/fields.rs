//! How many fields two values have in common. A field is a path to a value without parts: a scalar, an empty array or
//! an empty object. Items of arrays are paired where most of their fields agree, in their order.

use serde_json::Value;

/// Longest arrays whose items are paired; longer ones are compared item by item.
const MAX_PAIRED: usize = 24;

/// Arrays within arrays whose items are paired.
const MAX_NESTED: usize = 2;

/// F1 of the fields of `answer` against those of `gold`, from 0 to 1.
pub fn f1(gold: &Value, answer: &Value) -> f64 {
    let all = count(gold) + count(answer);
    2.0 * shared(gold, answer, 0) as f64 / all as f64
}

/// The number of fields, at least one.
fn count(value: &Value) -> usize {
    let parts: usize = match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(entries) => entries.values().map(count).sum(),
        _ => 1,
    };
    parts.max(1)
}

/// The number of fields of both, equal in path, type and value. `nested`: arrays around.
fn shared(gold: &Value, answer: &Value, nested: usize) -> usize {
    match (gold, answer) {
        (Value::Object(gold), Value::Object(answer)) if !gold.is_empty() => {
            gold.iter().filter_map(|(key, value)| Some(shared(value, answer.get(key)?, nested))).sum()
        }
        (Value::Array(gold), Value::Array(answer)) if !gold.is_empty() => {
            let pairs = nested < MAX_NESTED && gold.len().max(answer.len()) <= MAX_PAIRED;
            if pairs { paired(gold, answer, nested + 1) } else { in_turn(gold, answer, nested + 1) }
        }
        _ => usize::from(gold == answer),
    }
}

fn in_turn(gold: &[Value], answer: &[Value], nested: usize) -> usize {
    gold.iter().zip(answer).map(|(gold, answer)| shared(gold, answer, nested)).sum()
}

/// The most fields that any pairing in order gives (the recurrence of the longest common subsequence).
fn paired(gold: &[Value], answer: &[Value], nested: usize) -> usize {
    let mut best = vec![0; answer.len() + 1];
    for gold in gold {
        let mut row = vec![0; answer.len() + 1];
        for (at, answer) in answer.iter().enumerate() {
            row[at + 1] = (best[at] + shared(gold, answer, nested)).max(best[at + 1]).max(row[at]);
        }
        best = row;
    }
    best.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hive_tests::check_all;
    use serde_json::json;

    #[test]
    fn fields_are_typed_paths() {
        check_all(
            [
                (json!({"a": 1, "b": 2}), json!({"a": 1, "b": 3}), 0.5),
                (json!({"a": 1}), json!({"a": "1"}), 0.0),
                (json!({"a": 1, "b": 2}), json!({"a": 1}), 2.0 / 3.0),
                (json!({"a": 1}), json!({"a": 1, "b": 2, "c": 3}), 0.5),
                (json!(["a", "b", "c"]), json!(["b", "c"]), 0.8),
                (json!([{"n": "x", "q": 1}, {"n": "y", "q": 2}]), json!([{"n": "y", "q": 2}]), 2.0 / 3.0),
                (json!({"a": {}}), json!({"a": {}}), 1.0),
                (json!({"a": []}), json!({}), 0.0),
                (json!(null), json!(null), 1.0),
                (json!(null), json!(false), 0.0),
            ],
            |(gold, answer, expected)| {
                let got = f1(&gold, &answer);
                assert!((got - expected).abs() < 1e-12, "{gold} {answer}: {got}");
            },
        );
    }

    #[test]
    fn arrays_in_arrays_end() {
        let mut deep = json!([1, 2, 3, 4]);
        for _ in 0..4 {
            deep = json!(vec![deep; 8]);
        }
        assert!((f1(&deep, &deep) - 1.0).abs() < 1e-12);
    }
}
