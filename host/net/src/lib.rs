//! The network: downloads that resume where they stopped, files from Python wheels, and repositories of
//! the model hub.
//!
//! This crate does not know what the files are: no base model, no record, no package.
//!
//! - [`Context`]: where things are stored, and what may be reached; created once by the program.
//! - [`Network`]: what may be reached, and under which addresses.
//! - [`Downloader`]: queries, and downloads of single files with their lengths checked.
//! - [`fetch_verified`]: a download whose sha256 is checked as well.
//! - [`hub`]: the files of a data set or an adapter on the model hub.
//! - [`pip`]: files from a Python wheel.
//! - [`TransferReporter`]: receives the progress of a transfer.

mod agent;
mod context;
mod download;
mod error;
pub mod hub;
mod network;
pub mod pip;
mod reach;
mod remote_file;
mod reporter;
#[cfg(any(test, feature = "test-server"))]
pub mod test_server;
mod verified;

pub use agent::{AgentOptions, agent};
pub use context::Context;
pub use download::{Downloader, FileRequest, HttpAnswer};
pub use error::SourceError;
pub use hub::{Choose, HubError, HubRepository, Unsuitable};
pub use network::Network;
pub use reach::{answers, connects};
pub use remote_file::RemoteFile;
pub use reporter::{Silent, TransferReporter};
pub use verified::{accept_part, fetch_verified, part_path};
