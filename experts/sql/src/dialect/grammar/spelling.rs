//! Words of MySQL and SQLite that the parser does not read and that need no tree of their own: they
//! are taken away or said otherwise among the tokens, before anything is parsed.

use sqlparser::dialect::SQLiteDialect;
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer, Whitespace};

use crate::syntax::Dialect;

/// The tokens of a script as the parser reads them.
pub(super) fn readable(tokens: Vec<TokenWithSpan>, dialect: Dialect) -> Vec<TokenWithSpan> {
    let mut tokens: Vec<TokenWithSpan> = match dialect {
        Dialect::Postgres => return tokens,
        // What is left of a comment that counts is read as it stands.
        _ => tokens.into_iter().filter(|t| !is_blank(&t.token)).collect(),
    };
    let mut at = 0;
    while at < tokens.len() {
        if dialect == Dialect::MySql {
            mysql(&mut tokens, at)
        } else {
            sqlite(&mut tokens, at)
        }
        at += 1;
    }
    tokens
}

/// Blanks and comments, but for hints, which the parser wants to see.
fn is_blank(token: &Token) -> bool {
    match token {
        Token::Whitespace(Whitespace::MultiLineComment(text)) => !text.starts_with('+'),
        Token::Whitespace(_) => true,
        _ => false,
    }
}

fn is_word(tokens: &[TokenWithSpan], at: usize, word: &str) -> bool {
    matches!(tokens.get(at).map(|t| &t.token), Some(Token::Word(found))
        if found.quote_style.is_none() && found.value.eq_ignore_ascii_case(word))
}

fn are_words(tokens: &[TokenWithSpan], at: usize, words: &[&str]) -> bool {
    words.iter().enumerate().all(|(n, word)| is_word(tokens, at + n, word))
}

/// Whether a statement begins here.
fn begins(tokens: &[TokenWithSpan], at: usize) -> bool {
    at == 0 || matches!(tokens[at - 1].token, Token::SemiColon | Token::RParen)
}

fn keyword(word: &str) -> TokenWithSpan {
    TokenWithSpan::wrap(Token::make_keyword(word))
}

fn mysql(tokens: &mut Vec<TokenWithSpan>, at: usize) {
    if is_word(tokens, at, "update") && begins(tokens, at) {
        if is_word(tokens, at + 1, "low_priority") {
            tokens.remove(at + 1);
        }
        // As SQLite says it.
        if is_word(tokens, at + 1, "ignore") {
            tokens.insert(at + 1, keyword("OR"));
        }
        listed_tables(tokens, at + 1);
    }
    // `DELETE a.* FROM …`.
    if is_word(tokens, at, "delete") && begins(tokens, at) {
        let mut next = at + 1;
        while next + 1 < tokens.len() && !is_word(tokens, next, "from") && tokens[next].token != Token::SemiColon {
            if tokens[next].token == Token::Period && tokens[next + 1].token == Token::Mul {
                tokens.drain(next..next + 2);
            }
            next += 1;
        }
    }
    if are_words(tokens, at, &["lock", "in", "share", "mode"]) {
        tokens.drain(at..at + 4);
    }
}

/// `UPDATE a, b SET …` is a join of both.
fn listed_tables(tokens: &mut Vec<TokenWithSpan>, from: usize) {
    let mut depth = 0usize;
    let mut at = from;
    while let Some(token) = tokens.get(at) {
        match &token.token {
            Token::LParen => depth += 1,
            Token::RParen => depth = depth.saturating_sub(1),
            Token::SemiColon => return,
            Token::Comma if depth == 0 => {
                tokens.splice(at..=at, [keyword("CROSS"), keyword("JOIN")]);
            }
            _ if depth == 0 && is_word(tokens, at, "set") => return,
            _ => {}
        }
        at += 1;
    }
}

fn sqlite(tokens: &mut Vec<TokenWithSpan>, at: usize) {
    let name = |tokens: &[TokenWithSpan], at: usize| {
        matches!(tokens.get(at).map(|t| &t.token), Some(Token::Word(word))
            if word.quote_style.is_some() || word.keyword == Keyword::NoKeyword)
    };
    if are_words(tokens, at, &["not", "indexed"]) {
        tokens.drain(at..at + 2);
    } else if are_words(tokens, at, &["indexed", "by"]) && name(tokens, at + 2) {
        tokens.drain(at..at + 3);
    } else if is_word(tokens, at, "in")
        && name(tokens, at + 1)
        && !matches!(tokens.get(at + 2).map(|t| &t.token), Some(Token::LParen | Token::Period))
        && !is_position(tokens, at)
    {
        // `a IN t`: in the table's rows.
        tokens.insert(at + 2, TokenWithSpan::wrap(Token::RParen));
        let before = [Token::LParen, Token::make_keyword("SELECT"), Token::Mul, Token::make_keyword("FROM")];
        tokens.splice(at + 1..at + 1, before.map(TokenWithSpan::wrap));
    } else {
        type_of_words(tokens, at);
        column(tokens, at);
    }
}

/// What a table of SQLite's may have and the parser does not read there:
/// <https://www.sqlite.org/lang_createtable.html>.
fn column(tokens: &mut Vec<TokenWithSpan>, at: usize) {
    let next = tokens.get(at + 1).map(|t| &t.token);
    // The key numbers itself without the word as well, and a conflict that is resolved is none of the tables'.
    if is_word(tokens, at, "autoincrement") && next == Some(&Token::RParen) {
        tokens.remove(at);
        return;
    }
    let resolves = ["rollback", "abort", "fail", "ignore", "replace"];
    if tokens[at].token == Token::RParen
        && are_words(tokens, at + 1, &["on", "conflict"])
        && resolves.iter().any(|word| is_word(tokens, at + 3, word))
    {
        tokens.drain(at + 1..at + 4);
        return;
    }
    let options = |at: usize| {
        let without_rowid = if are_words(tokens, at, &["without", "rowid"]) { 2 } else { 0 };
        if is_word(tokens, at, "strict") { 1 } else { without_rowid }
    };
    let first = options(at);
    if first > 0 && tokens.get(at + first).is_some_and(|t| t.token == Token::Comma) {
        let second = options(at + first + 1);
        if second > 0 {
            tokens.drain(at..at + first + 1 + second);
        }
        return;
    }
    let (quoted, default) = (
        matches!(tokens[at].token, Token::SingleQuotedString(_)) && matches!(next, Some(Token::Word(_))),
        is_word(tokens, at, "default")
            && matches!(next, Some(Token::Word(word)) if word.quote_style == Some('"') && !word.value.is_empty()),
    );
    let made = is_word(tokens, at, "as") && next == Some(&Token::LParen);
    let begins = at > 0 && matches!(tokens[at - 1].token, Token::LParen | Token::Comma);
    if !((quoted && begins) || default || made) || depth_in_table(tokens, at) != Some(1) {
        return;
    }
    if let Token::SingleQuotedString(name) = &tokens[at].token {
        tokens[at] = TokenWithSpan::wrap(Token::make_word(name, Some('"')));
    } else if made && !is_word(tokens, at - 1, "always") {
        tokens.splice(at..at, [keyword("GENERATED"), keyword("ALWAYS")]);
    } else if let Some(Token::Word(word)) = tokens.get(at + 1).map(|t| &t.token).filter(|_| default) {
        tokens[at + 1] = TokenWithSpan::wrap(Token::SingleQuotedString(word.value.clone()));
    }
}

/// A type of SQLite's is any words, of which the parser takes those without figures behind them.
fn type_of_words(tokens: &mut Vec<TokenWithSpan>, at: usize) {
    const ENDS: [&str; 12] = [
        "constraint",
        "primary",
        "not",
        "null",
        "unique",
        "check",
        "default",
        "collate",
        "references",
        "generated",
        "as",
        "on",
    ];
    let word = |at: usize| match tokens.get(at).map(|t| &t.token) {
        Some(Token::Word(word)) if word.quote_style.is_none() => Some(word.value.to_lowercase()),
        _ => None,
    };
    let constraint = ["constraint", "primary", "unique", "check", "foreign", "key", "index"];
    if !matches!(tokens[at].token, Token::LParen | Token::Comma)
        || !matches!(tokens.get(at + 1).map(|t| &t.token), Some(Token::Word(_)))
        || word(at + 1).is_some_and(|name| constraint.contains(&name.as_str()))
        || depth_in_table(tokens, at + 1) != Some(1)
    {
        return;
    }
    let first = at + 2;
    let words: Vec<String> = (first..).map_while(|at| word(at).filter(|word| !ENDS.contains(&word.as_str()))).collect();
    // `ANY` of a STRICT table is as good as none.
    if matches!(&words[..], [only] if only == "any") {
        tokens.remove(first);
        return;
    }
    let begin = first + words.len();
    let end = tokens[begin..].iter().position(|t| t.token == Token::RParen).map(|end| begin + end);
    // `CHARACTER VARYING(9)` and `DECIMAL UNSIGNED(8, 2)` have types of their own.
    let strange = matches!(words.first().map(String::as_str), Some("native" | "varying" | "long" | "var"));
    if let (true, Some(Token::LParen), Some(end)) = (strange, tokens.get(begin).map(|t| &t.token), end) {
        tokens.drain(begin..=end);
    }
}

/// How many parentheses are open at this place of a CREATE TABLE; `None` elsewhere.
fn depth_in_table(tokens: &[TokenWithSpan], at: usize) -> Option<usize> {
    let begin = tokens[..at].iter().rposition(|t| t.token == Token::SemiColon).map_or(0, |semicolon| semicolon + 1);
    let table = if is_word(tokens, begin + 1, "table") { begin + 1 } else { begin + 2 };
    (is_word(tokens, begin, "create") && is_word(tokens, table, "table")).then(|| {
        tokens[begin..at].iter().fold(0, |depth: usize, t| match t.token {
            Token::LParen => depth + 1,
            Token::RParen => depth.saturating_sub(1),
            _ => depth,
        })
    })
}

/// Whether SQLite's `a NOT NULL` stands in a statement, which has the tree of `a IS NOT NULL`.
pub(in crate::dialect) fn has_not_null(sql: &str) -> bool {
    let Ok(tokens) = Tokenizer::new(&SQLiteDialect {}, sql).tokenize_with_location() else { return false };
    let tokens: Vec<TokenWithSpan> = tokens.into_iter().filter(|t| !is_blank(&t.token)).collect();
    (1..tokens.len()).any(|at| are_words(&tokens, at, &["not", "null"]) && !is_word(&tokens, at - 1, "is"))
}

/// Whether the IN at this place is that of PostgreSQL's `POSITION('a' IN text)`.
fn is_position(tokens: &[TokenWithSpan], at: usize) -> bool {
    at >= 3 && is_word(tokens, at - 3, "position") && tokens[at - 2].token == Token::LParen
}

#[cfg(test)]
mod tests {
    use crate::dialect::grammar::parse_as;
    use crate::syntax::Dialect;
    use hive_tests::check_all;

    fn read(sql: &str, dialect: Dialect) -> String {
        parse_as(sql, dialect).map_or_else(|why| why, |all| all[0].to_string())
    }

    #[test]
    fn words_that_the_parser_does_not_know_are_said_otherwise() {
        check_all(
            [
                ("UPDATE a, b SET a.x = 1, a.y = 2", "UPDATE a CROSS JOIN b SET a.x = 1, a.y = 2"),
                ("DELETE a.* FROM a JOIN b", "DELETE a FROM a JOIN b"),
                ("UPDATE IGNORE a SET x = 1", "UPDATE OR IGNORE a SET x = 1"),
                ("SELECT x FROM a LOCK IN SHARE MODE", "SELECT x FROM a"),
                ("SELECT x # y\nFROM a", "SELECT x FROM a"),
                ("SELECT x /*! , y */ FROM a", "SELECT x, y FROM a"),
                ("SELECT !a + 1, -a ^ 2 * 3 FROM t", "SELECT !a + 1, -a ^ 2 * 3 FROM t"),
                ("SELECT d + INTERVAL '1:30' HOUR_MINUTE", "SELECT d + INTERVAL '1:30' HOUR_MINUTE"),
            ],
            |(sql, expected)| {
                assert_eq!(read(sql, Dialect::MySql), expected);
            },
        );
        check_all(
            [
                ("SELECT x FROM a INDEXED BY i WHERE x IN b", "SELECT x FROM a WHERE x IN (SELECT * FROM b)"),
                ("SELECT x FROM a NOT INDEXED", "SELECT x FROM a"),
                (
                    "SELECT x ISNULL, x NOTNULL, x NOT NULL FROM a",
                    "SELECT x IS NULL, x IS NOT NULL, x IS NOT NULL FROM a",
                ),
                ("SELECT x FROM a CROSS JOIN b ON a.x = b.x", "SELECT x FROM a CROSS JOIN b ON a.x = b.x"),
                (
                    "CREATE TABLE t (\"a\" INTEGER, 'b c' TEXT DEFAULT \"none\", PRIMARY KEY(\"a\" AUTOINCREMENT), UNIQUE(b) ON CONFLICT IGNORE) STRICT, WITHOUT ROWID",
                    "CREATE TABLE t (\"a\" INTEGER, \"b c\" TEXT DEFAULT 'none', PRIMARY KEY (\"a\"), UNIQUE (b))",
                ),
                (
                    "CREATE TABLE t (a TEXT, b TEXT AS (upper(a)))",
                    "CREATE TABLE t (a TEXT, b TEXT GENERATED ALWAYS AS (upper(a)))",
                ),
                (
                    "CREATE TABLE t (a UNSIGNED BIG INT NOT NULL, b NATIVE CHARACTER(70), c LONG TEXT, d DOUBLE PRECISION, f INTEGER UNSIGNED, PRIMARY KEY (a, b))",
                    "CREATE TABLE t (a UNSIGNED BIG INT NOT NULL, b NATIVE CHARACTER, c LONG TEXT, d DOUBLE PRECISION, f INTEGER UNSIGNED, PRIMARY KEY (a, b))",
                ),
                ("CREATE TABLE t (a INTEGER, b ANY) STRICT", "CREATE TABLE t (a INTEGER, b) STRICT"),
            ],
            |(sql, expected)| {
                assert_eq!(read(sql, Dialect::Sqlite), expected);
            },
        );
    }
}
