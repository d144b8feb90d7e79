//! The parts of a domain of the synthesiser, and its schema text. The domains themselves are in `domains`.
//! This is a model of tables beside `crate::catalog` on purpose: it is not read from DDL but written by hand as
//! constants, DDL is made from it, and it holds what no DDL says: words for rows, and values to ask about.

/// A small database about one subject.
#[derive(Debug)]
pub struct Domain {
    /// Its name: a part of record ids.
    pub name: &'static str,
    /// Its tables, each after those that it refers to.
    pub tables: &'static [DomainTable],
}

/// A table.
#[derive(Debug)]
pub struct DomainTable {
    /// Its name, a plural: `order_items`.
    pub name: &'static str,
    /// One row of it, in words: `order item`.
    pub one: &'static str,
    /// Its columns, the key first.
    pub columns: &'static [DomainColumn],
}

/// A column.
#[derive(Debug)]
pub struct DomainColumn {
    /// Its name, which reads as words with blanks for underscores.
    pub name: &'static str,
    /// What it holds.
    pub kind: ColumnValues,
    /// Whether it may be NULL.
    pub nullable: bool,
}

/// What a column holds, with values to ask about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ColumnValues {
    /// The primary key.
    Key,
    /// A reference to the primary key of this table.
    Reference(&'static str),
    /// The name by which people know the row, and words that occur in such names.
    Label(&'static [&'static str]),
    /// One of a few values.
    Category(&'static [&'static str]),
    /// A whole number in a range.
    Count(i64, i64),
    /// An amount with two decimals in a range.
    Amount(i64, i64),
    /// A date within these years.
    Date(i64, i64),
    /// A point in time within these years.
    Time(i64, i64),
    /// Yes or no.
    Flag,
}

impl DomainTable {
    /// All rows of it, in words: `order items`.
    pub fn many(&self) -> String {
        self.name.replace('_', " ")
    }

    /// The primary key.
    pub fn key(&self) -> Option<&'static DomainColumn> {
        self.columns.iter().find(|c| c.kind == ColumnValues::Key)
    }

    /// The column by which people know a row.
    pub fn label(&self) -> Option<&'static DomainColumn> {
        self.columns.iter().find(|c| matches!(c.kind, ColumnValues::Label(_)))
    }
}

impl DomainColumn {
    /// Its name as words.
    pub fn words(&self) -> String {
        self.name.replace('_', " ")
    }

    fn definition(&self) -> String {
        let kind = match self.kind {
            ColumnValues::Key => "INT PRIMARY KEY".to_owned(),
            ColumnValues::Reference(table) => format!("INT REFERENCES {table}"),
            ColumnValues::Label(_) | ColumnValues::Category(_) => "TEXT".to_owned(),
            ColumnValues::Count(..) => "INT".to_owned(),
            ColumnValues::Amount(..) => "NUMERIC".to_owned(),
            ColumnValues::Date(..) => "DATE".to_owned(),
            ColumnValues::Time(..) => "TIMESTAMP".to_owned(),
            ColumnValues::Flag => "BOOLEAN".to_owned(),
        };
        format!("{} {kind}", self.name)
    }
}

impl Domain {
    /// The CREATE TABLE statements, one a line. The bytes never change, because the host splits data by them.
    pub fn schema(&self) -> String {
        let tables = self.tables.iter().map(|table| {
            let columns: Vec<_> = table.columns.iter().map(DomainColumn::definition).collect();
            format!("CREATE TABLE {} ({});", table.name, columns.join(", "))
        });
        tables.collect::<Vec<_>>().join("\n")
    }

    /// The table of this name.
    pub fn table(&self, name: &str) -> Option<&'static DomainTable> {
        self.tables.iter().find(|t| t.name == name)
    }
}

/// A table of a domain.
pub const fn table(name: &'static str, one: &'static str, columns: &'static [DomainColumn]) -> DomainTable {
    DomainTable { name, one, columns }
}

/// A primary key.
pub const fn key(name: &'static str) -> DomainColumn {
    DomainColumn { name, kind: ColumnValues::Key, nullable: false }
}

/// A reference to another table's key.
pub const fn reference(name: &'static str, table: &'static str) -> DomainColumn {
    DomainColumn { name, kind: ColumnValues::Reference(table), nullable: false }
}

/// The name of a row, with words that occur in such names.
pub const fn label(name: &'static str, words: &'static [&'static str]) -> DomainColumn {
    DomainColumn { name, kind: ColumnValues::Label(words), nullable: false }
}

/// A text with few values.
pub const fn category(name: &'static str, values: &'static [&'static str]) -> DomainColumn {
    DomainColumn { name, kind: ColumnValues::Category(values), nullable: false }
}

/// A whole number.
pub const fn count(name: &'static str, low: i64, high: i64) -> DomainColumn {
    DomainColumn { name, kind: ColumnValues::Count(low, high), nullable: false }
}

/// A number with two decimals.
pub const fn amount(name: &'static str, low: i64, high: i64) -> DomainColumn {
    DomainColumn { name, kind: ColumnValues::Amount(low, high), nullable: false }
}

/// A date.
pub const fn date(name: &'static str, from: i64, to: i64) -> DomainColumn {
    DomainColumn { name, kind: ColumnValues::Date(from, to), nullable: false }
}

/// A point in time.
pub const fn time(name: &'static str, from: i64, to: i64) -> DomainColumn {
    DomainColumn { name, kind: ColumnValues::Time(from, to), nullable: false }
}

/// Yes or no.
pub const fn flag(name: &'static str) -> DomainColumn {
    DomainColumn { name, kind: ColumnValues::Flag, nullable: false }
}

/// The column, but nullable.
pub const fn maybe(column: DomainColumn) -> DomainColumn {
    DomainColumn { name: column.name, kind: column.kind, nullable: true }
}
