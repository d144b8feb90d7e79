//! Building an expert on demand in a checkout. The expert here depends on nothing, not even the
//! SDK: it builds in a second, and shows that C types and JSON are all the boundary asks for.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use hive_errors::Diagnostic as _;
use hive_plugins::{Builder, Experts, Freshness, PluginError, open};

use crate::harness::{Place, builder, manifest, repository};

fn with_expert(source: &str) -> (Place, Builder) {
    let place = Place::new();
    place.write(
        "checkout/experts/tiny/Cargo.toml",
        "[package]\nname = \"expert-tiny\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[lib]\ncrate-type = [\"cdylib\"]\n",
    );
    place.write("checkout/experts/tiny/src/lib.rs", source);
    place.write("checkout/manifests/tiny.json", &manifest("tiny"));
    let builder = Builder { profile: "dev".to_owned(), target_dir: None, ..builder() };
    (place, builder)
}

#[test]
fn a_missing_library_is_built_a_fresh_one_is_not_and_one_changed_behind_cargos_back_is_not_opened() {
    let (place, builder) = with_expert(include_str!("fixtures/tiny.rs"));
    let checkout = place.checkout();
    let experts = Experts::of(Some(&checkout), [], []);
    let entry = experts.get("tiny").unwrap();
    let lines = |count: &mut usize| open(entry, &builder, &mut |_| *count += 1).unwrap().manifest().name.clone();

    assert_eq!(builder.freshness(&checkout, "tiny"), Freshness::Missing);
    let mut first = 0;
    assert_eq!(lines(&mut first), "tiny");
    assert!(first > 0, "cargo's lines come to the caller");
    assert_eq!(builder.freshness(&checkout, "tiny"), Freshness::Fresh);
    let mut second = 0;
    lines(&mut second);
    assert_eq!(second, 0, "cargo is not even asked");

    let library = builder.library(&checkout, "tiny");
    let dated = std::fs::metadata(&library).unwrap().modified().unwrap();
    // A new file: cargo's own copy shares its bytes with the old one.
    std::fs::remove_file(&library).unwrap();
    std::fs::write(&library, "damaged").unwrap();
    std::fs::File::options().write(true).open(&library).unwrap().set_modified(dated).unwrap();
    let error = open(entry, &builder, &mut |_| {}).unwrap_err();
    assert!(error.to_string().contains(": its sha256 is `"), "{error}");
    assert_eq!(
        error.hint().as_deref(),
        Some("`cargo clean --package expert-tiny`, then the same command again, rebuilds it")
    );

    let source = std::fs::File::options().write(true).open(place.path("checkout/experts/tiny/src/lib.rs")).unwrap();
    source.set_modified(SystemTime::now() + Duration::from_secs(2)).unwrap();
    assert_eq!(builder.freshness(&checkout, "tiny"), Freshness::Stale);
}

#[test]
fn a_failing_build_is_one_error_with_cargos_last_lines() {
    let (place, builder) = with_expert("compile_error!(\"deliberate\");\n");
    let experts = Experts::of(Some(&place.checkout()), [], []);
    let error = open(experts.get("tiny").unwrap(), &builder, &mut |_| {}).unwrap_err();
    let PluginError::Build { tail, .. } = &error else { panic!("{error}") };
    assert!(tail.iter().any(|line| line.contains("error: deliberate")), "{tail:?}");
    assert!(error.to_string().starts_with("Failed to build expert `tiny`: cargo ended with exit"), "{error}");
    assert_eq!(
        error.hint().as_deref(),
        Some("`cargo build --package expert-tiny --profile dev` shows the whole output")
    );
    assert_eq!(error.exit_code(), 2);
}

#[test]
fn no_cargo_is_told() {
    let (place, builder) = with_expert("");
    let builder = Builder { cargo: "no-such-cargo".into(), ..builder };
    let error = builder.build(&place.checkout(), "tiny", &mut |_| {}).unwrap_err();
    assert!(
        error.to_string().starts_with("Failed to build expert `tiny`: `no-such-cargo` cannot be started: "),
        "{error}"
    );
}

#[test]
fn a_typo_in_the_manifest_is_told_when_the_expert_is_used() {
    let (place, builder) = with_expert(include_str!("fixtures/tiny.rs"));
    place.write("checkout/manifests/tiny.json", &manifest("tiny").replace("\"license\"", "\"licence\""));
    let experts = Experts::of(Some(&place.checkout()), [], []);
    let error = open(experts.get("tiny").unwrap(), &builder, &mut |_| {}).unwrap_err();
    assert!(error.to_string().ends_with(": its manifest has 2 faults"), "{error}");
    assert_eq!(
        error.details(),
        [
            "$.licence: unknown key `licence`, did you mean `license`?",
            "$.license: missing, the key `license` is required"
        ]
    );
    assert_eq!(error.hint().as_deref(), Some("`hive expert check tiny` lists every fault"));
}

#[test]
fn a_crate_that_is_no_member_is_told_with_the_line_to_add() {
    let (place, builder) = with_expert("");
    place.write("checkout/Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"experts/other\"]\n");
    place.write(
        "checkout/experts/other/Cargo.toml",
        "[package]\nname = \"expert-other\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
    );
    place.write("checkout/experts/other/src/lib.rs", "");
    let error = builder.build(&place.checkout(), "tiny", &mut |_| {}).unwrap_err();
    let workspace = place.path("checkout/Cargo.toml");
    let shown = workspace.display();
    assert_eq!(
        error.to_string(),
        format!("Failed to build expert `tiny`: `experts/tiny` is not in `members` of `{shown}`")
    );
    assert_eq!(error.hint(), Some(format!("add `\"experts/tiny\"` to `members` in `{shown}`")));
}

/// The crates that a build of these packages needs, each with its version and features. `edges`: those for hive itself,
/// or also those for what runs during the build.
fn built_with(packages: &[&str], edges: &str) -> BTreeSet<String> {
    let mut command = builder().cargo_command();
    command.args(["tree", "--offline", "--locked", "--edges", edges, "--prefix", "none", "--format", "{p} {f}"]);
    packages.iter().for_each(|package| {
        command.args(["--package", package]);
    });
    let output = command.current_dir(repository()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().map(|line| line.trim_end_matches(" (*)").to_owned()).filter(|line| !line.is_empty()).collect()
}

#[test]
fn hive_is_built_the_same_whichever_expert_is_built_with_it() {
    const HIVE: &str = "normal,no-proc-macro";
    const ALL: &str = "normal,build";
    let (hive, all) = (built_with(&["hive"], HIVE), built_with(&["hive"], ALL));
    for entry in std::fs::read_dir(repository().join("experts")).unwrap().flatten() {
        let package = format!("expert-{}", entry.file_name().to_str().unwrap());
        let together = built_with(&["hive", &package], HIVE);
        let all_together = built_with(&["hive", &package], ALL);
        let other_features: Vec<_> = hive.difference(&together).chain(all.difference(&all_together)).collect();
        assert_eq!(other_features, Vec::<&String>::new(), "{package} asks for other features");
        // Crates for macros alone are compiled without regard to linking.
        let linked: Vec<_> = together.difference(&hive).filter(|line| all.contains(*line)).collect();
        assert_eq!(linked, Vec::<&String>::new(), "{package} links what only macros of hive need");
    }
}
