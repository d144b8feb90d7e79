//! Calls that choose among values: IF, ELT, FIELD, NULLIF.

use sqlparser::ast::{CaseWhen, Expr};

use super::call_parts::Call;
use crate::catalog::ValueKind;
use crate::dialect::syntax::{case, case_of, integer, literal};
use crate::dialect::template::build;

/// A call that chooses among its arguments.
pub(super) fn choices(call: &Call<'_>) -> Option<Expr> {
    let Call { rewriter, name, arguments, mysql, .. } = *call;
    match (name, arguments) {
        ("if" | "iif", [condition, yes]) => Some(case(condition, yes, None)),
        ("if" | "iif", [condition, yes, no]) => Some(case(condition, yes, Some(no))),
        ("isnull", [value]) => build("$1 IS NULL", &[value]),
        ("isnull", [value, other]) => build("COALESCE($1, $2)", &[value, other]),
        ("elt", [position, list @ ..]) if !list.is_empty() => {
            let conditions = list
                .iter()
                .enumerate()
                .map(|(i, item)| {
                    let condition = build("$1 = $2", &[position, &integer(i + 1)])?;
                    Some(CaseWhen { condition, result: (*item).clone() })
                })
                .collect::<Option<Vec<_>>>()?;
            Some(case_of(conditions, None))
        }
        ("field", [value, list @ ..]) if !list.is_empty() => {
            let conditions = list
                .iter()
                .enumerate()
                .map(|(i, item)| {
                    let condition = build("$1 = $2", &[value, item])?;
                    Some(CaseWhen { condition, result: integer(i + 1) })
                })
                .collect::<Option<Vec<_>>>()?;
            Some(case_of(conditions, Some(integer(0))))
        }
        // Its arguments stay of two kinds, and nothing of one equals anything of the other.
        ("nullif", [value, other])
            if !mysql
                && rewriter.certain
                && rewriter.scopes.kind(value).is_some_and(ValueKind::is_number)
                && matches!(literal(other), Some((_, false))) =>
        {
            Some((*value).clone())
        }
        _ => call.by_template(),
    }
}
