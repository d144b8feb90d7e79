//! The command line: one file per command. Arguments, printing and progress live here and nowhere
//! else; what a command does is in the library beside it.

pub mod model;
pub mod pull_progress;
