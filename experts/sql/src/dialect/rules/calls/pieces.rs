//! Calls that find or take a piece of a text: LOCATE, SUBSTRING_INDEX, MID.

use sqlparser::ast::{Expr, UnaryOperator, Value};

use super::call_parts::Call;
use crate::dialect::syntax::{integer, number};
use crate::dialect::template::build;

/// A call that finds or takes a piece of a text.
pub(super) fn pieces(call: &Call<'_>) -> Option<Expr> {
    let Call { rewriter, name, arguments, mysql, .. } = *call;
    match (name, arguments) {
        ("locate", [part, whole]) => build("STRPOS($1, $2)", &[whole, part]),
        ("substring_index", [text, mark, Expr::Value(count)]) if number(count) == Some(1) => {
            build("SPLIT_PART($1, $2, 1)", &[text, mark])
        }
        ("substring_index", [text, mark, Expr::UnaryOp { op: UnaryOperator::Minus, expr }]) if matches!(&**expr, Expr::Value(count) if number(count) == Some(1)) => {
            build("SPLIT_PART($1, $2, -1)", &[text, mark])
        }
        ("find_in_set", [value, list]) => {
            let known = |e: &Expr| rewriter.scopes.known(e).is_some_and(|known| known.not_null);
            let template = match known(value) && known(list) {
                true => "COALESCE(ARRAY_POSITION(STRING_TO_ARRAY($2, ','), $1), 0)",
                false => {
                    "CASE WHEN $1 IS NOT NULL AND $2 IS NOT NULL THEN COALESCE(ARRAY_POSITION(STRING_TO_ARRAY($2, ','), $1), 0) END"
                }
            };
            build(template, &[value, list])
        }
        ("mid", [text, from, length]) => build("SUBSTRING($1, $2, $3)", &[text, from, length]),
        ("mid", [text, from]) => build("SUBSTRING($1, $2)", &[text, from]),
        ("lpad" | "rpad", [_, Expr::UnaryOp { op: UnaryOperator::Minus, .. }, _]) if mysql => {
            Some(Expr::Value(Value::Null.into()))
        }
        ("substring_index", [text, mark, Expr::Value(count)]) => {
            let count = integer(usize::try_from(number(count)?).ok()?);
            build("ARRAY_TO_STRING((STRING_TO_ARRAY($1, $2))[:$3], $2)", &[text, mark, &count])
        }
        ("locate", [part, whole, from]) => build(
            "CASE WHEN STRPOS(SUBSTRING($1 FROM $3), $2) = 0 THEN 0 ELSE STRPOS(SUBSTRING($1 FROM $3), $2) + $3 - 1 END",
            &[whole, part, from],
        ),
        _ => call.by_template(),
    }
}
