//! What the schema of another database says of its columns that PostgreSQL's types do not: the order
//! of an ENUM's members, which is a SET, whether texts are compared without regard to case, which
//! column is SQLite's ROWID, and the type that was declared. Read before the types are rewritten.

use std::collections::{BTreeMap, BTreeSet};

use sqlparser::ast::{ColumnOption, CreateTable, DataType, EnumMember, Statement, TableConstraint};

use crate::catalog::index_column;
use crate::dialect::collations::regards_case;
use crate::syntax::Dialect;
use crate::syntax::last_part;

/// Table and column, in lower case.
type Place = (String, String);

/// What the other database's schema says of its columns.
#[derive(Debug, Default)]
pub(in crate::dialect) struct Origin {
    members: BTreeMap<Place, Vec<String>>,
    /// The types as they are declared there.
    types: BTreeMap<Place, DataType>,
    /// Columns whose texts are not compared in the way that is the default of their dialect.
    exceptions: BTreeSet<Place>,
    sets: BTreeSet<Place>,
    rowids: BTreeMap<String, String>,
    mysql: bool,
}

impl Origin {
    /// What the statements of a schema say.
    pub fn of(statements: &[Statement], dialect: Dialect) -> Self {
        let mut origin = Self { mysql: dialect == Dialect::MySql, ..Self::default() };
        for statement in statements {
            match statement {
                Statement::CreateTable(create) if dialect != Dialect::Postgres => origin.table(create),
                _ => {}
            }
        }
        origin
    }

    fn table(&mut self, create: &CreateTable) {
        let table = last_part(&create.name);
        self.rowid(create);
        let options = create.table_options.to_string().to_lowercase();
        let words: Vec<&str> =
            options.split(|c: char| c.is_whitespace() || c == '=').filter(|w| !w.is_empty()).collect();
        let after = |word: &str| words.iter().position(|w| *w == word).and_then(|at| words.get(at + 1)).copied();
        let whole = after("collate").or_else(|| after("charset")).is_some_and(regards_case);
        for column in &create.columns {
            let place = (table.clone(), column.name.value.to_lowercase());
            self.types.insert(place.clone(), column.data_type.clone());
            if let DataType::Enum(members, _) = &column.data_type {
                let names = members.iter().map(|member| match member {
                    EnumMember::Name(name) | EnumMember::NamedValue(name, _) => name.clone(),
                });
                self.members.insert(place.clone(), names.collect());
            }
            if let DataType::Set(_) = &column.data_type {
                self.sets.insert(place.clone());
            }
            let option = |wanted: fn(&ColumnOption) -> Option<String>| {
                column.options.iter().find_map(|option| wanted(&option.option))
            };
            let collation = option(|option| match option {
                ColumnOption::Collation(name) => Some(name.to_string()),
                _ => None,
            });
            let charset = option(|option| match option {
                ColumnOption::CharacterSet(name) => Some(name.to_string()),
                _ => None,
            });
            // `VARCHAR(9) BINARY`.
            let binary = column.options.iter().any(|option| match &option.option {
                ColumnOption::DialectSpecific(tokens) => {
                    tokens.iter().any(|token| token.to_string().eq_ignore_ascii_case("binary"))
                }
                _ => false,
            });
            let exception = match (self.mysql, collation) {
                _ if self.mysql && (binary || is_of_bytes(&column.data_type)) => true,
                (true, Some(collation)) => regards_case(&collation),
                (true, None) => charset.map_or(whole, |charset| regards_case(&charset)),
                (false, collation) => collation.is_some_and(|c| c.trim_matches('"').eq_ignore_ascii_case("nocase")),
            };
            if exception {
                self.exceptions.insert(place);
            }
        }
    }

    /// SQLite's `INTEGER PRIMARY KEY`, which is another name of ROWID.
    /// <https://www.sqlite.org/lang_createtable.html#rowid>
    fn rowid(&mut self, create: &CreateTable) {
        let keys: Vec<Vec<String>> = create
            .constraints
            .iter()
            .filter_map(|constraint| match constraint {
                TableConstraint::PrimaryKey(key) => {
                    Some(key.columns.iter().map(|column| index_column(column).to_lowercase()).collect())
                }
                _ => None,
            })
            .collect();
        let column = create.columns.iter().find(|column| {
            let name = column.name.value.to_lowercase();
            let own = column.options.iter().any(|option| matches!(option.option, ColumnOption::PrimaryKey(_)));
            matches!(column.data_type, DataType::Integer(None)) && (own || keys.contains(&vec![name]))
        });
        if let Some(column) = column.filter(|_| !self.mysql && !create.without_rowid) {
            self.rowids.insert(last_part(&create.name), column.name.value.to_lowercase());
        }
    }

    /// Whether the schema is MySQL's.
    pub fn is_mysql(&self) -> bool {
        self.mysql
    }

    /// Of each table, the column that is its ROWID, in lower case.
    pub fn rowids(&self) -> &BTreeMap<String, String> {
        &self.rowids
    }

    /// Whether a column is MySQL's SET.
    pub fn is_set(&self, table: &str, column: &str) -> bool {
        self.sets.contains(&(table.to_owned(), column.to_owned()))
    }

    /// Whether a column's texts are compared without regard to case.
    pub fn passes_over_case(&self, table: &str, column: &str) -> bool {
        self.mysql != self.exceptions.contains(&(table.to_owned(), column.to_owned()))
    }

    /// A column's type as it is declared.
    pub fn declared(&self, table: &str, column: &str) -> Option<&DataType> {
        self.types.get(&(table.to_owned(), column.to_owned()))
    }

    /// The members of an ENUM; empty for any other column.
    pub fn members(&self, table: &str, column: &str) -> &[String] {
        self.members.get(&(table.to_owned(), column.to_owned())).map_or(&[], Vec::as_slice)
    }
}

/// Whether MySQL compares a type's values byte by byte.
fn is_of_bytes(data_type: &DataType) -> bool {
    use DataType as T;
    matches!(
        data_type,
        T::Binary(_) | T::Varbinary(_) | T::Blob(_) | T::TinyBlob | T::MediumBlob | T::LongBlob | T::JSON
    )
}
