//! Adapters: their shape ([`config`]), their parameters ([`params`]), PEFT's files ([`peft`]), and merging into the base
//! ([`merge`]).

pub mod config;
pub mod merge;
pub mod params;
mod patterns;
pub mod peft;

pub use config::AdapterConfig;
pub use hive_recipe::{DropoutSemantics, Method};
pub use params::{Adapter, AdapterScales, Part};
