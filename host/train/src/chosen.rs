//! Runs that a user chose to answer under the names of their experts: `HIVE_HOME/chosen-runs.json`, an object from
//! expert to absolute run folder.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use hive_errors::Diagnostic;
use hive_files::{FileError, Lock, write_file};
use hive_runtime::resolver::{FoundAdapter, Source};

use crate::TrainError;
use crate::runs::{FinishedRun, Runs};

/// The choices in a `HIVE_HOME`.
#[derive(Debug, Clone)]
pub struct ChosenRuns {
    file: PathBuf,
}

impl ChosenRuns {
    /// Those of this home folder.
    pub fn of(home: &Path) -> Self {
        Self { file: home.join("chosen-runs.json") }
    }

    /// The run that was chosen for `expert`.
    ///
    /// # Errors
    /// When the choices cannot be read.
    pub fn get(&self, expert: &str) -> Result<Option<PathBuf>, TrainError> {
        Ok(self.all()?.remove(expert))
    }

    /// Chooses a run for `expert`.
    ///
    /// # Errors
    /// When it is no finished run of this expert, or the choice cannot be written.
    pub fn choose(&self, expert: &str, run: &Path) -> Result<(), TrainError> {
        Runs::adapter(run, expert)?;
        let run = run.canonicalize().map_err(|e| FileError::io("read", run, e))?;
        let _lock = self.lock()?;
        let mut all = self.all()?;
        all.insert(expert.to_owned(), run);
        self.write(&all)
    }

    /// Forgets the choice for `expert`; false if there is none.
    ///
    /// # Errors
    /// When the choices cannot be read or written.
    pub fn forget(&self, expert: &str) -> Result<bool, TrainError> {
        let _lock = self.lock()?;
        let mut all = self.all()?;
        if all.remove(expert).is_none() {
            return Ok(false);
        }
        self.write(&all).map(|()| true)
    }

    /// The file that holds the choices.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// All choices, from expert to run folder.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn all(&self) -> Result<BTreeMap<String, PathBuf>, TrainError> {
        let fault = |e: std::io::Error| TrainError::Choices(FileError::io("read", &self.file, e));
        match std::fs::read(&self.file) {
            Ok(text) => serde_json::from_slice(&text).map_err(|e| fault(e.into())),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(BTreeMap::new()),
            Err(e) => Err(fault(e)),
        }
    }

    /// Held while choices are read and written, so that two commands at once lose none.
    fn lock(&self) -> Result<Lock, TrainError> {
        if let Some(home) = self.file.parent() {
            std::fs::create_dir_all(home).map_err(|e| TrainError::Choices(FileError::io("create", home, e)))?;
        }
        Lock::take(&self.file.with_extension("lock"), || {}).map_err(TrainError::Choices)
    }

    fn write(&self, all: &BTreeMap<String, PathBuf>) -> Result<(), TrainError> {
        let fault = |e: std::io::Error| TrainError::Choices(FileError::io("write", &self.file, e));
        let text = serde_json::to_string_pretty(all).map_err(|e| fault(e.into()))?;
        write_file(&self.file, (text + "\n").as_bytes()).map_err(TrainError::Choices)
    }
}

impl Source for ChosenRuns {
    fn find(&self, name: &str, _: Option<&str>) -> Result<Option<FoundAdapter>, Box<dyn Diagnostic>> {
        let found = || {
            let Some(run) = self.get(name)? else { return Ok(None) };
            let lost =
                |error: TrainError| TrainError::ChosenRun { expert: name.to_owned(), problem: error.to_string() };
            Runs::adapter(&run, name).map_err(lost).map(Some)
        };
        found().map_err(|error: TrainError| Box::new(error) as Box<dyn Diagnostic>)
    }

    fn title(&self, name: &str) -> Option<String> {
        let run = self.get(name).ok()??;
        let title = FinishedRun::read(&run).map_or_else(|| format!("run `{}`", run.display()), |run| run.title());
        Some(format!("{title}, chosen by `hive expert use`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_kept_until_it_is_forgotten_and_a_lost_run_is_an_error() {
        let place = tempfile::tempdir().unwrap();
        let run = crate::runs::tests::finished(&place.path().join("r/sql-7"), "sql", 3, &[1.0], None);
        let chosen = ChosenRuns::of(&place.path().join("home"));
        assert_eq!(chosen.get("sql").unwrap(), None);
        assert!(chosen.choose("other", &run).unwrap_err().to_string().contains("it is a run of expert `sql`"));
        chosen.choose("sql", &run).unwrap();
        assert_eq!(chosen.find("sql", None).unwrap().unwrap().dir, run.canonicalize().unwrap().join("adapter"));
        assert!(chosen.title("sql").unwrap().ends_with("(step 3, 100.0 % right), chosen by `hive expert use`"));
        std::fs::remove_dir_all(&run).unwrap();
        let error = chosen.find("sql", None).unwrap_err();
        assert!(
            error.to_string().starts_with("The run that was chosen for expert `sql` cannot answer: There is no run in")
        );
        assert!(chosen.forget("sql").unwrap());
        assert!(!chosen.forget("sql").unwrap());
        assert!(chosen.find("sql", None).unwrap().is_none());
    }
    #[test]
    fn choices_at_the_same_time_are_all_kept() {
        let place = tempfile::tempdir().unwrap();
        let chosen = ChosenRuns::of(&place.path().join("home"));
        let names: Vec<String> = (0..8).map(|n| format!("expert-{n}")).collect();
        std::thread::scope(|scope| {
            for name in &names {
                let run = crate::runs::tests::finished(&place.path().join(name), name, 3, &[1.0], None);
                let chosen = &chosen;
                scope.spawn(move || (0..20).for_each(|_| chosen.choose(name, &run).unwrap()));
            }
        });
        assert_eq!(chosen.all().unwrap().into_keys().collect::<Vec<_>>(), names);
    }
}
