//! The computation of a decoder with an adapter: forward and backward for training ([`pass`]), forward
//! with a key/value cache for generation ([`inference`]), and the arithmetic that a step calls for
//! ([`flops`]).

pub mod flops;
pub mod inference;
pub mod pass;
