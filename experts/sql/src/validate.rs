//! Whether a record may be trained on. It looks at form alone: whether names exist and rows come
//! back right is not asked here.

use hive_sdk::{Record, Verdict};

use crate::schema::Schema;
use crate::statement::{self, NotOne};

/// Codes of rejection, stable: they are counted and compared between runs.
pub mod code {
    /// `question` is absent, not text, or blank.
    pub const NO_QUESTION: &str = "no-question";
    /// `schema` is absent, not text, or blank.
    pub const NO_SCHEMA: &str = "no-schema";
    /// `schema` is not PostgreSQL.
    pub const SCHEMA_DOES_NOT_PARSE: &str = "schema-does-not-parse";
    /// `schema` holds no CREATE TABLE and no CREATE VIEW.
    pub const SCHEMA_HAS_NO_TABLE: &str = "schema-has-no-table";
    /// `sql` is absent, not text, or blank.
    pub const NO_SQL: &str = "no-sql";
    /// `sql` is not PostgreSQL.
    pub const SQL_DOES_NOT_PARSE: &str = "sql-does-not-parse";
    /// `sql` is more than one statement.
    pub const SEVERAL_STATEMENTS: &str = "several-statements";
}

/// Accepts a record with a question, a schema of at least one table or view that parses, and
/// exactly one statement that parses; both as PostgreSQL. SQL in tags, in a code fence or after a
/// label is repaired.
pub fn validate(record: &Record) -> Verdict {
    if record.text("question").is_none() {
        return Verdict::reject(code::NO_QUESTION, missing(record, "question"));
    }
    let Some(schema) = record.text("schema") else {
        return Verdict::reject(code::NO_SCHEMA, missing(record, "schema"));
    };
    match Schema::parse(schema) {
        Err(why) => {
            let why = format!("`schema` does not parse as PostgreSQL: {why}");
            return Verdict::reject(code::SCHEMA_DOES_NOT_PARSE, why);
        }
        Ok(schema) if schema.is_empty() => {
            let why = "`schema` has no table: got no CREATE TABLE or CREATE VIEW, expected at least one";
            return Verdict::reject(code::SCHEMA_HAS_NO_TABLE, why);
        }
        Ok(_) => {}
    }
    let Some(sql) = record.text("sql") else {
        return Verdict::reject(code::NO_SQL, missing(record, "sql"));
    };
    let bare = statement::bare(sql);
    match statement::parse_one(bare.sql) {
        Ok(_) => {}
        Err(NotOne::Empty) => return Verdict::reject(code::NO_SQL, "`sql` holds no statement, expected one"),
        Err(NotOne::Syntax(why)) => {
            let why = format!("`sql` does not parse as PostgreSQL: {why}");
            return Verdict::reject(code::SQL_DOES_NOT_PARSE, why);
        }
        Err(NotOne::Several(n)) => {
            let why = format!("`sql` holds several statements: got {n}, expected 1");
            return Verdict::reject(code::SEVERAL_STATEMENTS, why);
        }
    }
    match bare.wrapping {
        None => Verdict::accept(),
        Some(wrapping) => {
            let mut record = record.clone();
            record.set("sql", bare.sql);
            let why = format!("took {wrapping} off the SQL, expected the statement alone");
            Verdict::repaired(record, "wrapped-sql", why)
        }
    }
}

fn missing(record: &Record, field: &str) -> String {
    match record.0.get(field) {
        None => format!("got no field `{field}`, expected text"),
        Some(value) if value.is_string() => format!("`{field}` is blank, expected text"),
        Some(value) if value.is_null() => format!("`{field}` is null, expected text"),
        Some(_) => format!("`{field}` is not text, expected text"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(schema: &str, sql: &str) -> Record {
        Record::from_pairs([("question", "q"), ("schema", schema), ("sql", sql)])
    }

    fn reject(record: &Record) -> String {
        match validate(record) {
            Verdict::Reject { code, why, .. } => format!("{code}: {why}"),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn each_fault_has_its_code() {
        let table = "CREATE TABLE t (a INT)";
        let cases = [
            (Record::default(), "no-question: got no field `question`, expected text"),
            (Record::from_pairs([("question", " ")]), "no-question: `question` is blank, expected text"),
            (Record::from_pairs([("question", "q")]), "no-schema: got no field `schema`, expected text"),
            (
                record("CREATE TABEL t", "SELECT 1"),
                "schema-does-not-parse: `schema` does not parse as PostgreSQL: Expected",
            ),
            (record("SELECT 1", "SELECT 1"), "schema-has-no-table: "),
            (record(table, " "), "no-sql: `sql` is blank, expected text"),
            (record(table, ";"), "no-sql: `sql` holds no statement"),
            (record(table, "SELEC a"), "sql-does-not-parse: `sql` does not parse as PostgreSQL: Expected"),
            (
                record(table, "SELECT 1; SELECT 2"),
                "several-statements: `sql` holds several statements: got 2, expected 1",
            ),
        ];
        for (record, expected) in cases {
            let got = reject(&record);
            assert!(got.starts_with(expected), "got {got:?}, expected {expected:?}");
        }
    }

    #[test]
    fn wrapped_sql_is_repaired() {
        let wrapped = record("CREATE TABLE t (a INT)", "[SQL] SELECT a FROM t [/SQL]");
        let Verdict::Repaired { record, changes, .. } = validate(&wrapped) else { panic!("not repaired") };
        assert_eq!(record.text("sql"), Some("SELECT a FROM t"));
        assert_eq!(changes[0].message, "took `[SQL]` tags off the SQL, expected the statement alone");
        assert_eq!(validate(&record), Verdict::accept());
    }

    #[test]
    fn schemas_may_hold_rows_and_views() {
        let schema = "CREATE TABLE t (a INT); INSERT INTO t VALUES (1), (2); CREATE VIEW v AS SELECT a FROM t;";
        assert_eq!(validate(&record(schema, "SELECT a FROM v;")), Verdict::accept());
    }
}
