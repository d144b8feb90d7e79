//! Errors of training.

use std::path::PathBuf;

use hive_data::pipeline::PipelineError;
use hive_engine::EngineError;
use hive_errors::{Diagnostic, grouped};
use hive_files::FileError;
use hive_plugins::PluginError;
use hive_plugins::manifest::ManifestError;
use hive_runtime::RuntimeError;
use hive_runtime::models::ModelError;
use hive_text::TextError;

/// Why training, planning or another use case failed.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// The expert, the base model or the engine.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// The data.
    #[error(transparent)]
    Pipeline(Box<PipelineError>),
    /// The merged recipe is invalid.
    #[error("{}", recipe_faults(.0))]
    Recipe(ManifestError),
    /// `--profile` names neither a profile of the manifest nor a recipe.
    #[error("There is no profile or recipe `{name}` (there are: {})", listed(known))]
    UnknownProfile {
        /// The name.
        name: String,
        /// The names that exist.
        known: Vec<String>,
    },
    /// `--set` or a configuration file cannot be parsed.
    #[error("Failed to read {what}: {problem}")]
    Setting {
        /// `--set x=y`, `hive.toml`
        what: String,
        /// What was found and what was expected.
        problem: String,
    },
    /// `max_seq_len` exceeds the base model's context.
    #[error("`max_seq_len` is {}, base model `{base}` reads at most {} tokens", grouped(*max_seq_len as u64), grouped(*longest as u64))]
    LongerThanBase {
        /// The recipe's value.
        max_seq_len: usize,
        /// The base model.
        base: String,
        /// Its context length in tokens.
        longest: usize,
    },
    /// No records are left after tokenisation.
    #[error(
        "No record is left to train on: all {} are longer than max_seq_len = {} tokens (the shortest has {})",
        grouped(*records as u64),
        grouped(*max_seq_len as u64),
        grouped(*shortest as u64)
    )]
    AllTooLong {
        /// Number of records before.
        records: usize,
        /// The limit.
        max_seq_len: usize,
        /// Tokens of the shortest record.
        shortest: usize,
    },
    /// The prompts of a prepared set differ from what the expert renders now.
    #[error("Prepared set `{}` has other prompts than expert `{expert}` renders now: the first difference is {place}", path.display())]
    RenderedOtherwise {
        /// The set's folder.
        path: PathBuf,
        /// The expert.
        expert: String,
        /// The first row that differs.
        place: String,
    },
    /// Faults that would only show after an hour, or never, found before the first step.
    #[error(
        "Expert `{expert}` cannot be trained: {} found",
        if *total == 1 { "1 fault was".to_owned() } else { format!("{total} faults were") }
    )]
    Preflight {
        /// The expert.
        expert: String,
        /// The first faults, each with the code of its check, record and field.
        faults: Vec<String>,
        /// Number of all faults.
        total: usize,
    },
    /// A path given as a run is not a run.
    #[error("Failed to read the run `{}`: {problem}", path.display())]
    NotARun {
        /// The folder.
        path: PathBuf,
        /// What was found and what was expected.
        problem: String,
    },
    /// There is no run in a folder that was given as one.
    #[error("There is no run in `{}`", path.display())]
    NoRun {
        /// The folder.
        path: PathBuf,
        /// Whose run was expected.
        expert: String,
    },
    /// A run has no adapter.
    #[error("The run `{}` has no adapter: it is not finished", path.display())]
    Unfinished {
        /// The run.
        path: PathBuf,
        /// Whose run it is.
        expert: String,
    },
    /// A run that was chosen to answer under an expert's name cannot.
    #[error("The run that was chosen for expert `{expert}` cannot answer: {problem}")]
    ChosenRun {
        /// The expert.
        expert: String,
        /// Why it cannot.
        problem: String,
    },
    /// The choices of runs, in the home folder, cannot be read or written.
    #[error(transparent)]
    Choices(FileError),
    /// A file of the run folder cannot be written or read.
    #[error("Failed to {action} `{}`", path.display())]
    RunFolder {
        /// `write`, `read`, `create`
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Another process is using the run.
    #[error("The run in `{}` is locked by another hive process", path.display())]
    InUse {
        /// The run folder.
        path: PathBuf,
    },
    /// `--resume` of a run with other inputs.
    #[error("Failed to resume `{}`: {} not as in its earlier steps", path.display(), subjects(changed))]
    OtherRun {
        /// The run folder.
        path: PathBuf,
        /// The inputs that changed: `recipe`, `data`, `base`, `tokenizer`, `template`.
        changed: Vec<&'static str>,
        /// The differences, each with both values.
        details: Vec<String>,
        /// Whether all of them may change during a run.
        forcible: bool,
    },
    /// A run whose steps cannot be replayed.
    #[error("Failed to replay `{}`: {problem}", path.display())]
    Replay {
        /// The run folder.
        path: PathBuf,
        /// What was found and what was expected.
        problem: String,
    },
    /// A run is to be compared with itself.
    #[error("The run `{}` is named twice: a comparison is of different runs", path.display())]
    NamedTwice {
        /// Its folder.
        path: PathBuf,
    },
    /// The report page of a run cannot be rendered.
    #[error("Failed to draw `{}`", path.display())]
    Page {
        /// The page.
        path: PathBuf,
        /// Why.
        #[source]
        source: hive_pages::PageError,
    },
    /// `--resume` of something that cannot be resumed.
    #[error("Failed to resume `{}`: {problem}", path.display())]
    Resume {
        /// The run folder.
        path: PathBuf,
        /// What was found and what was expected.
        problem: String,
    },
}

/// Maximum number of faults listed.
const LISTED: usize = 20;

/// `the recipe is`, `data and recipe are`
fn subjects(names: &[&'static str]) -> String {
    let called = |name: &'static str| match name {
        "base" => "base model",
        "template" => "chat template",
        other => other,
    };
    let names: Vec<&str> = names.iter().copied().map(called).collect();
    match names.as_slice() {
        [] => "the inputs are".to_owned(),
        [one] => format!("the {one} is"),
        [rest @ .., last] => format!("{} and {last} are", rest.join(", ")),
    }
}

fn recipe_faults(error: &ManifestError) -> String {
    match error {
        ManifestError::Faulty { faults, .. } if faults.len() == 1 => "The recipe has 1 fault".to_owned(),
        ManifestError::Faulty { faults, .. } => format!("The recipe has {} faults", faults.len()),
        other => format!("The recipe is not acceptable: {other}"),
    }
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

impl From<PipelineError> for TrainError {
    fn from(error: PipelineError) -> Self {
        Self::Pipeline(Box::new(error))
    }
}

/// Converts errors that are wrapped by the runtime's error.
macro_rules! through_runtime {
    ($($inner:ty),*) => {
        $(impl From<$inner> for TrainError {
            fn from(error: $inner) -> Self {
                RuntimeError::from(error).into()
            }
        })*
    };
}

through_runtime!(EngineError, FileError, ModelError, PluginError, TextError);

impl Diagnostic for TrainError {
    fn exit_code(&self) -> u8 {
        match self {
            Self::Runtime(e) => e.exit_code(),
            Self::Pipeline(e) => e.exit_code(),
            Self::Choices(e) => e.exit_code(),
            Self::LongerThanBase { .. }
            | Self::Preflight { .. }
            | Self::RenderedOtherwise { .. }
            | Self::AllTooLong { .. }
            | Self::OtherRun { .. }
            | Self::ChosenRun { .. }
            | Self::Unfinished { .. }
            | Self::Replay { .. } => 1,
            _ => 2,
        }
    }

    fn details(&self) -> Vec<String> {
        match self {
            Self::Runtime(e) => e.details(),
            Self::Pipeline(e) => e.details(),
            Self::Recipe(e) => e.details(),
            Self::OtherRun { details, .. } => details.clone(),
            Self::Preflight { faults, total, .. } => {
                let mut lines: Vec<String> = faults.iter().take(LISTED).cloned().collect();
                if *total > lines.len() {
                    lines.push(format!("… and {} more", total - lines.len()));
                }
                lines
            }
            _ => Vec::new(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Runtime(e) => e.hint(),
            Self::Pipeline(e) => e.hint(),
            Self::Choices(e) => e.hint_in_home(),
            Self::UnknownProfile { name, known } => {
                Some(match hive_errors::nearest(name, known.iter().map(String::as_str)) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "`hive help train` describes them; a TOML file is one too, by its path".to_owned(),
                })
            }
            Self::Setting { what, .. } if what.starts_with("`--set") => Some(
                "`--set training.learning_rate=1e-4`; a key that occurs once needs no section: `--set rank=8`".into(),
            ),
            Self::Setting { what, .. } if !what.ends_with(".toml`") => None,
            Self::Setting { .. } => {
                Some("it holds keys of the recipe: `[training]` and below it `learning_rate = 1e-4`".into())
            }
            Self::LongerThanBase { longest, .. } => Some(format!("`--set max_seq_len={longest}`")),
            Self::AllTooLong { shortest, .. } => {
                Some(format!("`--set max_seq_len={}`", shortest.next_multiple_of(100)))
            }
            Self::Preflight { expert, .. } => {
                Some(format!("`hive expert check {expert}` runs all checks, and says what goes wrong otherwise"))
            }
            Self::RenderedOtherwise { path, expert, .. } => Some(format!(
                "`hive expert data {expert} --dataset {0} --out {0}-new` prepares its records again",
                path.display()
            )),
            Self::NotARun { .. } => Some("`hive runs list` shows the runs below `runs`".to_owned()),
            Self::NoRun { expert, .. } => Some(format!("`hive expert train {expert} --profile quickstart` makes one")),
            Self::ChosenRun { expert, .. } => Some(format!(
                "`hive expert use {expert} --run RUN` chooses another, `hive expert use {expert} --forget` none"
            )),
            Self::Unfinished { path, expert } => {
                Some(format!("`hive expert train {expert} --resume {}` resumes it", path.display()))
            }
            Self::RunFolder { .. } => Some("`--out FOLDER` writes the run elsewhere".into()),
            Self::OtherRun { forcible: true, .. } => Some(
                "`--force-recipe` resumes with these changes; the run can then not be replayed from its start".into(),
            ),
            Self::OtherRun { .. } => Some("start a new run without `--resume`".into()),
            Self::InUse { .. } => Some("wait for it to end, or stop it with Ctrl-C there".into()),
            Self::NamedTwice { .. } => Some("`hive runs list` shows all runs".into()),
            Self::Page { .. } | Self::Replay { .. } => None,
            Self::Resume { .. } => Some("start a new run without `--resume`".into()),
            Self::Recipe(_) => Some("`hive expert schema` prints the schema with a description of every key".into()),
        }
    }
}
