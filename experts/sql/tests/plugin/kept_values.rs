//! Statements whose answer hangs on what their database keeps: a text beside a number, a date that is a
//! text, a whole number in a column of decimals. SQLite answers here itself; of MySQL the values stand
//! written (MariaDB 10.11 and MySQL 9.7 agree on them).

use expert_sql::Dialect;
use expert_sql::dialect::{Translated, translate};
use expert_sql::execute::{Around, Database, Proof, Settings};
use hive_tests::check_all;
use rusqlite::types::Value;

use Dialect::{MySql, Sqlite};

const SHOP: &str = "CREATE TABLE p (id INTEGER PRIMARY KEY, zip TEXT, d DATE, t DATETIME, seen DATETIME, birth TEXT, price REAL, cost DECIMAL(8,2), paid NUMERIC, n INTEGER, flag BOOLEAN, word BOOLEAN, told TEXT, doc TEXT);
    INSERT INTO p VALUES
    (1, '02134', '2020-01-31', '2020-01-31 00:00:00', '2010-07-19 19:39:07.0', '1990-05-05', 2.0, 5, 5, 10, 1, 'true', '01/02/2020', '{\"a\": 5, \"t\": true, \"s\": \"x\"}'),
    (2, '10', '2019-12-31', '2019-12-31 10:00:00', '2011-01-01 00:00:00.5', '1985-01-01', 2.5, 7, 2.5, 2134, 0, 'Y', '2020-03-04', '{\"a\": 10, \"t\": false, \"s\": \"y\"}'),
    (3, 'abc', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 9, NULL, NULL, NULL, NULL);
    CREATE TABLE r (zipn INTEGER, lab TEXT); INSERT INTO r VALUES (2134, 'x'), (10, 'y');
    CREATE TABLE free (a, b); INSERT INTO free VALUES (5, 'x'), (10, 'y')";

/// What SQLite answers is what the translation answers.
const SQLITE: &[&str] = &[
    "SELECT p.id, r.lab FROM p JOIN r ON p.zip = r.zipn ORDER BY 1",
    "SELECT id FROM p WHERE zip IN (SELECT zipn FROM r) ORDER BY 1",
    "SELECT id FROM p WHERE zip NOT IN (SELECT zipn FROM r) ORDER BY 1",
    "SELECT lab FROM r WHERE zipn IN (SELECT zip FROM p) ORDER BY 1",
    "SELECT id FROM p WHERE zip > n ORDER BY 1",
    "SELECT id FROM p WHERE zip > n + 0 ORDER BY 1",
    "SELECT id FROM p WHERE SUBSTR(zip, 1, 5) = n OR SUBSTR(zip, 2, 4) = n",
    "SELECT p.id FROM p JOIN r ON SUBSTR(p.zip, 1, 9) = r.zipn ORDER BY 1",
    "SELECT id FROM p WHERE CAST(STRFTIME('%Y', d) AS INTEGER) > 2019",
    "SELECT id FROM p WHERE STRFTIME('%Y', d) = '2020'",
    "SELECT id FROM p WHERE n <> '' ORDER BY 1",
    "SELECT a FROM free WHERE a = 5",
    "SELECT a FROM free WHERE a > 9 ORDER BY 1",
    // Dates are texts of a length.
    "SELECT id, t FROM p WHERE t > '2020-01-31'",
    "SELECT id FROM p WHERE t = '2020-01-31'",
    "SELECT id FROM p WHERE t <= '2020-01-31' ORDER BY 1",
    "SELECT id FROM p WHERE t BETWEEN '2019-01-01' AND '2020-01-31'",
    "SELECT id FROM p WHERE d = '2020-01-31 00:00:00'",
    "SELECT id FROM p WHERE d = t",
    "SELECT seen FROM p WHERE seen = '2010-07-19 19:39:07' OR seen LIKE '%.0'",
    "SELECT id FROM p WHERE STRFTIME('%Y', seen) = '2010'",
    "SELECT DATE('2024-06-01') - d FROM p ORDER BY id",
    "SELECT DATE('2024-06-01') - birth, DATETIME('2024-06-01 10:00:00') - d, DATE(t) - DATE(d) FROM p ORDER BY id",
    "SELECT id, STRFTIME('%Y', told), DATE(told), JULIANDAY(told) FROM p ORDER BY id",
    // Whole numbers.
    "SELECT cost / 2, cost * 100 / 3, (cost - 4) / 2 FROM p ORDER BY id",
    "SELECT SUM(cost) / COUNT(*), MAX(cost) / 2, AVG(cost) / 2 FROM p",
    "SELECT price / 4, cost / 2.0 FROM p ORDER BY id",
    "SELECT JSON_EXTRACT(doc, '$.a') / 3 FROM p ORDER BY id",
    "SELECT 5.5 % 2, n % 2.5 FROM p ORDER BY id",
    "SELECT CAST((JULIANDAY(t) - JULIANDAY(d)) * 24 AS INTEGER), STRFTIME('%J', t) FROM p ORDER BY id",
    "SELECT NULLIF(n, '10'), NULLIF(zip, '10'), NULLIF(n, 10) FROM p ORDER BY id",
    // Texts of values.
    "SELECT QUOTE(n), QUOTE(price), QUOTE(zip), HEX(n), HEX(paid) FROM p ORDER BY id",
    "SELECT id FROM p WHERE 'École' LIKE 'ÉC%' AND NOT 'école' LIKE 'École' ORDER BY id",
    "SELECT id FROM p WHERE zip LIKE 'É%' OR 'École' LIKE 'éCOLE'",
    // Values of JSON have types.
    "SELECT MAX(JSON_EXTRACT(doc, '$.a')), MAX(doc ->> 'a'), MAX(doc ->> '$.s') FROM p",
    "SELECT JSON_EXTRACT(doc, '$.t') FROM p ORDER BY id",
    "SELECT id FROM p WHERE doc ->> '$.a' = 10",
    "SELECT JSON_TYPE(doc, '$.a'), JSON_TYPE(doc, '$.t'), JSON_TYPE(doc, '$.s') FROM p ORDER BY id",
    "SELECT JSON_PATCH(doc, '{\"z\": 1}') ->> 'z' FROM p ORDER BY id",
    // Truth values are 1 and 0, and what is none is a text.
    "SELECT CAST(flag AS TEXT), IFNULL(flag, 'n'), LENGTH(flag), flag || '' FROM p ORDER BY id",
    "SELECT GROUP_CONCAT(flag) FROM p",
    "SELECT id FROM p WHERE flag LIKE '1'",
    "SELECT id, word FROM p WHERE word = 'true'",
    // Numbers as texts.
    "SELECT price || ' USD', CAST(price AS TEXT), SUBSTR(price, 1, 3), LENGTH(price) FROM p ORDER BY id",
    "SELECT ROUND(price) || '%', ROUND(100.0 * n / 4, 2) || '%' FROM p ORDER BY id",
    "SELECT AVG(n) || '', SUM(n) || '' FROM p WHERE id < 3",
    "SELECT id FROM p WHERE price LIKE '2.0'",
    "SELECT paid || '' FROM p ORDER BY id",
];

/// What SQLite finds true of every row or of none is refused, with the reason.
const REFUSED: &[(&str, &str)] = &[
    ("SELECT id FROM p WHERE STRFTIME('%Y', d) >= 2020", "less than any text"),
    ("SELECT id FROM p WHERE STRFTIME('%Y', d) BETWEEN 2019 AND 2020", "less than any text"),
    ("SELECT id FROM p WHERE SUBSTR(d, 1, 4) = 2020", "less than any text"),
    ("SELECT id FROM p WHERE SUBSTR(d, 1, 4) IN (2019, 2020)", "less than any text"),
    ("SELECT id FROM p WHERE n || '' = 3", "less than any text"),
    ("SELECT id FROM p WHERE CASE WHEN n > 9 THEN '1' ELSE '0' END = 1", "less than any text"),
    ("SELECT id FROM p WHERE REPLACE(zip, '0', '') >= 9", "less than any text"),
    ("SELECT id FROM p WHERE d > 2020", "less than any text"),
    ("SELECT id FROM p WHERE d >= '2020'", "less than any text"),
    ("SELECT id FROM p WHERE n > ''", "less than any text"),
    ("SELECT id FROM p WHERE LENGTH(zip) = '3'", "less than any text"),
    ("WITH y AS (SELECT STRFTIME('%Y', d) AS y FROM p) SELECT y FROM y WHERE y > 2000", "less than any text"),
    ("SELECT id FROM p WHERE doc ->> '$.a' = '5'", "less than any text"),
    ("SELECT id FROM p WHERE flag = 'true'", "less than any text"),
    ("SELECT paid / 2 FROM p", "divides"),
    ("SELECT JSON_PATCH(doc, '{\"a\": null}') FROM p", "takes away keys"),
];

/// The rows that PostgreSQL returns, values as it writes them.
fn run(database: &mut Database, done: &Translated) -> Vec<Vec<String>> {
    match database.ask(&done.schema, &done.sql, Around::default(), 5_000).unwrap().0 {
        Proof::Ran(ran) => {
            let text = |value: Option<String>| value.unwrap_or_else(|| "NULL".to_owned());
            ran.rows.into_iter().map(|row| row.into_iter().map(text).collect()).collect()
        }
        refused => vec![vec![format!("{refused:?}")]],
    }
}

/// Whether a value is SQLite's: a text to the letter, since `2.0` is not `2`, a number by what it is.
fn is_same(found: &str, wanted: &Value) -> bool {
    let near =
        |wanted: f64| found.parse::<f64>().is_ok_and(|found| (found - wanted).abs() <= 1e-6 * wanted.abs().max(1.0));
    match wanted {
        Value::Null => found == "NULL",
        Value::Integer(n) => near(*n as f64),
        Value::Real(x) => near(*x),
        Value::Text(text) => found == text,
        Value::Blob(_) => false,
    }
}

#[test]
fn what_sqlite_answers_is_what_its_translation_answers() {
    let sqlite = rusqlite::Connection::open_in_memory().unwrap();
    sqlite.execute_batch(SHOP).unwrap();
    let mut database = Database::open(&Settings::default()).unwrap();
    let mut wrong = Vec::new();
    for sql in SQLITE {
        let mut statement = sqlite.prepare(sql).unwrap();
        let columns = statement.column_count();
        let expected: Vec<Vec<Value>> = statement
            .query_map([], |row| (0..columns).map(|i| row.get(i)).collect())
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        match translate(SHOP, sql, Some(Sqlite)) {
            Ok(done) => {
                let found = run(&mut database, &done);
                let same = found.len() == expected.len()
                    && found.iter().zip(&expected).all(|(row, wanted)| {
                        row.len() == wanted.len() && row.iter().zip(wanted).all(|(a, b)| is_same(a, b))
                    });
                if !same {
                    wrong.push(format!("{sql}\n  {}\n  wanted {expected:?}\n  found  {found:?}", done.sql));
                }
            }
            Err(error) => wrong.push(format!("{sql}\n  {error:?}")),
        }
    }
    for (sql, why) in REFUSED {
        match translate(SHOP, sql, Some(Sqlite)) {
            Ok(done) => wrong.push(format!("{sql}\n  {}", done.sql)),
            Err(error) if !error.why.contains(why) => wrong.push(format!("{sql}\n  {}", error.why)),
            Err(_) => {}
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}

const STAFF: &str = "CREATE TABLE e (id INT PRIMARY KEY, code VARCHAR(9), bonus INT, ok TINYINT(1), hired DATE, pay DECIMAL, f FLOAT, g FLOAT(5,1), doc JSON);
    INSERT INTO e VALUES (1, '007', 7, 1, '2020-01-31', 2.5, 1.1, 1.25, '{\"z\": null, \"n\": 1}'), (2, 'abc', 0, 0, '2024-02-29', 3, 2.5, 2.5, '{\"n\": 2.5}');";

/// MySQL's statements and the rows that it returns.
const MYSQL: &[(&str, &[&str])] = &[
    ("SELECT a.id, b.id FROM e a JOIN e b ON a.code = b.bonus ORDER BY 1, 2", &["1|1", "2|2"]),
    ("SELECT id FROM e WHERE code IN (SELECT bonus FROM e) ORDER BY 1", &["1", "2"]),
    ("SELECT id FROM e WHERE bonus IN (SELECT code FROM e) ORDER BY 1", &["1", "2"]),
    ("SELECT id FROM e WHERE bonus NOT IN (SELECT code FROM e)", &[]),
    ("SELECT id FROM e WHERE LEFT(code, 3) = 7", &["1"]),
    ("SELECT id FROM e WHERE DATE_FORMAT(hired, '%m') = 1", &["1"]),
    ("SELECT id FROM e WHERE bonus <> ''", &["1"]),
    ("SELECT id FROM e WHERE bonus = 'N/A'", &["2"]),
    ("SELECT id FROM e WHERE bonus IN ('', '7 days') ORDER BY 1", &["1", "2"]),
    ("SELECT id FROM e WHERE ok = 'true'", &["2"]),
    ("SELECT id FROM e WHERE ok LIKE '1'", &["1"]),
    ("SELECT GROUP_CONCAT(ok ORDER BY id), MAX(LENGTH(ok)) FROM e", &["1,0|1"]),
    ("SELECT hired + INTERVAL 1 DAY, hired - INTERVAL bonus DAY FROM e WHERE id = 1", &["2020-02-01|2020-01-24"]),
    (
        "SELECT hired - INTERVAL WEEKDAY(hired) DAY, hired + INTERVAL -bonus DAY FROM e WHERE id = 1",
        &["2020-01-27|2020-01-24"],
    ),
    ("SELECT DATE_ADD(hired, INTERVAL 1.5 DAY) FROM e WHERE id = 1", &["2020-02-02"]),
    ("SELECT CONCAT(AVG(bonus), ''), CONCAT(SUM(bonus) / 2, '!') FROM e", &["3.5000|3.5000!"]),
    ("SELECT CAST(bonus / 2 AS CHAR) FROM e WHERE id = 1", &["3.5000"]),
    ("SELECT id FROM e WHERE f = 1.1", &[]),
    ("SELECT id FROM e WHERE f > 1.1 ORDER BY 1", &["1", "2"]),
    ("SELECT pay, g FROM e ORDER BY id", &["3|1.3", "3|2.5"]),
    ("SELECT doc ->> '$.z' FROM e ORDER BY id", &["null", "NULL"]),
    ("SELECT JSON_TYPE(doc -> '$.n') FROM e ORDER BY id", &["INTEGER", "DOUBLE"]),
    ("SELECT WEEK(NULLIF(hired, '2020-01-31'), 4), WEEK(hired, 4) FROM e WHERE id = 1", &["NULL|5"]),
];

#[test]
fn what_mysql_answers_is_what_its_translation_answers() {
    let mut database = Database::open(&Settings::default()).unwrap();
    let mut wrong = Vec::new();
    for (sql, expected) in MYSQL {
        match translate(STAFF, sql, Some(MySql)) {
            Ok(done) => {
                let found = run(&mut database, &done);
                if !found.iter().map(|row| row.join("|")).eq(expected.iter().copied()) {
                    wrong.push(format!("{sql}\n  {}\n  wanted {expected:?}\n  found  {found:?}", done.sql));
                }
            }
            Err(error) => wrong.push(format!("{sql}\n  {error:?}")),
        }
    }
    let refused = translate(STAFF, "SELECT CURDATE() - hired FROM e", Some(MySql)).unwrap_err();
    assert!(refused.why.contains("20240131"), "{}", refused.why);
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn what_no_rows_decide_bears_a_note() {
    check_all(
        [
            (Sqlite, "CREATE TABLE t (a TEXT, n INTEGER)", "SELECT a FROM t WHERE a = n", "compared-types"),
            (MySql, "CREATE TABLE t (a VARCHAR(9), n INT)", "SELECT a FROM t WHERE a = n", "compared-types"),
            (Sqlite, "CREATE TABLE t (c DECIMAL(8,2))", "SELECT SUM(c) / COUNT(*) FROM t", "whole-decimal"),
            (Sqlite, "CREATE TABLE t (c NUMERIC)", "SELECT c * 100 / 3 FROM t", "whole-decimal"),
            (
                Sqlite,
                "CREATE TABLE t (c NUMERIC); INSERT INTO t VALUES (1), (2.5)",
                "SELECT SUM(c) / COUNT(*) FROM t",
                "whole-decimal",
            ),
            (Sqlite, "CREATE TABLE t (a BOOL)", "SELECT COUNT(*) FROM t WHERE a = 'T'", "compared-types"),
            (Sqlite, "CREATE TABLE t (a DATE)", "SELECT COUNT(*) FROM t WHERE a > '2013'", "compared-types"),
        ],
        |(dialect, schema, sql, note)| {
            let done = translate(schema, sql, Some(dialect)).unwrap();
            assert!(done.notes.iter().any(|found| found.rule == note), "{sql}: {:?}", done.notes);
        },
    );
}
