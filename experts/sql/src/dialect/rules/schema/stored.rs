//! Values that MySQL rounds when it stores them and PostgreSQL keeps or refuses: a fraction in a column of whole
//! numbers, or more digits than `FLOAT(5, 1)` has. This runs before the types are rewritten.
//!
//! <https://dev.mysql.com/doc/refman/8.4/en/numeric-types.html>

use std::collections::BTreeMap;

use sqlparser::ast::{
    CreateTable, DataType, ExactNumberInfo, Expr, Insert, SetExpr, Statement, TableObject, UnaryOperator, Value,
};

use crate::dialect::changes::Change;
use crate::dialect::syntax::number_literal;
use crate::syntax::last_part;

/// Columns of each table: their names, and how many digits behind the point their values are rounded to.
type Tables = BTreeMap<String, Vec<(String, Option<i64>)>>;

/// Rounds the values of a schema's rows, and gives DECIMAL the ten digits without a fraction that it has.
pub(super) fn round(statements: &mut [Statement], changes: &mut Vec<Change>) {
    let mut tables = Tables::new();
    for statement in statements {
        match statement {
            Statement::CreateTable(create) => table(create, &mut tables, changes),
            Statement::Insert(insert) => rows(insert, &tables, changes),
            _ => {}
        }
    }
}

fn table(create: &mut CreateTable, tables: &mut Tables, changes: &mut Vec<Change>) {
    let mut columns = Vec::new();
    for column in &mut create.columns {
        if let DataType::Decimal(info) | DataType::Numeric(info) | DataType::Dec(info) = &mut column.data_type
            && *info == ExactNumberInfo::None
        {
            *info = ExactNumberInfo::PrecisionAndScale(10, 0);
            let what = format!("column `{}` is {}, as without digits in MySQL", column.name, column.data_type);
            changes.push(Change { rule: "column-type", what });
        }
        columns.push((column.name.value.to_lowercase(), places(&column.data_type)));
    }
    tables.insert(last_part(&create.name), columns);
}

fn places(data_type: &DataType) -> Option<i64> {
    use DataType as T;
    match data_type {
        T::Float(ExactNumberInfo::PrecisionAndScale(_, scale))
        | T::FloatUnsigned(ExactNumberInfo::PrecisionAndScale(_, scale))
        | T::Double(ExactNumberInfo::PrecisionAndScale(_, scale))
        | T::DoubleUnsigned(ExactNumberInfo::PrecisionAndScale(_, scale)) => Some(*scale),
        T::Float(_) | T::Double(_) | T::Decimal(_) | T::Numeric(_) | T::Enum(..) | T::Set(_) => None,
        other => other.to_string().to_uppercase().contains("INT").then_some(0),
    }
}

fn rows(insert: &mut Insert, tables: &Tables, changes: &mut Vec<Change>) {
    let TableObject::TableName(name) = &insert.table else { return };
    let Some(columns) = tables.get(&last_part(name)) else { return };
    let given: Vec<&(String, Option<i64>)> = match &insert.columns[..] {
        [] => columns.iter().collect(),
        names => {
            let find = |name| columns.iter().find(|(column, _)| *column == last_part(name));
            match names.iter().map(find).collect() {
                Some(found) => found,
                None => return,
            }
        }
    };
    let Some(SetExpr::Values(values)) = insert.source.as_deref_mut().map(|query| &mut *query.body) else { return };
    for row in &mut values.rows {
        for ((column, places), value) in given.iter().zip(row.iter_mut()) {
            if let Some(now) = places.and_then(|places| rounded(value, places)) {
                let what = format!("{value} is stored as {now} in column `{column}`");
                changes.push(Change { rule: "row-value", what });
                *value = now;
            }
        }
    }
}

/// A number with so many digits behind the point; `None` where it has no more.
fn rounded(value: &Expr, places: i64) -> Option<Expr> {
    let (negative, number) = match value {
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => (true, &**expr),
        other => (false, other),
    };
    let Expr::Value(number) = number else { return None };
    let (Value::Number(digits, _) | Value::SingleQuotedString(digits)) = &number.value else { return None };
    let size: f64 =
        digits.to_string().trim().parse().ok().filter(|size: &f64| size.is_finite() && size.abs() < 1e15)?;
    let ten = 10f64.powi(i32::try_from(places).ok()?);
    let near = (size * ten).round() / ten;
    (near != size).then(|| number_literal(if negative { -near } else { near }))
}
