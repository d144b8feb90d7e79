//! Calls that fail as no expert's own code can make them fail: the process ends, hangs, or replies nonsense. The same faults
//! of real processes are tested with the binary.

use std::time::Duration;

use hive_plugins::{CallFault, InProcess, Transport};
use hive_sdk::abi::CallError;
use hive_sdk::protocol::MethodId;

use crate::sound::Loud;

/// The expert of a mutation behind a transport that may fail.
pub struct Faulty {
    pub inner: InProcess<Loud>,
    pub mutation: String,
}

impl Transport for Faulty {
    fn invoke(&self, method: MethodId, request: &[u8]) -> Result<Vec<u8>, CallFault> {
        let text = String::from_utf8_lossy(request);
        let marked = method == MethodId::Render && text.contains("\"tone\":\"mark\"");
        match self.mutation.as_str() {
            "boundary-start" if method == MethodId::Manifest => Err(CallFault::NotStarted("no such file".to_owned())),
            "boundary-exit" if marked => Err(CallFault::Ended { status: "signal: 6".to_owned(), said: None }),
            "boundary-time" if marked => Err(CallFault::TimedOut(Duration::from_secs(10))),
            "boundary-reply" if marked => Err(CallError::Status(7).into()),
            "boundary-protocol" if marked => Ok(b"<html>".to_vec()),
            "boundary-count" if marked => Ok(br#"{"ok": []}"#.to_vec()),
            _ => self.inner.invoke(method, request),
        }
    }

    fn printed(&self) -> Option<String> {
        (self.mutation == "boundary-stdout").then(|| "rendering …".to_owned())
    }
}
