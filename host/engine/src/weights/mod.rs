//! The frozen base model: its shape, the files that its weights come from, and the weights in memory.
//! It computes nothing.

pub mod config;
pub mod decoder;
mod module;
pub mod shapes;
pub mod source;

pub use module::Module;
