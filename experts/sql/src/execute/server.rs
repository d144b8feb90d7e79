//! A PostgreSQL server, over TCP. One session with the restrictions that proving asks for; no TLS,
//! so it is meant for this machine or a network that is trusted.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use bytes::{BufMut, BytesMut};
use fallible_iterator::FallibleIterator;
use postgres_protocol::authentication::md5_hash;
use postgres_protocol::authentication::sasl::{ChannelBinding, SCRAM_SHA_256, ScramSha256};
use postgres_protocol::message::backend::Message;
use postgres_protocol::message::frontend;
use url::Url;

use super::wire::{self, Carrier};

/// Longest wait for a reply beyond the statement time-out.
const GRACE: Duration = Duration::from_secs(10);

/// A session.
pub struct Server {
    stream: TcpStream,
}

impl Server {
    /// Connects to `postgres://user:password@host:port/database`.
    ///
    /// # Errors
    /// When the address is wrong, nobody answers, or the log-in is refused.
    pub fn open(address: &str, statement_timeout: Duration) -> io::Result<Self> {
        let wrong = |what: &str| {
            let form = "expected `postgres://user:password@host:port/database`";
            io::Error::new(io::ErrorKind::InvalidInput, format!("the database URL {what}; {form}"))
        };
        let url = Url::parse(address).map_err(|e| wrong(&format!("does not parse: {e}")))?;
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return Err(wrong(&format!("begins with `{}:`", url.scheme())));
        }
        let host = url.host_str().filter(|h| !h.is_empty()).ok_or_else(|| wrong("names no host"))?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let port = url.port().unwrap_or(5432);
        let plain = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
        let user = match url.username() {
            "" => "postgres".to_owned(),
            user => plain(user),
        };
        let password = url.password().map(plain);
        let database = plain(url.path().trim_start_matches('/'));
        let database = if database.is_empty() { user.clone() } else { database };
        let stream = TcpStream::connect((host, port))
            .map_err(|e| io::Error::new(e.kind(), format!("no PostgreSQL answers at {host}:{port}: {e}")))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(statement_timeout + GRACE))?;
        let mut server = Self { stream };
        server.log_in(&user, password.as_deref(), &database)?;
        Ok(server)
    }

    fn log_in(&mut self, user: &str, password: Option<&str>, database: &str) -> io::Result<()> {
        let refused = |why: String| io::Error::new(io::ErrorKind::PermissionDenied, why);
        let needed = || refused(format!("the server asks for a password of `{user}`, and the URL has none"));
        let mut message = BytesMut::new();
        let parameters =
            [("user", user), ("database", database), ("client_encoding", "UTF8"), ("application_name", "hive")];
        frontend::startup_message(parameters, &mut message)?;
        self.stream.write_all(&message)?;
        let mut scram: Option<ScramSha256> = None;
        let mut replies = BytesMut::new();
        loop {
            let reply = self.next(&mut replies)?;
            message.clear();
            match reply {
                Message::AuthenticationCleartextPassword => {
                    frontend::password_message(password.ok_or_else(needed)?.as_bytes(), &mut message)?;
                }
                Message::AuthenticationMd5Password(body) => {
                    let password = password.ok_or_else(needed)?;
                    let hash = md5_hash(user.as_bytes(), password.as_bytes(), body.salt());
                    frontend::password_message(hash.as_bytes(), &mut message)?;
                }
                Message::AuthenticationSasl(body) => {
                    let mut offered = body.mechanisms();
                    let mut known = false;
                    while let Some(mechanism) = offered.next()? {
                        known |= mechanism == SCRAM_SHA_256;
                    }
                    if !known {
                        return Err(refused(format!("the server offers no {SCRAM_SHA_256}")));
                    }
                    let state =
                        ScramSha256::new(password.ok_or_else(needed)?.as_bytes(), ChannelBinding::unsupported());
                    frontend::sasl_initial_response(SCRAM_SHA_256, state.message(), &mut message)?;
                    scram = Some(state);
                }
                Message::AuthenticationSaslContinue(body) => {
                    if let Some(state) = &mut scram {
                        state.update(body.data())?;
                        frontend::sasl_response(state.message(), &mut message)?;
                    }
                }
                Message::AuthenticationSaslFinal(body) => {
                    if let Some(state) = &mut scram {
                        state.finish(body.data())?;
                    }
                }
                Message::ErrorResponse(body) => return Err(refused(wire::error(&body).to_string())),
                Message::ReadyForQuery(_) => return Ok(()),
                _ => {}
            }
            self.stream.write_all(&message)?;
        }
    }

    /// The next whole reply.
    fn next(&mut self, replies: &mut BytesMut) -> io::Result<Message> {
        loop {
            if let Some(reply) = Message::parse(replies)? {
                return Ok(reply);
            }
            self.read_more(replies)?;
        }
    }

    fn read_more(&mut self, into: &mut BytesMut) -> io::Result<()> {
        let mut buffer = [0; 1 << 15];
        match self.stream.read(&mut buffer)? {
            0 => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the server closed the connection")),
            n => {
                into.put_slice(&buffer[..n]);
                Ok(())
            }
        }
    }
}

impl Carrier for Server {
    fn exchange(&mut self, messages: &[u8]) -> io::Result<BytesMut> {
        self.stream.write_all(messages)?;
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
            self.read_more(&mut replies)?;
        }
    }
}
