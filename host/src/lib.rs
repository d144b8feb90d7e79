//! hive: trains, evaluates and runs small domain experts on your own machine.
//!
//! The library behind the binary `hive`. Everything but [`cli`] can be called without a terminal
//! and prints nothing; [`cli`] is imported by `main.rs` alone.

pub mod cli;
pub mod tensors;
