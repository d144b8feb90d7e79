//! Grades of answers that are executed beside the gold.

use hive_tests::check_all;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use hive_sdk::{EvalPrompt, Grade, Manifest, Record};

use crate::plugin;

const SHOP: &str = "CREATE TABLE customers (customer_id INT PRIMARY KEY, name TEXT, city TEXT);\n\
     CREATE TABLE orders (order_id INT PRIMARY KEY, customer_id INT REFERENCES customers, total NUMERIC, placed DATE);";

const ROWS: &str = "INSERT INTO customers VALUES (1, 'Ann', 'Rome'), (2, 'Bo', 'Oslo'), (3, 'Cy', NULL);\n\
     INSERT INTO orders VALUES (1, 1, 9.5, '2024-01-05'), (2, 1, 3, '2024-02-01'), (3, 2, 3, '2024-02-01'), (4, NULL, 1, NULL);";

fn prompt(gold: &str) -> Record {
    Record::from_pairs([("question", "q"), ("schema", SHOP), ("inserts", ROWS), ("sql", gold)])
}

fn examined(gold: &str, completion: &str) -> Grade {
    plugin().examine(&prompt(gold), &[], completion).unwrap_or_else(|e| panic!("{gold}: {e}"))
}

fn codes(grade: &Grade) -> Vec<&str> {
    grade.findings.iter().map(|f| f.code.as_str()).collect()
}

#[test]
fn what_returns_the_same_rows_is_right_however_it_is_written() {
    check_all(
        [
            (
                "SELECT customers.name, COUNT(orders.order_id) FROM customers LEFT JOIN orders ON customers.customer_id = orders.customer_id GROUP BY customers.customer_id, customers.name",
                "SELECT (SELECT COUNT(*) FROM orders o WHERE o.customer_id = c.customer_id) AS n, c.name FROM customers c",
            ),
            ("SELECT AVG(total) FROM orders", "SELECT SUM(total)::float8 / COUNT(total) FROM orders"),
            ("SELECT DISTINCT total FROM orders", "SELECT total FROM orders GROUP BY total"),
            ("SELECT name FROM customers ORDER BY name DESC", "SELECT name FROM customers ORDER BY 1 DESC;"),
            ("SELECT DATE_TRUNC('month', placed) FROM orders", "SELECT DATE_TRUNC('month', placed)::date FROM orders"),
            ("DELETE FROM orders WHERE total < 2", "DELETE FROM orders WHERE NOT total >= 2"),
            (
                "UPDATE customers SET city = 'Bonn' WHERE city IS NULL",
                "UPDATE customers SET city = COALESCE(city, 'Bonn')",
            ),
            (
                "INSERT INTO customers VALUES (9, 'Di', NULL)",
                "INSERT INTO customers (name, customer_id) VALUES ('Di', 9)",
            ),
        ],
        |(gold, completion)| {
            let grade = examined(gold, completion);
            assert_eq!(grade.score, 1.0, "{completion}: {grade:?}");
            assert!(grade.checks["right-rows"] && grade.checks["executes"]);
        },
    );
}

#[test]
fn what_is_right_on_the_prompts_own_rows_by_chance_is_wrong() {
    check_all(
        [
            // No order has a total of exactly 3.5, no two customers the same name, no city is lower case.
            ("SELECT order_id FROM orders WHERE total > 3.5", "SELECT order_id FROM orders WHERE total >= 3.5"),
            ("SELECT name FROM customers", "SELECT DISTINCT name FROM customers"),
            ("SELECT name FROM customers WHERE city = 'Rome'", "SELECT name FROM customers WHERE city ILIKE 'rome'"),
            ("SELECT MAX(total) FROM orders", "SELECT total FROM orders ORDER BY total DESC LIMIT 1"),
        ],
        |(gold, completion)| {
            let grade = examined(gold, completion);
            assert_eq!(grade.score, 0.0, "{completion}");
            let message = &grade.findings.iter().find(|f| f.code == "wrong-rows").unwrap().message;
            assert!(message.starts_with("on random database"), "{completion}: {message}");
            assert!(grade.checks["executes"] && !grade.checks["right-rows"]);
        },
    );
}

#[test]
fn what_differs_is_shown() {
    let grade =
        examined("SELECT name FROM customers WHERE city = 'Rome'", "SELECT name FROM customers WHERE city <> 'Rome'");
    assert_eq!(
        grade.evidence.as_deref(),
        Some("on the prompt's own rows: expected 1 row, got 1\nmissing: ('Ann')\nnot expected: ('Bo')")
    );
    let grade = examined("DELETE FROM orders WHERE order_id = 4", "DELETE FROM orders WHERE order_id >= 3");
    let evidence = grade.evidence.unwrap();
    assert!(evidence.starts_with("on the prompt's own rows: in table orders: expected 3 rows, got 2"), "{evidence}");
    let grade = examined("SELECT name FROM customers ORDER BY name", "SELECT name FROM customers ORDER BY name DESC");
    assert!(grade.evidence.unwrap().contains("in another order"));
    assert_eq!(examined("SELECT name FROM customers", "DELETE FROM customers").score, 0.0);
}

#[test]
fn an_answer_that_changes_rows_is_wrong_where_the_gold_only_asks() {
    for completion in [
        "DELETE FROM customers RETURNING name",
        "WITH gone AS (DELETE FROM customers RETURNING name) SELECT name FROM gone",
    ] {
        let grade = examined("SELECT name FROM customers", completion);
        assert_eq!(grade.score, 0.0, "{completion}");
        assert!(codes(&grade).contains(&"destructive-statement"), "{completion}: {grade:?}");
    }
}

#[test]
fn changes_are_told_by_the_tables_that_they_leave() {
    let gold = "WITH o AS (SELECT customer_id FROM orders WHERE total > 5) \
                UPDATE customers SET city = 'X' WHERE customer_id IN (SELECT customer_id FROM o)";
    assert_eq!(examined(gold, gold).score, 1.0);
    assert_eq!(examined(gold, "DELETE FROM orders").score, 0.0);
    // A key with a sequence, which no rollback resets.
    let notes = Record::from_pairs([
        ("question", "q"),
        ("schema", "CREATE TABLE notes (note_id SERIAL PRIMARY KEY, body TEXT);"),
        ("inserts", "INSERT INTO notes (body) VALUES ('a'), ('b');"),
        ("sql", "INSERT INTO notes (body) VALUES ('c')"),
    ]);
    let score = |completion: &str| plugin().examine(&notes, &[], completion).unwrap().score;
    assert_eq!(score("INSERT INTO notes (body) VALUES ('c')"), 1.0);
    assert_eq!(score("INSERT INTO notes (body) SELECT 'c'"), 1.0);
    assert_eq!(score("INSERT INTO notes (body) VALUES ('d')"), 0.0);
}

#[test]
fn an_order_counts_in_spite_of_ties() {
    let gold = "SELECT total, order_id FROM orders ORDER BY total";
    assert_eq!(examined(gold, "SELECT total, order_id FROM orders ORDER BY total, order_id DESC").score, 1.0);
    assert_eq!(examined(gold, "SELECT total, order_id FROM orders ORDER BY total DESC").score, 0.0);
    assert_eq!(examined(gold, "SELECT total, order_id FROM orders ORDER BY order_id").score, 0.0);
}

#[test]
fn conditions_that_must_meet_in_one_row_are_told_without_rows_of_the_prompt() {
    let prompt = Record::from_pairs([
        ("question", "q"),
        ("schema", "CREATE TABLE t (a TEXT, b TEXT, n INT, day TEXT)"),
        ("sql", "SELECT a FROM t WHERE b = 'y' AND n = 7 AND day >= '2024-02-01'"),
    ]);
    let score = |completion: &str| plugin().examine(&prompt, &[], completion).unwrap().score;
    assert_eq!(score("SELECT t.a FROM t WHERE day >= '2024-02-01' AND n = 7 AND b = 'y'"), 1.0);
    check_all(
        [
            "SELECT a FROM t WHERE 1 = 0",
            "SELECT a FROM t WHERE b = 'y' AND n = 7",
            "SELECT a FROM t WHERE b = 'y' AND n = 7 AND day > '2024-02-01'",
            "SELECT a FROM t WHERE b = 'y' AND n >= 7 AND day >= '2024-02-01'",
        ],
        |completion| {
            assert_eq!(score(completion), 0.0, "{completion}");
        },
    );
}

#[test]
fn bad_answers_are_findings() {
    let gold = "SELECT name FROM customers";
    check_all(
        [
            ("SELECT name FROM customers; DROP TABLE customers", "several-statements"),
            ("DROP TABLE customers CASCADE", "destructive-statement"),
            ("SELECT name FROM customer", "unknown-table"),
            ("SELECT nam FROM customers", "unknown-column"),
            ("SELECT name, COUNT(*) FROM customers", "incomplete-group-by"),
            ("SELECT generate_series(1, 1000000)", "too-many-rows"),
            ("SELECT pg_sleep(1000)", "forbidden"),
            ("SELECT name FROM customers WHERE city > 5", "type-mismatch"),
            ("SELECT `name` FROM customers", "not-postgresql"),
            ("I do not know", "does-not-parse"),
            ("", "does-not-parse"),
            ("SELECT name FROM customers LIMIT 10000", "giant-limit"),
            ("SELECT 1 / 0", "statement-fails"),
            ("SELECT TIMESTAMPDIFF(YEAR, name, city) FROM customers", "unknown-column"),
        ],
        |(completion, code)| {
            let grade = examined(gold, completion);
            assert!(codes(&grade).contains(&code), "{completion}: {grade:?}");
            assert_eq!(grade.score, if code == "giant-limit" { 1.0 } else { 0.0 }, "{completion}");
        },
    );
    let failed = |completion: &str, check: &str| !examined(gold, completion).checks[check];
    assert!(failed("SELECT nam FROM customers", "no-invented-name"));
    assert!(!failed("SELECT nam FROM customers", "postgresql-syntax"));
    assert!(failed("SELECT STR_TO_DATE(city, '%Y') FROM customers", "postgresql-syntax"));
    assert!(failed("SELECT name, COUNT(*) FROM customers", "complete-group-by"));
    assert!(failed("SELECT `name` FROM customers", "postgresql-syntax"));
    assert!(failed("SELECT c.name FROM customers AS c", "no-needless-alias"));
    assert!(failed("SELECT name FROM customers LIMIT 10000", "no-giant-limit"));
    assert!(!examined(gold, gold).checks.contains_key("left-join"), "it applies where the gold has one");
}

#[test]
fn several_golds_are_as_right_and_a_broken_one_is_told() {
    let prompt = prompt("SELECT name FROM customers ORDER BY name LIMIT 1");
    let other = ["SELECT MAX(name) FROM customers".to_owned()];
    let plugin = plugin();
    assert_eq!(
        plugin.examine(&prompt, &other, "SELECT MAX(customers.name) AS name FROM customers").unwrap().score,
        1.0
    );
    assert_eq!(plugin.examine(&prompt, &[], "SELECT MAX(name) FROM customers").unwrap().score, 0.0);
    let why = |gold: &str| plugin.examine(&self::prompt(gold), &[], "SELECT 1").unwrap_err().message;
    // Its result is undetermined: the rows of a group have no order.
    for gold in ["SELECT STRING_AGG(name, ',') FROM customers", "SELECT ARRAY_AGG(name) FROM customers"] {
        assert!(why(gold).contains("depends on physical row order"), "{gold}: {}", why(gold));
    }
    assert!(
        why("SELECT nam FROM customers").contains("the gold fails on the prompt's own rows"),
        "{}",
        why("SELECT nam FROM customers")
    );
    assert!(why("SELECT 1; SELECT 2").contains("is not one statement"));
    assert!(why("SELECT pg_sleep(9)").contains("the gold may not run"));
    assert!(why("DROP TABLE orders").contains("expected to read or change rows"));
    assert!(why("SELECT generate_series(1, 100000)").contains("more than 10000 rows"));
}

#[test]
fn a_tie_is_right_either_way() {
    // Two orders of 3: which of them a LIMIT returns is open.
    let gold = "SELECT order_id FROM orders WHERE total = 3 ORDER BY total LIMIT 1";
    for completion in
        ["SELECT MIN(order_id) FROM orders WHERE total = 3", "SELECT MAX(order_id) FROM orders WHERE total = 3"]
    {
        let grade = examined(gold, completion);
        let own = grade.findings.iter().any(|f| f.message.contains("the prompt's own rows"));
        assert!(!own, "{completion}: {grade:?}");
    }
}

/// The prompts of the manifest, each with wrong statements that are near its gold.
fn suite() -> Vec<(EvalPrompt, Vec<String>)> {
    let manifest = Manifest::parse(include_str!("../../../../manifests/sql.json")).unwrap();
    let lines = include_str!("../suite/near_misses.jsonl").lines();
    let mut near: BTreeMap<String, Vec<String>> = lines
        .map(|line| {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            (value["id"].as_str().unwrap().to_owned(), serde_json::from_value(value["near_misses"].clone()).unwrap())
        })
        .collect();
    manifest.eval_prompts.into_iter().map(|p| (near.remove(&p.id).unwrap(), p)).map(|(near, p)| (p, near)).collect()
}

/// Grades the golds and near misses of every prompt on two threads, with or without the prompts' own rows. Returns how
/// many near misses there are, which of them are taken for right, and which prompts are refused.
fn told(strip: bool) -> (usize, Vec<String>, Vec<String>) {
    let suite = suite();
    let next = AtomicUsize::new(0);
    let refused = std::sync::Mutex::new(Vec::new());
    let untold = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((prompt, near)) = suite.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let mut record = prompt.record.clone();
                    if strip {
                        record.0.remove("inserts");
                    }
                    let gold = record.text("sql").unwrap().to_owned();
                    let grade = match plugin().examine(&record, &[], &gold) {
                        Ok(grade) => grade,
                        Err(error) => {
                            refused.lock().unwrap().push(format!("{}: {error}", prompt.id));
                            continue;
                        }
                    };
                    assert_eq!(grade.score, 1.0, "{}: {grade:?}", prompt.id);
                    for completion in near {
                        if plugin().examine(&record, &[], completion).unwrap().score > 0.0 {
                            untold.lock().unwrap().push(format!("{}: {completion}", prompt.id));
                        }
                    }
                }
            });
        }
    });
    let all = suite.iter().map(|(_, near)| near.len()).sum();
    (all, untold.into_inner().unwrap(), refused.into_inner().unwrap())
}

#[test]
fn every_near_miss_of_the_suite_is_told_from_its_gold() {
    let (all, untold, refused) = told(false);
    assert!(all >= 380 && refused.is_empty(), "{all} {refused:#?}");
    assert!(untold.is_empty(), "{untold:#?}");
}

#[test]
fn random_rows_alone_tell_nearly_all_near_misses() {
    let (all, untold, refused) = told(true);
    eprintln!("{} of {all} near misses are not told by random rows; refused: {refused:#?}", untold.len());
    // Golds that ask for one thing of everything, or for a name and everything below it.
    assert!(refused.len() <= 4, "{refused:#?}");
    assert!(refused.iter().all(|why| why.contains("returns no row on any database")), "{refused:#?}");
    assert!(untold.len() * 15 <= all, "{} of {all}: {untold:#?}", untold.len());
}
