//! MySQL's ENUM and SET, which are texts here: an ENUM sorts by the order in which its members are
//! declared, and counts as their number where a number is wanted.
//! <https://dev.mysql.com/doc/refman/8.4/en/enum.html#enum-sorting>

use sqlparser::ast::{Array, Expr};

use crate::dialect::rewriter::Rewriter;
use crate::dialect::syntax::{brief, text};
use crate::dialect::template::build;

/// The members of the ENUM that an expression names, in their order.
fn members<'n>(rewriter: &Rewriter<'n>, expr: &Expr) -> Option<&'n [String]> {
    rewriter.scopes.declared(expr).map(|column| column.members.as_slice()).filter(|members| !members.is_empty())
}

/// The number of a value among its members, from 1.
fn number(members: &[String], expr: &Expr) -> Option<Expr> {
    build("ARRAY_POSITION($1, $2)", &[&array(members), expr])
}

/// The key by which an ENUM is sorted, unless its members are in alphabetical order.
pub(in crate::dialect) fn order_key(rewriter: &mut Rewriter<'_>, expr: &Expr) -> Option<Expr> {
    if rewriter.scopes.declared(expr).is_some_and(|column| column.set) {
        let what = format!("the SET {} sorts by the bits of its members there, here as a text", brief(expr));
        rewriter.noted("set-order", what);
    }
    let members = members(rewriter, expr)?;
    if members.is_sorted() {
        return None;
    }
    let key = number(members, expr)?;
    rewriter.changed("enum-order", format!("{} sorts in the order of its members", brief(expr)));
    Some(key)
}

/// The members of an ENUM as an array in their order, unless that is alphabetical.
pub(in crate::dialect) fn reordered_members(rewriter: &Rewriter<'_>, expr: &Expr) -> Option<Expr> {
    members(rewriter, expr).filter(|members| !members.is_sorted()).map(array)
}

fn array(members: &[String]) -> Expr {
    Expr::Array(Array { elem: members.iter().map(|member| text(member)).collect(), named: true })
}

/// Refuses MySQL's SET where a number is wanted: it would be the bits of its members, which a text does not show.
pub(in crate::dialect) fn refuses_set(rewriter: &mut Rewriter<'_>, expr: &Expr) -> bool {
    let set = rewriter.scopes.declared(expr).is_some_and(|column| column.set);
    if set {
        let why = format!("the SET {} counts as the bits of its members there, and is a text here", brief(expr));
        rewriter.refuse("other-meaning", why);
    }
    set
}

/// Whether an expression is an ENUM whose members are not in alphabetical order.
pub(in crate::dialect) fn is_reordered(rewriter: &Rewriter<'_>, expr: &Expr) -> bool {
    members(rewriter, expr).is_some_and(|members| !members.is_sorted())
}

/// Replaces an ENUM by the number of its member, where a number is wanted.
pub(in crate::dialect) fn as_number(rewriter: &mut Rewriter<'_>, expr: &mut Expr) -> bool {
    let Some(members) = members(rewriter, expr) else { return false };
    let Some(number) = number(members, expr) else { return false };
    rewriter.changed("enum-number", format!("{} counts as the number of its member", brief(expr)));
    *expr = number;
    true
}
