//! Statements that the parser does not read, and names that lints take for wrong ones: PostgreSQL decides.

use hive_sdk::{Record, Verdict};
use hive_tests::check_all;

use crate::plugin;

const TABLES: &str = "CREATE TABLE t (id INT PRIMARY KEY, a INT, b INT DEFAULT 3, d DATE, ip INET, name TEXT);\n\
    CREATE TABLE u (id INT PRIMARY KEY, t_id INT, a INT);";
const ROWS: &str = "INSERT INTO t VALUES (1, 2, 3, '2024-05-17', '10.0.0.1', 'x'), (2, 5, 1, '2024-06-01', '10.0.0.2', 'y');\n\
    INSERT INTO u VALUES (1, 1, 2), (2, 2, 9);";

fn judged(sql: &str, more: &[(&str, &str)]) -> Verdict {
    let mut record =
        Record::from_pairs([("question", "Which are there?"), ("schema", TABLES), ("inserts", ROWS), ("sql", sql)]);
    more.iter().for_each(|(field, value)| record.set(field, *value));
    plugin().validate(&record).unwrap_or_else(|e| panic!("{sql}: {e}"))
}

fn rejection(sql: &str, more: &[(&str, &str)]) -> (String, String) {
    match judged(sql, more) {
        Verdict::Reject { code, why, .. } => (code, why),
        other => panic!("{sql}: {other:?}"),
    }
}

#[test]
fn what_postgresql_takes_is_accepted_whether_the_parser_reads_it_or_not() {
    check_all(
        [
            ("INSERT INTO t (id, a) VALUES (7, DEFAULT)", true),
            ("UPDATE t SET b = DEFAULT WHERE id = 1", true),
            ("UPDATE t SET (a, b) = (DEFAULT, 4) WHERE id = 1", true),
            ("SELECT id FROM t WHERE d > DATE '2024-01-01' + make_interval(days => a)", true),
            ("SELECT name FROM ONLY t", false),
            ("SELECT jt.x FROM JSON_TABLE('[{\"x\": 1}]', '$[*]' COLUMNS (x int PATH '$.x')) AS jt", true),
            (
                "SELECT SUM(b) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE CURRENT ROW) FROM t",
                false,
            ),
            ("SELECT x, y FROM ROWS FROM (generate_series(1, 2), generate_series(3, 4)) AS f (x, y)", false),
            ("SELECT id FROM t WHERE a BETWEEN SYMMETRIC 6 AND 1", false),
            ("SELECT id FROM t WHERE ip = inet '10.0.0.1'", false),
            ("SELECT j.id FROM t JOIN u USING (id) AS j", false),
            (
                "WITH RECURSIVE r (id) AS (SELECT id FROM t UNION ALL SELECT u.t_id FROM u JOIN r ON u.id = r.id) \
             CYCLE id SET seen USING path SELECT id FROM r",
                false,
            ),
            (
                "WITH RECURSIVE r (id) AS (SELECT 1 UNION ALL SELECT t.id FROM t JOIN r ON t.id = r.id + 1) \
             SEARCH DEPTH FIRST BY id SET o SELECT id FROM r ORDER BY o",
                false,
            ),
        ],
        |(sql, linted)| {
            let verdict = judged(sql, &[]);
            let Verdict::Accept { notes, facts } = verdict else { panic!("{sql}: {verdict:?}") };
            assert_eq!(notes.iter().any(|n| n.code == "not-linted"), !linted, "{sql}: {notes:?}");
            assert!(facts.keys.contains_key("sql") && facts.labels["conforms as given"] == "yes", "{sql}: {facts:?}");
        },
    );
}

#[test]
fn what_postgresql_refuses_is_refused_in_its_words() {
    check_all(
        [
            ("SELECT nam FROM t", "unknown-column", "there is no column `nam`"),
            ("SELECT name FROM tt", "unknown-table", "the schema has t, u"),
            ("SELECT nam FROM t WHERE a BETWEEN SYMMETRIC 6 AND 1", "unknown-column", "column \"nam\" does not exist"),
            ("SELEC 1", "sql-does-not-parse", "`sql` does not parse as PostgreSQL: syntax error at or near \"SELEC\""),
            ("SELECT id FROM t WHERE", "sql-does-not-parse", "syntax error at end of input"),
            ("SELECT a, COUNT(*) FROM t", "incomplete-group-by", "there is no GROUP BY"),
            ("DELETE FROM ONLY t", "destructive-statement", "`DELETE` without WHERE"),
            ("SELECT 1 WHERE 1 BETWEEN SYMMETRIC 2 AND 0; SELECT 2", "several-statements", "got 2"),
        ],
        |(sql, code, why)| {
            let (got, said) = rejection(sql, &[]);
            assert!(got == code && said.contains(why), "{sql}: {got}: {said}");
        },
    );
}

#[test]
fn a_database_before_a_table_goes_where_the_schema_has_the_table_alone() {
    check_all(
        [
            ("mysql", "SELECT shop.t.id FROM shop.t WHERE shop.t.a > 1", "SELECT t.id FROM t WHERE t.a > 1"),
            ("sqlite", "SELECT COUNT(*) FROM main.t", "SELECT COUNT(*) FROM t"),
            ("postgresql", "SELECT id FROM broker.t", "SELECT id FROM t"),
            (
                "",
                "SELECT x.id FROM db.broker.t AS x JOIN broker.t AS y ON x.id = y.a",
                "SELECT x.id FROM t AS x JOIN t AS y ON x.id = y.a",
            ),
            ("", "DELETE FROM broker.u WHERE id = 1", "DELETE FROM u WHERE id = 1"),
        ],
        |(dialect, sql, expected)| {
            let verdict = judged(sql, &[("dialect", dialect)]);
            let Verdict::Repaired { record, changes, .. } = &verdict else { panic!("{sql}: {verdict:?}") };
            assert_eq!(record.text("sql"), Some(expected), "{sql}");
            assert!(changes.iter().any(|c| c.code == "database-name"), "{sql}: {changes:?}");
        },
    );
    // A name that PostgreSQL accepts is kept, and an unknown table stays unknown.
    assert!(matches!(judged("SELECT id FROM public.t", &[]), Verdict::Accept { .. }));
    assert!(matches!(judged("SELECT COUNT(*) FROM information_schema.tables", &[]), Verdict::Accept { .. }));
    assert_eq!(rejection("SELECT id FROM broker.nothing", &[]).0, "unknown-table");
    // Tables of two databases are two.
    let two = "SELECT id FROM shop_old.t WHERE id NOT IN (SELECT id FROM shop_new.t)";
    assert!(matches!(judged(two, &[("dialect", "mysql")]), Verdict::Reject { .. }));
    // And so are those of two schemas.
    let two = "CREATE SCHEMA a; CREATE SCHEMA b; CREATE TABLE a.t (id int, x text); CREATE TABLE b.t (id int, y int);";
    for sql in ["SELECT y FROM b.t", "SELECT x FROM a.t", "SELECT a.t.x, b.t.y FROM a.t JOIN b.t ON a.t.id = b.t.id"] {
        assert!(matches!(judged(sql, &[("schema", two), ("inserts", "")]), Verdict::Accept { .. }), "{sql}");
    }
}

#[test]
fn the_same_text_read_otherwise_is_written_anew() {
    for (sql, expected) in [
        (r"SELECT id FROM t WHERE b = 'a\tb\'c'", "SELECT id FROM t WHERE b = 'a\tb''c'"),
        (r"SELECT id FROM t WHERE b = 'C:\\dir'", r"SELECT id FROM t WHERE b = 'C:\dir'"),
    ] {
        let schema = "CREATE TABLE t (id INT PRIMARY KEY, b TEXT)";
        let verdict = judged(sql, &[("dialect", "mysql"), ("schema", schema), ("inserts", "")]);
        let Verdict::Repaired { record, .. } = &verdict else { panic!("{sql}: {verdict:?}") };
        assert_eq!(record.text("sql"), Some(expected));
    }
}

#[test]
fn what_fails_on_the_records_own_rows_is_rejected_always() {
    check_all(
        [
            "SELECT name FROM t WHERE a = (SELECT a FROM u)",
            "SELECT 10 / (a - 2) FROM t",
            "SELECT SQRT(1 - a) FROM t",
            "SELECT LN(a - 2) FROM t",
            "SELECT name::int FROM t",
            "INSERT INTO t (id) VALUES (1)",
            "INSERT INTO u VALUES (5, 9, 1)",
        ],
        |sql| {
            let keys = format!("{TABLES}\nALTER TABLE u ADD FOREIGN KEY (t_id) REFERENCES t (id);");
            let (code, why) = rejection(sql, &[("schema", keys.as_str())]);
            assert_eq!(code, "fails-on-data", "{sql}: {why}");
        },
    );
    // Without rows, only a foreign key is unproved: no row can satisfy it.
    let keys = format!("{TABLES}\nALTER TABLE u ADD FOREIGN KEY (t_id) REFERENCES t (id);");
    let empty = [("schema", keys.as_str()), ("inserts", "")];
    assert!(matches!(judged("INSERT INTO u VALUES (5, 9, 1)", &empty), Verdict::Accept { .. }));
    assert_eq!(rejection("INSERT INTO t (id) VALUES (1), (1)", &empty).0, "fails-on-data");
}

#[test]
fn text_search_has_its_stop_words() {
    let notes = [
        ("schema", "CREATE TABLE note (id INT, body TEXT, lexemes TEXT)"),
        (
            "inserts",
            "INSERT INTO note VALUES (1, 'the cats are asleep', '''asleep'':4 ''cat'':2'), (2, 'it is not', '')",
        ),
    ];
    check_all(
        [
            "SELECT id FROM note WHERE to_tsvector('english', body) @@ to_tsquery('english', 'cat')",
            "SELECT id FROM note WHERE to_tsvector(body)::text = lexemes",
            "SELECT id FROM note WHERE to_tsvector('german', body || ' und die Katzen') @@ to_tsquery('german', 'Katze')",
            "SELECT id FROM note WHERE strip(to_tsvector('russian', 'и кошки')) = strip(to_tsvector('russian', 'кошка'))",
        ],
        |sql| {
            let verdict = judged(sql, &notes);
            assert!(matches!(&verdict, Verdict::Accept { notes, .. } if notes.is_empty()), "{sql}: {verdict:?}");
        },
    );
}

#[test]
fn the_first_days_of_mysqls_idiom_are_truncated() {
    check_all(
        [
            (
                "SELECT DATE_ADD('1900-01-01', INTERVAL TIMESTAMPDIFF(MONTH, '1900-01-01', d) MONTH) FROM t",
                "SELECT CAST(DATE_TRUNC('month', d) AS DATE) FROM t",
            ),
            (
                "SELECT TIMESTAMPADD(YEAR, TIMESTAMPDIFF(YEAR, '0000-01-01', d), '0000-01-01') FROM t",
                "SELECT CAST(DATE_TRUNC('year', d) AS DATE) FROM t",
            ),
            (
                "SELECT '1900-01-07' + INTERVAL TIMESTAMPDIFF(WEEK, '1900-01-07', d) WEEK FROM t",
                "SELECT CAST(DATE_TRUNC('week', d + INTERVAL '1 day') - INTERVAL '1 day' AS DATE) FROM t",
            ),
            (
                "SELECT x.n FROM (SELECT a, COUNT(*) AS n FROM t GROUP BY a HAVING n > 0) AS x",
                "SELECT x.n FROM (SELECT a, COUNT(*) AS n FROM t GROUP BY a HAVING COUNT(*) > 0) AS x",
            ),
        ],
        |(sql, expected)| {
            let verdict = judged(sql, &[("dialect", "mysql")]);
            assert!(
                matches!(&verdict, Verdict::Repaired { record, .. } if record.text("sql") == Some(expected)),
                "{sql}: {verdict:?}"
            );
        },
    );
}

#[test]
fn golds_and_answers_that_the_parser_does_not_read_are_graded() {
    let prompt = |gold: &str| {
        Record::from_pairs([("question", "Which are there?"), ("schema", TABLES), ("inserts", ROWS), ("sql", gold)])
    };
    let symmetric = "SELECT id FROM t WHERE a BETWEEN SYMMETRIC 6 AND 1";
    let by_text = |completion: &str| plugin().grade(&prompt(symmetric), completion).unwrap();
    assert_eq!(by_text("select id\nfrom t where a between symmetric 6 and 1;").score, 1.0);
    let other = by_text("SELECT id FROM t WHERE a BETWEEN SYMMETRIC 6 AND 2");
    assert!(other.score > 0.1 && other.score < 0.7 && other.findings[0].code == "differs-from-gold", "{other:?}");
    assert_eq!(by_text("SELECT 1; SELECT 2").score, 0.0);
    let examined = |completion: &str| {
        plugin().examine(&prompt("SELECT id FROM t WHERE a BETWEEN 1 AND 6"), &[], completion).unwrap()
    };
    let right = examined(symmetric);
    assert!(right.score == 1.0 && right.findings.is_empty() && right.checks["postgresql-syntax"], "{right:?}");
    assert_eq!(examined("SELECT id FROM t WHERE a BETWEEN SYMMETRIC 3 AND 1").score, 0.0);
    check_all(
        [
            ("SELECT * FROM ROWS FROM (pg_ls_dir('/')) AS f", "forbidden"),
            ("REFRESH MATERIALIZED VIEW t", "destructive-statement"),
            ("WITH x AS (SELECT 1 WHERE 2 BETWEEN SYMMETRIC 3 AND 1) DELETE FROM t USING x", "destructive-statement"),
        ],
        |(answer, code)| {
            let grade = examined(answer);
            assert!(grade.score == 0.0 && grade.findings.iter().any(|f| f.code == code), "{answer}: {grade:?}");
        },
    );
}
