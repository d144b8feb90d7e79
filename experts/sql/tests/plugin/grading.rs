//! Scores and findings of completions graded by their text.

use crate::{plugin, record};
use hive_tests::check_all;

const SHOP: &str = "CREATE TABLE customers (customer_id INT PRIMARY KEY, name TEXT, city TEXT);\n\
     CREATE TABLE orders (order_id INT PRIMARY KEY, customer_id INT REFERENCES customers, total NUMERIC, placed DATE);";

/// The score, and the codes of the findings in alphabetical order.
fn graded(gold: &str, completion: &str) -> (f64, Vec<String>) {
    let grade = plugin().grade(&record("q", SHOP, gold), completion).unwrap();
    let mut codes: Vec<_> = grade.findings.into_iter().map(|f| f.code).collect();
    codes.sort();
    codes.dedup();
    (grade.score, codes)
}

#[test]
fn what_means_the_same_scores_one() {
    let pairs = [
        ("SELECT name FROM customers", "select NAME\nfrom Customers ;"),
        ("SELECT name FROM customers", "```sql\nSELECT customers.name FROM customers;\n```"),
        ("SELECT name FROM customers", "SELECT name AS customer_name FROM public.customers"),
        ("SELECT name FROM customers WHERE city <> 'Rome'", "SELECT name FROM customers WHERE 'Rome' != city"),
        (
            "SELECT name FROM customers WHERE city = 'Rome' AND customer_id > 5",
            "SELECT name FROM customers WHERE (5 < customer_id) AND (city = 'Rome')",
        ),
        (
            "SELECT customers.name, orders.total FROM orders JOIN customers ON orders.customer_id = customers.customer_id",
            "SELECT name, total FROM customers INNER JOIN orders ON customers.customer_id = orders.customer_id",
        ),
        (
            "SELECT customers.name FROM orders JOIN customers ON orders.customer_id = customers.customer_id WHERE total > 5",
            "SELECT name FROM customers, orders WHERE orders.total > 5 AND customers.customer_id = orders.customer_id",
        ),
        (
            "SELECT total FROM orders JOIN customers ON orders.customer_id = customers.customer_id",
            "SELECT total FROM orders JOIN customers USING (customer_id)",
        ),
        (
            "SELECT city, COUNT(*) AS n FROM customers GROUP BY city ORDER BY n DESC",
            "SELECT city, COUNT(1) FROM customers GROUP BY 1 ORDER BY COUNT(*) DESC",
        ),
        (
            "SELECT total FROM orders WHERE total BETWEEN 1 AND 5",
            "SELECT total FROM orders WHERE total <= 5 AND total >= 1",
        ),
        (
            "SELECT name FROM customers ORDER BY name LIMIT 3",
            "SELECT name FROM customers ORDER BY 1 ASC FETCH FIRST 3 ROWS ONLY",
        ),
        (
            "SELECT total FROM orders WHERE placed > DATE '2020-01-01'",
            "SELECT total FROM orders WHERE placed > '2020-01-01'",
        ),
        (
            "WITH t AS (SELECT customer_id, SUM(total) AS s FROM orders GROUP BY customer_id) SELECT s FROM t WHERE s > 5",
            "WITH sums AS (SELECT customer_id, SUM(total) AS amount FROM orders GROUP BY customer_id) SELECT sums.amount FROM sums WHERE amount > 5",
        ),
        (
            "SELECT MAX(n) FROM (SELECT city, COUNT(*) AS n FROM customers GROUP BY city) AS x",
            "SELECT MAX(counts.c) FROM (SELECT city, COUNT(*) c FROM customers GROUP BY city) counts",
        ),
        (
            "SELECT name FROM customers WHERE NOT EXISTS (SELECT 1 FROM orders WHERE orders.customer_id = customers.customer_id)",
            "SELECT name FROM customers WHERE NOT EXISTS (SELECT 1 FROM orders WHERE customers.customer_id = orders.customer_id)",
        ),
        (
            "SELECT name FROM customers LEFT JOIN orders ON customers.customer_id = orders.customer_id WHERE order_id IS NULL",
            "SELECT name FROM customers LEFT OUTER JOIN orders ON orders.customer_id = customers.customer_id WHERE NOT (orders.order_id IS NOT NULL)",
        ),
        (
            "SELECT a.name, b.name FROM customers AS a JOIN customers AS b ON a.city = b.city AND a.customer_id < b.customer_id",
            "SELECT x.name, y.name FROM customers AS x JOIN customers AS y ON x.city = y.city AND y.customer_id > x.customer_id",
        ),
        (
            "UPDATE customers SET city = 'Rome', name = 'x' WHERE customer_id = 1",
            "UPDATE customers SET name = 'x', city = 'Rome' WHERE customers.customer_id = 1",
        ),
        ("SELECT customer_id, name, city FROM customers", "SELECT * FROM customers"),
    ];
    check_all(pairs, |(gold, completion)| {
        assert_eq!(graded(gold, completion), (1.0, vec![]), "gold {gold:?}, completion {completion:?}");
    });
}

#[test]
fn what_differs_is_told_apart() {
    let pairs = [
        ("SELECT name FROM customers", "SELECT city FROM customers"),
        ("SELECT name, city FROM customers", "SELECT city, name FROM customers"),
        ("SELECT name FROM customers", "SELECT DISTINCT name FROM customers"),
        ("SELECT name FROM customers WHERE city = 'Rome'", "SELECT name FROM customers WHERE city = 'rome'"),
        ("SELECT name FROM customers ORDER BY name", "SELECT name FROM customers ORDER BY name DESC"),
        ("SELECT COUNT(*) FROM customers", "SELECT COUNT(city) FROM customers"),
        ("SELECT total FROM orders WHERE total > 5", "SELECT total FROM orders WHERE total >= 5"),
        (
            "SELECT name FROM customers WHERE city = 'a' OR city = 'b'",
            "SELECT name FROM customers WHERE city = 'a' AND city = 'b'",
        ),
    ];
    check_all(pairs, |(gold, completion)| {
        let (score, codes) = graded(gold, completion);
        assert!(score > 0.2 && score <= 0.7, "{completion:?} scored {score}");
        assert_eq!(codes, ["differs-from-gold"], "{completion:?}");
    });
}

#[test]
fn nearer_is_worth_more() {
    let gold = "SELECT city, COUNT(*) FROM customers WHERE name LIKE 'A%' GROUP BY city ORDER BY city";
    let scores: Vec<f64> = [
        "nonsense",
        "SELECT invented FROM nowhere",
        "SELECT total FROM orders",
        "SELECT name FROM customers",
        "SELECT city, COUNT(*) FROM customers GROUP BY city",
        "SELECT city, COUNT(*) FROM customers WHERE name LIKE 'A%' GROUP BY city",
        gold,
    ]
    .iter()
    .map(|completion| graded(gold, completion).0)
    .collect();
    assert!(scores.is_sorted_by(|a, b| a < b), "{scores:?}");
    assert_eq!((scores[0], scores[6]), (0.0, 1.0));
}

#[test]
fn each_failure_has_its_finding() {
    let by_city = "SELECT city, COUNT(*) FROM customers GROUP BY city";
    let join =
        "SELECT customers.name, orders.total FROM customers JOIN orders ON customers.customer_id = orders.customer_id";
    let left = "SELECT customers.name, orders.total FROM customers LEFT JOIN orders ON customers.customer_id = orders.customer_id";
    let cases: &[(&str, &str, &[&str])] = &[
        (by_city, "SELEC city", &["does-not-parse"]),
        (by_city, "", &["does-not-parse"]),
        (by_city, "The answer is: SELECT city", &["does-not-parse"]),
        (by_city, "SELECT 1; SELECT 2", &["several-statements"]),
        (by_city, "SELECT `city` FROM `customers`", &["does-not-parse", "not-postgresql"]),
        (by_city, "SELECT city, IFNULL(name, '') FROM customers", &["differs-from-gold", "not-postgresql"]),
        (by_city, "SELECT city, COUNT(*) FROM customers", &["differs-from-gold", "incomplete-group-by"]),
        (
            by_city,
            "SELECT city, name, COUNT(*) FROM customers GROUP BY city",
            &["differs-from-gold", "incomplete-group-by"],
        ),
        (
            by_city,
            "SELECT city FROM customers GROUP BY city ORDER BY name",
            &["differs-from-gold", "incomplete-group-by"],
        ),
        (by_city, "SELECT name, COUNT(*) FROM customers GROUP BY customer_id", &["differs-from-gold"]),
        (by_city, "SELECT city, COUNT(*) FROM towns GROUP BY city", &["differs-from-gold", "unknown-table"]),
        (by_city, "SELECT town, COUNT(*) FROM customers GROUP BY town", &["differs-from-gold", "unknown-column"]),
        (by_city, "SELECT o.city FROM customers", &["differs-from-gold", "unknown-table"]),
        (
            by_city,
            "SELECT c.city FROM customers AS c JOIN orders ON customers.customer_id = orders.customer_id",
            &["differs-from-gold", "needless-alias", "unknown-table"],
        ),
        (left, join, &["differs-from-gold", "left-join-wanted"]),
        (
            "INSERT INTO customers (name) VALUES ('a')",
            "INSERT INTO customers (nick) VALUES ('a')",
            &["differs-from-gold", "unknown-column"],
        ),
        (
            "DELETE FROM orders WHERE total < 5",
            "DELETE FROM orders WHERE amount < 5",
            &["differs-from-gold", "unknown-column"],
        ),
    ];
    check_all(cases, |(gold, completion, codes)| {
        let (score, got) = graded(gold, completion);
        assert_eq!(&got, codes, "{completion:?}");
        let parses = !codes.contains(&"does-not-parse") && !codes.contains(&"several-statements");
        assert_eq!(score > 0.0, parses, "{completion:?} scored {score}");
    });
}

#[test]
fn needless_aliases_cost_a_tenth() {
    let gold =
        "SELECT customers.name, orders.total FROM customers JOIN orders ON customers.customer_id = orders.customer_id";
    let aliased = "SELECT T1.name, T2.total FROM customers AS T1 JOIN orders AS T2 ON T1.customer_id = T2.customer_id";
    assert_eq!(graded(gold, aliased), (0.9, vec!["needless-alias".to_owned()]));
    // An answer is not blamed for the style of its gold.
    assert_eq!(graded(aliased, aliased), (1.0, vec![]));
    let myself = "SELECT a.name FROM customers AS a JOIN customers AS b ON a.city = b.city";
    assert_eq!(graded(myself, myself), (1.0, vec![]));
}

#[test]
fn names_that_may_exist_are_not_accused() {
    check_all(
        [
            "SELECT x.a, x.b FROM generate_series(1, 3) AS x",
            "SELECT name, v FROM customers, LATERAL (SELECT SUM(total) AS v FROM orders WHERE orders.customer_id = customers.customer_id) AS s",
            "SELECT v.n FROM (VALUES (1), (2)) AS v (n)",
            "WITH RECURSIVE steps (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM steps WHERE n < 5) SELECT n FROM steps",
            "SELECT table_name FROM information_schema.tables",
            "SELECT city, count FROM (SELECT city, COUNT(*) FROM customers GROUP BY city) AS c",
            "INSERT INTO customers (customer_id, name) VALUES (1, 'a') ON CONFLICT (customer_id) DO UPDATE SET name = excluded.name",
            "SELECT name, RANK() OVER w FROM customers WINDOW w AS (PARTITION BY city ORDER BY name)",
            "SELECT ROW_TO_JSON(customers) FROM customers",
            "SELECT name FROM customers WHERE customer_id = ANY (SELECT customer_id FROM orders)",
            "SELECT city, COUNT(*) FROM customers GROUP BY GROUPING SETS ((city), ())",
            "UPDATE orders SET total = 0 FROM customers WHERE orders.customer_id = customers.customer_id AND city = 'Rome'",
            "SELECT CURRENT_DATE, ctid FROM customers",
        ],
        |sql| {
            assert_eq!(graded(sql, sql), (1.0, vec![]), "{sql}");
        },
    );
}

#[test]
fn without_a_usable_schema_no_name_is_accused() {
    let prompt = record("q", "not a schema", "SELECT a FROM t");
    let grade = plugin().grade(&prompt, "SELECT b FROM u").unwrap();
    assert_eq!(grade.findings.iter().map(|f| f.code.as_str()).collect::<Vec<_>>(), ["differs-from-gold"]);
}

#[test]
fn a_gold_that_is_no_measure_is_an_error() {
    let error = plugin().grade(&record("q", SHOP, "SELEC"), "SELECT 1").unwrap_err();
    assert!(error.message.starts_with("the gold `sql` is no measure: the parser does not read it"), "{error}");
    assert_eq!(error.record, Some(0));
    assert!(!error.panicked);
}
