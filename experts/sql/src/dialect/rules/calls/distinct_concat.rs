//! MySQL's `GROUP_CONCAT(DISTINCT …)`: PostgreSQL orders distinct texts by themselves alone, so numbers
//! are aggregated before they become texts, and texts that are ordered or told apart without regard to
//! case by a query over their array.

use sqlparser::ast::{
    DuplicateTreatment, Expr, Function, FunctionArgumentClause, FunctionArguments, OrderByExpr, OrderBySort, Value,
};

use crate::catalog::ValueKind;
use crate::dialect::rewriter::Rewriter;
use crate::dialect::syntax::{arguments, brief, same, text};
use crate::dialect::template::build;
use crate::dialect::values::enums;
use crate::dialect::values::letter_case::decides_among;
use crate::syntax::Dialect;
use crate::syntax::last_part;
use crate::syntax::walk::{self, Edit};

/// A text whose case UPPER or LOWER changes, which its order passes over.
fn of_any_case(expr: &Expr) -> &Expr {
    let Expr::Function(function) = expr else { return expr };
    let changes = matches!(last_part(&function.name).as_str(), "upper" | "lower" | "ucase" | "lcase");
    match arguments(function).as_deref() {
        Some([inner]) if changes => inner,
        _ => expr,
    }
}

/// What the call becomes; `None` where STRING_AGG says the same.
pub(super) fn in_order(rewriter: &mut Rewriter<'_>, function: &Function) -> Option<Expr> {
    let FunctionArguments::List(list) = &function.args else { return None };
    if list.duplicate_treatment != Some(DuplicateTreatment::Distinct)
        || rewriter.dialect != Dialect::MySql
        || !rewriter.certain
    {
        return None;
    }
    let given = arguments(function)?;
    let order = list.clauses.iter().find_map(|clause| match clause {
        FunctionArgumentClause::OrderBy(items) => items.first(),
        _ => None,
    });
    let separator = list.clauses.iter().find_map(|clause| match clause {
        FunctionArgumentClause::Separator(value) => match &value.value {
            Value::SingleQuotedString(text) | Value::DoubleQuotedString(text) => Some(text.as_str()),
            _ => None,
        },
        _ => None,
    });
    let separator = text(separator.unwrap_or(","));
    let itself = |item: &OrderByExpr| match given[..] {
        [value] => same(of_any_case(value), of_any_case(&item.expr)) || matches!(item.expr, Expr::Value(_)),
        _ => false,
    };
    if let Some(item) = order.filter(|item| !itself(item)) {
        let why = format!(
            "`GROUP_CONCAT(DISTINCT …)` is ordered by {}, and distinct texts have no one value of it",
            brief(&item.expr)
        );
        rewriter.refuse("order-of-distinct", why);
        return None;
    }
    let [value] = given[..] else { return None };
    let down = order.is_some_and(|item| matches!(item.options.sort, Some(OrderBySort::Desc)));
    let kind = rewriter.scopes.kind(value);
    let mut now = if kind.is_some_and(ValueKind::is_number) && order.is_some() {
        build("NULLIF(ARRAY_TO_STRING(ARRAY_AGG(DISTINCT $1 ORDER BY $1), $2), '')", &[value, &separator])?
    } else if let Some(members) = order.and_then(|_| enums::reordered_members(rewriter, value)) {
        build(
            "(SELECT STRING_AGG(v, $2 ORDER BY ARRAY_POSITION($3, v)) FROM UNNEST(ARRAY_AGG(DISTINCT $1)) AS part (v))",
            &[value, &separator, &members],
        )?
    } else if decides_among(rewriter, value, order.is_some()) {
        build(
            "(SELECT STRING_AGG(v, $2 ORDER BY LOWER(v)) FROM (SELECT DISTINCT ON (LOWER(v)) v FROM UNNEST(ARRAY_AGG($1)) WITH ORDINALITY AS part (v, n) ORDER BY LOWER(v), n) AS spelling)",
            &[value, &separator],
        )?
    } else {
        return None;
    };
    if down {
        // The outermost order comes first.
        struct Down(bool);
        impl Edit for Down {
            fn order_by(&mut self, item: &mut OrderByExpr) {
                if std::mem::take(&mut self.0) {
                    item.options.sort = Some(OrderBySort::Desc);
                }
            }
        }
        walk::edit(&mut now, &mut Down(true));
    }
    Some(now)
}
