//! Calls, intervals and EXTRACT, dispatched by what they are.

use sqlparser::ast::{BinaryOperator, DateTimeField, Expr, Function, FunctionArguments};

use super::arithmetic::arithmetic;
use super::formatted::formatted;
use super::intervals::{counted, double_unit, is_date, sum, unit_of, written_out};
use super::moment::moment;
use super::parts::{part, seconds};
use super::points::point;
use super::weeks::{WEEK, week};
use crate::catalog::ValueKind;
use crate::dialect::rewriter::Rewriter;
use crate::dialect::syntax::{arguments, brief};
use crate::dialect::template::build;
use crate::syntax::Dialect;
use crate::syntax::last_part;

/// Rewrites a call about dates, if it is one that PostgreSQL does not take.
pub(in crate::dialect) fn expr(rewriter: &mut Rewriter<'_>, expr: &mut Expr) {
    let replacement = match expr {
        Expr::Function(function) => call(rewriter, function),
        // `d + INTERVAL 1 DAY`: PostgreSQL's interval is one text, or so many of one.
        Expr::Interval(interval) => written_out(interval).map(Expr::Interval),
        Expr::BinaryOp { op: BinaryOperator::Plus | BinaryOperator::Minus, right, .. } => {
            if let Expr::Interval(interval) = &**right
                && interval.leading_field.is_some()
                && let Some(span) = unit_of(interval).and_then(|unit| build(counted(&unit)?, &[&interval.value]))
            {
                rewriter.changed("date-function", format!("{} is written {}", brief(right), brief(&span)));
                **right = span;
            }
            None
        }
        Expr::Extract { field: DateTimeField::Custom(field), expr: value, .. } => {
            double_unit(&field.value).and_then(|template| build(template, &[&moment(rewriter, value)]))
        }
        // Weeks that begin on Sunday, as WEEK counts them.
        Expr::Extract { field: DateTimeField::Week(None), expr: value, .. } if rewriter.dialect == Dialect::MySql => {
            build(WEEK, &[&moment(rewriter, value)])
        }
        // The fraction alone; in PostgreSQL the seconds as well.
        Expr::Extract { field: DateTimeField::Microsecond, expr: value, .. } if rewriter.dialect == Dialect::MySql => {
            build("MOD(EXTRACT(MICROSECONDS FROM $1), 1000000)", &[&moment(rewriter, value)])
        }
        Expr::Extract { field: DateTimeField::Second | DateTimeField::Seconds, expr: value, .. }
            if rewriter.dialect == Dialect::MySql && seconds(value).starts_with("FLOOR") =>
        {
            build(seconds(value), &[&moment(rewriter, value)])
        }
        Expr::Extract { expr: value, .. }
            if rewriter.dialect == Dialect::MySql && rewriter.scopes.kind(value) == Some(ValueKind::Text) =>
        {
            let at = moment(rewriter, value);
            **value = at;
            rewriter.changed("date-function", "`EXTRACT` takes a date".to_owned());
            None
        }
        _ => None,
    };
    if let Some(replacement) = replacement {
        let before = match expr {
            Expr::Function(function) => last_part(&function.name).to_uppercase(),
            _ => "INTERVAL".to_owned(),
        };
        rewriter.changed("date-function", format!("`{before}` is written {}", brief(&replacement)));
        *expr = replacement;
    }
}

/// `d + INTERVAL 1 DAY` of MySQL's, which is a date where `d` is one. Before the interval is written out.
pub(in crate::dialect) fn plus_interval(rewriter: &mut Rewriter<'_>, expr: &mut Expr) {
    let Expr::BinaryOp { left, op: op @ (BinaryOperator::Plus | BinaryOperator::Minus), right } = &*expr else {
        return;
    };
    let Expr::Interval(interval) = &**right else { return };
    let known = is_date(rewriter, left) || rewriter.scopes.kind(left) == Some(ValueKind::Text);
    if rewriter.dialect != Dialect::MySql || !rewriter.certain || interval.leading_field.is_none() || !known {
        return;
    }
    let template = if *op == BinaryOperator::Plus { "$1 + $2" } else { "$1 - $2" };
    if let Some(sum) = sum(rewriter, left, interval, template) {
        rewriter.changed("date-function", format!("{} is written {}", brief(expr), brief(&sum)));
        *expr = sum;
    }
}

fn call(rewriter: &Rewriter<'_>, function: &Function) -> Option<Expr> {
    let name = last_part(&function.name);
    let arguments = match &function.args {
        // They stand without parentheses in PostgreSQL as well.
        FunctionArguments::None if matches!(name.as_str(), "current_date" | "current_timestamp") => return None,
        FunctionArguments::None => Vec::new(),
        _ => arguments(function)?,
    };
    let (name, arguments) = (name.as_str(), &arguments[..]);
    part(rewriter, name, arguments)
        .or_else(|| week(rewriter, name, arguments))
        .or_else(|| point(rewriter, name, arguments))
        .or_else(|| arithmetic(rewriter, name, arguments))
        .or_else(|| formatted(rewriter, name, arguments))
}
