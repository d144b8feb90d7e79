//! From tokenised records to what one forward pass takes. Reading files and templates happens
//! elsewhere.

pub mod batch;
pub mod batching;
pub mod order;
pub mod records;
pub mod token_records;

pub use batch::{Batch, Example};
pub use batching::Batching;
pub use records::Records;
pub use token_records::TokenRecords;
