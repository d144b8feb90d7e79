//! A question that asks for rows without a match too, and a statement that drops them in a join. Only unambiguous
//! wordings count: a missed case is a missing note, a false one casts suspicion on a good record.

use sqlparser::ast::{Expr, JoinOperator, Query, Select, Statement};

use super::{Context, Found};
use crate::syntax::walk::{self, Look};

/// Wordings that ask for rows without a match.
const WORDINGS: [&str; 22] = [
    "even if they have no",
    "even if it has no",
    "even if there are no",
    "even if there is no",
    "even those without",
    "even those with no",
    "including those without",
    "including those with no",
    "including those that have no",
    "including those who have no",
    "including those that do not",
    "including those who do not",
    "including the ones without",
    "including ones without",
    "whether or not they have",
    "whether or not it has",
    "regardless of whether they have",
    "regardless of whether it has",
    "with zero if",
    "or zero if",
    "or 0 if",
    "show zero for",
];

pub(super) fn check(context: &Context<'_>) -> Option<Found> {
    let question = context.question.to_lowercase();
    let wording = WORDINGS.iter().find(|wording| question.contains(*wording))?;
    if !matches!(context.statement, Statement::Query(_)) {
        return None;
    }
    let mut joins = Joins::default();
    walk::statement(context.statement, &mut joins);
    if joins.inner && !joins.keeps {
        return Found::new(format!("the question says \"{wording}\", and an inner JOIN drops rows without a match"));
    }
    None
}

/// The kinds of joins in a statement.
#[derive(Default)]
struct Joins {
    inner: bool,
    /// An outer join, or another way to keep rows without a match.
    keeps: bool,
}

impl Look for Joins {
    fn query(&mut self, query: &Query) {
        // A UNION may add the other rows.
        self.keeps |= matches!(*query.body, sqlparser::ast::SetExpr::SetOperation { .. });
    }

    fn select(&mut self, select: &Select) {
        for join in select.from.iter().flat_map(|item| &item.joins) {
            match join.join_operator {
                JoinOperator::Join(_) | JoinOperator::Inner(_) => self.inner = true,
                _ => self.keeps = true,
            }
        }
    }

    fn expr(&mut self, expr: &Expr) -> bool {
        // A sub-query for each row keeps the row.
        self.keeps |= matches!(expr, Expr::Subquery(_) | Expr::Exists { .. } | Expr::InSubquery { .. });
        true
    }
}
