//! The files of a new expert, from the templates that are compiled in.

use hive_sdk::ABI_VERSION;

use super::{NewFile, sdk};

macro_rules! template {
    ($path:literal) => {
        include_str!(concat!("../../../templates/", $path))
    };
}

/// A folder with a manifest and records.
pub(super) fn declared(name: &str) -> Vec<NewFile> {
    filled(
        name,
        &[
            ("expert.json", template!("declared/expert.json")),
            ("records.jsonl", template!("declared/records.jsonl")),
            ("README.md", template!("declared/README.md")),
            (".gitignore", template!("declared/gitignore")),
        ],
    )
}

/// A crate outside hive's checkout, with the SDK's sources.
pub(super) fn of_crate(name: &str) -> Vec<NewFile> {
    let own = [
        ("Cargo.toml", template!("crate/Cargo.toml.txt")),
        ("README.md", template!("crate/README.md")),
        (".github/workflows/ci.yml", template!("crate/ci.yml")),
        (".gitignore", template!("crate/gitignore")),
    ];
    let mut files = filled(name, &own);
    files.extend(sources(name, ""));
    files.push(("expert.json".to_owned(), manifest(name)));
    files.extend(sdk::files().into_iter().map(|(path, text)| (format!("hive-sdk/{path}"), text)));
    files
}

/// The Rust files of a new crate; `up` leads from the crate to the folder of the manifest.
pub(super) fn sources(name: &str, up: &str) -> Vec<NewFile> {
    let mut files = filled(
        name,
        &[
            ("src/lib.rs", template!("crate/lib.rs.txt")),
            ("src/synthesize.rs", template!("crate/synthesize.rs.txt")),
            ("tests/expert.rs", template!("crate/tests.rs.txt")),
        ],
    );
    if !up.is_empty() {
        for (_, text) in &mut files {
            *text = text.replace("../expert.json", &format!("../{up}{name}.json"));
        }
    }
    files
}

/// The manifest of a new crate.
pub(super) fn manifest(name: &str) -> String {
    fill(name, template!("crate/expert.json"))
}

fn filled(name: &str, templates: &[(&str, &str)]) -> Vec<NewFile> {
    templates.iter().map(|(path, text)| ((*path).to_owned(), fill(name, text))).collect()
}

fn fill(name: &str, template: &str) -> String {
    let library = format!("expert_{}", name.replace('-', "_"));
    template.replace("{{name}}", name).replace("{{crate}}", &library).replace("{{abi}}", &ABI_VERSION.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_of_new_experts_are_sound() {
        for files in [declared("a-b"), of_crate("a-b")] {
            let (_, json) = files.iter().find(|(path, _)| path == "expert.json").expect("a manifest");
            let manifest = hive_plugins::manifest::check("expert.json", json).expect("a sound manifest");
            assert_eq!(manifest.name, "a-b");
            let own = files.iter().filter(|(path, _)| !path.starts_with("hive-sdk/"));
            own.for_each(|(path, text)| assert!(!text.contains("{{"), "{path} is filled in"));
        }
    }

    #[test]
    fn the_declared_experts_records_are_read() {
        let files = declared("x");
        let (_, records) = files.iter().find(|(path, _)| path == "records.jsonl").expect("records");
        assert_eq!(records.lines().filter(|line| serde_json::from_str::<hive_sdk::Record>(line).is_ok()).count(), 20);
    }
}
