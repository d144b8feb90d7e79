//! The requests of the OCI distribution specification that publishing and fetching need
//! (<https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md>). Retries transient failures,
//! and sends credentials only when the registry asks for them, and only to the registry's own host.
//!
//! Hand-written, because `oci-client` cannot resume an interrupted upload, and brings an asynchronous runtime
//! and a second HTTP and TLS stack.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use ureq::Agent;
use ureq::http::Request as HttpRequest;

use super::auth::Challenge;
use super::manifest::{MANIFEST, MAX_MANIFEST, Manifest, digest_of};
use crate::registries::access::Credential;
use crate::registries::error::{RegistryError, Result};

/// Limit on the names that are read of one list.
const MAX_NAMES: usize = 10_000;

/// Attempts per request.
pub(super) const ATTEMPTS: u32 = 4;

/// A client for one repository of a registry.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) agent: Agent,
    /// `https://HOST`, or `http://HOST` on this machine.
    pub(super) origin: String,
    pub(super) repository: String,
    credential: Option<Credential>,
    /// The `authorization` header, once the registry has asked for one.
    authorization: Mutex<Option<String>>,
    /// Delay after the first failed attempt; doubles with each.
    pub(super) backoff: Duration,
}

/// A registry's response, with the headers that are used.
#[derive(Debug, Default)]
pub(super) struct RegistryResponse {
    pub(super) status: u16,
    pub(super) location: Option<String>,
    pub(super) range: Option<String>,
    link: Option<String>,
    challenge: Option<String>,
    body: Vec<u8>,
}

/// A request to a registry.
pub(super) struct RegistryRequest<'a> {
    /// What it is for, as error messages say it: "Failed to ACTION `oci://…`".
    pub(super) action: &'static str,
    pub(super) method: &'static str,
    pub(super) url: String,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: &'a [u8],
}

impl RegistryRequest<'_> {
    /// A request without headers and body.
    pub(super) fn plain(action: &'static str, method: &'static str, url: String) -> Self {
        Self { action, method, url, headers: Vec::new(), body: &[] }
    }
}

/// A manifest as the registry served it, with its computed digest.
#[derive(Debug)]
pub(super) struct Served {
    pub(super) manifest: Manifest,
    pub(super) digest: String,
}

impl Client {
    pub(super) fn new(
        agent: Agent,
        host: &str,
        repository: &str,
        credential: Option<Credential>,
        backoff: Duration,
    ) -> Self {
        // Only connections within this machine may be without TLS.
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

    /// A client for another repository of the same registry.
    pub(super) fn for_repository(&self, repository: &str) -> Self {
        Self {
            agent: self.agent.clone(),
            origin: self.origin.clone(),
            repository: repository.to_owned(),
            credential: self.credential.clone(),
            authorization: Mutex::new(None),
            backoff: self.backoff,
        }
    }

    /// The repository's name in messages.
    pub(super) fn place(&self) -> String {
        let host = self.origin.split_once("://").map_or(self.origin.as_str(), |(_, host)| host);
        format!("oci://{host}/{}", self.repository).trim_end_matches('/').to_owned()
    }

    /// The current `authorization` header.
    pub(super) fn authorization(&self) -> Option<String> {
        self.authorization.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The address of a blob.
    pub(super) fn blob_url(&self, digest: &str) -> String {
        self.url(&format!("blobs/{digest}"))
    }

    /// An address in this repository.
    pub(super) fn url(&self, rest: &str) -> String {
        format!("{}/v2/{}/{rest}", self.origin, self.repository)
    }

    /// The manifest of a tag or digest; `None` if there is none.
    pub(super) fn manifest(&self, reference: &str) -> Result<Option<Served>> {
        let request = RegistryRequest {
            action: "ask",
            method: "GET",
            url: self.url(&format!("manifests/{reference}")),
            headers: vec![("accept", MANIFEST.to_owned())],
            body: &[],
        };
        let answer = self.send(&request)?;
        match answer.status {
            200 => {}
            404 => return Ok(None),
            _ => return Err(self.unexpected(&request, &answer)),
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

    /// Uploads a manifest under a tag.
    pub(super) fn put_manifest(&self, tag: &str, bytes: &[u8]) -> Result<()> {
        let request = RegistryRequest {
            action: "publish to",
            method: "PUT",
            url: self.url(&format!("manifests/{tag}")),
            headers: vec![("content-type", MANIFEST.to_owned())],
            body: bytes,
        };
        let answer = self.send(&request)?;
        if answer.status == 201 { Ok(()) } else { Err(self.unexpected(&request, &answer)) }
    }

    /// All tags of the repository.
    pub(super) fn tags(&self) -> Result<Vec<String>> {
        self.names(self.url("tags/list"), "tags")
    }

    /// All repositories of the registry, if it lists them.
    pub(super) fn repositories(&self) -> Result<Vec<String>> {
        self.names(format!("{}/v2/_catalog", self.origin), "repositories")
    }

    /// The names under `key` in the response from `url` and in all pages that follow.
    fn names(&self, mut url: String, key: &str) -> Result<Vec<String>> {
        let (mut all, mut visited) = (Vec::new(), Vec::new());
        // A faulty registry may name a page as its own successor.
        while all.len() < MAX_NAMES && !visited.contains(&url) {
            visited.push(url.clone());
            let request = RegistryRequest::plain("ask", "GET", url.clone());
            let answer = self.send(&request)?;
            match answer.status {
                200 => {}
                404 => return Ok(all),
                _ => return Err(self.unexpected(&request, &answer)),
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
    pub(super) fn has(&self, digest: &str) -> Result<bool> {
        let request = RegistryRequest::plain("ask", "HEAD", self.blob_url(digest));
        Ok(self.send(&request)?.status == 200)
    }

    /// Asks for a blob once more, and returns whether that has replaced the `authorization` header `last`.
    pub(super) fn renewed(&self, digest: &str, last: Option<&str>) -> bool {
        self.has(digest).unwrap_or(false) && self.authorization().as_deref() != last
    }

    /// Sends a request; retries transient failures.
    pub(super) fn send(&self, request: &RegistryRequest<'_>) -> Result<RegistryResponse> {
        let mut attempt = 1;
        loop {
            let sent = self.send_once(request);
            let transient = match &sent {
                Ok(answer) => matches!(answer.status, 408 | 429 | 500..=599),
                Err(_) => true,
            };
            if !transient || attempt == ATTEMPTS {
                return sent;
            }
            std::thread::sleep(self.backoff * 2u32.pow(attempt));
            attempt += 1;
        }
    }

    /// Sends a request once, or twice if the registry asks for credentials.
    pub(super) fn send_once(&self, request: &RegistryRequest<'_>) -> Result<RegistryResponse> {
        let answer = self.exchange(request, self.authorization())?;
        let Some(challenge) = answer.challenge.as_deref().filter(|_| answer.status == 401) else { return Ok(answer) };
        match self.authorize(challenge)? {
            Some(authorization) => {
                *self.authorization.lock().unwrap_or_else(PoisonError::into_inner) = Some(authorization.clone());
                self.exchange(request, Some(authorization))
            }
            None => Ok(answer),
        }
    }

    /// Sends a request with this `authorization` header and reads the response.
    fn exchange(&self, request: &RegistryRequest<'_>, authorization: Option<String>) -> Result<RegistryResponse> {
        let RegistryRequest { action, method, url, headers, body } = request;
        let failed = |why: String| RegistryError::Failed { action, place: self.place(), why, hint: None };
        let mut builder = HttpRequest::builder().method(*method).uri(url);
        for (name, value) in headers {
            builder = builder.header(*name, value);
        }
        // The registry may direct an upload to another host, which gets no credentials.
        let same_host = url.strip_prefix(&self.origin).is_some_and(|rest| rest.starts_with('/'));
        if let Some(authorization) = authorization.filter(|_| same_host) {
            builder = builder.header("authorization", authorization);
        }
        let response = if matches!(*method, "POST" | "PUT" | "PATCH") {
            builder.body(*body).map_err(|e| failed(e.to_string())).map(|request| self.agent.run(request))?
        } else {
            builder.body(()).map_err(|e| failed(e.to_string())).map(|request| self.agent.run(request))?
        };
        let mut response = response.map_err(|e| RegistryError::Failed {
            action,
            place: self.place(),
            why: e.to_string(),
            hint: Some("check the network and the registry's name; `dir:FOLDER/NAME` needs no network".to_owned()),
        })?;
        let header = |name: &str| response.headers().get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
        let mut answer = RegistryResponse {
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

    /// The `authorization` header for a challenge; `None` without credentials.
    fn authorize(&self, challenge: &str) -> Result<Option<String>> {
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
        if !may_receive_passwords(&realm) {
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

    /// Completes a location that lacks the registry's address, or that has `http` because a proxy terminates TLS in
    /// front of the registry.
    pub(super) fn absolute(&self, location: &str) -> String {
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

    /// The error for a response whose status is not the expected one.
    pub(super) fn unexpected(&self, request: &RegistryRequest<'_>, answer: &RegistryResponse) -> RegistryError {
        let said: String = String::from_utf8_lossy(&answer.body).chars().take(200).collect();
        let said = said.trim().replace(char::is_control, " ");
        let why = format!(
            "the registry answered {}{}",
            answer.status,
            if said.is_empty() { said } else { format!(": {said}") }
        );
        let hint = matches!(answer.status, 401 | 403).then(|| LOGIN.to_owned());
        RegistryError::Failed { action: request.action, place: self.place(), why, hint }
    }

    /// The error for a response or a package that is not well-formed.
    pub(super) fn damaged(&self, problem: String) -> RegistryError {
        RegistryError::Damaged { place: self.place(), problem }
    }
}

/// How a user can log in.
pub(super) const LOGIN: &str = "`docker login HOST`, or set `HIVE_REGISTRY_HOST` with `HIVE_REGISTRY_USERNAME` and `HIVE_REGISTRY_PASSWORD`, or with `HIVE_REGISTRY_TOKEN`";

/// The address in `link: <…>; rel="next"`.
fn next_page(link: &str) -> Option<&str> {
    let (address, about) = link.split_once('>')?;
    about.contains("next").then(|| address.trim_start().trim_start_matches('<'))
}

/// Whether passwords may be sent to this address: over TLS, or within this machine.
fn may_receive_passwords(url: &str) -> bool {
    let Ok(uri) = url.parse::<ureq::http::Uri>() else { return false };
    let Some(authority) = uri.authority().filter(|authority| !authority.as_str().contains('@')) else { return false };
    match uri.scheme_str() {
        Some("https") => true,
        Some("http") => is_loopback(authority.as_str()),
        _ => false,
    }
}

/// Whether a host is this machine.
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
    use hive_tests::check_all;

    #[test]
    fn only_this_machine_goes_without_tls() {
        check_all(["localhost", "localhost:5000", "127.0.0.1:5000", "127.8.8.8", "[::1]:5000"], |host| {
            assert!(is_loopback(host), "{host}");
        });
        check_all(
            ["example.org", "10.0.0.1", "localhost.example.org", "127.0.0.1.example.org", "[fe80::1]", ""],
            |host| {
                assert!(!is_loopback(host), "{host}");
            },
        );
    }

    #[test]
    fn passwords_go_over_tls_or_nowhere() {
        for url in ["https://auth.example/token", "http://127.0.0.1:5000/token", "http://[::1]:5000/token"] {
            assert!(may_receive_passwords(url), "{url}");
        }
        check_all(
            [
                "http://auth.example/token",
                "http://127.0.0.1:x@auth.example/token",
                "https://me@auth.example/token",
                "ftp://127.0.0.1/token",
                "/token",
                "",
            ],
            |url| {
                assert!(!may_receive_passwords(url), "{url}");
            },
        );
    }

    #[test]
    fn links_to_the_next_page_are_read() {
        assert_eq!(next_page("</v2/a/tags/list?last=x&n=1>; rel=\"next\""), Some("/v2/a/tags/list?last=x&n=1"));
        assert_eq!(next_page("<x>; rel=\"prev\""), None);
    }
}
