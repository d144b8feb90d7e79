//! Base models on this machine, and experts that run on them: tokenising prompts, generating
//! answers and grading them.
//!
//! This crate knows no runs and no packages: the code that trains or installs an adapter passes its
//! path.
//!
//! - [`models`]: the catalogue of base models, and downloading them.
//! - [`base`]: a base model in memory.
//! - [`opened`]: an expert with its context.
//! - [`resolver`]: from the name of an expert to the adapter and the base model that answer.
//! - [`model`]: an adapter in memory, and a base model with it.
//! - [`tokenise`]: records to tokens; the only place where prompts become token ids.
//! - [`constraint`]: answers that follow a grammar and their expert's check.
//! - [`answer`], [`grade`], [`inspection`]: generating answers, grading and inspecting them.
//! - [`statistics`]: rates and means with confidence intervals.

pub mod answer;
pub mod asking;
pub mod base;
pub mod constraint;
mod error;
pub mod grade;
pub mod inspection;
pub mod model;
pub mod models;
pub mod opened;
pub mod resolver;
pub mod statistics;
pub mod tokenise;

pub use error::{Result, RuntimeError};
