//! Integration tests of hive: one binary, one module per command. A new test of a command goes
//! into that command's module; `harness` runs the real binary in a place of its own.

mod architecture;
mod cli;
mod expert_list;
mod expert_schema;
mod expert_validate;
mod harness;
mod plugin_build;
mod plugin_calls;
