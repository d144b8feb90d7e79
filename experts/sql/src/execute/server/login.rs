//! Logging in: the startup message, and a password in the clear, as an MD5 hash or by SCRAM-SHA-256.
//! <https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-START-UP>

use std::io;

use bytes::BytesMut;
use fallible_iterator::FallibleIterator;
use postgres_protocol::authentication::md5_hash;
use postgres_protocol::authentication::sasl::{ChannelBinding, SCRAM_SHA_256, ScramSha256};
use postgres_protocol::message::backend::{AuthenticationSaslBody, Message};
use postgres_protocol::message::frontend;

use super::address::Address;
use super::connection::Connection;
use crate::execute::wire;

/// Logs in as the address says; the session is ready for statements afterwards.
///
/// # Errors
/// When the server refuses, asks for what the address does not have, or is lost.
pub(super) fn log_in(connection: &mut Connection, address: &Address) -> io::Result<()> {
    let user = address.user.as_str();
    let password = || {
        let why = || refused(format!("the server asks for a password of `{user}`, and the URL has none"));
        address.password.as_deref().ok_or_else(why)
    };
    let mut message = BytesMut::new();
    let parameters = [
        ("user", user),
        ("database", address.database.as_str()),
        ("client_encoding", "UTF8"),
        ("application_name", "hive"),
    ];
    frontend::startup_message(parameters, &mut message)?;
    connection.send(&message)?;
    let mut scram: Option<ScramSha256> = None;
    let mut replies = BytesMut::new();
    loop {
        let reply = connection.next(&mut replies)?;
        message.clear();
        match reply {
            Message::AuthenticationCleartextPassword => {
                frontend::password_message(password()?.as_bytes(), &mut message)?;
            }
            Message::AuthenticationMd5Password(body) => {
                let hash = md5_hash(user.as_bytes(), password()?.as_bytes(), body.salt());
                frontend::password_message(hash.as_bytes(), &mut message)?;
            }
            Message::AuthenticationSasl(body) => {
                expect_scram(&body)?;
                let state = ScramSha256::new(password()?.as_bytes(), ChannelBinding::unsupported());
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
        connection.send(&message)?;
    }
}

fn refused(why: String) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, why)
}

/// Refuses a server that does not offer SCRAM-SHA-256.
fn expect_scram(offered: &AuthenticationSaslBody) -> io::Result<()> {
    let mut mechanisms = offered.mechanisms();
    while let Some(mechanism) = mechanisms.next()? {
        if mechanism == SCRAM_SHA_256 {
            return Ok(());
        }
    }
    Err(refused(format!("the server offers no {SCRAM_SHA_256}")))
}
