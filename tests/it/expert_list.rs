//! `hive expert list`: one broken expert never hides the others.

use crate::harness::{Place, manifest, plugin};
use hive_tests::check_all;

/// One expert in every state.
fn everything() -> Place {
    let place = Place::new();
    place.install("misbehaving", &plugin("misbehaving"));
    for broken in ["wrong_abi", "no_table", "short_table", "null_function"] {
        place.install(&broken.replace('_', "-"), &plugin(broken));
    }
    place.install("other-name", &plugin("misbehaving"));

    let text = place.write("text", "#!/bin/sh\n");
    place.install("not-a-library", &text);

    let damaged = place.install("damaged", &text);
    let builder = hive::context::Environment::from_env().builder;
    std::fs::write(damaged.library_path(&builder), "other bytes").unwrap();

    let unrecorded = place.install("unrecorded", &text);
    std::fs::remove_file(unrecorded.record_path(&builder)).unwrap();

    place.write("home/experts/no-library/manifest.json", &manifest("no-library"));
    place.write("home/experts/typo/manifest.json", &manifest("typo").replace("license", "licence"));
    place.write("checkout/experts/fresh/Cargo.toml", "[package]\nname = \"expert-fresh\"\n");
    place.write("checkout/manifests/fresh.json", &manifest("fresh"));
    place.write("checkout/experts/no-manifest/Cargo.toml", "[package]\nname = \"expert-no-manifest\"\n");
    place
}

#[test]
fn every_state_has_its_line() {
    insta::assert_snapshot!(everything().run(&["expert", "list"]));
}

#[test]
fn json_is_stable() {
    let place = Place::new();
    place.install("misbehaving", &plugin("misbehaving"));
    place.install("wrong-abi", &plugin("wrong_abi"));
    insta::assert_snapshot!(place.run(&["expert", "list", "--json"]));
}

#[test]
fn a_plugin_that_cannot_even_say_its_manifest() {
    let place = Place::new();
    place.install("misbehaving", &plugin("misbehaving"));
    check_all(["panic", "garbage", "null", "status", "long"], |how| {
        let text = place.run_with(&[("HIVE_TEST_MANIFEST", how)], &["expert", "list"]);
        insta::assert_snapshot!(format!("manifest_{how}"), without_panic_note(&text));
    });
}

/// Rust's own note of a panic on stderr names a line and a thread number.
fn without_panic_note(text: &str) -> String {
    let kept = text.lines().filter(|l| {
        !(l.is_empty()
            || l.starts_with("thread '")
            || l.starts_with("asked to panic")
            || l.starts_with("note: run with"))
    });
    kept.collect::<Vec<_>>().join("\n")
}

#[test]
fn no_expert_at_all() {
    insta::assert_snapshot!(Place::new().run(&["expert", "list"]));
}
