//! What leaves this machine and what comes to it: downloads that go on where they stopped, wheels
//! that pip fetches, and repositories of the model hub.
//!
//! This crate does not know what the files are: no base model, no record, no package.
//!
//! - [`Context`]: where things are kept, and what may be reached; made once by the program.
//! - [`Network`]: what may be reached, and where.
//! - [`Downloader`]: one file over HTTP, checked for its length.
//! - [`hub`]: the files of a data set or an adapter of the model hub.
//! - [`pip`]: files out of a Python wheel.
//! - [`TransferReporter`]: hears how far a transfer is.

mod context;
mod download;
mod error;
pub mod hub;
mod network;
pub mod pip;
mod remote_file;
mod reporter;
#[cfg(any(test, feature = "test-server"))]
pub mod test_server;

pub use context::Context;
pub use download::{AgentOptions, Answer, Downloader, Request, agent};
pub use error::SourceError;
pub use hub::{Choose, HubError, HubRepository, Unsuitable};
pub use network::Network;
pub use remote_file::RemoteFile;
pub use reporter::{Silent, TransferReporter};
