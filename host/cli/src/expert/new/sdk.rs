//! The SDK's sources, as this hive was built from, for crates outside its checkout while the SDK is in no registry.

use super::NewFile;

/// The SDK and the recipe's types that it needs: paths in a folder, and texts.
pub(super) fn files() -> Vec<NewFile> {
    macro_rules! sources {
        ($from:literal, $to:literal, $($file:literal),*) => {
            [$((concat!($to, "src/", $file), include_str!(concat!("../../../../../", $from, "/src/", $file)))),*]
        };
    }
    let sdk = sources!(
        "sdk",
        "",
        "abi.rs",
        "declared.rs",
        "error.rs",
        "expert.rs",
        "export.rs",
        "grammar.rs",
        "lib.rs",
        "manifest.rs",
        "prompt.rs",
        "protocol.rs",
        "rng.rs",
        "testing.rs",
        "text.rs"
    );
    let recipe = sources!("host/recipe", "recipe/", "adapter.rs", "lib.rs", "training.rs");
    let mut files: Vec<NewFile> =
        sdk.iter().chain(&recipe).map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    files.push(("Cargo.toml".to_owned(), package("hive-sdk", "hive-recipe = { path = \"recipe\" }\n", SDK)));
    files.push(("recipe/Cargo.toml".to_owned(), package("hive-recipe", "", RECIPE)));
    files
}

const RECIPE: &str = "schemars = \"1\"\nserde = { version = \"1\", features = [\"derive\"] }\n";
const SDK: &str = "schemars = \"1\"\nserde = { version = \"1\", features = [\"derive\"] }\n\
                   serde_json = { version = \"1\", features = [\"preserve_order\"] }\n";

fn package(name: &str, own: &str, dependencies: &str) -> String {
    let version = env!("CARGO_PKG_VERSION");
    format!(
        "[package]\nname = \"{name}\"\nversion = \"{version}\"\nedition = \"2024\"\nlicense = \"MIT OR Apache-2.0\"\n\
         publish = false\n\n[dependencies]\n{own}{dependencies}"
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    /// What a folder of sources holds, against what is compiled in.
    #[test]
    fn all_sources_are_there() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for (folder, prefix) in [("sdk/src", "src/"), ("host/recipe/src", "recipe/src/")] {
            let on_disk: BTreeSet<String> = std::fs::read_dir(root.join(folder))
                .expect("sources")
                .flatten()
                .map(|entry| format!("{prefix}{}", entry.file_name().to_string_lossy()))
                .collect();
            let written: BTreeSet<String> =
                files().into_iter().map(|(path, _)| path).filter(|path| path.starts_with(prefix)).collect();
            assert_eq!(written, on_disk, "{folder}");
        }
    }

    #[test]
    fn the_crates_need_what_the_sources_need() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for (folder, written) in [("sdk", "Cargo.toml"), ("host/recipe", "recipe/Cargo.toml")] {
            let own = std::fs::read_to_string(root.join(folder).join("Cargo.toml")).expect("a manifest");
            let (_, written) = files().into_iter().find(|(path, _)| path == written).expect("a manifest");
            let names = |text: &str| -> BTreeSet<String> {
                let lines = text.lines().skip_while(|line| *line != "[dependencies]").skip(1);
                lines
                    .take_while(|line| !line.is_empty())
                    .filter_map(|line| line.split(['.', ' ']).next().map(str::to_owned))
                    .collect()
            };
            assert_eq!(names(&written), names(&own), "{folder}");
        }
    }
}
