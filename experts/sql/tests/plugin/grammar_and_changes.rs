//! What MySQL and SQLite read otherwise than PostgreSQL (operators, comments, collations, windows), and
//! what their UPDATE and DELETE leave behind: the rows that each statement returns, or leaves in its
//! table, in its own database (MariaDB 10.11, and MySQL's manual where that has other grammar; SQLite
//! 3.40), and that the translation's are the same.

use expert_sql::Dialect;
use expert_sql::dialect::translate;
use expert_sql::execute::{Around, Database, Proof, Ran, Settings};
use hive_tests::check_all;

use Dialect::{MySql, Sqlite};

const ITEMS: &str = "CREATE TABLE item (id INT PRIMARY KEY, name VARCHAR(9), tag VARCHAR(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, n INT, live TINYINT(1));
    INSERT INTO item VALUES (1, 'Oak', 'A', 7, 1), (2, 'oak', 'a', NULL, 0), (3, 'Elm', 'b', 10, 1), (4, 'ash', NULL, 0, NULL);";

const LITE: &str = "CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT, n INTEGER, doc TEXT);
    INSERT INTO item VALUES (1, 'Oak', 7, '{\"a\": 5}'), (2, 'oak', NULL, '{\"a\": 10}'), (3, 'Elm', 10, NULL);
    CREATE TABLE pick (id INTEGER); INSERT INTO pick VALUES (1), (3);";

const RETURNED: &[(Dialect, &str, &str, &[&str])] = &[
    // A path's values are what the rows show, numbers here.
    (Sqlite, LITE, "SELECT id FROM item WHERE doc IS NOT NULL ORDER BY doc->>'a'", &["1", "2"]),
    // How tightly operators bind.
    (MySql, ITEMS, "SELECT n ^ 2 * 3, 1 + n ^ 1 FROM item WHERE id = 1", &["15|7"]),
    (
        MySql,
        ITEMS,
        "SELECT !live + 1, !n IS NULL, -!live FROM item ORDER BY id",
        &["1|f|0", "2|t|-1", "1|f|0", "NULL|f|NULL"],
    ),
    (MySql, ITEMS, "SELECT 6 & 3 << 1, 1 | 6 & 3", &["6|3"]),
    (
        MySql,
        ITEMS,
        "SELECT id, n = 7 IS NULL, name LIKE 'o%' = 1 FROM item WHERE id < 3 ORDER BY id",
        &["1|f|t", "2|t|t"],
    ),
    (Sqlite, LITE, "SELECT doc->>'a' || 'b', n || 2 * 3 FROM item WHERE id = 1", &["5b|216"]),
    (Sqlite, LITE, "SELECT doc->>'$.a' + 1 FROM item WHERE doc->>'$.a' > 7", &["11"]),
    (Sqlite, LITE, "SELECT 7 & 3 << 1, 1 < 2 = 1", &["6|t"]),
    (Sqlite, LITE, "SELECT n ISNULL, n NOTNULL, n NOT NULL FROM item WHERE n ISNULL", &["t|f|f"]),
    (Sqlite, LITE, "SELECT id FROM item NOT INDEXED WHERE id IN pick ORDER BY rowid", &["1", "3"]),
    (Sqlite, LITE, "SELECT item.id FROM item CROSS JOIN pick ON item.id = pick.id ORDER BY 1", &["1", "3"]),
    // Comments, and texts with a backslash.
    (MySql, ITEMS, "SELECT id # n\nFROM item WHERE id = 3", &["3"]),
    (MySql, ITEMS, "SELECT id /*! , n */ FROM item WHERE id = 3", &["3|10"]),
    (MySql, ITEMS, r"SELECT CHAR_LENGTH('a\nb'), 'it\'s'", &["3|it's"]),
    // Where NULL sorts.
    (MySql, ITEMS, "SELECT n FROM item UNION ALL SELECT 3 ORDER BY 1 DESC LIMIT 2", &["10", "7"]),
    (Sqlite, LITE, "SELECT n AS m FROM item UNION SELECT 3 ORDER BY m LIMIT 2", &["NULL", "3"]),
    (
        MySql,
        ITEMS,
        "SELECT id, ROW_NUMBER() OVER w FROM item WINDOW w AS (ORDER BY n) ORDER BY id",
        &["1|3", "2|1", "3|4", "4|2"],
    ),
    (
        MySql,
        ITEMS,
        "SELECT id, COUNT(*) OVER w FROM item WINDOW w AS (PARTITION BY name) ORDER BY id",
        &["1|2", "2|2", "3|1", "4|1"],
    ),
    (Sqlite, LITE, "SELECT name FROM item UNION SELECT 'fir' ORDER BY name COLLATE NOCASE LIMIT 2", &["Elm", "fir"]),
    // Distinct texts and numbers as one text.
    (MySql, ITEMS, "SELECT GROUP_CONCAT(DISTINCT name ORDER BY name DESC SEPARATOR ';') FROM item", &["Oak;Elm;ash"]),
    (MySql, ITEMS, "SELECT GROUP_CONCAT(DISTINCT UPPER(name) ORDER BY name) FROM item", &["ASH,ELM,OAK"]),
    (MySql, ITEMS, "SELECT GROUP_CONCAT(DISTINCT n ORDER BY n) FROM item", &["0,7,10"]),
    (
        MySql,
        "CREATE TABLE e (id INT, size ENUM('small', 'medium', 'large')); INSERT INTO e VALUES (1, 'large'), (2, 'small'), (3, 'medium');",
        "SELECT GROUP_CONCAT(DISTINCT size ORDER BY size) FROM e",
        &["small,medium,large"],
    ),
    (
        MySql,
        "CREATE TABLE e (id INT, size ENUM('small', 'medium', 'large')); INSERT INTO e VALUES (1, 'large'), (2, 'small'), (3, 'medium');",
        "WITH c AS (SELECT DISTINCT size AS s FROM e ORDER BY size) SELECT s FROM c ORDER BY s DESC",
        &["large", "medium", "small"],
    ),
    // With regard to case.
    (MySql, ITEMS, "SELECT id FROM item WHERE tag = 'a' OR tag LIKE 'A'", &["1", "2"]),
    (MySql, ITEMS, "SELECT id FROM item WHERE tag LIKE 'a%'", &["2"]),
    (MySql, ITEMS, "SELECT id FROM item WHERE tag LIKE 'x!a' ESCAPE '!' OR tag REGEXP '^A'", &["1"]),
    (MySql, ITEMS, "SELECT id FROM item WHERE tag LIKE 'A' COLLATE utf8mb4_general_ci ORDER BY id", &["1", "2"]),
    (
        MySql,
        ITEMS,
        "SELECT id FROM item WHERE name IS NOT NULL ORDER BY name COLLATE utf8mb4_bin",
        &["3", "1", "4", "2"],
    ),
    (MySql, ITEMS, "SELECT id FROM item ORDER BY BINARY name", &["3", "1", "4", "2"]),
    (
        MySql,
        "CREATE TABLE b (t VARCHAR(9), h VARBINARY(9)) COLLATE utf8mb4_bin; INSERT INTO b VALUES ('x', 'x'), ('X', 'X');",
        "SELECT t FROM b WHERE t LIKE 'X' AND h LIKE 'X%'",
        &["X"],
    ),
    (
        MySql,
        "CREATE TABLE d (id INT, doc JSON); INSERT INTO d VALUES (1, '{\"n\": \"Tom\"}'), (2, '{\"n\": \"tom\"}');",
        "SELECT id FROM d WHERE doc->>'$.n' LIKE 't%' AND JSON_EXTRACT(doc, '$.n') LIKE '%t%' AND doc->>'$.n' REGEXP '^t'",
        &["2"],
    ),
    // And without.
    (MySql, ITEMS, "SELECT id FROM item WHERE CONVERT(name USING utf8mb4) = 'OAK' ORDER BY id", &["1", "2"]),
    (MySql, ITEMS, "SELECT id FROM item WHERE MID(name, 1, 1) = 'O' AND LEFT(name, 2) = 'oa' ORDER BY id", &["1", "2"]),
    (MySql, ITEMS, "SELECT id FROM item WHERE IF(live, name, 'OAK') = 'oak' ORDER BY id", &["1", "2", "4"]),
    (MySql, ITEMS, "SELECT id FROM item WHERE name = ANY (SELECT 'OAK') ORDER BY id", &["1", "2"]),
    (MySql, ITEMS, "SELECT id FROM item WHERE (name, id) IN (('OAK', 2), ('x', 1))", &["2"]),
    (MySql, ITEMS, "SELECT id FROM item WHERE (name, id) = ('OAK', 2)", &["2"]),
    (MySql, ITEMS, "SELECT id FROM item WHERE ROW(name, id) IN (SELECT 'OAK', 1)", &["1"]),
    (MySql, ITEMS, "SELECT name AS g, COUNT(*) FROM item GROUP BY g HAVING g = 'OAK'", &["Oak|2"]),
    (MySql, ITEMS, "SELECT UPPER(name), COUNT(*) FROM item GROUP BY name ORDER BY 1", &["ASH|1", "ELM|1", "OAK|2"]),
    (MySql, ITEMS, "SELECT COUNT(DISTINCT live, name) FROM item WHERE id < 4", &["3"]),
    (MySql, ITEMS, "SELECT live, MAX(n) AS n FROM item GROUP BY live HAVING n > 1", &["t|10"]),
    // Weeks, spans, texts.
    (MySql, ITEMS, "SELECT WEEK('2012-01-01', 6), WEEK('2011-01-01', 6), WEEK('2015-12-31', 4)", &["1|52|52"]),
    (MySql, ITEMS, "SELECT ADDTIME('23:00:00', '02:00:00'), SUBTIME('01:00:00', '02:00:00')", &["25:00:00|-01:00:00"]),
    (MySql, ITEMS, "SELECT INSERT('abc', 9, 1, 'Z'), INSERT('abc', 2, 1, 'Z'), FORMAT(2.5e0, 0)", &["abc|aZc|2"]),
    (MySql, ITEMS, "SELECT DATE_FORMAT('2024-03-01', '%Y \"q\" %m')", &["2024 \"q\" 03"]),
    (MySql, ITEMS, "SELECT DATE_ADD('2024-03-01 00:00:00', INTERVAL '1:30' HOUR_MINUTE)", &["2024-03-01 01:30:00"]),
    (MySql, ITEMS, "SELECT DATE_ADD('2024-03-01', INTERVAL '1-2' YEAR_MONTH)", &["2025-05-01"]),
    (
        MySql,
        "CREATE TABLE c (t CHAR(4)); INSERT INTO c VALUES ('a ');",
        "SELECT CONCAT(t, 'x') FROM c WHERE t = 'a'",
        &["ax"],
    ),
    (
        MySql,
        "CREATE TABLE t (v VARCHAR(4)); INSERT INTO t VALUES ('ab'), ('c'); CREATE VIEW w AS SELECT v FROM t WHERE v LIKE 'A%';",
        "SELECT v FROM w",
        &["ab"],
    ),
    // Bits of what is not negative.
    (MySql, ITEMS, "SELECT n & ~1, n ^ 1, n << 40 FROM item WHERE id = 1", &["6|6|7696581394432"]),
];

const ACCOUNTS: &str = "CREATE TABLE acc (id INT PRIMARY KEY, name VARCHAR(9) UNIQUE, bal INT, half VARCHAR(9));
    INSERT INTO acc VALUES (1, 'ann', 10, NULL), (2, 'bob', NULL, NULL), (3, 'cat', -5, NULL);
    CREATE TABLE pay (aid INT, amt INT); INSERT INTO pay VALUES (1, 5), (3, 2), (9, 1);";

/// Statement, and what is then in `acc` (id and bal) and in `pay`.
const LEFT_BEHIND: &[(Dialect, &str, &[&str], &[&str])] = &[
    (
        MySql,
        "DELETE a FROM acc a LEFT JOIN pay p ON a.id = p.aid WHERE p.aid IS NULL",
        &["1|10", "3|-5"],
        &["1|5", "3|2", "9|1"],
    ),
    (
        MySql,
        "DELETE p.* FROM pay p LEFT JOIN acc a ON a.id = p.aid WHERE a.id IS NULL",
        &["1|10", "2|NULL", "3|-5"],
        &["1|5", "3|2"],
    ),
    (
        MySql,
        "DELETE FROM p USING acc a JOIN pay p ON a.id = p.aid WHERE a.bal > 0",
        &["1|10", "2|NULL", "3|-5"],
        &["3|2", "9|1"],
    ),
    (
        MySql,
        "UPDATE acc a LEFT JOIN pay p ON a.id = p.aid SET a.bal = IFNULL(p.amt, -1), half = 'k' WHERE a.id < 3",
        &["1|5", "2|-1", "3|-5"],
        &["1|5", "3|2", "9|1"],
    ),
    (
        MySql,
        "UPDATE acc a JOIN pay p ON a.id = p.aid SET p.amt = a.bal WHERE p.amt > 2",
        &["1|10", "2|NULL", "3|-5"],
        &["1|10", "3|2", "9|1"],
    ),
    (MySql, "UPDATE acc, pay SET bal = amt WHERE acc.id = pay.aid", &["1|5", "2|NULL", "3|2"], &["1|5", "3|2", "9|1"]),
    (MySql, "UPDATE IGNORE acc SET bal = 3 WHERE id = 2", &["1|10", "2|3", "3|-5"], &["1|5", "3|2", "9|1"]),
    // One column after the other.
    (
        MySql,
        "UPDATE acc SET bal = bal * 2, id = id + bal WHERE id = 1",
        &["2|NULL", "3|-5", "21|20"],
        &["1|5", "3|2", "9|1"],
    ),
    (Sqlite, "UPDATE OR IGNORE acc SET bal = 3 WHERE id = 2", &["1|10", "2|3", "3|-5"], &["1|5", "3|2", "9|1"]),
];

const REFUSED: &[(Dialect, &str, &str, &str, &str)] = &[
    (MySql, ACCOUNTS, "DELETE a, p FROM acc a JOIN pay p ON a.id = p.aid", "several-tables-changed", "`a`, `p`"),
    (
        MySql,
        ACCOUNTS,
        "UPDATE acc a JOIN pay p ON a.id = p.aid SET a.bal = 1, p.amt = 2",
        "several-tables-changed",
        "one table",
    ),
    (MySql, ACCOUNTS, "UPDATE IGNORE acc SET name = 'bob' WHERE id = 1", "update-passing-over", "`name`"),
    (
        MySql,
        ACCOUNTS,
        "UPDATE acc SET half = 'x', name = CONCAT(half, name), half = bal, bal = half",
        "order-of-assignments",
        "`half`",
    ),
    (MySql, ACCOUNTS, "INSERT IGNORE INTO acc (id, name) VALUES (7, 'ANN')", "case-in-key", "'ANN'"),
    (MySql, ACCOUNTS, "SELECT bal ^ 1 FROM acc", "other-meaning", "negative"),
    (MySql, ACCOUNTS, "SELECT bal FROM acc WHERE bal << 1 > 10", "other-meaning", "negative"),
    (MySql, ACCOUNTS, "SELECT CAST(-5 AS UNSIGNED)", "other-meaning", "UNSIGNED"),
    (MySql, ACCOUNTS, "SELECT id FROM acc WHERE name SOUNDS LIKE 'an'", "other-meaning", "SOUNDEX"),
    (MySql, ITEMS, "SELECT GREATEST(name, 'b') FROM item", "other-meaning", "without regard to case"),
    (MySql, ITEMS, "SELECT GROUP_CONCAT(DISTINCT name ORDER BY id) FROM item", "order-of-distinct", "id"),
    (MySql, ITEMS, "SELECT name FROM item UNION SELECT 'OAK'", "case-in-set", "name"),
    (
        MySql,
        "CREATE TABLE a (k VARCHAR(9), x INT); INSERT INTO a VALUES ('Hull', 1); CREATE TABLE b (k VARCHAR(9), y INT); INSERT INTO b VALUES ('HULL', 2);",
        "SELECT x, y FROM a JOIN b USING (k)",
        "case-in-join",
        "`k`",
    ),
    (MySql, "CREATE TABLE s (f SET('a', 'b'))", "SELECT f + 0 FROM s", "other-meaning", "SET"),
    (Sqlite, LITE, "SELECT rowid FROM pick", "rowid", "`pick`"),
    (Sqlite, LITE, "UPDATE item SET n = 2.5 WHERE id = 1", "other-meaning", "2.5"),
    (Sqlite, LITE, "INSERT INTO item (id, n) VALUES (9, 2.5)", "other-meaning", "2.5"),
];

/// Dialect, schema, statement, and the rule that notes or interprets.
const NOTED: &[(Dialect, &str, &str, &str)] = &[
    (
        MySql,
        "CREATE TABLE t (id INT, a VARCHAR(9))",
        "SELECT id, RANK() OVER w FROM t WINDOW w AS (ORDER BY a)",
        "case-in-comparison",
    ),
    (
        MySql,
        "CREATE TABLE t (id INT, a VARCHAR(9))",
        "SELECT a FROM t UNION ALL SELECT 'x' ORDER BY a",
        "case-in-comparison",
    ),
    (
        MySql,
        "CREATE TABLE t (a VARCHAR(9)); CREATE TABLE u (a VARCHAR(9))",
        "SELECT a FROM t NATURAL JOIN u",
        "case-in-comparison",
    ),
    (MySql, "CREATE TABLE s (f SET('a', 'b'))", "SELECT f FROM s ORDER BY f", "set-order"),
    (Sqlite, LITE, "UPDATE item SET n = n * 1.1 WHERE id = 1", "fraction-in-whole-column"),
    (Sqlite, "CREATE TABLE item (id INTEGER, doc TEXT)", "SELECT id FROM item ORDER BY doc->>'a'", "order-of-json"),
    (MySql, ITEMS, "SELECT name || 'x' FROM item", "pipes-join-texts"),
];

fn rows(ran: &Ran) -> Vec<String> {
    let row = |row: &Vec<Option<String>>| {
        row.iter().map(|v| v.as_deref().map_or_else(|| "NULL".to_owned(), plain)).collect::<Vec<_>>().join("|")
    };
    ran.rows.iter().map(row).collect()
}

/// Numbers without the zeros that say nothing.
fn plain(value: &str) -> String {
    match value.parse::<f64>() {
        Ok(number) => number.to_string(),
        Err(_) => value.to_owned(),
    }
}

#[test]
fn what_is_read_otherwise_returns_the_same_rows() {
    let mut database = Database::open(&Settings::default()).unwrap();
    let mut wrong = Vec::new();
    for (dialect, schema, sql, expected) in RETURNED {
        let done = match translate(schema, sql, Some(*dialect)) {
            Ok(done) => done,
            Err(error) => {
                wrong.push(format!("{sql}\n  {error:?}"));
                continue;
            }
        };
        let found = match database.ask(&done.schema, &done.sql, Around::default(), 5_000).unwrap().0 {
            Proof::Ran(ran) => rows(&ran),
            other => vec![format!("{other:?}")],
        };
        if found != *expected {
            wrong.push(format!("{sql}\n  {}\n  wanted {expected:?}\n  found  {found:?}", done.sql));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), RETURNED.len(), wrong.join("\n"));
}

#[test]
fn what_changes_rows_leaves_the_same_behind() {
    let mut database = Database::open(&Settings::default()).unwrap();
    let queries =
        ["SELECT id, bal FROM acc ORDER BY id".to_owned(), "SELECT aid, amt FROM pay ORDER BY aid".to_owned()];
    let mut wrong = Vec::new();
    for (dialect, sql, accounts, payments) in LEFT_BEHIND {
        let done = translate(ACCOUNTS, sql, Some(*dialect)).unwrap();
        let around = Around { behind: &queries, ..Around::default() };
        let (proof, behind) = database.ask(&done.schema, &done.sql, around, 5_000).unwrap();
        let found: Vec<Vec<String>> = behind.iter().map(rows).collect();
        if found != [accounts.to_vec(), payments.to_vec()] {
            wrong.push(format!("{sql}\n  {}\n  {proof:?}\n  found  {found:?}", done.sql));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_has_no_counterpart_is_refused_for_a_true_reason() {
    check_all(REFUSED, |(dialect, schema, sql, code, why)| {
        let error = translate(schema, sql, Some(*dialect)).map(|done| done.sql).unwrap_err();
        assert_eq!(error.code, *code, "{sql}: {}", error.why);
        assert!(error.why.contains(why), "{sql}: {}", error.why);
    });
}

#[test]
fn what_may_differ_on_other_rows_is_told() {
    check_all(NOTED, |(dialect, schema, sql, rule)| {
        let done = translate(schema, sql, Some(*dialect)).unwrap();
        let told = done.notes.iter().map(|note| note.rule).chain(done.interprets).collect::<Vec<_>>();
        assert!(told.contains(rule), "{sql}: {told:?}");
    });
}
