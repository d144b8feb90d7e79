//! A package in the older format, as `hive expert inspect` shows it: what it names, and what is lost when it is
//! installed.

use hive_packages::Legacy;
use serde_json::json;

use crate::error::CommandResult;
use crate::output::{result, result_prose};
use crate::packages::line;
use crate::screen::Screen;

/// Shows the package.
///
/// # Errors
/// When stdout cannot be written to.
pub(super) fn show(screen: Screen, legacy: &Legacy, as_json: bool) -> CommandResult {
    if as_json {
        return result(&format!(
            "{:#}",
            json!({
                "format": "older", "name": legacy.name, "version": legacy.version, "base": legacy.base,
                "lost": legacy.lost,
            })
        ));
    }
    let mut lines = vec![
        line("expert", &format!("{} {}, in an older format", legacy.name, legacy.version)),
        line("base model", &legacy.base),
        line("signature", "none, and no digests: its content cannot be authenticated"),
        line("lost", &format!("{} things, when it is installed (`--allow-unsigned`)", legacy.lost.len())),
    ];
    lines.extend(legacy.lost.iter().map(|lost| format!("  {lost}")));
    result_prose(screen, &lines.join("\n"))
}
