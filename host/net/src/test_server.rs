//! A web server for tests. It answers as a test tells it to, or forwards requests to another server, and
//! fails in chosen ways. Built for tests only.
//!
//! Hand-written, because it must break off in the middle of a body, which HTTP server crates prevent.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How long a connection stalls: longer than any client waits.
const STALL: Duration = Duration::from_secs(600);

/// A request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// `GET`, `PUT`, …
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// The `range` header.
    pub range: Option<String>,
    /// The `authorization` header.
    pub authorization: Option<String>,
    /// Length of the body in bytes.
    pub length: usize,
}

impl Seen {
    /// The first byte of a range `bytes=N-`.
    pub fn range_start(&self) -> Option<usize> {
        self.range.as_ref()?.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()
    }
}

/// How the server replies to a request.
#[derive(Debug, Clone)]
pub enum Reply {
    /// With this file, from the requested byte on.
    File(Vec<u8>),
    /// Likewise, but the connection breaks after this many bytes of the file.
    Cut(Vec<u8>, usize),
    /// With the whole file, ignoring the range.
    NoRanges(Vec<u8>),
    /// With this status and no body.
    Status(u16),
    /// With this status, these header lines (each with its `\r\n`) and this body.
    Answer(u16, String, String),
    /// With a redirect to this address.
    Redirect(String),
    /// By forwarding the request to the other server.
    Forward,
    /// By forwarding this many bytes of the request's body, then breaking both connections.
    CutRequest(usize),
    /// By forwarding this many bytes of the request's body, then stalling.
    StallRequest(usize),
    /// By returning this many bytes of the other server's answer, then breaking the connection.
    CutAnswer(usize),
    /// By returning this many bytes of the other server's answer, then stalling.
    StallAnswer(usize),
    /// By returning the other server's answer with a bit near its end flipped.
    FlipBit,
}

/// A web server on a port of its own. Its threads end with the process.
#[derive(Debug)]
pub struct Server {
    /// `http://127.0.0.1:PORT`
    pub address: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    /// A server that forwards nothing. `reply` gets the request and the number of requests before it.
    ///
    /// # Panics
    /// When there is no free port.
    pub fn start(reply: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static) -> Self {
        Self::before("", reply)
    }

    /// A proxy for the server at `upstream`, written `HOST:PORT`.
    ///
    /// # Panics
    /// When there is no free port.
    pub fn before(upstream: &str, reply: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let (log, upstream, reply) = (Arc::clone(&seen), upstream.to_owned(), Arc::new(reply));
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (log, upstream, reply) = (Arc::clone(&log), upstream.clone(), Arc::clone(&reply));
                std::thread::spawn(move || {
                    // A client may hang up early.
                    let _ = serve(client, &upstream, &log, &*reply);
                });
            }
        });
        Self { address, seen }
    }

    /// `127.0.0.1:PORT`
    pub fn host(&self) -> &str {
        self.address.trim_start_matches("http://")
    }

    /// All requests so far.
    ///
    /// # Panics
    /// When `reply` has panicked.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("not poisoned").clone()
    }
}

/// sha256 in lower-case hex.
pub fn digest(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Serves one request, the only one of its connection.
fn serve(
    client: TcpStream,
    upstream: &str,
    log: &Mutex<Vec<Seen>>,
    reply: &dyn Fn(&Seen, usize) -> Reply,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let Some((seen, head)) = read_head(&mut reader)? else { return Ok(()) };
    let start = seen.range_start().unwrap_or(0);
    let mut body = vec![0; seen.length];
    let reply = {
        let mut log = log.lock().expect("not poisoned");
        log.push(seen);
        reply(&log[log.len() - 1], log.len() - 1)
    };
    reader.read_exact(&mut body)?;
    match reply {
        Reply::File(bytes) if start > bytes.len() => send(client, 416, "", b""),
        Reply::File(bytes) => send_file(client, &bytes, start, bytes.len()),
        Reply::Cut(bytes, end) => send_file(client, &bytes, start, end),
        Reply::NoRanges(bytes) => send_file(client, &bytes, 0, bytes.len()),
        Reply::Status(status) => send(client, status, "", b""),
        Reply::Answer(status, headers, text) => send(client, status, &headers, text.as_bytes()),
        Reply::Redirect(to) => send(client, 302, &format!("location: {to}\r\n"), b""),
        forwarded => forward(client, upstream, &[head, body], &forwarded),
    }
}

/// Reads a request up to its body; returns it also as its own bytes, without the empty line at the end and
/// without a `connection` header. `None` when the client hangs up.
fn read_head(reader: &mut impl BufRead) -> std::io::Result<Option<(Seen, Vec<u8>)>> {
    let mut seen = Seen::default();
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        if line.trim().is_empty() {
            return Ok(Some((seen, head)));
        }
        if seen.method.is_empty() {
            let mut words = line.split(' ');
            seen.method = words.next().unwrap_or_default().to_owned();
            seen.path = words.next().unwrap_or_default().to_owned();
        } else if let Some((name, value)) = line.split_once(':') {
            match name.to_lowercase().as_str() {
                "content-length" => seen.length = value.trim().parse().unwrap_or(0),
                "range" => seen.range = Some(value.trim().to_owned()),
                "authorization" => seen.authorization = Some(value.trim().to_owned()),
                "connection" => continue,
                _ => {}
            }
        }
        head.extend_from_slice(line.as_bytes());
    }
}

fn send(mut client: TcpStream, status: u16, headers: &str, body: &[u8]) -> std::io::Result<()> {
    let length = body.len();
    write!(client, "HTTP/1.1 {status} X\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n")?;
    client.write_all(body)
}

/// Sends the bytes from `start` on; the connection breaks at `end`.
fn send_file(mut client: TcpStream, bytes: &[u8], start: usize, end: usize) -> std::io::Result<()> {
    let status = if start > 0 { "206 Partial Content" } else { "200 OK" };
    let range = format!("content-range: bytes {start}-{}/{}\r\n", bytes.len().saturating_sub(1), bytes.len());
    let range = if start > 0 { range } else { String::new() };
    let length = bytes.len() - start;
    write!(client, "HTTP/1.1 {status}\r\n{range}content-length: {length}\r\nconnection: close\r\n\r\n")?;
    client.write_all(&bytes[start..end.max(start)])
}

/// Passes a request on and its answer back, with the failure that `reply` names.
fn forward(mut client: TcpStream, upstream: &str, [head, body]: &[Vec<u8>; 2], reply: &Reply) -> std::io::Result<()> {
    let mut server = TcpStream::connect(upstream)?;
    server.write_all(head)?;
    server.write_all(b"connection: close\r\n\r\n")?;
    if let Reply::CutRequest(n) | Reply::StallRequest(n) = *reply {
        server.write_all(&body[..n.min(body.len())])?;
        server.flush()?;
        if matches!(reply, Reply::StallRequest(_)) {
            std::thread::sleep(STALL);
        }
        server.shutdown(Shutdown::Both)?;
        return client.shutdown(Shutdown::Both);
    }
    server.write_all(body)?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer)?;
    match *reply {
        Reply::CutAnswer(n) => answer.truncate(n),
        Reply::StallAnswer(n) => {
            client.write_all(&answer[..n.min(answer.len())])?;
            client.flush()?;
            std::thread::sleep(STALL);
        }
        Reply::FlipBit => {
            let at = answer.len() - 2;
            answer[at] ^= 1;
        }
        _ => {}
    }
    client.write_all(&answer)?;
    client.flush()
}
