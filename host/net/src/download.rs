//! One file over HTTP into a `.part` file, going on where an earlier attempt stopped. It checks
//! lengths; the sha256 is checked by who asked, who alone gives a file its final name.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;
use std::time::Duration;

use hive_files::FileError;
use ureq::Agent;
use ureq::config::RedirectAuthHeaders;
use ureq::tls::{RootCerts, TlsConfig};

use crate::{RemoteFile, SourceError, TransferReporter};

/// Attempts without a single new byte before a source is given up.
const FRUITLESS_ATTEMPTS: u32 = 3;
/// Attempts at all: a server that gives a byte at a time is not waited for.
const ATTEMPTS: u32 = 50;

/// Longest answer that is held in memory, in bytes.
const MAX_ANSWER: u64 = 64 << 20;

/// An answer that is no file: its status and its bytes.
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// Downloads files.
pub struct Downloader {
    agent: Agent,
    /// Wait after the first failed attempt; doubles with each.
    backoff: Duration,
    /// How one says who one is there.
    login: &'static str,
}

/// Where one file is.
pub struct Request<'a> {
    /// The address.
    pub url: &'a str,
    /// The `authorization` to send there, and to no other host: `Bearer …`.
    pub authorization: Option<String>,
    /// What it is.
    pub file: &'a RemoteFile,
}

enum Attempt {
    /// Trying again may help.
    Transient(String),
    /// It will not.
    Final(SourceError),
}

/// What is special about fetching from somewhere.
#[derive(Debug, Default)]
pub struct AgentOptions {
    /// The certificates to trust, where the usual ones are not meant.
    pub roots: Option<RootCerts>,
    /// Whether nothing may go without TLS.
    pub tls_alone: bool,
    /// Whether it is on this machine, where no proxy leads to.
    pub local: bool,
    /// Whether answers may take long: a registry may have to read what it was sent.
    pub patient: bool,
}

/// How files and answers are fetched: patiently, and without telling a second host who one is.
pub fn agent(options: &AgentOptions) -> Agent {
    let answer = Duration::from_secs(if options.patient { 300 } else { 30 });
    let config = Agent::config_builder()
        .http_status_as_error(false)
        // A redirect to a content server never carries the token; one to the same host may.
        .redirect_auth_headers(RedirectAuthHeaders::SameHost)
        .timeout_resolve(Some(Duration::from_secs(10)))
        .timeout_connect(Some(Duration::from_secs(10)))
        .timeout_recv_response(Some(answer))
        .timeout_send_body(Some(Duration::from_secs(600)))
        .https_only(options.tls_alone)
        .timeout_per_read(Some(Duration::from_secs(60)))
        .user_agent(concat!("hive/", env!("CARGO_PKG_VERSION")))
        // Lengths and ranges count the file's own bytes, so no compression on the way.
        .accept_encoding("identity");
    let config = if options.local { config.proxy(None) } else { config };
    let config = match &options.roots {
        Some(roots) => config.tls_config(TlsConfig::builder().root_certs(roots.clone()).build()),
        None => config,
    };
    config.build().into()
}

impl Downloader {
    /// For the model hub and for anything that asks for no login.
    pub fn new(backoff: Duration) -> Self {
        Self::with(agent(&AgentOptions::default()), backoff, "a token goes into `HF_TOKEN`")
    }

    /// Over this agent; `login` says how one says who one is there.
    pub fn with(agent: Agent, backoff: Duration, login: &'static str) -> Self {
        Self { agent, backoff, login }
    }

    /// What a web server answers, for questions rather than files. Tries again what may pass.
    pub fn ask(&self, url: &str, token: Option<&str>) -> Result<Answer, SourceError> {
        let mut attempt = 1;
        loop {
            let reason = match self.ask_once(url, token) {
                Ok(answer) if !matches!(answer.status, 408 | 429 | 500..=599) => return Ok(answer),
                Ok(answer) => format!("the server answered {}", answer.status),
                Err(e) => e.to_string(),
            };
            if attempt == FRUITLESS_ATTEMPTS {
                return Err(SourceError::Failed(reason));
            }
            std::thread::sleep(self.backoff * 2u32.pow(attempt));
            attempt += 1;
        }
    }

    fn ask_once(&self, url: &str, token: Option<&str>) -> Result<Answer, ureq::Error> {
        let mut get = self.agent.get(url);
        if let Some(token) = token {
            get = get.header("authorization", format!("Bearer {token}"));
        }
        let mut response = get.call()?;
        let body = response.body_mut().with_config().limit(MAX_ANSWER).read_to_vec()?;
        Ok(Answer { status: response.status().as_u16(), body })
    }

    /// Completes `part`.
    pub fn fetch(
        &self,
        request: &Request<'_>,
        part: &Path,
        reporter: &mut dyn TransferReporter,
    ) -> Result<(), SourceError> {
        let mut fruitless = 0;
        for _ in 0..ATTEMPTS {
            let before = length(part)?;
            let reason = match self.attempt(request, part, before, reporter) {
                Ok(()) => return Ok(()),
                Err(Attempt::Final(error)) => return Err(error),
                Err(Attempt::Transient(reason)) => reason,
            };
            fruitless = if length(part)? > before { 0 } else { fruitless + 1 };
            if fruitless >= FRUITLESS_ATTEMPTS {
                return Err(SourceError::Failed(format!("`{}`: {reason}", request.file.name)));
            }
            reporter.note(&format!("`{}`: {reason}; trying again", request.file.name));
            std::thread::sleep(self.backoff * 2u32.pow(fruitless));
        }
        Err(SourceError::Failed(format!("`{}`: given up after {ATTEMPTS} attempts", request.file.name)))
    }

    fn attempt(
        &self,
        request: &Request<'_>,
        part: &Path,
        mut have: u64,
        reporter: &mut dyn TransferReporter,
    ) -> Result<(), Attempt> {
        let file = request.file;
        let io = |action, e| Attempt::Final(FileError::io(action, part, e).into());
        let give_up = |reason: String| Attempt::Final(SourceError::Failed(format!("`{}`: {reason}", file.name)));
        match file.size {
            Some(size) if have == size && size > 0 => return Ok(()),
            Some(size) if have > size => {
                std::fs::remove_file(part).map_err(|e| io("remove", e))?;
                have = 0;
            }
            _ => {}
        }
        let mut get = self.agent.get(request.url);
        if have > 0 {
            get = get.header("range", format!("bytes={have}-"));
        }
        if let Some(authorization) = &request.authorization {
            get = get.header("authorization", authorization);
        }
        let mut response = get.call().map_err(|e| match e {
            ureq::Error::Io(_) | ureq::Error::Timeout(_) | ureq::Error::Protocol(_) | ureq::Error::ConnectionFailed => {
                Attempt::Transient(e.to_string())
            }
            other => give_up(other.to_string()),
        })?;
        let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
        match response.status().as_u16() {
            200 => have = 0,
            206 => {
                // `bytes 100-199/200`: anything but a continuation would corrupt the file.
                let start = header("content-range").and_then(|range| range.strip_prefix("bytes ")?.split('-').next());
                if start.and_then(|start| start.parse().ok()) != Some(have) {
                    let _ = std::fs::remove_file(part);
                    return Err(Attempt::Transient(format!("the server did not go on at byte {have}")));
                }
            }
            416 => {
                std::fs::remove_file(part).map_err(|e| io("remove", e))?;
                return Err(Attempt::Transient(format!("the server has no byte {have}")));
            }
            status @ (408 | 429 | 500..=599) => {
                return Err(Attempt::Transient(format!("the server answered {status}")));
            }
            status @ (401 | 403) => {
                return Err(give_up(format!("the server answered {status} ({})", self.login)));
            }
            status => return Err(give_up(format!("the server answered {status}"))),
        }
        let announced = header("content-length").and_then(|length| length.parse::<u64>().ok()).map(|n| n + have);
        if let (Some(got), Some(expected)) = (announced, file.size)
            && got != expected
        {
            return Err(give_up(format!("the server has {got} bytes, expected {expected}")));
        }
        let mut out = if have > 0 { OpenOptions::new().append(true).open(part) } else { File::create(part) }
            .map_err(|e| io("write", e))?;
        reporter.advanced(have);

        let mut body = response.body_mut().as_reader();
        let mut buffer = vec![0u8; 256 * 1024];
        loop {
            let n = match body.read(&mut buffer) {
                Ok(0) => break,
                Ok(n) => n,
                Err(e) => return Err(Attempt::Transient(format!("the connection broke after {have} bytes: {e}"))),
            };
            out.write_all(&buffer[..n]).map_err(|e| io("write", e))?;
            have += n as u64;
            reporter.advanced(have);
            if file.size.is_some_and(|size| have > size) {
                return Err(give_up(format!(
                    "the server sent more than the expected {} bytes",
                    file.size.unwrap_or(0)
                )));
            }
        }
        match announced.or(file.size) {
            Some(expected) if have < expected => {
                Err(Attempt::Transient(format!("the connection broke after {have} of {expected} bytes")))
            }
            _ => out.sync_all().map_err(|e| io("write", e)),
        }
    }
}

/// The length of a file; 0 when there is none.
fn length(path: &Path) -> Result<u64, FileError> {
    match std::fs::metadata(path) {
        Ok(found) => Ok(found.len()),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(0),
        Err(e) => Err(FileError::io("read", path, e)),
    }
}
