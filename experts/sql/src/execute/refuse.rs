//! What no record may do, told from its text before anything runs: touch files, programs, the
//! network or the server itself, leave the transaction, or wait. On an embedded database most of it
//! would fail; on a server it might not.

use crate::syntax::Dialect;
use crate::syntax::lexer::{self, Kind, Piece, Token};

/// Functions that reach out of the database, by the beginning of their names.
const FUNCTIONS: [&str; 36] = [
    "binary_upgrade_",
    "brin_summarize",
    "currval_all",
    "cursor_to_xml",
    "database_to_xml",
    "dblink",
    "lo_export",
    "lo_import",
    "pg_advisory",
    "pg_backup",
    "pg_cancel_backend",
    "pg_copy_",
    "pg_create_",
    "pg_current_logfile",
    "pg_drop_replication",
    "pg_execute_",
    "pg_export_snapshot",
    "pg_extension_config",
    "pg_file_",
    "pg_hba_file",
    "pg_import_",
    "pg_log_",
    "pg_logdir",
    "pg_logical",
    "pg_ls_",
    "pg_promote",
    "pg_read_",
    "pg_reload_conf",
    "pg_replication",
    "pg_sleep",
    "pg_stat_file",
    "pg_stat_reset",
    "pg_sync_",
    "pg_terminate_backend",
    "pg_try_advisory",
    // Runs the SQL that stands in a text, as do `ts_stat` and `ts_rewrite`.
    "query_to_xml",
];

/// More such functions, by their whole names.
const WHOLE: [&str; 10] = [
    "pg_ident_file_mappings",
    "pg_notify",
    "pg_rotate_logfile",
    "pg_show_all_file_settings",
    "pg_switch_wal",
    "set_config",
    "ts_rewrite",
    "ts_stat",
    "xpath_table",
    "xslt_process",
];

/// What may be created, changed and dropped: it lies in the database and goes with the transaction.
const THINGS: [&str; 9] =
    ["domain", "index", "materialized", "schema", "sequence", "statistics", "table", "type", "view"];

/// Words between CREATE and what is created.
const ATTRIBUTES: [&str; 9] =
    ["global", "local", "or", "recursive", "replace", "temp", "temporary", "unique", "unlogged"];

/// Why none of the statements of a text may run; `None` when all may. It looks at words alone, so it
/// holds for texts that the parser does not read as well: what begins a statement must be known, and
/// no name may be that of a function that reaches out, wherever it stands.
pub fn refusal(text: &str) -> Option<String> {
    refusal_in(text).map(|(_, why)| why)
}

/// The same, with the place of the statement among those of the text, from 0.
pub fn refusal_in(text: &str) -> Option<(usize, String)> {
    let mut pieces = lexer::statements(text, Dialect::Postgres).enumerate();
    pieces.find_map(|(at, piece)| of_piece(&piece).map(|why| (at, why)))
}

fn of_piece(piece: &Piece<'_>) -> Option<String> {
    let refused = || Some(format!("`{}` may not run in the proof", piece.brief()));
    if piece.command || piece.data.is_some() || !may_begin(piece) {
        return refused();
    }
    let escaped = piece.tokens.iter().find(|t| t.kind == Kind::EscapedName);
    if let Some(name) = escaped {
        return Some(format!("`{}` hides a name behind escapes, and may not run in the proof", name.text));
    }
    let reaching = piece.tokens.iter().filter_map(Token::name).find(|name| reaches_out(name));
    if let Some(name) = reaching {
        return Some(format!("`{name}` reaches out of the database, and may not run in the proof"));
    }
    changes_catalogue(piece).then(|| format!("`{}` changes the catalogue of the database itself", piece.brief()))
}

/// Whether a statement begins as one may.
fn may_begin(piece: &Piece<'_>) -> bool {
    let mut words = piece.tokens.iter().skip_while(|token| token.is_symbol("("));
    let Some(first) = words.next().filter(|token| token.kind == Kind::Word) else { return false };
    let mut words =
        words.map(|token| if token.kind == Kind::Word { token.text.to_ascii_lowercase() } else { String::new() });
    match first.text.to_ascii_lowercase().as_str() {
        "select" | "with" | "values" | "table" | "insert" | "update" | "delete" | "merge" | "truncate" => true,
        "comment" => true,
        "create" => {
            words.find(|word| !ATTRIBUTES.contains(&word.as_str())).is_some_and(|w| THINGS.contains(&w.as_str()))
        }
        "alter" | "drop" => words.next().is_some_and(|word| THINGS.contains(&word.as_str())),
        "refresh" => words.next().is_some_and(|word| word == "materialized"),
        // With ANALYZE it is run; and what is not run may still be planned, so it is looked at as well.
        "explain" => !piece.tokens.iter().any(|token| token.is_any(&["analyze", "analyse"])),
        _ => false,
    }
}

/// Whether a statement changes something and names a table of the system's: what a function is and who
/// may do what are rows of such. A view on one is as good as the table.
fn changes_catalogue(piece: &Piece<'_>) -> bool {
    let changes = ["insert", "update", "delete", "merge", "truncate", "alter", "drop", "view"];
    let harmless = ["pg_catalog", "pg_default", "pg_get_serial_sequence", "pg_temp", "pg_typeof"];
    let system =
        |name: String| name == "information_schema" || (name.starts_with("pg_") && !harmless.contains(&name.as_str()));
    piece.tokens.iter().any(|token| token.is_any(&changes)) && piece.tokens.iter().filter_map(Token::name).any(system)
}

fn reaches_out(name: &str) -> bool {
    WHOLE.contains(&name) || FUNCTIONS.iter().any(|start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hive_tests::check_all;

    #[test]
    fn what_reaches_out_is_refused() {
        check_all(
            [
                "COPY t FROM '/etc/passwd'",
                "COPY t TO PROGRAM 'ls'",
                "COPY (SELECT 1) TO '/tmp/x'",
                "COPY t FROM stdin;\n1\n\\.\n",
                "SELECT pg_read_file('/etc/passwd')",
                "SELECT * FROM pg_ls_dir('/')",
                "SELECT * FROM ROWS FROM (pg_ls_dir('/')) AS f",
                "SELECT a FROM t WHERE b IN (SELECT pg_catalog.lo_import('/x'))",
                "SELECT \"pg_read_file\"('/etc/passwd')",
                "SELECT PG_READ_FILE /* so */ -- and so\n ('/etc/passwd')",
                "SELECT U&\"pg\\005fread_file\"('/etc/passwd')",
                "SELECT e'\\'', pg_read_file('/etc/passwd'), ''",
                "SELECT e'a'\n'\\'', pg_read_file('/etc/passwd'), ''",
                "SELECT $a$ $b$ $a$, pg_read_file('/etc/passwd'), $$ $$",
                "SELECT /* /* */ '*/ pg_read_file('/etc/passwd') --'",
                "SELECT query_to_xmlschema('SELECT 1', true, true, '')",
                "SELECT * FROM ts_stat('SELECT pg_read_file(''/x'')::tsvector')",
                "SELECT pg_sleep(1e9)",
                "SELECT pg_try_advisory_lock(1)",
                "SELECT 1; COMMIT",
                "SELECT 1; SELECT pg_sleep(1)",
                "BEGIN",
                "COMMIT",
                "ROLLBACK TO statement",
                "SAVEPOINT x",
                "PREPARE TRANSACTION 'x'",
                "PREPARE q AS SELECT 1",
                "EXECUTE q",
                "DECLARE c CURSOR FOR SELECT 1",
                "DO $$ BEGIN PERFORM pg_sleep(9); END $$",
                "CALL p()",
                "LISTEN x",
                "NOTIFY x",
                "LOAD 'x'",
                "LOCK TABLE t",
                "SET ROLE postgres",
                "RESET ALL",
                "SHOW data_directory",
                "VACUUM",
                "CHECKPOINT",
                "CREATE EXTENSION dblink",
                "CREATE DATABASE x",
                "CREATE ROLE x",
                "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
                "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
                "CREATE RULE r AS ON INSERT TO t DO ALSO (SELECT 1; SELECT 2)",
                "CREATE TRIGGER x BEFORE INSERT ON t EXECUTE FUNCTION f()",
                "CREATE FOREIGN TABLE t (a INT) SERVER s",
                "CREATE UNLOGGED EVENT TRIGGER x",
                "ALTER SYSTEM SET fsync = off",
                "ALTER ROLE x SUPERUSER",
                "ALTER DATABASE x SET y = z",
                "DROP DATABASE x",
                "DROP OWNED BY x",
                "GRANT ALL ON t TO public",
                "REASSIGN OWNED BY a TO b",
                "EXPLAIN ANALYZE SELECT 1",
                "EXPLAIN (COSTS off, ANALYZE) DELETE FROM t",
                "UPDATE pg_proc SET proname = 'harmless' WHERE proname = 'pg_read_file'",
                "WITH x AS (INSERT INTO pg_catalog.pg_authid VALUES (1)) SELECT 1",
                "DELETE FROM \"pg_class\"",
                "CREATE VIEW v AS SELECT oid, proname FROM pg_proc",
                "UPDATE information_schema.sql_features SET comments = ''",
                "\\! ls",
                "'SELECT 1'",
            ],
            |text| {
                assert!(refusal(text).is_some(), "{text}");
            },
        );
        check_all(
            [
                "SELECT a, COUNT(*) FROM t GROUP BY a",
                "((SELECT 1) UNION SELECT 2)",
                "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 9) SELECT i FROM n",
                "INSERT INTO t VALUES (1)",
                "INSERT INTO t VALUES ('COMMIT; pg_sleep(1)')",
                "CREATE TABLE t (a INT)",
                "create unlogged table t (a int); CREATE UNIQUE INDEX ON t (a)",
                "CREATE OR REPLACE VIEW v AS SELECT a FROM t",
                "SELECT table_name FROM information_schema.tables",
                "CREATE DOMAIN d AS INT CHECK (VALUE > 0)",
                "ALTER TABLE ONLY m ATTACH PARTITION n DEFAULT",
                "CREATE MATERIALIZED VIEW v AS SELECT 1 WITH NO DATA; REFRESH MATERIALIZED VIEW v",
                "SELECT pg_catalog.setval('s', 2, true), pg_typeof(1)",
                "DROP TABLE t",
                "EXPLAIN SELECT 1",
                "TABLE t",
                "",
            ],
            |text| {
                assert_eq!(refusal(text), None, "{text}");
            },
        );
    }
}
