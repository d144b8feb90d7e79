//! Text generation.

pub mod decode;

pub use decode::{Generated, Sampling, StopReason, generate};
