//! Base models on this machine: which ones are known, where they come from, and getting them here
//! whole. What is in the files is the engine's business.

pub mod catalogue;
mod download;
pub mod error;
mod files;
mod for_experts;
mod pip;
pub mod pull;
pub mod resolve;
#[cfg(test)]
pub(crate) mod test_server;

pub use catalogue::Catalogue;
pub(crate) use download::{AgentOptions, Downloader, Request, agent};
pub(crate) use error::SourceError;
pub use error::{ModelError, Result};
pub(crate) use files::sha256;
pub(crate) use pull::Lock;
pub use pull::{Network, PullReporter, Silent};
pub use resolve::{ModelLocation, ModelStore, ensure, locate};
