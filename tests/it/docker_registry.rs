//! A real registry for tests (Debian's `docker-registry`), on a port of its own.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A registry process, which is ended when this is dropped.
pub struct DockerRegistry {
    child: Child,
    /// `127.0.0.1:PORT`
    pub address: String,
    _storage: TempDir,
}

impl DockerRegistry {
    /// Starts one on loopback; `None`, with a line on stderr, if it is not installed.
    pub fn start() -> Option<Self> {
        Self::start_with("127.0.0.1", "", "")
    }

    /// Starts one on this host, with additional lines of its configuration: below `http:`, and at the end.
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

impl Drop for DockerRegistry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
