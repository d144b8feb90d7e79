//! Expressions by whose values rows are told apart or sorted.

use sqlparser::ast::{Expr, SelectItem, WindowSpec};

use crate::dialect::rewriter::Rewriter;
use crate::dialect::syntax::number;
use crate::dialect::values::letter_case::{Decides, lower};

pub(super) fn window(rewriter: &mut Rewriter<'_>, spec: &mut WindowSpec) {
    for key in &mut spec.partition_by {
        fold_one(rewriter, key, false);
    }
    for item in &mut spec.order_by {
        fold_one(rewriter, &mut item.expr, true);
    }
}

/// One expression by whose values rows are told apart (`ordered`: sorted).
pub(super) fn fold_one(rewriter: &mut Rewriter<'_>, expr: &mut Expr, ordered: bool) {
    match if ordered { rewriter.order_of(expr) } else { rewriter.within(expr) } {
        Decides::No => {}
        Decides::Maybe => rewriter.notes_case(expr),
        Decides::Yes => {
            rewriter.passes_over_case(expr);
            lower(expr);
        }
    }
}

/// The output that a key of GROUP BY or ORDER BY stands for.
pub(super) fn output_of(projection: &[SelectItem], key: &Expr) -> Option<Expr> {
    match key {
        Expr::Value(value) => {
            let at = usize::try_from(number(value)? - 1).ok()?;
            match projection.get(at)? {
                SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(expr.clone()),
                _ => None,
            }
        }
        Expr::Identifier(ident) => projection.iter().find_map(|item| match item {
            SelectItem::ExprWithAlias { expr, alias } if alias.value.eq_ignore_ascii_case(&ident.value) => {
                Some(expr.clone())
            }
            _ => None,
        }),
        _ => None,
    }
}
