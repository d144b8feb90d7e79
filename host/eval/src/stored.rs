//! Report files: each evaluation has a file name of its own, so that the report on a part of a suite does not
//! replace the one on the whole; and whether a path already has a report.

use std::path::Path;

use serde_json::Value;

use super::suite::{BUILTIN, Suite};

/// What already exists at the path of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExistingReport {
    /// Nothing.
    Absent,
    /// A report of the same evaluation.
    Same,
    /// Anything else.
    Other,
}

/// The name of a report's files without extension: `builtin`, `mine-limit-200`,
/// `builtin-checkpoint-60`.
pub fn file_stem(suite: &Suite, checkpoint: Option<&str>) -> String {
    let file = suite.file;
    let name = suite.name.trim_end_matches(".jsonl");
    let replace_special = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '-' };
    let mut stem: String = name.chars().map(replace_special).collect();
    // A file may have the name of the expert's own suite.
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

/// What already exists at `path`, compared with the evaluation that has this digest.
pub fn existing_report(path: &Path, digest: &str) -> ExistingReport {
    if !path.exists() {
        return ExistingReport::Absent;
    }
    let report = std::fs::read(path).ok().and_then(|text| serde_json::from_slice::<Value>(&text).ok());
    match report.as_ref().and_then(|report| report["digest"].as_str()) {
        Some(existing) if existing == digest => ExistingReport::Same,
        _ => ExistingReport::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_a_suite_has_a_name_of_its_own() {
        let suite = |name: &str, file: bool, limit| Suite { name: name.to_owned(), file, limit, ..Suite::default() };
        let own = suite(BUILTIN, false, None);
        assert_eq!(file_stem(&own, None), "builtin");
        assert_eq!(file_stem(&suite(BUILTIN, false, Some(200)), None), "builtin-limit-200");
        assert_eq!(file_stem(&own, Some("all")), "builtin-checkpoints");
        assert_eq!(file_stem(&own, Some("60")), "builtin-checkpoint-60");
        assert_eq!(file_stem(&suite("builtin.jsonl", true, None), None), "file-builtin");
        assert_eq!(file_stem(&suite("my suite.jsonl", true, Some(9)), Some("3")), "my-suite-limit-9-checkpoint-3");
    }

    #[test]
    fn a_report_is_told_from_another() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("builtin.json");
        assert_eq!(existing_report(&path, "a"), ExistingReport::Absent);
        std::fs::write(&path, "{\"digest\": \"a\"}").unwrap();
        assert_eq!(
            (existing_report(&path, "a"), existing_report(&path, "b")),
            (ExistingReport::Same, ExistingReport::Other)
        );
        std::fs::write(&path, "{").unwrap();
        assert_eq!(existing_report(&path, "a"), ExistingReport::Other);
    }
}
