//! Whether the rows of a table show that some of its columns determine another.

use std::collections::BTreeMap;

use sqlparser::ast::{Expr, SetExpr, Statement, TableObject};

use crate::syntax::last_part;

/// Whether the rows of a table have one value of `column` for the same values of `keys`; `None` when the table has no
/// rows, or rows that are not literals.
pub(in crate::dialect) fn determines(
    statements: &[Statement],
    table: &str,
    keys: &[&str],
    column: &str,
) -> Option<bool> {
    let order = statements.iter().find_map(|statement| match statement {
        Statement::CreateTable(create) if last_part(&create.name) == table => {
            Some(create.columns.iter().map(|c| c.name.value.to_lowercase()).collect::<Vec<_>>())
        }
        _ => None,
    })?;
    let mut groups: BTreeMap<Vec<String>, String> = BTreeMap::new();
    for statement in statements {
        let Statement::Insert(insert) = statement else { continue };
        if !matches!(&insert.table, TableObject::TableName(name) if last_part(name) == table) {
            continue;
        }
        let columns = match &insert.columns[..] {
            [] => order.clone(),
            given => given.iter().map(last_part).collect(),
        };
        let SetExpr::Values(values) = &*insert.source.as_deref()?.body else { return None };
        // A column that is not given is NULL, or its default: the same in every row.
        let place = |name: &str| columns.iter().position(|c| c == name);
        let value =
            |row: &[Expr], at: Option<usize>| at.and_then(|at| row.get(at)).map(Expr::to_string).unwrap_or_default();
        let (keys, column): (Vec<_>, _) = (keys.iter().map(|key| place(key)).collect(), place(column));
        for row in &values.rows {
            let group = keys.iter().map(|key| value(row, *key)).collect();
            let value = value(row, column);
            if *groups.entry(group).or_insert_with(|| value.clone()) != value {
                return Some(false);
            }
        }
    }
    (!groups.is_empty()).then_some(true)
}
