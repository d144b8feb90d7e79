//! Finished runs as a source of adapters.

use std::path::{Path, PathBuf};

use hive_errors::Diagnostic;
use hive_runtime::resolver::{FoundAdapter, Source};

use crate::TrainError;
use crate::run_folder::RunFolder;
use crate::run_record::RunRecord;

/// The runs in a folder, which have the names `NAME-1`, `NAME-2` and so on.
#[derive(Debug, Clone)]
pub struct Runs {
    folder: PathBuf,
}

impl Runs {
    /// The runs in this folder.
    pub fn in_folder(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// The adapter of the run at `path`.
    ///
    /// # Errors
    /// When there is no run of `expert`, or it did not finish.
    pub fn adapter(path: &Path, expert: &str) -> Result<FoundAdapter, TrainError> {
        let run = RunFolder::open(path);
        if !path.join("run.json").is_file() {
            return Err(TrainError::NoRun { path: path.to_owned(), expert: expert.to_owned() });
        }
        RunRecord::read_of(path, expert)?;
        if !run.adapter().is_dir() {
            return Err(TrainError::Unfinished { path: path.to_owned(), expert: expert.to_owned() });
        }
        Ok(FoundAdapter::folder(run.adapter()))
    }

    /// The latest finished run of `expert`.
    pub fn latest(&self, expert: &str) -> Option<PathBuf> {
        RunFolder::latest(&self.folder, expert, "adapter")
    }
}

impl Source for Runs {
    fn find(&self, name: &str, _: Option<&str>) -> Result<Option<FoundAdapter>, Box<dyn Diagnostic>> {
        let adapter = |run: PathBuf| Self::adapter(&run, name).map_err(|error| Box::new(error) as Box<dyn Diagnostic>);
        self.latest(name).map(adapter).transpose()
    }
}
