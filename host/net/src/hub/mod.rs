//! Data sets and adapters of the model hub: `hub:OWNER/NAME`, kept below `HIVE_HOME`. Whoever asks
//! chooses among the files by their names; every file is checked against the size and sha256 that the
//! hub gives. A revision appears whole or not at all; an interrupted pull goes on where it stopped.
//!
//! What was pulled once is taken from this machine without asking anybody; a branch that is named
//! (`@main`) is asked for each time.

mod error;
mod listing;

use std::fmt;
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;

use hive_files::{FileError, Lock, sha256_of_file, write_file};
use serde::{Deserialize, Serialize};

use crate::{Context, Downloader, Network, RemoteFile, Request, SourceError, TransferReporter};

pub use error::{HubError, Unsuitable};

/// How the names of such data sets begin.
const PREFIX: &str = "hub:";

/// The branch that is meant when none is named.
const DEFAULT_BRANCH: &str = "main";

/// Said when another process holds the lock.
pub const WAITING: &str = "another process is pulling the same; waiting for it";

/// What was checked, beside the files. Its name begins with a dot, so that it is no data file.
const RECEIPT: &str = ".receipt.json";

/// What a repository holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RepositoryKind {
    /// Records.
    DataSet,
    /// A PEFT adapter.
    Adapter,
}

impl RepositoryKind {
    /// What it is called.
    fn noun(self) -> &'static str {
        match self {
            RepositoryKind::DataSet => "data set",
            RepositoryKind::Adapter => "adapter",
        }
    }

    /// Its folder below `HIVE_HOME`.
    fn folder(self) -> &'static str {
        match self {
            RepositoryKind::DataSet => "datasets",
            RepositoryKind::Adapter => "adapters",
        }
    }

    /// What the hub's interface calls such repositories.
    fn collection(self) -> &'static str {
        match self {
            RepositoryKind::DataSet => "datasets",
            RepositoryKind::Adapter => "models",
        }
    }

    /// What stands before the repository in the address of a file.
    fn before(self) -> &'static str {
        match self {
            RepositoryKind::DataSet => "datasets/",
            RepositoryKind::Adapter => "",
        }
    }
}

/// A data set or an adapter of the hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubRepository {
    kind: RepositoryKind,
    owner: String,
    name: String,
    revision: Option<String>,
}

impl HubRepository {
    /// What `text` names, if it begins as such a name does.
    ///
    /// # Errors
    /// [`HubError::Name`] when it goes on otherwise.
    pub fn parse(text: &str) -> Option<Result<Self, HubError>> {
        text.strip_prefix(PREFIX).map(|rest| rest.parse().map_err(|()| HubError::Name { got: text.to_owned() }))
    }

    /// The adapter that `text` names.
    ///
    /// # Errors
    /// [`HubError::Name`] when it is no such name.
    pub fn parse_adapter(text: &str) -> Result<Self, HubError> {
        let set: Self = Self::parse(text).unwrap_or_else(|| Err(HubError::Name { got: text.to_owned() }))?;
        Ok(Self { kind: RepositoryKind::Adapter, ..set })
    }

    /// The name with what it is, for messages: "data set `hub:OWNER/NAME`".
    fn titled(&self) -> String {
        format!("{} `{self}`", self.kind.noun())
    }

    /// `OWNER/NAME`.
    pub fn repository(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }
}

impl FromStr for HubRepository {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (path, revision) = match text.split_once('@') {
            Some((path, revision)) => (path, Some(revision)),
            None => (text, None),
        };
        let (owner, name) = path.split_once('/').ok_or(())?;
        // The hub's own rule, and safe as a folder's name.
        let fits = |part: &str| {
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            !part.is_empty() && part.chars().all(plain) && !part.starts_with(['.', '-'])
        };
        if !fits(owner) || !fits(name) || revision.is_some_and(|r| !r.split('/').all(fits)) {
            return Err(());
        }
        let (owner, name) = (owner.to_owned(), name.to_owned());
        Ok(Self { kind: RepositoryKind::DataSet, owner, name, revision: revision.map(str::to_owned) })
    }
}

impl fmt::Display for HubRepository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}/{}", self.owner, self.name)?;
        self.revision.as_ref().map_or(Ok(()), |revision| write!(f, "@{revision}"))
    }
}

/// What was pulled.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Receipt {
    files: Vec<RemoteFile>,
}

/// Chooses the files that are wanted among those of a repository.
pub type Choose<'a> = dyn Fn(&[RemoteFile]) -> Result<Vec<RemoteFile>, Unsuitable> + 'a;

/// The folder with the chosen files of `set`, pulled if need be.
///
/// # Errors
/// When it is not here and cannot be had.
pub fn ensure(
    set: &HubRepository,
    context: &Context,
    choose: &Choose<'_>,
    reporter: &mut dyn TransferReporter,
) -> Result<PathBuf, HubError> {
    let (home, network) = (context.home()?, &context.network);
    let place = Place { root: home.join(set.kind.folder()).join(format!("{}--{}", set.owner, set.name)) };
    let known = place.known(set);
    if let Some(folder) = &known
        && set.revision.as_deref().is_none_or(is_commit)
    {
        return Ok(folder.clone());
    }
    if network.offline {
        return known.ok_or_else(|| HubError::Offline { name: set.titled() });
    }
    create(&place.root.join(".partial"))?;
    let _lock = Lock::take(&place.root.join(".partial/lock"), || reporter.note(WAITING))?;
    let downloader = Downloader::new(network.backoff);
    let listing = match listing::list(&downloader, network, set.kind, set.repository(), set.revision.as_deref()) {
        Ok(listing) => listing,
        Err(HubError::Unreachable { why, .. }) if known.is_some() => {
            reporter.note(&format!("the hub cannot be asked ({why}): taking what was pulled before"));
            return known.ok_or_else(|| HubError::Offline { name: set.titled() });
        }
        Err(error) => return Err(error.named(&set.titled())),
    };
    if !is_commit(&listing.sha) {
        let why = format!("the hub gives `{}` as its revision, expected a commit", listing.sha);
        return Err(HubError::Failed { name: set.titled(), why, hint: Some(listing::HUB.to_owned()) });
    }
    let folder = place.root.join(&listing.sha);
    if !is_whole(&folder) {
        let files =
            choose(&listing.files).map_err(|unsuitable| HubError::Unsuitable { name: set.titled(), unsuitable })?;
        place.pull(set, &listing.sha, &files, network, &downloader, reporter)?;
    }
    place.remember(set, &listing.sha)?;
    Ok(folder)
}

/// Where the revisions of a data set are.
struct Place {
    root: PathBuf,
}

impl Place {
    /// The revision that `set` meant when it was last pulled, if that is here.
    fn known(&self, set: &HubRepository) -> Option<PathBuf> {
        let sha = match &set.revision {
            Some(revision) if is_commit(revision) => revision.clone(),
            _ => std::fs::read_to_string(self.branch(set)).ok()?.trim().to_owned(),
        };
        let folder = is_commit(&sha).then(|| self.root.join(sha))?;
        is_whole(&folder).then_some(folder)
    }

    /// The file that says which commit a branch was.
    fn branch(&self, set: &HubRepository) -> PathBuf {
        let branch = set.revision.as_deref().unwrap_or(DEFAULT_BRANCH);
        self.root.join(format!("branch-{}", branch.replace('/', "--")))
    }

    fn remember(&self, set: &HubRepository, sha: &str) -> Result<(), HubError> {
        let path = self.branch(set);
        Ok(write_file(&path, sha.as_bytes())?)
    }

    fn pull(
        &self,
        set: &HubRepository,
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
        reporter.started(&format!("Pulling {} at {short}, {count}", set.titled()), bytes);
        let fetched = files.iter().try_for_each(|file| {
            let url = format!(
                "{}/{}{}/resolve/{}/{}",
                network.hub,
                set.kind.before(),
                set.repository(),
                sha,
                listing::encoded(&file.name)
            );
            fetch(&url, file, &staging, network, downloader, reporter)
        });
        reporter.finished();
        fetched.map_err(|error| match error {
            SourceError::Failed(why) => HubError::Failed {
                name: set.titled(),
                why,
                hint: Some("run the command again: it goes on where it stopped".to_owned()),
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

/// One file into the staging folder, unless it is there.
fn fetch(
    url: &str,
    file: &RemoteFile,
    staging: &Path,
    network: &Network,
    downloader: &Downloader,
    reporter: &mut dyn TransferReporter,
) -> Result<(), SourceError> {
    let path = Path::new(&file.name);
    // The name is the hub's word: it must not lead out of the folder.
    if !path.components().all(|part| matches!(part, Component::Normal(_))) {
        return Err(SourceError::Failed(format!("`{}` is no name for a file", file.name)));
    }
    let path = staging.join(path);
    if path.is_file() {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|e| FileError::io("create", folder, e))?;
    }
    let part = path.with_added_extension("part");
    let resumed = part.exists();
    let authorization = network.hub_token.as_ref().map(|token| format!("Bearer {token}"));
    let request = Request { url, authorization, file };
    reporter.file(file);
    downloader.fetch(&request, &part, reporter)?;
    let mut done = accept(file, &part, &path);
    if resumed && matches!(done, Err(SourceError::Failed(_))) {
        reporter.note(&format!("`{}`: what an earlier pull left does not fit; starting over", file.name));
        downloader.fetch(&request, &part, reporter)?;
        done = accept(file, &part, &path);
    }
    done
}

/// Gives a complete `.part` file its name, or removes it when it is not what the hub says.
fn accept(file: &RemoteFile, part: &Path, path: &Path) -> Result<(), SourceError> {
    // The hub gives no sha256 of small files.
    if !file.sha256.is_empty() {
        let got = sha256_of_file(part)?;
        if got != file.sha256 {
            std::fs::remove_file(part).map_err(|e| FileError::io("remove", part, e))?;
            return Err(SourceError::Failed(format!("`{}` has sha256 {got}, expected {}", file.name, file.sha256)));
        }
    }
    std::fs::rename(part, path).map_err(|e| FileError::io("rename", part, e).into())
}

/// Whether a revision's files are all there, going by its receipt and the sizes.
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
