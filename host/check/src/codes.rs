//! Small questions that several groups ask: whether a text is a code, and which golds swap their answers.

use crate::sample::Gold;

/// Whether a text has the form of a code: `no-text`.
pub(crate) fn is_code(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.len() <= 63
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c))
}

/// Each gold with the answer of another, if one has a different answer.
pub(crate) fn swapped(golds: &[Gold]) -> Vec<(&Gold, String)> {
    let n = golds.len();
    let other = |i: usize| {
        let own = golds[i].answer();
        (1..n).map(|step| golds[(i + step) % n].answer()).find(|answer| answer.trim() != own.trim())
    };
    (0..n).filter_map(|i| Some((&golds[i], other(i)?))).collect()
}
