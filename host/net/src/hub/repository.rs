//! Names of repositories on the hub: `hub:OWNER/NAME` or `hub:OWNER/NAME@REVISION`.

use std::fmt;
use std::str::FromStr;

use super::error::HubError;

/// The prefix of such names.
const PREFIX: &str = "hub:";

/// What a repository contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RepositoryKind {
    /// Records.
    DataSet,
    /// A PEFT adapter.
    Adapter,
}

impl RepositoryKind {
    /// Its name in messages.
    pub(super) fn noun(self) -> &'static str {
        match self {
            RepositoryKind::DataSet => "data set",
            RepositoryKind::Adapter => "adapter",
        }
    }

    /// Its folder below `HIVE_HOME`.
    pub(super) fn folder(self) -> &'static str {
        match self {
            RepositoryKind::DataSet => "datasets",
            RepositoryKind::Adapter => "adapters",
        }
    }

    /// The name of such repositories in the hub's API.
    pub(super) fn collection(self) -> &'static str {
        match self {
            RepositoryKind::DataSet => "datasets",
            RepositoryKind::Adapter => "models",
        }
    }

    /// The prefix of such repositories in the address of a file.
    pub(super) fn url_prefix(self) -> &'static str {
        match self {
            RepositoryKind::DataSet => "datasets/",
            RepositoryKind::Adapter => "",
        }
    }
}

/// A repository with a data set or an adapter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubRepository {
    pub(super) kind: RepositoryKind,
    pub(super) owner: String,
    pub(super) name: String,
    /// A branch, tag or commit.
    pub(super) revision: Option<String>,
}

impl HubRepository {
    /// Parses the name of a data set; `None` if `text` does not start with `hub:`.
    ///
    /// # Errors
    /// [`HubError::Name`] when the rest is not a repository.
    pub fn parse(text: &str) -> Option<Result<Self, HubError>> {
        text.strip_prefix(PREFIX).map(|rest| rest.parse().map_err(|()| HubError::Name { got: text.to_owned() }))
    }

    /// Parses the name of an adapter.
    ///
    /// # Errors
    /// [`HubError::Name`] when it is not `hub:` and a repository.
    pub fn parse_adapter(text: &str) -> Result<Self, HubError> {
        let repository: Self = Self::parse(text).unwrap_or_else(|| Err(HubError::Name { got: text.to_owned() }))?;
        Ok(Self { kind: RepositoryKind::Adapter, ..repository })
    }

    /// The name for messages: "data set `hub:OWNER/NAME`".
    pub(super) fn titled(&self) -> String {
        format!("{} `{self}`", self.kind.noun())
    }

    /// `OWNER/NAME`.
    pub fn full_name(&self) -> String {
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
        // The hub's own rule, and safe as a folder name.
        let valid = |part: &str| {
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            !part.is_empty() && part.chars().all(plain) && !part.starts_with(['.', '-'])
        };
        if !valid(owner) || !valid(name) || revision.is_some_and(|r| !r.split('/').all(valid)) {
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
