//! Names in messages: what a mistyped one may have meant, and lists of those that are known.

/// The name in `known` closest to `word`, if one is close enough to be worth suggesting: about one
/// slip in three letters, case aside.
pub fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let word = word.to_lowercase();
    let slips = (word.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&word, &name.to_lowercase()), name))
        .filter(|(distance, _)| *distance <= slips)
        // `min_by_key` keeps the first of equals, so the answer follows the order of `known`.
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Names in backticks, comma separated; "none" when there are none.
pub fn listed<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let quoted: Vec<_> = names.into_iter().map(|n| format!("`{n}`")).collect();
    if quoted.is_empty() { "none".to_owned() } else { quoted.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_a_different_word_is_not() {
        let known = ["rank", "alpha", "dropout", "target_modules"];
        assert_eq!(nearest("rnak", known), Some("rank"));
        assert_eq!(nearest("Alpha", known), Some("alpha"));
        assert_eq!(nearest("targets_module", known), Some("target_modules"));
        assert_eq!(nearest("seed", known), None);
        assert_eq!(nearest("x", []), None);
    }
}
