//! Gets an expert for a command, showing on stderr that its library is being built. The commands
//! that need an expert all come here.

use indicatif::{ProgressBar, ProgressStyle};

use super::output::note;
use crate::experts::data::OpenExpert;
use crate::installed::Release;
use crate::plugins::{Builder, ExpertEntry, Experts, LibraryPlace, PluginError, open};

/// The expert of this name, built first if need be. On a terminal cargo's last line is shown while
/// it works; elsewhere one plain line says what is going on.
///
/// # Errors
/// When there is no such expert, or it does not build or load.
pub fn load_expert(name: &str) -> Result<OpenExpert, PluginError> {
    load_entry(Experts::find().get(name)?)
}

/// The expert of an installed release.
///
/// # Errors
/// When it does not load.
pub fn load_release(release: &Release) -> Result<OpenExpert, PluginError> {
    load_entry(&ExpertEntry::of_release(&release.description.name, &release.dir))
}

fn load_entry(entry: &ExpertEntry) -> Result<OpenExpert, PluginError> {
    let name = &entry.name;
    let mut progress: Option<ProgressBar> = None;
    let builder = Builder::from_environment();
    let loaded = open(entry, &builder, &mut |line| {
        // Cargo says "Finished" at once when there was nothing to do: no progress for that.
        if progress.is_none() && line.trim_start().starts_with("Finished") {
            return;
        }
        let bar = progress.get_or_insert_with(|| started(name));
        bar.set_message(line.trim().to_owned());
        bar.tick();
    });
    if let Some(bar) = progress {
        bar.finish_and_clear();
    }
    Ok(OpenExpert { expert: loaded?, place: LibraryPlace::of(entry, &builder) })
}

fn started(name: &str) -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if bar.is_hidden() {
        note(&format!("Building expert `{name}` … (the first time, some minutes)"));
    }
    let style = ProgressStyle::with_template("{spinner} {prefix} {wide_msg:.dim}");
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
        .with_prefix(format!("Building expert `{name}`"))
}
