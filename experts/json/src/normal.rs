//! The normal form of a value, in which two values that say the same are equal: keys in any order, `1.0` and `1`,
//! strings without blanks at their ends, and dates and times in ISO 8601 where the schema says that there is one.

use serde_json::{Number, Value};

use crate::dates;
use crate::schema::Place;

/// Whole numbers up to this size are exact as `f64`.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The normal form of `value` at this place; without a schema the place is `None`.
pub fn normal(value: &Value, place: Option<&Place<'_>>) -> Value {
    match value {
        Value::Null | Value::Bool(_) => value.clone(),
        Value::Number(n) => Value::Number(number(n)),
        Value::String(text) => Value::String(string(text, place)),
        Value::Array(items) => {
            let tuple = place.map_or(0, Place::tuple_len);
            let others = place.map(|place| place.item(tuple));
            let item = |(index, item): (usize, &Value)| match place {
                Some(place) if index < tuple => normal(item, Some(&place.item(index))),
                _ => normal(item, others.as_ref()),
            };
            Value::Array(items.iter().enumerate().map(item).collect())
        }
        Value::Object(entries) => {
            let entry = |(key, value): (&String, &Value)| {
                (key.clone(), normal(value, place.map(|place| place.key(key)).as_ref()))
            };
            Value::Object(entries.iter().map(entry).collect())
        }
    }
}

/// A whole number as an integer, whatever its spelling.
pub fn number(number: &Number) -> Number {
    match number.as_f64() {
        Some(float) if !number.is_i64() && !number.is_u64() && float.fract() == 0.0 && float.abs() <= EXACT => {
            Number::from(float as i64)
        }
        _ => number.clone(),
    }
}

fn string(text: &str, place: Option<&Place<'_>>) -> String {
    let text = text.trim();
    let says = |format: &str| place.is_some_and(|place| place.has_format(format));
    let normal = if says("date") {
        dates::whole(text)
    } else if says("date-time") {
        moment(text)
    } else if says("time") {
        time(text)
    } else {
        None
    };
    normal.unwrap_or_else(|| text.to_owned())
}

/// `2024-03-09 8:05z` → `2024-03-09T08:05:00Z`.
fn moment(text: &str) -> Option<String> {
    let (date, clock) = text.split_once(['T', 't', ' '])?;
    Some(format!("{}T{}", dates::whole(date)?, time(clock.trim())?))
}

/// A time with seconds, without a fraction of zeros, with `Z` for UTC.
fn time(text: &str) -> Option<String> {
    let zone_at = text.find(['Z', 'z', '+', '-']).unwrap_or(text.len());
    let (clock, zone) = text.split_at(zone_at);
    let zone = match zone {
        "z" | "+00:00" | "-00:00" => "Z",
        other => other,
    };
    let (clock, fraction) = clock.trim().split_once('.').unwrap_or((clock.trim(), ""));
    let fraction = fraction.trim_end_matches('0');
    let parts: Vec<u32> = clock.split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let (hour, minute, second) = match parts[..] {
        [hour, minute] => (hour, minute, 0),
        [hour, minute, second] => (hour, minute, second),
        _ => return None,
    };
    let point = if fraction.is_empty() { "" } else { "." };
    Some(format!("{hour:02}:{minute:02}:{second:02}{point}{fraction}{zone}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hive_tests::check_all;
    use serde_json::json;

    #[test]
    fn values_that_say_the_same_are_equal() {
        let schema = json!({"properties": {
            "d": {"type": "string", "format": "date"}, "m": {"format": "date-time"}, "t": {"format": "time"}
        }});
        let place = Place::root(&schema);
        let equal = |a: &Value, b: &Value| normal(a, Some(&place)) == normal(b, Some(&place));
        check_all(
            [
                (json!({"a": 1, "b": 2}), json!({"b": 2.0, "a": 1})),
                (json!([1e2, " x "]), json!([100, "x"])),
                (json!({"d": "9 March 2024"}), json!({"d": "2024-03-09"})),
                (json!({"m": "2024-03-09 8:05z"}), json!({"m": "2024-03-09T08:05:00.000+00:00"})),
                (json!({"t": "08:05:00Z"}), json!({"t": "08:05Z"})),
                (json!(-0.0), json!(0)),
            ],
            |(a, b)| assert!(equal(&a, &b), "{a} and {b}"),
        );
        check_all(
            [
                (json!({"a": "9 March 2024"}), json!({"a": "2024-03-09"})),
                (json!({"a": null}), json!({})),
                (json!([1, 2]), json!([2, 1])),
                (json!(1), json!("1")),
                (json!(0.1), json!(0.2)),
                (json!({"d": "03/04/2024"}), json!({"d": "2024-04-03"})),
                (json!(9_007_199_254_740_993_u64), json!(9_007_199_254_740_992_u64)),
                (json!("X"), json!("x")),
            ],
            |(a, b)| assert!(!equal(&a, &b), "{a} and {b}"),
        );
    }
}
