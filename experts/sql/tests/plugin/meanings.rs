//! Statements whose meaning would change in silence if they were read as PostgreSQL's: what each
//! returns in its own database (MySQL's as measured in MySQL 9.7 or read in its manual, SQLite's in SQLite
//! 3.54), and that the translation returns the same, or is refused for the reason that is true.

use expert_sql::Dialect;
use expert_sql::dialect::{Translated, translate};
use expert_sql::execute::{Around, Database, Proof, Settings};
use hive_tests::check_all;

use Dialect::{MySql, Sqlite};

const PEOPLE: &str = "CREATE TABLE people (id INT PRIMARY KEY, name VARCHAR(20), town VARCHAR(20), born DATE, pay DOUBLE);
    INSERT INTO people VALUES (1, 'Rye', 'Hull', '2023-05-01', 2.5), (2, 'rye', 'HULL', '2023-12-31', NULL), (3, 'Oat', 'Bath', '2024-01-01', 3.5);";

/// Dialect (none: it is told by a mark), schema with rows, statement, and the rows it returns.
type Example = (Option<Dialect>, &'static str, &'static str, &'static [&'static str]);

const SAME: &[Example] = &[
    // A call that becomes an operator expression keeps its place.
    (Some(MySql), PEOPLE, "SELECT 10 - WEEKDAY(born) FROM people ORDER BY id", &["10", "4", "10"]),
    (Some(MySql), PEOPLE, "SELECT DAYOFWEEK(born) % 3 FROM people ORDER BY id", &["2", "1", "2"]),
    (Some(MySql), PEOPLE, "SELECT -DAYOFWEEK(born) FROM people ORDER BY id", &["-2", "-1", "-2"]),
    (
        Some(MySql),
        PEOPLE,
        "SELECT DATE_SUB(born, INTERVAL WEEKDAY(born) DAY) FROM people ORDER BY id",
        &["2023-05-01", "2023-12-25", "2024-01-01"],
    ),
    (Some(MySql), PEOPLE, "SELECT 2 * (DATEDIFF('2024-01-03', born)) FROM people WHERE id = 3", &["4"]),
    (Some(Sqlite), PEOPLE, "SELECT 2 * JULIANDAY(born) FROM people WHERE id = 3", &["4920621.0"]),
    // Operators that bind otherwise.
    (Some(MySql), PEOPLE, "SELECT id | 4 & 6 FROM people ORDER BY id", &["5", "6", "7"]),
    // One name, two meanings.
    (Some(MySql), PEOPLE, "SELECT ROUND(LOG(id * 10), 3) FROM people WHERE id = 1", &["2.303"]),
    (Some(MySql), PEOPLE, "SELECT ROUND(VARIANCE(id), 4), ROUND(STDDEV(id), 4) FROM people", &["0.6667|0.8165"]),
    (Some(MySql), PEOPLE, "SELECT CAST(pay AS DECIMAL) FROM people WHERE id = 1", &["3"]),
    (Some(MySql), PEOPLE, "SELECT CAST('9.75' AS DECIMAL)", &["10"]),
    (Some(MySql), PEOPLE, "SELECT LENGTH('né'), CHAR_LENGTH('né')", &["3|2"]),
    (Some(MySql), PEOPLE, "SELECT REGEXP_REPLACE('a-b-c', '-', '+')", &["a+b+c"]),
    (Some(MySql), PEOPLE, "SELECT REGEXP_LIKE(name, '^RY') FROM people ORDER BY id", &["t", "t", "f"]),
    (Some(MySql), PEOPLE, "SELECT EXTRACT(WEEK FROM born) FROM people ORDER BY id", &["18", "53", "0"]),
    (Some(MySql), PEOPLE, "SELECT GROUP_CONCAT(id ORDER BY pay DESC) FROM people", &["3,1,2"]),
    (Some(MySql), PEOPLE, "SELECT id FROM people WHERE born > '20230601' ORDER BY id", &["2", "3"]),
    (Some(MySql), PEOPLE, "SELECT id FROM people WHERE born >= 20240101", &["3"]),
    (Some(MySql), PEOPLE, "SELECT id FROM people WHERE born IN ('2023.12.31', '240101') ORDER BY id", &["2", "3"]),
    (Some(MySql), PEOPLE, "SELECT LEFT(name, LOCATE('z', name) - 1) FROM people WHERE id = 3", &[""]),
    (Some(MySql), PEOPLE, "SELECT TRIM(LEADING 'Ry' FROM name) FROM people WHERE id = 1", &["e"]),
    (Some(Sqlite), PEOPLE, "SELECT TOTAL(pay) FROM people WHERE id > 3", &["0"]),
    (Some(Sqlite), PEOPLE, "SELECT TOTAL(id) / 4 FROM people", &["1.5"]),
    (Some(Sqlite), PEOPLE, "SELECT ROUND(pay) FROM people WHERE pay IS NOT NULL ORDER BY id", &["3", "4"]),
    (Some(Sqlite), PEOPLE, "SELECT CAST('2.987' AS DECIMAL(4, 1))", &["2.987"]),
    (Some(Sqlite), PEOPLE, "SELECT DATE('2023-01-31', '+1 month')", &["2023-03-03"]),
    (Some(MySql), PEOPLE, "SELECT ROUND(pay * 2 + 0.25, 1), TRUNCATE(pay, 1) FROM people WHERE id = 1", &["5.2|2.5"]),
    // Texts read as numbers: one rule for a mean, a comparison, a sum and a cast.
    (
        Some(MySql),
        "CREATE TABLE m (k INT PRIMARY KEY, v VARCHAR(9)); INSERT INTO m VALUES (1, '12kg'), (2, 'none'), (3, '6'), (4, NULL);",
        "SELECT AVG(v), SUM(v + 0), SUM(CAST(v AS SIGNED)), SUM(v > 5) FROM m",
        &["6.0|18.0|18|2"],
    ),
    // With regard to case, where that is said.
    (Some(MySql), PEOPLE, "SELECT id FROM people WHERE BINARY town = 'HULL'", &["2"]),
    (Some(MySql), PEOPLE, "SELECT id FROM people WHERE town = BINARY 'Hull'", &["1"]),
    (Some(MySql), PEOPLE, "SELECT id FROM people WHERE CAST(town AS BINARY) = 'HULL'", &["2"]),
    (Some(MySql), PEOPLE, "SELECT id FROM people WHERE town COLLATE utf8mb4_bin = 'HULL'", &["2"]),
    (
        Some(MySql),
        "CREATE TABLE b (t VARCHAR(9) COLLATE utf8mb4_bin); INSERT INTO b VALUES ('x'), ('X');",
        "SELECT t FROM b WHERE t = 'X'",
        &["X"],
    ),
    // And without, where it is not.
    (Some(MySql), PEOPLE, "SELECT id FROM people WHERE town = 'hull' ORDER BY id", &["1", "2"]),
    (Some(MySql), PEOPLE, "SELECT a.id, b.id FROM people a JOIN people b ON a.town = b.town AND a.id < b.id", &["1|2"]),
    (Some(MySql), PEOPLE, "SELECT town, COUNT(*) FROM people GROUP BY town ORDER BY 2 DESC", &["Hull|2", "Bath|1"]),
    (Some(MySql), PEOPLE, "SELECT COUNT(DISTINCT name) FROM people", &["2"]),
    (Some(MySql), PEOPLE, "SELECT DISTINCT town FROM people WHERE id < 3", &["Hull"]),
    (
        Some(MySql),
        PEOPLE,
        "SELECT id FROM people WHERE name IN (SELECT UPPER(name) FROM people WHERE id = 2) ORDER BY id",
        &["1", "2"],
    ),
    (Some(MySql), PEOPLE, "SELECT id FROM people WHERE name BETWEEN 'p' AND 's' ORDER BY id", &["1", "2"]),
    (Some(MySql), PEOPLE, "SELECT id FROM people WHERE INSTR(town, 'UL') > 0 ORDER BY id", &["1", "2"]),
    (
        Some(MySql),
        PEOPLE,
        "SELECT CASE name WHEN 'RYE' THEN 'grain' ELSE 'other' END FROM people ORDER BY id",
        &["grain", "grain", "other"],
    ),
    (
        Some(MySql),
        "CREATE TABLE o (id INT, t VARCHAR(9)); INSERT INTO o VALUES (1, 'b'), (2, 'A'), (3, 'C'), (4, 'a');",
        "SELECT id FROM o WHERE id < 4 ORDER BY t",
        &["2", "1", "3"],
    ),
    (
        Some(Sqlite),
        "CREATE TABLE n (id INT, t TEXT COLLATE NOCASE); INSERT INTO n VALUES (1, 'ab'), (2, 'AB');",
        "SELECT COUNT(*) FROM n WHERE t = 'Ab'",
        &["2"],
    ),
    // Paths into JSON.
    (
        Some(MySql),
        "CREATE TABLE d (id INT, doc JSON); INSERT INTO d VALUES (1, '{\"a\": {\"b\": [7, \"x\"]}, \"n\": 5}');",
        "SELECT doc->>'$.a.b[1]', doc->'$.n', JSON_EXTRACT(doc, '$.a.b[0]'), JSON_UNQUOTE(JSON_EXTRACT(doc, '$.a.b[1]')) FROM d WHERE doc->'$.n' = 5 AND JSON_EXTRACT(doc, '$.n') > 4",
        &["x|5|7|x"],
    ),
    (
        Some(Sqlite),
        "CREATE TABLE d (id INT, doc TEXT); INSERT INTO d VALUES (1, '{\"a\": \"x\", \"n\": 5}');",
        "SELECT json_extract(doc, '$.a'), doc->>'$.n' FROM d WHERE json_extract(doc, '$.n') > 4",
        &["x|5"],
    ),
    // An ENUM sorts by its members and counts by their number.
    (
        Some(MySql),
        "CREATE TABLE e (id INT, size ENUM('small', 'medium', 'large')); INSERT INTO e VALUES (1, 'large'), (2, 'small'), (3, 'medium');",
        "SELECT id, size + 0 FROM e WHERE size >= 1 ORDER BY size",
        &["2|1", "3|2", "1|3"],
    ),
    // A column of the query around is one value within.
    (
        Some(Sqlite),
        PEOPLE,
        "SELECT id FROM people AS p WHERE town IN (SELECT p.town FROM people AS q GROUP BY q.pay HAVING COUNT(*) > 0) ORDER BY id",
        &["1", "2", "3"],
    ),
    // What a query in FROM gives out depends on the keys within it.
    (
        Some(Sqlite),
        PEOPLE,
        "WITH w AS (SELECT id, name FROM people) SELECT name, COUNT(*) FROM w GROUP BY id ORDER BY id",
        &["Rye|1", "rye|1", "Oat|1"],
    ),
    (
        Some(MySql),
        "CREATE TABLE r (g INT, n INT); INSERT INTO r VALUES (1, 2), (1, 3), (2, 4);",
        "SELECT g, SUM(n) FROM r GROUP BY g WITH ROLLUP HAVING SUM(n) > 4 ORDER BY SUM(n)",
        &["1|5", "NULL|9"],
    ),
    // One mark, and the whole is read so.
    (
        None,
        "CREATE TABLE t (name TEXT, n INT); INSERT INTO t VALUES ('Alto', 1), ('halt', NULL);",
        "SELECT name FROM t WHERE name LIKE \"%AL%\" ORDER BY n",
        &["halt", "Alto"],
    ),
    (
        None,
        "CREATE TABLE t (name TEXT, d DATE); INSERT INTO t VALUES ('Alto', '2024-05-01');",
        "SELECT name FROM t WHERE name LIKE 'al%' AND d > DATE('2024-05-31', '-1 month')",
        &[],
    ),
    (
        None,
        "CREATE TABLE t (a INT, b INT); INSERT INTO t VALUES (7, 2);",
        "SELECT a / b FROM t WHERE IFNULL(a, 0) > 1 AND a <=> 7",
        &["3.5"],
    ),
];

/// What is refused, by its code and a part of the reason.
const REFUSED: &[(Option<Dialect>, &str, &str, &str, &str)] = &[
    (None, "CREATE TABLE t (a INT)", "SELECT TOP 2 a FROM t ORDER BY a DESC", "untranslated-dialect", "SQL Server"),
    (None, "CREATE TABLE t (a INT)", "SELECT a FROM t WHERE ROWNUM < 3", "untranslated-dialect", "Oracle"),
    (None, "CREATE TABLE t (a INT)", "SELECT SAFE_DIVIDE(a, 2) FROM t", "untranslated-dialect", "BigQuery"),
    (None, "CREATE TABLE t (a INT)", "SELECT IFF(a > 1, 1, 2) FROM t", "untranslated-dialect", "Snowflake"),
    (
        None,
        "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, d DATE)",
        "SELECT DATE_FORMAT(d, '%Y') FROM t",
        "mixed-dialects",
        "AUTOINCREMENT",
    ),
    (Some(MySql), "CREATE TABLE d (doc JSON)", "SELECT doc->'$.a[*].b' FROM d", "json-path", "several values"),
    (Some(Sqlite), PEOPLE, "SELECT RANDOM() % 7 FROM people", "other-meaning", "64 bits"),
    (Some(MySql), PEOPLE, "SELECT town, born FROM people GROUP BY town", "incomplete-group-by", "`born`"),
    (
        Some(Sqlite),
        "CREATE TABLE w (id INT PRIMARY KEY, who TEXT, n INT); INSERT INTO w VALUES (1, 'a', 1), (2, 'a', 2), (3, 'b', 5);",
        "SELECT who, n FROM w GROUP BY who ORDER BY COUNT(*) DESC LIMIT 1",
        "incomplete-group-by",
        "`n`",
    ),
];

fn run(database: &mut Database, done: &Translated) -> Vec<String> {
    match database.ask(&done.schema, &done.sql, Around::default(), 5_000).unwrap().0 {
        Proof::Ran(ran) => {
            let row = |row: &Vec<Option<String>>| {
                row.iter().map(|v| v.as_deref().map_or_else(|| "NULL".to_owned(), plain)).collect::<Vec<_>>().join("|")
            };
            ran.rows.iter().map(row).collect()
        }
        refused => vec![format!("{refused:?}")],
    }
}

/// Numbers without the zeros that say nothing.
fn plain(value: &str) -> String {
    match value.parse::<f64>() {
        Ok(number) => format!("{:.4}", number).trim_end_matches('0').trim_end_matches('.').to_owned(),
        Err(_) => value.to_owned(),
    }
}

#[test]
fn what_a_statement_means_it_means_afterwards() {
    let mut database = Database::open(&Settings::default()).unwrap();
    let mut wrong = Vec::new();
    for (dialect, schema, sql, expected) in SAME {
        let expected: Vec<String> =
            expected.iter().map(|row| row.split('|').map(plain).collect::<Vec<_>>().join("|")).collect();
        match translate(schema, sql, *dialect) {
            Ok(done) => {
                let found = run(&mut database, &done);
                if found != expected {
                    wrong.push(format!("{sql}\n  {}\n  wanted {expected:?}\n  found  {found:?}", done.sql));
                }
            }
            Err(error) => wrong.push(format!("{sql}\n  {error:?}")),
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), SAME.len(), wrong.join("\n"));
}

#[test]
fn what_cannot_be_said_is_refused_for_a_true_reason() {
    check_all(REFUSED, |(dialect, schema, sql, code, why)| {
        let error = translate(schema, sql, *dialect).map(|done| done.sql).unwrap_err();
        assert_eq!(error.code, *code, "{sql}: {}", error.why);
        assert!(error.why.contains(why), "{sql}: {}", error.why);
    });
}

#[test]
fn a_comparison_that_may_pass_over_case_bears_a_note() {
    let schema = "CREATE TABLE t (id INT PRIMARY KEY, name VARCHAR(9))";
    check_all(
        [
            "SELECT id FROM t WHERE name = 'Rye'",
            "SELECT name, COUNT(*) FROM t GROUP BY name",
            "SELECT DISTINCT name FROM t",
            "SELECT id FROM t ORDER BY name",
            "SELECT MAX(name) FROM t",
            "SELECT name, COUNT(*) FROM t GROUP BY name WITH ROLLUP",
            "SELECT name FROM t UNION SELECT 'x'",
        ],
        |sql| {
            let done = translate(schema, sql, Some(MySql)).unwrap();
            assert_eq!(done.notes.len(), 1, "{sql}: {:?}", done.notes);
            assert_eq!(done.notes[0].rule, "case-in-comparison");
        },
    );
    for sql in ["SELECT id FROM t WHERE name = '2024'", "SELECT id FROM t WHERE id = 3 ORDER BY id"] {
        assert!(translate(schema, sql, Some(MySql)).unwrap().notes.is_empty(), "{sql}");
    }
}

#[test]
fn the_mark_by_which_a_dialect_was_known_is_told() {
    let of = |schema: &str, sql: &str| {
        let done = translate(schema, sql, None).unwrap();
        (done.dialect, done.mark)
    };
    assert_eq!(of("CREATE TABLE t (a INT)", "SELECT a FROM t"), (Dialect::Postgres, None));
    let (dialect, mark) = of("CREATE TABLE t (a INT)", "SELECT a FROM t WHERE a == 3");
    assert_eq!((dialect, mark.as_deref()), (Sqlite, Some("==")));
    let (dialect, mark) = of("CREATE TABLE t (a INT) ENGINE=InnoDB", "SELECT a FROM t");
    assert_eq!((dialect, mark.as_deref()), (MySql, Some("ENGINE =")));
}
