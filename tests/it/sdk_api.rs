//! The SDK's public declarations, against those of `sdk/api.txt`: plugins of strangers are written against them. What is
//! added is written down; what is removed or changed needs a new minor version, as long as the major one is 0
//! (<https://doc.rust-lang.org/cargo/reference/semver.html>).

use std::collections::BTreeSet;

use crate::architecture::without_tests;
use crate::harness::repository;

/// Sources whose items are public, in the order of the file.
const SOURCES: [&str; 13] = [
    "sdk/src/lib.rs",
    "sdk/src/abi.rs",
    "sdk/src/declared.rs",
    "sdk/src/error.rs",
    "sdk/src/expert.rs",
    "sdk/src/export.rs",
    "sdk/src/grammar.rs",
    "sdk/src/manifest.rs",
    "sdk/src/prompt.rs",
    "sdk/src/protocol.rs",
    "sdk/src/rng.rs",
    "sdk/src/testing.rs",
    "sdk/src/text.rs",
];

/// The public declarations of a source, each on one line with the item that it belongs to, without bodies and comments.
fn declarations(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    // The item around the present line, and whether all that is in it is public.
    let mut around: Option<(String, bool)> = None;
    let mut lines = without_tests(text).lines();
    while let Some(line) = lines.next() {
        if line.starts_with('}') {
            around = None;
        }
        let (top, trimmed) = (!line.starts_with(' '), line.trim());
        let direct = line.starts_with("    ") && !line.starts_with("     ");
        let all_public = around.as_ref().is_some_and(|(_, all)| *all);
        let inner = direct && all_public && !trimmed.starts_with(['/', '#', '}', ')']);
        if top && trimmed.starts_with("impl") {
            let name = trimmed.trim_start_matches("impl").split_whitespace().find(|word| !word.starts_with('<'));
            around = name.map(|name| (name.to_owned(), false));
        }
        if !(trimmed.starts_with("pub ") && (top || direct)) && !inner {
            continue;
        }
        let mut whole = trimmed.to_owned();
        let ends: &[char] = match () {
            () if whole.starts_with("pub use") => &[';'],
            () if whole.contains("fn ") => &['{', ';', '}'],
            () => &['{', ';', ',', '}'],
        };
        while !whole.ends_with(ends) {
            let Some(next) = lines.next() else { break };
            whole.push(' ');
            whole.push_str(next.trim());
        }
        let head = if whole.contains("fn ") { whole.split(" {").next().unwrap_or_default() } else { &whole };
        let head = head.trim_end_matches(['{', ',', ';']).trim();
        let owner = around.as_ref().filter(|_| !top).map(|(name, _)| format!("{name}: ")).unwrap_or_default();
        found.push(format!("{owner}{head}"));
        let mut words = head.split_whitespace().skip(1);
        let all = match words.next() {
            Some("enum" | "trait") => Some(true),
            Some("struct") => Some(false),
            _ => None,
        };
        if let Some(all) = all.filter(|_| top && whole.ends_with('{')) {
            let name = words.next().unwrap_or_default().trim_end_matches(':');
            around = Some((name.to_owned(), all));
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
