//! Tokenised records: where they are stored, their order, and how they become batches. Tokenising itself happens in the
//! host.

pub mod batch;
pub mod batching;
pub mod order;
pub mod records;
pub mod token_records;

pub use batch::{Batch, Example};
pub use batching::Batching;
pub use records::Records;
pub use token_records::TokenRecords;
