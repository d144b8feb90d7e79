//! What a database must keep to, read from its CREATE statements: the kinds of its columns, which
//! values they allow, what is unique, what refers to what, and the rows that are there already.

use std::collections::BTreeMap;

use sqlparser::ast::{
    AlterTableOperation, BinaryOperator, CharacterLength, ColumnOption, CreateTable, DataType, ExactNumberInfo, Expr,
    ForeignKeyConstraint, IndexColumn, Insert, ObjectName, SetExpr, Statement, TableConstraint, TableObject, Value,
};

use crate::syntax::last_part;

/// What kind of values a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Boolean,
    Integer,
    /// A number with a fraction.
    Number,
    Text,
    Date,
    Time,
    Timestamp,
    Interval,
    Uuid,
    /// Whatever else: its own values, or none.
    Other,
}

/// A column.
#[derive(Debug, Clone)]
pub(super) struct Column {
    /// Its name as the schema writes it.
    pub name: String,
    pub kind: Kind,
    pub nullable: bool,
    /// Its values are computed.
    pub generated: bool,
    /// Its values are always numbered, unless one insists.
    pub identity: bool,
    /// Most characters.
    pub longest: Option<usize>,
    /// The only literals that it may hold.
    pub choices: Vec<String>,
    /// Whole numbers between these are what a CHECK allows.
    pub bounds: (Option<f64>, Option<f64>),
    /// Greatest number that its type holds.
    pub most: f64,
    /// What is written where nothing else is known and something must be.
    pub otherwise: &'static str,
    /// Literals that stand in the schema's own rows.
    pub seen: Vec<String>,
}

/// Columns that refer to a key of another table.
#[derive(Debug, Clone)]
pub(super) struct Foreign {
    pub columns: Vec<usize>,
    /// The other table, in lower case, and its columns.
    pub table: String,
    pub referred: Vec<String>,
}

/// A table.
#[derive(Debug, Clone)]
pub(super) struct Table {
    /// Its name as the schema writes it.
    pub name: String,
    /// The same in lower case, without a schema before it.
    pub key: String,
    pub columns: Vec<Column>,
    /// Sets of columns that tell rows apart, the primary key first.
    pub unique: Vec<Vec<usize>>,
    pub foreign: Vec<Foreign>,
}

impl Table {
    fn position(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|c| c.name.trim_matches('"').eq_ignore_ascii_case(column))
    }

    fn positions(&self, columns: impl IntoIterator<Item = String>) -> Option<Vec<usize>> {
        columns.into_iter().map(|name| self.position(&name)).collect()
    }

    /// The columns of this foreign key's other side.
    pub fn referred(&self, foreign: &Foreign) -> Option<Vec<usize>> {
        if foreign.referred.is_empty() {
            return self.unique.first().cloned();
        }
        self.positions(foreign.referred.iter().cloned())
    }
}

/// The tables of a schema, those that others refer to first.
pub(super) fn tables(statements: &[Statement]) -> Vec<Table> {
    let labels = enum_labels(statements);
    let mut tables: Vec<Table> = Vec::new();
    for statement in statements {
        match statement {
            Statement::CreateTable(create) => tables.push(table(create, &labels)),
            Statement::AlterTable(alter) => {
                let Some(table) = tables.iter_mut().find(|t| t.key == last_part(&alter.name)) else { continue };
                for operation in &alter.operations {
                    if let AlterTableOperation::AddConstraint { constraint, .. } = operation {
                        constrain(table, constraint);
                    }
                }
            }
            Statement::Insert(insert) => seen(&mut tables, insert),
            _ => {}
        }
    }
    in_order(tables)
}

/// Parents before children; tables that refer to each other stay as they are.
fn in_order(mut tables: Vec<Table>) -> Vec<Table> {
    let mut ordered: Vec<Table> = Vec::with_capacity(tables.len());
    while !tables.is_empty() {
        let waits = |table: &Table| {
            table.foreign.iter().any(|f| f.table != table.key && tables.iter().any(|t| t.key == f.table))
        };
        let next = tables.iter().position(|table| !waits(table)).unwrap_or(0);
        ordered.push(tables.remove(next));
    }
    ordered
}

fn enum_labels(statements: &[Statement]) -> BTreeMap<String, Vec<String>> {
    use sqlparser::ast::UserDefinedTypeRepresentation as Form;
    let mut found = BTreeMap::new();
    for statement in statements {
        if let Statement::CreateType { name, representation: Some(Form::Enum { labels }) } = statement {
            let labels = labels.iter().map(|label| literal(&label.value)).collect();
            found.insert(last_part(name), labels);
        }
    }
    found
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn table(create: &CreateTable, labels: &BTreeMap<String, Vec<String>>) -> Table {
    let columns = create
        .columns
        .iter()
        .map(|column| {
            let mut made = Column {
                name: column.name.to_string(),
                kind: kind(&column.data_type),
                nullable: true,
                generated: false,
                identity: false,
                longest: longest(&column.data_type),
                choices: Vec::new(),
                bounds: (None, None),
                most: most(&column.data_type),
                otherwise: otherwise(&column.data_type),
                seen: Vec::new(),
            };
            if let DataType::Custom(name, _) = &column.data_type {
                made.nullable = !last_part(name).ends_with("serial");
                made.choices = labels.get(&last_part(name)).cloned().unwrap_or_default();
            }
            made
        })
        .collect();
    let mut made =
        Table { name: create.name.to_string(), key: last_part(&create.name), columns, unique: vec![], foreign: vec![] };
    for (i, column) in create.columns.iter().enumerate() {
        for option in &column.options {
            match &option.option {
                ColumnOption::NotNull => made.columns[i].nullable = false,
                ColumnOption::PrimaryKey(_) => {
                    made.columns[i].nullable = false;
                    made.unique.insert(0, vec![i]);
                }
                ColumnOption::Unique(_) => made.unique.push(vec![i]),
                ColumnOption::ForeignKey(key) => made.foreign.push(foreign(vec![i], key)),
                ColumnOption::Check(check) => allowed(&mut made, &check.expr),
                ColumnOption::Generated { generated_as, generation_expr, .. } => {
                    use sqlparser::ast::GeneratedAs::{Always, ExpStored};
                    let computed = generation_expr.is_some() || matches!(generated_as, ExpStored);
                    made.columns[i].generated = computed;
                    made.columns[i].identity = !computed && matches!(generated_as, Always);
                    made.columns[i].nullable &= computed;
                }
                _ => {}
            }
        }
    }
    for constraint in &create.constraints {
        constrain(&mut made, constraint);
    }
    made
}

fn constrain(table: &mut Table, constraint: &TableConstraint) {
    match constraint {
        TableConstraint::PrimaryKey(key) => {
            let Some(columns) = table.positions(key.columns.iter().map(index_column)) else { return };
            for i in &columns {
                table.columns[*i].nullable = false;
            }
            table.unique.insert(0, columns);
        }
        TableConstraint::Unique(key) => {
            let columns = table.positions(key.columns.iter().map(index_column));
            table.unique.extend(columns);
        }
        TableConstraint::ForeignKey(key) => {
            if let Some(columns) = table.positions(key.columns.iter().map(|c| c.value.clone())) {
                table.foreign.push(foreign(columns, key));
            }
        }
        TableConstraint::Check(check) => allowed(table, &check.expr),
        _ => {}
    }
}

fn foreign(columns: Vec<usize>, key: &ForeignKeyConstraint) -> Foreign {
    let referred = key.referred_columns.iter().map(|c| c.value.clone()).collect();
    Foreign { columns, table: last_part(&key.foreign_table), referred }
}

fn index_column(column: &IndexColumn) -> String {
    column.column.expr.to_string().trim_matches('"').to_owned()
}

/// Notes what a CHECK allows, as far as it speaks of one column and literals. Rows that break one
/// that is not understood make a database that does not load, which is then not used.
fn allowed(table: &mut Table, check: &Expr) {
    let position = |expr: &Expr| match expr {
        Expr::Identifier(ident) => table.position(&ident.value),
        _ => None,
    };
    match check {
        Expr::Nested(inner) => allowed(table, inner),
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            allowed(table, left);
            allowed(table, right);
        }
        Expr::InList { expr, list, negated: false } => {
            if let Some(i) = position(expr) {
                table.columns[i].choices = list.iter().map(ToString::to_string).collect();
            }
        }
        Expr::Between { expr, negated: false, low, high } => {
            if let (Some(i), Some(low), Some(high)) = (position(expr), number(low), number(high)) {
                table.columns[i].bounds = (Some(low - 1.0), Some(high + 1.0));
            }
        }
        Expr::BinaryOp { left, op, right } => {
            if let (Some(i), Some(limit)) = (position(left), number(right)) {
                let bounds = &mut table.columns[i].bounds;
                match op {
                    BinaryOperator::Gt => bounds.0 = Some(limit),
                    BinaryOperator::GtEq => bounds.0 = Some(limit - 1.0),
                    BinaryOperator::Lt => bounds.1 = Some(limit),
                    BinaryOperator::LtEq => bounds.1 = Some(limit + 1.0),
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

/// Greatest number that a type holds, as far as random rows go.
fn most(data_type: &DataType) -> f64 {
    let digits = |info: &ExactNumberInfo| match info {
        ExactNumberInfo::None => 12,
        ExactNumberInfo::Precision(precision) => i32::try_from(*precision).unwrap_or(12).clamp(1, 12),
        ExactNumberInfo::PrecisionAndScale(precision, scale) => {
            i32::try_from(i64::try_from(*precision).unwrap_or(12) - scale).unwrap_or(12).clamp(0, 12)
        }
    };
    match data_type {
        DataType::SmallInt(_) | DataType::Int2(_) | DataType::TinyInt(_) => 32_000.0,
        DataType::Numeric(info) | DataType::Decimal(info) | DataType::Dec(info) => 10_f64.powi(digits(info)) - 1.0,
        DataType::BigInt(_) | DataType::Int8(_) => 1e15,
        DataType::Custom(name, _) if last_part(name) == "bigserial" => 1e15,
        DataType::Real | DataType::Float(_) | DataType::Double(_) | DataType::DoublePrecision => 1e12,
        _ => 2e9,
    }
}

/// A literal that a type takes which is not looked at further.
fn otherwise(data_type: &DataType) -> &'static str {
    match data_type {
        DataType::JSON | DataType::JSONB | DataType::Array(_) => "'{}'",
        DataType::Bytea | DataType::Blob(_) => "''",
        _ => "DEFAULT",
    }
}

fn number(expr: &Expr) -> Option<f64> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::Number(text, _) => text.to_string().parse::<f64>().ok(),
            _ => None,
        },
        Expr::UnaryOp { op: sqlparser::ast::UnaryOperator::Minus, expr } => number(expr).map(|n| -n),
        _ => None,
    }
}

/// Literals of one column that are kept.
const SEEN: usize = 40;

/// Keeps the literals of an INSERT's rows.
fn seen(tables: &mut [Table], insert: &Insert) {
    let TableObject::TableName(name) = &insert.table else { return };
    let Some(table) = tables.iter_mut().find(|t| t.key == last_part(name)) else { return };
    let columns = match &insert.columns[..] {
        [] => Some((0..table.columns.len()).collect()),
        given => table.positions(given.iter().map(|name: &ObjectName| last_part(name))),
    };
    let Some(SetExpr::Values(values)) = insert.source.as_deref().map(|query| &*query.body) else { return };
    for (i, column) in columns.unwrap_or_default().into_iter().enumerate() {
        let kept = &mut table.columns[column].seen;
        for value in values.rows.iter().filter_map(|row| row.get(i)) {
            let text = value.to_string();
            if kept.len() < SEEN && text != "NULL" && !kept.contains(&text) {
                kept.push(text);
            }
        }
    }
}

fn longest(data_type: &DataType) -> Option<usize> {
    match data_type {
        DataType::Varchar(Some(CharacterLength::IntegerLength { length, .. }))
        | DataType::CharacterVarying(Some(CharacterLength::IntegerLength { length, .. }))
        | DataType::Char(Some(CharacterLength::IntegerLength { length, .. }))
        | DataType::Character(Some(CharacterLength::IntegerLength { length, .. })) => usize::try_from(*length).ok(),
        DataType::Char(None) | DataType::Character(None) => Some(1),
        _ => None,
    }
}

fn kind(data_type: &DataType) -> Kind {
    use crate::dialect::ValueKind as Known;
    match Known::of(data_type) {
        Known::Boolean => Kind::Boolean,
        Known::Integer => Kind::Integer,
        Known::Number | Known::Float => Kind::Number,
        Known::Text => Kind::Text,
        Known::Date => Kind::Date,
        Known::Timestamp => Kind::Timestamp,
        Known::Other => match data_type {
            DataType::Time(..) => Kind::Time,
            DataType::Interval { .. } => Kind::Interval,
            DataType::Uuid => Kind::Uuid,
            DataType::Custom(name, _) if last_part(name) == "timestamptz" => Kind::Timestamp,
            _ => Kind::Other,
        },
    }
}
