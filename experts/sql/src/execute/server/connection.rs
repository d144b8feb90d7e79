//! The bytes to and from a server: a TCP stream, encrypted or not.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use bytes::{BufMut, BytesMut};
use postgres_protocol::message::backend::Message;
use postgres_protocol::message::frontend;

use super::address::{Address, SslMode};
use super::tls::{self, Encrypted};

/// A connection.
pub(super) enum Connection {
    Plain(TcpStream),
    Encrypted(Box<Encrypted>),
}

impl Connection {
    /// Connects, and encrypts as the address asks for. `timeout`: the longest wait for a reply.
    ///
    /// # Errors
    /// When nobody answers, or the server does not encrypt as it must.
    pub fn open(address: &Address, timeout: Duration) -> io::Result<Self> {
        let stream = connect(address, timeout)?;
        if address.ssl_mode == SslMode::Disable {
            return Ok(Connection::Plain(stream));
        }
        match (offers_tls(&stream), address.ssl_mode) {
            (Ok(true), SslMode::Prefer) => match tls::handshake(stream, address) {
                Ok(encrypted) => Ok(Connection::Encrypted(Box::new(encrypted))),
                Err(_) => Self::open_plain(address, timeout),
            },
            (Ok(true), _) => Ok(Connection::Encrypted(Box::new(tls::handshake(stream, address)?))),
            (Ok(false), SslMode::Prefer) => Ok(Connection::Plain(stream)),
            (Err(_), SslMode::Prefer) => Self::open_plain(address, timeout),
            (Ok(false), _) => {
                let why = format!("the PostgreSQL at {}:{} offers no TLS", address.host, address.port);
                Err(io::Error::new(io::ErrorKind::Unsupported, format!("{why}, and the URL's `sslmode` asks for it")))
            }
            (Err(error), _) => Err(error),
        }
    }

    /// Connects without encryption.
    ///
    /// # Errors
    /// When nobody answers.
    pub fn open_plain(address: &Address, timeout: Duration) -> io::Result<Self> {
        connect(address, timeout).map(Connection::Plain)
    }

    /// Whether it is encrypted.
    pub fn is_encrypted(&self) -> bool {
        matches!(self, Connection::Encrypted(_))
    }

    /// Sends messages.
    ///
    /// # Errors
    /// When the connection is lost.
    pub fn send(&mut self, messages: &[u8]) -> io::Result<()> {
        match self {
            Connection::Plain(stream) => stream.write_all(messages),
            Connection::Encrypted(stream) => stream.write_all(messages).and_then(|()| stream.flush()),
        }
    }

    /// Reads on behind what is in `into`.
    ///
    /// # Errors
    /// When the connection is lost, or nothing comes in time.
    pub fn read_more(&mut self, into: &mut BytesMut) -> io::Result<()> {
        let mut buffer = [0; 1 << 15];
        let closed = || io::Error::new(io::ErrorKind::UnexpectedEof, "the server closed the connection");
        let read = match self {
            Connection::Plain(stream) => stream.read(&mut buffer),
            Connection::Encrypted(stream) => stream.read(&mut buffer),
        };
        match read {
            Ok(0) => Err(closed()),
            // A server that is ended does not take leave of TLS.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(closed()),
            Ok(n) => {
                into.put_slice(&buffer[..n]);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// The next whole message; what has been read behind it stays in `replies`.
    ///
    /// # Errors
    /// As [`Connection::read_more`].
    pub fn next(&mut self, replies: &mut BytesMut) -> io::Result<Message> {
        loop {
            if let Some(reply) = Message::parse(replies)? {
                return Ok(reply);
            }
            self.read_more(replies)?;
        }
    }
}

fn connect(address: &Address, timeout: Duration) -> io::Result<TcpStream> {
    let (host, port) = (address.host.as_str(), address.port);
    let stream = TcpStream::connect((host, port))
        .map_err(|e| io::Error::new(e.kind(), format!("no PostgreSQL answers at {host}:{port}: {e}")))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(timeout))?;
    Ok(stream)
}

/// Asks for TLS. Exactly one byte answers: anything behind it would have been put there unencrypted by
/// somebody else (CVE-2021-23222), and is left to the handshake, which fails over it.
fn offers_tls(mut stream: &TcpStream) -> io::Result<bool> {
    let mut request = BytesMut::new();
    frontend::ssl_request(&mut request);
    stream.write_all(&request)?;
    let mut answer = [0];
    stream.read_exact(&mut answer)?;
    match answer {
        [b'S'] => Ok(true),
        [b'N'] => Ok(false),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "the server does not answer as a PostgreSQL does")),
    }
}
