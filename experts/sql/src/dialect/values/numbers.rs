//! Texts where numbers are wanted: MySQL and SQLite read the number that a text begins with, and 0
//! where it begins with none; PostgreSQL refuses. One rule for sums and means, comparisons,
//! arithmetic and casts.
//!
//! <https://dev.mysql.com/doc/refman/8.4/en/type-conversion.html>,
//! <https://www.sqlite.org/datatype3.html#type_conversions_prior_to_comparison>

use sqlparser::ast::{BinaryOperator, Expr};

use crate::catalog::ValueKind;
use crate::dialect::number_texts;
use crate::dialect::rewriter::Rewriter;
use crate::dialect::syntax::{arguments, brief};
use crate::dialect::template::build;
use crate::syntax::Dialect;

/// The number that MySQL reads a text as beside a number.
pub(in crate::dialect) fn of_compared(rewriter: &Rewriter<'_>, text: &Expr) -> Option<Expr> {
    let known = match text {
        Expr::Function(function) => crate::syntax::last_part(&function.name) == "to_char",
        Expr::BinaryOp { op, .. } => *op == BinaryOperator::LongArrow,
        other => rewriter.scopes.declared(other).is_some() || is_whole_text(other),
    };
    if known || !rewriter.certain {
        return of_text(rewriter, text);
    }
    // Of what is computed nothing is known.
    let beginning = build(r"CAST(SUBSTRING($1 FROM '^\s*[-+]?[0-9]+\.?[0-9]*') AS NUMERIC)", &[text])?;
    or_zero(rewriter, beginning, text)
}

/// How far a text's values in the record's rows are numbers.
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

/// The number that the other database reads a text as.
pub(in crate::dialect) fn of_text(rewriter: &Rewriter<'_>, text: &Expr) -> Option<Expr> {
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
pub(in crate::dialect) fn before_cast(rewriter: &Rewriter<'_>, text: &Expr, whole: bool) -> Option<(Expr, bool)> {
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

/// Whether the rows have a text that counts as `number` and is written differently: `007`, `7 kg`.
pub(in crate::dialect) fn written_otherwise(rewriter: &Rewriter<'_>, text: &Expr, number: &str) -> bool {
    let Ok(number) = number.parse::<f64>() else { return false };
    rewriter.certain
        && rewriter.scopes.declared(text).is_some_and(|column| {
            let known =
                |text: &String| text.trim() == text && text.parse::<f64>().is_ok_and(|n| n.to_string() == *text);
            column.texts.iter().any(|text| number_texts::beginning(text) == number && !known(text))
        })
}

/// The number that the whole text is. A text that is none sorts above all numbers, as in SQLite.
pub(in crate::dialect) fn of_whole_text(rewriter: &Rewriter<'_>, text: &Expr) -> Option<Expr> {
    let shown = rewriter.scopes.declared(text).filter(|column| column.kind == ValueKind::Text && column.is_shown());
    if shown.is_some_and(|column| column.texts.iter().all(|text| number_texts::is_number(text))) {
        return build("CAST($1 AS NUMERIC)", &[text]);
    }
    let unknown = shown.is_none() && rewriter.scopes.declared(text).is_some();
    if unknown {
        return build("CAST($1 AS NUMERIC)", &[text]);
    }
    build(
        r"CASE WHEN $1 ~ '^\s*[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?\s*$' THEN CAST($1 AS NUMERIC) WHEN $1 IS NOT NULL THEN CAST('Infinity' AS NUMERIC) END",
        &[text],
    )
}

/// Whether a text that is compared with whole numbers, for being equal, is to be read as a number: rows show
/// one that is a number and written otherwise, or it is computed, so that nothing is known. Where a column
/// shows no rows a note says that it was left.
pub(in crate::dialect) fn differs_as_text(rewriter: &mut Rewriter<'_>, text: &Expr, numbers: &Expr) -> bool {
    let Some(column) = rewriter.scopes.declared(text) else { return !is_whole_text(text) };
    if !column.is_shown() {
        let what = format!(
            "{} is compared with {} as a text, {} compares numbers",
            brief(text),
            brief(numbers),
            rewriter.dialect.title()
        );
        rewriter.noted("compared-types", what);
        return false;
    }
    let mysql = rewriter.dialect == Dialect::MySql;
    let zero =
        || rewriter.scopes.declared(numbers).is_none_or(|column| !column.is_shown() || column.numbers.contains("0"));
    column.texts.iter().any(|text| match text.parse::<f64>() {
        Ok(number) if number_texts::is_number(text) => number.to_string() != *text,
        // MySQL reads the number that a text begins with, and 0 where there is none.
        _ if mysql => number_texts::begins_with_number(text) || zero(),
        _ => false,
    })
}

/// Whether a text is computed: neither a column's, nor a JSON value, nor digits that begin with a year.
pub(in crate::dialect) fn is_computed(rewriter: &Rewriter<'_>, text: &Expr) -> bool {
    let json = matches!(text, Expr::BinaryOp { op: BinaryOperator::LongArrow, .. });
    let year = matches!(text, Expr::Function(function) if arguments(function)
        .is_some_and(|values| values.get(1).is_some_and(|format| format.to_string().starts_with("'YYYY"))));
    rewriter.certain && !json && !year && rewriter.scopes.known(text).is_some_and(|known| known.computed)
}

/// Whether a text was cast from a whole number.
fn is_whole_text(text: &Expr) -> bool {
    matches!(text, Expr::Cast { expr, .. } if matches!(**expr, Expr::Extract { .. }))
}

/// `number`, or 0 where the text that it is read from begins with none. NULL stays NULL.
pub(in crate::dialect) fn or_zero(rewriter: &Rewriter<'_>, number: Expr, text: &Expr) -> Option<Expr> {
    match rewriter.scopes.known(text).is_some_and(|known| known.not_null) {
        true => build("COALESCE($1, 0)", &[&number]),
        false => build("COALESCE($1, 0 * LENGTH($2))", &[&number, text]),
    }
}

/// Whether the rows have numbers such as `1.5e2` or `.5`.
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
    // Where the dialect is a guess, the text is meant to be a number.
    if !rewriter.certain {
        return Values::Unknown;
    }
    let column =
        rewriter.scopes.declared(text).filter(|column| !column.kind.is_number() && column.kind != ValueKind::Boolean);
    match column.map(|column| &column.texts).filter(|texts| !texts.is_empty()) {
        None => Values::Unknown,
        Some(texts) if texts.iter().all(|text| number(text)) => Values::Numbers,
        Some(texts) if texts.iter().all(|text| number_texts::begins_with_number(text)) => Values::Beginnings,
        Some(_) => Values::Anything,
    }
}
