//! Reports on disk: each evaluation under a name of its own, so that a part of a suite does not take the
//! place of the whole; and what stands where one is to be written.

use std::path::Path;

use serde_json::Value;

use super::suite::{BUILTIN, Suite};

/// What stands where a report is to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing.
    Free,
    /// A report of the same evaluation.
    Same,
    /// Something else.
    Other,
}

/// The name of a report's files, without their ending: `builtin`, `mine-limit-200`,
/// `builtin-checkpoint-60`.
pub fn stem(suite: &Suite, checkpoint: Option<&str>) -> String {
    let file = suite.file;
    let name = suite.name.trim_end_matches(".jsonl");
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '-' };
    let mut stem: String = name.chars().map(plain).collect();
    // A file may be called as the expert's own suite is, and is another one.
    if file && stem == BUILTIN {
        stem.insert_str(0, "file-");
    }
    if let Some(limit) = suite.limit {
        stem.push_str(&format!("-limit-{limit}"));
    }
    if let Some(step) = checkpoint {
        stem.push_str(&if step == "all" { "-checkpoints".to_owned() } else { format!("-checkpoint-{step}") });
    }
    stem
}

/// What stands at `path`, where the evaluation with this digest is to be written.
pub fn standing(path: &Path, digest: &str) -> Standing {
    if !path.exists() {
        return Standing::Free;
    }
    let report = std::fs::read(path).ok().and_then(|text| serde_json::from_slice::<Value>(&text).ok());
    match report.as_ref().and_then(|report| report["digest"].as_str()) {
        Some(there) if there == digest => Standing::Same,
        _ => Standing::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_a_suite_has_a_name_of_its_own() {
        let suite = |name: &str, file: bool, limit| Suite { name: name.to_owned(), file, limit, ..Suite::default() };
        let own = suite(BUILTIN, false, None);
        assert_eq!(stem(&own, None), "builtin");
        assert_eq!(stem(&suite(BUILTIN, false, Some(200)), None), "builtin-limit-200");
        assert_eq!(stem(&own, Some("all")), "builtin-checkpoints");
        assert_eq!(stem(&own, Some("60")), "builtin-checkpoint-60");
        assert_eq!(stem(&suite("builtin.jsonl", true, None), None), "file-builtin");
        assert_eq!(stem(&suite("my suite.jsonl", true, Some(9)), Some("3")), "my-suite-limit-9-checkpoint-3");
    }

    #[test]
    fn a_report_is_told_from_another() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("builtin.json");
        assert_eq!(standing(&path, "a"), Standing::Free);
        std::fs::write(&path, "{\"digest\": \"a\"}").unwrap();
        assert_eq!((standing(&path, "a"), standing(&path, "b")), (Standing::Same, Standing::Other));
        std::fs::write(&path, "{").unwrap();
        assert_eq!(standing(&path, "a"), Standing::Other);
    }
}
