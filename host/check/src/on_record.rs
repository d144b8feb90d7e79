//! What checks on this machine have found: `HIVE_HOME/checks/NAME.json`. It counts as long as manifest and code are those
//! that were checked, and hive's version is the one that checked them.

use std::path::{Path, PathBuf};

use hive_files::{FileError, hex, write_file};
use hive_plugins::manifest::is_name;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::report::CheckStatement;

/// The statements of a `HIVE_HOME`.
#[derive(Debug, Clone)]
pub struct ChecksOnRecord {
    folder: PathBuf,
}

#[derive(Debug, Serialize, Deserialize)]
struct Recorded {
    statement: CheckStatement,
    /// Digest of what the expert does, as [`hive_plugins::ExpertPlace::sha256`] computes it.
    code: String,
}

impl ChecksOnRecord {
    /// Those of this home folder.
    pub fn of(home: &Path) -> Self {
        Self { folder: home.join("checks") }
    }

    /// Records what was found of an expert; `code` is the digest of what it does
    /// ([`hive_plugins::ExpertPlace::sha256`]). A result of all checks is not replaced by one of
    /// the quick checks of the same expert.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(&self, name: &str, statement: &CheckStatement, code: &str) -> Result<(), FileError> {
        let before = self.read(name).filter(|before| before.is_of(&statement.manifest, code));
        if before.is_some_and(|before| before.statement.ran() > statement.ran()) {
            return Ok(());
        }
        let Some(path) = self.file(name) else { return Ok(()) };
        let recorded = Recorded { statement: statement.clone(), code: code.to_owned() };
        let text = serde_json::to_string_pretty(&recorded).map_err(|e| FileError::io("write", &path, e.into()))?;
        std::fs::create_dir_all(&self.folder).map_err(|e| FileError::io("create", &self.folder, e))?;
        write_file(&path, (text + "\n").as_bytes())
    }

    /// What was found of the expert with this manifest that does what has the digest `code`.
    pub fn get(&self, name: &str, manifest: &str, code: &str) -> Option<CheckStatement> {
        let digest = hex(&Sha256::digest(manifest));
        self.read(name).filter(|recorded| recorded.is_of(&digest, code)).map(|recorded| recorded.statement)
    }

    fn read(&self, name: &str) -> Option<Recorded> {
        serde_json::from_slice(&std::fs::read(self.file(name)?).ok()?).ok()
    }

    /// The file of an expert. What a manifest that is being checked calls a name may lead anywhere.
    fn file(&self, name: &str) -> Option<PathBuf> {
        is_name(name).then(|| self.folder.join(format!("{name}.json")))
    }
}

impl Recorded {
    fn is_of(&self, manifest: &str, code: &str) -> bool {
        let CheckStatement { hive, manifest: checked, .. } = &self.statement;
        hive == env!("CARGO_PKG_VERSION") && checked == manifest && self.code == code
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{ExpertKind, PassedLevel};

    fn statement(level: PassedLevel, passed: usize) -> CheckStatement {
        CheckStatement {
            format: 1,
            hive: env!("CARGO_PKG_VERSION").to_owned(),
            manifest: hex(&Sha256::digest("{}")),
            kind: ExpertKind::Plugin,
            level,
            passed,
            failed: 0,
            skipped: 1,
            failures: Vec::new(),
        }
    }

    #[test]
    fn a_statement_counts_for_what_was_checked_alone() {
        let home = tempfile::tempdir().unwrap();
        let checks = ChecksOnRecord::of(home.path());
        assert_eq!(checks.get("a", "{}", "l"), None);
        let full = statement(PassedLevel::Full, 100);
        checks.save("a", &full, "l").unwrap();
        assert_eq!(checks.get("a", "{}", "l").as_ref(), Some(&full));
        for (name, manifest, code) in [("b", "{}", "l"), ("a", "{ }", "l"), ("a", "{}", "m")] {
            assert_eq!(checks.get(name, manifest, code), None, "{name} {manifest} {code}");
        }
        // Fewer checks of the same expert say less.
        checks.save("a", &statement(PassedLevel::Quick, 40), "l").unwrap();
        assert_eq!(checks.get("a", "{}", "l").as_ref(), Some(&full));
        // As many are newer, and of another library as well.
        let failed = statement(PassedLevel::None, 100);
        checks.save("a", &failed, "l").unwrap();
        assert_eq!(checks.get("a", "{}", "l").as_ref(), Some(&failed));
        checks.save("a", &statement(PassedLevel::Quick, 40), "m").unwrap();
        assert_eq!(checks.get("a", "{}", "l"), None);
        for name in ["../victim", "/tmp/victim", "..", "A", ""] {
            checks.save(name, &full, "l").unwrap();
            assert_eq!(checks.get(name, "{}", "l"), None, "{name}");
        }
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 1, "nothing beside the folder");
        std::fs::write(home.path().join("checks/a.json"), "{").unwrap();
        assert_eq!(checks.get("a", "{}", "m"), None);
    }
}
