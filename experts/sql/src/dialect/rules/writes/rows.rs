//! The values that a statement writes, against the columns that they go into.

use sqlparser::ast::{
    Assignment, AssignmentTarget, Expr, Insert, SelectItem, SetExpr, TableFactor, TableObject, TableWithJoins, Value,
};

use crate::catalog::ValueKind;
use crate::dialect::names::DeclaredColumn;
use crate::dialect::rewriter::Rewriter;
use crate::dialect::syntax::{brief, literal};
use crate::dialect::values::bytes;
use crate::dialect::values::letter_case::{Texts, unequal_but_for_case};
use crate::syntax::Dialect;
use crate::syntax::last_part;

/// Gives the values of a statement's rows the form of the columns that they go into.
pub(super) fn fit_values(rewriter: &mut Rewriter<'_>, insert: &mut Insert) {
    let TableObject::TableName(name) = &insert.table else { return };
    let table = last_part(name);
    let kinds: Vec<Option<ValueKind>> = match &insert.columns[..] {
        [] => rewriter.names.columns_of(&table).map(|column| Some(column.kind)).collect(),
        given => {
            given.iter().map(|c| rewriter.names.column_in(&table, &last_part(c)).map(|column| column.kind)).collect()
        }
    };
    let mut truth = false;
    let mut write = |value: &mut Expr, kind: Option<ValueKind>| {
        let Expr::Value(given) = &*value else { return };
        let now = match (&given.value, kind) {
            (Value::Number(n, _), Some(ValueKind::Boolean)) => Value::Boolean(*n != "0"),
            (Value::HexStringLiteral(_), Some(kind))
                if rewriter.dialect == Dialect::MySql || matches!(kind, ValueKind::Text | ValueKind::Other) =>
            {
                match bytes::stored(&given.value, kind) {
                    Some(value) => value,
                    None => return,
                }
            }
            (Value::Boolean(truth), Some(ValueKind::Integer | ValueKind::Number | ValueKind::Float)) => {
                Value::Number(u8::from(*truth).to_string(), false)
            }
            _ => return,
        };
        truth = true;
        *value = Expr::Value(now.into());
    };
    match insert.source.as_deref_mut().map(|query| &mut *query.body) {
        Some(SetExpr::Values(values)) => {
            for row in &mut values.rows {
                row.iter_mut().zip(&kinds).for_each(|(value, kind)| write(value, *kind));
            }
        }
        Some(SetExpr::Select(select)) => {
            for (item, kind) in select.projection.iter_mut().zip(&kinds) {
                if let SelectItem::UnnamedExpr(value) | SelectItem::ExprWithAlias { expr: value, .. } = item {
                    write(value, *kind);
                }
            }
        }
        _ => {}
    }
    if truth {
        rewriter.changed("truth-value", "a truth value has the form of its column".to_owned());
    }
}

/// The columns that an INSERT fills, in lower case.
pub(super) fn inserted_columns(rewriter: &Rewriter<'_>, table: &str, insert: &Insert) -> Vec<String> {
    match &insert.columns[..] {
        [] => rewriter.names.columns_of(table).map(|column| column.ident.value.to_lowercase()).collect(),
        given => given.iter().map(last_part).collect(),
    }
}

/// Looks for fractions in columns of whole numbers, which SQLite keeps and PostgreSQL rounds.
pub(super) fn fractions(rewriter: &mut Rewriter<'_>, table: &TableWithJoins, assignments: &[Assignment]) {
    let TableFactor::Table { name, .. } = &table.relation else { return };
    let table = last_part(name);
    for assignment in assignments {
        if let Some(column) = set_column(assignment) {
            fraction(rewriter, &table, &column, &assignment.value);
        }
    }
}

pub(super) fn fractions_of_rows(rewriter: &mut Rewriter<'_>, table: &str, insert: &Insert) {
    let columns = inserted_columns(rewriter, table, insert);
    if let Some(SetExpr::Values(values)) = insert.source.as_deref().map(|query| &*query.body) {
        for row in &values.rows {
            for (column, value) in columns.iter().zip(row.iter()) {
                fraction(rewriter, table, column, value);
            }
        }
    }
}

fn fraction(rewriter: &mut Rewriter<'_>, table: &str, column: &str, value: &Expr) {
    let whole = rewriter.names.column_in(table, column).is_some_and(|column| column.kind == ValueKind::Integer);
    if !whole || !rewriter.certain || rewriter.dialect != Dialect::Sqlite {
        return;
    }
    match literal(value) {
        Some((number, true)) if number.parse::<f64>().is_ok_and(|number| number.fract() != 0.0) => {
            let why = format!("SQLite keeps {number} in the column `{column}`, PostgreSQL rounds it");
            rewriter.refuse("other-meaning", why);
        }
        None if matches!(rewriter.scopes.kind(value), Some(ValueKind::Number | ValueKind::Float)) => {
            let what = format!("SQLite keeps a fraction of {} in `{column}`, PostgreSQL rounds it", brief(value));
            rewriter.noted("fraction-in-whole-column", what);
        }
        _ => {}
    }
}

/// Compares the texts that new rows have in a key with those that are there.
pub(super) fn keys_without_case(rewriter: &mut Rewriter<'_>, table: &str, insert: &Insert) {
    let names = rewriter.names;
    let columns = inserted_columns(rewriter, table, insert);
    let Some(SetExpr::Values(values)) = insert.source.as_deref().map(|query| &*query.body) else { return };
    for (at, name) in columns.iter().enumerate() {
        if let Some(column) = names.column_in(table, name)
            && names.keys_of(table).iter().any(|key| key.contains(name))
        {
            let given: Vec<&Expr> = values.rows.iter().filter_map(|row| row.get(at)).collect();
            key_without_case(rewriter, column, &given);
        }
    }
}

/// New rows that may run into a key whose texts differ from theirs in case alone, which is the same key in
/// MySQL. `value`: what goes into the column, row by row.
fn key_without_case(rewriter: &mut Rewriter<'_>, column: &DeclaredColumn, values: &[&Expr]) {
    if !rewriter.certain
        || rewriter.dialect != Dialect::MySql
        || !column.passes_over_case
        || column.kind != ValueKind::Text
    {
        return;
    }
    for value in values {
        let Some((text, false)) = literal(value) else { continue };
        if column.texts.iter().any(|known| unequal_but_for_case(known, &text)) {
            let why =
                format!("'{text}' and a text of the key `{}` differ in case alone, and are one there", column.ident);
            return rewriter.refuse("case-in-key", why);
        }
    }
    if Texts::of(column.texts.iter().cloned()).has_letters() {
        rewriter.notes_case(&Expr::Identifier(column.ident.clone()));
    }
}

/// The column that an assignment sets, in lower case.
pub(super) fn set_column(assignment: &Assignment) -> Option<String> {
    match &assignment.target {
        AssignmentTarget::ColumnName(name) => Some(last_part(name)),
        AssignmentTarget::Tuple(_) => None,
    }
}
