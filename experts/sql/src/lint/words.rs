//! A statement that the parser does not read, by its words: its purpose and its constructs.

use std::collections::BTreeMap;

use crate::syntax::Dialect;
use crate::syntax::lexer::{self, Kind, Piece, Token};

/// The words of one statement.
pub struct Words<'t> {
    piece: Option<Piece<'t>>,
}

impl<'t> Words<'t> {
    /// Reads the first statement of a text.
    pub fn of(sql: &'t str) -> Self {
        Self { piece: lexer::statements(sql, Dialect::Postgres).next() }
    }

    /// Its tokens.
    pub fn tokens(&self) -> &[Token<'t>] {
        self.piece.as_ref().map_or(&[], |piece| &piece.tokens)
    }

    /// Its first word, in lower case; behind WITH, the first word of the statement itself.
    pub fn first(&self) -> String {
        let mut tokens = self.tokens().iter().skip_while(|token| token.is_symbol("("));
        let first = tokens.next().filter(|token| token.kind == Kind::Word);
        if !first.is_some_and(|first| first.is("with")) {
            return first.map(|first| first.text.to_ascii_lowercase()).unwrap_or_default();
        }
        let mut depth = 0;
        let main = tokens.find(|token| {
            match token.text {
                "(" => depth += 1,
                ")" => depth -= 1,
                _ => {}
            }
            depth == 0 && token.is_any(&["select", "values", "table", "insert", "update", "delete", "merge"])
        });
        main.map(|main| main.text.to_ascii_lowercase()).unwrap_or_default()
    }

    /// Whether it is a query.
    pub fn reads(&self) -> bool {
        matches!(self.first().as_str(), "select" | "values" | "table")
    }

    /// Whether it has this word outside of quotes.
    pub fn has(&self, word: &str) -> bool {
        self.tokens().iter().any(|token| token.is(word))
    }

    /// The message about a statement that changes more than some rows, if this one does.
    pub(super) fn destructive(&self) -> Option<&'static str> {
        match self.first().as_str() {
            "delete" if !self.has("where") && !self.has("using") => Some("`DELETE` without WHERE"),
            "update" if !self.has("where") && !self.has("from") => Some("`UPDATE` without WHERE"),
            "truncate" => Some("`TRUNCATE`"),
            "drop" => Some("`DROP`"),
            "alter" if self.tokens().get(1).is_some_and(|token| token.is("table")) => Some("`ALTER TABLE`"),
            _ => None,
        }
    }

    /// Why it is not an answer, if it is not.
    pub(super) fn not_an_answer(&self) -> Option<String> {
        let answers = [
            "select", "values", "table", "insert", "update", "delete", "merge", "truncate", "drop", "alter", "create",
            "refresh",
        ];
        let first = self.first();
        (!answers.contains(&first.as_str()))
            .then(|| format!("`{} …` neither reads nor changes data", first.to_uppercase()))
    }

    /// The text without comments, every word in lower case: the same for statements that differ in form alone.
    pub fn canonical(&self) -> String {
        let words = self.tokens().iter().map(|token| match token.kind {
            Kind::Word => token.text.to_lowercase(),
            _ => token.text.to_owned(),
        });
        words.collect::<Vec<_>>().join(" ")
    }
}

impl Words<'_> {
    /// The share of words that two statements have in common, each counted as often as both have it.
    pub fn overlap(&self, other: &Words<'_>) -> f64 {
        let counts = |words: &Words<'_>| {
            let mut counts: BTreeMap<String, usize> = BTreeMap::new();
            words.tokens().iter().for_each(|token| *counts.entry(token.text.to_lowercase()).or_default() += 1);
            counts
        };
        let (here, there) = (counts(self), counts(other));
        let common: usize = here.iter().map(|(word, n)| (*n).min(there.get(word).copied().unwrap_or(0))).sum();
        let all = self.tokens().len().max(other.tokens().len()).max(1);
        common as f64 / all as f64
    }

    /// Whether it changes rows, be it in a common table expression.
    pub fn changes(&self) -> bool {
        !self.reads() || self.tokens().iter().any(|token| token.is_any(&["insert", "update", "delete", "merge"]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hive_tests::check_all;

    #[test]
    fn words_tell_what_a_statement_is_for() {
        check_all(
            [
                ("SELECT 1", "select", true, false, true),
                ("((SELECT 1))", "select", true, false, true),
                ("WITH a AS (DELETE FROM t RETURNING id) SELECT id FROM a", "select", true, false, true),
                ("WITH a AS (SELECT 1) DELETE FROM t", "delete", false, true, true),
                ("DELETE FROM t WHERE id = 1", "delete", false, false, true),
                ("UPDATE t SET a = 'where'", "update", false, true, true),
                ("TRUNCATE t", "truncate", false, true, true),
                ("ALTER TABLE t ADD COLUMN a INT", "alter", false, true, true),
                ("VACUUM t", "vacuum", false, false, false),
                ("", "", false, false, false),
            ],
            |(sql, first, reads, destroys, answers)| {
                let words = Words::of(sql);
                let found =
                    (words.first(), words.reads(), words.destructive().is_some(), words.not_an_answer().is_none());
                assert_eq!(found, (first.to_owned(), reads, destroys, answers), "{sql}");
            },
        );
        let overlap = |a, b| Words::of(a).overlap(&Words::of(b));
        assert_eq!(
            (overlap("SELECT a", "select A"), overlap("SELECT a", "SELECT b"), overlap("", "")),
            (1.0, 0.5, 0.0)
        );
        assert_eq!(Words::of("SELECT /* a */ A FROM T -- b").canonical(), Words::of("select a\nfrom t").canonical());
    }
}
