//! SQLite's RANDOM, a whole number of 64 bits where PostgreSQL's is a fraction.

use sqlparser::ast::{BinaryOperator, Expr, Function, Select, SelectItem};

use crate::dialect::rewriter::Rewriter;
use crate::dialect::syntax::arguments;
use crate::dialect::template::build;
use crate::syntax::Dialect;
use crate::syntax::last_part;
use crate::syntax::walk::{self, Look};

/// SQLite's RANDOM is a whole number of 64 bits with its sign, PostgreSQL's a fraction. To order by it
/// either will do; `ABS(RANDOM()) % n` is a whole number below n.
pub(in crate::dialect) fn random(rewriter: &mut Rewriter<'_>, expr: &mut Expr) {
    let Expr::BinaryOp { left, op: BinaryOperator::Modulo, right } = expr else { return };
    if rewriter.dialect != Dialect::Sqlite || !is_absolute_random(left) {
        return;
    }
    if let Some(below) = build("CAST(FLOOR(RANDOM() * $1) AS INTEGER)", &[right]) {
        rewriter.changed("random", "a random number below another is written by FLOOR".to_owned());
        *expr = below;
    }
}

fn is_absolute_random(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) => is_absolute_random(inner),
        Expr::Function(function) => {
            last_part(&function.name) == "abs"
                && arguments(function).is_some_and(|all| matches!(all[..], [Expr::Function(inner)] if is_random(inner)))
        }
        _ => false,
    }
}

fn is_random(function: &Function) -> bool {
    last_part(&function.name) == "random" && arguments(function).is_some_and(|all| all.is_empty())
}

/// Refuses RANDOM where its value counts.
pub(in crate::dialect) fn random_value(rewriter: &mut Rewriter<'_>, select: &Select) {
    struct Search {
        calls: usize,
        below: usize,
    }
    impl Look for Search {
        fn expr(&mut self, expr: &Expr) -> bool {
            match expr {
                Expr::Function(function) => self.calls += usize::from(is_random(function)),
                Expr::BinaryOp { left, op: BinaryOperator::Modulo, .. } => {
                    self.below += usize::from(is_absolute_random(left));
                }
                _ => {}
            }
            true
        }
    }
    if rewriter.dialect != Dialect::Sqlite || !rewriter.certain {
        return;
    }
    let mut search = Search { calls: 0, below: 0 };
    for item in &select.projection {
        if let SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } = item {
            walk::expr(expr, &mut search);
        }
    }
    for expr in select.selection.iter().chain(&select.having) {
        walk::expr(expr, &mut search);
    }
    if search.calls > search.below {
        let why = "`RANDOM()` is a whole number of 64 bits in SQLite, and no function of PostgreSQL's gives one";
        rewriter.refuse("other-meaning", why.to_owned());
    }
}
