//! FROM: joins without a condition, commas beside joins, queries without a name.

use sqlparser::ast::{Ident, JoinConstraint, JoinOperator, Select, TableAlias, TableFactor};

use crate::dialect::conditions::condition;
use crate::dialect::rewriter::Rewriter;

/// `a JOIN b JOIN c ON …`, which PostgreSQL refuses, is read there as `a JOIN (b JOIN c ON …)`, so that
/// the condition does not see `a`. SQLite and MySQL join from left to right. Where it is meant as it
/// is read, the result is the same.
fn flatten(joins: &mut Vec<sqlparser::ast::Join>) {
    use JoinOperator::{CrossJoin, Inner, Join, StraightJoin};
    let unconditional = |operator: &JoinOperator| {
        matches!(
            operator,
            Join(JoinConstraint::None)
                | Inner(JoinConstraint::None)
                | StraightJoin(JoinConstraint::None)
                | CrossJoin(JoinConstraint::None)
        )
    };
    let mut at = 0;
    while at < joins.len() {
        if unconditional(&joins[at].join_operator)
            && let TableFactor::NestedJoin { table_with_joins, alias: None } = &mut joins[at].relation
        {
            let inner = std::mem::take(&mut table_with_joins.joins);
            joins[at].relation = table_with_joins.relation.clone();
            joins.splice(at + 1..at + 1, inner);
            // The first of them may be a nested one again.
            continue;
        }
        at += 1;
    }
}

/// Joins without a condition, commas beside joins, queries in FROM without a name.
pub(super) fn from(rewriter: &mut Rewriter<'_>, select: &mut Select) {
    for item in &mut select.from {
        flatten(&mut item.joins);
        for join in &mut item.joins {
            use JoinOperator::{CrossJoin, Inner, Join, StraightJoin};
            match &join.join_operator {
                Join(JoinConstraint::None) | Inner(JoinConstraint::None) | StraightJoin(JoinConstraint::None) => {
                    rewriter.changed("join", "a JOIN without a condition is written CROSS JOIN".to_owned());
                    join.join_operator = CrossJoin(JoinConstraint::None);
                }
                StraightJoin(constraint)
                | CrossJoin(constraint @ (JoinConstraint::On(_) | JoinConstraint::Using(_))) => {
                    rewriter.changed("join", "a join with a condition is written JOIN".to_owned());
                    join.join_operator = Join(constraint.clone());
                }
                _ => {}
            }
            if let Join(JoinConstraint::On(on))
            | Inner(JoinConstraint::On(on))
            | JoinOperator::Left(JoinConstraint::On(on))
            | JoinOperator::LeftOuter(JoinConstraint::On(on)) = &mut join.join_operator
            {
                condition(rewriter, on);
            }
        }
    }
    // MySQL's table of nothing.
    if let [only] = &select.from[..]
        && matches!(&only.relation, TableFactor::Table { name, .. } if crate::syntax::last_part(name) == "dual")
        && only.joins.is_empty()
        && !rewriter.names.has_table("dual")
    {
        select.from.clear();
        rewriter.changed("dual", "`FROM DUAL` goes".to_owned());
    }
    // In PostgreSQL a comma binds less than JOIN, so a condition does not see what is before it.
    if select.from.len() > 1 && select.from.iter().skip(1).any(|item| !item.joins.is_empty()) {
        rewriter.changed("join", "a comma beside JOIN is written CROSS JOIN".to_owned());
        let mut items = std::mem::take(&mut select.from).into_iter();
        if let Some(mut first) = items.next() {
            for item in items {
                first.joins.push(sqlparser::ast::Join {
                    relation: item.relation,
                    global: false,
                    join_operator: JoinOperator::CrossJoin(JoinConstraint::None),
                });
                first.joins.extend(item.joins);
            }
            select.from = vec![first];
        }
    }
    let mut unnamed = 0;
    for item in &mut select.from {
        for factor in std::iter::once(&mut item.relation).chain(item.joins.iter_mut().map(|j| &mut j.relation)) {
            match factor {
                TableFactor::Derived { alias: alias @ None, .. } => {
                    unnamed += 1;
                    let name = Ident::new(format!("part{unnamed}"));
                    *alias = Some(TableAlias { explicit: true, name, columns: Vec::new(), at: None });
                    rewriter.changed("unnamed-query", "a query in FROM has a name".to_owned());
                }
                TableFactor::Table { index_hints, .. } if !index_hints.is_empty() => {
                    index_hints.clear();
                    rewriter.changed("index-hint", "a hint about indexes goes".to_owned());
                }
                _ => {}
            }
        }
    }
}
