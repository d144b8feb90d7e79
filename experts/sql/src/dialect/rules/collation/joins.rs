//! Joins by the names of columns.

use sqlparser::ast::{Expr, JoinConstraint, JoinOperator, Select};

use crate::catalog::ValueKind;
use crate::dialect::names::DeclaredColumn;
use crate::dialect::rewriter::Rewriter;
use crate::dialect::syntax::table_name;
use crate::dialect::values::letter_case::unequal_but_for_case;
use crate::syntax::Dialect;
use crate::syntax::last_part;

/// `JOIN … USING (name)` and `NATURAL JOIN`, which have no sides that could be put into lower case.
pub(in crate::dialect) fn shared_columns(rewriter: &mut Rewriter<'_>, select: &Select) {
    if !rewriter.certain || rewriter.dialect != Dialect::MySql {
        return;
    }
    let names = rewriter.names;
    for item in &select.from {
        let mut left: Vec<String> = table_name(&item.relation).into_iter().collect();
        for join in &item.joins {
            let right = table_name(&join.relation);
            let shared: Vec<String> = match constraint(&join.join_operator) {
                Some(JoinConstraint::Using(columns)) => columns.iter().map(last_part).collect(),
                Some(JoinConstraint::Natural) => {
                    let of = right.iter().flat_map(|table| names.columns_of(table));
                    of.map(|column| column.ident.value.to_lowercase()).collect()
                }
                _ => Vec::new(),
            };
            // Which names a query in FROM shares is not looked up.
            if matches!(constraint(&join.join_operator), Some(JoinConstraint::Natural))
                && (right.is_none() || left.is_empty())
                && let Some(column) =
                    left.iter().chain(&right).flat_map(|table| names.columns_of(table)).find(is_folded)
            {
                rewriter.notes_case(&Expr::Identifier(column.ident.clone()));
            }
            for name in shared {
                let column = right.as_deref().and_then(|table| names.column_in(table, &name));
                let others = left.iter().filter_map(|table| names.column_in(table, &name));
                // A query in FROM has rows that are not shown.
                if let (None, Some(column)) = (&right, left.iter().find_map(|table| names.column_in(table, &name)))
                    && is_folded(&column)
                {
                    rewriter.notes_case(&Expr::Identifier(column.ident.clone()));
                }
                for (one, other) in column.filter(is_folded).into_iter().zip(others.filter(is_folded)) {
                    let differs = one.texts.iter().any(|a| other.texts.iter().any(|b| unequal_but_for_case(a, b)));
                    if differs {
                        let why = format!("texts of `{name}` that differ in case alone are joined by their name");
                        return rewriter.refuse("case-in-join", why);
                    }
                    rewriter.notes_case(&Expr::Identifier(one.ident.clone()));
                }
            }
            left.extend(right);
        }
    }
}

/// Whether a column's texts are compared without regard to case.
fn is_folded(column: &&DeclaredColumn) -> bool {
    column.kind == ValueKind::Text && column.passes_over_case
}

fn constraint(operator: &JoinOperator) -> Option<&JoinConstraint> {
    use JoinOperator::{FullOuter, Inner, Join, Left, LeftOuter, Right, RightOuter};
    match operator {
        Join(by) | Inner(by) | Left(by) | LeftOuter(by) | Right(by) | RightOuter(by) | FullOuter(by) => Some(by),
        _ => None,
    }
}
