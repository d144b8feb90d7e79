//! Comparisons of values whose types do not agree: MySQL and SQLite compare a text with a number, a
//! date with a part of one, a truth value with 1.

use sqlparser::ast::{BinaryOperator, Expr, SelectItem, Value};

use super::sides;
use crate::catalog::ValueKind;
use crate::dialect::rewriter::Rewriter;
use crate::dialect::syntax::{brief, literal, number_literal, text};
use crate::dialect::template::build;
use crate::dialect::values::{enums, numbers};
use crate::dialect::{moments, number_texts};
use crate::syntax::Dialect;

/// Makes the two sides of a comparison agree.
pub(super) fn compare(rewriter: &mut Rewriter<'_>, left: &mut Expr, op: &BinaryOperator, right: &mut Expr) {
    sides::json_value(rewriter, left, right);
    sides::bytes_literal(rewriter, left, right);
    sides::bytes_literal(rewriter, right, left);
    if literal(right).is_some_and(|(_, number)| number)
        && (enums::as_number(rewriter, left) || enums::refuses_set(rewriter, left))
    {
        return;
    }
    match (literal(left), literal(right)) {
        (None, Some((value, is_number))) => with_literal(rewriter, left, op, right, &value, is_number),
        (None, None) => both(rewriter, left, op, right),
        _ => {}
    }
}

/// A value beside a literal.
fn with_literal(
    rewriter: &mut Rewriter<'_>,
    left: &mut Expr,
    op: &BinaryOperator,
    right: &mut Expr,
    value: &str,
    is_number: bool,
) {
    match (rewriter.scopes.kind(left), is_number) {
        (Some(ValueKind::Boolean), true) => truth_beside_number(rewriter, right, value),
        (Some(ValueKind::Boolean), false) => truth_beside_text(rewriter, left, right, value),
        (Some(ValueKind::Text), true) => text_beside_number(rewriter, left, op, right, value),
        (Some(ValueKind::Float), true) => sides::single_precision(rewriter, left, op, value),
        (Some(kind @ (ValueKind::Integer | ValueKind::Number | ValueKind::Float)), false) => {
            number_beside_text(rewriter, (left, kind), right, value);
        }
        (Some(kind @ (ValueKind::Date | ValueKind::Timestamp)), _) => {
            date_beside_literal(rewriter, (left, kind), right, (value, is_number));
        }
        _ => {}
    }
}

fn compare_as_text(rewriter: &mut Rewriter<'_>, left: &mut Expr, value: &str) {
    if let Some(cast) = build("CAST($1 AS TEXT)", &[left]) {
        rewriter.changed("compared-as-text", format!("{} is compared as text with '{value}'", brief(left)));
        *left = cast;
    }
}

fn compare_as_number(rewriter: &mut Rewriter<'_>, left: &mut Expr, number: Option<Expr>, value: &str) {
    if let Some(number) = number {
        rewriter.changed("number-from-text", format!("{} is compared as a number with {value}", brief(left)));
        *left = number;
    }
}

fn truth_beside_number(rewriter: &mut Rewriter<'_>, right: &mut Expr, value: &str) {
    let now = match value {
        "1" => Value::Boolean(true),
        "0" => Value::Boolean(false),
        _ => return,
    };
    rewriter.changed("truth-value", format!("{value} is compared with a truth value as {now}"));
    *right = Expr::Value(now.into());
}

fn truth_beside_text(rewriter: &mut Rewriter<'_>, left: &mut Expr, right: &mut Expr, value: &str) {
    // Beside a number MySQL reads the number that a text begins with.
    if rewriter.dialect == Dialect::MySql && rewriter.certain {
        let number = number_texts::beginning(value);
        rewriter.changed("truth-value", format!("'{value}' is compared with a truth value as {number}"));
        *right = if number == 1.0 || number == 0.0 {
            Expr::Value(Value::Boolean(number == 1.0).into())
        } else {
            if let Some(counted) = build("CAST($1 AS INTEGER)", &[left]) {
                *left = counted;
            }
            number_literal(number)
        };
        return;
    }
    let known = ["t", "f", "true", "false", "y", "n", "yes", "no", "on", "off", "0", "1"];
    if !known.contains(&value.trim().to_lowercase().as_str()) {
        compare_as_text(rewriter, left, value);
    }
}

fn text_beside_number(
    rewriter: &mut Rewriter<'_>,
    left: &mut Expr,
    op: &BinaryOperator,
    right: &mut Expr,
    value: &str,
) {
    let ordered = !matches!(op, BinaryOperator::Eq | BinaryOperator::NotEq);
    let is_column = matches!(left, Expr::Identifier(_) | Expr::CompoundIdentifier(_));
    let sqlite = rewriter.dialect == Dialect::Sqlite && rewriter.certain;
    if ordered && !(is_column && sqlite) {
        let number = numbers::of_text(rewriter, left);
        compare_as_number(rewriter, left, number, value);
    } else if rewriter.dialect == Dialect::MySql
        && (numbers::written_otherwise(rewriter, left, value) || numbers::is_computed(rewriter, left))
    {
        let number = numbers::of_compared(rewriter, left);
        compare_as_number(rewriter, left, number, value);
    } else if sqlite && matches!(left, Expr::Function(_)) {
        // A column's values are texts and the number becomes one; what is computed stays a text beside a number,
        // which SQLite finds greater than any.
        let why = format!("{} is a text and {value} a number, which SQLite never finds equal", brief(left));
        rewriter.refuse("other-meaning", why);
    } else {
        rewriter.changed("compared-as-text", format!("{} is compared with the text '{value}'", brief(left)));
        *right = text(&number_texts::as_written(value));
    }
}

fn number_beside_text(
    rewriter: &mut Rewriter<'_>,
    (left, kind): (&mut Expr, ValueKind),
    right: &mut Expr,
    value: &str,
) {
    let trimmed = value.trim();
    match trimmed.parse::<f64>() {
        Ok(n) if n.is_finite() => {
            if kind == ValueKind::Integer && trimmed.parse::<i64>().is_err() {
                rewriter.changed("number-from-text", format!("'{value}' is compared as a number"));
                *right = Expr::Value(Value::Number(trimmed.to_owned(), false).into());
            }
        }
        _ if rewriter.dialect == Dialect::MySql && rewriter.certain => {
            let number = number_literal(number_texts::beginning(value));
            rewriter.changed("number-from-text", format!("'{value}' is compared as the number {number}"));
            *right = number;
        }
        _ => compare_as_text(rewriter, left, value),
    }
}

/// MySQL reads `'20210101'`, `20210101` and `'2021.1.1'` as dates; SQLite compares texts.
fn date_beside_literal(
    rewriter: &mut Rewriter<'_>,
    (left, kind): (&mut Expr, ValueKind),
    right: &mut Expr,
    (value, is_number): (&str, bool),
) {
    let sqlite = rewriter.dialect == Dialect::Sqlite && rewriter.certain;
    if rewriter.dialect == Dialect::MySql
        && let Some(date) = moments::compact(value.trim())
    {
        rewriter.changed("compact-date", format!("{value} is the date '{date}'"));
        *right = text(&date);
    } else if !is_number {
        let otherwise = || !moments::is_iso(value) || shows_otherwise(rewriter, left, &[value]);
        if moments::has_time(value.trim()).is_none() || (sqlite && otherwise()) {
            compare_as_text(rewriter, left, value);
        }
    } else if kind == ValueKind::Date
        && value.len() == 4
        && let Some(year) = build("EXTRACT(YEAR FROM $1)", &[left])
    {
        // A year, said as a number.
        rewriter.changed("date-function", format!("a date is compared with the year {value}"));
        *left = year;
    }
}

/// Two values, neither of which is written out.
fn both(rewriter: &mut Rewriter<'_>, left: &mut Expr, op: &BinaryOperator, right: &mut Expr) {
    let (Some(a), Some(b)) = (rewriter.scopes.kind(left), rewriter.scopes.kind(right)) else { return };
    let ordered = !matches!(op, BinaryOperator::Eq | BinaryOperator::NotEq);
    let as_numbers = match (a, b) {
        (ValueKind::Text, b) if b.is_number() => ordered || as_numbers(rewriter, left, right, b),
        (a, ValueKind::Text) if a.is_number() => ordered || as_numbers(rewriter, right, left, a),
        _ => false,
    };
    let (side, template) = match (a, b) {
        (ValueKind::Text, b) if b.is_number() => {
            if as_numbers {
                (left, "CAST($1 AS NUMERIC)")
            } else {
                (right, "CAST($1 AS TEXT)")
            }
        }
        (a, ValueKind::Text) if a.is_number() => {
            if as_numbers {
                (right, "CAST($1 AS NUMERIC)")
            } else {
                (left, "CAST($1 AS TEXT)")
            }
        }
        (ValueKind::Text, ValueKind::Date | ValueKind::Timestamp) => (right, "CAST($1 AS TEXT)"),
        (ValueKind::Date | ValueKind::Timestamp, ValueKind::Text) => (left, "CAST($1 AS TEXT)"),
        (ValueKind::Date, ValueKind::Timestamp) | (ValueKind::Timestamp, ValueKind::Date)
            if texts_of_moments(rewriter, (left, a == ValueKind::Timestamp), op, right) =>
        {
            for side in [left, right] {
                if let Some(cast) = build("CAST($1 AS TEXT)", &[side]) {
                    rewriter.changed("compared-as-text", format!("{} is compared as a text", brief(side)));
                    *side = cast;
                }
            }
            return;
        }
        (ValueKind::Boolean, b) if b.is_number() => (left, "CAST($1 AS INTEGER)"),
        (a, ValueKind::Boolean) if a.is_number() => (right, "CAST($1 AS INTEGER)"),
        (ValueKind::Boolean, ValueKind::Text) => (left, "CAST($1 AS TEXT)"),
        (ValueKind::Text, ValueKind::Boolean) => (right, "CAST($1 AS TEXT)"),
        _ => return,
    };
    let cast = match template {
        "CAST($1 AS NUMERIC)" if rewriter.dialect == Dialect::MySql => numbers::of_compared(rewriter, side),
        "CAST($1 AS NUMERIC)" => numbers::of_text(rewriter, side),
        _ => build(template, &[side]),
    };
    if let Some(cast) = cast {
        rewriter.changed("compared-types", format!("{} is compared as {cast}", brief(side)));
        *side = cast;
    }
}

/// Whether rows show a date that is one of these points in time, written otherwise: to SQLite both are texts.
fn shows_otherwise(rewriter: &Rewriter<'_>, date: &Expr, texts: &[&str]) -> bool {
    let column = rewriter.scopes.declared(date);
    column.is_some_and(|column| column.texts.iter().any(|shown| texts.iter().any(|text| moments::same(shown, text))))
}

/// Whether a date and a point in time are compared as SQLite's texts: at midnight the one with the time is the
/// greater. Rows may show that there is none.
fn texts_of_moments(
    rewriter: &Rewriter<'_>,
    (left, left_is_timed): (&Expr, bool),
    op: &BinaryOperator,
    right: &Expr,
) -> bool {
    let timed = if left_is_timed { left } else { right };
    let same = match op {
        BinaryOperator::GtEq | BinaryOperator::Lt => left_is_timed,
        BinaryOperator::LtEq | BinaryOperator::Gt => !left_is_timed,
        _ => false,
    };
    let text = timed.to_string();
    let now = text.contains("CURRENT_TIMESTAMP") || text.contains("NOW()");
    let midnight = match rewriter.scopes.declared(timed) {
        Some(column) => column.texts.iter().any(|text| text.ends_with(" 00:00:00")),
        None => !matches!(timed, Expr::Identifier(_) | Expr::CompoundIdentifier(_)),
    };
    rewriter.dialect == Dialect::Sqlite && rewriter.certain && !same && !now && midnight
}

/// Whether MySQL finds a text and a number equal that are not the same as texts.
fn as_numbers(rewriter: &mut Rewriter<'_>, text: &Expr, number: &Expr, kind: ValueKind) -> bool {
    rewriter.dialect == Dialect::MySql
        && rewriter.certain
        && (kind != ValueKind::Integer || numbers::differs_as_text(rewriter, text, number))
}

/// `a IN (SELECT b …)` with types that differ.
pub(super) fn in_query(rewriter: &mut Rewriter<'_>, value: &mut Expr, query: &mut sqlparser::ast::Query) {
    let mut inner = rewriter.scopes.within(query);
    let sqlparser::ast::SetExpr::Select(select) = &mut *query.body else { return };
    let [item] = &mut select.projection[..] else { return };
    let (SelectItem::UnnamedExpr(item) | SelectItem::ExprWithAlias { expr: item, .. }) = item else { return };
    let (Some(a), Some(b)) = (rewriter.scopes.kind(value), inner.kind(item)) else { return };
    let (outside, cast) = match (a, b) {
        (a, ValueKind::Text) if a.is_number() => {
            std::mem::swap(&mut rewriter.scopes, &mut inner);
            let number = as_numbers(rewriter, item, value, a).then(|| numbers::of_compared(rewriter, item)).flatten();
            std::mem::swap(&mut rewriter.scopes, &mut inner);
            (number.is_none(), number.or_else(|| build("CAST($1 AS TEXT)", &[value])))
        }
        (ValueKind::Text, b) if b.is_number() => {
            let number = as_numbers(rewriter, value, item, b).then(|| numbers::of_compared(rewriter, value)).flatten();
            (number.is_some(), number.or_else(|| build("CAST($1 AS TEXT)", &[item])))
        }
        _ => return,
    };
    if let Some(cast) = cast {
        let side = if outside { value } else { item };
        rewriter.changed("compared-types", format!("{} is compared as {}", brief(side), brief(&cast)));
        *side = cast;
    }
}
