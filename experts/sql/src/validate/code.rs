//! Codes of rejections and findings besides those of lints. They are stable: they are counted and compared between
//! runs.

/// `question` is absent, not text, or blank.
pub const NO_QUESTION: &str = "no-question";
/// `schema` is absent, not text, or blank.
pub const NO_SCHEMA: &str = "no-schema";
/// `schema` is not PostgreSQL, and cannot be brought there.
pub const SCHEMA_DOES_NOT_PARSE: &str = "schema-does-not-parse";
/// `schema` holds no CREATE TABLE and no CREATE VIEW.
pub const SCHEMA_HAS_NO_TABLE: &str = "schema-has-no-table";
/// PostgreSQL refuses a statement of the schema.
pub const SCHEMA_FAILS: &str = "schema-fails";
/// `sql` is absent, not text, or blank.
pub const NO_SQL: &str = "no-sql";
/// `sql` is not PostgreSQL, and cannot be brought there.
pub const SQL_DOES_NOT_PARSE: &str = "sql-does-not-parse";
/// PostgreSQL refuses the statement for its types or functions.
pub const TYPE_MISMATCH: &str = "type-mismatch";
/// A name could mean several columns.
pub const AMBIGUOUS_NAME: &str = "ambiguous-name";
/// PostgreSQL refuses the statement for another reason.
pub const STATEMENT_FAILS: &str = "statement-fails";
/// The statement fails on the record's own rows.
pub const FAILS_ON_DATA: &str = "fails-on-data";
/// The record reaches outside the database.
pub const FORBIDDEN: &str = "forbidden";
/// The statement takes longer than it may.
pub const TOO_SLOW: &str = "too-slow";
/// The statement needs more memory or disk than it may.
pub const TOO_EXPENSIVE: &str = "too-expensive";
/// The database process ended while it ran.
pub const CRASHED: &str = "crashed";
/// The record names an unknown dialect.
pub const UNKNOWN_DIALECT: &str = "unknown-dialect";
/// The database file that the record names cannot be imported.
pub const NO_DATABASE: &str = "no-database";
/// The schema was taken from the database file that the record names.
pub const CARRIED_OVER: &str = "carried-over";
/// The database file has more rows than are imported.
pub const ROWS_LEFT_BEHIND: &str = "rows-left-behind";
/// A statement of a dump was skipped, because it creates neither tables nor rows, or COPY's rows were written as
/// INSERT.
pub const DUMP_STATEMENT: &str = "dump-statement";
/// Its dialect was detected by a mark that no other has.
pub const DIALECT_BY_MARK: &str = "dialect-by-mark";
/// The parser does not read the statement, so some lints were skipped.
pub const NOT_LINTED: &str = "not-linted";
/// The SQL stood in tags, in a code fence or behind a label, which were removed.
pub const WRAPPED_SQL: &str = "wrapped-sql";
