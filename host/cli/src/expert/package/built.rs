//! The package that was built, as `hive expert package` shows it.

use std::path::Path;

use hive_packages::Assembled;
use serde_json::json;

use crate::error::CommandResult;
use crate::output::result;
use crate::screen::Screen;

/// Prints the package's path, then what to do with it next; `signed` says whether it is signed already.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn show(screen: Screen, assembled: &Assembled, path: &Path, signed: bool, as_json: bool) -> CommandResult {
    let sha256 = hive_files::sha256_of_file(path)?;
    let description = &assembled.description;
    if as_json {
        return result(&format!(
            "{:#}",
            json!({
                "package": path, "name": description.name, "version": description.version,
                "base": description.base.id, "files": assembled.files.keys().collect::<Vec<_>>(), "sha256": sha256,
            })
        ));
    }
    let bytes = std::fs::metadata(path).map(|m| m.len()).unwrap_or(0);
    result(&path.display().to_string())?;
    screen.note(&format!(
        "{}: {} files, {:.1} MB, sha256 {sha256}",
        description.title(),
        assembled.files.len(),
        bytes as f64 / 1e6
    ));
    match signed {
        true => screen.note(&format!("Next: `hive expert publish {} oci://HOST/PATH/NAME`", path.display())),
        false => screen.note(&format!("Next: `hive expert sign {} --key NAME`", path.display())),
    }
    Ok(())
}
