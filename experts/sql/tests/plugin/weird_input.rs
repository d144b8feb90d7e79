//! Unusual input gives a verdict or an error, never a panic.

use hive_sdk::protocol::MethodId;
use hive_sdk::{Record, Verdict};
use hive_tests::check_all;
use serde_json::json;

use crate::{plugin, record};

fn weird() -> Vec<String> {
    vec![
        String::new(),
        " \n\t".to_owned(),
        "\0".to_owned(),
        "SELECT '\0'".to_owned(),
        "é🦀\u{202e}\u{feff}".to_owned(),
        "[SQL".to_owned(),
        "[SQL][/SQL]".to_owned(),
        "```".to_owned(),
        "``````".to_owned(),
        "```é```".to_owned(),
        "'".to_owned(),
        "$$".to_owned(),
        "/*".to_owned(),
        "--".to_owned(),
        ";;;;".to_owned(),
        ")))))((((".to_owned(),
        "SELECT".to_owned(),
        "SELECT *".to_owned(),
        "SELECT FROM".to_owned(),
        "SELECT a.b.c.d.e.f FROM g.h.i.j".to_owned(),
        "SELECT 99999999999999999999999999999999 FROM t GROUP BY 99999999999999999999999999999".to_owned(),
        "SELECT a FROM t GROUP BY 0 ORDER BY 0".to_owned(),
        "VALUES (1)".to_owned(),
        "TABLE t".to_owned(),
        "EXPLAIN SELECT 1".to_owned(),
        "DROP TABLE t".to_owned(),
        "x".repeat(3 << 20),
        format!("SELECT {}", vec!["a"; 200_000].join(", ")),
        format!("SELECT {}", vec!["1"; 200_000].join(" + ")),
        format!("SELECT {}", vec!["1"; 590].join(" + ")),
        format!("SELECT 1 WHERE {}", vec!["a = 1"; 290].join(" AND ")),
        format!("SELECT {}1{}", "(".repeat(30), ")".repeat(30)),
        format!("SELECT * FROM {}t{}", "(".repeat(30), ")".repeat(30)),
        format!("SELECT {}1{}", "(SELECT ".repeat(30), ")".repeat(30)),
        format!("SELECT {}1{}", "f(".repeat(30), ")".repeat(30)),
        format!("SELECT {}1", "NOT ".repeat(1_000)),
        format!("SELECT {}1", "- ".repeat(1_000)),
        format!("SELECT {} 1 END", "CASE WHEN 1 THEN ".repeat(500)),
        format!("SELECT 1{}", " UNION SELECT 1".repeat(150)),
        format!("SELECT 1{}", " IS NULL".repeat(500)),
        format!("SELECT a{}", "::int".repeat(500)),
    ]
}

#[test]
fn nothing_panics() {
    const TABLE: &str = "CREATE TABLE t (a INT)";
    check_all(weird(), |text| {
        let shown: String = text.chars().take(60).collect();
        let started = std::time::Instant::now();
        for odd in
            [record(&text, TABLE, "SELECT a FROM t"), record("q", &text, "SELECT a FROM t"), record("q", TABLE, &text)]
        {
            plugin().validate(&odd).unwrap_or_else(|e| panic!("validate {shown:?}: {e}"));
            for result in [plugin().render(&odd).err(), plugin().grade(&odd, "SELECT a FROM t").err()] {
                assert!(result.is_none_or(|e| !e.panicked), "{shown:?}");
            }
        }
        let grade = plugin().grade(&record("q", TABLE, "SELECT a FROM t"), &text).unwrap();
        assert!((0.0..=0.7).contains(&grade.score), "{shown:?} scored {}", grade.score);
        assert!(started.elapsed().as_secs() < 20, "{shown:?} took {:?}", started.elapsed());
    });
}

#[test]
fn fields_that_are_not_text_are_told() {
    let odd: Record = serde_json::from_value(json!({"question": 7, "schema": null, "sql": ["SELECT 1"]})).unwrap();
    let Verdict::Reject { code, why, .. } = plugin().validate(&odd).unwrap() else { panic!("not rejected") };
    assert_eq!((code.as_str(), why.as_str()), ("no-question", "`question` is not text, expected text"));
    assert!(plugin().render(&odd).is_err());
    assert!(plugin().call::<serde_json::Value>(MethodId::Validate, &"not a batch").is_err());
}

#[test]
fn hostile_records_are_rejected_and_the_next_one_is_judged() {
    let table = "CREATE TABLE t (a INT, b TEXT); INSERT INTO t VALUES (1, 'x'), (2, 'y');";
    let wide = format!("CREATE TABLE t ({})", (0..10_000).map(|i| format!("c{i} INT")).collect::<Vec<_>>().join(", "));
    let more = |text: &str| format!("{table} {text}");
    let cases = [
        (table.to_owned(), "SELECT pg_sleep(100)", "forbidden"),
        (table.to_owned(), "SELECT pg_read_file('/etc/passwd')", "forbidden"),
        (table.to_owned(), "SELECT lo_import('/etc/passwd')", "forbidden"),
        (table.to_owned(), "SELECT pg_terminate_backend(pg_backend_pid())", "forbidden"),
        (table.to_owned(), "COPY t FROM PROGRAM 'id'", "not-an-answer"),
        (
            table.to_owned(),
            "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n",
            "too-expensive",
        ),
        // Deeper than the stack of the embedded engine, which crashes.
        (table.to_owned(), "SELECT jsonb(repeat('[', 100000))", "crashed"),
        (table.to_owned(), "SELECT COUNT(*) FROM generate_series(1, 1000000000)", "too-expensive"),
        (wide, "SELECT c1 FROM t", "schema-fails"),
        (more("COPY t FROM '/etc/passwd';"), "SELECT a FROM t", "forbidden"),
        (more("COPY t TO PROGRAM 'cat';"), "SELECT a FROM t", "forbidden"),
        (more("DROP TABLE pg_class;"), "SELECT a FROM t", "forbidden"),
        (more("EXECUTE q;"), "SELECT a FROM t", "forbidden"),
        // Where the parser does not read what stands beside it.
        (
            more("ALTER TABLE t ALTER a ADD GENERATED ALWAYS AS IDENTITY (SEQUENCE NAME s); COPY t TO '/tmp/x';"),
            "SELECT a FROM t",
            "forbidden",
        ),
        (table.to_owned(), "SELECT * FROM ROWS FROM (pg_ls_dir('/')) AS f", "forbidden"),
        (table.to_owned(), "SELECT * FROM ROWS FROM (\"pg_read_file\"('/etc/passwd')) AS f", "forbidden"),
        (table.to_owned(), "SELECT 1 WHERE 1 BETWEEN SYMMETRIC 2 AND 1; COMMIT", "several-statements"),
        (table.to_owned(), "LISTEN x", "not-an-answer"),
        (
            table.to_owned(),
            "WITH x AS (SELECT 1 WHERE 1 BETWEEN SYMMETRIC 2 AND 1) DELETE FROM pg_class USING x",
            "forbidden",
        ),
    ];
    check_all(cases, |(schema, sql, expected)| {
        let verdict = plugin().validate(&record("What is there?", &schema, sql)).unwrap();
        assert!(matches!(&verdict, Verdict::Reject { code, .. } if code == expected), "{sql}: {verdict:?}");
        let verdict = plugin().validate(&record("What is there?", table, "SELECT a FROM t")).unwrap();
        assert!(matches!(verdict, Verdict::Accept { .. }), "after {sql}: {verdict:?}");
    });
}

#[test]
fn what_makes_no_table_is_passed_over_and_never_runs() {
    let table = "CREATE TABLE t (a INT);";
    check_all(
        [
            "CREATE EXTENSION dblink;",
            "COMMIT;",
            "ROLLBACK;",
            "SET ROLE nobody;",
            "DO $$ BEGIN PERFORM pg_sleep(100); END $$;",
            "CREATE FUNCTION f() RETURNS INT AS 'SELECT 1' LANGUAGE sql;",
            "GRANT ALL ON t TO public;",
            "LOCK TABLE t;",
            "\\! ls",
        ],
        |more| {
            let verdict =
                plugin().validate(&record("What is there?", &format!("{table}\n{more}"), "SELECT a FROM t")).unwrap();
            let Verdict::Repaired { record, changes, .. } = verdict else { panic!("{more}: {verdict:?}") };
            assert_eq!(changes[0].code, "dump-statement", "{more}");
            assert_eq!(record.text("schema").unwrap().trim_end(), table, "{more}");
        },
    );
}
