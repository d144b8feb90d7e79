//! One item of ORDER BY, in a query, a window or an aggregate: where NULL sorts is a matter of meaning, and
//! changed only in a record whose dialect is certain. An ENUM sorts by its member's number.

use sqlparser::ast::{BinaryOperator, Expr, OrderByExpr, OrderBySort};

use super::rewriter::Rewriter;
use super::syntax::brief;
use super::values::enums;
use crate::syntax::Dialect;

/// Rewrites an item of ORDER BY. `stands_for`: the output whose name or position it is.
pub(super) fn order_item(rewriter: &mut Rewriter<'_>, item: &mut OrderByExpr, stands_for: Option<&Expr>) {
    if !rewriter.certain || item.options.nulls_first.is_some() {
        return;
    }
    let value = stands_for.unwrap_or(&item.expr);
    let not_null = rewriter.scopes.known(value).is_some_and(|known| known.not_null);
    if rewriter.dialect == Dialect::Sqlite && matches!(value, Expr::BinaryOp { op: BinaryOperator::LongArrow, .. }) {
        let what = format!("SQLite sorts {} by the types of JSON's values, PostgreSQL as texts", brief(value));
        rewriter.noted("order-of-json", what);
    }
    if let Some(key) = enums::order_key(rewriter, value) {
        item.expr = key;
    }
    if !not_null {
        place_of_null(rewriter, item);
    }
}

/// Says where NULL sorts, which is below every value.
pub(super) fn place_of_null(rewriter: &mut Rewriter<'_>, item: &mut OrderByExpr) {
    if !rewriter.certain || item.options.nulls_first.is_some() {
        return;
    }
    let down = matches!(item.options.sort, Some(OrderBySort::Desc));
    item.options.nulls_first = Some(!down);
    rewriter.changed("order-of-null", "NULL sorts below every value".to_owned());
}
