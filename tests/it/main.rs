//! Integration tests of hive: one binary, one module per command. A new test of a command goes
//! into that command's module; `harness` runs the real binary in a place of its own.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod adapter;
mod architecture;
mod bench;
mod cases;
mod cli;
mod config;
mod cron_grader;
mod docker_registry;
mod doctor;
mod expert_data;
mod expert_data_forms;
mod expert_data_input;
mod expert_eval;
mod expert_figures;
mod expert_list;
mod expert_package;
mod expert_plan;
mod expert_resume;
mod expert_run;
mod expert_schema;
mod expert_train;
mod expert_train_input;
mod expert_traps;
mod expert_validate;
mod first_hour;
mod guide;
mod harness;
mod hostile_packages;
mod model;
mod numbers;
mod own_experts;
mod pages;
mod plugin_build;
mod plugin_calls;
mod registry;
mod registry_access;
mod screen;
mod sdk_api;
mod shared;
mod shipped;
mod structure;
mod tiny_base;
mod wrong_commands;
