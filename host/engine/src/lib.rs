//! The engine of hive: trains and runs adapters (DoRA, LoRA) on a frozen decoder.
//!
//! It works on tensors and token ids. It has no command line, loads no plugins, opens no connections and prints nothing.

pub mod adapter;
pub mod data;
pub mod error;
pub mod export;
pub mod generate;
pub mod network;
pub mod ops;
pub mod train;
pub mod weights;

pub use error::{EngineError, Result};

/// The number of threads that the engine computes with: one per core, unless [`set_threads`] or `RAYON_NUM_THREADS` sets
/// another.
pub fn threads() -> usize {
    rayon::current_num_threads()
}

/// Sets the number of threads. Must be called before anything is computed.
///
/// # Errors
/// When the threads cannot be started or are already running, as a message.
pub fn set_threads(threads: usize) -> std::result::Result<(), String> {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().map_err(|e| e.to_string())
}

/// Runs `f` on a thread of the pool. Code with many small parallel sections runs inside it: the other threads then stay
/// awake between sections, while each section started from outside the pool would wake them again.
pub(crate) fn on_pool<R: Send>(f: impl FnOnce() -> R + Send) -> R {
    rayon::scope(|_| f())
}
