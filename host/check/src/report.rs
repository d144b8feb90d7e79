//! The result of checking an expert: each check with its outcome, and a statement that others can rely on.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::check::{Check, Depth, Group, Level};

/// Format number of the JSON.
pub const FORMAT: u32 = 1;

/// What a check found wrong in one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// Where: a JSON path, a record, an eval prompt.
    #[serde(rename = "where")]
    pub place: String,
    /// What was found.
    pub got: String,
    /// What was expected; empty when the check's own sentence says it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub expected: String,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.place, self.got)?;
        if self.expected.is_empty() { Ok(()) } else { write!(f, ", expected {}", self.expected) }
    }
}

/// The outcome of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing was found.
    Passed,
    /// Something was found: the first places, and the number of all.
    Failed(Vec<Finding>, usize),
    /// It was not run, for this reason.
    Skipped(String),
}

/// A check with its outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The check.
    pub check: &'static Check,
    /// Its outcome.
    pub outcome: Outcome,
}

/// Number of checks by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Passed checks.
    pub passed: usize,
    /// Failed checks of level `must`.
    pub failed_must: usize,
    /// Failed checks of level `should`.
    pub failed_should: usize,
    /// Checks that were not run.
    pub skipped: usize,
}

/// The result of all checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The expert's name.
    pub expert: String,
    /// SHA-256 digest of the manifest's text, lower-case hex.
    pub manifest: String,
    /// Version of hive.
    pub hive: String,
    /// Whether it consists of a manifest only.
    pub declared: bool,
    /// Which checks were run.
    pub depth: Depth,
    /// Every check of that depth, in the order of the table.
    pub checks: Vec<Checked>,
}

impl Report {
    /// The checks of one group.
    pub fn of(&self, group: Group) -> impl Iterator<Item = &Checked> {
        self.checks.iter().filter(move |checked| checked.check.group() == group)
    }

    /// The failed checks of this level.
    pub fn failed(&self, level: Level) -> impl Iterator<Item = &Checked> {
        self.checks
            .iter()
            .filter(move |checked| checked.check.level == level && matches!(checked.outcome, Outcome::Failed(..)))
    }

    /// Number of checks by outcome.
    pub fn counts(&self) -> Counts {
        count(&self.checks)
    }

    /// All of it, for programs.
    pub fn as_json(&self) -> Value {
        let check = |Checked { check, outcome }: &Checked| {
            let mut value = json!({
                "code": check.code, "group": check.group(), "level": check.level, "expects": check.expects,
                "otherwise": check.otherwise, "page": check.page(),
            });
            match outcome {
                Outcome::Passed => value["outcome"] = json!("passed"),
                Outcome::Skipped(why) => {
                    value["outcome"] = json!("skipped");
                    value["reason"] = json!(why);
                }
                Outcome::Failed(findings, total) => {
                    value["outcome"] = json!("failed");
                    value["findings"] = json!(findings);
                    value["places"] = json!(total);
                }
            }
            value
        };
        json!({
            "format": FORMAT,
            "expert": self.expert,
            "statement": self.statement(),
            "checks": self.checks.iter().map(check).collect::<Vec<_>>(),
        })
    }

    /// What others can rely on.
    pub fn statement(&self) -> CheckStatement {
        let Counts { passed, failed_must, failed_should, skipped } = self.counts();
        let passes = if failed_must > 0 { PassedLevel::None } else { self.depth.into() };
        let failed = failed_must + failed_should;
        let codes = |checked: &Checked| checked.check.code.to_owned();
        let failures = self.failed(Level::Must).chain(self.failed(Level::Should)).map(codes).collect();
        CheckStatement {
            format: FORMAT,
            hive: self.hive.clone(),
            manifest: self.manifest.clone(),
            kind: if self.declared { ExpertKind::Declared } else { ExpertKind::Plugin },
            level: passes,
            passed,
            failed,
            skipped,
            failures,
        }
    }
}

/// Number of checks by outcome.
pub fn count<'c>(checks: impl IntoIterator<Item = &'c Checked>) -> Counts {
    let mut counts = Counts::default();
    for Checked { check, outcome } in checks {
        match (outcome, check.level) {
            (Outcome::Passed, _) => counts.passed += 1,
            (Outcome::Skipped(_), _) => counts.skipped += 1,
            (Outcome::Failed(..), Level::Must) => counts.failed_must += 1,
            (Outcome::Failed(..), Level::Should) => counts.failed_should += 1,
        }
    }
    counts
}

/// The depth at which no check of level `must` failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PassedLevel {
    /// A check of level `must` failed.
    None,
    /// The checks that training runs.
    Quick,
    /// All checks.
    Full,
}

impl PassedLevel {
    /// The words shown to the user.
    pub fn words(self) -> &'static str {
        match self {
            Self::None => "checks failed",
            Self::Quick => "quick checks passed",
            Self::Full => "checks passed",
        }
    }
}

impl From<Depth> for PassedLevel {
    fn from(depth: Depth) -> Self {
        match depth {
            Depth::Quick => Self::Quick,
            Depth::Full => Self::Full,
        }
    }
}

/// What an expert consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ExpertKind {
    /// A manifest only.
    Declared,
    /// A manifest and native code.
    Plugin,
}

impl ExpertKind {
    /// The word shown to the user.
    pub fn name(self) -> &'static str {
        match self {
            Self::Declared => "declared",
            Self::Plugin => "plugin",
        }
    }
}

/// What was checked with which result: the part of a report that may be passed on, with an expert's package for
/// instance. It says nothing of any record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckStatement {
    /// Format number.
    pub format: u32,
    /// Version of the hive that checked.
    pub hive: String,
    /// SHA-256 digest of the manifest's text, lower-case hex.
    pub manifest: String,
    /// What the expert consists of.
    pub kind: ExpertKind,
    /// The level passed.
    pub level: PassedLevel,
    /// Number of passed checks.
    pub passed: usize,
    /// Number of failed checks.
    pub failed: usize,
    /// Number of checks that did not apply.
    pub skipped: usize,
    /// Codes of the failed checks, those of level `must` first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<String>,
}

impl CheckStatement {
    /// Number of checks that were run or did not apply, from which the quick half can be told from all.
    pub fn ran(&self) -> usize {
        self.passed + self.failed + self.skipped
    }

    /// `159 passed, 23 skipped`
    pub fn counts(&self) -> String {
        let Self { passed, failed, skipped, .. } = self;
        let part = |n: usize, text: &str| (n > 0).then(|| format!("{n} {text}"));
        let parts = [part(*passed, "passed"), part(*failed, "failed"), part(*skipped, "skipped")];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}
