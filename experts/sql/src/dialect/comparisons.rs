//! Comparisons of values whose types do not agree: MySQL and SQLite compare a text with a number, a
//! date with a part of one, a truth value with 1. And comparisons that pass over case.

use sqlparser::ast::{BinaryOperator, Expr, UnaryOperator, Value};

use super::functions::brief;
use super::names::Kind;
use super::rows::moment;
use super::template::build;
use super::{Dialect, Rewriter};

/// A comparison without regard to case: one that says so (`COLLATE NOCASE`), or one of MySQL's that
/// the record's own rows show to pass over it.
pub(super) fn without_case(rewriter: &mut Rewriter<'_>, expr: &mut Expr) {
    if !rewriter.certain {
        return;
    }
    let nocase = |e: &Expr| matches!(e, Expr::Collate { collation, .. } if collation.to_string().to_lowercase().trim_matches('"') == "nocase");
    let folds = |rewriter: &Rewriter<'_>, value: &Expr, other: &Expr| {
        nocase(value)
            || nocase(other)
            || (rewriter.dialect == Dialect::MySql
                && literal(other)
                    .is_some_and(|(text, number)| !number && rewriter.scopes.spelled_otherwise(value, &text)))
    };
    match expr {
        Expr::BinaryOp { left, op: BinaryOperator::Eq | BinaryOperator::NotEq, right }
            if folds(rewriter, left, right) || folds(rewriter, right, left) =>
        {
            lower(left);
            lower(right);
        }
        Expr::RLike { negated, expr: value, pattern, .. } if is_binary(value) || is_binary(pattern) => {
            let template = if *negated { "$1 !~ $2" } else { "$1 ~ $2" };
            if let Some(now) = build(template, &[&bare(value), &bare(pattern)]) {
                rewriter.changed("operator", "`REGEXP BINARY` is written ~".to_owned());
                *expr = now;
            }
            return;
        }
        Expr::Like { negated: false, expr: value, pattern, .. } if is_binary(value) || is_binary(pattern) => {
            if let Some(now) = build("$1 ~~ $2", &[&bare(value), &bare(pattern)]) {
                rewriter.changed("operator", "`LIKE BINARY` is written ~~, which has regard to case".to_owned());
                *expr = now;
            }
            return;
        }
        Expr::InList { expr: value, list, .. } if list.iter().any(|item| folds(rewriter, value, item)) => {
            list.iter_mut().for_each(lower);
            lower(value);
        }
        _ => return,
    }
    rewriter.changed("case-in-comparison", "the comparison passes over case".to_owned());
}

/// MySQL's `BINARY text`: with regard to case.
pub(super) fn is_binary(expr: &Expr) -> bool {
    matches!(expr, Expr::Cast { data_type: sqlparser::ast::DataType::Binary(None), .. })
}

/// Without BINARY.
pub(super) fn bare(expr: &Expr) -> Expr {
    match expr {
        Expr::Cast { expr, data_type: sqlparser::ast::DataType::Binary(None), .. } => (**expr).clone(),
        other => other.clone(),
    }
}

/// A text in lower case.
fn lower(expr: &mut Expr) {
    let bare = match &*expr {
        Expr::Collate { expr, .. } => (**expr).clone(),
        other => other.clone(),
    };
    *expr = match literal(&bare) {
        Some((value, false)) => text(&value.to_lowercase()),
        _ => build("LOWER($1)", &[&bare]).unwrap_or(bare),
    };
}

/// A value that is written out: its text, and whether it is a number.
pub(super) fn literal(expr: &Expr) -> Option<(String, bool)> {
    match expr {
        Expr::Nested(inner) => literal(inner),
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => match literal(expr)? {
            (text, true) => Some((format!("-{text}"), true)),
            _ => None,
        },
        Expr::Value(value) => match &value.value {
            Value::Number(number, _) => Some((number.to_string(), true)),
            Value::SingleQuotedString(text) | Value::DoubleQuotedString(text) => Some((text.clone(), false)),
            _ => None,
        },
        _ => None,
    }
}

/// A text, written out.
pub(super) fn text(of: &str) -> Expr {
    Expr::Value(Value::SingleQuotedString(of.to_owned()).into())
}

/// Makes the two sides of a comparison agree.
pub(super) fn compare(rewriter: &mut Rewriter<'_>, left: &mut Expr, op: &BinaryOperator, right: &mut Expr) {
    match (literal(left), literal(right)) {
        (None, Some((value, is_number))) => with_literal(rewriter, left, op, right, &value, is_number),
        (None, None) => both(rewriter, left, op, right),
        _ => {}
    }
}

fn with_literal(
    rewriter: &mut Rewriter<'_>,
    left: &mut Expr,
    op: &BinaryOperator,
    right: &mut Expr,
    value: &str,
    is_number: bool,
) {
    let Some(kind) = rewriter.scopes.kind(left) else { return };
    let ordered = !matches!(op, BinaryOperator::Eq | BinaryOperator::NotEq);
    let is_column = matches!(left, Expr::Identifier(_) | Expr::CompoundIdentifier(_));
    let as_text = |rewriter: &mut Rewriter<'_>, left: &mut Expr| {
        if let Some(cast) = build("CAST($1 AS TEXT)", &[left]) {
            rewriter.changed("compared-as-text", format!("{} is compared as text with '{value}'", brief(left)));
            *left = cast;
        }
    };
    match (kind, is_number) {
        (Kind::Boolean, true) => {
            let now = match value {
                "1" => Value::Boolean(true),
                "0" => Value::Boolean(false),
                _ => return,
            };
            rewriter.changed("truth-value", format!("{value} is compared with a truth value as {now}"));
            *right = Expr::Value(now.into());
        }
        (Kind::Boolean, false) => {
            let known = ["t", "f", "true", "false", "y", "n", "yes", "no", "on", "off", "0", "1"];
            if !known.contains(&value.trim().to_lowercase().as_str()) {
                as_text(rewriter, left);
            }
        }
        (Kind::Text, true) if ordered && !(is_column && rewriter.certain && rewriter.dialect == Dialect::Sqlite) => {
            if let Some(cast) = build("CAST($1 AS NUMERIC)", &[left]) {
                rewriter.changed("number-from-text", format!("{} is compared as a number with {value}", brief(left)));
                *left = cast;
            }
        }
        (Kind::Text, true) => {
            rewriter.changed("compared-as-text", format!("{} is compared with the text '{value}'", brief(left)));
            *right = text(value);
        }
        (Kind::Integer | Kind::Number | Kind::Float, false) => match value.trim().parse::<f64>() {
            Ok(n) if n.is_finite() => {
                if kind == Kind::Integer && value.trim().parse::<i64>().is_err() {
                    rewriter.changed("number-from-text", format!("'{value}' is compared as a number"));
                    *right = Expr::Value(Value::Number(value.trim().to_owned(), false).into());
                }
            }
            _ => as_text(rewriter, left),
        },
        (Kind::Date | Kind::Timestamp, false) if moment(value.trim()).is_none() => as_text(rewriter, left),
        (Kind::Date, true) if value.len() == 4 => {
            // A year, said as a number.
            if let Some(year) = build("EXTRACT(YEAR FROM $1)", &[left]) {
                rewriter.changed("date-function", format!("a date is compared with the year {value}"));
                *left = year;
            }
        }
        _ => {}
    }
}

fn both(rewriter: &mut Rewriter<'_>, left: &mut Expr, op: &BinaryOperator, right: &mut Expr) {
    let (Some(a), Some(b)) = (rewriter.scopes.kind(left), rewriter.scopes.kind(right)) else { return };
    let ordered = !matches!(op, BinaryOperator::Eq | BinaryOperator::NotEq);
    let (side, template) = match (a, b) {
        (Kind::Text, b) if b.is_number() => {
            if ordered {
                (left, "CAST($1 AS NUMERIC)")
            } else {
                (right, "CAST($1 AS TEXT)")
            }
        }
        (a, Kind::Text) if a.is_number() => {
            if ordered {
                (right, "CAST($1 AS NUMERIC)")
            } else {
                (left, "CAST($1 AS TEXT)")
            }
        }
        (Kind::Text, Kind::Date | Kind::Timestamp) => (right, "CAST($1 AS TEXT)"),
        (Kind::Date | Kind::Timestamp, Kind::Text) => (left, "CAST($1 AS TEXT)"),
        (Kind::Boolean, b) if b.is_number() => (left, "CAST($1 AS INTEGER)"),
        (a, Kind::Boolean) if a.is_number() => (right, "CAST($1 AS INTEGER)"),
        (Kind::Boolean, Kind::Text) => (left, "CAST($1 AS TEXT)"),
        (Kind::Text, Kind::Boolean) => (right, "CAST($1 AS TEXT)"),
        _ => return,
    };
    if let Some(cast) = build(template, &[side]) {
        rewriter.changed("compared-types", format!("{} is compared as {cast}", brief(side)));
        *side = cast;
    }
}

/// `a IN (SELECT b …)` with types that differ.
pub(super) fn in_query(rewriter: &mut Rewriter<'_>, value: &mut Expr, query: &mut sqlparser::ast::Query) {
    let inner = Expr::Subquery(Box::new(query.clone()));
    let (Some(a), Some(b)) = (rewriter.scopes.kind(value), rewriter.scopes.kind(&inner)) else { return };
    if a.is_number()
        && b == Kind::Text
        && let Some(cast) = build("CAST($1 AS TEXT)", &[value])
    {
        rewriter.changed("compared-types", format!("{} is compared as text", brief(value)));
        *value = cast;
    } else if a == Kind::Text
        && b.is_number()
        && let sqlparser::ast::SetExpr::Select(select) = &mut *query.body
        && let [sqlparser::ast::SelectItem::UnnamedExpr(item)] = &mut select.projection[..]
        && let Some(cast) = build("CAST($1 AS TEXT)", &[item])
    {
        rewriter.changed("compared-types", format!("{} is compared as text", brief(item)));
        *item = cast;
    }
}
