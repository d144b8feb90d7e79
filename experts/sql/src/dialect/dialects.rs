//! The dialects that are translated.

use std::str::FromStr;

/// Whose SQL a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// PostgreSQL.
    Postgres,
    /// MySQL and MariaDB.
    MySql,
    /// SQLite.
    Sqlite,
}

impl Dialect {
    /// Its name, as its makers write it.
    pub fn title(self) -> &'static str {
        match self {
            Dialect::Postgres => "PostgreSQL",
            Dialect::MySql => "MySQL",
            Dialect::Sqlite => "SQLite",
        }
    }

    /// Its name, as records give it.
    pub fn name(self) -> &'static str {
        match self {
            Dialect::Postgres => "postgresql",
            Dialect::MySql => "mysql",
            Dialect::Sqlite => "sqlite",
        }
    }
}

impl Dialect {
    /// Whether a record's name for its dialect says no more than that it is SQL.
    pub fn is_unnamed(name: &str) -> bool {
        matches!(
            name.trim().to_lowercase().as_str(),
            "" | "ansi" | "sql" | "standard" | "generic" | "ansi sql" | "unknown"
        )
    }
}

impl FromStr for Dialect {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Ok(match name.trim().to_lowercase().as_str() {
            "postgres" | "postgresql" | "pg" => Dialect::Postgres,
            "mysql" | "mariadb" => Dialect::MySql,
            "sqlite" | "sqlite3" => Dialect::Sqlite,
            _ => return Err(()),
        })
    }
}
