//! Downloads of single files over HTTP into a `.part` file, resuming where an earlier attempt stopped.
//! Checks lengths; the sha256 is checked when the file gets its final name ([`crate::fetch_verified`]).

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;
use std::time::Duration;

use hive_files::FileError;
use ureq::http::Response;
use ureq::{Agent, Body};

use crate::agent::{AgentOptions, agent};
use crate::{RemoteFile, SourceError, TransferReporter};

/// Attempts without a single new byte before a source is given up.
const FRUITLESS_ATTEMPTS: u32 = 3;
/// Limit on all attempts, against a server that delivers a byte at a time.
const ATTEMPTS: u32 = 50;

/// Longest answer that is held in memory, in bytes.
const MAX_ANSWER: u64 = 64 << 20;

/// The answer to a query: its status and its body.
pub struct HttpAnswer {
    /// HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// Downloads files.
pub struct Downloader {
    agent: Agent,
    /// Delay after the first failed attempt; doubles with each.
    backoff: Duration,
    /// How a user can log in, for error messages.
    login: &'static str,
}

/// A file and where to download it.
pub struct FileRequest<'a> {
    /// The address.
    pub url: &'a str,
    /// The `authorization` header for that host and no other: `Bearer …`.
    pub authorization: Option<String>,
    /// The file.
    pub file: &'a RemoteFile,
}

/// Why an attempt failed.
enum AttemptError {
    /// For a reason that another attempt may not meet.
    Transient(String),
    /// For good.
    Final(SourceError),
}

impl From<FileError> for AttemptError {
    fn from(error: FileError) -> Self {
        Self::Final(error.into())
    }
}

impl Downloader {
    /// For the model hub, and for servers without a login.
    pub fn new(backoff: Duration) -> Self {
        Self::with(agent(&AgentOptions::default()), backoff, "a token goes into `HF_TOKEN`")
    }

    /// With this HTTP client; `login` tells users how to log in there.
    pub fn with(agent: Agent, backoff: Duration, login: &'static str) -> Self {
        Self { agent, backoff, login }
    }

    /// Sends a query and returns the answer, whatever its status. Retries transient failures.
    ///
    /// # Errors
    /// When there is no answer after several attempts.
    pub fn ask(&self, url: &str, token: Option<&str>) -> Result<HttpAnswer, SourceError> {
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

    fn ask_once(&self, url: &str, token: Option<&str>) -> Result<HttpAnswer, ureq::Error> {
        let mut get = self.agent.get(url);
        if let Some(token) = token {
            get = get.header("authorization", format!("Bearer {token}"));
        }
        let mut response = get.call()?;
        let body = response.body_mut().with_config().limit(MAX_ANSWER).read_to_vec()?;
        Ok(HttpAnswer { status: response.status().as_u16(), body })
    }

    /// Downloads what is missing of the file into `part`.
    ///
    /// # Errors
    /// [`SourceError::Failed`] when the server does not deliver it, [`SourceError::Fatal`] when `part` cannot
    /// be written.
    pub fn fetch_part(
        &self,
        request: &FileRequest<'_>,
        part: &Path,
        reporter: &mut dyn TransferReporter,
    ) -> Result<(), SourceError> {
        let mut fruitless = 0;
        for _ in 0..ATTEMPTS {
            let before = length(part)?;
            let reason = match self.attempt(request, part, before, reporter) {
                Ok(()) => return Ok(()),
                Err(AttemptError::Final(error)) => return Err(error),
                Err(AttemptError::Transient(reason)) => reason,
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

    /// One attempt to complete `part`, which has `have` bytes.
    fn attempt(
        &self,
        request: &FileRequest<'_>,
        part: &Path,
        mut have: u64,
        reporter: &mut dyn TransferReporter,
    ) -> Result<(), AttemptError> {
        let file = request.file;
        match file.size {
            Some(size) if have == size && size > 0 => return Ok(()),
            Some(size) if have > size => {
                remove(part)?;
                have = 0;
            }
            _ => {}
        }
        let mut response = self.get(request, have)?;
        have = self.start_of_body(&response, file, part, have)?;
        let announced = header(&response, "content-length").and_then(|length| length.parse::<u64>().ok());
        let announced = announced.map(|length| length + have);
        if let (Some(got), Some(expected)) = (announced, file.size)
            && got != expected
        {
            return Err(give_up(file, format!("the server has {got} bytes, expected {expected}")));
        }
        let out = if have > 0 { OpenOptions::new().append(true).open(part) } else { File::create(part) };
        let mut out = out.map_err(|e| FileError::io("write", part, e))?;
        reporter.advanced(have);
        let body = response.body_mut().as_reader();
        have = copy(body, &mut out, part, have, file, reporter)?;
        match announced.or(file.size) {
            Some(expected) if have < expected => {
                Err(AttemptError::Transient(format!("the connection broke after {have} of {expected} bytes")))
            }
            _ => Ok(out.sync_all().map_err(|e| FileError::io("write", part, e))?),
        }
    }

    /// Requests the file from byte `have` on.
    fn get(&self, request: &FileRequest<'_>, have: u64) -> Result<Response<Body>, AttemptError> {
        let mut get = self.agent.get(request.url);
        if have > 0 {
            get = get.header("range", format!("bytes={have}-"));
        }
        if let Some(authorization) = &request.authorization {
            get = get.header("authorization", authorization);
        }
        get.call().map_err(|e| match e {
            ureq::Error::Io(_) | ureq::Error::Timeout(_) | ureq::Error::Protocol(_) | ureq::Error::ConnectionFailed => {
                AttemptError::Transient(e.to_string())
            }
            other => give_up(request.file, other.to_string()),
        })
    }

    /// The position in the file at which the response's body starts: `have`, or 0 if the server starts over.
    fn start_of_body(
        &self,
        response: &Response<Body>,
        file: &RemoteFile,
        part: &Path,
        have: u64,
    ) -> Result<u64, AttemptError> {
        match response.status().as_u16() {
            200 => Ok(0),
            206 => {
                // `bytes 100-199/200`: anything but a continuation would corrupt the file.
                let start =
                    header(response, "content-range").and_then(|range| range.strip_prefix("bytes ")?.split('-').next());
                if start.and_then(|start| start.parse().ok()) == Some(have) {
                    return Ok(have);
                }
                let _ = std::fs::remove_file(part);
                Err(AttemptError::Transient(format!("the server did not go on at byte {have}")))
            }
            416 => {
                remove(part)?;
                Err(AttemptError::Transient(format!("the server has no byte {have}")))
            }
            status @ (408 | 429 | 500..=599) => Err(AttemptError::Transient(format!("the server answered {status}"))),
            status @ (401 | 403) => Err(give_up(file, format!("the server answered {status} ({})", self.login))),
            status => Err(give_up(file, format!("the server answered {status}"))),
        }
    }
}

/// Appends a body to the `.part` file, which has `have` bytes; returns how many it has then.
fn copy(
    mut body: impl Read,
    out: &mut File,
    part: &Path,
    mut have: u64,
    file: &RemoteFile,
    reporter: &mut dyn TransferReporter,
) -> Result<u64, AttemptError> {
    let mut buffer = vec![0u8; 256 * 1024];
    loop {
        let n = match body.read(&mut buffer) {
            Ok(0) => return Ok(have),
            Ok(n) => n,
            Err(e) => return Err(AttemptError::Transient(format!("the connection broke after {have} bytes: {e}"))),
        };
        out.write_all(&buffer[..n]).map_err(|e| FileError::io("write", part, e))?;
        have += n as u64;
        reporter.advanced(have);
        if let Some(size) = file.size.filter(|size| have > *size) {
            return Err(give_up(file, format!("the server sent more than the expected {size} bytes")));
        }
    }
}

fn header<'a>(response: &'a Response<Body>, name: &str) -> Option<&'a str> {
    response.headers().get(name).and_then(|value| value.to_str().ok())
}

fn give_up(file: &RemoteFile, reason: String) -> AttemptError {
    AttemptError::Final(SourceError::Failed(format!("`{}`: {reason}", file.name)))
}

fn remove(path: &Path) -> Result<(), FileError> {
    std::fs::remove_file(path).map_err(|e| FileError::io("remove", path, e))
}

/// The length of a file; 0 if it does not exist.
fn length(path: &Path) -> Result<u64, FileError> {
    match std::fs::metadata(path) {
        Ok(about) => Ok(about.len()),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(0),
        Err(e) => Err(FileError::io("read", path, e)),
    }
}
