//! References to registries and to packages in them:
//!
//! ```text
//! oci://HOST[:PORT]/PATH/NAME[:VERSION | @sha256:DIGEST]
//! dir:FOLDER                      a folder as a registry, for publishing and searching
//! dir:FOLDER/NAME[:VERSION | @sha256:DIGEST]
//! ```

use std::fmt;
use std::path::{Path, PathBuf};

use semver::Version;

use super::error::{RegistryError, Result};

/// The prefix of references to OCI registries.
const OCI: &str = "oci://";
/// The prefix of references to folders.
const DIR: &str = "dir:";

/// Which of several packages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// The highest version.
    Highest,
    /// This version.
    Version(Version),
    /// The package with this digest in the registry: `sha256:…`.
    Digest(String),
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Highest => f.write_str("any version"),
            Self::Version(version) => write!(f, "version {version}"),
            Self::Digest(digest) => f.write_str(digest),
        }
    }
}

/// The location of a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegistryLocation {
    /// A folder.
    Directory {
        /// The folder.
        root: PathBuf,
    },
    /// A repository of an OCI registry.
    Oci {
        /// Host, with its port if it has one.
        host: String,
        /// Path of the repository, which ends in the expert's name; empty for the whole registry.
        repository: String,
    },
}

/// A reference to a registry, or to an expert in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The registry.
    pub place: RegistryLocation,
    /// The expert's name, if the reference names one.
    pub name: Option<String>,
    /// Which of the packages.
    pub which: Which,
}

impl Reference {
    /// Whether `text` has the prefix of a reference.
    pub fn has_prefix(text: &str) -> bool {
        text.starts_with(OCI) || text.starts_with(DIR)
    }

    /// Parses a reference to an expert.
    ///
    /// # Errors
    /// When `text` is not a reference, or names no expert.
    pub fn to_package(text: &str) -> Result<Self> {
        let (path, which) = split(text)?;
        if let Some(rest) = path.strip_prefix(OCI) {
            return oci(text, rest, which);
        }
        let path = Path::new(path.strip_prefix(DIR).ok_or_else(|| none(text))?);
        let name = path.file_name().and_then(|name| name.to_str()).ok_or_else(|| none(text))?;
        let root = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Ok(Self { place: RegistryLocation::Directory { root: root.to_owned() }, name: Some(name.to_owned()), which })
    }

    /// The reference to this version, with an absolute path.
    pub fn named(&self, version: &Version) -> String {
        match &self.place {
            RegistryLocation::Oci { host, repository } => format!("{OCI}{host}/{repository}:{version}"),
            RegistryLocation::Directory { root } => {
                let root = std::path::absolute(root).unwrap_or_else(|_| root.clone());
                format!("{DIR}{}:{version}", root.join(self.name.as_deref().unwrap_or_default()).display())
            }
        }
    }

    /// Parses a reference to a registry, for publishing or searching: a folder, a repository of an OCI registry or, for
    /// searching only, a whole OCI registry.
    ///
    /// # Errors
    /// When `text` is not a reference.
    pub fn to_registry(text: &str) -> Result<Self> {
        if let Some(root) = text.strip_prefix(DIR) {
            if root.is_empty() {
                return Err(none(text));
            }
            return Ok(Self {
                place: RegistryLocation::Directory { root: root.into() },
                name: None,
                which: Which::Highest,
            });
        }
        if let Some(host) = text.strip_prefix(OCI).map(|rest| rest.trim_end_matches('/'))
            && !host.is_empty()
            && !host.contains('/')
            && is_host(host)
        {
            let place = RegistryLocation::Oci { host: host.to_owned(), repository: String::new() };
            return Ok(Self { place, name: None, which: Which::Highest });
        }
        let (path, which) = split(text)?;
        oci(text, path.strip_prefix(OCI).ok_or_else(|| none(text))?, which)
    }
}

/// Splits a reference into the path and the version or digest after `:` or `@`.
fn split(text: &str) -> Result<(&str, Which)> {
    let last = text.rfind('/').map_or(0, |at| at + 1);
    if let Some(at) = text[last..].find('@') {
        let digest = &text[last + at + 1..];
        let hex = digest.strip_prefix("sha256:").unwrap_or_default();
        if hex.len() != 64 || !hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            let problem = format!("`{digest}` is no digest, expected `sha256:` and 64 lower-case hex digits");
            return Err(RegistryError::Reference { text: text.to_owned(), problem });
        }
        return Ok((&text[..last + at], Which::Digest(digest.to_owned())));
    }
    // The colon of the prefix `dir:` does not start a version.
    let from = if last == 0 { text.find(':').map_or(0, |at| at + 1) } else { last };
    let Some(at) = text[from..].rfind(':') else { return Ok((text, Which::Highest)) };
    let version = &text[from + at + 1..];
    let parsed = Version::parse(version).map_err(|_| RegistryError::Reference {
        text: text.to_owned(),
        problem: format!("`{version}` is no version, expected one like `0.1.0`"),
    })?;
    Ok((&text[..from + at], Which::Version(parsed)))
}

fn oci(text: &str, rest: &str, which: Which) -> Result<Reference> {
    let fault = |problem: &str| RegistryError::Reference { text: text.to_owned(), problem: problem.to_owned() };
    let (host, repository) = rest.split_once('/').ok_or_else(|| fault("it names no repository"))?;
    if !is_host(host) {
        return Err(fault("it names no host"));
    }
    if !is_repository(repository) {
        return Err(fault("its repository has other characters than `a-z 0-9 . _ - /`"));
    }
    let name = repository.rsplit('/').next().unwrap_or(repository).to_owned();
    let place = RegistryLocation::Oci { host: host.to_owned(), repository: repository.to_owned() };
    Ok(Reference { place, name: Some(name), which })
}

/// Whether this is a host, optionally with a port.
fn is_host(host: &str) -> bool {
    !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:[]".contains(&b))
}

/// Whether this is a valid repository name
/// (<https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md#pulling-manifests>).
pub(super) fn is_repository(name: &str) -> bool {
    name.split('/').all(|part| {
        let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        let inner = part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c));
        inner && edge(part.chars().next()) && edge(part.chars().last())
    })
}

fn none(text: &str) -> RegistryError {
    RegistryError::Reference {
        text: text.to_owned(),
        problem: "expected `oci://HOST/PATH/NAME:VERSION` or `dir:FOLDER/NAME:VERSION`".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hive_tests::check_all;

    #[test]
    fn references_are_taken_apart() {
        let version = |v: &str| Which::Version(Version::parse(v).unwrap());
        let oci =
            |host: &str, repository: &str| RegistryLocation::Oci { host: host.into(), repository: repository.into() };
        let dir = |root: &str| RegistryLocation::Directory { root: root.into() };
        let digest = format!("sha256:{}", "ab".repeat(32));
        check_all(
            [
                (
                    "oci://127.0.0.1:5000/experts/sql:0.1.0",
                    oci("127.0.0.1:5000", "experts/sql"),
                    "sql",
                    version("0.1.0"),
                ),
                ("oci://ghcr.io/me/experts/sql", oci("ghcr.io", "me/experts/sql"), "sql", Which::Highest),
                (&format!("oci://h/sql@{digest}"), oci("h", "sql"), "sql", Which::Digest(digest.clone())),
                ("dir:/srv/hive/sql:1.2.3-rc.1", dir("/srv/hive"), "sql", version("1.2.3-rc.1")),
                ("dir:registry/sql", dir("registry"), "sql", Which::Highest),
                ("dir:sql:0.1.0", dir("."), "sql", version("0.1.0")),
                ("dir:sql", dir("."), "sql", Which::Highest),
            ],
            |(text, place, name, which)| {
                let got = Reference::to_package(text).unwrap();
                assert_eq!(got, Reference { place, name: Some(name.to_owned()), which }, "{text}");
            },
        );
        let whole = Reference::to_registry("dir:/srv/hive").unwrap();
        assert_eq!((whole.place, whole.name), (dir("/srv/hive"), None));
    }

    #[test]
    fn what_is_no_reference_is_told() {
        check_all(
            [
                ("sql", "expected `oci://HOST"),
                ("oci://host", "names no repository"),
                ("oci://127.0.0.1:x@host/sql", "names no host"),
                ("oci:///sql", "names no host"),
                ("oci://host/Sql", "other characters"),
                ("oci://host/a/../sql", "other characters"),
                ("oci://host/sql:latest", "`latest` is no version"),
                ("oci://host/sql@sha256:12", "is no digest"),
                ("dir:", "expected `oci://HOST"),
            ],
            |(text, expected)| {
                let error = Reference::to_package(text).unwrap_err().to_string();
                assert!(error.contains(expected), "{text}: {error}");
            },
        );
    }
}
