//! What in a statement belongs to another database than PostgreSQL. It knows the spellings that models use most
//! often, not every difference; which dialect a whole record is written in, `record` says.

use sqlparser::ast::{Expr, LimitClause, Query, Select, Statement};
use sqlparser::dialect::MySqlDialect;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, Tokenizer};

use super::functions::{MYSQL, OTHERS, SQLITE};
use crate::syntax::last_part;
use crate::syntax::walk::{self, Look};

/// Functions that PostgreSQL does not have, in order, and what it has instead.
const FUNCTIONS: [(&str, &str); 24] = [
    ("charindex", "POSITION(… IN …)"),
    ("curdate", "CURRENT_DATE"),
    ("curtime", "CURRENT_TIME"),
    ("date_add", "+ INTERVAL"),
    ("date_format", "TO_CHAR"),
    ("date_sub", "- INTERVAL"),
    ("dateadd", "+ INTERVAL"),
    ("datediff", "a difference of dates"),
    ("dayofweek", "EXTRACT(DOW FROM …)"),
    ("getdate", "CURRENT_TIMESTAMP"),
    ("group_concat", "STRING_AGG"),
    ("hour", "EXTRACT(HOUR FROM …)"),
    ("if", "CASE"),
    ("ifnull", "COALESCE"),
    ("iif", "CASE"),
    ("instr", "POSITION(… IN …)"),
    ("isnull", "COALESCE"),
    ("julianday", "a difference of dates"),
    ("len", "LENGTH"),
    ("month", "EXTRACT(MONTH FROM …)"),
    ("nvl", "COALESCE"),
    ("strftime", "TO_CHAR"),
    ("substring_index", "SPLIT_PART"),
    ("year", "EXTRACT(YEAR FROM …)"),
];

/// What a parsed statement holds that PostgreSQL would refuse, one sentence each.
pub fn foreign(statement: &Statement) -> Vec<String> {
    let mut search = Search { found: vec![] };
    walk::statement(statement, &mut search);
    search.found.dedup();
    search.found
}

/// Whether a statement that PostgreSQL refuses calls a function of another database's.
pub fn calls_foreign(statement: &Statement) -> bool {
    let mut calls = Calls(false);
    walk::statement(statement, &mut calls);
    calls.0
}

struct Calls(bool);

impl Look for Calls {
    fn expr(&mut self, expr: &Expr) -> bool {
        if let Expr::Function(function) = expr {
            let name = last_part(&function.name);
            let lists = [&MYSQL[..], &SQLITE[..], &OTHERS[..]];
            self.0 |= lists.iter().any(|names| names.contains(&name.as_str()));
        }
        !self.0
    }
}

/// Why a text that does not parse as PostgreSQL may be meant for another database: a sentence, if
/// a mark is found.
pub fn foreign_text(text: &str) -> Option<String> {
    if text.len() > 20_000 {
        return None;
    }
    let tokens = Tokenizer::new(&MySqlDialect {}, text).tokenize().ok()?;
    if tokens.iter().any(|t| matches!(t, Token::Word(word) if word.quote_style == Some('`'))) {
        return Some("names stand in backticks; PostgreSQL quotes names with \"…\"".to_owned());
    }
    let parses = Parser::parse_sql(&MySqlDialect {}, text).is_ok_and(|s| !s.is_empty());
    parses.then(|| "it parses as MySQL and not as PostgreSQL".to_owned())
}

struct Search {
    found: Vec<String>,
}

impl Look for Search {
    fn query(&mut self, query: &Query) {
        if matches!(query.limit_clause, Some(LimitClause::OffsetCommaLimit { .. })) {
            self.found.push("`LIMIT a, b` is not PostgreSQL; it has LIMIT b OFFSET a".to_owned());
        }
    }

    fn select(&mut self, select: &Select) {
        if select.top.is_some() {
            self.found.push("`TOP n` is not PostgreSQL; it has LIMIT n".to_owned());
        }
    }

    fn expr(&mut self, expr: &Expr) -> bool {
        if let Expr::Function(function) = expr {
            let name = last_part(&function.name);
            if let Ok(i) = FUNCTIONS.binary_search_by_key(&name.as_str(), |f| f.0) {
                let (_, instead) = FUNCTIONS[i];
                self.found.push(format!("`{}` is not PostgreSQL; it has {instead}", name.to_uppercase()));
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::statement;

    #[test]
    fn foreign_spellings_are_told() {
        assert!(FUNCTIONS.is_sorted());
        let of = |sql: &str| foreign(&statement::parse_one(sql).unwrap());
        assert_eq!(of("SELECT COALESCE(a, 0), EXTRACT(YEAR FROM d) FROM t LIMIT 1 OFFSET 2"), [""; 0]);
        assert_eq!(of("SELECT IFNULL(a, 0) FROM t"), ["`IFNULL` is not PostgreSQL; it has COALESCE"]);
        assert_eq!(of("SELECT a FROM t WHERE YEAR(d) = 2020").len(), 1);
        assert!(foreign_text("SELECT `a` FROM `t`").is_some_and(|why| why.contains("backticks")));
        assert_eq!(foreign_text("SELECT FROM WHERE"), None);
    }
}
