//! Base models on this machine: the catalogue, their sources, and verified downloads. The content
//! of the files is the engine's concern.

mod add;
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
