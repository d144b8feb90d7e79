//! Data sets and adapters on the model hub, `hub:OWNER/NAME`, downloaded to a folder below `HIVE_HOME`. The
//! caller chooses among the files by name; every file is checked against the size and sha256 that the hub
//! states. A revision's folder appears in one rename; an interrupted download resumes.
//!
//! A revision that has been downloaded is used without asking the hub, unless a branch is named (`@main`).

mod error;
mod listing;
mod repository;

use std::path::{Component, Path, PathBuf};

use hive_files::{FileError, Lock, write_file};
use serde::{Deserialize, Serialize};

use crate::{Context, Downloader, FileRequest, Network, RemoteFile, SourceError, TransferReporter, fetch_verified};

pub use error::{HubError, Unsuitable};
pub use repository::HubRepository;

/// The branch if none is named.
const DEFAULT_BRANCH: &str = "main";

/// Note while another process holds the lock.
pub const WAITING: &str = "another process is pulling the same; waiting for it";

/// The list of the files that were checked, stored beside them. The name starts with a dot, so that it is not taken
/// for a data file.
const RECEIPT: &str = ".receipt.json";

/// The files that were downloaded and checked.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Receipt {
    files: Vec<RemoteFile>,
}

/// Chooses files among those of a repository.
pub type Choose<'a> = dyn Fn(&[RemoteFile]) -> Result<Vec<RemoteFile>, Unsuitable> + 'a;

/// The folder with the chosen files of `repository`, which are downloaded if necessary.
///
/// # Errors
/// When they are not on this machine and cannot be downloaded.
pub fn ensure(
    repository: &HubRepository,
    context: &Context,
    choose: &Choose<'_>,
    reporter: &mut dyn TransferReporter,
) -> Result<PathBuf, HubError> {
    let (home, network) = (context.home()?, &context.network);
    let folder = format!("{}--{}", repository.owner, repository.name);
    let local = LocalRevisions { root: home.join(repository.kind.folder()).join(folder) };
    let known = local.known(repository);
    if let Some(folder) = &known
        && repository.revision.as_deref().is_none_or(is_commit)
    {
        return Ok(folder.clone());
    }
    if network.offline {
        return known.ok_or_else(|| HubError::Offline { name: repository.titled() });
    }
    create(&local.root.join(".partial"))?;
    let _lock = Lock::take(&local.root.join(".partial/lock"), || reporter.note(WAITING))?;
    let downloader = Downloader::new(network.backoff);
    let listing = match listing::list(
        &downloader,
        network,
        repository.kind,
        repository.full_name(),
        repository.revision.as_deref(),
    ) {
        Ok(listing) => listing,
        Err(HubError::Unreachable { why, .. }) if known.is_some() => {
            reporter.note(&format!("the hub cannot be asked ({why}): taking what was pulled before"));
            return known.ok_or_else(|| HubError::Offline { name: repository.titled() });
        }
        Err(error) => return Err(error.named(&repository.titled())),
    };
    if !is_commit(&listing.sha) {
        let why = format!("the hub gives `{}` as its revision, expected a commit", listing.sha);
        return Err(HubError::Failed { name: repository.titled(), why, hint: Some(listing::HUB.to_owned()) });
    }
    let folder = local.root.join(&listing.sha);
    if !is_whole(&folder) {
        let files = choose(&listing.files)
            .map_err(|unsuitable| HubError::Unsuitable { name: repository.titled(), unsuitable })?;
        local.pull(repository, &listing.sha, &files, network, &downloader, reporter)?;
    }
    local.remember(repository, &listing.sha)?;
    Ok(folder)
}

/// The revisions of a repository on this machine, each in a folder of its own.
struct LocalRevisions {
    root: PathBuf,
}

impl LocalRevisions {
    /// The folder of the revision, as far as it is known without asking the hub; `None` if it is not on this machine.
    fn known(&self, repository: &HubRepository) -> Option<PathBuf> {
        let sha = match &repository.revision {
            Some(revision) if is_commit(revision) => revision.clone(),
            _ => std::fs::read_to_string(self.branch(repository)).ok()?.trim().to_owned(),
        };
        let folder = is_commit(&sha).then(|| self.root.join(sha))?;
        is_whole(&folder).then_some(folder)
    }

    /// The file with the commit that a branch had when it was last downloaded.
    fn branch(&self, repository: &HubRepository) -> PathBuf {
        let branch = repository.revision.as_deref().unwrap_or(DEFAULT_BRANCH);
        self.root.join(format!("branch-{}", branch.replace('/', "--")))
    }

    fn remember(&self, repository: &HubRepository, sha: &str) -> Result<(), HubError> {
        let path = self.branch(repository);
        Ok(write_file(&path, sha.as_bytes())?)
    }

    fn pull(
        &self,
        repository: &HubRepository,
        sha: &str,
        files: &[RemoteFile],
        network: &Network,
        downloader: &Downloader,
        reporter: &mut dyn TransferReporter,
    ) -> Result<(), HubError> {
        let staging = self.root.join(".partial").join(sha);
        create(&staging)?;
        let count = if files.len() == 1 { "1 file".to_owned() } else { format!("{} files", files.len()) };
        let short = sha.get(..12).unwrap_or(sha);
        let bytes = files.iter().map(|f| f.size).sum();
        reporter.started(&format!("Pulling {} at {short}, {count}", repository.titled()), bytes);
        let fetched = files.iter().try_for_each(|file| {
            let target = staged_path(&staging, file)?;
            if target.is_file() {
                return Ok(());
            }
            if let Some(folder) = target.parent() {
                create(folder)?;
            }
            let url = format!(
                "{}/{}{}/resolve/{}/{}",
                network.hub,
                repository.kind.url_prefix(),
                repository.full_name(),
                sha,
                listing::encoded(&file.name)
            );
            let authorization = network.hub_token.as_ref().map(|token| format!("Bearer {token}"));
            fetch_verified(downloader, &FileRequest { url: &url, authorization, file }, &target, reporter)
        });
        reporter.finished();
        fetched.map_err(|error| match error {
            SourceError::Failed(why) => HubError::Failed {
                name: repository.titled(),
                why,
                hint: Some("run the command again: it resumes where it stopped".to_owned()),
            },
            SourceError::Fatal(error) => error.into(),
        })?;
        let receipt = Receipt { files: files.to_vec() };
        let path = staging.join(RECEIPT);
        let text = serde_json::to_vec_pretty(&receipt).map_err(|e| FileError::io("write", &path, e.into()))?;
        write_file(&path, &text)?;
        let target = self.root.join(sha);
        if target.exists() {
            std::fs::remove_dir_all(&target).map_err(|e| FileError::io("remove", &target, e))?;
        }
        std::fs::rename(&staging, &target).map_err(|e| FileError::io("rename", &staging, e).into())
    }
}

/// Where a file goes in the staging folder.
///
/// # Errors
/// When the name, which the hub states, leads out of the folder.
fn staged_path(staging: &Path, file: &RemoteFile) -> Result<PathBuf, SourceError> {
    let name = Path::new(&file.name);
    if !name.components().all(|part| matches!(part, Component::Normal(_))) {
        return Err(SourceError::Failed(format!("`{}` is no name for a file", file.name)));
    }
    Ok(staging.join(name))
}

/// Whether a revision's files are complete, according to its receipt and their sizes.
fn is_whole(folder: &Path) -> bool {
    let receipt = std::fs::read(folder.join(RECEIPT)).ok();
    let receipt: Option<Receipt> = receipt.and_then(|text| serde_json::from_slice(&text).ok());
    receipt.is_some_and(|receipt| {
        !receipt.files.is_empty()
            && receipt.files.iter().all(|file| {
                std::fs::metadata(folder.join(&file.name))
                    .is_ok_and(|found| file.size.is_none_or(|size| size == found.len()))
            })
    })
}

fn is_commit(revision: &str) -> bool {
    revision.len() == 40 && revision.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

fn create(folder: &Path) -> Result<(), FileError> {
    std::fs::create_dir_all(folder).map_err(|e| FileError::io("create", folder, e))
}

#[cfg(test)]
mod tests;
