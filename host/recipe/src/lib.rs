//! The recipe of a training run: the shape of the adapter ([`AdapterSpec`]) and the numbers of the training loop
//! ([`TrainingSpec`]).
//!
//! A manifest declares these types, the command line overrides their fields, and the engine reads
//! them. This crate knows neither where a value comes from nor what a tensor is.

mod adapter;
mod training;

pub use adapter::{AdapterSpec, DropoutSemantics, Method, TargetModule};
pub use training::{Metric, NonFinite, Schedule, TrainingSpec};
