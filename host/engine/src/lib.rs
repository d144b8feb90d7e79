//! The engine of hive: trains and runs adapters (DoRA, LoRA) on a frozen decoder.
//!
//! Tensors in, tensors out. It has no command line, loads no plugins, opens no connections and
//! prints nothing.

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

/// Threads that the engine computes with: one per core, unless [`set_threads`] or `RAYON_NUM_THREADS`
/// said otherwise.
pub fn threads() -> usize {
    rayon::current_num_threads()
}

/// Computes with so many threads; to be called before anything else is.
///
/// # Errors
/// When the system refuses them, or threads are running already; in words.
pub fn set_threads(threads: usize) -> std::result::Result<(), String> {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().map_err(|e| e.to_string())
}

/// Runs `f` on one of the pool's threads. Work that is cut into many small parts goes through here
/// once: each part then finds the others awake, where from outside the pool it would wake them.
pub(crate) fn on_pool<R: Send>(f: impl FnOnce() -> R + Send) -> R {
    rayon::scope(|_| f())
}
