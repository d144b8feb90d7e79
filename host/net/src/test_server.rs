//! A web server for tests, which can fail in chosen ways. It is part of no build but that of tests.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A request.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// What was asked for, with its query.
    pub path: String,
    /// The first byte that was asked for, where a range was.
    pub range_start: Option<usize>,
    /// The header of that name.
    pub authorization: Option<String>,
}

/// How the server answers.
pub enum Reply {
    /// The file, from where it was asked for.
    File(Vec<u8>),
    /// Likewise, but the connection breaks after so many bytes.
    Cut(Vec<u8>, usize),
    /// The whole file, whatever was asked for.
    NoRanges(Vec<u8>),
    /// Nothing but this status.
    Status(u16),
    /// Elsewhere.
    Redirect(String),
}

/// A web server on a port of its own; the thread ends with the process.
pub struct Server {
    /// Its address, without a slash at the end.
    pub address: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    /// `answer` gets the request and how many came before it.
    ///
    /// # Panics
    /// When there is no port.
    pub fn start(answer: impl Fn(&Seen, usize) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = seen.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let Some(request) = read_request(&stream) else { continue };
                let before = {
                    let mut log = log.lock().expect("not poisoned");
                    log.push(request.clone());
                    log.len() - 1
                };
                // The client may hang up early; that is its right.
                let _ = respond(stream, &answer(&request, before), request.range_start.unwrap_or(0));
            }
        });
        Self { address, seen }
    }

    /// The requests so far.
    ///
    /// # Panics
    /// When its thread has panicked.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("not poisoned").clone()
    }
}

fn read_request(stream: &TcpStream) -> Option<Seen> {
    let mut lines = BufReader::new(stream).lines();
    let mut seen = Seen { path: lines.next()?.ok()?.split(' ').nth(1)?.to_owned(), ..Seen::default() };
    for line in lines {
        let line = line.ok()?;
        let Some((name, value)) = line.split_once(':') else { break };
        match name.to_lowercase().as_str() {
            "range" => seen.range_start = value.trim().strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok(),
            "authorization" => seen.authorization = Some(value.trim().to_owned()),
            _ => {}
        }
    }
    Some(seen)
}

fn respond(mut stream: TcpStream, reply: &Reply, start: usize) -> std::io::Result<()> {
    let mut file = |bytes: &[u8], start: usize, end: usize| {
        let status = if start > 0 { "206 Partial Content" } else { "200 OK" };
        let range = format!("content-range: bytes {start}-{}/{}\r\n", bytes.len().saturating_sub(1), bytes.len());
        let range = if start > 0 { range } else { String::new() };
        let length = bytes.len() - start;
        write!(stream, "HTTP/1.1 {status}\r\n{range}content-length: {length}\r\nconnection: close\r\n\r\n")?;
        stream.write_all(&bytes[start..end.max(start)])
    };
    match reply {
        Reply::File(bytes) if start > bytes.len() => write!(stream, "HTTP/1.1 416 X\r\ncontent-length: 0\r\n\r\n"),
        Reply::File(bytes) => file(bytes, start, bytes.len()),
        Reply::Cut(bytes, end) => file(bytes, start, *end),
        Reply::NoRanges(bytes) => file(bytes, 0, bytes.len()),
        Reply::Status(status) => {
            write!(stream, "HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        }
        Reply::Redirect(to) => {
            write!(stream, "HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        }
    }
}

/// sha256 in lower-case hex.
pub fn digest(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
