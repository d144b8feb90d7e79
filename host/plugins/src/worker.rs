//! The child's side of an isolated expert: reads calls from stdin, one JSON line each, and writes
//! replies to stdout. Whatever a plugin does to this process — abort, hang, eat memory — costs one
//! call. It judges nothing: the parent decodes and checks.

use std::io::{self, BufRead, Write};
use std::sync::mpsc;

use hive_sdk::protocol::MethodId;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::error::{LoadFault, PluginError};
use super::library::{LibraryPlace, load_table};
use super::transport::Transport;

/// How a line of the worker's begins; what a plugin prints on stdout begins otherwise, and is
/// passed over.
pub(super) const MARK: &str = "\u{1}hive ";

/// One call, as a line on stdin.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Call<'a> {
    /// Number of the method.
    pub method: u32,
    /// Its request.
    #[serde(borrow)]
    pub request: &'a RawValue,
}

/// What a line on stdout is.
pub(super) mod kind {
    /// The library is loaded.
    pub const READY: &str = "ready ";
    /// A reply's bytes follow.
    pub const REPLY: &str = "reply ";
    /// Why there is no reply.
    pub const FAULT: &str = "fault ";
}

/// Loads the library and answers calls until stdin ends.
///
/// # Errors
/// When the library cannot be used.
pub fn serve(place: &LibraryPlace) -> Result<(), PluginError> {
    limit_memory();
    let table = load_table(place)?;
    say(kind::READY, b"");
    // Stdin has a thread of its own: when the parent is gone, this process ends at once, even
    // from within a call that never returns.
    let (send, calls) = mpsc::channel::<Vec<u8>>();
    let reader = std::thread::Builder::new().name("calls".to_owned()).spawn(move || {
        let mut stdin = io::stdin().lock();
        loop {
            let mut line = Vec::new();
            match stdin.read_until(b'\n', &mut line) {
                Ok(n) if n > 0 && send.send(line).is_ok() => {}
                _ => std::process::exit(0),
            }
        }
    });
    reader.map_err(|e| place.fault(LoadFault::Unreadable(e)))?;
    for line in calls {
        match answer(&table, &line) {
            Ok(reply) => say(kind::REPLY, &reply),
            Err(why) => say(kind::FAULT, why.replace('\n', " ").as_bytes()),
        }
    }
    Ok(())
}

/// Most memory that a worker may write to, in bytes. What an expert needs is far below; what a
/// record makes it want beyond is refused by the system, and costs that record.
const MEMORY: u64 = 800 << 20;

/// Limits this process. Where the system has no such limit, there is none.
fn limit_memory() {
    #[cfg(unix)]
    if let Err(error) = rlimit::setrlimit(rlimit::Resource::DATA, MEMORY, MEMORY) {
        tracing::debug!("the worker's memory is not limited: {error}");
    }
}

fn answer(table: &dyn Transport, line: &[u8]) -> Result<Vec<u8>, String> {
    let call: Call<'_> = serde_json::from_slice(line).map_err(|e| format!("the call is not readable: {e}"))?;
    let method = MethodId::from_wire(call.method).ok_or_else(|| format!("there is no method {}", call.method))?;
    let reply = table.invoke(method, call.request.get().as_bytes()).map_err(|e| e.to_string())?;
    // A line feed can only stand in a reply that is no compact JSON.
    if reply.contains(&b'\n') {
        Err("the reply holds a line feed, expected JSON on one line".to_owned())
    } else {
        Ok(reply)
    }
}

/// One whole line at a time. A parent that is gone ends this process at the next read.
fn say(kind: &str, bytes: &[u8]) {
    let mut line = Vec::with_capacity(MARK.len() + kind.len() + bytes.len() + 2);
    // The plugin may have left a line without an end.
    line.push(b'\n');
    line.extend_from_slice(MARK.as_bytes());
    line.extend_from_slice(kind.as_bytes());
    line.extend_from_slice(bytes);
    line.push(b'\n');
    let mut stdout = io::stdout().lock();
    let _ = stdout.write_all(&line).and_then(|()| stdout.flush());
}
