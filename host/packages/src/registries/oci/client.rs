//! The requests of the OCI distribution specification that publishing and fetching need
//! (<https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md>). Tries again what may
//! pass; says who one is when asked, and only to the registry's own host.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hive_files::hex;
use hive_net::{RemoteFile, TransferReporter};
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use ureq::Agent;
use ureq::http::Request as HttpRequest;

use super::super::error::{RegistryError, Result};
use super::auth::{Challenge, Credential};
use super::manifest::{Descriptor, MANIFEST, MAX_MANIFEST, Manifest};

/// Bytes that are sent in one request. A broken connection costs no more than that.
const CHUNK: u64 = 8 << 20;

/// Most names of a list that are taken.
const MAX_NAMES: usize = 10_000;

/// Attempts of one request.
const ATTEMPTS: u32 = 4;

/// A registry's repository.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) agent: Agent,
    /// `https://HOST`, or `http://HOST` on this machine.
    origin: String,
    pub(super) repository: String,
    credential: Option<Credential>,
    /// What stands in `authorization` since the registry asked.
    authorization: Mutex<Option<String>>,
    backoff: Duration,
}

/// What a registry answers.
#[derive(Debug, Default)]
struct Answer {
    status: u16,
    location: Option<String>,
    range: Option<String>,
    link: Option<String>,
    challenge: Option<String>,
    body: Vec<u8>,
}

/// One request.
struct Ask<'a> {
    action: &'static str,
    method: &'static str,
    url: String,
    headers: Vec<(&'static str, String)>,
    body: &'a [u8],
}

/// A manifest as it was served.
#[derive(Debug)]
pub(super) struct Served {
    pub(super) manifest: Manifest,
    pub(super) digest: String,
}

/// `sha256:…` of these bytes.
pub(super) fn digest_of(bytes: &[u8]) -> String {
    format!("sha256:{}", hex(&Sha256::digest(bytes)))
}

impl Client {
    pub(super) fn new(
        agent: Agent,
        host: &str,
        repository: &str,
        credential: Option<Credential>,
        backoff: Duration,
    ) -> Self {
        // Only what does not leave this machine may go without TLS.
        let scheme = if is_loopback(host) { "http" } else { "https" };
        Self {
            agent,
            origin: format!("{scheme}://{host}"),
            repository: repository.to_owned(),
            credential,
            authorization: Mutex::new(None),
            backoff,
        }
    }

    /// Another repository of the same registry.
    pub(super) fn of_repository(&self, repository: &str) -> Self {
        Self {
            agent: self.agent.clone(),
            origin: self.origin.clone(),
            repository: repository.to_owned(),
            credential: self.credential.clone(),
            authorization: Mutex::new(None),
            backoff: self.backoff,
        }
    }

    /// How it is called in messages.
    pub(super) fn place(&self) -> String {
        let host = self.origin.split_once("://").map_or(self.origin.as_str(), |(_, host)| host);
        format!("oci://{host}/{}", self.repository).trim_end_matches('/').to_owned()
    }

    /// What stands in `authorization` now.
    pub(super) fn authorization(&self) -> Option<String> {
        self.authorization.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The address of a blob.
    pub(super) fn blob_url(&self, digest: &str) -> String {
        self.url(&format!("blobs/{digest}"))
    }

    fn url(&self, rest: &str) -> String {
        format!("{}/v2/{}/{rest}", self.origin, self.repository)
    }

    /// The manifest of a tag or digest; `None` when there is none.
    pub(super) fn manifest(&self, reference: &str) -> Result<Option<Served>> {
        let ask = Ask {
            action: "ask",
            method: "GET",
            url: self.url(&format!("manifests/{reference}")),
            headers: vec![("accept", MANIFEST.to_owned())],
            body: &[],
        };
        let answer = self.send(&ask)?;
        match answer.status {
            200 => {}
            404 => return Ok(None),
            _ => return Err(self.unexpected(&ask, &answer)),
        }
        let digest = digest_of(&answer.body);
        if reference.starts_with("sha256:") && reference != digest {
            let (what, expected) = ("a manifest".to_owned(), reference.to_owned());
            return Err(RegistryError::Digest { place: self.place(), what, got: digest, expected });
        }
        let manifest = serde_json::from_slice(&answer.body)
            .map_err(|e| self.damaged(format!("the manifest of `{reference}` cannot be read: {e}")))?;
        Ok(Some(Served { manifest, digest }))
    }

    /// Puts a manifest under a tag.
    pub(super) fn put_manifest(&self, tag: &str, bytes: &[u8]) -> Result<()> {
        let ask = Ask {
            action: "publish to",
            method: "PUT",
            url: self.url(&format!("manifests/{tag}")),
            headers: vec![("content-type", MANIFEST.to_owned())],
            body: bytes,
        };
        let answer = self.send(&ask)?;
        if answer.status == 201 { Ok(()) } else { Err(self.unexpected(&ask, &answer)) }
    }

    /// All tags of the repository.
    pub(super) fn tags(&self) -> Result<Vec<String>> {
        self.names(self.url("tags/list"), "tags")
    }

    /// All repositories of the registry, where it tells.
    pub(super) fn repositories(&self) -> Result<Vec<String>> {
        self.names(format!("{}/v2/_catalog", self.origin), "repositories")
    }

    /// The names under `key` of the answers from this address on.
    fn names(&self, mut url: String, key: &str) -> Result<Vec<String>> {
        let (mut all, mut seen) = (Vec::new(), Vec::new());
        // A registry may give them in pages, of which one may be said to come after itself.
        while all.len() < MAX_NAMES && !seen.contains(&url) {
            seen.push(url.clone());
            let ask = Ask { action: "ask", method: "GET", url: url.clone(), headers: Vec::new(), body: &[] };
            let answer = self.send(&ask)?;
            match answer.status {
                200 => {}
                404 => return Ok(all),
                _ => return Err(self.unexpected(&ask, &answer)),
            }
            let page: Value = serde_json::from_slice(&answer.body)
                .map_err(|e| self.damaged(format!("its list of {key} cannot be read: {e}")))?;
            let names = page[key].as_array().into_iter().flatten();
            all.extend(names.filter_map(Value::as_str).map(str::to_owned));
            match answer.link.as_deref().and_then(next_page) {
                Some(next) => url = self.absolute(next),
                None => break,
            }
        }
        Ok(all)
    }

    /// Whether the registry has a blob.
    fn has(&self, digest: &str) -> Result<bool> {
        let url = self.blob_url(digest);
        Ok(self.send(&Ask { action: "ask", method: "HEAD", url, headers: Vec::new(), body: &[] })?.status == 200)
    }

    /// Whether, asked for this blob once more, the registry wants another `authorization` than `last`.
    pub(super) fn renewed(&self, digest: &str, last: Option<&str>) -> bool {
        self.has(digest).unwrap_or(false) && self.authorization().as_deref() != last
    }

    /// Sends a blob, unless it is there. `source` gives its bytes from an offset on.
    pub(super) fn push_blob(
        &self,
        blob: &Descriptor,
        name: &str,
        source: &mut dyn BlobSource,
        session: &Path,
        reporter: &mut dyn TransferReporter,
    ) -> Result<()> {
        if self.has(&blob.digest)? {
            return Ok(());
        }
        reporter.file(&RemoteFile { name: name.to_owned(), size: Some(blob.size), sha256: String::new() });
        // An upload that an earlier attempt, or an earlier process, has begun is gone on with.
        let begun = std::fs::read_to_string(session).ok();
        let mut upload = match begun.and_then(|location| self.resumed(location).transpose()).transpose()? {
            Some(upload) => upload,
            None => self.begin(session)?,
        };
        // Some registries forget an upload of which a chunk broke off: attempts count until more has
        // arrived than ever before, so that beginning anew ends some time.
        let (mut fruitless, mut furthest) = (0, upload.have);
        while upload.have < blob.size {
            reporter.advanced(upload.have);
            let n = CHUNK.min(blob.size - upload.have);
            let bytes = source.read(upload.have, n).map_err(|e| RegistryError::io("read", Path::new(name), e))?;
            match self.send_chunk(&upload, &bytes) {
                Ok(next) => {
                    upload = next;
                    write_session(session, &upload.location)?;
                }
                Err(error) if fruitless < ATTEMPTS => {
                    fruitless += 1;
                    reporter.note(&format!("`{name}`: {error}; trying again"));
                    std::thread::sleep(self.backoff * 2u32.pow(fruitless));
                    upload = match self.resumed(upload.location)? {
                        Some(upload) => upload,
                        None => self.begin(session)?,
                    };
                }
                Err(error) => return Err(error),
            }
            if upload.have > furthest {
                (fruitless, furthest) = (0, upload.have);
            }
        }
        reporter.advanced(blob.size);
        let ended = self.end(&upload, blob);
        // Nothing is left to go on with: it is whole, or what arrived is not what was sent.
        drop(std::fs::remove_file(session));
        ended
    }

    fn begin(&self, session: &Path) -> Result<Upload> {
        let ask = Ask {
            action: "publish to",
            method: "POST",
            url: self.url("blobs/uploads/"),
            headers: Vec::new(),
            body: &[],
        };
        let answer = self.send(&ask)?;
        match (answer.status, &answer.location) {
            (202, Some(location)) => {
                let location = self.absolute(location);
                write_session(session, &location)?;
                Ok(Upload { location, have: 0 })
            }
            _ => Err(self.unexpected(&ask, &answer)),
        }
    }

    /// An upload as far as the registry has it; `None` when it knows nothing of it.
    fn resumed(&self, location: String) -> Result<Option<Upload>> {
        // What lies in a file may be of another registry.
        if !location.starts_with(&format!("{}/", self.origin)) {
            return Ok(None);
        }
        let ask = Ask { action: "publish to", method: "GET", url: location.clone(), headers: Vec::new(), body: &[] };
        let answer = self.send(&ask)?;
        if answer.status != 204 {
            return Ok(None);
        }
        let have = answer.range.as_deref().map_or(Some(0), have_of);
        let location = answer.location.map_or(location, |location| self.absolute(&location));
        Ok(have.map(|have| Upload { location, have }))
    }

    fn send_chunk(&self, upload: &Upload, bytes: &[u8]) -> Result<Upload> {
        let end = upload.have + bytes.len() as u64;
        let ask = Ask {
            action: "publish to",
            method: "PATCH",
            url: upload.location.clone(),
            headers: vec![
                ("content-type", "application/octet-stream".to_owned()),
                ("content-range", format!("{}-{}", upload.have, end.saturating_sub(1))),
            ],
            body: bytes,
        };
        // Not sent twice by itself: how much of it has arrived must be asked first.
        let answer = self.send_once(&ask)?;
        match (answer.status, &answer.location) {
            (202, Some(location)) => {
                // What it has is more than before, or it would not have said that it took it.
                let have = answer.range.as_deref().and_then(have_of).filter(|have| *have > upload.have);
                Ok(Upload { location: self.absolute(location), have: have.unwrap_or(end) })
            }
            _ => Err(self.unexpected(&ask, &answer)),
        }
    }

    fn end(&self, upload: &Upload, blob: &Descriptor) -> Result<()> {
        let joint = if upload.location.contains('?') { '&' } else { '?' };
        let ask = Ask {
            action: "publish to",
            method: "PUT",
            url: format!("{}{joint}digest={}", upload.location, blob.digest),
            headers: vec![("content-type", "application/octet-stream".to_owned())],
            body: &[],
        };
        let answer = self.send(&ask)?;
        // An answer that was lost on the way makes the second attempt fail, and the blob is there.
        if answer.status == 201 || self.has(&blob.digest)? { Ok(()) } else { Err(self.unexpected(&ask, &answer)) }
    }

    /// Sends a request, patiently.
    fn send(&self, ask: &Ask<'_>) -> Result<Answer> {
        let mut attempt = 1;
        loop {
            let sent = self.send_once(ask);
            let passing = match &sent {
                Ok(answer) => matches!(answer.status, 408 | 429 | 500..=599),
                Err(_) => true,
            };
            if !passing || attempt == ATTEMPTS {
                return sent;
            }
            std::thread::sleep(self.backoff * 2u32.pow(attempt));
            attempt += 1;
        }
    }

    /// Sends a request once; and once more, saying who one is, when the registry asks.
    fn send_once(&self, ask: &Ask<'_>) -> Result<Answer> {
        let answer = self.sent(ask, self.authorization())?;
        let Some(challenge) = answer.challenge.as_deref().filter(|_| answer.status == 401) else { return Ok(answer) };
        match self.authorised(challenge)? {
            Some(authorization) => {
                *self.authorization.lock().unwrap_or_else(PoisonError::into_inner) = Some(authorization.clone());
                self.sent(ask, Some(authorization))
            }
            None => Ok(answer),
        }
    }

    fn sent(&self, ask: &Ask<'_>, authorization: Option<String>) -> Result<Answer> {
        let failed = |why: String| RegistryError::Failed { action: ask.action, place: self.place(), why, hint: None };
        let mut request = HttpRequest::builder().method(ask.method).uri(&ask.url);
        for (name, value) in &ask.headers {
            request = request.header(*name, value);
        }
        // An upload may be sent elsewhere; who one is here is nobody's business there.
        let own = ask.url.strip_prefix(&self.origin).is_some_and(|rest| rest.starts_with('/'));
        if let Some(authorization) = authorization.filter(|_| own) {
            request = request.header("authorization", authorization);
        }
        let sends = matches!(ask.method, "POST" | "PUT" | "PATCH");
        let response = if sends {
            request.body(ask.body).map_err(|e| failed(e.to_string())).map(|request| self.agent.run(request))?
        } else {
            request.body(()).map_err(|e| failed(e.to_string())).map(|request| self.agent.run(request))?
        };
        let mut response = response.map_err(|e| failed(e.to_string()))?;
        let header = |name: &str| response.headers().get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
        let mut answer = Answer {
            status: response.status().as_u16(),
            location: header("location"),
            range: header("range"),
            link: header("link"),
            challenge: header("www-authenticate"),
            body: Vec::new(),
        };
        let body = response.body_mut().with_config().limit(MAX_MANIFEST).read_to_vec();
        answer.body = body.map_err(|e| failed(e.to_string()))?;
        Ok(answer)
    }

    /// What answers this challenge; `None` when there is nothing to say.
    fn authorised(&self, challenge: &str) -> Result<Option<String>> {
        #[derive(Deserialize)]
        struct Token {
            #[serde(default)]
            token: Option<String>,
            #[serde(default)]
            access_token: Option<String>,
        }
        let fault = |why: String| RegistryError::Failed {
            action: "log in to",
            place: self.place(),
            why,
            hint: Some(LOGIN.to_owned()),
        };
        let (realm, service, scope) = match Challenge::parse(challenge) {
            Some(Challenge::Basic) => return Ok(self.credential.as_ref().and_then(Credential::header)),
            Some(Challenge::Bearer { realm, service, scope }) => (realm, service, scope),
            None => return Err(fault(format!("it asks in a way that is not known here: `{challenge}`"))),
        };
        if let Some(Credential::Bearer(token)) = &self.credential {
            return Ok(Some(format!("Bearer {token}")));
        }
        if !may_be_told(&realm) {
            return Err(fault(format!("its tokens are had at `{realm}`, where passwords do not go: expected https")));
        }
        let mut query: Vec<(&str, String)> = Vec::new();
        query.extend(service.map(|service| ("service", service)));
        query.extend(scope.map(|scope| ("scope", scope)));
        let answer = if let Some(Credential::Identity(token)) = &self.credential {
            query.push(("grant_type", "refresh_token".to_owned()));
            query.push(("refresh_token", token.clone()));
            query.push(("client_id", "hive".to_owned()));
            self.agent.post(&realm).send_form(query)
        } else {
            let mut get = self.agent.get(&realm).query_pairs(query);
            if let Some(authorization) = self.credential.as_ref().and_then(Credential::header) {
                get = get.header("authorization", authorization);
            }
            get.call()
        };
        let mut response = answer.map_err(|e| fault(e.to_string()))?;
        let status = response.status().as_u16();
        if status != 200 {
            return Err(fault(format!("its service for tokens answered {status}")));
        }
        let body = response.body_mut().with_config().limit(MAX_MANIFEST).read_to_vec();
        let token: Token = serde_json::from_slice(&body.map_err(|e| fault(e.to_string()))?)
            .map_err(|e| fault(format!("its service for tokens gave none: {e}")))?;
        let token =
            token.token.or(token.access_token).ok_or_else(|| fault("its service for tokens gave none".into()))?;
        Ok(Some(format!("Bearer {token}")))
    }

    /// A location that may be given without the registry's address; or with `http` where a proxy before
    /// the registry speaks TLS for it.
    fn absolute(&self, location: &str) -> String {
        if location.starts_with('/') {
            return format!("{}{location}", self.origin);
        }
        let host = self.origin.strip_prefix("https://");
        let rest = host.and_then(|host| location.strip_prefix("http://")?.strip_prefix(host));
        match rest.filter(|rest| rest.starts_with('/')) {
            Some(rest) => format!("{}{rest}", self.origin),
            None => location.to_owned(),
        }
    }

    fn unexpected(&self, ask: &Ask<'_>, answer: &Answer) -> RegistryError {
        let said: String = String::from_utf8_lossy(&answer.body).chars().take(200).collect();
        let said = said.trim().replace(char::is_control, " ");
        let why = format!(
            "the registry answered {}{}",
            answer.status,
            if said.is_empty() { said } else { format!(": {said}") }
        );
        let hint = matches!(answer.status, 401 | 403).then(|| LOGIN.to_owned());
        RegistryError::Failed { action: ask.action, place: self.place(), why, hint }
    }

    pub(super) fn damaged(&self, problem: String) -> RegistryError {
        RegistryError::Damaged { place: self.place(), problem }
    }
}

/// How one says who one is.
pub(super) const LOGIN: &str = "`docker login HOST`, or set `HIVE_REGISTRY_HOST` with `HIVE_REGISTRY_USERNAME` and `HIVE_REGISTRY_PASSWORD`, or with `HIVE_REGISTRY_TOKEN`";

/// An upload that has begun.
#[derive(Debug)]
struct Upload {
    location: String,
    /// Bytes that the registry has.
    have: u64,
}

/// Bytes that are sent.
pub(super) trait BlobSource {
    /// `n` bytes from `offset` on.
    fn read(&mut self, offset: u64, n: u64) -> std::io::Result<Vec<u8>>;
}

impl BlobSource for File {
    fn read(&mut self, offset: u64, n: u64) -> std::io::Result<Vec<u8>> {
        self.seek(SeekFrom::Start(offset))?;
        let mut bytes = vec![0; usize::try_from(n).unwrap_or(usize::MAX)];
        self.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

impl BlobSource for &[u8] {
    fn read(&mut self, offset: u64, n: u64) -> std::io::Result<Vec<u8>> {
        let range = usize::try_from(offset).ok().zip(usize::try_from(offset + n).ok());
        let bytes = range.and_then(|(from, to)| self.get(from..to));
        bytes.map(<[u8]>::to_vec).ok_or_else(|| std::io::ErrorKind::UnexpectedEof.into())
    }
}

fn write_session(path: &Path, location: &str) -> Result<()> {
    Ok(hive_files::write_file(path, location.as_bytes())?)
}

/// Bytes that a registry has, of its `range: 0-N`.
fn have_of(range: &str) -> Option<u64> {
    let end: u64 = range.trim_start_matches("bytes=").split_once('-')?.1.parse().ok()?;
    // An empty upload is `0-0` with some registries, which is also one byte; asking again then costs
    // that byte's chunk an error, after which the upload begins anew.
    Some(if end == 0 { 0 } else { end + 1 })
}

/// The address in `link: <…>; rel="next"`.
fn next_page(link: &str) -> Option<&str> {
    let (address, about) = link.split_once('>')?;
    about.contains("next").then(|| address.trim_start().trim_start_matches('<'))
}

/// Whether a password may go to this address: over TLS, or without leaving this machine.
fn may_be_told(url: &str) -> bool {
    let Ok(uri) = url.parse::<ureq::http::Uri>() else { return false };
    let Some(authority) = uri.authority().filter(|authority| !authority.as_str().contains('@')) else { return false };
    match uri.scheme_str() {
        Some("https") => true,
        Some("http") => is_loopback(authority.as_str()),
        _ => false,
    }
}

/// Whether a host is this machine, so that what is sent there goes over no wire.
pub(super) fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_goes_without_tls() {
        for host in ["localhost", "localhost:5000", "127.0.0.1:5000", "127.8.8.8", "[::1]:5000"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["example.org", "10.0.0.1", "localhost.example.org", "127.0.0.1.example.org", "[fe80::1]", ""] {
            assert!(!is_loopback(host), "{host}");
        }
    }

    #[test]
    fn passwords_go_over_tls_or_nowhere() {
        for url in ["https://auth.example/token", "http://127.0.0.1:5000/token", "http://[::1]:5000/token"] {
            assert!(may_be_told(url), "{url}");
        }
        for url in [
            "http://auth.example/token",
            "http://127.0.0.1:x@auth.example/token",
            "https://me@auth.example/token",
            "ftp://127.0.0.1/token",
            "/token",
            "",
        ] {
            assert!(!may_be_told(url), "{url}");
        }
    }

    #[test]
    fn headers_are_read() {
        assert_eq!(have_of("0-99"), Some(100));
        assert_eq!(have_of("bytes=0-99"), Some(100));
        assert_eq!(have_of("0-0"), Some(0));
        assert_eq!(have_of("x"), None);
        assert_eq!(next_page("</v2/a/tags/list?last=x&n=1>; rel=\"next\""), Some("/v2/a/tags/list?last=x&n=1"));
        assert_eq!(next_page("<x>; rel=\"prev\""), None);
    }
}
