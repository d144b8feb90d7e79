//! What no record may do, told from its text before anything runs: touch files, programs, the
//! network or the server itself, leave the transaction, or wait. On an embedded database most of it
//! would fail; on a server it might not.

use sqlparser::ast::{Expr, Statement};

use crate::schema::last_part;
use crate::walk::{self, Look};

/// Functions that reach out of the database, by the beginning of their names.
const FUNCTIONS: [&str; 26] = [
    "binary_upgrade_",
    "brin_summarize",
    "currval_all",
    "database_to_xml",
    "dblink",
    "lo_export",
    "lo_import",
    "pg_advisory",
    "pg_backup",
    "pg_cancel_backend",
    "pg_create_",
    "pg_current_logfile",
    "pg_drop_replication",
    "pg_execute_",
    "pg_export_snapshot",
    "pg_file_",
    "pg_logdir",
    "pg_logical",
    "pg_ls_",
    "pg_promote",
    "pg_read_",
    "pg_reload_conf",
    "pg_replication",
    "pg_sleep",
    "pg_stat_file",
    "pg_terminate_backend",
];

/// More such functions, by their whole names.
const WHOLE: [&str; 7] =
    ["pg_notify", "pg_rotate_logfile", "pg_stat_reset", "pg_switch_wal", "query_to_xml", "set_config", "xpath_table"];

/// Why the statement may not run; `None` when it may.
pub fn refusal(statement: &Statement) -> Option<String> {
    let kind = match statement {
        Statement::Query(_)
        | Statement::Insert(_)
        | Statement::Update(_)
        | Statement::Delete(_)
        | Statement::Merge(_)
        | Statement::CreateTable(_)
        | Statement::CreateView(_)
        | Statement::CreateIndex(_)
        | Statement::CreateType { .. }
        | Statement::CreateDomain(_)
        | Statement::CreateSequence { .. }
        | Statement::CreateSchema { .. }
        | Statement::AlterTable(_)
        | Statement::AlterView { .. }
        | Statement::AlterIndex { .. }
        | Statement::AlterType(_)
        | Statement::Comment { .. }
        | Statement::Truncate(_)
        | Statement::Drop { .. }
        | Statement::Explain { analyze: false, .. } => None,
        other => {
            let text = other.to_string();
            let words: Vec<&str> = text.split_whitespace().take(2).collect();
            Some(format!("`{} …` may not run in the proof", words.join(" ")))
        }
    };
    let mut search = Search { found: None };
    walk::statement(statement, &mut search);
    kind.or_else(|| {
        search.found.map(|name| format!("`{name}` reaches out of the database, and may not run in the proof"))
    })
}

struct Search {
    found: Option<String>,
}

impl Look for Search {
    fn expr(&mut self, expr: &Expr) -> bool {
        if let Expr::Function(function) = expr {
            self.name(&last_part(&function.name));
        }
        self.found.is_none()
    }

    fn table_factor(&mut self, factor: &sqlparser::ast::TableFactor) {
        // A function in FROM is a table with arguments.
        match factor {
            sqlparser::ast::TableFactor::Table { name, args: Some(_), .. }
            | sqlparser::ast::TableFactor::Function { name, .. } => self.name(&last_part(name)),
            _ => {}
        }
    }
}

impl Search {
    fn name(&mut self, name: &str) {
        if WHOLE.contains(&name) || FUNCTIONS.iter().any(|start| name.starts_with(start)) {
            self.found = Some(name.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statement;

    #[test]
    fn what_reaches_out_is_refused() {
        for text in [
            "COPY t FROM '/etc/passwd'",
            "COPY t TO PROGRAM 'ls'",
            "SELECT pg_read_file('/etc/passwd')",
            "SELECT * FROM pg_ls_dir('/')",
            "SELECT a FROM t WHERE b IN (SELECT pg_catalog.lo_import('/x'))",
            "SELECT pg_sleep(1e9)",
            "BEGIN",
            "COMMIT",
            "SET ROLE postgres",
            "VACUUM",
            "CREATE EXTENSION dblink",
            "CREATE DATABASE x",
            "GRANT ALL ON t TO public",
            "EXPLAIN ANALYZE SELECT 1",
        ] {
            let statement = statement::parse_one(text).unwrap_or_else(|e| panic!("{text}: {e:?}"));
            assert!(refusal(&statement).is_some(), "{text}");
        }
        for text in [
            "SELECT a, COUNT(*) FROM t GROUP BY a",
            "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 9) SELECT i FROM n",
            "INSERT INTO t VALUES (1)",
            "CREATE TABLE t (a INT)",
            "DROP TABLE t",
        ] {
            assert_eq!(refusal(&statement::parse_one(text).unwrap()), None, "{text}");
        }
    }
}
