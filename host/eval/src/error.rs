//! Why an evaluation failed.

use std::path::PathBuf;

use hive_engine::EngineError;
use hive_errors::Diagnostic;
use hive_files::{FileError, hint_for_missing};
use hive_net::HubError;
use hive_plugins::{Checkout, PluginError};
use hive_runtime::RuntimeError;
use hive_train::TrainError;

use super::refused::Refused;

/// Why an evaluation failed.
#[derive(Debug, thiserror::Error)]
pub enum EvalError {
    /// The expert, the base or an adapter failed.
    #[error(transparent)]
    Expert(Box<TrainError>),
    /// The model hub failed.
    #[error(transparent)]
    Hub(Box<HubError>),
    /// The suite's file cannot be read.
    #[error("Failed to read the suite `{}`: {problem}", path.display())]
    Suite {
        /// The file.
        path: PathBuf,
        /// What was found and what was expected.
        problem: String,
    },
    /// The suite's file is not there.
    #[error("There is no suite `{}`, expected a file or `builtin`", path.display())]
    NoSuite {
        /// The file.
        path: PathBuf,
    },
    /// The expert's own suite has no prompts.
    #[error("Expert `{expert}` has no eval prompts")]
    NoPrompts {
        /// The expert.
        expert: String,
    },
    /// The expert cannot grade answers.
    #[error("Expert `{expert}` cannot grade answers: its manifest declares no `grade`, and it has no plugin")]
    NoGrader {
        /// The expert.
        expert: String,
    },
    /// No prompt of the suite can be used.
    #[error("No prompt of the suite `{suite}` is left: all {} are refused", refused.len())]
    NothingLeft {
        /// The suite.
        suite: String,
        /// The prompts, with the reasons.
        refused: Vec<Refused>,
    },
    /// An answer cannot be graded, through no fault of its own.
    #[error("Failed to examine the answers to prompt `{prompt}`: {why}")]
    Grading {
        /// The prompt.
        prompt: String,
        /// What happened.
        why: String,
    },
    /// What the user named as a candidate is not a run or an adapter.
    #[error("Failed to take `{name}` as a candidate: {problem}")]
    Candidate {
        /// The candidate's name.
        name: String,
        /// What was found and what was expected.
        problem: String,
        /// What to try.
        hint: Option<String>,
    },
    /// What the user named as a candidate does not exist.
    #[error("There is neither a run nor an adapter in `{place}`")]
    NoCandidate {
        /// The folder.
        place: String,
    },
    /// The run has no checkpoint of the step that the user named.
    #[error("The run `{}` has no checkpoint of step `{asked}`", run.display())]
    NoCheckpoint {
        /// The run folder.
        run: PathBuf,
        /// The step, as it was typed.
        asked: String,
        /// The steps of its checkpoints.
        known: Vec<u64>,
    },
}

impl From<TrainError> for EvalError {
    fn from(error: TrainError) -> Self {
        Self::Expert(Box::new(error))
    }
}

impl From<RuntimeError> for EvalError {
    fn from(error: RuntimeError) -> Self {
        TrainError::from(error).into()
    }
}

impl From<HubError> for EvalError {
    fn from(error: HubError) -> Self {
        Self::Hub(Box::new(error))
    }
}

impl From<PluginError> for EvalError {
    fn from(error: PluginError) -> Self {
        TrainError::from(error).into()
    }
}

impl From<FileError> for EvalError {
    fn from(error: FileError) -> Self {
        EngineError::from(error).into()
    }
}

impl From<EngineError> for EvalError {
    fn from(error: EngineError) -> Self {
        TrainError::from(error).into()
    }
}

/// Number of refused prompts that an error lists.
const LISTED: usize = 5;

impl Diagnostic for EvalError {
    fn exit_code(&self) -> u8 {
        match self {
            Self::Expert(e) => e.exit_code(),
            Self::Hub(e) => e.exit_code(),
            Self::NoPrompts { .. }
            | Self::NoSuite { .. }
            | Self::Candidate { .. }
            | Self::NoCandidate { .. }
            | Self::NoCheckpoint { .. }
            | Self::Grading { .. } => 2,
            Self::NothingLeft { .. } | Self::NoGrader { .. } | Self::Suite { .. } => 1,
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
            Self::NoCandidate { .. } => {
                Some("name a run's folder, a folder with adapter_config.json, or `hub:OWNER/NAME`".into())
            }
            Self::NoCheckpoint { known, .. } => {
                let known: Vec<String> = known.iter().map(u64::to_string).collect();
                Some(format!("there are: {}; `--checkpoint all` evaluates all", known.join(", ")))
            }
            Self::NoSuite { path } => Some(hint_for_missing(path)),
            Self::Suite { .. } => {
                Some("a suite has one JSON object a line: id, gold (one or a list) and the fields of a record".into())
            }
            Self::Grading { .. } => Some("run the command again: what was answered and graded is kept".into()),
            Self::NoPrompts { expert } if !Checkout::has_here(expert) => {
                Some("give prompts in a file: `--suite FILE`".into())
            }
            Self::NoPrompts { expert } => Some(format!(
                "add `eval_prompts` to the manifest of `{expert}`, or give prompts in a file: `--suite FILE`"
            )),
            Self::NoGrader { expert } => Some(format!(
                "add `grade` to the manifest of `{expert}`, such as `\"grade\": [{{\"grader\": \"exact\"}}]`"
            )),
            Self::NothingLeft { .. } => Some("`--suite builtin` is the expert's own".into()),
        }
    }
}
