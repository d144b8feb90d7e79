//! Operators and comparisons. MySQL and SQLite compare a text with a number, take a number for a
//! truth value and the other way round; PostgreSQL wants the types to agree. What is a matter of
//! meaning and not of being refused (case in LIKE, division, zero) is changed only in a record whose
//! dialect is certain.

use sqlparser::ast::{BinaryOperator, Expr, UnaryOperator};

use super::comparisons::{compare, in_query};
use super::patterns::{glob, pattern};
use super::{bits, whole};
use crate::catalog::ValueKind;
use crate::dialect::conditions::condition;
use crate::dialect::rewriter::Rewriter;
use crate::dialect::syntax::{arguments, brief, is_comparison, literal, number, number_literal};
use crate::dialect::template::build;
use crate::dialect::values::days::difference_of_days;
use crate::dialect::values::{enums, numbers, shown};
use crate::syntax::Dialect;

/// Rewrites an operator that PostgreSQL does not have or that means something else there.
pub(in crate::dialect) fn expr(rewriter: &mut Rewriter<'_>, expr: &mut Expr) {
    match expr {
        Expr::UnaryOp { op, expr: inner } => match op {
            UnaryOperator::BangNot => {
                *op = UnaryOperator::Not;
                condition(rewriter, inner);
                rewriter.changed("operator", "`!` is written NOT".to_owned());
            }
            UnaryOperator::Not => condition(rewriter, inner),
            UnaryOperator::BitwiseNot => bits::inverted(rewriter, expr),
            UnaryOperator::Minus => operand(rewriter, inner),
            _ => {}
        },
        Expr::Like { .. } | Expr::RLike { .. } => pattern(rewriter, expr),
        Expr::Case { operand: None, conditions, .. } => {
            conditions.iter_mut().for_each(|case| condition(rewriter, &mut case.condition));
        }
        Expr::Case { operand: Some(operand), conditions, .. } => {
            for case in conditions {
                compare(rewriter, operand, &BinaryOperator::Eq, &mut case.condition);
            }
        }
        Expr::InList { expr: value, list, .. } => {
            // One side is changed for all items or not at all.
            for item in list {
                compare(rewriter, value, &BinaryOperator::Eq, item);
            }
        }
        Expr::InSubquery { expr: value, subquery, .. } => in_query(rewriter, value, subquery),
        Expr::Between { expr: value, low, high, .. } => {
            compare(rewriter, value, &BinaryOperator::GtEq, low);
            compare(rewriter, value, &BinaryOperator::LtEq, high);
        }
        Expr::IsDistinctFrom(left, right) | Expr::IsNotDistinctFrom(left, right) => {
            compare(rewriter, left, &BinaryOperator::Eq, right);
            if rewriter.dialect == Dialect::Sqlite {
                rewriter.changed("operator", "`IS` between values is written IS NOT DISTINCT FROM".to_owned());
            }
        }
        // PostgreSQL's own, which a rule has put there.
        Expr::Collate { collation, .. } if collation.to_string() == "\"C\"" => {}
        Expr::Collate { expr: inner, collation } => {
            let folds = collation.to_string().to_lowercase().trim_matches('"') == "nocase";
            let folded = if folds { build("LOWER($1)", &[inner]) } else { None };
            rewriter.changed("collation", format!("the collation {collation} of another database goes"));
            *expr = folded.unwrap_or_else(|| (**inner).clone());
        }
        Expr::Prefixed { prefix, value }
            if prefix.value.starts_with('_') || prefix.value.eq_ignore_ascii_case("binary") =>
        {
            rewriter.changed("collation", "a character set of another database goes".to_owned());
            *expr = (**value).clone();
        }
        Expr::BinaryOp { .. } => binary(rewriter, expr),
        _ => {}
    }
}

fn binary(rewriter: &mut Rewriter<'_>, expr: &mut Expr) {
    pipes(rewriter, expr);
    let Expr::BinaryOp { left, op, right } = expr else { return };
    match op {
        BinaryOperator::And | BinaryOperator::Or => conditions(rewriter, left, right),
        BinaryOperator::PGOverlap if rewriter.dialect == Dialect::MySql => {
            rewriter.changed("operator", "`&&` is written AND".to_owned());
            *op = BinaryOperator::And;
            conditions(rewriter, left, right);
        }
        BinaryOperator::Spaceship => {
            compare(rewriter, left, &BinaryOperator::Eq, right);
            replace(rewriter, expr, "$1 IS NOT DISTINCT FROM $2", "`<=>` is written IS NOT DISTINCT FROM");
        }
        BinaryOperator::Xor => {
            conditions(rewriter, left, right);
            replace(rewriter, expr, "$1 <> $2", "`XOR` is written <>");
        }
        BinaryOperator::MyIntegerDivide => {
            let whole = [&**left, &**right].iter().all(|e| rewriter.scopes.kind(e) == Some(ValueKind::Integer));
            let template = if whole { "$1 / $2" } else { "CAST(TRUNC($1 / $2) AS BIGINT)" };
            replace(rewriter, expr, template, "`DIV` is written as a division of whole numbers");
            guard(rewriter, expr);
        }
        BinaryOperator::BitwiseAnd
        | BinaryOperator::BitwiseOr
        | BinaryOperator::PGBitwiseShiftLeft
        | BinaryOperator::PGBitwiseShiftRight => bits::between(rewriter, expr),
        BinaryOperator::BitwiseXor => {
            bits::between(rewriter, expr);
            let Expr::BinaryOp { op, .. } = expr else { return };
            *op = BinaryOperator::PGBitwiseXor;
            rewriter.changed("operator", "`^` is written #".to_owned());
        }
        BinaryOperator::Regexp => replace(rewriter, expr, "$1 ~ $2", "`REGEXP` is written ~"),
        BinaryOperator::Glob => glob(rewriter, expr),
        BinaryOperator::Divide => divide(rewriter, expr),
        BinaryOperator::Modulo => {
            operands(rewriter, left, right);
            modulo(rewriter, left, right);
            guard(rewriter, expr);
        }
        BinaryOperator::Plus | BinaryOperator::Minus | BinaryOperator::Multiply => {
            operands(rewriter, left, right);
            if rewriter.dialect == Dialect::Sqlite {
                difference_of_days(expr);
            }
        }
        BinaryOperator::StringConcat => join_texts(rewriter, left, right),
        op if is_comparison(op) => {
            let op = op.clone();
            // The value that stands for itself goes right.
            if literal(left).is_some() && literal(right).is_none() {
                compare(rewriter, right, &op, left);
            } else {
                compare(rewriter, left, &op, right);
            }
        }
        _ => {}
    }
}

/// `||` is OR in MySQL; where a side is a text somebody meant PostgreSQL's.
fn pipes(rewriter: &mut Rewriter<'_>, expr: &mut Expr) {
    let Expr::BinaryOp { left, op: op @ BinaryOperator::StringConcat, right } = expr else { return };
    if rewriter.dialect != Dialect::MySql {
        return;
    }
    let text = |e: &Expr| matches!(rewriter.scopes.kind(e), Some(ValueKind::Text));
    if text(left) || text(right) {
        let what = format!("`||` of the text {} joins texts, as PIPES_AS_CONCAT has it", brief(left));
        rewriter.changed("pipes-join-texts", what);
    } else {
        rewriter.changed("operator", "`||` is written OR".to_owned());
        *op = BinaryOperator::Or;
    }
}

fn conditions(rewriter: &mut Rewriter<'_>, left: &mut Expr, right: &mut Expr) {
    condition(rewriter, left);
    condition(rewriter, right);
}

fn divide(rewriter: &mut Rewriter<'_>, expr: &mut Expr) {
    let Expr::BinaryOp { left, right, .. } = expr else { return };
    let whole = match rewriter.dialect == Dialect::Sqlite && rewriter.certain {
        true => whole::of_division(rewriter, left, right),
        false => whole::Whole::Never,
    };
    operands(rewriter, left, right);
    if rewriter.dialect == Dialect::MySql && rewriter.certain {
        // MySQL's division keeps the fraction.
        let integer = |e: &Expr| !matches!(rewriter.scopes.kind(e), Some(ValueKind::Number | ValueKind::Float));
        if integer(left)
            && integer(right)
            && let Some(cast) = build("CAST($1 AS NUMERIC)", &[left])
        {
            rewriter.changed("division", "`/` of whole numbers keeps the fraction".to_owned());
            **left = cast;
        }
    }
    guard(rewriter, expr);
    whole::divide(rewriter, expr, whole);
}

/// `a || b`, one of which must be a text.
fn join_texts(rewriter: &mut Rewriter<'_>, left: &mut Expr, right: &mut Expr) {
    for side in [&mut *left, &mut *right] {
        if rewriter.scopes.kind(side) == Some(ValueKind::Boolean)
            && let Some(number) = build("CAST($1 AS INTEGER)", &[side])
        {
            rewriter.changed("number-from-truth", "among texts a truth value is written 1 or 0".to_owned());
            *side = number;
        } else if let Some(text) = shown::otherwise(rewriter, side) {
            rewriter.changed("number-as-text", format!("{} is written as a text as there", brief(side)));
            *side = text;
        }
    }
    let text = |e: &Expr| matches!(rewriter.scopes.kind(e), Some(ValueKind::Text | ValueKind::Other) | None);
    if !text(left)
        && !text(right)
        && let Some(cast) = build("CAST($1 AS TEXT)", &[left])
    {
        rewriter.changed("text-of-value", "`||` takes a text".to_owned());
        *left = cast;
    }
}

/// Replaces `a op b` by a template of both.
fn replace(rewriter: &mut Rewriter<'_>, expr: &mut Expr, template: &'static str, what: &str) {
    let Expr::BinaryOp { left, right, .. } = expr else { return };
    if let Some(now) = build(template, &[left, right]) {
        rewriter.changed("operator", what.to_owned());
        *expr = now;
    }
}

/// Division by zero is NULL there and an error in PostgreSQL.
fn guard(rewriter: &mut Rewriter<'_>, expr: &mut Expr) {
    if !rewriter.certain {
        return;
    }
    let Expr::BinaryOp { op: BinaryOperator::Divide | BinaryOperator::Modulo, right, .. } = expr else { return };
    let safe = |e: &Expr| match e {
        Expr::Value(value) => number(value) != Some(0),
        Expr::Function(function) => crate::syntax::last_part(&function.name) == "nullif",
        _ => false,
    };
    let inner = match &**right {
        Expr::Cast { expr, .. } | Expr::Nested(expr) => expr,
        other => other,
    };
    if safe(inner) || safe(right) {
        return;
    }
    if let Some(guarded) = build("NULLIF($1, 0)", &[right]) {
        rewriter.changed("zero-divisor", format!("a division by {} is NULL where that is 0", brief(right)));
        **right = guarded;
    }
}

/// `%` of what is no whole number.
fn modulo(rewriter: &mut Rewriter<'_>, left: &mut Expr, right: &mut Expr) {
    let sqlite = rewriter.dialect == Dialect::Sqlite;
    // SQLite cuts both sides, MySQL keeps their fractions.
    let rule = if sqlite { "CAST(TRUNC($1) AS BIGINT)" } else { "CAST($1 AS NUMERIC)" };
    for side in [left, right] {
        let kind = rewriter.scopes.kind(side);
        if let Some((number, true)) = literal(side).filter(|_| sqlite && rewriter.certain)
            && let Ok(value) = number.parse::<f64>()
            && value.fract() != 0.0
        {
            rewriter.changed("modulo", format!("`%` takes {number} as {}", value.trunc()));
            *side = number_literal(value.trunc());
            continue;
        }
        let fraction =
            kind == Some(ValueKind::Float) || (sqlite && rewriter.certain && kind == Some(ValueKind::Number));
        if fraction
            && literal(side).is_none()
            && let Some(cast) = build(rule, &[side])
        {
            rewriter.changed("modulo", "`%` takes whole or NUMERIC numbers".to_owned());
            *side = cast;
        }
    }
}

/// Operands of arithmetic: a text is read as a number, a truth value counts 1 or 0.
fn operands(rewriter: &mut Rewriter<'_>, left: &mut Expr, right: &mut Expr) {
    operand(rewriter, left);
    operand(rewriter, right);
}

/// One operand.
fn operand(rewriter: &mut Rewriter<'_>, side: &mut Expr) {
    if literal(side).is_some() {
        return;
    }
    if let Expr::BinaryOp { left, op: BinaryOperator::Arrow, right } = &*side
        && rewriter.dialect != Dialect::Postgres
        && let Some(number) = build("CAST($1 ->> $2 AS NUMERIC)", &[left, right])
    {
        rewriter.changed("json-value", format!("arithmetic reads {} as a number", brief(side)));
        *side = number;
        return;
    }
    match rewriter.scopes.kind(side) {
        Some(ValueKind::Text) => {
            if let Expr::Cast { expr: inner, .. } = &*side
                && rewriter.scopes.kind(inner) == Some(ValueKind::Integer)
            {
                *side = (**inner).clone();
                return;
            }
            if enums::as_number(rewriter, side) || enums::refuses_set(rewriter, side) {
                return;
            }
            let cast = match is_digits(side) {
                true => build("CAST($1 AS INTEGER)", &[side]),
                false => numbers::of_text(rewriter, side),
            };
            if let Some(cast) = cast {
                rewriter.changed("number-from-text", format!("arithmetic reads the text {} as a number", brief(side)));
                *side = cast;
            }
        }
        Some(ValueKind::Boolean) => {
            if let Some(cast) = build("CAST($1 AS INTEGER)", &[side]) {
                rewriter.changed("number-from-truth", "arithmetic counts a truth value as 1 or 0".to_owned());
                *side = cast;
            }
        }
        _ => {}
    }
}

/// Whether a text is a part of a date in digits: `TO_CHAR(d, 'YYYYMM')`.
fn is_digits(expr: &Expr) -> bool {
    let Expr::Function(function) = expr else { return false };
    crate::syntax::last_part(&function.name) == "to_char"
        && arguments(function).and_then(|arguments| literal(arguments.get(1)?)).is_some_and(|(format, _)| {
            let mut rest = format.as_str();
            while let Some(code) =
                ["YYYY", "MM", "DDD", "DD", "HH24", "MI", "SS", "IW"].iter().find(|code| rest.starts_with(**code))
            {
                rest = &rest[code.len()..];
            }
            rest.is_empty()
        })
}
