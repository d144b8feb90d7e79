//! The computation of a decoder with an adapter: forward and backward for training ([`pass`]), forward with a key/value
//! cache for generation ([`inference`]), and the floating-point operations of a training step ([`flops`]).

pub mod flops;
pub mod inference;
pub mod pass;
