//! The files of a repository, as the hub's API lists them.

use serde::Deserialize;

use super::error::HubError;
use super::repository::RepositoryKind;
use crate::{Downloader, Network, RemoteFile, SourceError};

/// Hint when the server that answers is not a hub.
pub(super) const HUB: &str = "`HF_ENDPOINT` must be the address of a model hub or of a mirror of it";

/// The files of a repository at one revision.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Listing {
    /// The commit.
    pub(super) sha: String,
    /// Its files; the sha256 is empty if the hub does not state it.
    pub(super) files: Vec<RemoteFile>,
}

/// The part of the hub's answer that is used.
#[derive(Deserialize)]
struct Info {
    sha: String,
    #[serde(default)]
    siblings: Vec<Sibling>,
}

#[derive(Deserialize)]
struct Sibling {
    rfilename: String,
    #[serde(default)]
    size: Option<u64>,
    #[serde(default)]
    lfs: Option<Lfs>,
}

#[derive(Deserialize)]
struct Lfs {
    #[serde(default)]
    size: Option<u64>,
    #[serde(default)]
    sha256: Option<String>,
}

/// Asks the hub for the files of `repository` at `revision`.
///
/// # Errors
/// When the hub does not answer or has no such repository.
pub(super) fn list(
    downloader: &Downloader,
    network: &Network,
    kind: RepositoryKind,
    repository: String,
    revision: Option<&str>,
) -> Result<Listing, HubError> {
    let suffix = revision.map_or_else(String::new, |r| format!("/revision/{}", encoded(r).replace('/', "%2F")));
    let url = format!("{}/api/{}/{repository}{suffix}?blobs=true", network.hub, kind.collection());
    let noun = kind.noun();
    let failed = |why: String, hint: Option<String>| HubError::Failed { name: repository.clone(), why, hint };
    let answer = downloader.ask(&url, network.hub_token.as_deref()).map_err(|error| match error {
        SourceError::Failed(why) => HubError::Unreachable { name: repository.clone(), hub: network.hub.clone(), why },
        SourceError::Fatal(error) => error.into(),
    })?;
    match answer.status {
        200 => {}
        404 => {
            let missing = revision.map_or_else(|| noun.to_owned(), |r| format!("{noun} or no revision `{r}` of it"));
            let why = format!("{} knows no such {missing}", network.hub);
            return Err(failed(why, Some("look at its owner and name: `hub:OWNER/NAME`".to_owned())));
        }
        // Without a token, the hub does not tell whether a repository is private or does not exist.
        status @ (401 | 403) => {
            let why = format!("{} answered {status}: there is no such {noun}, or it is not for everybody", network.hub);
            let hint = format!("for a gated {noun}, accept its terms on the hub and put a token into `HF_TOKEN`");
            return Err(failed(why, Some(hint)));
        }
        status => return Err(failed(format!("{} answered {status}", network.hub), Some(HUB.to_owned()))),
    }
    let info: Info = serde_json::from_slice(&answer.body).map_err(|e| {
        failed(format!("{} gave an answer that is not its API's: {e}", network.hub), Some(HUB.to_owned()))
    })?;
    let file = |sibling: Sibling| {
        let (size, sha256) = sibling.lfs.map_or((None, None), |lfs| (lfs.size, lfs.sha256));
        RemoteFile { name: sibling.rfilename, size: size.or(sibling.size), sha256: sha256.unwrap_or_default() }
    };
    Ok(Listing { sha: info.sha, files: info.siblings.into_iter().map(file).collect() })
}

/// A path, percent-encoded for an address.
pub(super) fn encoded(path: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~' | b'/');
    path.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_fits_into_an_address() {
        assert_eq!(encoded("data/a b+ü.json"), "data/a%20b%2B%C3%BC.json");
    }
}
