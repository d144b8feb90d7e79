//! `hive expert schema` and the file made from it.

use crate::harness::{Place, repository};

#[test]
fn the_schema_in_the_repository_is_the_one_that_the_types_make() {
    let file = std::fs::read_to_string(repository().join("manifests/schema/expert.schema.json")).unwrap();
    assert!(
        file == hive_plugins::manifest::schema_json(),
        "manifests/schema/expert.schema.json is out of date: \
         `cargo run -- expert schema > manifests/schema/expert.schema.json`"
    );
}

#[test]
fn the_command_prints_the_schema() {
    let expected = format!("exit: 0\n--- stdout\n{}--- stderr\n", hive_plugins::manifest::schema_json());
    assert!(Place::new().run(&["expert", "schema"]) == expected);
}
