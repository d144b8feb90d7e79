//! SQL texts: unwrapped, and parsed within limits that keep the parser's recursion shallow. The parser does not decide
//! what is PostgreSQL: what it does not read may be valid all the same.

use sqlparser::ast::Statement;
use sqlparser::dialect::{self, PostgreSqlDialect};
use sqlparser::keywords::Keyword;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

use super::{Dialect, lexer};

/// Longest text that is parsed at all, in bytes.
pub const MAX_BYTES: usize = 1 << 20;

/// Most tokens in a row without a comma at the same level, enclosing levels included. Consecutive operators nest in the
/// tree, so this bounds its depth.
const MAX_RUN: usize = 1_200;

/// Most set operators (`UNION` …) at one level; they nest as operators do.
const MAX_SET_OPERATORS: usize = 200;

/// Most levels of parentheses.
const MAX_PARENTHESES: usize = 40;

/// Parses all statements of `text` as PostgreSQL.
///
/// # Errors
/// Why it does not parse, as a sentence without its full stop.
pub fn parse_all(text: &str) -> Result<Vec<Statement>, String> {
    parse_with(text, &PostgreSqlDialect {}, |tokens| tokens)
}

/// Parses all statements of `text` with a grammar of the parser's. `rewrite` changes the tokens before they are parsed.
///
/// # Errors
/// As [`parse_all`].
pub fn parse_with(
    text: &str,
    grammar: &dyn dialect::Dialect,
    rewrite: impl FnOnce(Vec<TokenWithSpan>) -> Vec<TokenWithSpan>,
) -> Result<Vec<Statement>, String> {
    if text.len() > MAX_BYTES {
        return Err(format!("got {} bytes, expected at most {MAX_BYTES}", text.len()));
    }
    let tokens = Tokenizer::new(grammar, text).tokenize_with_location().map_err(|e| brief(&e.to_string()))?;
    check_depth(&tokens)?;
    let tokens = rewrite(tokens);
    Parser::new(grammar).with_tokens_with_locations(tokens).parse_statements().map_err(|e| brief(&e.to_string()))
}

/// The statements of a schema: as trees where the parser reads them, else as texts.
#[derive(Debug, Clone, Default)]
pub struct Script {
    /// The statements that the parser reads, in their order.
    pub trees: Vec<Statement>,
    unread: Vec<Unread>,
}

/// A statement that the parser does not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// Its text, without a semicolon.
    pub text: String,
    /// Why the parser does not read it.
    pub why: String,
    /// How many of the trees come before it.
    before: usize,
}

impl Script {
    /// Parses as much of `text` as the parser reads.
    pub fn parse(text: &str) -> Self {
        if let Ok(trees) = parse_all(text) {
            return Self { trees, unread: Vec::new() };
        }
        let mut script = Self::default();
        for piece in lexer::statements(text, Dialect::Postgres) {
            match parse_all(piece.text) {
                Ok(trees) => script.trees.extend(trees),
                Err(why) => {
                    let before = script.trees.len();
                    script.unread.push(Unread { text: piece.text.to_owned(), why, before });
                }
            }
        }
        script
    }

    /// The statements that the parser does not read.
    pub fn unread(&self) -> &[Unread] {
        &self.unread
    }

    /// Whether it inserts rows.
    pub fn has_rows(&self) -> bool {
        self.trees.iter().any(|tree| matches!(tree, Statement::Insert(_)))
            || self.unread.iter().any(Unread::inserts_rows)
    }

    /// Its statements as text: those that insert rows, or all others.
    pub fn text(&self, rows: bool) -> String {
        let mut lines: Vec<String> = Vec::new();
        let mut unread = self.unread.iter().peekable();
        for index in 0..=self.trees.len() {
            while let Some(statement) = unread.next_if(|unread| unread.before == index) {
                if statement.inserts_rows() == rows {
                    lines.push(format!("{};", statement.text));
                }
            }
            if let Some(tree) = self.trees.get(index).filter(|tree| matches!(tree, Statement::Insert(_)) == rows) {
                lines.push(format!("{tree};"));
            }
        }
        lines.join("\n")
    }
}

impl Unread {
    fn inserts_rows(&self) -> bool {
        lexer::statements(&self.text, Dialect::Postgres).next().is_some_and(|piece| piece.begins(&["insert"]))
    }

    /// The table or view that it creates, in lower case.
    pub fn created(&self) -> Option<String> {
        let piece = lexer::statements(&self.text, Dialect::Postgres).next()?;
        let creates =
            piece.begins(&["create"]) && piece.tokens.iter().take(6).any(|token| token.is_any(&["table", "view"]));
        creates.then(|| piece.target()).flatten()
    }

    /// The table that it alters, in lower case.
    pub fn altered(&self) -> Option<String> {
        let piece = lexer::statements(&self.text, Dialect::Postgres).next()?;
        piece.begins(&["alter", "table"]).then(|| piece.target()).flatten()
    }
}

/// Refuses a text whose tree could be too deep to walk on a thread's stack.
fn check_depth(tokens: &[TokenWithSpan]) -> Result<(), String> {
    // Per level of parentheses: tokens since the last comma, and set operators.
    let mut levels = vec![(0usize, 0usize)];
    let mut run = 0;
    for token in tokens {
        match &token.token {
            Token::Whitespace(_) => continue,
            Token::LParen | Token::LBracket => levels.push((0, 0)),
            Token::RParen | Token::RBracket if levels.len() > 1 => {
                run -= levels.pop().map_or(0, |level| level.0);
            }
            Token::SemiColon => {
                levels = vec![(0, 0)];
                run = 0;
                continue;
            }
            _ => {}
        }
        let Some(level) = levels.last_mut() else { continue };
        if token.token == Token::Comma {
            run -= level.0;
            level.0 = 0;
            continue;
        }
        level.0 += 1;
        run += 1;
        if let Token::Word(word) = &token.token
            && matches!(word.keyword, Keyword::UNION | Keyword::EXCEPT | Keyword::INTERSECT)
        {
            level.1 += 1;
        }
        if run > MAX_RUN {
            return Err(format!("got more than {MAX_RUN} tokens without a comma, expected a shorter expression"));
        }
        if level.1 > MAX_SET_OPERATORS {
            return Err(format!("got more than {MAX_SET_OPERATORS} set operators in a row, expected fewer"));
        }
        if levels.len() > MAX_PARENTHESES {
            return Err(format!("got more than {MAX_PARENTHESES} levels of parentheses, expected fewer"));
        }
    }
    Ok(())
}

/// The parser's message without its prefix, cut to a readable length.
fn brief(message: &str) -> String {
    let message = message.trim_start_matches("sql parser error: ");
    let mut short: String = message.chars().take(200).collect();
    if short.len() < message.len() {
        short.push('…');
    }
    short
}

/// Why a text is not one statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotOne {
    /// Nothing but blanks, comments or semicolons.
    Empty,
    /// It does not parse, and why.
    Syntax(String),
    /// It holds this many statements.
    Several(usize),
}

/// Parses the one statement of `text`; a trailing semicolon is allowed.
///
/// # Errors
/// When there is no statement, more than one, or one that does not parse.
pub fn parse_one(text: &str) -> Result<Statement, NotOne> {
    let mut statements = parse_all(text).map_err(NotOne::Syntax)?;
    match (statements.pop(), statements.len()) {
        (None, _) => Err(NotOne::Empty),
        (Some(statement), 0) => Ok(statement),
        (Some(_), others) => Err(NotOne::Several(others + 1)),
    }
}

/// SQL text without its wrapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bare<'a> {
    /// The text inside, trimmed, without trailing semicolons.
    pub sql: &'a str,
    /// The wrapping, in words: "a code fence". `None` when there was none.
    pub wrapping: Option<&'static str>,
}

/// Removes `[SQL] … [/SQL]`, code fences, a leading `SQL:` and trailing semicolons from `text`.
pub fn bare(text: &str) -> Bare<'_> {
    let mut sql = trimmed(text);
    let mut wrapping = None;
    // Wrappings may be nested: a fence inside a tag.
    for _ in 0..4 {
        let Some((inside, what)) = unwrapped(sql) else { break };
        sql = trimmed(inside);
        wrapping = wrapping.or(Some(what));
    }
    Bare { sql, wrapping }
}

fn trimmed(text: &str) -> &str {
    text.trim().trim_end_matches(|c: char| c == ';' || c.is_whitespace())
}

fn unwrapped(text: &str) -> Option<(&str, &'static str)> {
    if let Some(rest) = without_prefix(text, "[SQL]") {
        let end = find_ignoring_case(rest, "[/SQL]").unwrap_or(rest.len());
        return Some((&rest[..end], "`[SQL]` tags"));
    }
    if let Some(rest) = text.strip_prefix("```") {
        let rest = rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric());
        // "```SELECT 1```": the word after the fence was no language name.
        let rest = if rest.starts_with(['\n', '\r', ' ']) && !starts_statement(&text[3..]) { rest } else { &text[3..] };
        let end = rest.find("```").unwrap_or(rest.len());
        return Some((&rest[..end], "a code fence"));
    }
    for label in ["SQL:", "SQLQuery:", "SQL Query:", "Answer:"] {
        if let Some(rest) = without_prefix(text, label) {
            return Some((rest, "a label"));
        }
    }
    None
}

fn starts_statement(text: &str) -> bool {
    ["SELECT", "WITH", "INSERT", "UPDATE", "DELETE"].iter().any(|word| without_prefix(text, word).is_some())
}

fn without_prefix<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| &text[prefix.len()..])
}

fn find_ignoring_case(text: &str, needle: &str) -> Option<usize> {
    text.as_bytes().windows(needle.len()).position(|window| window.eq_ignore_ascii_case(needle.as_bytes()))
}

/// `sql` without the content of its single quotes.
pub fn without_texts(sql: &str) -> String {
    let mut inside = false;
    let pieces = sql.split('\'').filter(|_| {
        inside = !inside;
        inside
    });
    pieces.collect::<Vec<_>>().join("''")
}

#[cfg(test)]
mod tests {
    use hive_sdk::prompt::compact;
    use hive_tests::check_all;

    use super::*;

    #[test]
    fn wrappings_come_off() {
        check_all(
            [
                "SELECT 1",
                " SELECT 1 ; ",
                "[SQL] SELECT 1 [/SQL]",
                "[sql]SELECT 1;[/sql] and so on",
                "```sql\nSELECT 1;\n```",
                "```\nSELECT 1\n```\nThis returns one.",
                "```SELECT 1```",
                "SQL: SELECT 1",
                "SQL: ```postgresql\nSELECT 1\n```",
            ],
            |text| {
                assert_eq!(bare(text).sql, "SELECT 1", "{text:?}");
            },
        );
        assert_eq!(bare("SELECT 1;").wrapping, None);
        assert_eq!(bare("```\nSELECT 1```").wrapping, Some("a code fence"));
        assert_eq!(bare("é").sql, "é");
        assert_eq!(bare("").sql, "");
    }

    #[test]
    fn a_compacted_statement_is_the_same_statement() {
        for text in ["SELECT 1 -- one\nFROM t", "SELECT a\n  ,b FROM t WHERE x = '  y'"] {
            assert_eq!(parse_one(text), parse_one(&compact(text)));
        }
    }

    #[test]
    fn one_statement_is_told_from_none_and_several() {
        assert!(parse_one("SELECT 1;").is_ok());
        assert_eq!(parse_one(" ; "), Err(NotOne::Empty));
        assert_eq!(parse_one("SELECT 1; SELECT 2"), Err(NotOne::Several(2)));
        assert!(matches!(parse_one("SELEC 1"), Err(NotOne::Syntax(_))));
    }

    #[test]
    fn deep_input_is_refused_and_wide_input_is_not() {
        let chain = |n: usize, joint: &str| format!("SELECT {}", vec!["1"; n].join(joint));
        assert!(parse_one(&chain(100_000, " + ")).is_err());
        assert!(parse_one(&chain(100_000, " AND ")).is_err());
        assert!(parse_one(&chain(50_000, " UNION SELECT 1, ")).is_err());
        assert!(parse_one(&format!("SELECT 1{}", " IS NULL".repeat(100_000))).is_err());
        assert!(parse_one(&format!("SELECT {}1{}", "(".repeat(10_000), ")".repeat(10_000))).is_err());
        assert!(parse_one(&chain(20_000, ", ")).is_ok());
        assert!(parse_one(&chain(500, " + ")).is_ok());
        assert!(parse_one(&"x".repeat(MAX_BYTES + 1)).is_err());
    }
}
