//! Texts where numbers are wanted: MySQL and SQLite read the number that a text begins with, and 0
//! where it begins with none; PostgreSQL refuses. One rule for sums and means, comparisons,
//! arithmetic and casts.
//!
//! <https://dev.mysql.com/doc/refman/8.4/en/type-conversion.html>,
//! <https://www.sqlite.org/datatype3.html#type_conversions_prior_to_comparison>

use sqlparser::ast::Expr;

use super::Rewriter;
use super::template::build;

/// What the record's rows show of a text's values as numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Values {
    /// Nothing: whether PostgreSQL can read them is found out by running it.
    Unknown,
    /// Numbers and nothing else.
    Numbers,
    /// Texts that go on behind their number, and none without one.
    Beginnings,
    /// Texts that begin with no number as well.
    Anything,
}

/// A text as the number that it is read as there.
pub(super) fn of_text(rewriter: &Rewriter<'_>, text: &Expr) -> Option<Expr> {
    let beginning = match powers(rewriter, text) {
        true => r"CAST(SUBSTRING($1 FROM '^\s*[-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?') AS NUMERIC)",
        false => r"CAST(SUBSTRING($1 FROM '^\s*[-+]?[0-9]+\.?[0-9]*') AS NUMERIC)",
    };
    match values(rewriter, text, false) {
        Values::Unknown | Values::Numbers => build("CAST($1 AS NUMERIC)", &[text]),
        Values::Beginnings => build(beginning, &[text]),
        Values::Anything => or_zero(rewriter, build(beginning, &[text])?, text),
    }
}

/// A text that is cast to a number: what is cast instead, and whether what comes out is 0 where the
/// text has no number. `None` where the text can stay.
pub(super) fn before_cast(rewriter: &Rewriter<'_>, text: &Expr, whole: bool) -> Option<(Expr, bool)> {
    let beginning = match (whole, powers(rewriter, text)) {
        (true, _) => r"SUBSTRING($1 FROM '^\s*[-+]?[0-9]+')",
        (false, true) => r"SUBSTRING($1 FROM '^\s*[-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?')",
        (false, false) => r"SUBSTRING($1 FROM '^\s*[-+]?[0-9]+\.?[0-9]*')",
    };
    match values(rewriter, text, whole) {
        Values::Unknown | Values::Numbers => None,
        found => Some((build(beginning, &[text])?, found == Values::Anything)),
    }
}

/// Whether the rows show a text that counts as `number` and is written otherwise: `007`, `7 kg`.
pub(super) fn written_otherwise(rewriter: &Rewriter<'_>, text: &Expr, number: &str) -> bool {
    let Ok(number) = number.parse::<f64>() else { return false };
    let beginning = |text: &str| {
        let text = text.trim_start();
        let end = (1..=text.len()).rev().find(|end| text.get(..*end).is_some_and(|t| t.parse::<f64>().is_ok()));
        end.and_then(|end| text[..end].parse::<f64>().ok()).unwrap_or(0.0)
    };
    rewriter.certain
        && rewriter.scopes.declared(text).is_some_and(|column| {
            let known =
                |text: &String| text.trim() == text && text.parse::<f64>().is_ok_and(|n| n.to_string() == *text);
            column.texts.iter().any(|text| beginning(text) == number && !known(text))
        })
}

/// `number`, or 0 where the text that it is read from has none. Of NULL it stays NULL.
pub(super) fn or_zero(rewriter: &Rewriter<'_>, number: Expr, text: &Expr) -> Option<Expr> {
    match rewriter.scopes.known(text).is_some_and(|known| known.not_null) {
        true => build("COALESCE($1, 0)", &[&number]),
        false => build("COALESCE($1, 0 * LENGTH($2))", &[&number, text]),
    }
}

/// Whether the rows show numbers such as `1.5e2` or `.5`.
fn powers(rewriter: &Rewriter<'_>, text: &Expr) -> bool {
    let other = |text: &str| {
        let text = text.trim_start().trim_start_matches(['-', '+']);
        let rest = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        let power = rest.strip_prefix(['e', 'E']).map(|rest| rest.trim_start_matches(['-', '+']));
        let digit = |rest: &str| rest.starts_with(|c: char| c.is_ascii_digit());
        text.strip_prefix('.').is_some_and(digit) || (digit(text) && power.is_some_and(digit))
    };
    rewriter.scopes.declared(text).is_some_and(|column| column.texts.iter().any(|text| other(text)))
}

fn values(rewriter: &Rewriter<'_>, text: &Expr, whole: bool) -> Values {
    let number = |text: &str| match whole {
        true => text.trim().parse::<i64>().is_ok(),
        false => text.trim().parse::<f64>().is_ok_and(f64::is_finite),
    };
    let begins =
        |text: &str| text.trim_start().trim_start_matches(['-', '+', '.']).starts_with(|c: char| c.is_ascii_digit());
    // Where the dialect is a guess, the text is meant to be a number.
    if !rewriter.certain {
        return Values::Unknown;
    }
    match rewriter.scopes.declared(text).map(|column| &column.texts).filter(|texts| !texts.is_empty()) {
        None => Values::Unknown,
        Some(texts) if texts.iter().all(|text| number(text)) => Values::Numbers,
        Some(texts) if texts.iter().all(|text| begins(text)) => Values::Beginnings,
        Some(_) => Values::Anything,
    }
}
