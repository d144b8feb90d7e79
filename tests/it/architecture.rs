//! Who may import whom. Read from the manifests and `use` lines, so that a wrong arrow in the
//! picture of ARCHITECTURE.md fails here rather than in a review.

use hive_tests::check_all;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::harness::repository;

/// The names under `[dependencies]` of a crate's Cargo.toml.
fn dependencies(folder: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    text.lines()
        .skip_while(|line| line.trim() != "[dependencies]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split(['.', '=', ' ']).next())
        .filter(|name| !name.is_empty() && !name.starts_with('#'))
        .map(str::to_owned)
        .collect()
}

/// Rust files below `folder`, with their text.
pub fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push((path.clone(), std::fs::read_to_string(&path).unwrap()));
        }
    }
    found
}

/// A file up to its unit tests, which are at its end.
pub fn without_tests(text: &str) -> &str {
    let tests = text.match_indices("#[cfg(test)]\n").find(|(at, attribute)| {
        let item = &text[at + attribute.len()..];
        item.starts_with("mod tests {") || item.starts_with("pub(crate) mod tests {")
    });
    tests.map_or(text, |(at, _)| &text[..at])
}

/// Lines of code, with comments left out, that hold `word`.
fn lines_with(folder: &Path, word: &str, allowed: impl Fn(&Path) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in sources(folder) {
        if allowed(path.strip_prefix(folder).unwrap()) {
            continue;
        }
        for (i, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            if code.contains(word) {
                found.push(format!("{}:{}: {}", path.display(), i + 1, line.trim()));
            }
        }
    }
    found
}

fn assert_none(found: Vec<String>, rule: &str) {
    assert!(found.is_empty(), "{rule}:\n{}", found.join("\n"));
}

/// Every crate of this workspace below the command line, and which others it may use.
pub const MAY_USE: &[(&str, &[&str])] = &[
    ("host/errors", &[]),
    ("host/files", &["hive-errors"]),
    ("host/pages", &[]),
    ("host/recipe", &[]),
    ("host/text", &["hive-errors", "hive-files"]),
    ("host/net", &["hive-errors", "hive-files"]),
    ("host/declared", &["hive-sdk"]),
    ("host/plugins", &["hive-declared", "hive-errors", "hive-files", "hive-sdk"]),
    ("sdk", &["hive-recipe"]),
    ("host/data", &["hive-errors", "hive-files", "hive-net", "hive-pages", "hive-plugins", "hive-sdk", "hive-text"]),
    ("host/engine", &["hive-errors", "hive-files", "hive-recipe", "hive-text"]),
    (
        "host/runtime",
        &["hive-engine", "hive-errors", "hive-files", "hive-net", "hive-plugins", "hive-sdk", "hive-text"],
    ),
    (
        "host/check",
        &[
            "hive-data",
            "hive-engine",
            "hive-errors",
            "hive-files",
            "hive-plugins",
            "hive-runtime",
            "hive-sdk",
            "hive-text",
        ],
    ),
    (
        "host/train",
        &[
            "hive-check",
            "hive-data",
            "hive-engine",
            "hive-errors",
            "hive-files",
            "hive-net",
            "hive-pages",
            "hive-plugins",
            "hive-runtime",
            "hive-sdk",
            "hive-text",
        ],
    ),
    (
        "host/eval",
        &[
            "hive-data",
            "hive-engine",
            "hive-errors",
            "hive-files",
            "hive-net",
            "hive-pages",
            "hive-plugins",
            "hive-runtime",
            "hive-sdk",
            "hive-train",
        ],
    ),
    (
        "host/packages",
        &[
            "hive-check",
            "hive-engine",
            "hive-errors",
            "hive-eval",
            "hive-files",
            "hive-net",
            "hive-plugins",
            "hive-runtime",
            "hive-sdk",
            "hive-train",
        ],
    ),
    ("experts/json", &["hive-sdk"]),
    ("experts/sql", &["hive-sdk"]),
];

#[test]
fn crates_use_only_those_below_them() {
    check_all(MAY_USE.iter().copied(), |(folder, allowed)| {
        let used = dependencies(&repository().join(folder));
        let wrong = |name: &&String| name.starts_with("hive") && !allowed.contains(&name.as_str());
        assert_eq!(used.iter().find(wrong), None, "in {folder}; it may use {allowed:?}");
    });
}

#[test]
fn what_experts_are_written_against_needs_serde_alone() {
    let allowed = ["hive-recipe", "schemars", "serde", "serde_json"].map(str::to_owned).into();
    assert_eq!(dependencies(&repository().join("sdk")), allowed);
    let recipe = ["schemars", "serde"].map(str::to_owned).into();
    assert_eq!(dependencies(&repository().join("host/recipe")), recipe);
}

#[test]
fn experts_depend_on_the_sdk_and_neither_on_host_nor_tensors() {
    for entry in std::fs::read_dir(repository().join("experts")).unwrap().flatten() {
        let used = dependencies(&entry.path());
        assert!(used.contains("hive-sdk"), "{} depends on the SDK", entry.path().display());
        let wrong = |name: &&String| ["hive", "hive-engine"].contains(&name.as_str()) || name.starts_with("candle");
        assert_eq!(used.iter().find(wrong), None, "in {}", entry.path().display());
    }
}

#[test]
fn the_engine_knows_no_plugins_no_network_and_no_command_line() {
    let used = dependencies(&repository().join("host/engine"));
    let forbidden = ["clap", "console", "hive", "hive-sdk", "indicatif", "libloading", "ureq"];
    assert_eq!(forbidden.iter().find(|name| used.contains(**name)), None);
}

#[test]
fn the_environment_is_read_in_one_place() {
    // Stress tests are told by variables how much to do.
    let test = |path: &Path| path.ends_with("tests.rs");
    for word in ["env::var", "from_env", "hive_home"] {
        for (folder, _) in MAY_USE.iter().filter(|(folder, _)| folder.starts_with("host")) {
            assert_none(lines_with(&repository().join(folder).join("src"), word, test), "libraries are told");
        }
    }
}

/// Words of the domain that the first expert is for, in code and texts. What is a format's or JSON Schema's
/// word is listed with the reason.
#[test]
fn the_host_knows_no_domain() {
    let words = ["question", "sql", "postgres", "database", "\"schema\"", "--schema", "sqlite"];
    let allowed = [
        // The kind of input, as the manifest writes it.
        ("plugins/src/manifest/semantics.rs", "const ASKED: &str = \"question\";"),
        ("runtime/src/asking.rs", "InputKind::Question"),
        ("cli/src/expert_flags.rs", "InputKind::Question"),
        // A kind of file that people take for a data set.
        ("data/src/datasets/read/open.rs", "SQLite format 3"),
        // Names of columns that data sets of chats have, and of a column type of Parquet.
        ("data/src/datasets/read/parquet", "type_builder(\"schema\")"),
    ];
    let mut found = Vec::new();
    for (path, text) in sources(&repository().join("host")) {
        let shown = path.strip_prefix(repository().join("host")).unwrap().display().to_string();
        let test = ["tests.rs", "tests/", "benches/", "examples/"].iter().any(|part| shown.contains(part));
        if test || !shown.contains("src/") {
            continue;
        }
        let code = without_tests(&text);
        for (i, line) in code.lines().enumerate() {
            // Help texts of the command line are comments; elsewhere comments may give examples.
            let line = line.trim();
            let seen = if shown.starts_with("cli/") { line } else { line.split("//").next().unwrap_or_default() };
            let lower = seen.to_lowercase();
            let ddl = lower.split(|c: char| !c.is_alphanumeric()).any(|word| word == "ddl").then_some(&"ddl");
            let word = words.iter().find(|word| lower.contains(**word)).or(ddl);
            let excused = |(file, part): &(&str, &str)| shown.starts_with(file) && seen.contains(part);
            if let Some(word) = word.filter(|_| !allowed.iter().any(excused)) {
                found.push(format!("{shown}:{}: `{word}` in {line}", i + 1));
            }
        }
    }
    assert_none(found, "what is particular to a domain is in its manifest and plugin");
}

#[test]
fn printing_happens_in_the_command_line_alone() {
    // Unit tests say when they have nothing to do.
    let test = |path: &Path| path.ends_with("tests.rs");
    for word in ["println!(", "print!(", "dbg!("] {
        check_all(MAY_USE, |(folder, _)| {
            assert_none(lines_with(&repository().join(folder).join("src"), word, test), "libraries do not print");
        });
    }
}

#[test]
fn unsafe_is_at_the_plugin_boundary_in_memory_maps_and_in_kernels_alone() {
    let others = MAY_USE
        .iter()
        .map(|(folder, _)| *folder)
        .filter(|f| !["host/engine", "host/files", "host/plugins", "sdk"].contains(f));
    for folder in others.filter(|folder| folder.starts_with("host")).chain(["host/cli"]) {
        let found = lines_with(&repository().join(folder).join("src"), "unsafe ", |_| false);
        assert_none(found, "`unsafe` belongs to the plugins, the engine and memory maps");
    }
}

#[test]
fn main_stays_a_summary_and_every_file_says_what_it_is() {
    let main = std::fs::read_to_string(repository().join("host/cli/src/main.rs")).unwrap();
    assert!(main.lines().count() < 60, "main.rs has {} lines", main.lines().count());
    let crates: Vec<String> = MAY_USE.iter().map(|(folder, _)| format!("{folder}/src")).collect();
    for folder in crates.iter().map(String::as_str).chain(["host/cli/src", "experts", "tests"]) {
        for (path, text) in sources(&repository().join(folder)) {
            assert!(text.starts_with("//!"), "{} does not open with `//!`", path.display());
        }
    }
}

/// Lines of a file of the command line before its unit tests.
const LONGEST: usize = 120;

#[test]
fn files_of_the_command_line_are_short() {
    let folder = repository().join("host/cli/src");
    let mut found = Vec::new();
    for (path, text) in sources(&folder) {
        let lines = without_tests(&text).lines().count();
        if lines > LONGEST {
            found.push(format!("{}: {lines} lines", path.strip_prefix(&folder).unwrap().display()));
        }
    }
    found.sort();
    assert_none(found, &format!("a file has one purpose, and at most {LONGEST} lines before its unit tests"));
}
