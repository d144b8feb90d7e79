//! Calls of aggregates, and of the highest or lowest of several values.

use sqlparser::ast::{
    BinaryOperator, CaseWhen, DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause,
    FunctionArgumentList, FunctionArguments, Ident, ObjectName, Value,
};

use super::texts::joined;
use crate::catalog::ValueKind;
use crate::dialect::rewriter::Rewriter;
use crate::dialect::syntax::{arguments, case_of, is_condition};
use crate::dialect::template::build;
use crate::dialect::values::{enums, numbers, shown};
use crate::syntax::Dialect;
use crate::syntax::last_part;

/// `GROUP_CONCAT(DISTINCT a ORDER BY b SEPARATOR ';')`, or SQLite's with the separator second.
pub(super) fn group_concat(rewriter: &Rewriter<'_>, function: &mut Function) {
    let FunctionArguments::List(FunctionArgumentList { duplicate_treatment, args, clauses }) = &mut function.args
    else {
        return;
    };
    let mut separator = Value::SingleQuotedString(",".to_owned()).into();
    clauses.retain_mut(|clause| match clause {
        FunctionArgumentClause::Separator(found) => {
            separator = found.clone();
            if let Value::DoubleQuotedString(text) = &separator.value {
                separator.value = Value::SingleQuotedString(text.clone());
            }
            false
        }
        _ => true,
    });
    // MySQL joins its arguments.
    if rewriter.dialect == Dialect::MySql && args.len() > 1 {
        let all: Vec<Expr> = std::mem::take(args)
            .into_iter()
            .filter_map(|argument| match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
                _ => None,
            })
            .collect();
        let whole = joined(rewriter, &all.iter().collect::<Vec<_>>());
        args.extend(whole.map(|whole| FunctionArg::Unnamed(FunctionArgExpr::Expr(whole))));
    }
    let one_per_part = args.len() == 1;
    for arg in args.iter_mut().take(1) {
        if let FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) = arg
            && rewriter.scopes.kind(expr) != Some(ValueKind::Text)
            && let Some(text) = shown::as_text(rewriter, expr)
        {
            *expr = text;
        }
    }
    if one_per_part {
        args.push(FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(separator))));
    }
    // With DISTINCT, PostgreSQL orders by what is aggregated or not at all.
    if *duplicate_treatment == Some(DuplicateTreatment::Distinct)
        && let Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(text))) = args.first()
    {
        for clause in clauses.iter_mut() {
            if let FunctionArgumentClause::OrderBy(order) = clause {
                order.truncate(1);
                order.iter_mut().for_each(|o| o.expr = text.clone());
            }
        }
    }
}

/// `COUNT(DISTINCT a, b)`: PostgreSQL counts rows, and MySQL only those without a NULL.
pub(super) fn count_of_several(rewriter: &mut Rewriter<'_>, function: &mut Function) {
    let Some(values) = arguments(function) else { return };
    if values.len() < 2 {
        return;
    }
    let values: Vec<Expr> = values.into_iter().cloned().collect();
    let whole = values.iter().filter_map(|value| build("$1 IS NOT NULL", &[value])).reduce(|a, b| Expr::BinaryOp {
        left: Box::new(a),
        op: BinaryOperator::And,
        right: Box::new(b),
    });
    if let FunctionArguments::List(list) = &mut function.args {
        list.args = vec![FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Tuple(values)))];
    }
    function.filter = whole.map(Box::new);
    rewriter.changed("function", "`COUNT(DISTINCT a, b)` counts rows without a NULL".to_owned());
}

/// `SUM(a = b)` counts, `AVG(text)` reads numbers.
pub(super) fn aggregate(rewriter: &mut Rewriter<'_>, name: &str, function: &mut Function) {
    let FunctionArguments::List(list) = &mut function.args else { return };
    let [FunctionArg::Unnamed(FunctionArgExpr::Expr(argument))] = &mut list.args[..] else { return };
    let kind = rewriter.scopes.kind(argument);
    let upper = name.to_uppercase();
    if enums::as_number(rewriter, argument) {
        return;
    }
    if is_condition(argument) || kind == Some(ValueKind::Boolean) {
        rewriter.changed("counted-condition", format!("`{upper}` of a condition adds 1 or 0"));
        // For a sum NULL is as good as 0, for a mean it is not.
        let template = match name {
            "avg" => "CASE WHEN $1 THEN 1 WHEN NOT $1 THEN 0 END",
            _ => "CASE WHEN $1 THEN 1 ELSE 0 END",
        };
        if let Some(counted) = build(template, &[argument]) {
            *argument = counted;
        }
    } else if kind == Some(ValueKind::Text) {
        rewriter.changed("number-from-text", format!("`{upper}` of a text column reads it as numbers"));
        if let Some(cast) = numbers::of_text(rewriter, argument) {
            *argument = cast;
        }
    }
}

/// SQLite's `MAX(a, b)` is PostgreSQL's `GREATEST`. There and in MySQL it is NULL as soon as one
/// value is; in PostgreSQL when all are.
pub(super) fn extreme_of_several(rewriter: &mut Rewriter<'_>, function: &mut Function) -> Option<Expr> {
    let name = last_part(&function.name);
    let most = match name.as_str() {
        "max" if rewriter.dialect == Dialect::Sqlite => true,
        "min" if rewriter.dialect == Dialect::Sqlite => false,
        "greatest" => true,
        "least" => false,
        _ => return None,
    };
    let values: Vec<Expr> = arguments(function)?.into_iter().cloned().collect();
    if values.len() < 2 {
        return None;
    }
    let new = if most { "GREATEST" } else { "LEAST" };
    if !name.eq_ignore_ascii_case(new) {
        rewriter.changed("function", format!("`{}` of several values is written {new}", name.to_uppercase()));
        function.name = ObjectName::from(vec![Ident::new(new)]);
    }
    let maybe_null = |value: &&Expr| !rewriter.scopes.known(value).is_some_and(|known| known.not_null);
    let nulls: Vec<Expr> = values.iter().filter(maybe_null).filter_map(|value| build("$1 IS NULL", &[value])).collect();
    let condition = nulls.into_iter().reduce(|a, b| Expr::BinaryOp {
        left: Box::new(a),
        op: BinaryOperator::Or,
        right: Box::new(b),
    });
    let plain = Expr::Function(function.clone());
    let condition = condition.filter(|_| rewriter.certain)?;
    rewriter.changed("null-among-several", format!("`{new}` is NULL as soon as one value is"));
    Some(case_of(vec![CaseWhen { condition, result: Expr::Value(Value::Null.into()) }], Some(plain)))
}

/// PostgreSQL has no highest truth value.
pub(super) fn extreme_of_truth(rewriter: &mut Rewriter<'_>, function: &mut Function) {
    let FunctionArguments::List(list) = &mut function.args else { return };
    let [FunctionArg::Unnamed(FunctionArgExpr::Expr(argument))] = &mut list.args[..] else { return };
    if rewriter.scopes.kind(argument) == Some(ValueKind::Boolean)
        && let Some(cast) = build("CAST($1 AS INTEGER)", &[argument])
    {
        rewriter.changed("number-from-truth", "the highest or lowest truth value is 1 or 0".to_owned());
        *argument = cast;
    }
}
