//! GROUP BY and DISTINCT: texts that differ in case alone are one value.

use sqlparser::ast::{Distinct, Expr, GroupByExpr, Query, Select, SelectItem};

use super::keys::{output_of, window};
use crate::dialect::rewriter::Rewriter;
use crate::dialect::syntax::{aggregated, named_windows, same};
use crate::dialect::template::build;
use crate::dialect::values::letter_case::{Decides, lower};
use crate::grouping::is_aggregate;
use crate::syntax::Dialect;
use crate::syntax::walk::Edit;

/// GROUP BY and DISTINCT: texts that differ in case alone are one, of which any spelling comes out.
pub(in crate::dialect) fn select(rewriter: &mut Rewriter<'_>, select: &mut Select) {
    if !rewriter.certain || rewriter.dialect == Dialect::Postgres {
        return;
    }
    for spec in named_windows(select) {
        window(rewriter, spec);
    }
    let mut grouped = Vec::new();
    // The sums of ROLLUP show NULL for a key, which no aggregate of its texts would.
    let sums = matches!(&select.group_by, GroupByExpr::Expressions(_, modifiers) if !modifiers.is_empty());
    if let GroupByExpr::Expressions(keys, _) = &mut select.group_by {
        for key in keys.iter_mut() {
            // A key may stand for an output.
            let stands_for = match &*key {
                Expr::Identifier(name) if rewriter.is_column(name) => None,
                key => output_of(&select.projection, key),
            };
            let value = stands_for.as_ref().unwrap_or(key);
            match rewriter.within(value) {
                Decides::No => {}
                Decides::Yes if !sums => {
                    rewriter.passes_over_case(value);
                    grouped.push(value.clone());
                    let mut value = value.clone();
                    lower(&mut value);
                    *key = value;
                }
                _ => rewriter.notes_case(value),
            }
        }
    }
    let distinct = matches!(select.distinct, Some(Distinct::Distinct));
    if distinct {
        distinct_rows(rewriter, select, &mut grouped);
    }
    for item in &mut select.projection {
        let (SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }) = item else { continue };
        if !grouped.iter().any(|key| same(key, expr)) {
            // What is made of a key.
            any_spelling(expr, &grouped);
            continue;
        }
        let name = match &*expr {
            Expr::Identifier(ident) => Some(ident.clone()),
            Expr::CompoundIdentifier(parts) => parts.last().cloned(),
            _ => None,
        };
        // Any spelling will do: MySQL shows that of some row.
        let Some(value) = build("ANY_VALUE($1)", &[&*expr]) else { continue };
        *item = match (&*item, name) {
            (SelectItem::ExprWithAlias { alias, .. }, _) => {
                SelectItem::ExprWithAlias { expr: value, alias: alias.clone() }
            }
            (_, Some(alias)) => SelectItem::ExprWithAlias { expr: value, alias },
            (_, None) => SelectItem::UnnamedExpr(value),
        };
    }
    if let Some(having) = &mut select.having {
        for key in &grouped {
            crate::syntax::walk::edit_expressions(having, &mut |expr| {
                if matches!(expr, Expr::Identifier(_) | Expr::CompoundIdentifier(_)) && same(key, expr) {
                    lower(expr);
                }
            });
        }
    }
}

/// Puts any spelling of a group's key where an output is made of it, outside of what is aggregated.
fn any_spelling(expr: &mut Expr, grouped: &[Expr]) {
    struct Spell<'a> {
        grouped: &'a [Expr],
        /// Depth within aggregates and inner queries.
        inside: usize,
    }
    impl Edit for Spell<'_> {
        fn query(&mut self, _: &mut Query) {
            self.inside += 1;
        }

        fn query_end(&mut self, _: &mut Query) {
            self.inside -= 1;
        }

        fn expr(&mut self, expr: &mut Expr) {
            self.inside += usize::from(matches!(expr, Expr::Function(f) if is_aggregate(f)));
        }

        fn expr_end(&mut self, expr: &mut Expr) {
            let column = matches!(expr, Expr::Identifier(_) | Expr::CompoundIdentifier(_));
            if column && self.inside == 0 && self.grouped.iter().any(|key| same(key, expr)) {
                *expr = build("ANY_VALUE($1)", &[&*expr]).unwrap_or_else(|| expr.clone());
            } else {
                self.inside -= usize::from(matches!(expr, Expr::Function(f) if is_aggregate(f)));
            }
        }
    }
    crate::syntax::walk::edit(expr, &mut Spell { grouped, inside: 0 });
}

/// DISTINCT of plain columns, some of which hold texts that differ in case alone, as groups: what
/// they are grouped by is put into `select`.
fn distinct_rows(rewriter: &mut Rewriter<'_>, select: &mut Select, grouped: &mut Vec<Expr>) {
    let mut keys = Vec::new();
    let mut decided = false;
    for item in &select.projection {
        let (SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }) = item else { return };
        match rewriter.within(expr) {
            Decides::No => keys.push(expr.clone()),
            Decides::Maybe => {
                rewriter.notes_case(expr);
                keys.push(expr.clone());
            }
            Decides::Yes => {
                decided = true;
                let mut key = expr.clone();
                lower(&mut key);
                keys.push(key);
                grouped.push(expr.clone());
            }
        }
    }
    let plain = matches!(&select.group_by, GroupByExpr::Expressions(keys, _) if keys.is_empty()) && !aggregated(select);
    if !decided {
        return;
    }
    let Some(first) = grouped.first().cloned() else { return };
    if !plain {
        rewriter.notes_case(&first);
        grouped.clear();
        return;
    }
    rewriter.passes_over_case(&first);
    select.distinct = None;
    select.group_by = GroupByExpr::Expressions(keys, Vec::new());
}
