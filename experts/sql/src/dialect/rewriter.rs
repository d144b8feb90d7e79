//! What all rules work with: the record's dialect, the declared names, the tables in scope, and the list of
//! changes and notes under the rules' names. It applies no rule itself.

use sqlparser::ast::{Ident, Statement};

use super::changes::{Change, Untranslatable};
use super::kinds::Scopes;
use super::names::Names;
use crate::syntax::Dialect;

/// Most changes that are reported one by one.
pub(super) const MOST_CHANGES: usize = 40;

/// The state that rules share: dialect, names, scopes, and what was changed.
pub(super) struct Rewriter<'n> {
    pub(super) dialect: Dialect,
    /// The dialect is certain, so that what means something else in PostgreSQL is changed, and not only what
    /// PostgreSQL refuses.
    pub(super) certain: bool,
    pub(super) names: &'n Names,
    pub(super) scopes: Scopes<'n>,
    /// Of each open query, whether it has ORDER BY or LIMIT.
    pub(super) ordered: Vec<bool>,
    pub(super) changes: Vec<Change>,
    pub(super) notes: Vec<Change>,
    /// The schema's statements.
    pub(super) tables: &'n [Statement],
    /// Why the statement has no PostgreSQL equivalent.
    pub(super) refused: Option<Untranslatable>,
}

impl<'n> Rewriter<'n> {
    pub(super) fn new(dialect: Dialect, certain: bool, tables: &'n [Statement], names: &'n Names) -> Self {
        Rewriter {
            dialect,
            certain,
            names,
            scopes: Scopes::new(names),
            ordered: Vec::new(),
            changes: Vec::new(),
            notes: Vec::new(),
            tables,
            refused: None,
        }
    }

    /// Records why the statement cannot be translated, unless another reason is recorded.
    pub(super) fn refuse(&mut self, code: &'static str, why: String) {
        let dialect = self.dialect;
        self.refused.get_or_insert(Untranslatable { code, dialect, why });
    }

    /// Records a change, once.
    pub(super) fn changed(&mut self, rule: &'static str, what: String) {
        let change = Change { rule, what };
        if self.changes.len() < MOST_CHANGES && !self.changes.contains(&change) {
            self.changes.push(change);
        }
    }

    /// Records what was left unchanged and may mean something else, once for each rule.
    pub(super) fn noted(&mut self, rule: &'static str, what: String) {
        if !self.notes.iter().any(|note| note.rule == rule) {
            self.notes.push(Change { rule, what });
        }
    }

    /// Whether the innermost query has ORDER BY or LIMIT.
    pub(super) fn ordered(&self) -> bool {
        self.ordered.last().copied().unwrap_or(false)
    }

    /// Whether a table of the innermost FROM has a column of this name.
    pub(super) fn is_column(&self, ident: &Ident) -> bool {
        self.scopes.here(&ident.value.to_lowercase())
    }
}
