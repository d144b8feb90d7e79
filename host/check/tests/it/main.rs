//! Every check is proved by an expert that it alone catches: a sound one with one mutation.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod faulty_calls;
mod manifests;
mod mutants;
mod sound;
mod statement;
