//! Regular expressions: MySQL's functions pass over case, replace every match, and follow ICU.
//! <https://dev.mysql.com/doc/refman/8.4/en/regexp.html>,
//! <https://www.postgresql.org/docs/current/functions-matching.html#FUNCTIONS-POSIX-REGEXP>

use sqlparser::ast::{Expr, Function};

use crate::dialect::collations::{bare, is_binary};
use crate::dialect::rewriter::Rewriter;
use crate::dialect::syntax::{arguments, integer, literal, text};
use crate::dialect::template::build;
use crate::syntax::Dialect;
use crate::syntax::last_part;

/// A call of a function of regular expressions; `None` when it is none, or cannot be said.
pub(super) fn call(rewriter: &Rewriter<'_>, function: &Function) -> Option<Expr> {
    if rewriter.dialect != Dialect::MySql {
        return None;
    }
    let name = last_part(&function.name);
    let given = arguments(function)?;
    let [value, pattern, rest @ ..] = &given[..] else { return None };
    let binary = is_binary(value) || is_binary(pattern);
    let value = &bare(value);
    let pattern = &pattern_of(&bare(pattern))?;
    // The last argument says how to match, where it is a text of letters.
    let options = |at: usize| match rest.get(at) {
        None => Some(if binary { String::new() } else { "i".to_owned() }),
        Some(options) => flags(&literal(options).filter(|(_, number)| !number)?.0),
    };
    match (name.as_str(), rest.len()) {
        ("regexp_like", 0 | 1) => match options(0)?.as_str() {
            "" => build("$1 ~ $2", &[value, pattern]),
            "i" => build("$1 ~* $2", &[value, pattern]),
            flags => build("REGEXP_LIKE($1, $2, $3)", &[value, pattern, &text(flags)]),
        },
        ("regexp_replace", 1..=4) => {
            let by = &replacement_of(rest[0])?;
            let flags = options(3)?;
            match (rest.get(1), rest.get(2)) {
                (None, _) => {
                    build("REGEXP_REPLACE($1, $2, $3, $4)", &[value, pattern, by, &text(&format!("g{flags}"))])
                }
                (Some(from), None) => {
                    build("REGEXP_REPLACE($1, $2, $3, $4, 0, $5)", &[value, pattern, by, from, &text(&flags)])
                }
                (Some(from), Some(which)) => {
                    build("REGEXP_REPLACE($1, $2, $3, $4, $5, $6)", &[value, pattern, by, from, which, &text(&flags)])
                }
            }
        }
        ("regexp_substr", 0..=3) => {
            let one = integer(1);
            let from = rest.first().copied().unwrap_or(&one);
            let which = rest.get(1).copied().unwrap_or(&one);
            build("REGEXP_SUBSTR($1, $2, $3, $4, $5)", &[value, pattern, from, which, &text(&options(2)?)])
        }
        ("regexp_instr", 0..=4) => {
            let (one, zero) = (integer(1), integer(0));
            let from = rest.first().copied().unwrap_or(&one);
            let which = rest.get(1).copied().unwrap_or(&one);
            let end = rest.get(2).copied().unwrap_or(&zero);
            build("REGEXP_INSTR($1, $2, $3, $4, $5, $6)", &[value, pattern, from, which, end, &text(&options(3)?)])
        }
        _ => None,
    }
}

/// MySQL's `match_type` as PostgreSQL's flags; `None` for one that it does not have.
fn flags(options: &str) -> Option<String> {
    let mut ignore = true;
    let mut more = String::new();
    for option in options.chars() {
        match option {
            'c' => ignore = false,
            'i' => ignore = true,
            // `.` matches the end of a line in PostgreSQL unless it is told otherwise.
            'n' => {}
            'm' => more.push('w'),
            _ => return None,
        }
    }
    Some(format!("{}{more}", if ignore { "i" } else { "" }))
}

/// A pattern as PostgreSQL reads it: the ends of words have other names.
fn pattern_of(pattern: &Expr) -> Option<Expr> {
    let Some((given, false)) = literal(pattern) else { return Some(pattern.clone()) };
    let mut out = String::with_capacity(given.len());
    let mut chars = given.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('b') => out.push_str("\\y"),
            Some('B') => out.push_str("\\Y"),
            // Classes of Unicode's, the end of the last match, quoting: PostgreSQL has none.
            Some('p' | 'P' | 'G' | 'Q' | 'E' | 'X' | 'N' | 'R' | 'h' | 'H' | 'K') => return None,
            Some(other) => out.extend(['\\', other]),
            None => return None,
        }
    }
    Some(if out == given { pattern.clone() } else { text(&out) })
}

/// What a match is replaced by: `$1` is written `\1`.
fn replacement_of(by: &Expr) -> Option<Expr> {
    let Some((given, false)) = literal(by) else { return Some(by.clone()) };
    let mut out = String::with_capacity(given.len());
    let mut chars = given.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '$' if chars.peek().is_some_and(char::is_ascii_digit) => {
                let digit = chars.next()?;
                if chars.peek().is_some_and(char::is_ascii_digit) {
                    return None;
                }
                match digit {
                    '0' => out.push_str("\\&"),
                    digit => out.extend(['\\', digit]),
                }
            }
            '\\' => match chars.next()? {
                '\\' => out.push_str("\\\\"),
                // MariaDB's way of naming a group.
                digit if digit.is_ascii_digit() => out.extend(['\\', digit]),
                other => out.push(other),
            },
            other => out.push(other),
        }
    }
    Some(if out == given { by.clone() } else { text(&out) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_and_replacements_are_written_as_postgresql_reads_them() {
        let pattern = |given: &str| pattern_of(&text(given)).map(|e| e.to_string());
        assert_eq!(pattern(r"\bcat\b").unwrap(), r"'\ycat\y'");
        assert_eq!(pattern(r"^\d+\.$").unwrap(), r"'^\d+\.$'");
        assert_eq!(pattern(r"\p{L}"), None);
        let by = |given: &str| replacement_of(&text(given)).map(|e| e.to_string());
        assert_eq!(by("[$1]").unwrap(), r"'[\1]'");
        assert_eq!(by("cost: $").unwrap(), "'cost: $'");
        assert_eq!(flags("c").unwrap(), "");
        assert_eq!(flags("ci").unwrap(), "i");
        assert_eq!(flags("x"), None);
    }
}
