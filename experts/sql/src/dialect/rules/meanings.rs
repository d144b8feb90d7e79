//! The table of functions (`functions/functions.tsv`): what each of MySQL's and SQLite's functions is in
//! PostgreSQL. A call whose name means something else there, and that no rule has rewritten, is
//! refused: it would run, and return something else.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use sqlparser::ast::Expr;

use crate::dialect::rewriter::Rewriter;
use crate::syntax::last_part;

/// The table, as it lies beside the sources.
const TABLE: &str = include_str!("../../../functions/functions.tsv");

/// What a name means in PostgreSQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    /// Something else: a rule must have rewritten the call.
    Other,
    /// Nothing that PostgreSQL has, for this reason.
    Nothing(&'static str),
}

/// The names that must not stay as they are.
static MEANINGS: LazyLock<BTreeMap<(&str, &str), Meaning>> = LazyLock::new(|| {
    let rows = TABLE.lines().skip(1).map(|line| line.split('\t').collect::<Vec<_>>());
    rows.filter_map(|row| match row[..] {
        [database, name, "yes", "rewritten", ..] => Some(((database, name), Meaning::Other)),
        [database, name, _, "refused", how, ..] => Some(((database, name), Meaning::Nothing(how))),
        _ => None,
    })
    .collect()
});

/// The call that stands here, if it is one that must not stay, as text.
pub(in crate::dialect) fn foreign(rewriter: &Rewriter<'_>, expr: &Expr) -> Option<String> {
    let Expr::Function(function) = expr else { return None };
    let name = last_part(&function.name);
    let known = MEANINGS.contains_key(&(rewriter.dialect.name(), name.as_str()));
    (rewriter.certain && known).then(|| expr.to_string())
}

/// Refuses a call that no rule has changed, though it means something else.
pub(in crate::dialect) fn check(rewriter: &mut Rewriter<'_>, before: Option<String>, expr: &Expr) {
    let Expr::Function(function) = expr else { return };
    if before.is_none_or(|before| before != expr.to_string()) {
        return;
    }
    let name = last_part(&function.name);
    let Some(meaning) = MEANINGS.get(&(rewriter.dialect.name(), name.as_str())) else { return };
    let (upper, title) = (name.to_uppercase(), rewriter.dialect.title());
    let why = match meaning {
        Meaning::Other => format!("`{upper}` with these arguments means something else in PostgreSQL than in {title}"),
        Meaning::Nothing(why) => format!("`{upper}` of {title}'s has no counterpart: {why}"),
    };
    rewriter.refuse("other-meaning", why);
}
