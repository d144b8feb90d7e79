//! Adapters: what they are ([`config`]), their parameters ([`params`]), PEFT's files ([`peft`]),
//! and merging them into the base ([`merge`]).

pub mod config;
pub mod merge;
pub mod params;
mod patterns;
pub mod peft;

pub use config::{AdapterConfig, DropoutSemantics, Method, Module};
pub use params::{Adapter, AdapterScales, Part};
