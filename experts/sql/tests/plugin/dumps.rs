//! Dumps as pg_dump, mariadb-dump and sqlite3 write them, in every field that accepts tables or rows.

use hive_sdk::{Record, Verdict};
use hive_tests::check_all;

use crate::plugin;

/// Without their comments.
const POSTGRESQL: &str = include_str!("../dumps/postgresql.sql");
const MARIADB: &str = include_str!("../dumps/mariadb.sql");
const SQLITE: &str = include_str!("../dumps/sqlite.sql");

fn judge(fields: &[(&str, &str)]) -> Verdict {
    let mut record = Record::from_pairs([("question", "Which are there?")]);
    fields.iter().for_each(|(field, value)| record.set(field, *value));
    plugin().validate(&record).unwrap_or_else(|e| panic!("{fields:?}: {e}"))
}

/// The record is accepted and its query returns rows: otherwise a note would say so.
fn assert_read(what: &str, fields: &[(&str, &str)]) {
    let verdict = judge(fields);
    let notes = match &verdict {
        Verdict::Accept { notes, .. } | Verdict::Repaired { notes, .. } => notes,
        Verdict::Reject { code, why, .. } => panic!("{what}: {code}: {why}"),
    };
    assert!(notes.iter().all(|note| note.code != "empty-result"), "{what}: {notes:?}");
}

fn why(fields: &[(&str, &str)]) -> String {
    match judge(fields) {
        Verdict::Reject { code, why, .. } => format!("{code}: {why}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn dumps_are_read_whole_in_every_field() {
    let dir = tempfile::tempdir().unwrap();
    check_all(
        [
            (
                "postgresql",
                POSTGRESQL,
                &[
                    "SELECT writer.name, COUNT(*) FROM writer JOIN book ON book.writer_id = writer.id GROUP BY writer.name",
                    "SELECT title FROM book WHERE twice = 19",
                    "SELECT d FROM sale WHERE d >= '2024-01-01'",
                    "SELECT c FROM per_writer",
                    "SELECT note FROM other.thing",
                    "INSERT INTO writer (name) VALUES ('Di')",
                    "INSERT INTO book (title) VALUES ('Four')",
                ][..],
            ),
            (
                "mariadb",
                MARIADB,
                &[
                    "SELECT customer.name, SUM(`order`.total) FROM customer JOIN `order` ON `order`.customer_id = customer.id GROUP BY customer.name",
                    "SELECT twice FROM `order` WHERE total > 9",
                    "SELECT s FROM big",
                    "SELECT name FROM customer WHERE name LIKE 'O''Neil%'",
                    "INSERT INTO customer (name) VALUES ('Di')",
                ],
            ),
            (
                "sqlite",
                SQLITE,
                &[
                    "SELECT name, pay FROM v",
                    "SELECT other FROM \"odd name\" WHERE [some col] = 1",
                    "SELECT note FROM writer WHERE note LIKE '%lines'",
                    "INSERT INTO writer (name) VALUES ('Di')",
                ],
            ),
        ],
        |(name, dump, queries)| {
            let path = dir.path().join(name);
            std::fs::write(&path, dump).unwrap();
            for sql in queries {
                let what = |field: &str| format!("{name} as {field}: {sql}");
                assert_read(&what("database"), &[("database", path.to_str().unwrap()), ("sql", sql)]);
                assert_read(&what("schema"), &[("schema", dump), ("sql", sql)]);
                assert_read(&what("schema, declared"), &[("schema", dump), ("sql", sql), ("dialect", name)]);
            }
        },
    );
}

#[test]
fn the_rows_of_a_dump_stand_beside_its_tables() {
    let split = POSTGRESQL.find("COPY other.thing").unwrap();
    let behind = POSTGRESQL.find("ALTER TABLE ONLY public.book\n").unwrap();
    let (schema, rows) = (format!("{}{}", &POSTGRESQL[..split], &POSTGRESQL[behind..]), &POSTGRESQL[split..behind]);
    let sql = "SELECT writer.name FROM writer JOIN book ON book.writer_id = writer.id";
    assert_read("rows apart", &[("schema", &schema), ("inserts", rows), ("sql", sql)]);
    // A whole dump beside its tables creates them once.
    assert_read("whole dump apart", &[("schema", &schema), ("inserts", POSTGRESQL), ("sql", sql)]);
    let verdict = judge(&[
        ("schema", "CREATE TABLE c (a INT, b TEXT)"),
        ("inserts", "COPY c (a, b) FROM stdin;\n1\tx\\ty\n2\t\\N\n\\.\n"),
        ("sql", "SELECT SUM(a) FROM c"),
    ]);
    let Verdict::Repaired { record, changes, .. } = verdict else { panic!("{verdict:?}") };
    assert_eq!(record.text("inserts"), Some("INSERT INTO c (a, b) VALUES ('1', 'x\ty'), ('2', NULL);"));
    assert_eq!(changes[0].code, "dump-statement");
}

#[test]
fn a_fault_is_told_with_its_field_and_line() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.sql");
    let schema = "CREATE TABLE x (id int);";
    check_all(
        [
            (
                &[("schema", "CREATE TABLE x (id int)\n;\n\nCREATE TABLE y (id int,\n  z nosuch);")][..],
                "schema-fails: PostgreSQL refuses `CREATE TABLE y …` in line 5 of `schema`: type \"nosuch\" does not exist (42704)",
            ),
            (
                &[("schema", "CREATE TABLE x (id int);\n\nCREATE TABLE y (id int,\n  z int,, q int);")],
                "schema-does-not-parse: line 4 of `schema` does not parse as PostgreSQL: syntax error at or near \",\" (42601)",
            ),
            (
                &[("schema", "CREATE TABEL x (id int);")],
                "schema-does-not-parse: line 1 of `schema` does not parse as PostgreSQL: syntax error at or near \"TABEL\" (42601)",
            ),
            (
                &[("schema", schema), ("inserts", "INSERT INTO x VALUES (1);\n\nINSERT INTO z VALUES (2);")],
                "schema-fails: PostgreSQL refuses `INSERT INTO z …` in line 3 of `inserts`: relation \"z\" does not exist (42P01)",
            ),
            (
                &[("schema", schema), ("inserts", "\nCOPY x (id) FROM '/etc/passwd';")],
                "forbidden: in line 2 of `inserts`: `COPY x …` may not run in the proof",
            ),
            (
                &[("schema", "CREATE TABLE x (id uuid);"), ("inserts", "COPY x (id) FROM stdin;\n\\N\nq\n\\.\n")],
                "schema-fails: PostgreSQL refuses `INSERT INTO x …` in line 3 of `inserts`: invalid input syntax for type uuid: \"q\" (22P02)",
            ),
            (
                &[("dialect", "mysql"), ("schema", "CREATE TABLE `x` (\n  `id` int,\n  `z` int zzz);")],
                "schema-does-not-parse: line 3 of `schema` does not parse as MySQL: Expected: ',' or ')' after column definition, found: zzz",
            ),
        ],
        |(fields, expected)| {
            let mut fields = fields.to_vec();
            fields.push(("sql", "SELECT id FROM x"));
            assert_eq!(why(&fields), expected);
        },
    );
    std::fs::write(
        &path,
        "SET a = 1;\nCREATE TABLE public.x (\n    id uuid\n);\nCOPY public.x (id) FROM stdin;\n\\N\nq\n\\.\n",
    )
    .unwrap();
    let said = why(&[("database", path.to_str().unwrap()), ("sql", "SELECT id FROM x")]);
    assert!(
        said.contains("in line 7 of the dump `") && said.contains("x.sql`: invalid input syntax for type uuid"),
        "{said}"
    );
}
