//! Whether a server can be reached. Says nothing about what it serves.

use std::net::{TcpStream, ToSocketAddrs};
use std::sync::mpsc;
use std::time::Duration;

use crate::{AgentOptions, agent};

/// Asks the web server at this address, through a proxy if one is set. Any answer counts, also a refusal.
///
/// # Errors
/// Why there was no answer within `limit`.
pub fn answers(url: &str, limit: Duration) -> Result<(), String> {
    let client = agent(&AgentOptions { limit: Some(limit), ..AgentOptions::default() });
    client.head(url).call().map(drop).map_err(|error| error.to_string())
}

/// Opens a connection to this host and port, and closes it.
///
/// # Errors
/// Why there was none within `limit`.
pub fn connects(host: &str, port: u16, limit: Duration) -> Result<(), String> {
    let (send, receive) = mpsc::channel();
    let name = (host.to_owned(), port);
    // The resolver has no time limit of its own.
    std::thread::spawn(move || send.send(name.to_socket_addrs().map(Vec::from_iter)));
    let found = receive.recv_timeout(limit).map_err(|_| "its name was not resolved in time".to_owned())?;
    let mut why = "its name has no address".to_owned();
    for address in found.map_err(|error| error.to_string())? {
        match TcpStream::connect_timeout(&address, limit) {
            Ok(_) => return Ok(()),
            Err(error) => why = error.to_string(),
        }
    }
    Err(why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn a_listening_port_is_reached_and_a_closed_one_is_not() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let limit = Duration::from_secs(2);
        assert_eq!(connects("127.0.0.1", port, limit), Ok(()));
        // It accepts and never answers.
        assert!(answers(&format!("http://127.0.0.1:{port}/"), Duration::from_millis(300)).is_err());
        drop(listener);
        assert!(connects("127.0.0.1", port, limit).unwrap_err().contains("refused"));
    }
}
