//! Base models on this machine: which ones are known, where they come from, and getting them here
//! whole. What is in the files is the engine's business.

pub mod catalogue;
mod download;
pub mod error;
mod files;
mod pip;
pub mod pull;
pub mod resolve;

pub use catalogue::Catalogue;
pub use error::{ModelError, Result};
pub use pull::{PullReporter, Silent};
pub use resolve::{ModelLocation, ModelStore, ensure, locate};
