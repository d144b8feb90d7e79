//! Marks of dialects that are not translated: SQL Server's, Oracle's, BigQuery's, Snowflake's,
//! Spark's. Much of a statement with such a mark parses as PostgreSQL's and would mean something
//! else there (where NULL sorts, case, division), so the record is rejected by its dialect's name.
//!
//! Only what neither PostgreSQL, MySQL nor SQLite has is a mark. The words are looked for among the
//! tokens, so that a text that no parser here reads is told as well. Sources: the function lists of
//! Transact-SQL, Oracle Database SQL Language Reference, GoogleSQL, Snowflake and Spark SQL.

use std::collections::BTreeSet;

use sqlparser::dialect::GenericDialect;
use sqlparser::tokenizer::{Token, Tokenizer, Whitespace};

const SQL_SERVER: &str = "SQL Server";

const ORACLE: &str = "Oracle";

const BIGQUERY: &str = "BigQuery";

const SNOWFLAKE: &str = "Snowflake";

const SPARK: &str = "Spark";

/// What several have.
const SERVER_OR_SNOWFLAKE: &str = "SQL Server or Snowflake";

const BIGQUERY_OR_SNOWFLAKE: &str = "BigQuery or Snowflake";

const ORACLE_OR_SNOWFLAKE: &str = "Oracle or Snowflake";

/// Functions, and whose they are.
const FUNCTIONS: [(&str, &str); 93] = [
    ("add_months", ORACLE_OR_SNOWFLAKE),
    ("approx_count_distinct", BIGQUERY_OR_SNOWFLAKE),
    ("approx_quantiles", BIGQUERY),
    ("approx_top_count", BIGQUERY),
    ("array_construct", SNOWFLAKE),
    ("charindex", SERVER_OR_SNOWFLAKE),
    ("collect_list", SPARK),
    ("collect_set", SPARK),
    ("countif", BIGQUERY),
    ("date_diff", BIGQUERY),
    ("date_from_parts", SNOWFLAKE),
    ("dateadd", SERVER_OR_SNOWFLAKE),
    ("datediff_big", SQL_SERVER),
    ("datefromparts", SQL_SERVER),
    ("datename", SQL_SERVER),
    ("datepart", SQL_SERVER),
    ("datetime_add", BIGQUERY),
    ("datetime_diff", BIGQUERY),
    ("datetime_sub", BIGQUERY),
    ("datetime_trunc", BIGQUERY),
    ("div0", SNOWFLAKE),
    ("div0null", SNOWFLAKE),
    ("empty_clob", ORACLE),
    ("eomonth", SQL_SERVER),
    ("explode", SPARK),
    ("farm_fingerprint", BIGQUERY),
    ("flatten", SNOWFLAKE),
    ("format_date", BIGQUERY),
    ("format_datetime", BIGQUERY),
    ("format_timestamp", BIGQUERY),
    ("generate_array", BIGQUERY),
    ("generate_date_array", BIGQUERY),
    ("generate_timestamp_array", BIGQUERY),
    ("getdate", SERVER_OR_SNOWFLAKE),
    ("getutcdate", SQL_SERVER),
    ("iff", SNOWFLAKE),
    ("json_extract_scalar", BIGQUERY),
    ("json_modify", SQL_SERVER),
    ("len", SERVER_OR_SNOWFLAKE),
    ("listagg", ORACLE_OR_SNOWFLAKE),
    ("months_between", ORACLE_OR_SNOWFLAKE),
    ("newid", SQL_SERVER),
    ("next_day", ORACLE_OR_SNOWFLAKE),
    ("nvl2", ORACLE_OR_SNOWFLAKE),
    ("object_construct", SNOWFLAKE),
    ("object_id", SQL_SERVER),
    ("parse_date", BIGQUERY),
    ("parse_datetime", BIGQUERY),
    ("parse_json", BIGQUERY_OR_SNOWFLAKE),
    ("parse_timestamp", BIGQUERY),
    ("patindex", SQL_SERVER),
    ("posexplode", SPARK),
    ("quotename", SQL_SERVER),
    ("regexp_contains", BIGQUERY),
    ("regexp_extract", BIGQUERY),
    ("regexp_extract_all", BIGQUERY),
    ("safe_cast", BIGQUERY),
    ("safe_divide", BIGQUERY),
    ("safe_offset", BIGQUERY),
    ("scope_identity", SQL_SERVER),
    ("string_split", SQL_SERVER),
    ("stuff", SQL_SERVER),
    ("switchoffset", SQL_SERVER),
    ("sysdatetime", SQL_SERVER),
    ("timestamp_add", BIGQUERY),
    ("timestamp_diff", BIGQUERY),
    ("timestamp_micros", BIGQUERY),
    ("timestamp_millis", BIGQUERY),
    ("timestamp_seconds", BIGQUERY),
    ("timestamp_sub", BIGQUERY),
    ("timestamp_trunc", BIGQUERY),
    ("to_nchar", ORACLE),
    ("to_varchar", SNOWFLAKE),
    ("to_variant", SNOWFLAKE),
    ("todatetimeoffset", SQL_SERVER),
    ("try_cast", SERVER_OR_SNOWFLAKE),
    ("try_convert", SQL_SERVER),
    ("try_parse", SQL_SERVER),
    ("try_parse_json", SNOWFLAKE),
    ("try_to_boolean", SNOWFLAKE),
    ("try_to_date", SNOWFLAKE),
    ("try_to_decimal", SNOWFLAKE),
    ("try_to_double", SNOWFLAKE),
    ("try_to_number", SNOWFLAKE),
    ("try_to_numeric", SNOWFLAKE),
    ("try_to_timestamp", SNOWFLAKE),
    ("unix_date", BIGQUERY),
    ("unix_millis", BIGQUERY),
    ("unix_seconds", BIGQUERY),
    ("wm_concat", ORACLE),
    ("zeroifnull", SNOWFLAKE),
    ("sys_context", ORACLE),
    ("sys_guid", ORACLE),
];

/// Words that stand for a value without parentheses.
const BARE: [(&str, &str); 6] = [
    ("rownum", ORACLE),
    ("sysdate", ORACLE),
    ("systimestamp", ORACLE),
    ("connect_by_root", ORACLE),
    ("connect_by_isleaf", ORACLE),
    ("qualify", BIGQUERY_OR_SNOWFLAKE),
];

/// Units that BigQuery writes as bare words where PostgreSQL has a text.
const UNITS: [&str; 10] =
    ["day", "hour", "isoweek", "isoyear", "microsecond", "minute", "month", "quarter", "week", "year"];

/// The dialect whose mark a record bears, and the mark as it stands there. `declared`: names in lower
/// case that the record gives to tables, columns and functions of its own.
pub(super) fn mark(schema: &str, sql: &str, declared: &BTreeSet<String>) -> Option<(&'static str, String)> {
    in_text(sql, declared).or_else(|| in_text(schema, declared))
}

fn in_text(text: &str, declared: &BTreeSet<String>) -> Option<(&'static str, String)> {
    let tokens = Tokenizer::new(&GenericDialect {}, text).tokenize().ok()?;
    // A comment stays, since a line that only says GO is told by what stands before it.
    let tokens: Vec<&Token> = tokens
        .iter()
        .filter(|t| !matches!(t, Token::Whitespace(Whitespace::Space | Whitespace::Tab | Whitespace::Newline)))
        .collect();
    (0..tokens.len()).find_map(|at| Place { tokens: &tokens, at, declared }.mark())
}

/// A place among the tokens.
struct Place<'t> {
    tokens: &'t [&'t Token],
    at: usize,
    declared: &'t BTreeSet<String>,
}

impl Place<'_> {
    /// The token `n` places on.
    fn token(&self, n: usize) -> Option<&Token> {
        self.tokens.get(self.at + n).copied()
    }

    /// The word `n` places on, in lower case, when it stands without quotes.
    fn word(&self, n: usize) -> Option<String> {
        match self.token(n)? {
            Token::Word(word) if word.quote_style.is_none() => Some(word.value.to_lowercase()),
            _ => None,
        }
    }

    fn words(&self, expected: &[&str]) -> bool {
        expected.iter().enumerate().all(|(n, word)| self.word(n).is_some_and(|found| found == *word))
    }

    fn is(&self, n: usize, token: &Token) -> bool {
        self.token(n) == Some(token)
    }

    /// Whether the word here follows a dot: a column, whatever it is called.
    fn qualified(&self) -> bool {
        self.at > 0 && matches!(self.tokens[self.at - 1], Token::Period)
    }

    fn mark(&self) -> Option<(&'static str, String)> {
        if let Some(Token::Word(word)) = self.token(0)
            && word.quote_style == Some('`')
            && word.value.matches('.').count() >= 2
        {
            return Some((BIGQUERY, format!("`{}` in backticks", word.value)));
        }
        let found = |owner: &'static str, mark: &str| Some((owner, mark.to_owned()));
        // `dbo.t`, `[dbo].[t]`: the schema that every table of SQL Server's is in.
        if let Some(Token::Word(word)) = self.token(0)
            && word.value.eq_ignore_ascii_case("dbo")
            && self.is(1, &Token::Period)
            && !self.declared.contains("dbo")
        {
            return found(SQL_SERVER, "dbo.");
        }
        // `t.a = s.a (+)`.
        if self.is(0, &Token::LParen) && self.is(1, &Token::Plus) && self.is(2, &Token::RParen) {
            return found(ORACLE, "(+)");
        }
        // `ARRAY_AGG(a)[OFFSET(0)]`.
        if self.is(0, &Token::LBracket)
            && self.is(2, &Token::LParen)
            && let Some(word) = self.word(1)
            && ["offset", "ordinal", "safe_offset", "safe_ordinal"].contains(&word.as_str())
        {
            return Some((BIGQUERY, format!("[{}(…)]", word.to_uppercase())));
        }
        let word = self.word(0)?;
        if self.declared.contains(&word) || self.qualified() {
            return None;
        }
        let called = self.is(1, &Token::LParen);
        if called {
            if let Some((_, owner)) = FUNCTIONS.iter().find(|(name, _)| *name == word) {
                return Some((owner, word.to_uppercase()));
            }
            if let Some((owner, mark)) = self.call(&word) {
                return Some((owner, mark));
            }
        } else if let Some((_, owner)) = BARE.iter().find(|(name, _)| *name == word)
            && !self.is(1, &Token::Period)
            && self.at > 0
        {
            return Some((owner, word.to_uppercase()));
        }
        self.clause(&word)
    }

    /// A call whose arguments tell.
    fn call(&self, name: &str) -> Option<(&'static str, String)> {
        let arguments = self.arguments();
        let first = arguments.first().and_then(|argument| match argument[..] {
            [Token::Word(word)] if word.quote_style.is_none() => Some(word.value.to_lowercase()),
            _ => None,
        });
        let last = arguments.last().and_then(|argument| match argument[..] {
            [Token::Word(word)] if word.quote_style.is_none() => Some(word.value.to_lowercase()),
            _ => None,
        });
        let ends_in_unit = last.is_some_and(|word| UNITS.contains(&word.as_str()));
        let upper = name.to_uppercase();
        match (name, arguments.len()) {
            ("datediff", 3) => Some((SERVER_OR_SNOWFLAKE, format!("{upper} of three arguments"))),
            // Java's letters for the parts of a date, where MySQL's begin with %.
            ("date_format" | "from_unixtime", 2) => match arguments.last()?[..] {
                [Token::SingleQuotedString(format)]
                    if !format.contains('%') && format.contains(char::is_alphabetic) =>
                {
                    Some((SPARK, format!("{upper} with the format '{format}'")))
                }
                _ => None,
            },
            ("isnull", 2) => Some((SQL_SERVER, format!("{upper} of two arguments"))),
            ("decode", 3..) => Some((ORACLE_OR_SNOWFLAKE, format!("{upper} of several values"))),
            ("date_trunc" | "last_day", 2) if ends_in_unit => Some((BIGQUERY, format!("{upper} with the unit last"))),
            // `CONVERT(VARCHAR(10), x)`: the type first.
            ("convert", 2 | 3) => {
                let types = ["varchar", "nvarchar", "char", "nchar", "int", "date", "datetime", "decimal", "float"];
                let head = arguments.first()?.first()?;
                let is_type = matches!(head, Token::Word(word) if types.contains(&word.value.to_lowercase().as_str()));
                let alone = first.is_some() || matches!(arguments.first()?.get(1), Some(Token::LParen));
                (is_type && alone).then(|| (SQL_SERVER, format!("{upper} with the type first")))
            }
            ("cast", 1) => {
                let argument = arguments.first()?;
                let Some(Token::Word(word)) = argument.last() else { return None };
                let before = argument.len().checked_sub(2).and_then(|i| argument.get(i));
                let cast = matches!(before, Some(Token::Word(w)) if w.value.eq_ignore_ascii_case("as"));
                let kind = word.value.to_lowercase();
                (cast && ["int64", "float64", "bignumeric", "string"].contains(&kind.as_str()))
                    .then(|| (BIGQUERY, format!("CAST AS {}", kind.to_uppercase())))
            }
            _ => None,
        }
    }

    /// The arguments of the call that begins here.
    fn arguments(&self) -> Vec<Vec<&Token>> {
        let mut arguments = vec![Vec::new()];
        let mut depth = 0usize;
        for token in self.tokens.iter().skip(self.at + 2) {
            match token {
                Token::LParen => depth += 1,
                Token::RParen if depth == 0 => break,
                Token::RParen => depth -= 1,
                Token::Comma if depth == 0 => {
                    arguments.push(Vec::new());
                    continue;
                }
                _ => {}
            }
            if let Some(argument) = arguments.last_mut() {
                argument.push(*token);
            }
        }
        if arguments.len() == 1 && arguments[0].is_empty() { Vec::new() } else { arguments }
    }

    /// A clause that begins with `word`.
    fn clause(&self, word: &str) -> Option<(&'static str, String)> {
        let found = |owner: &'static str, mark: &str| Some((owner, mark.to_owned()));
        let number = |n| matches!(self.token(n), Some(Token::Number(..)));
        match word {
            "select" => {
                let n = if matches!(self.word(1).as_deref(), Some("distinct" | "all")) { 2 } else { 1 };
                let top = self.word(n).is_some_and(|word| word == "top") && !self.declared.contains("top");
                let count = number(n + 1) || (self.is(n + 1, &Token::LParen) && number(n + 2));
                if top && count { found(SQL_SERVER, "TOP") } else { None }
            }
            "cross" | "outer" if self.words(&[word, "apply"]) => found(SQL_SERVER, "APPLY"),
            "with" if self.is(1, &Token::LParen) && self.word(2).is_some_and(|hint| hint == "nolock") => {
                found(SQL_SERVER, "WITH (NOLOCK)")
            }
            "for" if self.words(&["for", "xml", "path"]) => found(SQL_SERVER, "FOR XML PATH"),
            "identity" if self.is(1, &Token::LParen) && number(2) => found(SQL_SERVER, "IDENTITY(…)"),
            "varchar" | "nvarchar" | "varbinary"
                if self.is(1, &Token::LParen) && self.word(2).is_some_and(|length| length == "max") =>
            {
                found(SQL_SERVER, &format!("{}(MAX)", word.to_uppercase()))
            }
            "connect" if self.words(&["connect", "by"]) => found(ORACLE, "CONNECT BY"),
            // A set operator: between a query and the next.
            "minus" if self.word(1).is_some_and(|next| next == "select") => found(ORACLE, "MINUS"),
            "lateral" if self.words(&["lateral", "view"]) => found(SPARK, "LATERAL VIEW"),
            "distribute" | "cluster" if self.words(&[word, "by"]) => {
                found(SPARK, &format!("{} BY", word.to_uppercase()))
            }
            "array" | "struct" if self.is(1, &Token::Lt) && matches!(self.token(2), Some(Token::Word(_))) => {
                found(BIGQUERY, &format!("{}<…>", word.to_uppercase()))
            }
            "except" | "replace"
                if self.is(1, &Token::LParen) && self.at > 0 && matches!(self.tokens[self.at - 1], Token::Mul) =>
            {
                let name = self.word(2).is_some_and(|word| word != "select" && word != "with");
                if name { found(BIGQUERY, "SELECT * EXCEPT") } else { None }
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hive_tests::check_all;

    fn told(sql: &str) -> Option<(&'static str, String)> {
        mark("CREATE TABLE t (a INT, b TEXT)", sql, &BTreeSet::new())
    }

    #[test]
    fn a_dialect_that_is_not_translated_is_told_by_its_marks() {
        check_all(
            [
                ("SELECT TOP 3 a FROM t", SQL_SERVER),
                ("SELECT DISTINCT TOP (3) a FROM t", SQL_SERVER),
                ("SELECT a FROM t WITH (NOLOCK)", SQL_SERVER),
                ("SELECT ISNULL(a, 0) FROM t", SQL_SERVER),
                ("SELECT DATEDIFF(day, a, b) FROM t", SERVER_OR_SNOWFLAKE),
                ("SELECT CONVERT(VARCHAR(10), a) FROM t", SQL_SERVER),
                ("SELECT a FROM t CROSS APPLY f(t.a)", SQL_SERVER),
                ("SELECT a FROM t WHERE ROWNUM <= 5", ORACLE),
                ("SELECT SYSDATE - a FROM t", ORACLE),
                ("SELECT DECODE(a, 1, 'x', 'y') FROM t", ORACLE_OR_SNOWFLAKE),
                ("SELECT a FROM t, s WHERE t.a = s.a (+)", ORACLE),
                ("SELECT a FROM t MINUS SELECT a FROM s", ORACLE),
                ("SELECT a FROM t START WITH a = 1 CONNECT BY PRIOR a = b", ORACLE),
                ("SELECT SAFE_DIVIDE(a, 2) FROM t", BIGQUERY),
                ("SELECT DATE_TRUNC(a, MONTH) FROM t", BIGQUERY),
                ("SELECT a FROM `p.d.t`", BIGQUERY),
                ("SELECT CAST(a AS FLOAT64) FROM t", BIGQUERY),
                ("SELECT * EXCEPT (a) FROM t", BIGQUERY),
                ("SELECT a FROM t QUALIFY ROW_NUMBER() OVER (ORDER BY a) = 1", BIGQUERY_OR_SNOWFLAKE),
                ("SELECT IFF(a > 1, 'x', 'y') FROM t", SNOWFLAKE),
                ("SELECT x FROM t LATERAL VIEW EXPLODE(b) e AS x", SPARK),
                ("SELECT ARRAY_AGG(a)[OFFSET(0)] FROM t", BIGQUERY),
                ("SELECT DATE_FORMAT(a, 'yyyy-MM') FROM t", SPARK),
                ("SELECT FROM_UNIXTIME(a, 'yyyy') FROM t", SPARK),
            ],
            |(sql, owner)| {
                assert_eq!(told(sql).map(|(owner, _)| owner), Some(owner), "{sql}");
            },
        );
        let schema = "CREATE TABLE t (id INT IDENTITY(1,1), b NVARCHAR(MAX))";
        assert_eq!(mark(schema, "SELECT b FROM t", &BTreeSet::new()).unwrap().0, SQL_SERVER);
    }

    #[test]
    fn what_others_have_as_well_is_no_mark() {
        check_all(
            [
                "SELECT top FROM t",
                "SELECT a FROM t ORDER BY a LIMIT 3 -- SELECT TOP 3",
                "SELECT 'GETDATE()', \"rownum\" FROM t",
                "SELECT t.sysdate FROM t",
                "SELECT DATEDIFF(a, b), ISNULL(a), CONVERT(a, CHAR) FROM t",
                "SELECT DATE_TRUNC('month', a), CAST(a AS TEXT), DECODE(b, 'hex') FROM t",
                "SELECT * FROM t EXCEPT (SELECT a FROM s)",
                "SELECT a FROM t CROSS JOIN LATERAL f(a)",
                "SELECT ARRAY[1, 2] FROM t WHERE a < b",
                "SELECT DATE_FORMAT(a, '%Y-%m'), FROM_UNIXTIME(a, '%Y') FROM t",
                "SELECT a - minus FROM t",
                "SELECT IDENTITY FROM t",
            ],
            |sql| {
                assert_eq!(told(sql), None, "{sql}");
            },
        );
        let own: BTreeSet<String> = ["len".to_owned(), "rownum".to_owned()].into();
        assert_eq!(mark("", "SELECT LEN(a), rownum FROM t", &own), None);
    }
}
