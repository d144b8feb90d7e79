//! Statements in the messages of PostgreSQL's protocol, version 3: a batch of statements, and one statement parsed,
//! described and run in a single round trip. What carries the bytes is `embedded`'s and `server`'s part.
//! Format: <https://www.postgresql.org/docs/current/protocol-message-formats.html>.
//!
//! The messages are `postgres-protocol`'s, the crate beneath `postgres` and `tokio-postgres`. Those two do not serve
//! here: they ask for the results of prepared statements in binary form, while results are compared as text; their
//! simple queries return text, but every row of it; and neither way tells a portal that holds more rows from one that
//! is at its end. The embedded PostgreSQL takes whole messages from a call, with no socket in between.

use std::io;

use bytes::BytesMut;
use fallible_iterator::FallibleIterator;
use postgres_protocol::IsNull;
use postgres_protocol::message::backend::{DataRowBody, ErrorResponseBody, Message, RowDescriptionBody};
use postgres_protocol::message::frontend;

/// Carries messages to a PostgreSQL and its replies back.
pub trait Carrier: Send {
    /// Sends whole messages, the last of which asks for a reply; returns all replies up to the one that says that the
    /// session is ready.
    ///
    /// # Errors
    /// When the session cannot go on.
    fn exchange(&mut self, messages: &[u8]) -> io::Result<BytesMut>;
}

/// An error of PostgreSQL's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SqlError {
    /// SQLSTATE: `42P01`.
    pub sqlstate: String,
    /// One sentence.
    pub message: String,
    /// More of it.
    pub detail: Option<String>,
    /// What PostgreSQL suggests.
    pub hint: Option<String>,
    /// Where in the statement's text, in characters from 1.
    pub position: Option<usize>,
}

impl std::fmt::Display for SqlError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.message, self.sqlstate)?;
        if let Some(extension) = super::extensions::extension_of(&self.message) {
            write!(f, "; it belongs to the extension {extension}, which is not here")?;
        }
        self.detail.iter().try_for_each(|detail| write!(f, ": {detail}"))
    }
}

/// A column of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Number of its type in `pg_type`.
    pub type_oid: u32,
}

/// What a statement did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ran {
    /// Columns of the result; none when there is none.
    pub columns: Vec<Column>,
    /// Rows as text, `None` for NULL; at most as many as were asked for.
    pub rows: Vec<Vec<Option<String>>>,
    /// Whether there are more rows.
    pub more: bool,
    /// `SELECT 3`, `INSERT 0 1`.
    pub tag: String,
}

/// How far a statement got before it was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// It was not understood: syntax, names, types.
    Prepare,
    /// It was understood and failed on the data.
    Run,
}

/// Runs a batch of statements; returns how many succeeded, and why the next did not.
///
/// # Errors
/// When the session cannot go on.
pub fn batch(carrier: &mut dyn Carrier, sql: &str) -> io::Result<Result<usize, (usize, SqlError)>> {
    let mut message = BytesMut::new();
    frontend::query(sql, &mut message)?;
    let mut replies = carrier.exchange(&message)?;
    let mut done = 0;
    let mut refused = None;
    while let Some(reply) = Message::parse(&mut replies)? {
        match reply {
            Message::CommandComplete(_) => done += 1,
            Message::ErrorResponse(body) => refused = Some(error(&body)),
            _ => {}
        }
    }
    Ok(refused.map_or(Ok(done), |error| Err((done, error))))
}

/// Has one statement parsed and its names resolved without running it; returns what is wrong with it, if anything.
///
/// # Errors
/// When the session cannot go on.
pub fn parse(carrier: &mut dyn Carrier, sql: &str) -> io::Result<Option<SqlError>> {
    let mut messages = BytesMut::new();
    frontend::parse("", sql, [], &mut messages)?;
    frontend::sync(&mut messages);
    let mut replies = carrier.exchange(&messages)?;
    let mut refused = None;
    while let Some(reply) = Message::parse(&mut replies)? {
        if let Message::ErrorResponse(body) = reply {
            refused = Some(error(&body));
        }
    }
    Ok(refused)
}

/// Statements that are sent at a time: a server whose replies are not read stops reading.
const AT_ONCE: usize = 100;

/// Runs statements one by one, each prepared by itself, so that a text that holds two is refused. Returns how many
/// succeeded, and why the next did not.
///
/// # Errors
/// When the session cannot go on.
pub fn each(carrier: &mut dyn Carrier, statements: &[&str]) -> io::Result<Result<usize, (usize, SqlError)>> {
    let mut done = 0;
    for some in statements.chunks(AT_ONCE) {
        let mut messages = BytesMut::new();
        for sql in some {
            frontend::parse("", sql, [], &mut messages)?;
            frontend::bind("", "", [], [] as [&str; 0], |_, _| Ok(IsNull::Yes), [], &mut messages)
                .map_err(|_| io::Error::other("the statement cannot be bound"))?;
            frontend::execute("", 1, &mut messages)?;
            frontend::close(b'P', "", &mut messages)?;
        }
        frontend::sync(&mut messages);
        let mut replies = carrier.exchange(&messages)?;
        let mut refused = None;
        while let Some(reply) = Message::parse(&mut replies)? {
            match reply {
                Message::CommandComplete(_) | Message::PortalSuspended => done += 1,
                Message::ErrorResponse(body) => refused = Some(error(&body)),
                _ => {}
            }
        }
        if let Some(error) = refused {
            return Ok(Err((done, error)));
        }
    }
    Ok(Ok(done))
}

/// Prepares and runs one statement, and fetches at most `max_rows` of its rows.
///
/// # Errors
/// When the session cannot go on.
pub fn run(carrier: &mut dyn Carrier, sql: &str, max_rows: u32) -> io::Result<Result<Ran, (Stage, SqlError)>> {
    let mut messages = BytesMut::new();
    frontend::parse("", sql, [], &mut messages)?;
    frontend::bind("", "", [], [] as [&str; 0], |_, _| Ok(IsNull::Yes), [], &mut messages)
        .map_err(|_| io::Error::other("the statement cannot be bound"))?;
    frontend::describe(b'P', "", &mut messages)?;
    frontend::execute("", i32::try_from(max_rows).unwrap_or(i32::MAX), &mut messages)?;
    // Rows may be left in it, and a transaction cannot end around an open portal.
    frontend::close(b'P', "", &mut messages)?;
    frontend::sync(&mut messages);
    let mut replies = carrier.exchange(&messages)?;
    let mut ran = Ran::default();
    let mut refused = None;
    let mut bound = false;
    while let Some(reply) = Message::parse(&mut replies)? {
        match reply {
            // Planning comes with Bind, and folds constants: `1/0` fails there, on no data at all.
            Message::BindComplete => bound = true,
            Message::RowDescription(body) => ran.columns = columns(&body)?,
            Message::DataRow(body) => ran.rows.push(row(&body)?),
            Message::PortalSuspended => ran.more = true,
            Message::CommandComplete(body) => ran.tag = body.tag()?.to_owned(),
            Message::ErrorResponse(body) => {
                refused = Some((if bound { Stage::Run } else { Stage::Prepare }, error(&body)));
            }
            _ => {}
        }
    }
    Ok(refused.map_or(Ok(ran), Err))
}

/// Prepares one statement without running it.
///
/// # Errors
/// When the session cannot go on.
pub fn prepare(carrier: &mut dyn Carrier, sql: &str) -> io::Result<Result<(), SqlError>> {
    let mut messages = BytesMut::new();
    frontend::parse("", sql, [], &mut messages)?;
    frontend::describe(b'S', "", &mut messages)?;
    frontend::sync(&mut messages);
    let mut replies = carrier.exchange(&messages)?;
    let mut refused = None;
    while let Some(reply) = Message::parse(&mut replies)? {
        if let Message::ErrorResponse(body) = reply {
            refused = Some(error(&body));
        }
    }
    Ok(refused.map_or(Ok(()), Err))
}

fn columns(body: &RowDescriptionBody) -> io::Result<Vec<Column>> {
    body.fields().map(|f| Ok(Column { name: f.name().to_owned(), type_oid: f.type_oid() })).collect()
}

fn row(body: &DataRowBody) -> io::Result<Vec<Option<String>>> {
    let bytes = body.buffer();
    let text = |range: std::ops::Range<usize>| String::from_utf8_lossy(&bytes[range]).into_owned();
    body.ranges().map(|range| Ok(range.map(text))).collect()
}

/// The fields of an error reply.
pub fn error(body: &ErrorResponseBody) -> SqlError {
    let mut error = SqlError::default();
    let mut fields = body.fields();
    while let Ok(Some(field)) = fields.next() {
        let text = String::from_utf8_lossy(field.value_bytes()).into_owned();
        match field.type_() {
            b'C' => error.sqlstate = text,
            b'M' => error.message = text,
            b'D' => error.detail = Some(text),
            b'H' => error.hint = Some(text),
            b'P' => error.position = text.parse().ok(),
            _ => {}
        }
    }
    error
}
