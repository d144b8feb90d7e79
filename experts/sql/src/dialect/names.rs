//! Names: which ones a schema declares and how they are written, so that a statement's names, in
//! whatever quotes and case, are written the same way. MySQL and SQLite compare names without
//! regard to case and quote them with backticks or brackets; SQLite takes a name in double quotes
//! that nothing has for a text.

use std::collections::{BTreeMap, BTreeSet};

use sqlparser::ast::{
    ColumnOption, CreateTable, DataType, Expr, Ident, IndexColumn, Insert, ObjectName, ObjectNamePart, Query, Select,
    SelectItem, SelectItemQualifiedWildcardKind, SetExpr, Statement, TableConstraint, TableFactor, TableObject,
    UnaryOperator, Value,
};

use super::origin::Origin;
use super::{Dialect, Rewriter};
use crate::schema::last_part;
use crate::walk::{self, Edit, Look};

/// What kind of values a column holds, as far as rules care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Boolean,
    Integer,
    /// An exact number with a fraction.
    Number,
    /// A floating-point number.
    Float,
    Text,
    Date,
    Timestamp,
    Other,
}

impl Kind {
    /// Whether it counts with its values.
    pub fn is_number(self) -> bool {
        matches!(self, Kind::Integer | Kind::Number | Kind::Float)
    }
}

/// A declared column.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub ident: Ident,
    pub kind: Kind,
    pub not_null: bool,
    /// Texts and dates that stand in the schema's own rows, some of them.
    pub texts: BTreeSet<String>,
    /// Numbers that stand there, some of them.
    pub numbers: BTreeSet<String>,
    /// The type that it is declared with where it comes from.
    pub declared: Option<DataType>,
    /// Its texts are compared without regard to case where it comes from.
    pub passes_over_case: bool,
    /// The members of MySQL's ENUM that it was, in their order.
    pub members: Vec<String>,
    /// It was MySQL's SET.
    pub set: bool,
    /// It holds bytes.
    pub bytes: bool,
    /// The schema's own rows have a negative number there.
    pub negative: bool,
}

impl Column {
    /// Keeps the value of a row.
    fn keep(&mut self, value: &Expr) {
        let (sign, value) = match value {
            Expr::UnaryOp { op: UnaryOperator::Minus, expr } => ("-", &**expr),
            other => ("", other),
        };
        let Expr::Value(value) = value else { return };
        match &value.value {
            Value::SingleQuotedString(text) | Value::DoubleQuotedString(text) if self.texts.len() < TEXTS => {
                self.texts.insert(text.clone());
            }
            Value::Number(number, _) if self.numbers.len() < TEXTS => {
                self.numbers.insert(format!("{sign}{number}"));
            }
            Value::Boolean(truth) if self.numbers.len() < TEXTS => {
                self.numbers.insert(u8::from(*truth).to_string());
            }
            _ => {}
        }
    }

    /// Whether the schema's own rows show a value of it.
    pub fn is_shown(&self) -> bool {
        !self.texts.is_empty() || !self.numbers.is_empty()
    }
}

/// Values of one column that are kept.
const TEXTS: usize = 500;

/// All that a schema declares.
#[derive(Debug, Default)]
pub(super) struct Names {
    tables: BTreeMap<String, Ident>,
    /// Every column by its name in lower case; several tables may have one of that name.
    columns: BTreeMap<String, Vec<(String, Column)>>,
    /// Names of the columns of each table, in their order.
    order: BTreeMap<String, Vec<String>>,
    /// Columns that tell a table's rows apart: the primary key first, then what is unique.
    keys: BTreeMap<String, Vec<Vec<String>>>,
    /// Tables whose first key is a primary key.
    primary: BTreeSet<String>,
    /// The schema was MySQL's.
    pub mysql: bool,
    /// Of each table of SQLite's, the column that is its ROWID.
    rowids: BTreeMap<String, String>,
}

impl Names {
    /// The names of a schema that is PostgreSQL's already.
    pub fn of(statements: &[Statement]) -> Self {
        let mut names = Self::default();
        for statement in statements {
            match statement {
                Statement::CreateTable(create) => names.table(create),
                Statement::CreateView(create) => {
                    if let Some(ident) = last_ident(&create.name) {
                        names.tables.insert(ident.value.to_lowercase(), ident.clone());
                    }
                }
                _ => {}
            }
        }
        for statement in statements {
            if let Statement::Insert(insert) = statement {
                names.rows(insert);
            }
        }
        names
    }

    /// Adds what PostgreSQL's types do not say of the columns.
    pub fn learn(&mut self, origin: &Origin) {
        self.rowids = origin.rowids().clone();
        self.mysql = origin.is_mysql();
        for (name, columns) in &mut self.columns {
            for (table, column) in columns {
                column.passes_over_case = origin.passes_over_case(table, name);
                column.members = origin.members(table, name).to_vec();
                column.set = origin.is_set(table, name);
                column.declared = origin.declared(table, name).cloned();
            }
        }
    }

    /// Keeps the texts of an INSERT's rows.
    fn rows(&mut self, insert: &Insert) {
        let TableObject::TableName(name) = &insert.table else { return };
        let table = last_part(name);
        let columns: Vec<String> = match &insert.columns[..] {
            [] => self.order.get(&table).cloned().unwrap_or_default(),
            given => given.iter().map(last_part).collect(),
        };
        let Some(SetExpr::Values(values)) = insert.source.as_deref().map(|query| &*query.body) else { return };
        for (i, column) in columns.iter().enumerate() {
            let Some(all) = self.columns.get_mut(column) else { continue };
            let Some((_, column)) = all.iter_mut().find(|(t, _)| *t == table) else { continue };
            if column.kind.is_number() {
                column.negative |= values.rows.iter().any(|row| row.get(i).is_some_and(is_negative));
            }
            for value in values.rows.iter().filter_map(|row| row.get(i)) {
                column.keep(value);
            }
        }
    }

    fn table(&mut self, create: &CreateTable) {
        let Some(ident) = last_ident(&create.name) else { return };
        let table = ident.value.to_lowercase();
        self.tables.insert(table.clone(), ident.clone());
        let mut primary = Vec::new();
        let mut unique = Vec::new();
        for constraint in &create.constraints {
            match constraint {
                TableConstraint::PrimaryKey(key) => primary = key.columns.iter().map(index_column).collect(),
                TableConstraint::Unique(key) => unique.push(key.columns.iter().map(index_column).collect()),
                _ => {}
            }
        }
        for column in &create.columns {
            let name = column.name.value.to_lowercase();
            for option in &column.options {
                match option.option {
                    ColumnOption::PrimaryKey(_) => primary = vec![name.clone()],
                    ColumnOption::Unique(_) => unique.push(vec![name.clone()]),
                    _ => {}
                }
            }
        }
        for column in &create.columns {
            let name = column.name.value.to_lowercase();
            let not_null =
                primary.contains(&name) || column.options.iter().any(|o| matches!(o.option, ColumnOption::NotNull));
            let column = Column {
                ident: column.name.clone(),
                kind: kind(&column.data_type),
                not_null,
                texts: BTreeSet::new(),
                numbers: BTreeSet::new(),
                declared: None,
                passes_over_case: false,
                members: Vec::new(),
                set: false,
                bytes: column.data_type == DataType::Bytea,
                negative: false,
            };
            self.order.entry(table.clone()).or_default().push(name.clone());
            self.columns.entry(name).or_default().push((table.clone(), column));
        }
        if !primary.is_empty() {
            self.primary.insert(table.clone());
        }
        let keys = [primary].into_iter().filter(|key: &Vec<String>| !key.is_empty()).chain(unique).collect();
        self.keys.insert(table, keys);
    }

    /// How the table of this name is written.
    fn table_ident(&self, name: &str) -> Option<&Ident> {
        self.tables.get(&name.to_lowercase())
    }

    /// How a column of this name is written.
    fn column_ident(&self, name: &str) -> Option<&Ident> {
        self.columns.get(&name.to_lowercase())?.first().map(|(_, column)| &column.ident)
    }

    /// The column of this name, in lower case, of this table.
    pub fn column_in(&self, table: &str, column: &str) -> Option<&Column> {
        self.columns.get(column)?.iter().find(|(t, _)| t == table).map(|(_, column)| column)
    }

    /// The kind of all columns of this name, when they agree.
    pub fn any_column(&self, column: &str) -> Option<Kind> {
        let all = self.columns.get(column)?;
        let (_, first) = all.first()?;
        all.iter().all(|(_, column)| column.kind == first.kind).then_some(first.kind)
    }

    /// The columns of a table, in their order.
    pub fn columns_of(&self, table: &str) -> impl Iterator<Item = &Column> {
        self.order.get(table).into_iter().flatten().filter_map(|name| self.column_in(table, name))
    }

    /// The primary key of a table, or else its first unique columns; lower case.
    pub fn keys_of(&self, table: &str) -> &[Vec<String>] {
        self.keys.get(table).map_or(&[], Vec::as_slice)
    }

    /// The column of a table that is SQLite's ROWID.
    pub fn rowid(&self, table: &str) -> Option<&Column> {
        self.column_in(table, self.rowids.get(table)?)
    }

    /// The columns of the primary key.
    pub fn primary_key(&self, table: &str) -> Option<&[String]> {
        self.primary.contains(table).then(|| self.keys_of(table).first().map(Vec::as_slice)).flatten()
    }

    /// Whether any table has a column of this name, in lower case.
    pub fn has_column(&self, name: &str) -> bool {
        self.columns.contains_key(name)
    }

    /// Whether the schema has a table or view of this name.
    pub fn has_table(&self, name: &str) -> bool {
        self.tables.contains_key(&name.to_lowercase())
    }
}

/// SQLite's ROWID, which is the `INTEGER PRIMARY KEY` of a table that has one.
pub(super) fn rowid(rewriter: &mut Rewriter<'_>, expr: &mut Expr) {
    let (qualifier, name) = match &*expr {
        Expr::Identifier(name) => (None, name),
        Expr::CompoundIdentifier(parts) => match &parts[..] {
            [.., qualifier, name] => (Some(qualifier.value.to_lowercase()), name),
            _ => return,
        },
        _ => return,
    };
    let lower = name.value.to_lowercase();
    if rewriter.dialect != Dialect::Sqlite
        || !rewriter.certain
        || !matches!(lower.as_str(), "rowid" | "_rowid_" | "oid")
        || rewriter.names.has_column(&lower)
    {
        return;
    }
    let Some(table) = rewriter.scopes.table_called(qualifier.as_deref()) else { return };
    let Some(column) = rewriter.names.rowid(&table) else {
        let why = format!("`{name}` of `{table}`, which has no INTEGER PRIMARY KEY, has no counterpart");
        return rewriter.refuse("rowid", why);
    };
    let column = column.ident.clone();
    rewriter.changed("rowid", format!("`{name}` is the key {column}"));
    match expr {
        Expr::CompoundIdentifier(parts) => {
            if let Some(last) = parts.last_mut() {
                *last = column;
            }
        }
        other => *other = Expr::Identifier(column),
    }
}

/// Whether a value is a negative number.
fn is_negative(value: &Expr) -> bool {
    let (text, number) = super::comparisons::literal(value).unwrap_or_default();
    text.trim_start().starts_with('-') && (number || text.trim().parse::<f64>().is_ok())
}

/// The name of an indexed column, in lower case.
pub(super) fn index_column(column: &IndexColumn) -> String {
    match &column.column.expr {
        Expr::Identifier(ident) => ident.value.to_lowercase(),
        other => other.to_string().to_lowercase(),
    }
}

/// The last part of a dotted name.
pub(super) fn last_ident(name: &ObjectName) -> Option<&Ident> {
    name.0.last().and_then(ObjectNamePart::as_ident)
}

/// What kind of values a type holds.
pub(crate) fn kind(data_type: &DataType) -> Kind {
    match data_type {
        DataType::Boolean | DataType::Bool => Kind::Boolean,
        DataType::SmallInt(_)
        | DataType::Int(_)
        | DataType::Integer(_)
        | DataType::BigInt(_)
        | DataType::Int2(_)
        | DataType::Int4(_)
        | DataType::Int8(_)
        | DataType::TinyInt(_)
        | DataType::MediumInt(_) => Kind::Integer,
        DataType::Numeric(_) | DataType::Decimal(_) | DataType::Dec(_) => Kind::Number,
        DataType::Real
        | DataType::Float(_)
        | DataType::Double(_)
        | DataType::DoublePrecision
        | DataType::Float4
        | DataType::Float8 => Kind::Float,
        DataType::Text
        | DataType::Varchar(_)
        | DataType::Char(_)
        | DataType::Character(_)
        | DataType::CharacterVarying(_)
        | DataType::CharVarying(_)
        | DataType::Nvarchar(_)
        | DataType::String(_) => Kind::Text,
        DataType::Date => Kind::Date,
        DataType::Timestamp(..) | DataType::Datetime(_) => Kind::Timestamp,
        DataType::Custom(name, _) => match last_part(name).as_str() {
            "serial" | "bigserial" | "smallserial" => Kind::Integer,
            "citext" => Kind::Text,
            _ => Kind::Other,
        },
        _ => Kind::Other,
    }
}

/// A name as PostgreSQL takes it: without quotes where it needs none.
pub(super) fn plain(ident: &Ident) -> Ident {
    let value = ident.value.trim();
    let regular = value.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && !is_reserved(value);
    if regular { Ident::new(value) } else { Ident::with_quote('"', value) }
}

/// Whether PostgreSQL takes the word for something else than a name.
/// <https://www.postgresql.org/docs/current/sql-keywords-appendix.html>
pub(super) fn is_reserved(word: &str) -> bool {
    const RESERVED: [&str; 77] = [
        "all",
        "analyse",
        "analyze",
        "and",
        "any",
        "array",
        "as",
        "asc",
        "asymmetric",
        "both",
        "case",
        "cast",
        "check",
        "collate",
        "column",
        "constraint",
        "create",
        "current_catalog",
        "current_date",
        "current_role",
        "current_time",
        "current_timestamp",
        "current_user",
        "default",
        "deferrable",
        "desc",
        "distinct",
        "do",
        "else",
        "end",
        "except",
        "false",
        "fetch",
        "for",
        "foreign",
        "from",
        "grant",
        "group",
        "having",
        "in",
        "initially",
        "intersect",
        "into",
        "lateral",
        "leading",
        "limit",
        "localtime",
        "localtimestamp",
        "not",
        "null",
        "offset",
        "on",
        "only",
        "or",
        "order",
        "placing",
        "primary",
        "references",
        "returning",
        "select",
        "session_user",
        "some",
        "symmetric",
        "system_user",
        "table",
        "then",
        "to",
        "trailing",
        "true",
        "union",
        "unique",
        "user",
        "using",
        "variadic",
        "when",
        "where",
        "window",
    ];
    // Joining words end a table's name, so they are no alias either.
    const JOINING: [&str; 14] = [
        "authorization",
        "binary",
        "collation",
        "concurrently",
        "cross",
        "freeze",
        "full",
        "ilike",
        "inner",
        "is",
        "isnull",
        "join",
        "left",
        "like",
    ];
    const MORE: [&str; 8] = ["natural", "notnull", "outer", "overlaps", "right", "similar", "tablesample", "verbose"];
    let word = word.to_lowercase();
    [&RESERVED[..], &JOINING, &MORE].iter().any(|list| list.contains(&word.as_str())) || word == "with"
}

/// Takes the name of a database, or of a schema that is not there, off the tables that the record's schema
/// has without it.
pub(super) fn without_databases(rewriter: &mut Rewriter<'_>, statement: &mut Statement) {
    let mut common = Common::default();
    walk::statement(statement, &mut common);
    let mut unqualifier = Unqualifier { rewriter, common: common.0, databases: BTreeMap::new() };
    // First seen, then changed: tables of two databases are two, whatever their names.
    let mut seen = Databases(BTreeMap::new());
    walk::edit(statement, &mut seen);
    unqualifier.databases = seen.0;
    walk::edit(statement, &mut unqualifier);
}

/// Before each table, by its name in lower case, the databases that a statement names; an empty one
/// where it names none.
struct Databases(BTreeMap<String, BTreeSet<String>>);

impl Edit for Databases {
    fn relation(&mut self, name: &mut ObjectName) {
        if let [before @ .., table] = &lower_parts(name)[..] {
            self.0.entry(table.clone()).or_default().insert(before.join("."));
        }
    }
}

/// Names of common tables, in lower case.
#[derive(Default)]
struct Common(BTreeSet<String>);

impl Look for Common {
    fn query(&mut self, query: &Query) {
        let tables = query.with.iter().flat_map(|with| &with.cte_tables);
        self.0.extend(tables.map(|cte| cte.alias.name.value.to_lowercase()));
    }
}

struct Unqualifier<'r, 'n> {
    rewriter: &'r mut Rewriter<'n>,
    common: BTreeSet<String>,
    databases: BTreeMap<String, BTreeSet<String>>,
}

impl Unqualifier<'_, '_> {
    /// Whether what stands before the last of these parts means nothing in the record's schema.
    fn is_needless(&self, parts: &[String]) -> bool {
        let [.., qualifier, table] = parts else { return false };
        let system = matches!(qualifier.as_str(), "pg_catalog" | "information_schema" | "pg_temp");
        let declared = self.rewriter.tables.iter().any(|statement| {
            let name = match statement {
                Statement::CreateTable(create) => &create.name,
                Statement::CreateView(create) => &create.name,
                _ => return false,
            };
            lower_parts(name).ends_with(&[qualifier.clone(), table.clone()])
        });
        // Of two databases, one may be the connection's own, but not both. The longer of two names may be
        // another's whole one.
        let others = |one: &String, other: &String| !one.ends_with(other.as_str()) && !other.ends_with(one.as_str());
        let several = |all: &BTreeSet<String>| all.iter().any(|one| all.iter().any(|other| others(one, other)));
        if self.databases.get(table).is_some_and(several) {
            return false;
        }
        // `public` is there in any database, unless the table stands in another schema.
        !system && !declared && self.rewriter.names.has_table(table) && !self.common.contains(table)
    }
}

fn lower_parts(name: &ObjectName) -> Vec<String> {
    name.0.iter().filter_map(ObjectNamePart::as_ident).map(|ident| ident.value.to_lowercase()).collect()
}

impl Edit for Unqualifier<'_, '_> {
    fn relation(&mut self, name: &mut ObjectName) {
        if name.0.len() > 1 && self.is_needless(&lower_parts(name)) {
            self.rewriter.changed("database-name", format!("`{name}` is written without its database"));
            name.0.drain(..name.0.len() - 1);
        }
    }

    fn select(&mut self, select: &mut Select) {
        for item in &mut select.projection {
            if let SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), _) = item
                && name.0.len() > 1
                && self.is_needless(&lower_parts(name))
            {
                name.0.drain(..name.0.len() - 1);
            }
        }
    }

    fn expr(&mut self, expr: &mut Expr) {
        if let Expr::CompoundIdentifier(parts) = expr
            && let [table @ .., _] = &parts[..]
            && table.len() > 1
            && self.is_needless(&table.iter().map(|ident| ident.value.to_lowercase()).collect::<Vec<_>>())
        {
            parts.drain(..parts.len() - 2);
        }
    }
}

/// Writes the names of a statement as the schema does.
pub(super) fn statement(rewriter: &mut Rewriter<'_>, statement: &mut Statement) {
    if matches!(statement, Statement::Query(_) | Statement::Insert(_) | Statement::Update(_) | Statement::Delete(_)) {
        without_databases(rewriter, statement);
    }
    let own = own_names(std::slice::from_ref(statement));
    let mut writer = Writer { rewriter, own };
    walk::edit(statement, &mut writer);
}

/// Names that a schema gives: its tables, columns, functions and types, in lower case.
pub(super) fn declared(tables: &[Statement]) -> BTreeSet<String> {
    let names = Names::of(tables);
    let functions = tables.iter().filter_map(|statement| match statement {
        Statement::CreateFunction(create) => Some(last_part(&create.name)),
        Statement::CreateType { name, .. } => Some(last_part(name)),
        Statement::CreateSchema { schema_name, .. } => Some(schema_name.to_string().to_lowercase()),
        _ => None,
    });
    names.tables.keys().chain(names.columns.keys()).cloned().chain(functions).collect()
}

/// Names that statements give themselves, in lower case: aliases, common tables.
pub(super) fn own_names(statements: &[Statement]) -> BTreeSet<String> {
    let mut own = Own::default();
    for statement in statements {
        walk::statement(statement, &mut own);
    }
    own.names
}

/// Names that the statement itself gives: aliases, common tables.
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

struct Writer<'r, 'n> {
    rewriter: &'r mut Rewriter<'n>,
    own: BTreeSet<String>,
}

impl Writer<'_, '_> {
    fn write(&mut self, ident: &mut Ident) {
        let names = self.rewriter.names;
        let known = names.column_ident(&ident.value).or_else(|| names.table_ident(&ident.value));
        let written = match known {
            // The schema's own writing, unless it needs no quotes and the statement gave none.
            Some(known) if known.quote_style.is_some() => known.clone(),
            _ if ident.quote_style.is_none() => return,
            _ => plain(ident),
        };
        if written.value == ident.value && written.quote_style == ident.quote_style {
            return;
        }
        let what = format!("`{}` is written {written}", ident.value);
        self.rewriter.changed("quoted-name", what);
        *ident = written;
    }

    /// A name in double quotes that nothing has is a text, in SQLite.
    fn is_text(&self, ident: &Ident) -> bool {
        let names = self.rewriter.names;
        ident.quote_style == Some('"')
            && names.column_ident(&ident.value).is_none()
            && names.table_ident(&ident.value).is_none()
            && !self.own.contains(&ident.value.to_lowercase())
            && !matches!(self.rewriter.dialect, Dialect::Postgres)
    }
}

impl Edit for Writer<'_, '_> {
    fn expr(&mut self, expr: &mut Expr) {
        if let Expr::Identifier(ident) = expr
            && self.is_text(ident)
        {
            let what = format!("\"{}\" names nothing, so it is the text '{}'", ident.value, ident.value);
            self.rewriter.changed("double-quoted-text", what);
            *expr = Expr::Value(Value::SingleQuotedString(ident.value.clone()).into());
        }
        if let Expr::Value(value) = expr
            && let Value::DoubleQuotedString(text) = &value.value
        {
            self.rewriter.changed("double-quoted-text", format!("the text \"{text}\" stands in single quotes"));
            *expr = Expr::Value(Value::SingleQuotedString(text.clone()).into());
        }
    }

    fn ident(&mut self, ident: &mut Ident) {
        self.write(ident);
    }
}
