//! Why an examination did not come to its end.

use std::path::PathBuf;

use hive_engine::EngineError;
use hive_errors::Diagnostic;
use hive_files::FileError;
use hive_net::HubError;
use hive_plugins::PluginError;
use hive_runtime::RuntimeError;
use hive_train::TrainError;

use super::refused::Refused;

/// What stopped it.
#[derive(Debug, thiserror::Error)]
pub enum ExamError {
    /// The expert, the base or an adapter.
    #[error(transparent)]
    Expert(Box<TrainError>),
    /// The model hub.
    #[error(transparent)]
    Hub(Box<HubError>),
    /// The suite's file cannot be read.
    #[error("Failed to read the suite `{}`: {problem}", path.display())]
    Suite {
        /// The file.
        path: PathBuf,
        /// What was got and expected.
        problem: String,
    },
    /// The expert's own suite has no prompts.
    #[error("Expert `{expert}` has no eval prompts")]
    NoPrompts {
        /// The expert.
        expert: String,
    },
    /// No prompt of the suite can be used.
    #[error("No prompt of the suite `{suite}` is left: all {} are refused", refused.len())]
    NothingLeft {
        /// The suite.
        suite: String,
        /// Why each was.
        refused: Vec<Refused>,
    },
    /// An answer cannot be examined, and that is not its fault.
    #[error("Failed to examine the answers to prompt `{prompt}`: {why}")]
    Examination {
        /// The prompt.
        prompt: String,
        /// What happened.
        why: String,
    },
    /// What a person named as a candidate cannot be one.
    #[error("Failed to take `{name}` as a candidate: {problem}")]
    Candidate {
        /// Its name.
        name: String,
        /// What was got and expected.
        problem: String,
        /// What to try.
        hint: Option<String>,
    },
}

impl From<TrainError> for ExamError {
    fn from(error: TrainError) -> Self {
        Self::Expert(Box::new(error))
    }
}

impl From<RuntimeError> for ExamError {
    fn from(error: RuntimeError) -> Self {
        TrainError::from(error).into()
    }
}

impl From<HubError> for ExamError {
    fn from(error: HubError) -> Self {
        Self::Hub(Box::new(error))
    }
}

impl From<PluginError> for ExamError {
    fn from(error: PluginError) -> Self {
        TrainError::from(error).into()
    }
}

impl From<FileError> for ExamError {
    fn from(error: FileError) -> Self {
        EngineError::from(error).into()
    }
}

impl From<EngineError> for ExamError {
    fn from(error: EngineError) -> Self {
        TrainError::from(error).into()
    }
}

/// Refused prompts that an error lists.
const LISTED: usize = 5;

impl Diagnostic for ExamError {
    fn exit_code(&self) -> u8 {
        match self {
            Self::Expert(e) => e.exit_code(),
            Self::Hub(e) => e.exit_code(),
            Self::NoPrompts { .. } | Self::Suite { .. } | Self::Candidate { .. } | Self::Examination { .. } => 2,
            Self::NothingLeft { .. } => 1,
        }
    }

    fn details(&self) -> Vec<String> {
        match self {
            Self::Expert(e) => e.details(),
            Self::Hub(e) => e.details(),
            Self::NothingLeft { refused, .. } => {
                let mut lines: Vec<String> =
                    refused.iter().take(LISTED).map(|r| format!("{}: {} ({})", r.id, r.why, r.code)).collect();
                if refused.len() > LISTED {
                    lines.push(format!("… and {} more", refused.len() - LISTED));
                }
                lines
            }
            _ => Vec::new(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Expert(e) => e.hint(),
            Self::Hub(e) => e.hint(),
            Self::Candidate { hint, .. } => hint.clone(),
            Self::Suite { .. } => {
                Some("a suite has one JSON object a line: id, gold (one or a list) and the fields of a record".into())
            }
            Self::Examination { .. } => Some("run the command again: what was answered and graded is kept".into()),
            Self::NoPrompts { expert } => Some(format!(
                "add `eval_prompts` to `manifests/{expert}.json`, or give prompts in a file: `--suite FILE`"
            )),
            Self::NothingLeft { .. } => Some("`--suite builtin` is the expert's own".into()),
        }
    }
}
