//! Base models on this machine, and experts that answer on them: a prompt becomes tokens, tokens
//! become an answer, an answer gets a grade.
//!
//! This crate knows no run and no package: who trains or installs an adapter says where it lies.
//!
//! - [`models`]: the catalogue of base models, and getting them here.
//! - [`base`]: a base model in memory.
//! - [`opened`]: an expert, with what it works with.
//! - [`tokenise`]: records to tokens; the one place where a prompt becomes token ids.
//! - [`answer`], [`grade`], [`inspection`]: what a model answers, what the expert says of it.
//! - [`statistics`]: rates and means with their intervals.

pub mod answer;
pub mod asking;
pub mod base;
mod error;
pub mod grade;
pub mod inspection;
pub mod models;
pub mod opened;
pub mod statistics;
pub mod tokenise;

pub use error::{Result, RuntimeError};
