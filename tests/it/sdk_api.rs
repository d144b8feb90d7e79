//! The SDK's public declarations, against those of `sdk/api.txt`: plugins of strangers are written against them. What is
//! added is written down; what is removed or changed needs a new minor version, as long as the major one is 0
//! (<https://doc.rust-lang.org/cargo/reference/semver.html>).

use std::collections::BTreeSet;

use crate::architecture::without_tests;
use crate::harness::repository;

/// Sources whose items are public, in the order of the file.
const SOURCES: [&str; 11] = [
    "sdk/src/lib.rs",
    "sdk/src/abi.rs",
    "sdk/src/declared.rs",
    "sdk/src/error.rs",
    "sdk/src/expert.rs",
    "sdk/src/export.rs",
    "sdk/src/manifest.rs",
    "sdk/src/prompt.rs",
    "sdk/src/protocol.rs",
    "sdk/src/testing.rs",
    "sdk/src/text.rs",
];

/// The public declarations of a source, each on one line, without bodies and comments.
fn declarations(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    // Inside a public enum or trait, items are public without a word.
    let mut open_item: Option<String> = None;
    let mut lines = without_tests(text).lines().peekable();
    while let Some(line) = lines.next() {
        let trimmed = line.trim();
        if line == "}" {
            open_item = None;
        }
        let is_inner = open_item.is_some() && line.starts_with("    ") && !line.starts_with("     ");
        let inner = is_inner && !trimmed.starts_with(['/', '#', '}', ')']);
        if !trimmed.starts_with("pub ") && !inner {
            continue;
        }
        let mut whole = trimmed.to_owned();
        let ends = |text: &str| text.ends_with(['{', ';', ',', '}']);
        let in_signature = whole.contains("fn ") || whole.contains("use ");
        while (in_signature && !whole.ends_with(['{', ';', '}']) || !ends(&whole)) && lines.peek().is_some() {
            whole.push(' ');
            whole.push_str(lines.next().unwrap_or_default().trim());
        }
        let head = if in_signature && !whole.starts_with("pub use") {
            whole.split(" {").next().unwrap_or_default()
        } else {
            whole.trim_end_matches('{')
        };
        let head = head.trim_end_matches([',', ';']).trim().to_owned();
        if trimmed.starts_with("pub enum") || trimmed.starts_with("pub trait") {
            open_item = head.split_whitespace().nth(2).map(|name| name.trim_end_matches(':').to_owned());
            found.push(head);
        } else {
            let owner = open_item.as_ref().filter(|_| inner).map(|name| format!("{name}: ")).unwrap_or_default();
            found.push(format!("{owner}{head}"));
        }
    }
    found
}

#[test]
fn what_plugins_are_written_against_changes_with_its_version_alone() {
    let version = env!("CARGO_PKG_VERSION");
    let mut now = format!("hive-sdk {version}\n");
    for source in SOURCES {
        let text = std::fs::read_to_string(repository().join(source)).unwrap();
        let name = source.trim_start_matches("sdk/src/").trim_end_matches(".rs");
        declarations(&text).iter().for_each(|line| now.push_str(&format!("{name}: {line}\n")));
    }
    assert!(now.lines().count() > 200, "declarations are still found");
    let path = repository().join("sdk/api.txt");
    let before = std::fs::read_to_string(&path).unwrap_or_default();
    if std::env::var_os("HIVE_WRITE_REFERENCE").is_some() {
        std::fs::write(&path, &now).unwrap();
        return;
    }
    let lines = |text: &str| text.lines().skip(1).map(str::to_owned).collect::<BTreeSet<String>>();
    let minor = |text: &str| {
        let version = text.lines().next().unwrap_or_default().trim_start_matches("hive-sdk ").to_owned();
        version.rsplit_once('.').map(|(minor, _)| minor.to_owned()).unwrap_or_default()
    };
    let (lines_before, lines_now) = (lines(&before), lines(&now));
    let gone: Vec<&String> = lines_before.difference(&lines_now).collect();
    assert!(
        gone.is_empty() || minor(&before) != minor(&now),
        "the SDK lacks what plugins of version {} may use; keep it, or raise the minor version: {gone:#?}",
        minor(&before)
    );
    assert_eq!(before, now, "`just reference` writes `sdk/api.txt` anew");
}
