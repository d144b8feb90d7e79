//! The grammar of constrained decoding, fed byte by byte to llguidance: which statements it allows. The schemas and
//! statements are those of `constrain`.

use expert_sql::SqlExpert;
use hive_sdk::{Expert, Record};
use llguidance::api::TopLevelGrammar;
use llguidance::toktrie::ApproximateTokEnv;
use llguidance::{Matcher, ParserFactory};

use crate::constrain::{FILES, published, record, schemas, statements};

/// The grammar of a schema, byte by byte.
struct Grammar(Matcher);

impl Grammar {
    fn of(expert: &SqlExpert, record: &Record) -> Self {
        let lark = expert.constrain(record).unwrap().unwrap().lark;
        let mut factory = ParserFactory::new_simple(&ApproximateTokEnv::single_byte_env()).unwrap();
        factory.quiet();
        let matcher = Matcher::new(factory.create_parser(TopLevelGrammar::from_lark(lark)));
        assert_eq!(matcher.get_error(), None);
        Self(matcher)
    }

    /// Where the grammar refuses a statement.
    fn refusal(&self, statement: &str) -> Option<String> {
        let mut matcher = self.0.deep_clone();
        let bytes: Vec<u32> = statement.bytes().map(u32::from).collect();
        let read = matcher.try_consume_tokens(&bytes).unwrap();
        if read < bytes.len() {
            let after = String::from_utf8_lossy(&statement.as_bytes()[read..]);
            return Some(format!("{}¦{after}", String::from_utf8_lossy(&statement.as_bytes()[..read])));
        }
        (!matcher.is_accepting().unwrap()).then(|| format!("{statement}¦ is not the end"))
    }
}

#[test]
fn valid_statements_are_allowed() {
    let expert = SqlExpert::default();
    let mut faults = Vec::new();
    for (name, schema) in schemas() {
        let grammar = Grammar::of(&expert, &record(&schema));
        for statement in statements(&name, "valid") {
            faults.extend(grammar.refusal(&statement));
            faults.extend(grammar.refusal(&format!("{statement} ;")));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn other_texts_are_refused() {
    let expert = SqlExpert::default();
    let grammar = Grammar::of(&expert, &record(&schemas()[1].1));
    let allowed: Vec<&str> = [
        "Here is the SQL: SELECT 1",
        "SELECT name FROM kunden",
        "SELECT name FROM customersWHERE city = 'x'",
        "SELECT name FROM customers WHERE city = 'x'AND 1 = 1",
        "SELECT name FROM customers; SELECT 1",
        "SELECT frobnicate(name) FROM customers",
        "SELECT NEXTVAL('s')",
        "SELECT name FROM customers WHERE",
        "SELECT name, FROM customers",
        "SELECT name FROM customers customers2 city",
        "SELECT (name FROM customers",
        "SELECT name FROM customers WHERE city = 'x",
        "SELECT name FROM select",
        "SELECT 1 --2",
        "INSERT INTO kunden VALUES (1)",
        "INSERT INTO customers (town) VALUES (1)",
        "UPDATE customers SET town = 1",
        "DROP TABLE customers",
        "COPY customers TO STDOUT",
        "WITH x AS (SELECT 1) SELECT 1 FROM x GROUP",
        "SELECT 1 WINDOW",
        "SELECT name AS FROM customers",
    ]
    .into_iter()
    .filter(|text| grammar.refusal(text).is_none())
    .collect();
    assert_eq!(allowed, Vec::<&str>::new());
}

#[test]
fn synthesized_answers_are_allowed() {
    let expert = SqlExpert::default();
    // A grammar takes some 20 ms to compile.
    let records = expert.synthesize(12, 60).unwrap().unwrap();
    let faults: Vec<String> =
        records.iter().filter_map(|record| Grammar::of(&expert, record).refusal(record.text("sql").unwrap())).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn odd_schemas_have_grammars() {
    let expert = SqlExpert::default();
    let odd = [
        "no SQL".to_owned(),
        "CREATE TABLE".to_owned(),
        "CREATE TABLE \"a\"\"b\\ /é\" (\"c\\d\" INT, \"select\" INT, \"[x]\" INT)".to_owned(),
        format!("CREATE TABLE t ({} INT)", "a".repeat(100)),
        format!("CREATE TABLE t ({})", (0..1_000).map(|n| format!("column_{n} INT")).collect::<Vec<_>>().join(", ")),
    ];
    for schema in &odd {
        assert_eq!(Grammar::of(&expert, &record(schema)).refusal("SELECT 1"), None, "{schema:.60}");
    }
    assert_eq!(Grammar::of(&expert, &record(&odd[0])).refusal("SELECT a FROM t WHERE b = 1"), None);
    let quoted = Grammar::of(&expert, &record(&odd[2]));
    assert_eq!(quoted.refusal("SELECT \"c\\d\", \"select\", \"[x]\" FROM \"a\"\"b\\ /é\""), None);
    assert_eq!(Grammar::of(&expert, &record(&odd[3])).refusal(&format!("SELECT {} FROM t", "a".repeat(100))), None);
}

/// What of golds the grammar refuses.
fn refused(expert: &SqlExpert, records: &[Record]) -> Vec<String> {
    let gold = |record: &Record| expert.render(record).unwrap().completion()[0].content.clone();
    records.iter().filter_map(|record| Grammar::of(expert, record).refusal(&gold(record))).collect()
}

#[test]
fn published_golds_are_allowed() {
    let expert = SqlExpert::default();
    for file in FILES {
        let records = published(&expert, file, 97);
        let faults = refused(&expert, &records);
        assert!(
            faults.len() * 200 <= records.len(),
            "{file}: {} of {}:\n{}",
            faults.len(),
            records.len(),
            faults.join("\n")
        );
    }
}

/// Takes a quarter of an hour: prints, for every published gold that PostgreSQL prepares and that the grammar refuses, where.
#[test]
#[ignore = "measures whole data sets"]
fn all_published_golds() {
    let expert = SqlExpert::default();
    for file in FILES {
        let records = published(&expert, file, 1);
        let faults = refused(&expert, &records);
        println!("{file}: {} golds, {} refused\n{}", records.len(), faults.len(), faults.join("\n"));
    }
}
