//! Writing text: one token after the other until a stop token.

pub mod decode;

pub use decode::{Generated, Sampling, StopReason, generate};
