//! The names that statements introduce themselves: aliases and common table expressions.

use std::collections::BTreeSet;

use sqlparser::ast::{Query, SelectItem, SetExpr, Statement, TableFactor};

use crate::syntax::walk::{self, Look};

/// Names that statements introduce, in lower case: aliases, common tables.
pub(in crate::dialect) fn own_names(statements: &[Statement]) -> BTreeSet<String> {
    let mut own = Own::default();
    for statement in statements {
        walk::statement(statement, &mut own);
    }
    own.names
}

/// Collects aliases and common tables.
#[derive(Default)]
struct Own {
    names: BTreeSet<String>,
}

impl Look for Own {
    fn query(&mut self, query: &Query) {
        for cte in query.with.iter().flat_map(|with| &with.cte_tables) {
            self.names.insert(cte.alias.name.value.to_lowercase());
            self.names.extend(cte.alias.columns.iter().map(|c| c.name.value.to_lowercase()));
        }
        if let SetExpr::Select(select) = &*query.body {
            for item in &select.projection {
                if let SelectItem::ExprWithAlias { alias, .. } = item {
                    self.names.insert(alias.value.to_lowercase());
                }
            }
        }
    }

    fn table_factor(&mut self, factor: &TableFactor) {
        let alias = match factor {
            TableFactor::Table { alias, .. } | TableFactor::Derived { alias, .. } => alias.as_ref(),
            _ => None,
        };
        self.names.extend(alias.map(|a| a.name.value.to_lowercase()));
    }
}
