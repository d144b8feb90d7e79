//! The frozen base model: its shape, its weight files, and the weights in memory. Computation is in [`crate::network`].

pub mod config;
pub mod decoder;
pub(crate) mod gguf;
pub(crate) mod matrix;
mod module;
pub mod shapes;
pub mod source;

pub use module::Module;
