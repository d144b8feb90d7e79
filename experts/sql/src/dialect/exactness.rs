//! Which changes keep a statement's meaning exactly, and which decide what it means where the record
//! does not say. A data set's owner may not want the second kind: the lint `interpreted` counts and can
//! reject them.

use super::changes::Change;

/// Changes that interpret, whatever the dialect.
const ALWAYS: [&str; 7] = [
    "duplicate-column",
    "duplicate-table",
    "foreign-key",
    "guessed-group-by",
    "key-prefix",
    "pipes-join-texts",
    "random",
];

/// Changes of form alone, which keep the meaning in any dialect. Where the dialect is a guess, all others decide what
/// was meant.
const FORM: [&str; 24] = [
    "auto-increment",
    "collation",
    "column-option",
    "column-type",
    "database-name",
    "dialect-by-mark",
    "dual",
    "dump-statement",
    "function",
    "index-hint",
    "index-in-table",
    "insert",
    "limit",
    "operator",
    "precedence",
    "primary-key",
    "quoted-name",
    "rollup",
    "select-option",
    "syntax",
    "table-option",
    "table-order",
    "unique-key",
    "unnamed-query",
];

/// The rules among the changes that interpret, each once.
pub(super) fn interpreting(changes: &[Change], certain: bool) -> Vec<&'static str> {
    let mut found: Vec<&'static str> = changes
        .iter()
        .map(|change| change.rule)
        .filter(|rule| ALWAYS.contains(rule) || (!certain && !FORM.contains(rule)))
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guess_interprets_and_a_form_does_not() {
        assert!(FORM.is_sorted() && ALWAYS.is_sorted());
        let change = |rule| Change { rule, what: String::new() };
        let changes = [change("quoted-name"), change("compared-as-text"), change("guessed-group-by")];
        assert_eq!(interpreting(&changes, true), ["guessed-group-by"]);
        assert_eq!(interpreting(&changes, false), ["compared-as-text", "guessed-group-by"]);
    }
}
