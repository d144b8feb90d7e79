//! The statements of a schema: types, column options, keys and table options that PostgreSQL does not have, and
//! statements of a dump that create no table. Foreign keys are in `keys`, rows in `rows`.

use std::collections::{BTreeMap, BTreeSet};

use sqlparser::ast::{
    ColumnDef, ColumnOption, ColumnOptionDef, CreateTable, CreateTableOptions, DataType, EnumMember, Expr,
    GeneratedExpressionMode, Ident, IndexColumn, KeyOrIndexDisplay, ObjectName, ObjectNamePart, Statement,
    TableConstraint, Value,
};

use super::keys::order_tables;
use super::rows::fit_rows;
use super::stored;
use crate::catalog::ValueKind;
use crate::dialect::changes::Change;
use crate::dialect::names::{is_reserved, plain};
use crate::dialect::values::types;
use crate::syntax::Dialect;
use crate::syntax::last_part;
use crate::syntax::walk::{self, Edit, Look};

/// Brings a schema's statements into PostgreSQL's dialect.
pub(in crate::dialect) fn rewrite(
    statements: &mut Vec<Statement>,
    dialect: Dialect,
    certain: bool,
    changes: &mut Vec<Change>,
) {
    drop_needless(statements, dialect, changes);
    if certain && dialect == Dialect::MySql {
        stored::round(statements, changes);
    }
    for statement in statements.iter_mut() {
        let mut quotes = Quotes { changes };
        walk::edit(statement, &mut quotes);
        if let Statement::CreateTable(create) = statement {
            table(create, dialect, changes);
        }
    }
    merge(statements, changes);
    fit_rows(statements, certain && dialect == Dialect::Sqlite, changes);
    order_tables(statements, changes);
}

fn change(changes: &mut Vec<Change>, rule: &'static str, what: String) {
    changes.push(Change { rule, what });
}

/// A table that is created twice is one with the columns of both, and a column that is declared
/// twice is one: data sets that keep only the columns which an answer uses write such schemas.
pub(in crate::dialect) fn merge(statements: &mut Vec<Statement>, changes: &mut Vec<Change>) {
    let mut tables: BTreeMap<String, usize> = BTreeMap::new();
    let mut kept: Vec<Statement> = Vec::with_capacity(statements.len());
    for mut statement in std::mem::take(statements) {
        let Statement::CreateTable(create) = &mut statement else {
            kept.push(statement);
            continue;
        };
        let name = whole_name(&create.name);
        let mut columns = BTreeSet::new();
        create.columns.retain(|column| {
            let new = columns.insert(column.name.value.to_lowercase());
            if !new {
                change(changes, "duplicate-column", format!("column `{}` of `{name}` is declared once", column.name));
            }
            new
        });
        let again = tables.get(&name).copied().filter(|_| !create.if_not_exists && create.query.is_none());
        match again.and_then(|at| kept.get_mut(at)) {
            Some(Statement::CreateTable(first)) => {
                let known: BTreeSet<String> = first.columns.iter().map(|c| c.name.value.to_lowercase()).collect();
                let new = std::mem::take(&mut create.columns);
                first.columns.extend(new.into_iter().filter(|c| !known.contains(&c.name.value.to_lowercase())));
                change(changes, "duplicate-table", format!("table `{name}` is created once, with all its columns"));
            }
            _ => {
                tables.insert(name, kept.len());
                kept.push(statement);
            }
        }
    }
    *statements = kept;
}

/// A table's name in lower case, with its schema unless that is the one where tables are made.
fn whole_name(name: &ObjectName) -> String {
    let parts = name.0.iter().filter_map(ObjectNamePart::as_ident).map(|ident| ident.value.to_lowercase());
    let parts: Vec<String> = parts.collect();
    let parts = parts.strip_prefix(&["public".to_owned()]).unwrap_or(&parts);
    parts.join(".")
}

/// What a dump holds besides tables and rows.
fn drop_needless(statements: &mut Vec<Statement>, dialect: Dialect, changes: &mut Vec<Change>) {
    statements.retain(|statement| {
        let needless = match statement {
            Statement::Set(_)
            | Statement::Use(_)
            | Statement::Pragma { .. }
            | Statement::CreateDatabase { .. }
            | Statement::LockTables { .. }
            | Statement::UnlockTables
            | Statement::StartTransaction { .. }
            | Statement::Commit { .. } => true,
            // In MySQL a schema is a database.
            Statement::CreateSchema { .. } => dialect == Dialect::MySql,
            Statement::Drop { if_exists, .. } => *if_exists,
            _ => false,
        };
        if needless {
            let text = statement.to_string();
            let begins: Vec<&str> = text.split_whitespace().take(3).collect();
            change(changes, "dump-statement", format!("`{} …` makes no table", begins.join(" ")));
        }
        !needless
    });
}

/// Names in backticks, brackets or needless quotes, as PostgreSQL takes them.
struct Quotes<'c> {
    changes: &'c mut Vec<Change>,
}

impl Edit for Quotes<'_> {
    fn ident(&mut self, ident: &mut Ident) {
        // A keyword that stands for a value is no name.
        let value = ["current", "local", "session", "default", "null", "true", "false"]
            .iter()
            .any(|begin| ident.value.to_lowercase().starts_with(begin));
        if ident.quote_style.is_some() || (is_reserved(&ident.value) && !value) {
            let written = plain(ident);
            if written.value != ident.value || written.quote_style != ident.quote_style {
                change(self.changes, "quoted-name", format!("`{}` is written {written}", ident.value));
                *ident = written;
            }
        }
    }

    fn relation(&mut self, name: &mut ObjectName) {
        // `database.table`, `main.table`: the database is the one that the record makes.
        if name.0.len() > 1 {
            change(self.changes, "database-name", format!("`{name}` is written without its database"));
            name.0.drain(..name.0.len() - 1);
        }
    }
}

fn table(create: &mut CreateTable, dialect: Dialect, changes: &mut Vec<Change>) {
    if !matches!(create.table_options, CreateTableOptions::None) || create.without_rowid || create.strict {
        change(changes, "table-option", format!("table `{}` has no options of another database", create.name));
        create.table_options = CreateTableOptions::None;
        (create.without_rowid, create.strict) = (false, false);
    }
    if create.comment.take().is_some() {
        change(changes, "table-option", format!("table `{}` has no comment in its definition", create.name));
    }
    for definition in &mut create.columns {
        column(definition, dialect, changes);
    }
    create.constraints.retain_mut(|constraint| match constraint {
        TableConstraint::Index(_) | TableConstraint::FulltextOrSpatial(_) => {
            change(changes, "index-in-table", "an index is no part of a table's definition".to_owned());
            false
        }
        TableConstraint::Unique(unique) => {
            let named =
                unique.index_name.take().is_some() || !matches!(unique.index_type_display, KeyOrIndexDisplay::None);
            if named || unique.index_type.take().is_some() {
                change(changes, "unique-key", "a UNIQUE KEY is written UNIQUE".to_owned());
                unique.index_type_display = KeyOrIndexDisplay::None;
                // Names of indexes are shared by all tables in PostgreSQL.
                unique.name = None;
                unique.index_options.clear();
            }
            unique.columns.iter_mut().for_each(|column| whole(column, changes));
            true
        }
        TableConstraint::PrimaryKey(key) => {
            if key.index_name.take().is_some() || key.index_type.take().is_some() || !key.index_options.is_empty() {
                change(changes, "primary-key", "a PRIMARY KEY names no kind of index".to_owned());
                key.index_options.clear();
            }
            // SQLite's `PRIMARY KEY (id AUTOINCREMENT)` and `(a ASC)`.
            for column in &mut key.columns {
                whole(column, changes);
                if column.column.options.sort.take().is_some() {
                    change(changes, "primary-key", "the columns of a PRIMARY KEY have no order".to_owned());
                }
            }
            true
        }
        TableConstraint::Check(check) if dialect == Dialect::Sqlite && asks_sqlite(&check.expr) => {
            change(changes, "table-option", format!("table `{}` has no CHECK by SQLite's types", create.name));
            false
        }
        _ => true,
    });
}

/// Whether an expression asks for what only SQLite has: the type of a single value, bytes by chance.
fn asks_sqlite(expr: &Expr) -> bool {
    struct Asks(bool);
    impl Look for Asks {
        fn expr(&mut self, expr: &Expr) -> bool {
            const NAMES: [&str; 5] = ["randomblob", "sqlite_source_id", "sqlite_version", "typeof", "zeroblob"];
            self.0 |= matches!(expr, Expr::Function(function) if NAMES.contains(&last_part(&function.name).as_str()));
            !self.0
        }
    }
    let mut asks = Asks(false);
    walk::expr(expr, &mut asks);
    asks.0
}

/// `name(10)`: the beginning of a column as a key.
fn whole(column: &mut IndexColumn, changes: &mut Vec<Change>) {
    if let Expr::Function(function) = &column.column.expr
        && let Some(name) = function.name.0.last().and_then(|part| part.as_ident()).cloned()
    {
        change(changes, "key-prefix", format!("the whole of column `{name}` is a key, not its beginning"));
        column.column.expr = Expr::Identifier(name);
    }
}

fn column(column: &mut ColumnDef, dialect: Dialect, changes: &mut Vec<Change>) {
    let mut given = column.data_type.clone();
    let mut words = String::new();
    let mut numbered = false;
    column.options.retain(|option| {
        let ColumnOption::DialectSpecific(tokens) = &option.option else { return true };
        let text = tokens.iter().map(ToString::to_string).collect::<String>().to_lowercase();
        let counts = text == "auto_increment" || text == "autoincrement";
        numbered |= counts;
        if !counts && dialect == Dialect::Sqlite && !matches!(text.as_str(), "asc" | "desc") {
            words.push_str(&text);
        } else if !counts {
            change(changes, "column-option", format!("column `{}` has no {}", column.name, text.to_uppercase()));
        }
        false
    });
    if !words.is_empty() {
        let all = format!("{given} {words}").to_uppercase();
        given = types::by_affinity(&all);
        change(changes, "column-type", format!("{all} of column `{}` is written {given}", column.name));
        column.data_type = given.clone();
    }
    if let DataType::Enum(members, _) = &given {
        column.options.push(members_check(&column.name, members));
    }
    if numbered {
        let serial = match given {
            DataType::BigInt(_) | DataType::BigIntUnsigned(_) => "BIGSERIAL",
            _ => "SERIAL",
        };
        column.data_type = DataType::Custom(ObjectName::from(vec![Ident::new(serial)]), Vec::new());
        change(changes, "auto-increment", format!("column `{}` numbers its rows as {serial}", column.name));
    } else if let Some(now) = types::of_column(&given, dialect) {
        let was = if given == DataType::Unspecified { "no type".to_owned() } else { given.to_string() };
        change(changes, "column-type", format!("{was} of column `{}` is written {now}", column.name));
        column.data_type = now;
    }
    let boolean = column.data_type == DataType::Boolean;
    let numbers = ValueKind::of(&column.data_type) == ValueKind::Integer;
    let mut seen_null = false;
    column.options.retain_mut(|option| {
        let what = match &mut option.option {
            ColumnOption::Comment(_) => "COMMENT",
            ColumnOption::OnUpdate(_) => "ON UPDATE",
            ColumnOption::CharacterSet(_) => "CHARACTER SET",
            ColumnOption::Collation(_) => "COLLATE",
            ColumnOption::OnConflict(_) => "ON CONFLICT",
            ColumnOption::Invisible => "INVISIBLE",
            // MariaDB's way to write the type JSON.
            ColumnOption::Check(check) if calls_json_valid(&check.expr) => "CHECK by JSON_VALID",
            ColumnOption::Check(check) if dialect == Dialect::Sqlite && asks_sqlite(&check.expr) => {
                "CHECK by SQLite's types"
            }
            ColumnOption::Default(value) if dialect == Dialect::Sqlite && asks_sqlite(value) => {
                "default of SQLite's bytes"
            }
            ColumnOption::Default(value) => {
                default(value, boolean, numbers, &column.name, changes);
                if is_zero_date(value) { "default of zero" } else { return true }
            }
            ColumnOption::Generated { generation_expr: Some(_), generation_expr_mode, .. }
                if *generation_expr_mode != Some(GeneratedExpressionMode::Stored) =>
            {
                *generation_expr_mode = Some(GeneratedExpressionMode::Stored);
                change(changes, "column-option", format!("column `{}` is computed when it is stored", column.name));
                return true;
            }
            ColumnOption::Null => {
                // `NULL` may be said twice; once is enough.
                return !std::mem::replace(&mut seen_null, true);
            }
            _ => return true,
        };
        change(changes, "column-option", format!("column `{}` has no {what}", column.name));
        false
    });
}

fn calls_json_valid(check: &Expr) -> bool {
    matches!(check, Expr::Function(function) if last_part(&function.name) == "json_valid")
}

/// MySQL's ENUM, as a check on a text.
fn members_check(column: &Ident, members: &[EnumMember]) -> ColumnOptionDef {
    let list = members
        .iter()
        .map(|member| match member {
            EnumMember::Name(name) | EnumMember::NamedValue(name, _) => {
                Expr::Value(Value::SingleQuotedString(name.clone()).into())
            }
        })
        .collect();
    let expr = Expr::InList { expr: Box::new(Expr::Identifier(column.clone())), list, negated: false };
    let check = sqlparser::ast::CheckConstraint { name: None, expr: Box::new(expr), no_inherit: false, enforced: None };
    ColumnOptionDef { name: None, option: ColumnOption::Check(check) }
}

/// A default whose form is another's.
fn default(value: &mut Expr, boolean: bool, integer: bool, column: &Ident, changes: &mut Vec<Change>) {
    let now = match &*value {
        Expr::Value(v) => match &v.value {
            Value::Number(n, _) if boolean => match n.to_string().as_str() {
                "0" => Value::Boolean(false),
                "1" => Value::Boolean(true),
                _ => return,
            },
            Value::SingleQuotedByteStringLiteral(text) if boolean => Value::Boolean(text == "1"),
            Value::DoubleQuotedString(text) => Value::SingleQuotedString(text.clone()),
            // The empty text is no number.
            Value::SingleQuotedString(text) if integer && text.trim().is_empty() => Value::Null,
            _ => return,
        },
        Expr::Identifier(ident) if ident.quote_style == Some('"') => Value::SingleQuotedString(ident.value.clone()),
        _ => return,
    };
    let now = Expr::Value(now.into());
    change(changes, "column-default", format!("the default {value} of column `{column}` is written {now}"));
    *value = now;
}

/// MySQL's date that is none.
fn is_zero_date(value: &Expr) -> bool {
    matches!(value, Expr::Value(v) if matches!(&v.value, Value::SingleQuotedString(text) if text.starts_with("0000-00-00")))
}
