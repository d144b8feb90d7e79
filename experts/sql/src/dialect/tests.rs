//! What each rule makes of an example, and that PostgreSQL takes all of it. Whether the rows are the
//! same is measured elsewhere, on whole databases (`tests/dialects`).

use super::*;
use crate::execute::{Database, Proof, Settings};
use crate::syntax::Dialect;
use hive_tests::check_all;

const SCHEMA: &str = r#"CREATE TABLE p (id INT PRIMARY KEY, name VARCHAR(20) NOT NULL, city TEXT, born DATE, seen TIMESTAMP, day TEXT, pay NUMERIC(8, 2), rate DOUBLE PRECISION, n INT, code TEXT, active BOOLEAN, "Free Meal (%)" INT);
    CREATE TABLE o (oid INT PRIMARY KEY, pid INT REFERENCES p, total INT, note TEXT);
    CREATE TABLE bare (city TEXT, code TEXT)"#;

/// As MySQL has it, and as PostgreSQL does.
const MYSQL: &[(&str, &str)] = &[
    ("SELECT `name`, `Free Meal (%)` FROM `p` LIMIT 5, 10", r#"SELECT name, "Free Meal (%)" FROM p LIMIT 10 OFFSET 5"#),
    (
        "SELECT IFNULL(city, 'none'), IF(n > 3, 'many', 'few') FROM p",
        "SELECT COALESCE(city, 'none'), CASE WHEN n > 3 THEN 'many' ELSE 'few' END FROM p",
    ),
    (
        "SELECT name FROM p WHERE born >= DATE_SUB('2020-03-01', INTERVAL 1 MONTH)",
        "SELECT name FROM p WHERE born >= CAST((CAST('2020-03-01' AS TIMESTAMP) - INTERVAL '1 MONTH') AS DATE)",
    ),
    (
        "SELECT DATE_ADD(born, INTERVAL 10 DAY), DATE_ADD(seen, INTERVAL 2 HOUR), DATE_ADD(born, INTERVAL n DAY) FROM p",
        "SELECT CAST((born + INTERVAL '10 DAY') AS DATE), (seen + INTERVAL '2 HOUR'), CAST((born + (n * INTERVAL '1 day')) AS DATE) FROM p",
    ),
    (
        "SELECT TIMESTAMPDIFF(YEAR, born, '2020-01-01'), TIMESTAMPDIFF(MONTH, born, seen), DATEDIFF(seen, born) FROM p",
        "SELECT EXTRACT(YEAR FROM AGE(CAST('2020-01-01' AS TIMESTAMP), born)), (EXTRACT(YEAR FROM AGE(seen, born)) * 12 + EXTRACT(MONTH FROM AGE(seen, born))), (CAST(seen AS DATE) - CAST(born AS DATE)) FROM p",
    ),
    (
        "SELECT DATE_FORMAT(seen, '%Y-%m-%d %H:%i'), DATE_FORMAT(born, '%M %e, %Y') FROM p WHERE DATE_FORMAT(born, '%Y') = 1999",
        "SELECT TO_CHAR(seen, 'YYYY-MM-DD HH24:MI'), TO_CHAR(born, 'FMMonth FMDD, YYYY') FROM p WHERE TO_CHAR(born, 'YYYY') = '1999'",
    ),
    (
        "SELECT YEAR(born), MONTH(day), DAYOFWEEK(born), DAYNAME(born), LAST_DAY(born) FROM p",
        "SELECT EXTRACT(YEAR FROM born), EXTRACT(MONTH FROM CAST(day AS TIMESTAMP)), EXTRACT(DOW FROM born) + 1, TO_CHAR(born, 'FMDay'), CAST(DATE_TRUNC('month', born) + INTERVAL '1 month - 1 day' AS DATE) FROM p",
    ),
    ("SELECT STR_TO_DATE('04/05/2012', '%d/%m/%Y')", "SELECT TO_DATE('04/05/2012', 'DD/MM/YYYY')"),
    (
        "SELECT city, GROUP_CONCAT(DISTINCT name ORDER BY name DESC SEPARATOR '; ') FROM p GROUP BY city",
        "SELECT city, STRING_AGG(DISTINCT name, '; ' ORDER BY name DESC) FROM p GROUP BY city",
    ),
    (
        "SELECT name FROM p WHERE name LIKE 'an%' AND day LIKE '2012%'",
        "SELECT name FROM p WHERE name ILIKE 'an%' AND day LIKE '2012%'",
    ),
    (
        "SELECT SUM(n > 3), AVG(active), COUNT(IF(n > 3, 1, NULL)) FROM p",
        "SELECT SUM(CASE WHEN (n > 3) THEN 1 ELSE 0 END), AVG(CASE WHEN active THEN 1 WHEN NOT active THEN 0 END), COUNT(CASE WHEN n > 3 THEN 1 ELSE NULL END) FROM p",
    ),
    (
        "SELECT name FROM p WHERE active = 1 AND code = 5 AND n = '7' OR !active",
        "SELECT name FROM p WHERE active = true AND code = '5' AND n = '7' OR NOT active",
    ),
    (
        "SELECT name FROM p WHERE city REGEXP '^A' OR city NOT RLIKE 'b$'",
        "SELECT name FROM p WHERE city ~* '^A' OR city !~* 'b$'",
    ),
    (
        "SELECT CONCAT(name, ' ', city), CONCAT_WS('-', name, city), SUBSTRING_INDEX(day, '-', 1), LOCATE('a', name) FROM p",
        "SELECT name || ' ' || city, CONCAT_WS('-', name, city), SPLIT_PART(day, '-', 1), STRPOS(name, 'a') FROM p",
    ),
    (
        "SELECT CAST(n AS SIGNED), CAST(pay AS CHAR), CAST(code AS UNSIGNED), CONVERT(code, DECIMAL(10, 2)), CAST(n AS DOUBLE) FROM p",
        "SELECT CAST(n AS BIGINT), CAST(pay AS TEXT), CAST(code AS BIGINT), CAST(code AS DECIMAL(10,2)), CAST(n AS DOUBLE PRECISION) FROM p",
    ),
    (
        "SELECT name FROM p ORDER BY city, name DESC, pay DESC LIMIT 3",
        "SELECT name FROM p ORDER BY city NULLS FIRST, name DESC, pay DESC NULLS LAST LIMIT 3",
    ),
    (
        "SELECT name, COUNT(*) AS c FROM p JOIN o ON o.pid = p.id GROUP BY p.id HAVING c > 1 ORDER BY c DESC",
        "SELECT name, COUNT(*) AS c FROM p JOIN o ON o.pid = p.id GROUP BY p.id HAVING COUNT(*) > 1 ORDER BY c DESC",
    ),
    ("SELECT city AS 'The City' FROM p", r#"SELECT city AS "The City" FROM p"#),
    (r#"SELECT name FROM p WHERE city = "Rome""#, "SELECT name FROM p WHERE city = 'Rome'"),
    (
        "INSERT IGNORE INTO p (id, name) VALUES (1, 'a')",
        "INSERT INTO p (id, name) VALUES (1, 'a') ON CONFLICT DO NOTHING",
    ),
    (
        "INSERT INTO p (id, name, n) VALUES (1, 'a', 2) ON DUPLICATE KEY UPDATE n = n + VALUES(n)",
        "INSERT INTO p (id, name, n) VALUES (1, 'a', 2) ON CONFLICT(id) DO UPDATE SET n = p.n + EXCLUDED.n",
    ),
    (
        "REPLACE INTO p (id, name) VALUES (1, 'a')",
        r#"INSERT INTO p (id, name) VALUES (1, 'a') ON CONFLICT(id) DO UPDATE SET name = EXCLUDED.name, city = DEFAULT, born = DEFAULT, seen = DEFAULT, day = DEFAULT, pay = DEFAULT, rate = DEFAULT, n = DEFAULT, code = DEFAULT, active = DEFAULT, "Free Meal (%)" = DEFAULT"#,
    ),
    (
        "UPDATE p JOIN o ON o.pid = p.id SET p.n = o.total WHERE o.note = 'x'",
        "UPDATE p SET n = o.total FROM o WHERE o.pid = p.id AND o.note = 'x'",
    ),
    (
        "DELETE o FROM o JOIN p ON o.pid = p.id WHERE p.city = 'Rome'",
        "DELETE FROM o USING p WHERE o.pid = p.id AND p.city = 'Rome'",
    ),
    (
        "DELETE FROM o WHERE total = 0 ORDER BY oid LIMIT 2",
        "DELETE FROM o WHERE oid IN (SELECT oid FROM o WHERE total = 0 ORDER BY oid LIMIT 2)",
    ),
    (
        "SELECT FIELD(city, 'a', 'b'), ELT(2, 'x', 'y'), MID(name, 2, 3), LCASE(name), TRUNCATE(pay, 1), RAND() FROM p",
        "SELECT CASE WHEN city = 'a' THEN 1 WHEN city = 'b' THEN 2 ELSE 0 END, CASE WHEN 2 = 1 THEN 'x' WHEN 2 = 2 THEN 'y' END, SUBSTRING(name, 2, 3), LOWER(name), TRUNC(pay, 1), RANDOM() FROM p",
    ),
    (
        "SELECT HOUR(seen), WEEK(born), QUARTER(born), UNIX_TIMESTAMP(seen), FROM_UNIXTIME(86400) FROM p",
        "SELECT EXTRACT(HOUR FROM seen), FLOOR((EXTRACT(DOY FROM born) + 6 - EXTRACT(DOW FROM born)) / 7), EXTRACT(QUARTER FROM born), CAST(EXTRACT(EPOCH FROM seen) AS BIGINT), TO_TIMESTAMP(86400) AT TIME ZONE 'UTC' FROM p",
    ),
    ("SELECT EXTRACT(YEAR_MONTH FROM born) FROM p", "SELECT CAST(TO_CHAR(born, 'YYYYMM') AS INTEGER) FROM p"),
    ("SELECT name FROM p HAVING n > 3", "SELECT name FROM p WHERE n > 3"),
    (
        "SELECT born + INTERVAL 1 DAY FROM p WHERE born BETWEEN '2000-01-01' AND NOW() - INTERVAL 1 YEAR",
        "SELECT CAST((born + INTERVAL '1 DAY') AS DATE) FROM p WHERE born BETWEEN '2000-01-01' AND NOW() - INTERVAL '1 YEAR'",
    ),
];

/// As SQLite has it, and as PostgreSQL does.
const SQLITE: &[(&str, &str)] = &[
    (
        r#"SELECT [name], "Free Meal (%)" FROM p WHERE city = "Rome""#,
        r#"SELECT name, "Free Meal (%)" FROM p WHERE city = 'Rome'"#,
    ),
    (
        "SELECT STRFTIME('%Y', born), STRFTIME('%m', day), STRFTIME('%Y-%m-%d %H:%M:%S', seen) FROM p WHERE STRFTIME('%Y', born) > '1990'",
        "SELECT TO_CHAR(born, 'YYYY'), TO_CHAR(CAST(day AS TIMESTAMP), 'MM'), TO_CHAR(seen, 'YYYY-MM-DD HH24:MI:SS') FROM p WHERE TO_CHAR(born, 'YYYY') > '1990'",
    ),
    (
        "SELECT CAST(STRFTIME('%Y', 'now') AS INTEGER) - STRFTIME('%Y', born) FROM p",
        "SELECT CAST(TO_CHAR(CURRENT_TIMESTAMP, 'YYYY') AS INTEGER) - CAST(TO_CHAR(born, 'YYYY') AS INTEGER) FROM p",
    ),
    (
        "SELECT JULIANDAY(seen) - JULIANDAY(born) FROM p",
        "SELECT EXTRACT(JULIAN FROM seen) - EXTRACT(JULIAN FROM born) FROM p",
    ),
    (
        "SELECT DATE(seen), DATE(born, '+1 month', 'start of month'), DATETIME(day) FROM p",
        "SELECT CAST(seen AS DATE), CAST(DATE_TRUNC('month', (born + CAST('1 month' AS INTERVAL))) AS DATE), CAST(day AS TIMESTAMP) FROM p",
    ),
    (
        "SELECT IIF(n > 3, 'a', 'b'), IFNULL(city, 'x'), INSTR(name, 'a'), SUBSTR(name, -3), SUBSTR(born, 1, 4) FROM p",
        "SELECT CASE WHEN n > 3 THEN 'a' ELSE 'b' END, COALESCE(city, 'x'), STRPOS(name, 'a'), RIGHT(name, 3), SUBSTR(CAST(born AS TEXT), 1, 4) FROM p",
    ),
    (
        "SELECT CAST(n AS REAL) * 100 / total FROM p, o",
        "SELECT CAST(n AS DOUBLE PRECISION) * 100 / NULLIF(total, 0) FROM p, o",
    ),
    (
        "SELECT SUM(CASE WHEN n = 1 THEN 1 ELSE 0 END) * 100 / COUNT(*), SUM(active), SUM(n > 1) FROM p",
        "SELECT SUM(CASE WHEN n = 1 THEN 1 ELSE 0 END) * 100 / NULLIF(COUNT(*), 0), SUM(CASE WHEN active THEN 1 ELSE 0 END), SUM(CASE WHEN (n > 1) THEN 1 ELSE 0 END) FROM p",
    ),
    (
        "SELECT name FROM p WHERE n == 3 AND city IS 'Rome' AND code IS NOT 5 AND name GLOB 'A*'",
        "SELECT name FROM p WHERE n = 3 AND city IS NOT DISTINCT FROM 'Rome' AND code IS DISTINCT FROM '5' AND name LIKE 'A%'",
    ),
    ("SELECT name, MAX(pay) FROM p", "SELECT name, pay FROM p ORDER BY pay DESC NULLS LAST LIMIT 1"),
    (
        "SELECT city, name, MIN(pay) FROM p GROUP BY city",
        "SELECT DISTINCT ON (city) city, name, pay FROM p ORDER BY city, pay",
    ),
    (
        "SELECT p.name, COUNT(*) FROM p JOIN o ON p.id = o.pid GROUP BY o.pid",
        "SELECT p.name, COUNT(*) FROM p JOIN o ON p.id = o.pid GROUP BY o.pid, p.name",
    ),
    (
        "SELECT DISTINCT city FROM p ORDER BY pay DESC",
        "SELECT city FROM p GROUP BY city ORDER BY MAX(pay) DESC NULLS LAST",
    ),
    (
        "SELECT name FROM p WHERE code > 5 AND code = 7 AND code BETWEEN 1 AND 3 AND n IN ('1', '2')",
        "SELECT name FROM p WHERE code > '5' AND code = '7' AND code BETWEEN '1' AND '3' AND n IN ('1', '2')",
    ),
    (
        "SELECT name FROM p WHERE born LIKE '1990%' AND born > '1980' AND born = '1990-01-01'",
        "SELECT name FROM p WHERE CAST(born AS TEXT) LIKE '1990%' AND CAST(born AS TEXT) > '1980' AND born = '1990-01-01'",
    ),
    ("SELECT name || n, n || n FROM p", "SELECT name || n, CAST(n AS TEXT) || n FROM p"),
    (
        "SELECT COUNT(*) FROM (SELECT city FROM p GROUP BY city)",
        "SELECT COUNT(*) FROM (SELECT city FROM p GROUP BY city) AS part1",
    ),
    ("SELECT name FROM p JOIN o", "SELECT name FROM p CROSS JOIN o"),
    (
        "INSERT OR REPLACE INTO p (id, name) VALUES (1, 'a')",
        r#"INSERT INTO p (id, name) VALUES (1, 'a') ON CONFLICT(id) DO UPDATE SET name = EXCLUDED.name, city = DEFAULT, born = DEFAULT, seen = DEFAULT, day = DEFAULT, pay = DEFAULT, rate = DEFAULT, n = DEFAULT, code = DEFAULT, active = DEFAULT, "Free Meal (%)" = DEFAULT"#,
    ),
    ("SELECT name FROM p WHERE active = 1 AND n", "SELECT name FROM p WHERE active = true AND n <> 0"),
    (
        "SELECT CAST(pay AS INTEGER), CAST('12' AS INT), CAST(rate AS TEXT) FROM p",
        "SELECT CAST(TRUNC(pay) AS INTEGER), CAST('12' AS INT), CAST(TO_CHAR(rate, 'FM999999999999990.099999999999999') AS TEXT) FROM p",
    ),
    ("SELECT name FROM p ORDER BY born DESC LIMIT 1", "SELECT name FROM p ORDER BY born DESC NULLS LAST LIMIT 1"),
    (
        "SELECT ROW_NUMBER() OVER (PARTITION BY city ORDER BY pay DESC) FROM p",
        "SELECT ROW_NUMBER() OVER (PARTITION BY city ORDER BY pay DESC NULLS LAST) FROM p",
    ),
    ("SELECT name FROM p LIMIT -1 OFFSET 3", "SELECT name FROM p OFFSET 3"),
];

fn translated(schema: &str, sql: &str, dialect: Option<Dialect>) -> Translated {
    translate(schema, sql, dialect).unwrap_or_else(|e| panic!("{sql}: {e:?}"))
}

#[test]
fn each_rule_has_its_example() {
    let mut wrong = Vec::new();
    for (dialect, examples) in [(Dialect::MySql, MYSQL), (Dialect::Sqlite, SQLITE)] {
        for (given, expected) in examples {
            let found = translated(SCHEMA, given, Some(dialect));
            if found.sql != *expected || found.changes.is_empty() != (given == expected) {
                wrong.push(format!("{given}\n  wanted {expected}\n  found  {}", found.sql));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn postgresql_takes_every_example() {
    let mut database = Database::open(&Settings::default()).unwrap();
    check_all(MYSQL.iter().chain(SQLITE), |(given, expected)| {
        let proof = database.prove(SCHEMA, expected).unwrap();
        assert!(matches!(proof, Proof::Ran(_)), "{given}\n{expected}\n{proof:?}");
    });
}

#[test]
fn what_is_postgresqls_stays_byte_for_byte() {
    check_all(
        [
            "select  a,count(*) FROM  t where b like 'x%' group by a order by 2 desc limit 3",
            "SELECT date_trunc('month', d)::date, d + interval '1 day' FROM t",
            "SELECT a FROM t WHERE b ~* 'x' AND d = 'now'::date -- why",
            "INSERT INTO t (a) VALUES (1) ON CONFLICT DO NOTHING",
        ],
        |sql| {
            let schema = "create table t(a int primary key,b text,d date);";
            for dialect in [None, Some(Dialect::Postgres)] {
                let found = translated(schema, sql, dialect);
                assert_eq!((found.schema.as_str(), found.sql.as_str()), (schema, sql));
                assert_eq!((found.dialect, found.changes.len()), (Dialect::Postgres, 0));
            }
        },
    );
}

#[test]
fn a_dialect_is_known_by_what_only_it_has() {
    check_all(
        [
            ("CREATE TABLE t (a INT)", "SELECT `a` FROM `t`", Dialect::MySql),
            ("CREATE TABLE t (a INT AUTO_INCREMENT PRIMARY KEY) ENGINE=InnoDB", "SELECT a FROM t", Dialect::MySql),
            ("CREATE TABLE t (d DATE)", "SELECT DATE_SUB(d, INTERVAL 1 DAY) FROM t", Dialect::MySql),
            ("CREATE TABLE t (d DATE)", "SELECT STRFTIME('%Y', d) FROM t", Dialect::Sqlite),
            ("CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT)", "SELECT id FROM t", Dialect::Sqlite),
            ("CREATE TABLE t (a TEXT)", "SELECT a FROM t WHERE a = \"x\"", Dialect::Sqlite),
            ("CREATE TABLE t (\"a\" TEXT)", "SELECT \"a\" FROM t", Dialect::Postgres),
        ],
        |(schema, sql, expected)| {
            assert_eq!(translated(schema, sql, None).dialect, expected, "{sql}");
        },
    );
}

#[test]
fn meaning_is_left_alone_where_the_dialect_is_a_guess() {
    let schema = "CREATE TABLE t (a DATETIME, b TEXT, n INT)";
    let sql = "SELECT b FROM t WHERE b LIKE 'x%' AND n / 2 > 1 ORDER BY n DESC LIMIT 1";
    let found = translated(schema, sql, None);
    assert_eq!(found.schema, "CREATE TABLE t (a TIMESTAMP, b TEXT, n INT);");
    assert_eq!(found.sql, sql);
}

#[test]
fn joins_go_from_left_to_right_whoever_wrote_them() {
    let sql = "SELECT p.name FROM p JOIN o JOIN bare ON p.id = o.pid AND bare.code = p.code";
    let expected = "SELECT p.name FROM p CROSS JOIN o JOIN bare ON p.id = o.pid AND bare.code = p.code";
    let mut database = Database::open(&Settings::default()).unwrap();
    let told = |dialect| translated(SCHEMA, sql, Some(dialect)).sql;
    for found in [told(Dialect::Sqlite), told(Dialect::MySql), repair(SCHEMA, sql).unwrap().sql] {
        assert_eq!(found, expected);
        assert!(matches!(database.prove(SCHEMA, &found).unwrap(), Proof::Ran(_)));
    }
    // Brackets that are meant keep their meaning.
    let meant = "SELECT p.name FROM p LEFT JOIN (o JOIN bare ON o.note = bare.city) ON p.id = o.pid";
    assert_eq!(translated(SCHEMA, meant, Some(Dialect::Sqlite)).sql, meant);
}

#[test]
fn a_group_s_other_columns_join_it_where_the_rows_say_so() {
    let told = |schema: &str, sql| translate(schema, sql, Some(Dialect::Sqlite));
    let refused = |schema: &str, sql| told(schema, sql).unwrap_err().code;
    let table = "CREATE TABLE t (id INT PRIMARY KEY, k TEXT, v TEXT, n INT);";
    let sql = "SELECT k, v, COUNT(*) FROM t GROUP BY k";
    assert_eq!(refused(table, sql), "incomplete-group-by");
    let one_value = format!("{table} INSERT INTO t VALUES (1, 'a', 'x', 1), (2, 'b', 'y', 1), (3, 'a', 'x', 2);");
    let found = told(&one_value, sql).unwrap();
    assert_eq!(found.sql, "SELECT k, v, COUNT(*) FROM t GROUP BY k, v");
    assert_eq!(found.changes[0].rule, "guessed-group-by");
    let several = format!("{table} INSERT INTO t (v, k, id) VALUES ('x', 'a', 1), ('y', 'a', 2);");
    assert_eq!(refused(&several, sql), "incomplete-group-by");
    // As it does across a join of columns that have different types.
    let tracks =
        "CREATE TABLE race (id INT PRIMARY KEY, track TEXT); CREATE TABLE track (id INT PRIMARY KEY, name TEXT)";
    let named = "SELECT track.name, COUNT(*) FROM race JOIN track ON race.track = track.id GROUP BY race.track";
    assert_eq!(told(tracks, named).unwrap().changes.last().unwrap().rule, "incomplete-group-by");
    // But a day does not fix the moments of it.
    let days = "CREATE TABLE o (id INT PRIMARY KEY, at TIMESTAMP); CREATE TABLE d (day DATE PRIMARY KEY)";
    let moments = "SELECT d.day, o.at, COUNT(*) FROM o JOIN d ON CAST(o.at AS DATE) = d.day GROUP BY d.day";
    assert_eq!(refused(days, moments), "incomplete-group-by");
    // A key says so without rows; no key of a table, and a join that fixes none of its columns.
    assert!(told(table, "SELECT id, v FROM t GROUP BY id").is_ok());
    let joined = "SELECT s.name, t.v FROM s JOIN t ON s.id = t.n GROUP BY s.id";
    assert_eq!(
        refused(&format!("{table} CREATE TABLE s (id INT PRIMARY KEY, name TEXT)"), joined),
        "incomplete-group-by"
    );
}

#[test]
fn a_text_without_a_number_counts_as_zero_in_a_mean() {
    let schema =
        "CREATE TABLE t (g TEXT, price REAL); INSERT INTO t VALUES ('a', 4), ('a', ''), ('a', NULL), ('b', 3);";
    let found = translated(schema, "SELECT g, AVG(price) FROM t GROUP BY g ORDER BY g", Some(Dialect::Sqlite));
    let mut database = Database::open(&Settings::default()).unwrap();
    let Proof::Ran(ran) = database.prove(&found.schema, &found.sql).unwrap() else { panic!("{}", found.sql) };
    let means: Vec<f64> = ran.rows.iter().map(|row| row[1].as_deref().unwrap().parse().unwrap()).collect();
    assert_eq!(means, [2.0, 3.0], "{}", found.sql);
}

#[test]
fn dates_that_sqlite_shows_otherwise_stay_texts() {
    let schema = |date: &str| format!("CREATE TABLE t (d DATE); INSERT INTO t VALUES ('2020-01-31'), ('{date}');");
    check_all(
        [
            ("2020-02-01", "DATE"),
            ("2020-2-1", "TEXT"),
            ("2/1/2020", "TEXT"),
            ("0000-00-00", "TEXT"),
            // One type of PostgreSQL's would give both the same length.
            ("2020-02-01 10:00:00", "TEXT"),
            ("2020-02-01 10:00", "TEXT"),
            ("2020-02-01T10:00:00", "TEXT"),
        ],
        |(date, kind)| {
            let found = translated(&schema(date), "SELECT d FROM t", Some(Dialect::Sqlite));
            assert!(found.schema.starts_with(&format!("CREATE TABLE t (d {kind})")), "{date}: {}", found.schema);
        },
    );
    // Elsewhere they are dates however they are written.
    let found = translated(&schema("2020-2-1"), "SELECT d FROM t", Some(Dialect::MySql));
    assert!(found.schema.starts_with("CREATE TABLE t (d DATE)"), "{}", found.schema);
}

#[test]
fn schemas_become_such_that_postgresql_takes_them() {
    let mut database = Database::open(&Settings::default()).unwrap();
    check_all(SCHEMAS, |(dialect, given, expected)| {
        let found = translated(given, "SELECT 1", *dialect);
        assert_eq!(found.schema, *expected, "{given}");
        let proof = database.prove(&found.schema, "SELECT 1").unwrap();
        assert!(matches!(proof, Proof::Ran(_)), "{given}\n{expected}\n{proof:?}");
    });
}

#[test]
fn what_cannot_be_read_is_told_with_its_reason() {
    // Of nobody for certain: what PostgreSQL says of it is yet to be heard.
    let unread = translate("CREATE TABLE t (a INT)", "SELEC a FRM t", None).unwrap();
    assert_eq!((unread.sql.as_str(), unread.dialect, unread.unread), ("SELEC a FRM t", Dialect::Postgres, None));
    let unread = translate("CREATE TABLE t (`a` INT)", "SELEC `a` FRM t", None).unwrap().unread.unwrap();
    assert_eq!((unread.code, unread.dialect), ("sql-does-not-parse", Dialect::MySql));
    assert!(unread.why.starts_with("`sql` does not parse as MySQL: "), "{}", unread.why);
    let error = translate("CREATE TABLE t (a INT)", "SELEC a FRM t", Some(Dialect::MySql)).unwrap_err();
    assert_eq!(error.code, "sql-does-not-parse");
    let error = translate("CREATE TABLE (", "SELECT 1", Some(Dialect::Sqlite)).unwrap_err();
    assert_eq!(error.code, "schema-does-not-parse");
}

/// Schemas as they come, and as PostgreSQL takes them.
const SCHEMAS: &[(Option<Dialect>, &str, &str)] = &[
    (
        Some(Dialect::MySql),
        "CREATE TABLE `user` (`id` INT(11) UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'key', `name` VARCHAR(255) CHARACTER SET utf8 COLLATE utf8_bin DEFAULT NULL, `kind` ENUM('a','b') NOT NULL DEFAULT 'a', `on` TINYINT(1) DEFAULT 0, `made` DATETIME DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, `big` BIGINT(20) UNSIGNED, `d` DOUBLE(10,2), `t` LONGTEXT, `b` LONGBLOB, `y` YEAR(4), `dec` DECIMAL(10,2) UNSIGNED, PRIMARY KEY (`id`), UNIQUE KEY `u` (`name`), KEY `k` (`kind`,`name`(10)), FULLTEXT KEY `f` (`t`)) ENGINE=InnoDB AUTO_INCREMENT=5 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='people'; INSERT INTO `user` VALUES (NULL,'x','a',1,'2020-01-01 10:00:00',1,1.5,'t',NULL,2000,1)",
        r#"CREATE TABLE "user" (id SERIAL NOT NULL, name VARCHAR(255) DEFAULT NULL, kind TEXT NOT NULL DEFAULT 'a' CHECK (kind IN ('a', 'b')), "on" BOOLEAN DEFAULT false, made TIMESTAMP DEFAULT CURRENT_TIMESTAMP, big NUMERIC(20), d DOUBLE PRECISION, t TEXT, b BYTEA, y INT, dec NUMERIC(10,2), PRIMARY KEY (id), UNIQUE (name));
INSERT INTO "user" VALUES (DEFAULT, 'x', 'a', true, '2020-01-01 10:00:00', 1, 1.5, 't', NULL, 2000, 1);"#,
    ),
    (
        Some(Dialect::MySql),
        "SET NAMES utf8; CREATE DATABASE shop; USE shop; DROP TABLE IF EXISTS `a`; CREATE TABLE `shop`.`a` (`id` int, `bid` int, KEY `x` (`bid`), CONSTRAINT `fk` FOREIGN KEY (`bid`) REFERENCES `b` (`id`) ON DELETE CASCADE); CREATE TABLE `b` (`id` int PRIMARY KEY); INSERT INTO a VALUES (1, 2); INSERT INTO b VALUES (2); LOCK TABLES a WRITE; UNLOCK TABLES;",
        "CREATE TABLE b (id INT PRIMARY KEY);
CREATE TABLE a (id INT, bid INT, CONSTRAINT fk FOREIGN KEY (bid) REFERENCES b(id) ON DELETE CASCADE);
INSERT INTO b VALUES (2);
INSERT INTO a VALUES (1, 2);",
    ),
    (
        Some(Dialect::Sqlite),
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, d DATE, v VARCHAR(3)); INSERT INTO t (a, d, v) VALUES ('many', '2010-02-30', 'long text'), (3, '2010-01-01', 'x'); CREATE TABLE c (pid INT, FOREIGN KEY (pid) REFERENCES t (a), FOREIGN KEY (pid) REFERENCES nowhere (id)); INSERT INTO c VALUES (5)",
        "CREATE TABLE t (id SERIAL PRIMARY KEY, a TEXT, d TEXT, v TEXT);
INSERT INTO t (a, d, v) VALUES ('many', '2010-02-30', 'long text'), (3, '2010-01-01', 'x');
CREATE TABLE c (pid INT);
INSERT INTO c VALUES (5);",
    ),
    (
        None,
        "CREATE TABLE orders (id INT PRIMARY KEY, customer_id INT, FOREIGN KEY (customer_id) REFERENCES customers (id)); CREATE TABLE customers (id INT PRIMARY KEY, active BOOLEAN); INSERT INTO orders VALUES (1, 1); INSERT INTO customers VALUES (1, 1);",
        "CREATE TABLE customers (id INT PRIMARY KEY, active BOOLEAN);
CREATE TABLE orders (id INT PRIMARY KEY, customer_id INT, FOREIGN KEY (customer_id) REFERENCES customers(id));
INSERT INTO customers VALUES (1, true);
INSERT INTO orders VALUES (1, 1);",
    ),
    (
        None,
        "CREATE TABLE a (x INT, name TEXT); CREATE TABLE a (y INT, name TEXT);",
        "CREATE TABLE a (x INT, name TEXT, y INT);",
    ),
    (
        None,
        "CREATE TABLE a (id INT PRIMARY KEY, bid INT REFERENCES b(id)); CREATE TABLE b (id INT PRIMARY KEY, aid INT REFERENCES a(id));",
        "CREATE TABLE a (id INT PRIMARY KEY, bid INT);
CREATE TABLE b (id INT PRIMARY KEY, aid INT REFERENCES a (id));
ALTER TABLE a ADD FOREIGN KEY (bid) REFERENCES b(id);",
    ),
    (
        None,
        "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, at DATETIME);",
        "CREATE TABLE t (id SERIAL PRIMARY KEY, at TIMESTAMP);",
    ),
    (
        Some(Dialect::Sqlite),
        "CREATE TABLE airports (apid INTEGER, iata character varchar(3), x UNSIGNED BIG INT, PRIMARY KEY (apid))",
        "CREATE TABLE airports (apid INTEGER, iata TEXT, x INTEGER, PRIMARY KEY (apid));",
    ),
    (
        Some(Dialect::MySql),
        "CREATE TABLE p (d datetime DEFAULT '0000-00-00 00:00:00', b bit(1) DEFAULT b'0', s set('a','b'), j json, ts timestamp NULL DEFAULT NULL, f float(7,4), c char(3), PRIMARY KEY (`c`) USING BTREE, UNIQUE INDEX ix (s(10)))",
        "CREATE TABLE p (d TIMESTAMP, b BOOLEAN DEFAULT false, s TEXT, j JSON, ts TIMESTAMP NULL DEFAULT NULL, f DOUBLE PRECISION, c VARCHAR(3), PRIMARY KEY (c), UNIQUE (s));",
    ),
];
