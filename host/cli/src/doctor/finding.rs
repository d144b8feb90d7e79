//! What a check found.

use console::style;
use serde_json::{Value, json};

/// How good a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    /// As it should be.
    Ok,
    /// Worth knowing; hive works.
    Note,
    /// Would stop hive, or an expert, from working.
    Problem,
}

/// A finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    /// What was checked.
    pub(super) topic: String,
    /// How good it is.
    pub(super) level: Level,
    /// What is there.
    pub(super) text: String,
    /// What to do.
    pub(super) advice: Option<String>,
}

impl Finding {
    fn new(level: Level, topic: impl Into<String>, text: impl Into<String>) -> Self {
        Self { topic: topic.into(), level, text: text.into(), advice: None }
    }

    /// What is as it should be.
    pub(super) fn ok(topic: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(Level::Ok, topic, text)
    }

    /// What is worth knowing.
    pub(super) fn note(topic: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(Level::Note, topic, text)
    }

    /// What would stop hive.
    pub(super) fn problem(topic: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(Level::Problem, topic, text)
    }

    /// Sets what to do.
    pub(super) fn advice(self, advice: impl Into<String>) -> Self {
        Self { advice: Some(advice.into()), ..self }
    }

    /// The finding as JSON.
    pub(super) fn as_json(&self) -> Value {
        json!({"topic": self.topic, "level": self.level.name(), "text": self.text, "advice": self.advice})
    }
}

impl Level {
    fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Problem => "problem",
        }
    }

    /// The name, in colour on a terminal.
    pub(super) fn shown(self) -> String {
        let name = style(self.name());
        match self {
            Self::Ok => name.green(),
            Self::Note => name.yellow(),
            Self::Problem => name.red().bold(),
        }
        .to_string()
    }
}
