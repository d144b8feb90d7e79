//! Comparisons of values whose types do not agree: MySQL and SQLite compare a text with a number, a
//! date with a part of one, a truth value with 1. And comparisons that pass over case.

use sqlparser::ast::{BinaryOperator, Expr, SelectItem, UnaryOperator, Value};

use super::functions::brief;
use super::names::Kind;
use super::rows::{self, moment};
use super::template::build;
use super::{Dialect, Rewriter, bytes, collation, enums, json, numbers, stored};

/// LIKE and REGEXP with regard to case: `LIKE BINARY`, columns with such a collation, JSON's texts.
pub(super) fn binary_pattern(rewriter: &mut Rewriter<'_>, expr: &mut Expr) {
    if !rewriter.certain || rewriter.dialect != Dialect::MySql {
        return;
    }
    let (Expr::RLike { expr: value, pattern, .. } | Expr::Like { expr: value, pattern, .. }) = &*expr else { return };
    let written = is_binary(value) || is_binary(pattern);
    if !written && !collation::compares_with_regard(&rewriter.scopes, value, pattern) {
        return;
    }
    let json = match bare(value) {
        Expr::BinaryOp { op: BinaryOperator::Arrow, .. } => true,
        Expr::Function(function) => crate::schema::last_part(&function.name) == "json_extract",
        // Bytes have a pattern of their own.
        value => rewriter.scopes.declared(&value).is_some_and(|column| column.kind == Kind::Other && !column.bytes),
    };
    let value = if json { build("CAST($1 AS TEXT)", &[value]) } else { Some(bare(value)) };
    let (Some(value), pattern) = (value, bare(pattern)) else { return };
    let (now, what) = match expr {
        Expr::RLike { negated, .. } => {
            let template = if *negated { "$1 !~ $2" } else { "$1 ~ $2" };
            (build(template, &[&value, &pattern]), "`REGEXP` with regard to case is written ~")
        }
        Expr::Like { negated, escape_char, .. } => {
            let Some(pattern) = escaped(&pattern, escape_char.as_deref()) else {
                let why = format!("the ESCAPE of {} is known only where its pattern is written out", brief(expr));
                return rewriter.refuse("pattern-escape", why);
            };
            let template = if *negated { "$1 !~~ $2" } else { "$1 ~~ $2" };
            (build(template, &[&value, &pattern]), "`LIKE` with regard to case is written ~~")
        }
        _ => return,
    };
    if let Some(now) = now {
        rewriter.changed("operator", what.to_owned());
        *expr = now;
    }
}

/// A pattern whose escapes are backslashes.
fn escaped(pattern: &Expr, escape: Option<&Expr>) -> Option<Expr> {
    let Some(escape) = escape else { return Some(pattern.clone()) };
    let (escape, _) = literal(escape)?;
    let (given, _) = literal(pattern)?;
    if escape == "\\" {
        return Some(pattern.clone());
    }
    let mut out = String::new();
    let mut chars = given.chars();
    while let Some(c) = chars.next() {
        match c {
            c if escape.chars().eq([c]) => out.extend(chars.next().into_iter().flat_map(|next| ['\\', next])),
            '\\' => out.push_str("\\\\"),
            c => out.push(c),
        }
    }
    Some(text(&out))
}

/// MySQL's `BINARY text` or `text COLLATE utf8mb4_bin`: with regard to case.
pub(super) fn is_binary(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) => is_binary(inner),
        Expr::Cast { data_type: sqlparser::ast::DataType::Binary(None), .. } => true,
        Expr::Collate { collation, .. } => super::collation::regards_case(&collation.to_string()),
        _ => false,
    }
}

/// Without BINARY.
pub(super) fn bare(expr: &Expr) -> Expr {
    match expr {
        Expr::Nested(inner) if is_binary(inner) => bare(inner),
        Expr::Cast { expr, data_type: sqlparser::ast::DataType::Binary(None), .. } => (**expr).clone(),
        Expr::Collate { expr: inner, .. } if is_binary(expr) => (**inner).clone(),
        other => other.clone(),
    }
}

/// A text in lower case.
pub(super) fn lower(expr: &mut Expr) {
    let bare = match &*expr {
        Expr::Collate { expr, .. } => (**expr).clone(),
        other => other.clone(),
    };
    *expr = match literal(&bare) {
        Some((value, false)) => text(&value.to_lowercase()),
        _ if is_lower(&bare) => bare,
        _ => build("LOWER($1)", &[&bare]).unwrap_or(bare),
    };
}

/// Whether an expression is in lower case as it is.
fn is_lower(expr: &Expr) -> bool {
    matches!(expr, Expr::Function(function) if matches!(crate::schema::last_part(&function.name).as_str(), "lower" | "lcase"))
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
    json::compared(rewriter, left, right);
    bytes::compared(rewriter, left, right);
    bytes::compared(rewriter, right, left);
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
        // Beside a number MySQL reads the number that a text begins with.
        (Kind::Boolean, false) if rewriter.dialect == Dialect::MySql && rewriter.certain => {
            let number = numbers::beginning(value);
            rewriter.changed("truth-value", format!("'{value}' is compared with a truth value as {number}"));
            *right = if number == 1.0 || number == 0.0 {
                Expr::Value(Value::Boolean(number == 1.0).into())
            } else {
                if let Some(counted) = build("CAST($1 AS INTEGER)", &[left]) {
                    *left = counted;
                }
                numbers::written(number)
            };
        }
        (Kind::Boolean, false) => {
            let known = ["t", "f", "true", "false", "y", "n", "yes", "no", "on", "off", "0", "1"];
            if !known.contains(&value.trim().to_lowercase().as_str()) {
                as_text(rewriter, left);
            }
        }
        (Kind::Text, true) if ordered && !(is_column && rewriter.certain && rewriter.dialect == Dialect::Sqlite) => {
            if let Some(cast) = numbers::of_text(rewriter, left) {
                rewriter.changed("number-from-text", format!("{} is compared as a number with {value}", brief(left)));
                *left = cast;
            }
        }
        (Kind::Text, true)
            if rewriter.dialect == Dialect::MySql
                && (numbers::written_otherwise(rewriter, left, value) || numbers::is_computed(rewriter, left)) =>
        {
            if let Some(number) = numbers::of_compared(rewriter, left) {
                rewriter.changed("number-from-text", format!("{} is compared as a number with {value}", brief(left)));
                *left = number;
            }
        }
        // A column's values are texts and the number becomes one; what is computed stays a text beside
        // a number, which SQLite finds greater than any.
        (Kind::Text, true)
            if rewriter.dialect == Dialect::Sqlite && rewriter.certain && matches!(left, Expr::Function(_)) =>
        {
            let why = format!("{} is a text and {value} a number, which SQLite never finds equal", brief(left));
            rewriter.refuse("other-meaning", why);
        }
        (Kind::Text, true) => {
            rewriter.changed("compared-as-text", format!("{} is compared with the text '{value}'", brief(left)));
            *right = text(&numbers::as_written(value));
        }
        (Kind::Float, true) => stored::compared(rewriter, left, op, value),
        (Kind::Integer | Kind::Number | Kind::Float, false) => match value.trim().parse::<f64>() {
            Ok(n) if n.is_finite() => {
                if kind == Kind::Integer && value.trim().parse::<i64>().is_err() {
                    rewriter.changed("number-from-text", format!("'{value}' is compared as a number"));
                    *right = Expr::Value(Value::Number(value.trim().to_owned(), false).into());
                }
            }
            _ if rewriter.dialect == Dialect::MySql && rewriter.certain => {
                let number = numbers::written(numbers::beginning(value));
                rewriter.changed("number-from-text", format!("'{value}' is compared as the number {number}"));
                *right = number;
            }
            _ => as_text(rewriter, left),
        },
        // MySQL reads `'20210101'`, `20210101` and `'2021.1.1'` as dates; SQLite compares texts.
        (Kind::Date | Kind::Timestamp, _)
            if rewriter.dialect == Dialect::MySql
                && let Some(date) = rows::compact_moment(value.trim()) =>
        {
            rewriter.changed("compact-date", format!("{value} is the date '{date}'"));
            *right = text(&date);
        }
        (Kind::Date | Kind::Timestamp, false)
            if moment(value.trim()).is_none()
                || (rewriter.dialect == Dialect::Sqlite
                    && rewriter.certain
                    && (!rows::is_iso(value) || shows_otherwise(rewriter, left, &[value]))) =>
        {
            as_text(rewriter, left)
        }
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
    let as_numbers = match (a, b) {
        (Kind::Text, b) if b.is_number() => ordered || as_numbers(rewriter, left, right, b),
        (a, Kind::Text) if a.is_number() => ordered || as_numbers(rewriter, right, left, a),
        _ => false,
    };
    let (side, template) = match (a, b) {
        (Kind::Text, b) if b.is_number() => {
            if as_numbers {
                (left, "CAST($1 AS NUMERIC)")
            } else {
                (right, "CAST($1 AS TEXT)")
            }
        }
        (a, Kind::Text) if a.is_number() => {
            if as_numbers {
                (right, "CAST($1 AS NUMERIC)")
            } else {
                (left, "CAST($1 AS TEXT)")
            }
        }
        (Kind::Text, Kind::Date | Kind::Timestamp) => (right, "CAST($1 AS TEXT)"),
        (Kind::Date | Kind::Timestamp, Kind::Text) => (left, "CAST($1 AS TEXT)"),
        (Kind::Date, Kind::Timestamp) | (Kind::Timestamp, Kind::Date)
            if texts_of_moments(rewriter, (left, a == Kind::Timestamp), op, right) =>
        {
            for side in [left, right] {
                if let Some(cast) = build("CAST($1 AS TEXT)", &[side]) {
                    rewriter.changed("compared-as-text", format!("{} is compared as a text", brief(side)));
                    *side = cast;
                }
            }
            return;
        }
        (Kind::Boolean, b) if b.is_number() => (left, "CAST($1 AS INTEGER)"),
        (a, Kind::Boolean) if a.is_number() => (right, "CAST($1 AS INTEGER)"),
        (Kind::Boolean, Kind::Text) => (left, "CAST($1 AS TEXT)"),
        (Kind::Text, Kind::Boolean) => (right, "CAST($1 AS TEXT)"),
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
    column
        .is_some_and(|column| column.texts.iter().any(|shown| texts.iter().any(|text| rows::same_moment(shown, text))))
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
fn as_numbers(rewriter: &mut Rewriter<'_>, text: &Expr, number: &Expr, kind: Kind) -> bool {
    rewriter.dialect == Dialect::MySql
        && rewriter.certain
        && (kind != Kind::Integer || numbers::differs_as_text(rewriter, text, number))
}

/// `a IN (SELECT b …)` with types that differ.
pub(super) fn in_query(rewriter: &mut Rewriter<'_>, value: &mut Expr, query: &mut sqlparser::ast::Query) {
    let mut inner = rewriter.scopes.within(query);
    let sqlparser::ast::SetExpr::Select(select) = &mut *query.body else { return };
    let [item] = &mut select.projection[..] else { return };
    let (SelectItem::UnnamedExpr(item) | SelectItem::ExprWithAlias { expr: item, .. }) = item else { return };
    let (Some(a), Some(b)) = (rewriter.scopes.kind(value), inner.kind(item)) else { return };
    let (outside, cast) = match (a, b) {
        (a, Kind::Text) if a.is_number() => {
            std::mem::swap(&mut rewriter.scopes, &mut inner);
            let number = as_numbers(rewriter, item, value, a).then(|| numbers::of_compared(rewriter, item)).flatten();
            std::mem::swap(&mut rewriter.scopes, &mut inner);
            (number.is_none(), number.or_else(|| build("CAST($1 AS TEXT)", &[value])))
        }
        (Kind::Text, b) if b.is_number() => {
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
