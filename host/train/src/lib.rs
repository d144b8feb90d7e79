//! Training an expert: recipe, prepared data, run folder, receipts, replay and the report page.
//! Progress goes to a reporter; nothing is printed here.
//!
//! This crate knows no packages; other crates build them from a run.
//!
//! - [`recipe`]: merging the settings layers.
//! - [`data`], [`setup`]: from a request to all inputs of training.
//! - [`train`]: a run, new or resumed.
//! - [`run_folder`], [`run_record`], [`receipt`], [`metrics`]: the files of a run.
//! - [`runs`], [`chosen`]: finished runs as sources of adapters.
//! - [`overview`]: runs at a glance, and removing them.
//! - [`run_comparison`]: runs side by side.
//! - [`run_page`], [`making`]: the page of a run, and when and where it was made.
//! - [`replay`]: repeating the first steps of a run.
//! - [`plan`]: what a run would do, and its cost.

pub mod chosen;
mod curves;
pub mod data;
mod data_sources;
mod error;
pub mod evaluation;
pub mod making;
pub mod memory;
pub mod metrics;
pub mod overview;
pub mod plan;
pub mod preflight;
pub mod prompt_sample;
pub mod receipt;
pub mod recipe;
pub mod recipes;
pub mod replay;
pub mod reporter;
pub mod run_comparison;
pub mod run_folder;
pub mod run_page;
pub mod run_record;
pub mod runs;
pub mod setup;
mod small;
mod tensorboard;
pub mod train;

pub use error::TrainError;
