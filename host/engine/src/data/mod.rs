//! From tokenised records to what one forward pass takes. Reading files and templates happens
//! elsewhere.

pub mod batch;
pub mod order;

pub use batch::{Batch, Example};
