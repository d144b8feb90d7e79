//! `hive config`: every setting that hive reads, its value and where that comes from.

mod files;
mod flags;
mod setting;

use clap::{Command, Subcommand};
use console::{measure_text_width, style};
use serde_json::json;

use crate::columns::Table;
use crate::context::Environment;
use crate::error::CommandResult;
use crate::output::result;
use crate::variables;
use crate::wrapping::wrapped;
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
    let groups = settings.chunk_by(|a, b| a.group == b.group);
    let shown = groups.map(|group| shown(group, env.screen.table_width())).collect::<Vec<_>>();
    result(&shown.join("\n\n"))
}

/// The settings of a group as lines of at most `width` columns, as far as words allow: a table, or, where that is too wide,
/// each value below its name.
fn shown(group: &[Setting], width: Option<usize>) -> String {
    let limit = width.unwrap_or(usize::MAX);
    let rows = group.iter().map(|setting| {
        // A list can be wrapped between its items.
        let value = if setting.value.contains(' ') { setting.value.clone() } else { setting.value.replace(',', ", ") };
        [format!("  {}", setting.name), value, setting.origin.to_string()]
    });
    let rows: Vec<[String; 3]> = rows.collect();
    let mut lines = Table::new(rows.clone()).wrapping(1).lines(width);
    if lines.iter().any(|line| measure_text_width(line) > limit) {
        let below = |[name, value, origin]: [String; 3]| [name, wrapped(&format!("    {value} ({origin})"), limit)];
        lines = rows.into_iter().flat_map(below).collect();
    }
    let title =
        group.first().map_or_else(String::new, |setting| style(setting.group.to_uppercase()).bold().to_string());
    format!("{title}\n{}", lines.join("\n"))
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
