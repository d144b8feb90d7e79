//! A LIMIT of a thousand rows or more that the question does not mention: it has no effect on a small table and gives a
//! wrong answer on a large one. It is removed.

use sqlparser::ast::{Expr, LimitClause, Statement, Value};

use super::{Context, Found};

/// The smallest giant limit.
const GIANT: u64 = 1_000;

pub(super) fn check(context: &Context<'_>) -> Option<Found> {
    giant(context.question, context.statement).and_then(|(message, repaired)| Found::repaired(message, repaired))
}

/// A message about the statement's limit, and the statement without it.
pub(super) fn giant(question: &str, statement: &Statement) -> Option<(String, Statement)> {
    let mut statement = statement.clone();
    let Statement::Query(query) = &mut statement else { return None };
    let Some(LimitClause::LimitOffset { limit: limit @ Some(_), .. }) = &mut query.limit_clause else { return None };
    let Some(Expr::Value(value)) = limit else { return None };
    let Value::Number(number, _) = &value.value else { return None };
    let number: u64 = number.to_string().parse().ok()?;
    if number < GIANT || asked(question, number) {
        return None;
    }
    *limit = None;
    Some((format!("`LIMIT {number}` is not asked for"), statement))
}

/// Whether the question mentions this number.
fn asked(question: &str, number: u64) -> bool {
    let digits: String = question.chars().filter(|c| !matches!(c, ',' | '.' | '\'' | ' ')).collect();
    digits.contains(&number.to_string()) || ["thousand", "million"].iter().any(|w| question.to_lowercase().contains(w))
}
