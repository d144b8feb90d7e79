//! The names of a package's files and their size limits. The format itself is described in
//! `docs/package-format.md`.

/// Number of the package format.
pub const FORMAT: u32 = 1;

/// The extension of package files.
pub const EXTENSION: &str = "expert";

/// Name, version, base and adapter.
pub const DESCRIPTION: &str = "package.json";
/// The expert's manifest.
pub const MANIFEST: &str = "manifest.json";
/// Golden prompts with their token ids.
pub const GOLDEN: &str = "golden.json";
/// Logits at the end of the golden prompts, with and without the adapter.
pub const PROBE: &str = "probe.safetensors";
/// The adapter's results.
pub const EVALUATION: &str = "evaluation.json";
/// Digests of everything that went into the training.
pub const RECEIPT: &str = "receipt.json";
/// What `hive expert check` found of the expert.
pub const CHECKS: &str = "checks.json";
/// The model card.
pub const CARD: &str = "README.md";
/// The licence.
pub const LICENSE: &str = "LICENSE";
/// sha256 and size of every other file except the signature.
pub const INTEGRITY: &str = "integrity.json";
/// The signature of [`INTEGRITY`].
pub const SIGNATURE: &str = "signature.json";
/// The prefix of plugin libraries; a target triple and the system's extension follow.
pub const PLUGIN: &str = "plugin-";

/// The beginning of the names of files that a manifest's grading command uses.
pub const GRADER: &str = "grade";

pub use hive_engine::adapter::peft::{BASE_FILE, CONFIG_FILE, TENSOR_FILE};

/// Files that every package has.
pub const REQUIRED: [&str; 9] =
    [CONFIG_FILE, TENSOR_FILE, BASE_FILE, DESCRIPTION, MANIFEST, GOLDEN, PROBE, CARD, LICENSE];

/// Limit on the number of files in a package.
pub const MAX_FILES: usize = 32;

/// Limit on the size of an unpacked package, in bytes.
pub const MAX_BYTES: u64 = 4 << 30;

/// The size limit of the file of this name, in bytes; `None` if packages have no such file.
pub fn limit(name: &str) -> Option<u64> {
    const KIB: u64 = 1 << 10;
    const MIB: u64 = 1 << 20;
    match name {
        SIGNATURE | BASE_FILE | CHECKS | INTEGRITY => Some(64 * KIB),
        CONFIG_FILE | DESCRIPTION => Some(256 * KIB),
        MANIFEST => Some(MIB),
        GOLDEN | EVALUATION | CARD | LICENSE => Some(4 * MIB),
        RECEIPT => Some(32 * MIB),
        PROBE => Some(256 * MIB),
        TENSOR_FILE => Some(MAX_BYTES),
        name if is_library(name) => Some(512 * MIB),
        name if is_grader(name) => Some(MIB),
        _ => None,
    }
}

/// Whether this is the name of a plugin library.
pub fn is_library(name: &str) -> bool {
    name.strip_prefix(PLUGIN).is_some_and(|rest| {
        let ending = [".so", ".dylib", ".dll"].iter().find_map(|ending| rest.strip_suffix(ending));
        ending.is_some_and(|target| !target.is_empty() && target.bytes().all(plain))
    })
}

/// Whether this is the name of a file that a manifest's grading command uses: `grade.awk`.
pub fn is_grader(name: &str) -> bool {
    is_plain(name) && name.strip_prefix(GRADER).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-', '_']))
}

/// Whether a package can have this version: semantic versioning 2.0 without build metadata, with which two packages
/// could have the same version.
pub fn is_version(text: &str) -> bool {
    semver::Version::parse(text).is_ok_and(|version| version.build.is_empty())
}

/// Whether this can be the name of a file in a package: it does not lead out of a folder and is not hidden.
pub fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.len() <= 100 && name.bytes().all(|b| plain(b) || b == b'.') && !name.starts_with('.')
}

fn plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// The name of the plugin library for this machine:
/// `plugin-x86_64-unknown-linux-gnu.so`.
pub fn own_library() -> String {
    format!("{PLUGIN}{}{}", own_target(), std::env::consts::DLL_SUFFIX)
}

/// The Rust target triple of this build of hive.
pub fn own_target() -> String {
    use std::env::consts::{ARCH, OS};
    let rest = match OS {
        "linux" if cfg!(target_env = "musl") => "unknown-linux-musl",
        "linux" => "unknown-linux-gnu",
        "macos" => "apple-darwin",
        "windows" if cfg!(target_env = "gnu") => "pc-windows-gnu",
        "windows" => "pc-windows-msvc",
        other => other,
    };
    format!("{ARCH}-{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use hive_tests::check_all;

    #[test]
    fn names_that_lead_elsewhere_or_hide_are_none() {
        check_all(["a", "README.md", "adapter_model.safetensors", "plugin-x86_64-unknown-linux-gnu.so"], |name| {
            assert!(is_plain(name), "{name}");
        });
        for name in ["", ".", "..", "../a", "/a", "a/b", "a\\b", ".hidden", "a b", "é", "a\0", "C:", &"x".repeat(101)]
        {
            assert!(!is_plain(name), "{name}");
        }
    }

    #[test]
    fn every_required_file_has_a_limit_and_unknown_ones_have_none() {
        assert!(REQUIRED.iter().all(|name| limit(name).is_some() && is_plain(name)));
        assert!(limit(&own_library()).is_some());
        check_all(["grade", "grade.awk", "grade-dates.sh"], |name| assert_eq!(limit(name), Some(1 << 20), "{name}"));
        check_all(
            [
                "adapter_model.bin",
                "grader.sh",
                "grade/x",
                "plugin-.so",
                "plugin-x.exe",
                "plugin-a.b.so",
                "pytorch_model.pkl",
            ],
            |name| {
                assert_eq!(limit(name), None, "{name}");
            },
        );
    }
}
