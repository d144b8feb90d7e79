//! PostgreSQL 17 inside this process: compiled to WebAssembly, with a file system of its own in a temporary folder that
//! is deleted when it is closed. It sees no other file and no network.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use bytes::BytesMut;
use pglite_oxide::{ExecProtocolOptions, Pglite};

use super::stop_words;
use super::wire::Carrier;

/// A database of one session. The engine stays on the thread that started it; this is the handle to that thread.
pub struct Embedded {
    requests: SyncSender<Vec<u8>>,
    replies: Receiver<io::Result<BytesMut>>,
}

impl Embedded {
    /// Starts one, in about a second.
    ///
    /// # Errors
    /// When its files cannot be unpacked or it does not start.
    pub fn open() -> io::Result<Self> {
        let (requests, incoming) = sync_channel::<Vec<u8>>(1);
        let (outgoing, replies) = sync_channel(1);
        thread::Builder::new().name("postgresql".to_owned()).stack_size(STACK).spawn(move || {
            let mut database = match start() {
                Ok(database) => database,
                Err(error) => return drop(outgoing.send(Err(error))),
            };
            let mut reply = Ok(BytesMut::new());
            // Ends when the other side goes.
            while outgoing.send(reply).is_ok() {
                let Ok(messages) = incoming.recv() else { return };
                let replies = database.exec_protocol_raw(&messages, ExecProtocolOptions::no_sync());
                reply = replies
                    .map(|bytes| BytesMut::from(&bytes[..]))
                    .map_err(|e| io::Error::other(format!("the embedded PostgreSQL failed: {e:#}")));
            }
        })?;
        let embedded = Self { requests, replies };
        embedded.reply()?;
        Ok(embedded)
    }

    fn reply(&self) -> io::Result<BytesMut> {
        self.replies.recv().map_err(|_| io::Error::other("the embedded PostgreSQL is gone"))?
    }
}

/// Stack of the engine's thread: deep expressions recurse in it.
const STACK: usize = 64 << 20;

fn start() -> io::Result<Pglite> {
    let database = Pglite::builder()
        .temporary()
        // Nothing here outlives the session, so nothing waits for the disk.
        .relaxed_durability(true)
        .postgres_config("fsync", "off")
        .postgres_config("full_page_writes", "off")
        .postgres_config("autovacuum", "off")
        .open()
        .map_err(|e| io::Error::other(format!("the embedded PostgreSQL does not start: {e:#}")))?;
    // Its files are a layer in a temporary folder, over those that all such databases share.
    stop_words::write(&database.paths().pgroot.join("pglite"))?;
    Ok(database)
}

impl Carrier for Embedded {
    fn exchange(&mut self, messages: &[u8]) -> io::Result<BytesMut> {
        let gone = |_| io::Error::other("the embedded PostgreSQL is gone");
        self.requests.send(messages.to_vec()).map_err(gone)?;
        self.reply()
    }
}
