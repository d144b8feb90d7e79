//! Calls about numbers: LOG, TOTAL, PRINTF, FORMAT, CONV, ROUND.

use sqlparser::ast::{Expr, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, ObjectName, Value};

use super::call_parts::Call;
use super::rounding::rounded;
use super::texts::printed;
use crate::catalog::ValueKind;
use crate::dialect::syntax::{integer, is_condition, number};
use crate::dialect::template::build;
use crate::dialect::values::numbers::of_text;
use crate::syntax::Dialect;

/// A call about a number.
pub(super) fn numbers(call: &Call<'_>) -> Option<Expr> {
    let Call { rewriter, name, function, arguments, .. } = *call;
    match (name, arguments) {
        ("log", [base, value]) => build("LN($1) / LN($2)", &[value, base]),
        // Of no rows it is 0, and always with a fraction.
        ("total", [value]) if rewriter.dialect == Dialect::Sqlite => {
            let number = match rewriter.scopes.kind(value) {
                Some(ValueKind::Text) => of_text(rewriter, value)?,
                Some(ValueKind::Boolean) => build("CASE WHEN $1 THEN 1 ELSE 0 END", &[value])?,
                _ if is_condition(value) => build("CASE WHEN $1 THEN 1 ELSE 0 END", &[value])?,
                _ => (*value).clone(),
            };
            let mut sum = function.clone();
            sum.name = ObjectName::from(vec![Ident::new("SUM")]);
            if let FunctionArguments::List(list) = &mut sum.args {
                list.args = vec![FunctionArg::Unnamed(FunctionArgExpr::Expr(build(
                    "CAST($1 AS DOUBLE PRECISION)",
                    &[&number],
                )?))];
            }
            build("COALESCE($1, 0)", &[&Expr::Function(sum)])
        }
        ("printf" | "format", [Expr::Value(format), values @ ..]) if rewriter.dialect == Dialect::Sqlite => {
            let Value::SingleQuotedString(format) = &format.value else { return None };
            printed(rewriter, format, values)
        }
        ("format", [value, Expr::Value(places)]) if rewriter.dialect == Dialect::MySql => {
            let places = usize::try_from(number(places)?).ok().filter(|n| *n <= 20)?;
            let point = if places == 0 { String::new() } else { format!(".{}", "0".repeat(places)) };
            let format = Expr::Value(Value::SingleQuotedString(format!("FM999,999,999,999,990{point}")).into());
            // A floating-point number is rounded by its binary value.
            let power = matches!(value, Expr::Value(n) if n.to_string().contains(['e', 'E']));
            let float = power || rewriter.scopes.kind(value) == Some(ValueKind::Float);
            let value = match (float && rewriter.certain, places) {
                (true, 0) => build("ROUND(CAST($1 AS DOUBLE PRECISION))", &[value])?,
                (true, _) => rounded(rewriter, "round", value, &integer(places)).unwrap_or_else(|| (*value).clone()),
                _ => (*value).clone(),
            };
            build("TO_CHAR(CAST($1 AS NUMERIC), $2)", &[&value, &format])
        }
        ("conv", [value, from, to]) => {
            let base = |e: &Expr| match e {
                Expr::Value(value) => number(value),
                _ => None,
            };
            let template = match (base(from)?, base(to)?) {
                (10, 16) => "UPPER(TO_HEX(CAST($1 AS BIGINT)))",
                (10, 8) => "TO_OCT(CAST($1 AS BIGINT))",
                (10, 2) => "TO_BIN(CAST($1 AS BIGINT))",
                _ => return None,
            };
            build(template, &[value])
        }
        ("round" | "truncate", [value, digits]) => rounded(rewriter, name, value, digits),
        _ => call.by_template(),
    }
}
