//! Training an expert: recipe, prepared data, run folder, receipts, replay and the page of a run.
//! Progress goes to a reporter, and nothing is printed here.
//!
//! This crate knows no package: what is made of a run is for others.
//!
//! - [`recipe`]: the layers of settings, put on each other.
//! - [`data`], [`setup`]: from a request to everything that training computes with.
//! - [`train`]: a run, from its first step to its last, or from where it stopped.
//! - [`run_folder`], [`run_record`], [`receipt`], [`metrics`]: what a run leaves.
//! - [`replay`]: a run's first steps again.
//! - [`plan`]: what a run would do and take.

pub mod data;
mod error;
pub mod evaluation;
mod memory;
pub mod metrics;
pub mod plan;
pub mod preflight;
pub mod prompt_sample;
pub mod receipt;
pub mod recipe;
pub mod recipes;
pub mod replay;
pub mod reporter;
pub mod run_folder;
mod run_page;
pub mod run_record;
pub mod setup;
mod tensorboard;
pub mod train;

pub use error::TrainError;
