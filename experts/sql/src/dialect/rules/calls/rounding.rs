//! ROUND, TRUNCATE and MOD: what is done to a number's digits and what is left of it.

use sqlparser::ast::{Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments};

use crate::catalog::ValueKind;
use crate::dialect::rewriter::Rewriter;
use crate::dialect::syntax::{brief, call, integer, literal};
use crate::dialect::template::build;
use crate::dialect::values::numbers;
use crate::syntax::Dialect;

/// MySQL rounds a floating-point number by its binary value: to digits by way of a whole number, which
/// PostgreSQL rounds in the same way.
pub(super) fn rounded(rewriter: &Rewriter<'_>, name: &str, value: &Expr, digits: &Expr) -> Option<Expr> {
    if rewriter.dialect != Dialect::MySql || !rewriter.certain || rewriter.scopes.kind(value) != Some(ValueKind::Float)
    {
        return None;
    }
    let (digits, _) = literal(digits).filter(|(_, number)| *number)?;
    let digits = digits.parse::<usize>().ok().filter(|digits| (1..=9).contains(digits))?;
    let power = integer(10usize.pow(u32::try_from(digits).ok()?));
    let template = if name == "round" { "ROUND($1 * $2) / $2" } else { "TRUNC($1 * $2) / $2" };
    build(template, &[value, &power])
}

/// `ROUND(x, n)` of a floating-point number, which PostgreSQL rounds to whole ones alone; and
/// SQLite's `ROUND(x)`, which takes halves away from zero where PostgreSQL takes them to even ones.
pub(super) fn round(rewriter: &mut Rewriter<'_>, name: &str, function: &mut Function) {
    let FunctionArguments::List(list) = &mut function.args else { return };
    let mysql = rewriter.dialect == Dialect::MySql;
    let digits = match &list.args[..] {
        [_, FunctionArg::Unnamed(FunctionArgExpr::Expr(digits))] => literal(digits),
        _ => None,
    };
    // SQLite rounds to no fewer digits than none.
    if !mysql && name == "round" && digits.as_ref().is_some_and(|(n, number)| *number && n.starts_with('-')) {
        list.args.truncate(1);
        rewriter.changed("rounded-number", "a negative number of digits counts as none".to_owned());
    }
    let whole = list.args.len() == 1;
    let float = match list.args.first() {
        Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(value))) => {
            rewriter.scopes.kind(value) == Some(ValueKind::Float)
        }
        _ => false,
    };
    // MySQL rounds a floating-point number to an even one, as PostgreSQL does without digits.
    if mysql && float && name == "round" && digits.is_some_and(|(n, _)| n == "0") {
        list.args.truncate(1);
        rewriter.changed("rounded-number", "`ROUND` to no digits is written without them".to_owned());
        return;
    }
    if whole && (name != "round" || mysql || !rewriter.certain) {
        return;
    }
    if let Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(value))) = list.args.first_mut()
        && !matches!(rewriter.scopes.kind(value), Some(ValueKind::Integer | ValueKind::Number))
        && !matches!(value, Expr::Cast { data_type: sqlparser::ast::DataType::Numeric(_), .. })
        && let Some(cast) = match rewriter.scopes.kind(value) {
            Some(ValueKind::Text) => numbers::of_text(rewriter, value),
            _ => build("CAST($1 AS NUMERIC)", &[value]),
        }
    {
        rewriter.changed("rounded-number", "`ROUND` to digits takes a NUMERIC".to_owned());
        *value = cast;
    }
}

/// MOD of floating-point numbers, and by zero, which is NULL there.
pub(super) fn remainder(rewriter: &mut Rewriter<'_>, function: &mut Function) {
    let FunctionArguments::List(list) = &mut function.args else { return };
    let [FunctionArg::Unnamed(FunctionArgExpr::Expr(value)), FunctionArg::Unnamed(FunctionArgExpr::Expr(divisor))] =
        &mut list.args[..]
    else {
        return;
    };
    for side in [&mut *value, &mut *divisor] {
        if rewriter.scopes.kind(side) == Some(ValueKind::Float)
            && let Some(cast) = build("CAST($1 AS NUMERIC)", &[side])
        {
            rewriter.changed("modulo", "`MOD` takes whole or NUMERIC numbers".to_owned());
            *side = cast;
        }
    }
    let zero = match literal(divisor) {
        Some((number, _)) => number == "0",
        None => true,
    };
    if rewriter.certain && zero {
        rewriter.changed("zero-divisor", format!("a division by {} is NULL where that is 0", brief(divisor)));
        *divisor = call("NULLIF", vec![divisor.clone(), integer(0)]);
    }
}
