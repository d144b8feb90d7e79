//! What a person writes to name a registry or a package in one:
//!
//! ```text
//! oci://HOST[:PORT]/PATH/NAME[:VERSION | @sha256:DIGEST]
//! dir:FOLDER                      a folder as a registry, to publish to and to search
//! dir:FOLDER/NAME[:VERSION | @sha256:DIGEST]
//! ```

use std::fmt;
use std::path::{Path, PathBuf};

use semver::Version;

use super::error::{RegistryError, Result};

/// How references to OCI registries begin.
const OCI: &str = "oci://";
/// How references to folders begin.
const DIR: &str = "dir:";

/// Which package of several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// The highest version.
    Highest,
    /// This version.
    Version(Version),
    /// What the registry knows by this digest: `sha256:…`.
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

/// Where packages are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A folder.
    Directory {
        /// The folder.
        root: PathBuf,
    },
    /// A repository of an OCI registry.
    Oci {
        /// Host, with its port if it has one.
        host: String,
        /// Path of the repository; its last part is the expert's name.
        repository: String,
    },
}

/// A registry, with an expert in it or without.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Where.
    pub place: Place,
    /// The expert's name, where one is named.
    pub name: Option<String>,
    /// Which of its packages.
    pub which: Which,
}

impl Reference {
    /// Whether `text` begins as a reference does.
    pub fn is_one(text: &str) -> bool {
        text.starts_with(OCI) || text.starts_with(DIR)
    }

    /// A registry in which an expert is named.
    ///
    /// # Errors
    /// When `text` is no reference, or names no expert.
    pub fn to_package(text: &str) -> Result<Self> {
        let (path, which) = split(text)?;
        if let Some(rest) = path.strip_prefix(OCI) {
            return oci(text, rest, which);
        }
        let path = Path::new(path.strip_prefix(DIR).ok_or_else(|| none(text))?);
        let name = path.file_name().and_then(|name| name.to_str()).ok_or_else(|| none(text))?;
        let root = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Ok(Self { place: Place::Directory { root: root.to_owned() }, name: Some(name.to_owned()), which })
    }

    /// The reference of this version, meaning the same from everywhere.
    pub fn named(&self, version: &Version) -> String {
        match &self.place {
            Place::Oci { host, repository } => format!("{OCI}{host}/{repository}:{version}"),
            Place::Directory { root } => {
                let root = std::path::absolute(root).unwrap_or_else(|_| root.clone());
                format!("{DIR}{}:{version}", root.join(self.name.as_deref().unwrap_or_default()).display())
            }
        }
    }

    /// A registry to publish to or to search: a folder, a repository of an OCI registry or, to search
    /// alone, that registry as a whole.
    ///
    /// # Errors
    /// When `text` is no reference.
    pub fn to_registry(text: &str) -> Result<Self> {
        if let Some(root) = text.strip_prefix(DIR) {
            if root.is_empty() {
                return Err(none(text));
            }
            return Ok(Self { place: Place::Directory { root: root.into() }, name: None, which: Which::Highest });
        }
        if let Some(host) = text.strip_prefix(OCI).map(|rest| rest.trim_end_matches('/'))
            && !host.is_empty()
            && !host.contains('/')
            && is_host(host)
        {
            let place = Place::Oci { host: host.to_owned(), repository: String::new() };
            return Ok(Self { place, name: None, which: Which::Highest });
        }
        let (path, which) = split(text)?;
        oci(text, path.strip_prefix(OCI).ok_or_else(|| none(text))?, which)
    }
}

/// Path, and what stands behind `:` or `@` at its end.
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
    // The first colon of `dir:name` is not that of a version.
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
    let place = Place::Oci { host: host.to_owned(), repository: repository.to_owned() };
    Ok(Reference { place, name: Some(name), which })
}

/// Whether this is a host, with a port or without, and nothing else.
fn is_host(host: &str) -> bool {
    !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:[]".contains(&b))
}

/// Whether a repository can be called so
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

    #[test]
    fn references_are_taken_apart() {
        let version = |v: &str| Which::Version(Version::parse(v).unwrap());
        let oci = |host: &str, repository: &str| Place::Oci { host: host.into(), repository: repository.into() };
        let dir = |root: &str| Place::Directory { root: root.into() };
        let digest = format!("sha256:{}", "ab".repeat(32));
        for (text, place, name, which) in [
            ("oci://127.0.0.1:5000/experts/sql:0.1.0", oci("127.0.0.1:5000", "experts/sql"), "sql", version("0.1.0")),
            ("oci://ghcr.io/me/experts/sql", oci("ghcr.io", "me/experts/sql"), "sql", Which::Highest),
            (&format!("oci://h/sql@{digest}"), oci("h", "sql"), "sql", Which::Digest(digest.clone())),
            ("dir:/srv/hive/sql:1.2.3-rc.1", dir("/srv/hive"), "sql", version("1.2.3-rc.1")),
            ("dir:registry/sql", dir("registry"), "sql", Which::Highest),
            ("dir:sql:0.1.0", dir("."), "sql", version("0.1.0")),
            ("dir:sql", dir("."), "sql", Which::Highest),
        ] {
            let got = Reference::to_package(text).unwrap();
            assert_eq!(got, Reference { place, name: Some(name.to_owned()), which }, "{text}");
        }
        let whole = Reference::to_registry("dir:/srv/hive").unwrap();
        assert_eq!((whole.place, whole.name), (dir("/srv/hive"), None));
    }

    #[test]
    fn what_is_no_reference_is_told() {
        for (text, expected) in [
            ("sql", "expected `oci://HOST"),
            ("oci://host", "names no repository"),
            ("oci://127.0.0.1:x@host/sql", "names no host"),
            ("oci:///sql", "names no host"),
            ("oci://host/Sql", "other characters"),
            ("oci://host/a/../sql", "other characters"),
            ("oci://host/sql:latest", "`latest` is no version"),
            ("oci://host/sql@sha256:12", "is no digest"),
            ("dir:", "expected `oci://HOST"),
        ] {
            let error = Reference::to_package(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
