//! The engine of hive: trains and runs adapters (DoRA, LoRA) on a frozen decoder.
//!
//! Tensors in, tensors out. It has no command line, loads no plugins, opens no connections and
//! prints nothing.

pub mod error;
pub mod model;

pub use error::{EngineError, Result};
