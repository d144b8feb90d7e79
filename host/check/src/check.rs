//! A check: its code, how much it weighs, and what goes wrong otherwise. The checks themselves are declared by the
//! groups; `table` has all of them.

use serde::{Deserialize, Serialize};

/// How much a failed check weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Training refuses the expert.
    Must,
    /// Training goes on; the result is likely to be worse.
    Should,
}

impl Level {
    /// The word shown to the user.
    pub fn name(self) -> &'static str {
        match self {
            Self::Must => "must",
            Self::Should => "should",
        }
    }
}

/// What a check looks at. The code of a check begins with the name of its group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Group {
    /// The manifest's text.
    Manifest,
    /// Loading, calls and replies.
    Boundary,
    /// Records as chats.
    Render,
    /// Verdicts on records.
    Validate,
    /// Scores of answers.
    Grade,
    /// What is said to the user about a prompt and an answer.
    Inspect,
    /// Synthetic records.
    Synthesize,
    /// The eval prompts.
    Suite,
    /// Records of a data set.
    Data,
    /// A training step on a built-in base.
    Train,
    /// What a package needs.
    Package,
}

impl Group {
    /// All groups, in the order in which they are checked and shown.
    pub const ALL: [Group; 11] = [
        Group::Manifest,
        Group::Boundary,
        Group::Render,
        Group::Validate,
        Group::Grade,
        Group::Inspect,
        Group::Synthesize,
        Group::Suite,
        Group::Data,
        Group::Train,
        Group::Package,
    ];

    /// The word with which the codes of its checks begin.
    pub fn name(self) -> &'static str {
        match self {
            Self::Manifest => "manifest",
            Self::Boundary => "boundary",
            Self::Render => "render",
            Self::Validate => "validate",
            Self::Grade => "grade",
            Self::Inspect => "inspect",
            Self::Synthesize => "synthesize",
            Self::Suite => "suite",
            Self::Data => "data",
            Self::Train => "train",
            Self::Package => "package",
        }
    }

    /// What it looks at, in a few words.
    pub fn about(self) -> &'static str {
        match self {
            Self::Manifest => "The manifest's text",
            Self::Boundary => "Loading, calls and replies, each call in a process of its own",
            Self::Render => "Records as chats: eval prompts, synthetic records and records of the data set",
            Self::Validate => "Verdicts on records",
            Self::Grade => "Scores of answers, also of answers that are nearly right",
            Self::Inspect => "What the user is told about a prompt and an answer",
            Self::Synthesize => "Synthetic records",
            Self::Suite => "The eval prompts",
            Self::Data => "Records of a data set: `--dataset`, or `records.jsonl` in the expert's folder",
            Self::Train => "Optimizer steps with the expert's recipe, on a built-in random base of a few layers",
            Self::Package => "What a package needs",
        }
    }
}

/// How many checks are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Depth {
    /// Those that training runs before its first step.
    Quick,
    /// All.
    Full,
}

/// The codes of these checks.
pub(crate) fn codes_of(checks: &[Check]) -> Vec<&'static str> {
    checks.iter().map(|check| check.code).collect()
}

/// One check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Check {
    /// A short stable name that begins with the group's: `render-leak`.
    pub code: &'static str,
    /// How much it weighs.
    pub level: Level,
    /// Whether training runs it by itself.
    pub quick: bool,
    /// What is true of a sound expert, in one sentence without a full stop.
    pub expects: &'static str,
    /// What goes wrong otherwise, as a clause without a full stop.
    pub otherwise: &'static str,
}

impl Check {
    /// A check that training insists on.
    pub(crate) const fn must(code: &'static str, expects: &'static str, otherwise: &'static str) -> Self {
        Self { code, level: Level::Must, quick: false, expects, otherwise }
    }

    /// A check of what makes an expert better.
    pub(crate) const fn should(code: &'static str, expects: &'static str, otherwise: &'static str) -> Self {
        Self { code, level: Level::Should, quick: false, expects, otherwise }
    }

    /// The same check, also run by training.
    pub(crate) const fn quick(self) -> Self {
        Self { quick: true, ..self }
    }

    /// Whether it is run at this depth.
    pub fn runs_at(&self, depth: Depth) -> bool {
        self.quick || depth == Depth::Full
    }

    /// Its group.
    pub fn group(&self) -> Group {
        let word = self.code.split('-').next().unwrap_or_default();
        // A test compares the codes with the groups.
        Group::ALL.into_iter().find(|group| group.name() == word).unwrap_or(Group::Package)
    }

    /// The part of the guide that explains it.
    pub fn page(&self) -> String {
        format!("docs/checks.md#{}", self.code)
    }
}
