//! Text generation.

pub mod decode;
mod nucleus;

pub use decode::{Generated, Sampling, StopReason, generate};
