//! The defaults of flags and arguments, as the commands declare them.

use clap::Command;

use super::setting::{Origin, Setting};

/// Every default of every command that is shown in the help.
pub(super) fn defaults(hive: &Command) -> Vec<Setting> {
    let mut found = Vec::new();
    walk(hive, "hive", &mut found);
    found
}

fn walk(command: &Command, path: &str, found: &mut Vec<Setting>) {
    for argument in command.get_arguments().filter(|argument| !argument.is_hide_set()) {
        let values: Vec<_> = argument.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
        // Switches are off by default.
        if values.is_empty() || !argument.get_action().takes_values() {
            continue;
        }
        let shown = match argument.get_long() {
            Some(long) => format!("--{long}"),
            None => {
                argument.get_value_names().and_then(|names| names.first()).map_or_else(String::new, |n| n.to_string())
            }
        };
        let name = format!("{path} {shown}");
        found.push(Setting { group: "flags", name, value: values.join(" "), origin: Origin::Default });
    }
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        walk(sub, &format!("{path} {}", sub.get_name()), found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Cli;
    use clap::CommandFactory;

    #[test]
    fn defaults_of_nested_commands_are_found() {
        let found = defaults(&Cli::command());
        let value =
            |name: &str| found.iter().find(|setting| setting.name == name).map(|setting| setting.value.as_str());
        assert_eq!(value("hive expert package --out"), Some("dist"));
        assert_eq!(value("hive runs list FOLDER"), Some("runs"));
        assert_eq!(value("hive expert train --json"), None);
    }
}
