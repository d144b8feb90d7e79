//! Names in messages: suggestions for a mistyped name, and lists of known names.

/// The name in `known` closest to `word`, if it is close enough to be a useful suggestion: about one typing error in
/// three letters, ignoring case.
pub fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let word = word.to_lowercase();
    let max_errors = (word.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&word, &name.to_lowercase()), name))
        .filter(|(distance, _)| *distance <= max_errors)
        // `min_by_key` keeps the first of equals, so that ties follow the order of `known`.
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Names in backticks, separated by commas; "none" if there are none.
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
