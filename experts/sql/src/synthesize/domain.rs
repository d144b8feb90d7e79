//! What a domain of the synthesiser is made of, and its schema text. The domains themselves stand
//! in `domains`.

/// A small database about one subject.
#[derive(Debug)]
pub struct Domain {
    /// Its name: a part of record ids.
    pub name: &'static str,
    /// Its tables; a table stands after those it refers to.
    pub tables: &'static [Table],
}

/// A table.
#[derive(Debug)]
pub struct Table {
    /// Its name, a plural: `order_items`.
    pub name: &'static str,
    /// One row of it, in words: `order item`.
    pub one: &'static str,
    /// Its columns, the key first.
    pub columns: &'static [Column],
}

/// A column.
#[derive(Debug)]
pub struct Column {
    /// Its name; with blanks for underscores it reads as words.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether NULLs are to be expected.
    pub nullable: bool,
}

/// What a column holds, with enough of its values to ask about them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
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

impl Table {
    /// All rows of it, in words: `order items`.
    pub fn many(&self) -> String {
        self.name.replace('_', " ")
    }

    /// The primary key.
    pub fn key(&self) -> Option<&'static Column> {
        self.columns.iter().find(|c| c.kind == Kind::Key)
    }

    /// The column by which people know a row.
    pub fn label(&self) -> Option<&'static Column> {
        self.columns.iter().find(|c| matches!(c.kind, Kind::Label(_)))
    }
}

impl Column {
    /// Its name as words.
    pub fn words(&self) -> String {
        self.name.replace('_', " ")
    }

    fn definition(&self) -> String {
        let kind = match self.kind {
            Kind::Key => "INT PRIMARY KEY".to_owned(),
            Kind::Reference(table) => format!("INT REFERENCES {table}"),
            Kind::Label(_) | Kind::Category(_) => "TEXT".to_owned(),
            Kind::Count(..) => "INT".to_owned(),
            Kind::Amount(..) => "NUMERIC".to_owned(),
            Kind::Date(..) => "DATE".to_owned(),
            Kind::Time(..) => "TIMESTAMP".to_owned(),
            Kind::Flag => "BOOLEAN".to_owned(),
        };
        format!("{} {kind}", self.name)
    }
}

impl Domain {
    /// The CREATE TABLE statements, one a line. The same bytes every time: the host splits data
    /// by them.
    pub fn schema(&self) -> String {
        let tables = self.tables.iter().map(|table| {
            let columns: Vec<_> = table.columns.iter().map(Column::definition).collect();
            format!("CREATE TABLE {} ({});", table.name, columns.join(", "))
        });
        tables.collect::<Vec<_>>().join("\n")
    }

    /// The table of this name.
    pub fn table(&self, name: &str) -> Option<&'static Table> {
        self.tables.iter().find(|t| t.name == name)
    }
}

/// A table of a domain.
pub const fn table(name: &'static str, one: &'static str, columns: &'static [Column]) -> Table {
    Table { name, one, columns }
}

/// A primary key.
pub const fn key(name: &'static str) -> Column {
    Column { name, kind: Kind::Key, nullable: false }
}

/// A reference to another table's key.
pub const fn reference(name: &'static str, table: &'static str) -> Column {
    Column { name, kind: Kind::Reference(table), nullable: false }
}

/// The name of a row, with words that occur in such names.
pub const fn label(name: &'static str, words: &'static [&'static str]) -> Column {
    Column { name, kind: Kind::Label(words), nullable: false }
}

/// A text with few values.
pub const fn category(name: &'static str, values: &'static [&'static str]) -> Column {
    Column { name, kind: Kind::Category(values), nullable: false }
}

/// A whole number.
pub const fn count(name: &'static str, low: i64, high: i64) -> Column {
    Column { name, kind: Kind::Count(low, high), nullable: false }
}

/// A number with two decimals.
pub const fn amount(name: &'static str, low: i64, high: i64) -> Column {
    Column { name, kind: Kind::Amount(low, high), nullable: false }
}

/// A date.
pub const fn date(name: &'static str, from: i64, to: i64) -> Column {
    Column { name, kind: Kind::Date(from, to), nullable: false }
}

/// A point in time.
pub const fn time(name: &'static str, from: i64, to: i64) -> Column {
    Column { name, kind: Kind::Time(from, to), nullable: false }
}

/// Yes or no.
pub const fn flag(name: &'static str) -> Column {
    Column { name, kind: Kind::Flag, nullable: false }
}

/// The column, but NULL where nothing is known.
pub const fn maybe(column: Column) -> Column {
    Column { name: column.name, kind: column.kind, nullable: true }
}
