//! Base models on this machine: which ones are known, where they come from, and getting them here
//! whole. What is in the files is the engine's business.

pub mod catalogue;
pub mod error;
mod files;
mod for_experts;
mod hub_adapter;
pub mod pull;
pub mod resolve;

pub use catalogue::Catalogue;
pub use error::{ModelError, Result};
pub use hub_adapter::hub_adapter;
pub use resolve::{ModelLocation, ModelStore};
