//! Texts that are numbers, or begin with one. No syntax tree, no rows.

/// The number that a text begins with, as MySQL reads it; 0 where there is none.
pub(super) fn beginning(text: &str) -> f64 {
    let text = text.trim_start();
    let end =
        (1..=text.len()).rev().find(|end| text.get(..*end).is_some_and(|t| t.parse::<f64>().is_ok_and(f64::is_finite)));
    end.and_then(|end| text[..end].parse::<f64>().ok()).unwrap_or(0.0)
}

/// Whether the whole text is a number, as SQLite's numeric columns read it.
pub(super) fn is_number(text: &str) -> bool {
    let text = text.trim_matches(|c: char| c.is_ascii_whitespace());
    let plain = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'+' | b'-' | b'e' | b'E'));
    plain && text.parse::<f64>().is_ok()
}

/// A number as SQLite writes it into a column of texts.
pub(super) fn as_written(number: &str) -> String {
    match (number.parse::<i64>(), number.parse::<f64>()) {
        (Ok(whole), _) => whole.to_string(),
        (_, Ok(number)) => format!("{number:?}"),
        _ => number.to_owned(),
    }
}

pub(super) fn begins_with_number(text: &str) -> bool {
    text.trim_start().trim_start_matches(['-', '+', '.']).starts_with(|c: char| c.is_ascii_digit())
}
