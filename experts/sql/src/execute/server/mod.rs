//! A PostgreSQL server, over TCP, encrypted as the URL's `sslmode` asks for. One session with the restrictions that
//! proving asks for.
//!
//! ```text
//! address  the URL    tls  certificates    connection  bytes    login  passwords
//! ```

mod address;
mod connection;
mod login;
mod tls;

use std::io;
use std::time::Duration;

use bytes::BytesMut;

use address::{Address, SslMode};
use connection::Connection;

use super::wire::Carrier;

/// Longest wait for a reply beyond the statement time-out.
const GRACE: Duration = Duration::from_secs(10);

/// A session.
pub struct Server {
    connection: Connection,
}

impl Server {
    /// Connects to `postgres://user:password@host:port/database?sslmode=…`.
    ///
    /// # Errors
    /// When the address is wrong, nobody answers, or the log-in is refused.
    pub fn open(url: &str, statement_timeout: Duration) -> io::Result<Self> {
        let address = Address::parse(url)?;
        let timeout = statement_timeout + GRACE;
        let mut connection = Connection::open(&address, timeout)?;
        if let Err(error) = login::log_in(&mut connection, &address) {
            // A server may take this user only on a connection that is not encrypted.
            if address.ssl_mode != SslMode::Prefer || !connection.is_encrypted() {
                return Err(error);
            }
            connection = Connection::open_plain(&address, timeout)?;
            login::log_in(&mut connection, &address).map_err(|_| error)?;
        }
        Ok(Self { connection })
    }
}

impl Carrier for Server {
    fn exchange(&mut self, messages: &[u8]) -> io::Result<BytesMut> {
        self.connection.send(messages)?;
        let mut replies = BytesMut::new();
        // Where the next unread reply begins: type, then a length that counts itself.
        let mut at = 0;
        loop {
            while let Some(head) = replies.get(at..at + 5) {
                let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
                if replies.len() < at + 1 + length {
                    break;
                }
                if head[0] == b'Z' {
                    return Ok(replies);
                }
                at += 1 + length;
            }
            self.connection.read_more(&mut replies)?;
        }
    }
}
