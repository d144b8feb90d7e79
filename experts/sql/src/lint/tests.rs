//! What each lint reports, what it accepts, and what it makes of a statement.

use hive_sdk::LintLevel;
use hive_tests::check_all;

use super::*;
use crate::resolve::resolve;
use crate::syntax::statement;

const SCHEMA: &str = "CREATE TABLE customers (id INT PRIMARY KEY, name TEXT, city TEXT); \
    CREATE TABLE orders (id INT PRIMARY KEY, customer_id INT, total INT, placed DATE)";

/// The manifest's own levels, with others for some.
fn lints(changed: &[(&str, LintLevel)]) -> Lints {
    let manifest = Manifest::parse(include_str!("../../../../manifests/sql.json")).unwrap();
    Lints::of(&manifest, &changed.iter().map(|(code, level)| ((*code).to_owned(), *level)).collect())
}

fn judge(lints: &Lints, question: &str, sql: &str) -> Outcome {
    let tables = statement::parse_all(SCHEMA).unwrap();
    let catalog = Catalog::read(&tables);
    let statement = statement::parse_one(sql).unwrap_or_else(|e| panic!("{sql}: {e:?}"));
    let resolved = resolve(statement.clone(), Some(&catalog));
    lints.judge(&Context { question, catalog: &catalog, tables: &tables, statement: &statement, resolved: &resolved })
}

/// Code of the rejection, if it is one.
fn rejected(question: &str, sql: &str) -> Option<String> {
    match judge(&lints(&[]), question, sql) {
        Outcome::Reject(finding) => Some(finding.code),
        Outcome::Pass { .. } => None,
    }
}

/// What the statement became, and the codes of changes and notes.
fn passed(lints: &Lints, question: &str, sql: &str) -> (String, Vec<String>, Vec<String>) {
    match judge(lints, question, sql) {
        Outcome::Reject(finding) => panic!("{sql}: {finding:?}"),
        Outcome::Pass { statement, changes, notes } => (
            statement.map_or_else(|| sql.to_owned(), |s| s.to_string()),
            changes.into_iter().map(|f| f.code).collect(),
            notes.into_iter().map(|f| f.code).collect(),
        ),
    }
}

#[test]
fn sound_statements_pass_untouched() {
    check_all(
        [
            ("How many customers are there?", "SELECT COUNT(*) FROM customers"),
            ("Who lives in Rome?", "SELECT name FROM customers WHERE city = 'Rome' LIMIT 10"),
            (
                "Orders per city",
                "SELECT customers.city, COUNT(*) FROM customers JOIN orders ON orders.customer_id = customers.id GROUP BY customers.city",
            ),
            (
                "Pairs of customers of one city",
                "SELECT a.name, b.name FROM customers AS a JOIN customers AS b ON a.city = b.city AND a.id < b.id",
            ),
            ("Delete all orders", "DELETE FROM orders"),
            ("Delete order 3", "DELETE FROM orders WHERE id = 3"),
        ],
        |(question, sql)| {
            let found = passed(&lints(&[]), question, sql);
            assert_eq!(found, (sql.to_owned(), vec![], vec![]), "{question}");
        },
    );
}

#[test]
fn faults_that_end_it() {
    check_all(
        [
            (code::UNKNOWN_TABLE, "q", "SELECT name FROM clients"),
            (code::UNKNOWN_COLUMN, "q", "SELECT surname FROM customers"),
            (code::DESTRUCTIVE, "Remove the order with number 3", "DELETE FROM orders"),
            (code::DESTRUCTIVE, "Change the city of Ann to Rome", "UPDATE customers SET city = 'Rome'"),
            (code::DESTRUCTIVE, "How many orders are there?", "DROP TABLE orders"),
            (code::DESTRUCTIVE, "How many orders are there?", "TRUNCATE TABLE orders"),
            (code::NOT_AN_ANSWER, "q", "SET search_path = x"),
            (code::NON_ENGLISH, "Сколько заказов у каждого клиента?", "SELECT COUNT(*) FROM orders"),
            (
                code::NON_ENGLISH,
                "¿Cuántos pedidos hay en la tabla para cada uno de los clientes?",
                "SELECT COUNT(*) FROM orders",
            ),
            (code::INCOMPLETE_GROUP_BY, "q", "SELECT city, COUNT(*) FROM customers"),
            (code::INCOMPLETE_GROUP_BY, "q", "SELECT city, name, MAX(id) FROM customers GROUP BY city"),
        ],
        |(code, question, sql)| {
            assert_eq!(rejected(question, sql).as_deref(), Some(code), "{sql}");
        },
    );
}

#[test]
fn repairs_say_the_same_in_better_words() {
    check_all(
        [
            (
                code::NEEDLESS_ALIAS,
                "SELECT T1.name, COUNT(*) FROM customers AS T1 JOIN orders AS T2 ON T1.id = T2.customer_id GROUP BY T1.name",
                "SELECT customers.name, COUNT(*) FROM customers JOIN orders ON customers.id = orders.customer_id GROUP BY customers.name",
            ),
            (
                code::NEEDLESS_ALIAS,
                "SELECT T1.name FROM customers AS T1 WHERE T1.city = 'Rome'",
                "SELECT name FROM customers WHERE city = 'Rome'",
            ),
            (
                code::INCOMPLETE_GROUP_BY,
                "SELECT customers.name, COUNT(*) FROM customers JOIN orders ON orders.customer_id = customers.id GROUP BY orders.customer_id",
                "SELECT customers.name, COUNT(*) FROM customers JOIN orders ON orders.customer_id = customers.id GROUP BY orders.customer_id, customers.name",
            ),
            (code::GIANT_LIMIT, "SELECT name FROM customers LIMIT 10000", "SELECT name FROM customers"),
        ],
        |(code, sql, expected)| {
            assert_eq!(passed(&lints(&[]), "q", sql), (expected.to_owned(), vec![code.to_owned()], vec![]), "{sql}");
        },
    );
}

#[test]
fn an_alias_that_tells_two_uses_apart_stays() {
    let sql =
        "SELECT a.name FROM customers AS a WHERE a.id > (SELECT AVG(b.id) FROM customers AS b WHERE b.city = a.city)";
    assert_eq!(passed(&lints(&[]), "q", sql).0, sql);
    // Behind UPDATE the alias may be needed for what the database reads, so it is only remarked on.
    let sql = "UPDATE customers AS c SET city = 'Rome' WHERE c.id = 1";
    assert_eq!(passed(&lints(&[]), "q", sql).0, sql);
}

#[test]
fn a_join_that_drops_what_was_asked_for_is_noted() {
    let joined = "SELECT customers.name, COUNT(orders.id) FROM customers JOIN orders ON orders.customer_id = customers.id GROUP BY customers.name";
    let asked = "Count the orders of each customer, including those without any";
    assert_eq!(passed(&lints(&[]), asked, joined).2, [code::LEFT_JOIN_WANTED]);
    assert_eq!(passed(&lints(&[]), "Count the orders of each customer", joined).2, [""; 0]);
    assert_eq!(passed(&lints(&[]), asked, &joined.replace("JOIN", "LEFT JOIN")).2, [""; 0]);
}

#[test]
fn a_limit_that_is_asked_for_stays() {
    let sql = "SELECT name FROM customers LIMIT 5000";
    assert_eq!(passed(&lints(&[]), "Show 5,000 customers", sql).0, sql);
    assert_eq!(passed(&lints(&[]), "Show five thousand customers", sql).0, sql);
}

#[test]
fn levels_decide_what_follows() {
    let sql = "SELECT * FROM customers";
    assert_eq!(passed(&lints(&[]), "q", sql).2, [code::SELECT_STAR]);
    let repaired = passed(&lints(&[(code::SELECT_STAR, LintLevel::Repair)]), "q", sql);
    assert_eq!(repaired.0, "SELECT id, name, city FROM customers");
    let off = passed(&lints(&[(code::SELECT_STAR, LintLevel::Off)]), "q", sql);
    assert_eq!((off.1.len(), off.2.len()), (0, 0));
    let reject = judge(&lints(&[(code::SELECT_STAR, LintLevel::Reject)]), "q", sql);
    assert!(matches!(reject, Outcome::Reject(f) if f.code == code::SELECT_STAR));
}

#[test]
fn every_lint_of_the_manifest_is_somebodys() {
    let manifest = Manifest::parse(include_str!("../../../../manifests/sql.json")).unwrap();
    let known: Vec<&str> = CHECKS.iter().map(|(code, _)| *code).collect();
    for lint in &manifest.dataset.lints {
        // Those that need the statement's rows, its tokens or all statements are looked for elsewhere.
        let elsewhere = [
            code::NEEDLESS_ALIAS,
            code::SEVERAL_STATEMENTS,
            code::EMPTY_RESULT,
            code::INTERPRETED,
            "too-long-completion",
        ];
        assert!(known.contains(&lint.code.as_str()) || elsewhere.contains(&lint.code.as_str()), "{}", lint.code);
    }
}
