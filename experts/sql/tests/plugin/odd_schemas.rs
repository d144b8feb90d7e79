//! Schemas as people have them: types of several words, virtual tables, extensions, dumps made with options, and
//! outputs and literals of bytes. Each record either returns these rows or is rejected for this reason.

use expert_sql::execute::{Around, Database, Proof, Settings};
use hive_sdk::{Record, Verdict};

use crate::plugin;

/// The rows of an accepted statement, values between bars; or the code and reason of the rejection.
fn answer(database: &mut Database, schema: &str, inserts: &str, sql: &str) -> Result<Vec<String>, String> {
    let mut record = Record::from_pairs([("question", "Which are there?"), ("schema", schema), ("sql", sql)]);
    if !inserts.is_empty() {
        record.set("inserts", inserts);
    }
    let record = match plugin().validate(&record).unwrap() {
        Verdict::Accept { .. } => record,
        Verdict::Repaired { record, .. } => record,
        Verdict::Reject { code, why, .. } => return Err(format!("{code}: {why}")),
    };
    let text = |field| record.text(field).unwrap_or_default();
    let schema = format!("{};\n{}", text("schema").trim_end().trim_end_matches(';'), text("inserts"));
    match database.ask(&schema, text("sql"), Around::default(), 5_000).unwrap().0 {
        Proof::Ran(ran) => {
            let text = |value: Option<String>| value.unwrap_or_else(|| "NULL".to_owned());
            Ok(ran.rows.into_iter().map(|row| row.into_iter().map(text).collect::<Vec<_>>().join("|")).collect())
        }
        refused => panic!("{schema}\n{}\n{refused:?}", text("sql")),
    }
}

const BYTES: &str = "CREATE TABLE `t` (`id` int NOT NULL AUTO_INCREMENT, `n` varchar(10), `h` binary(2), `b` bit(1) DEFAULT b'0', PRIMARY KEY (`id`)) ENGINE=InnoDB";
const TWO: &str = "INSERT INTO t VALUES (1, 'a', 0x4142, 0x00), (2, 'A', 'CD', b'1')";

/// Schema, rows beside it, statement, and the rows that it returns.
const ANSWERED: &[(&str, &str, &str, &[&str])] = &[
    // SQLite's types are any words.
    (
        "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, n UNSIGNED BIG INT, name NATIVE CHARACTER(70))",
        "INSERT INTO t VALUES (1, 5000000000, 'x'), (2, 1, 'y')",
        "SELECT name FROM t WHERE n > 3",
        &["x"],
    ),
    (
        "CREATE TABLE t (id INTEGER PRIMARY KEY, v ANY) STRICT",
        "INSERT INTO t VALUES (1, 'x'), (2, NULL)",
        "SELECT id FROM t WHERE v IS NULL",
        &["2"],
    ),
    (
        "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, v TEXT CHECK (typeof(v) = 'text'), k BLOB DEFAULT (randomblob(16)), CHECK (typeof(k) = 'blob'))",
        "INSERT INTO t (id, v) VALUES (1, 'x')",
        "SELECT v FROM t",
        &["x"],
    ),
    (
        "CREATE VIRTUAL TABLE docs USING fts5(title, body); CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)",
        "INSERT INTO t VALUES (1, 'x')",
        "SELECT name FROM t",
        &["x"],
    ),
    // Dumps made with options.
    (
        "/*!40101 SET NAMES utf8mb4 */;\nCREATE TABLE \"t\" (\n  \"id\" int(11) NOT NULL AUTO_INCREMENT,\n  \"n\" varchar(10) DEFAULT NULL,\n  PRIMARY KEY (\"id\"),\n  KEY \"k\" (\"n\")\n);\nLOCK TABLES \"t\" WRITE;\nINSERT INTO \"t\" VALUES (1,'say \"a\"');\nUNLOCK TABLES;",
        "",
        "SELECT n FROM t WHERE id = 1",
        &["say \"a\""],
    ),
    (
        "CREATE SEQUENCE `s` start with 1 minvalue 1 increment by 1 cache 1000 nocycle ENGINE=InnoDB;\nDO SETVAL(`s`, 1, 0);\nCREATE TABLE `t` (`id` int(11) NOT NULL, `n` varchar(10), PRIMARY KEY (`id`)) ENGINE=InnoDB",
        "INSERT INTO `t` VALUES (1, 'a')",
        "SELECT n FROM t WHERE id = 1",
        &["a"],
    ),
    (
        "CREATE TABLE public.t ();\nCREATE TABLE public.u (id integer, n text);\nCOPY public.t  FROM stdin;\n\n\n\\.\nCOPY public.u (id, n) FROM stdin;\n1\ta\n2\t\\N\n\\.\n",
        "",
        "SELECT n FROM u WHERE id = 1",
        &["a"],
    ),
    (
        "CREATE TABLE u (id integer, n text);\nCOPY u (id, n) FROM stdin WITH (FORMAT csv, HEADER true);\nid,n\n1,\"a, b\"\n2,\n\\.\n",
        "",
        "SELECT id, n FROM u ORDER BY id",
        &["1|a, b", "2|NULL"],
    ),
    (
        "CREATE TABLE u (id integer, n text);\nCOPY u FROM stdin WITH DELIMITER ',' NULL '-';\n1,a\n2,-\n\\.\n",
        "",
        "SELECT id, n FROM u ORDER BY id",
        &["1|a", "2|NULL"],
    ),
    (
        "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)",
        "REPLACE INTO t VALUES (1, 'a')",
        "SELECT name FROM t",
        &["a"],
    ),
    // By bytes, where the case of texts is passed over otherwise.
    (BYTES, TWO, "SELECT BINARY n, COUNT(*) FROM t GROUP BY BINARY n ORDER BY 1", &["A|1", "a|1"]),
    (BYTES, TWO, "SELECT n, COUNT(*) FROM t GROUP BY n COLLATE utf8mb4_bin ORDER BY BINARY n", &["A|1", "a|1"]),
    (BYTES, TWO, "SELECT COUNT(*) FROM t GROUP BY CAST(n AS BINARY)", &["1", "1"]),
    (BYTES, TWO, "SELECT COUNT(*) FROM (SELECT DISTINCT BINARY n FROM t) AS d", &["2"]),
    (BYTES, TWO, "SELECT COUNT(*) FROM (SELECT DISTINCT n FROM t) AS d", &["1"]),
    (BYTES, TWO, "SELECT BINARY n AS x, COUNT(*) FROM t GROUP BY x ORDER BY x", &["A|1", "a|1"]),
    (BYTES, TWO, "SELECT COUNT(*) FROM (SELECT BINARY n AS n FROM t UNION SELECT 'x') AS d", &["3"]),
    // Bytes are what stands beside them.
    (BYTES, TWO, "SELECT id FROM t WHERE h = 0x4142", &["1"]),
    (BYTES, TWO, "SELECT id FROM t WHERE h = x'4344' OR id = 0x09", &["2"]),
    (BYTES, TWO, "SELECT id FROM t WHERE b = b'1'", &["2"]),
    (BYTES, TWO, "SELECT id FROM t WHERE b = 0", &["1"]),
    (BYTES, "INSERT INTO t VALUES (0x0A, 0x4142, NULL, 1)", "SELECT id, n FROM t", &["10|AB"]),
];

/// Schema, rows beside it, statement, and how the rejection begins.
const REFUSED: &[(&str, &str, &str, &str)] = &[
    (
        "CREATE TABLE g (id INT, p geometry(Point, 4326))",
        "",
        "SELECT id FROM g",
        "schema-fails: PostgreSQL refuses `CREATE TABLE g …` in line 1 of `schema`: type \"geometry\" does not exist (42704); it belongs to the extension postgis, which is not here",
    ),
    (
        "CREATE TABLE g (id INT, p TEXT)",
        "",
        "SELECT id FROM g WHERE similarity(p, 'x') > 0.3",
        "type-mismatch: PostgreSQL refuses the statement: function similarity(text, unknown) does not exist (42883); it belongs to the extension pg_trgm",
    ),
    (
        "CREATE TABLE t (id INT, n INT)",
        "INSERT INTO t VALUES (1, 0)",
        "SELECT chr(n) FROM t",
        "fails-on-data: PostgreSQL refuses the statement: null character not permitted",
    ),
    (
        "CREATE VIRTUAL TABLE docs USING fts5(title); CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)",
        "",
        "SELECT title FROM docs",
        "unknown-table: ",
    ),
];

#[test]
fn schemas_of_all_kinds_answer() {
    let mut database = Database::open(&Settings::default()).unwrap();
    let mut wrong = Vec::new();
    for (schema, inserts, sql, expected) in ANSWERED {
        match answer(&mut database, schema, inserts, sql) {
            Ok(rows) if rows.iter().eq(expected.iter()) => {}
            other => wrong.push(format!("{sql}\n  of {schema}\n  wanted {expected:?}\n  found  {other:?}")),
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn what_cannot_be_is_refused_for_its_own_reason() {
    let mut database = Database::open(&Settings::default()).unwrap();
    let mut wrong = Vec::new();
    for (schema, inserts, sql, expected) in REFUSED {
        match answer(&mut database, schema, inserts, sql) {
            Err(why) if why.starts_with(expected) => {}
            other => wrong.push(format!("{sql}\n  of {schema}\n  wanted {expected}\n  found  {other:?}")),
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}
