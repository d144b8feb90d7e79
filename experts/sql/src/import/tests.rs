//! What is imported from fields and files.

use super::*;
use crate::dialect::translate;

fn with(field: &str, value: &str) -> Record {
    Record::from_pairs([(field, value)])
}

#[test]
fn inserts_stand_behind_the_schema() {
    let mut record = Record::from_pairs([("schema", "CREATE TABLE t (a INT)")]);
    let alone = import(&record, None).unwrap();
    assert_eq!((alone.text.as_str(), alone.source, alone.changes.len()), ("CREATE TABLE t (a INT)", Source::Schema, 0));
    record.set(INSERTS, "INSERT INTO t VALUES (1)");
    assert_eq!(import(&record, None).unwrap().text, "CREATE TABLE t (a INT);\nINSERT INTO t VALUES (1)");
}

#[test]
fn a_sqlite_database_comes_over_with_views_and_rows() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("shop.sqlite");
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection
        .execute_batch(
            "CREATE TABLE \"order\" (id INTEGER PRIMARY KEY AUTOINCREMENT, who VARCHAR(9), paid REAL, raw BLOB); \
             INSERT INTO \"order\" (who, paid, raw) VALUES ('O''Neil', 1.5, x'4142'), (NULL, 9e999, NULL); \
             CREATE VIEW names AS SELECT who FROM \"order\"",
        )
        .unwrap();
    drop(connection);
    let found = import(&with(DATABASE, path.to_str().unwrap()), None).unwrap();
    assert_eq!(
        found.text,
        "CREATE TABLE \"order\" (id INTEGER PRIMARY KEY AUTOINCREMENT, who VARCHAR(9), paid REAL, raw BLOB);\n\
         INSERT INTO \"order\" (\"id\", \"who\", \"paid\", \"raw\") VALUES (1, 'O''Neil', 1.5, '\\x4142'), (2, NULL, NULL, NULL);\n\
         CREATE VIEW names AS SELECT who FROM \"order\";\n"
    );
    let translated = translate(&found.text, "SELECT who FROM names", found.dialect).unwrap();
    assert!(translated.schema.contains("INSERT INTO"), "{}", translated.schema);
}

#[test]
fn virtual_tables_stay_behind_with_what_they_are_kept_in() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("search.sqlite");
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection
        .execute_batch(
            "CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT); INSERT INTO note VALUES (1, 'x'); \
             CREATE VIRTUAL TABLE found USING fts5(body); INSERT INTO found VALUES ('x')",
        )
        .unwrap();
    drop(connection);
    let text = import(&with(DATABASE, path.to_str().unwrap()), None).unwrap().text;
    let expected = "CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT);\nINSERT INTO \"note\" (\"id\", \"body\") VALUES (1, 'x');\n";
    assert_eq!(text, expected);
}

#[test]
fn a_table_that_only_sqlite_can_read_is_rebuilt() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lenient.sqlite");
    let connection = rusqlite::Connection::open(&path).unwrap();
    // No comma before the second FOREIGN KEY, and a column without a type.
    connection
        .execute_batch(
            "CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (x INT, y INT, PRIMARY KEY (y, x)); \
             CREATE TABLE c (a_id INT NOT NULL, x INT, y INT, note, \
             FOREIGN KEY (a_id) REFERENCES a(id) FOREIGN KEY (y, x) REFERENCES b(y, x))",
        )
        .unwrap();
    drop(connection);
    let found = import(&with(DATABASE, path.to_str().unwrap()), None).unwrap();
    let rebuilt = "CREATE TABLE \"c\" (\"a_id\" INT NOT NULL, \"x\" INT, \"y\" INT, \"note\" TEXT, \
                   FOREIGN KEY (\"y\", \"x\") REFERENCES \"b\" (\"y\", \"x\"), FOREIGN KEY (\"a_id\") REFERENCES \"a\" (\"id\"));";
    assert!(found.text.contains(rebuilt), "{}", found.text);
    assert!(translate(&found.text, "SELECT note FROM c", found.dialect).is_ok());
}

#[test]
fn a_large_table_is_cut_and_that_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("large.sqlite");
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection
        .execute_batch(
            "CREATE TABLE n (i INT); \
             INSERT INTO n WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 1500) SELECT i FROM c",
        )
        .unwrap();
    drop(connection);
    let found = import(&with(DATABASE, path.to_str().unwrap()), None).unwrap();
    assert_eq!(found.skipped_rows, 500);
    assert!(found.text.ends_with("(999), (1000);\n"));
}

#[test]
fn a_dump_comes_over() {
    let dump = "--\n-- PostgreSQL database dump\n--\n\\restrict x\nSET statement_timeout = 0;\n\
        SELECT pg_catalog.set_config('search_path', '', false);\n\
        CREATE TABLE public.pets (\n    id integer NOT NULL,\n    name text DEFAULT 'a;b'::text\n);\n\
        ALTER TABLE public.pets OWNER TO someone;\n\
        CREATE SEQUENCE public.pets_id_seq START WITH 1;\n\
        ALTER TABLE ONLY public.pets ALTER COLUMN id SET DEFAULT nextval('public.pets_id_seq'::regclass);\n\
        COPY public.pets (id, name) FROM stdin;\n1\tit's\\ta cat; so\n2\t\\N\n\\.\n\
        SELECT pg_catalog.setval('public.pets_id_seq', 2, true);\n\
        ALTER TABLE ONLY public.pets\n    ADD CONSTRAINT pets_pkey PRIMARY KEY (id);\n";
    let found = import_dump(dump, None, "x").unwrap();
    assert_eq!(
        found.text,
        "CREATE TABLE pets (\n    id integer NOT NULL,\n    name text DEFAULT 'a;b'::text\n);\n\
         CREATE SEQUENCE pets_id_seq START WITH 1;\n\
         ALTER TABLE ONLY pets ALTER COLUMN id SET DEFAULT nextval('pets_id_seq'::regclass);\n\
         INSERT INTO pets (id, name) VALUES ('1', 'it''s\ta cat; so'), ('2', NULL);\n\
         SELECT pg_catalog.setval('pets_id_seq', 2, true);\n\
         ALTER TABLE ONLY pets\n    ADD CONSTRAINT pets_pkey PRIMARY KEY (id);\n"
    );
    assert!(crate::syntax::statement::parse_all(&found.text).is_ok());
    assert_eq!(import_dump("SET a = 1;", None, "x"), Err("holds no CREATE TABLE, expected at least one".to_owned()));
    let broken = import_dump("\nCREATE TABLE t (\n a int", None, "x").unwrap_err();
    assert_eq!(broken, "ends within a statement, which begins on line 2: `CREATE TABLE t …`");
}

#[test]
fn a_dump_with_references_code_and_types_comes_over() {
    let dump = "CREATE TYPE public.mood AS ENUM (\n    'glad',\n    'sad'\n);\nALTER TYPE public.mood OWNER TO x;\n\
        CREATE FUNCTION public.f() RETURNS integer\n    LANGUAGE plpgsql\n    AS $$\nBEGIN\n  RETURN 1;\nEND;\n$$;\n\
        CREATE SEQUENCE public.b_seq;\n\
        CREATE TABLE public.books (\n    id integer DEFAULT nextval('public.b_seq'::regclass) NOT NULL,\n    who integer,\n    feel public.mood\n);\n\
        CREATE TABLE public.writers (\n    id integer NOT NULL\n);\n\
        ALTER TABLE public.writers ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (\n    SEQUENCE NAME public.w_seq\n);\n\
        COPY public.books (id, who, feel) FROM stdin;\n1\t7\tglad\n\\.\n\
        COPY public.writers (id) FROM stdin;\n7\n\\.\n\
        ALTER TABLE ONLY public.writers\n    ADD CONSTRAINT w_key PRIMARY KEY (id);\n\
        ALTER TABLE ONLY public.books\n    ADD CONSTRAINT b_by FOREIGN KEY (who) REFERENCES public.writers(id);\n";
    let found = import_dump(dump, None, "x").unwrap();
    let mut database = crate::execute::Database::open(&crate::execute::Settings::default()).unwrap();
    let proof =
        database.prove(&found.text, "SELECT books.feel FROM books JOIN writers ON books.who = writers.id").unwrap();
    assert!(matches!(&proof, crate::execute::Proof::Ran(ran) if ran.rows.len() == 1), "{proof:?}\n{}", found.text);
}

#[test]
fn what_mysql_alone_writes_comes_over() {
    let dump = "-- MySQL dump 10.13\nCREATE DATABASE /*!32312 IF NOT EXISTS*/ `shop` /*!80016 DEFAULT ENCRYPTION='N' */;\n\
        SET @@GLOBAL.GTID_PURGED=/*!80000 '+'*/ 'abc:1-5';\n\
        CREATE TABLE `p` (\n  `id` int(10) unsigned zerofill NOT NULL AUTO_INCREMENT,\n  `b` varbinary(16) DEFAULT NULL,\n\
        `on` bit(1) DEFAULT b'0',\n  `h` int DEFAULT NULL /*!80023 INVISIBLE */,\n  PRIMARY KEY (`id`)\n) ENGINE=InnoDB\n\
        /*!50100 PARTITION BY HASH (`id`) PARTITIONS 2 */;\n\
        INSERT INTO `p` VALUES (1,_binary 'ab\\0c',_binary '\u{1}',NULL),(2,0x4142,_binary '\\0',5);\n\
        /*!50003 CREATE*/ /*!50020 DEFINER=`root`@`%`*/ /*!50003 FUNCTION `f`() RETURNS int DETERMINISTIC RETURN 1 */;\n";
    let found = import_dump(dump, None, "x").unwrap();
    assert_eq!(
        (found.dialect, found.locations.iter().map(|p| p.line).collect::<Vec<_>>()),
        (Some(Dialect::MySql), vec![4, 12])
    );
    let sql = "SELECT p.b, p.`on` FROM p ORDER BY p.id";
    let translated = translate(&found.text, sql, found.dialect).unwrap();
    let mut database = crate::execute::Database::open(&crate::execute::Settings::default()).unwrap();
    let proof = database.prove(&translated.schema, &translated.sql).unwrap();
    let crate::execute::Proof::Ran(ran) = &proof else { panic!("{proof:?}\n{}", translated.schema) };
    let values: Vec<_> = ran.rows.iter().flatten().map(|value| value.as_deref().unwrap_or("NULL")).collect();
    assert_eq!(values, ["\\x61620063", "t", "\\x4142", "f"]);
}

#[test]
fn what_is_no_database_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let why = |name: &str, bytes: &[u8]| {
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        import(&with(DATABASE, path.to_str().unwrap()), None).unwrap_err()
    };
    assert!(why("a", b"PGDMP\x01").contains("pg_restore -f FILE.sql"));
    assert!(
        why("d", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
            .ends_with("`git lfs pull` gets the file")
    );
    assert!(why("b", b"SQLite format 3\0broken").contains("cannot be read"));
    assert!(why("c", b"").contains("holds no CREATE TABLE"));
    assert!(import(&with(DATABASE, "/nowhere/x.sqlite"), None).unwrap_err().contains("cannot be read"));
}
