//! The child's side of an isolated expert: reads calls from stdin, one JSON line each, and writes
//! replies to stdout. Whatever a plugin does to this process — abort, hang, exhaust memory — costs
//! one call. It checks nothing: the parent decodes and checks.

use std::io::{self, BufRead, Write};
use std::sync::mpsc;

use hive_declared::DeclaredExpert;
use hive_sdk::protocol::MethodId;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::error::{LoadFault, PluginError};
use super::in_process::InProcess;
use super::library::load_table;
use super::place::{ExpertCode, ExpertPlace};
use super::told::ToldFault;
use super::transport::Transport;

/// Prefix of the worker's own lines on stdout; lines without it, printed by a plugin, are ignored.
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

/// The kind of a line on stdout.
pub(super) mod kind {
    /// The library is loaded.
    pub const READY: &str = "ready ";
    /// Why the expert's code cannot be loaded.
    pub const NOT_LOADED: &str = "not-loaded ";
    /// A reply's bytes follow.
    pub const REPLY: &str = "reply ";
    /// Why there is no reply.
    pub const FAULT: &str = "fault ";
}

/// Loads the expert and handles calls until stdin is closed.
///
/// # Errors
/// When it cannot be used.
pub fn serve(place: &ExpertPlace) -> Result<(), PluginError> {
    limit_memory();
    let expert = match loaded(place) {
        Ok(expert) => expert,
        Err(fault) => {
            let told = serde_json::to_vec(&ToldFault::from(fault)).unwrap_or_default();
            say(kind::NOT_LOADED, &told);
            return Ok(());
        }
    };
    say(kind::READY, b"");
    // Stdin has a separate thread: when the parent has ended, this process ends immediately, even
    // during a call that never returns.
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
        match answer(&*expert, &line) {
            Ok(reply) => say(kind::REPLY, &reply),
            Err(why) => say(kind::FAULT, why.replace('\n', " ").as_bytes()),
        }
    }
    Ok(())
}

/// The expert's code, in this process.
fn loaded(place: &ExpertPlace) -> Result<Box<dyn Transport>, LoadFault> {
    match &place.code {
        ExpertCode::Library { library, record, .. } => Ok(Box::new(load_table(library, record, place.known.as_ref())?)),
        ExpertCode::Missing { .. } => Err(LoadFault::NoPlugin),
        ExpertCode::Declared { manifest, commands } => {
            let json = std::fs::read_to_string(manifest).map_err(LoadFault::Unreadable)?;
            let expert = DeclaredExpert::new(json, commands.clone());
            let fault = |e: hive_sdk::ExpertError| LoadFault::Manifest {
                what: "its manifest cannot be used".to_owned(),
                faults: vec![e.message],
            };
            Ok(Box::new(InProcess(expert.map_err(fault)?)))
        }
    }
}

/// Maximum bytes of memory that a worker may write to. Experts need far less; if a record makes one
/// allocate more, the system refuses, and only that record fails.
const MEMORY: u64 = 800 << 20;

/// Limits this process's memory, where the system supports that.
fn limit_memory() {
    #[cfg(unix)]
    if let Err(error) = rlimit::setrlimit(rlimit::Resource::DATA, MEMORY, MEMORY) {
        tracing::debug!("the worker's memory is not limited: {error}");
    }
}

fn answer(table: &dyn Transport, line: &[u8]) -> Result<Vec<u8>, String> {
    let call: Call<'_> = serde_json::from_slice(line).map_err(|e| format!("the call cannot be read: {e}"))?;
    let method = MethodId::from_wire(call.method).ok_or_else(|| format!("there is no method {}", call.method))?;
    let reply = table.invoke(method, call.request.get().as_bytes()).map_err(|e| e.to_string())?;
    // A reply with a line break is not compact JSON.
    if reply.contains(&b'\n') {
        Err("the reply does not follow the protocol: it holds a line feed, expected JSON on one line".to_owned())
    } else {
        Ok(reply)
    }
}

/// Writes one whole line at a time. If the parent has ended, this process ends at the next read.
fn say(kind: &str, bytes: &[u8]) {
    let mut line = Vec::with_capacity(MARK.len() + kind.len() + bytes.len() + 2);
    // The plugin may have printed a line without a line break.
    line.push(b'\n');
    line.extend_from_slice(MARK.as_bytes());
    line.extend_from_slice(kind.as_bytes());
    line.extend_from_slice(bytes);
    line.push(b'\n');
    let mut stdout = io::stdout().lock();
    let _ = stdout.write_all(&line).and_then(|()| stdout.flush());
}
