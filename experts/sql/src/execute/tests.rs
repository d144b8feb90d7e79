//! One embedded database, asked everything: it takes a second to start.

use super::*;
use hive_tests::check_all;

const SHOP: &str = "CREATE TABLE customers (id INT PRIMARY KEY, name TEXT NOT NULL);\n\
    CREATE TABLE orders (id SERIAL PRIMARY KEY, customer_id INT REFERENCES customers, total NUMERIC(8, 2));\n\
    INSERT INTO customers VALUES (1, 'Ann'), (2, 'Bo');\n\
    INSERT INTO orders (customer_id, total) VALUES (1, 9.5), (1, 3);";

fn refused(proof: Proof) -> (String, &'static str) {
    match proof {
        Proof::SchemaRefused(_, e) => (e.sqlstate, "schema"),
        Proof::StatementRefused(Stage::Prepare, e) => (e.sqlstate, "prepare"),
        Proof::StatementRefused(Stage::Run, e) => (e.sqlstate, "run"),
        Proof::Ran(ran) => panic!("ran: {ran:?}"),
        Proof::Crashed(why) => panic!("crashed: {why}"),
    }
}

fn rows(proof: Proof) -> Vec<Vec<Option<String>>> {
    match proof {
        Proof::Ran(ran) => ran.rows,
        other => panic!("refused: {other:?}"),
    }
}

#[test]
fn schemas_and_statements_are_proved() {
    let mut database = Database::open(&Settings::default()).unwrap();
    let mut prove = |schema: &str, sql: &str| database.prove(schema, sql).unwrap();

    let text = |values: &[&str]| values.iter().map(|v| Some((*v).to_owned())).collect::<Vec<_>>();
    let grouped = "SELECT c.name, COUNT(o.id), SUM(o.total) FROM customers c LEFT JOIN orders o ON o.customer_id = c.id \
                   GROUP BY c.id ORDER BY c.id";
    let expected = vec![text(&["Ann", "2", "12.50"]), vec![Some("Bo".to_owned()), Some("0".to_owned()), None]];
    // The second time the schema is there already.
    for _ in 0..2 {
        assert_eq!(rows(prove(SHOP, grouped)), expected);
    }
    let Proof::Ran(ran) = prove(SHOP, "SELECT id AS one, name FROM customers WHERE id > 5") else { panic!() };
    assert_eq!((ran.rows.len(), ran.tag.as_str()), (0, "SELECT 0"));
    assert_eq!(ran.columns.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["one", "name"]);

    assert_eq!(refused(prove(SHOP, "SELECT nam FROM customers")), ("42703".to_owned(), "prepare"));
    assert_eq!(refused(prove(SHOP, "SELECT * FROM clients")), ("42P01".to_owned(), "prepare"));
    assert_eq!(refused(prove(SHOP, "SELECT name, COUNT(*) FROM customers")), ("42803".to_owned(), "prepare"));
    assert_eq!(refused(prove(SHOP, "SELECT 1 / (id - 1) FROM customers")), ("22012".to_owned(), "run"));
    assert_eq!(refused(prove(SHOP, "SELEC 1")), ("42601".to_owned(), "prepare"));

    // What a statement changes is gone for the next.
    assert_eq!(rows(prove(SHOP, "DELETE FROM orders RETURNING id")).len(), 2);
    assert_eq!(rows(prove(SHOP, "SELECT COUNT(*) FROM orders")), [text(&["2"])]);
    assert_eq!(refused(prove(SHOP, "INSERT INTO customers VALUES (1, 'x')")), ("23505".to_owned(), "run"));

    // Other schemas with the same names, and one that is wrong in its second statement.
    assert_eq!(rows(prove("CREATE TABLE customers (n INT)", "SELECT * FROM customers")).len(), 0);
    let wrong = "CREATE TABLE a (x INT); CREATE TABLE b (y INT REFERENCES nobody); CREATE TABLE c (z INT)";
    let Proof::SchemaRefused(statement, error) = prove(wrong, "SELECT 1") else { panic!() };
    assert_eq!((statement, error.sqlstate.as_str()), (2, "42P01"));
    assert_eq!(refused(prove("CREATE TABLE (", "SELECT 1")), ("42601".to_owned(), "schema"));
    assert_eq!(rows(prove(SHOP, "SELECT COUNT(*) FROM orders")), [text(&["2"])]);

    // Texts that name namespaces.
    let named = "CREATE SCHEMA s; CREATE TABLE s.t (a INT); CREATE TABLE public.u (b INT);";
    assert_eq!(rows(prove(named, "SELECT COUNT(*) FROM s.t, public.u")), [text(&["0"])]);
    assert_eq!(rows(prove(named, "SELECT COUNT(*) FROM u")), [text(&["0"])]);

    // More schemas than stay loaded, and the first again.
    for i in 0..60 {
        let schema = format!("CREATE TABLE t{i} (a INT PRIMARY KEY); INSERT INTO t{i} VALUES ({i});");
        assert_eq!(rows(prove(&schema, &format!("SELECT a FROM t{i}"))), [text(&[&i.to_string()])]);
    }
    assert_eq!(rows(prove(SHOP, grouped)), expected);
    // A large result is not held.
    let Proof::Ran(ran) = prove(SHOP, "SELECT generate_series(1, 1000000000)") else { panic!() };
    assert_eq!((ran.rows.len(), ran.more), (PROOF_ROWS as usize, true));
    assert_eq!(rows(prove(SHOP, "SELECT 1")), [text(&["1"])]);
}

#[test]
fn the_embedded_database_sees_no_file_of_the_machine() {
    let place = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(place.path(), "secret").unwrap();
    let path = place.path().display();
    let mut database = Database::open(&Settings::default()).unwrap();
    check_all(
        [
            format!("SELECT pg_read_file('{path}')"),
            format!("COPY t FROM '{path}'"),
            "SELECT pg_read_file('/etc/passwd')".to_owned(),
            "COPY t TO PROGRAM 'cat'".to_owned(),
        ],
        |sql| {
            let proof = database.prove("CREATE TABLE t (a TEXT)", &sql).unwrap();
            assert!(matches!(proof, Proof::StatementRefused(..)), "{sql}: {proof:?}");
        },
    );
    let target = format!("{path}.written");
    database.prove("CREATE TABLE t (a TEXT)", &format!("COPY t TO '{target}'")).unwrap();
    assert!(!std::path::Path::new(&target).exists());
}

#[test]
fn a_record_that_ends_the_engine_costs_that_record_alone() {
    let pool = crate::execute::Pool::new(Settings::default());
    let count = "SELECT COUNT(*) FROM customers";
    for (schema, sql) in [
        // Deeper than the engine's stack: it traps.
        (SHOP, "SELECT jsonb(repeat('[', 100000))"),
        // The namespace is gone from under the schema.
        ("SELECT set_config('search_' || 'path', 'nowhere', true); CREATE TABLE t (a INT)", "SELECT 1"),
    ] {
        let before = rows(pool.prove(SHOP, count).unwrap());
        let proof = pool.prove(schema, sql).unwrap();
        assert!(matches!(&proof, Proof::Crashed(why) if !why.is_empty()), "{sql}: {proof:?}");
        assert_eq!(rows(pool.prove(SHOP, count).unwrap()), before, "after {sql}");
    }
}
