//! `hive config`: every setting that hive reads, its value and where that comes from.

mod files;
mod flags;
mod setting;

use clap::{Command, Subcommand};
use serde_json::json;

use crate::columns::Table;
use crate::context::Environment;
use crate::error::CommandResult;
use crate::output::result;
use crate::variables;
use setting::Setting;

/// Commands for the settings.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Show every setting, its value and its origin; secrets are not shown
    Show {
        /// Print JSON: `{"settings": [{"group", "name", "value", "origin", "variable", "file"}]}`; `origin` is
        /// `default`, `variable` or `file`
        #[arg(long)]
        json: bool,
    },
}

/// Runs `hive config`; `hive` describes all commands.
///
/// # Errors
/// When stdout cannot be written to.
pub fn run(command: &ConfigCommand, hive: &Command, env: &Environment) -> CommandResult {
    let ConfigCommand::Show { json } = command;
    let settings = settings(hive, env);
    if *json {
        let settings: Vec<_> = settings.iter().map(Setting::as_json).collect();
        return result(&format!("{:#}", json!({ "settings": settings })));
    }
    let mut rows: Vec<[String; 3]> = Vec::new();
    let mut group = "";
    for setting in &settings {
        if setting.group != group {
            group = setting.group;
            let title = console::style(group.to_uppercase()).bold().to_string();
            rows.extend(std::iter::repeat_n([const { String::new() }; 3], usize::from(!rows.is_empty())));
            rows.push([title, String::new(), String::new()]);
        }
        rows.push([format!("  {}", setting.name), setting.value.clone(), setting.origin.to_string()]);
    }
    result(&Table::new(rows).wrapping(1).lines(env.screen.table_width()).join("\n"))
}

/// All settings, by groups.
fn settings(hive: &Command, env: &Environment) -> Vec<Setting> {
    let mut all = vec![files::home(env)];
    all.extend(variables::ALL.iter().map(|variable| Setting::of_variable(*variable, &env.variables)));
    all.extend(files::recipe(env));
    all.extend(files::below_home(env));
    all.extend(flags::defaults(hive));
    all
}
