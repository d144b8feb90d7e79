//! Tests of the engine as a whole. Unit tests are in the modules.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod attention_oracle;
mod autograd;
mod export;
mod fixtures;
mod generation;
mod guided;
mod oracle;
mod precision;
mod primitives;
mod runs;
mod threads;
mod training;
