//! Text generation.
//!
//! [`decode`] is the loop without a constraint, [`guided`] the one with a [`constraint`]; `candidates` orders tokens,
//! `nucleus` draws them at random.

mod candidates;
pub mod constraint;
pub mod decode;
pub mod guided;
mod nucleus;

pub use constraint::{Constraint, TextVerdict};
pub use decode::{Generated, Limits, Sampling, StopReason, generate};
pub use guided::generate_within;
