//! A real registry for tests (Debian's `docker-registry`), on a port of its own, and a proxy before it
//! that breaks what it is told to break.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A registry that runs until this is dropped.
pub struct Server {
    child: Child,
    /// `127.0.0.1:PORT`
    pub address: String,
    _storage: TempDir,
}

impl Server {
    /// Starts one on loopback; `None`, with a line that says so, where it is not installed.
    pub fn start() -> Option<Self> {
        Self::start_with("127.0.0.1", "", "")
    }

    /// Starts one on this host, with these lines more below `http:`, and in the whole.
    pub fn start_with(host: &str, http: &str, more: &str) -> Option<Self> {
        let storage = tempfile::tempdir().unwrap();
        let address = format!("{host}:{}", free_port());
        let config = storage.path().join("config.yml");
        let data = storage.path().join("data").display().to_string();
        let storing = format!("storage:\n  filesystem:\n    rootdirectory: {data}\n");
        let text = format!("version: 0.1\nlog:\n  level: error\n{storing}http:\n  addr: {address}\n{http}{more}");
        std::fs::write(&config, text).unwrap();
        let mut command = Command::new("docker-registry");
        command.arg("serve").arg(&config).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let Ok(child) = command.spawn() else {
            eprintln!("skipped: `docker-registry` is not installed (Debian's package of that name)");
            return None;
        };
        let server = Self { child, address, _storage: storage };
        let begin = Instant::now();
        while TcpStream::connect(&server.address).is_err() {
            assert!(begin.elapsed() < Duration::from_secs(20), "docker-registry does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// What the proxy does with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Passes it on.
    None,
    /// Answers with this status, these header lines and this body, and passes nothing on.
    Answer(u16, String, String),
    /// Answers with this status and passes nothing on.
    Status(u16),
    /// Passes so many bytes of its body on, then breaks both connections.
    CutRequest(usize),
    /// Passes so many bytes of the answer back, then breaks both connections.
    CutAnswer(usize),
    /// Changes a bit near the end of the answer.
    Flip,
    /// Passes so many bytes of its body on, then neither goes on nor ends.
    Stall(usize),
    /// Passes so many bytes of the answer back, then neither goes on nor ends.
    StallAnswer(usize),
}

/// What was asked: method, path, from which byte on, and by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub method: String,
    pub path: String,
    pub range: Option<String>,
    pub authorization: Option<String>,
    pub length: usize,
}

/// A proxy on a port of its own; its threads end with the process.
pub struct Proxy {
    /// `127.0.0.1:PORT`
    pub address: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Proxy {
    /// `fault` gets the request and how many came before it.
    pub fn before(server: &Server, fault: impl Fn(&Asked, usize) -> Fault + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (log, upstream, fault) = (Arc::clone(&asked), server.address.clone(), Arc::new(fault));
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (log, upstream, fault) = (Arc::clone(&log), upstream.clone(), Arc::clone(&fault));
                std::thread::spawn(move || {
                    // Whoever hangs up ends this one request, as meant.
                    let _ = serve(client, &upstream, &log, &*fault);
                });
            }
        });
        Self { address, asked }
    }

    /// All requests so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

/// One request and its answer.
fn serve(
    mut client: TcpStream,
    upstream: &str,
    log: &Mutex<Vec<Asked>>,
    fault: &dyn Fn(&Asked, usize) -> Fault,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut head = Vec::new();
    let mut asked = Asked { method: String::new(), path: String::new(), range: None, authorization: None, length: 0 };
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        if line.trim().is_empty() {
            break;
        }
        if asked.method.is_empty() {
            let mut words = line.split(' ');
            asked.method = words.next().unwrap_or_default().to_owned();
            asked.path = words.next().unwrap_or_default().to_owned();
        } else if let Some((name, value)) = line.split_once(':') {
            match name.to_lowercase().as_str() {
                "content-length" => asked.length = value.trim().parse().unwrap_or(0),
                "range" => asked.range = Some(value.trim().to_owned()),
                "authorization" => asked.authorization = Some(value.trim().to_owned()),
                // One request per connection, so that each can be broken by itself.
                "connection" => continue,
                _ => {}
            }
        }
        head.extend_from_slice(line.as_bytes());
    }
    let fault = {
        let mut log = log.lock().unwrap();
        log.push(asked.clone());
        fault(&asked, log.len() - 1)
    };
    let mut body = vec![0; asked.length];
    reader.read_exact(&mut body)?;
    let said = match &fault {
        Fault::Status(status) => Some((*status, "", "")),
        Fault::Answer(status, headers, text) => Some((*status, headers.as_str(), text.as_str())),
        _ => None,
    };
    if let Some((status, headers, text)) = said {
        let length = text.len();
        let head = format!("HTTP/1.1 {status} X\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n");
        return client.write_all(&[head.as_bytes(), text.as_bytes()].concat());
    }
    let mut server = TcpStream::connect(upstream)?;
    head.extend_from_slice(b"connection: close\r\n\r\n");
    server.write_all(&head)?;
    match fault {
        Fault::CutRequest(n) | Fault::Stall(n) => {
            server.write_all(&body[..n.min(body.len())])?;
            server.flush()?;
            if matches!(fault, Fault::Stall(_)) {
                std::thread::sleep(Duration::from_secs(600));
            }
            server.shutdown(Shutdown::Both)?;
            return client.shutdown(Shutdown::Both);
        }
        _ => server.write_all(&body)?,
    }
    let mut answer = Vec::new();
    server.read_to_end(&mut answer)?;
    match fault {
        Fault::CutAnswer(n) => answer.truncate(n),
        Fault::StallAnswer(n) => {
            client.write_all(&answer[..n.min(answer.len())])?;
            client.flush()?;
            std::thread::sleep(Duration::from_secs(600));
        }
        Fault::Flip => {
            let at = answer.len() - 2;
            answer[at] ^= 1;
        }
        _ => {}
    }
    client.write_all(&answer)?;
    client.flush()
}
