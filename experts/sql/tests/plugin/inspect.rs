//! Inspections of a person's question and of its answer.

use hive_sdk::{Inspection, Record, Verdict};
use hive_tests::check_all;

use crate::plugin;

const CITY: &str = "CREATE TABLE city (name TEXT PRIMARY KEY, state TEXT, population INT);\n\
     CREATE TABLE rain (city_name TEXT REFERENCES city (name), month INT, millimetres NUMERIC);";

fn asked(schema: &str) -> Record {
    Record::from_pairs([("question", "How much rain?"), ("schema", schema)])
}

fn said(found: &[hive_sdk::Finding]) -> Vec<&str> {
    found.iter().map(|finding| finding.message.as_str()).collect()
}

#[test]
fn a_schema_is_looked_at_before_a_model_is_asked() {
    let faults = |schema: &str| {
        let Inspection { faults, notes, .. } = plugin().inspect(&asked(schema), None).unwrap();
        assert!(notes.is_empty());
        faults.into_iter().map(|finding| (finding.code, finding.message)).collect::<Vec<_>>()
    };
    assert_eq!(faults(CITY), []);
    // SQL that PostgreSQL accepts and the parser does not read is no fault of the schema.
    assert_eq!(faults("CREATE TABLE a (b INT);\nCREATE FUNCTION f() RETURNS int LANGUAGE sql RETURN 1;"), []);
    // A schema of another database, named or detected.
    assert_eq!(faults("CREATE TABLE `a` (`b` INT UNSIGNED AUTO_INCREMENT PRIMARY KEY) ENGINE=InnoDB;"), []);
    check_all(["-- nothing", ";", "INSERT INTO city VALUES ('x')", "SELECT 1"], |text| {
        let found = faults(text);
        assert_eq!(found.len(), 1, "{text}");
        assert!(found[0].1.starts_with("`schema` has no table: "), "{text}: {found:?}");
    });
    let found = faults("CREATE TABLE a (\n  b INT,\n  c TEXT NOT,\n);");
    assert_eq!(found[0].0, "schema-does-not-parse");
    assert!(found[0].1.starts_with("`schema` does not parse: line 3: expected"), "{found:?}");
    let found = faults("a(b, c)");
    assert!(found[0].1.starts_with("`schema` does not parse: line 1: "), "{found:?}");
    let record = Record::from_pairs([("question", "q"), ("schema", CITY), ("dialect", "oracle")]);
    let found = plugin().inspect(&record, None).unwrap().faults;
    assert_eq!(said(&found), ["`dialect` is `oracle`, expected postgresql, mysql or sqlite"]);
}

#[test]
fn a_question_is_asked_as_a_record_of_the_same_text_trains() {
    let dump = "SET client_encoding = 'UTF8';\nCREATE SCHEMA app;\nCREATE FUNCTION app.f() RETURNS int LANGUAGE sql RETURN 1;\n\
         CREATE TABLE app.a (b INT);\nALTER TABLE app.a OWNER TO someone;\nCREATE INDEX i ON app.a (b);";
    let mysql = "CREATE TABLE `a` (`b` int NOT NULL AUTO_INCREMENT, `c` datetime, PRIMARY KEY (`b`)) ENGINE=InnoDB;";
    check_all([CITY, dump, mysql, "CREATE TABLE a (b INT); INSERT INTO a VALUES (1);"], |schema| {
        let asked = plugin().inspect(&asked(schema), None).unwrap().record.unwrap_or_else(|| asked(schema));
        let mut record = self::asked(schema);
        let sql = match schema {
            CITY => "SELECT name FROM city",
            _ if schema == dump => "SELECT b FROM app.a",
            _ => "SELECT b FROM a",
        };
        record.set("sql", sql);
        let trains = match plugin().validate(&record).unwrap() {
            Verdict::Accept { .. } => record,
            Verdict::Repaired { record, .. } => record,
            Verdict::Reject { why, .. } => panic!("{why}"),
        };
        assert_eq!(asked.text("schema"), trains.text("schema"), "{schema}");
    });
    let of_mysql = Record::from_pairs([("question", "q"), ("schema", mysql), ("dialect", "mysql")]);
    let asked = plugin().inspect(&of_mysql, None).unwrap().record.unwrap();
    assert_eq!(asked.text("dialect"), Some("postgresql"));
    assert!(plugin().inspect(&asked, None).unwrap().record.is_none(), "it is the same when it is asked again");
}

#[test]
fn an_answer_is_prepared_and_what_is_wrong_is_named() {
    let faults = |answer: &str| {
        let found = plugin().inspect(&asked(CITY), Some(answer)).unwrap();
        said(&found.faults).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    check_all(
        [
            "SELECT SUM(millimetres) FROM rain",
            "SELECT city.name, SUM(millimetres) FROM city JOIN rain ON rain.city_name = city.name GROUP BY city.name",
            // It would fail on rows, but there are none: it can be prepared.
            "SELECT millimetres / 0 FROM rain",
            // SQL that only PostgreSQL itself parses.
            "SELECT * FROM ROWS FROM (generate_series(1, 2)) WITH ORDINALITY",
        ],
        |good| {
            assert_eq!(faults(good), Vec::<String>::new(), "{good}");
        },
    );
    check_all(
        [
            ("SELECT * FROM weather", "there is no table `weather` (the schema has city, rain)"),
            ("SELECT * FROM cities JOIN rain ON true", "there is no table `cities` (the schema has city, rain)"),
            ("SELECT * FROM citty", "there is no table `citty`, did you mean `city`?"),
            ("SELECT milimetres FROM rain", "there is no column `milimetres`, did you mean `rain.millimetres`?"),
            ("SELECT rain.height FROM rain", "there is no column `rain.height`"),
            ("SELECT country FROM city", "there is no column `country`"),
            ("SELECT c.name FROM city", "`c` is neither a table nor an alias in FROM"),
            ("SELECT YEARS(month) FROM rain", "there is no function `years(integer)`"),
            ("SELECT * FROM city WHERE name = 5", "there is no operator `text = integer` for values of these types"),
            ("SELECT name FRM city WHERE", "it is not PostgreSQL: syntax error"),
            ("SELECT 1; SELECT 2", "it holds several statements, expected one"),
            (
                "SELECT name, SUM(population) FROM city",
                "PostgreSQL refuses it: column \"city.name\" must appear in the GROUP BY",
            ),
            ("```sql\nSELECT name FROM city\n```", "it stands in a code fence, expected the statement alone"),
            ("", "it holds no statement"),
            (" ; ", "it holds no statement"),
        ],
        |(bad, expected)| {
            let found = faults(bad);
            assert!(found.len() == 1 && found[0].starts_with(expected), "{bad}: {found:?}");
        },
    );
    // All unknown names are reported, not only the first that PostgreSQL met.
    let found = faults("SELECT weather.wind FROM weather JOIN storm ON storm.id = weather.id");
    assert_eq!(
        found,
        [
            "there is no table `weather` (the schema has city, rain)",
            "there is no table `storm` (the schema has city, rain)"
        ]
    );
    // Nothing is executed.
    assert_eq!(faults("SELECT pg_sleep(1000)"), Vec::<String>::new());
}

#[test]
fn an_answer_that_changes_data_is_said_to() {
    let notes = |answer: &str| {
        let found = plugin().inspect(&asked(CITY), Some(answer)).unwrap();
        assert!(found.faults.is_empty(), "{found:?}");
        said(&found.notes).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(notes("DELETE FROM rain WHERE month = 1"), ["it changes rows"]);
    assert_eq!(notes("WITH gone AS (DELETE FROM rain RETURNING *) SELECT COUNT(*) FROM gone"), ["it changes rows"]);
    assert_eq!(notes("DROP TABLE rain"), ["it is `DROP`, which changes tables"]);
    assert_eq!(notes("SELECT name FROM city"), Vec::<String>::new());
}

#[test]
fn a_schema_that_postgresql_refuses_leaves_the_answer_unchecked() {
    let schema = "CREATE TABLE a (b GEOMETRY(POINT, 4326));";
    let error = plugin().inspect(&asked(schema), Some("SELECT b FROM a")).unwrap_err();
    assert!(error.message.starts_with("PostgreSQL refuses statement 1 of `schema`: type"), "{error}");
    // Findings that need no database are reported all the same.
    let found = plugin().inspect(&asked(schema), Some("```SELECT b FROM a```")).unwrap();
    assert_eq!(said(&found.faults), ["it stands in a code fence, expected the statement alone"]);
    // Rows and rights beside the tables do not matter.
    let schema = format!("{CITY}\nINSERT INTO city VALUES (1, 2);\nALTER TABLE city OWNER TO nobody_here;\nSET x = 1;");
    let found = plugin().inspect(&asked(&schema), Some("SELECT name FROM city")).unwrap();
    assert_eq!(found, Inspection::default());
}
