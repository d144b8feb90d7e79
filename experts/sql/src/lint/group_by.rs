//! A column beside an aggregate that is not in GROUP BY. If a key or the record's own rows prove that each group has
//! one value of it, it is added to GROUP BY, which leaves the groups as they were. Anything else would be a guess: more
//! groups have other counts and sums.

use super::{Context, Found, code};
use crate::dialect;

pub(super) fn check(context: &Context<'_>) -> Option<Found> {
    let found = context.resolved.findings.iter().find(|f| f.code == code::INCOMPLETE_GROUP_BY)?;
    match dialect::completed_groups(context.statement, context.tables) {
        Some(statement) => Found::repaired(found.message.clone(), statement),
        None => Found::new(found.message.clone()),
    }
}
