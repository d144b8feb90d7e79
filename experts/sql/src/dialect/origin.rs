//! What the schema of another database says of its columns that PostgreSQL's types do not: the order
//! of an ENUM's members, whether texts are compared without regard to case, and the type that was
//! declared. Read before the types are rewritten.

use std::collections::{BTreeMap, BTreeSet};

use sqlparser::ast::{ColumnOption, CreateTable, DataType, EnumMember, Statement};

use super::Dialect;
use super::collation::regards_case;
use crate::schema::last_part;

/// Table and column, in lower case.
type Place = (String, String);

/// What is known of the columns where they come from.
#[derive(Debug, Default)]
pub(super) struct Origin {
    members: BTreeMap<Place, Vec<String>>,
    /// The types as they are declared there.
    types: BTreeMap<Place, DataType>,
    /// Columns that do not compare as the dialect does unless told otherwise.
    exceptions: BTreeSet<Place>,
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
            let collation = column.options.iter().find_map(|option| match &option.option {
                ColumnOption::Collation(name) | ColumnOption::CharacterSet(name) => Some(name.to_string()),
                _ => None,
            });
            let exception = match (self.mysql, collation) {
                (true, Some(collation)) => regards_case(&collation),
                (true, None) => whole,
                (false, collation) => collation.is_some_and(|c| c.trim_matches('"').eq_ignore_ascii_case("nocase")),
            };
            if exception {
                self.exceptions.insert(place);
            }
        }
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
