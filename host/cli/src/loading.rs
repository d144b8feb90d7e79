//! Loads an expert for a command, showing on stderr when its library is being built. Used by all
//! commands that need an expert.

use hive_errors::Diagnostic as _;
use hive_packages::installed;
use hive_plugins::{Checkout, ExpertEntry, ExpertPlace, Experts, Opening, PluginError, links, open, shipped};
use hive_runtime::opened::OpenExpert;
use indicatif::{ProgressBar, ProgressStyle};

use super::context::Environment;
use super::screen::Screen;

/// All experts: those that came with hive, the installed ones, those of the checkout, and those in linked folders.
pub fn experts(env: &Environment) -> Experts {
    let home = env.context.home.as_deref();
    let installed = home.map(installed::experts).unwrap_or_default();
    let linked = home.map(links).transpose().unwrap_or_else(|error| {
        env.screen.note(&format!("warning: {error}, so no linked expert is known"));
        None
    });
    Experts::of(Checkout::find().as_ref(), linked.unwrap_or_default(), shipped().into_iter().chain(installed))
}

/// Loads the expert of this name, building it first if necessary. On a terminal cargo's last line
/// is shown during the build; otherwise one plain line announces it.
///
/// # Errors
/// When there is no such expert, or it does not build or load.
pub fn load_expert(env: &Environment, name: &str) -> Result<OpenExpert, PluginError> {
    load_entry(env, experts(env).get(name)?)
}

/// Loads the expert that answers under this name: `release`, if an installed one answers. A release without native code is
/// asked with the expert of its name and version that is here, which can check and grade answers.
///
/// # Errors
/// When there is no such expert, or it does not build or load.
pub fn load_expert_of(env: &Environment, name: &str, release: Option<&ExpertEntry>) -> Result<OpenExpert, PluginError> {
    let Some(release) = release else { return load_expert(env, name) };
    let own = load_entry(env, release)?;
    let experts = experts(env);
    let complete = experts.get(&release.name).ok();
    let complete = complete.filter(|entry| release.is_manifest_alone() && !entry.is_manifest_alone());
    match complete.map(|entry| load_entry(env, entry)) {
        Some(Ok(complete)) if complete.expert.manifest().version == own.expert.manifest().version => Ok(complete),
        Some(Err(error)) => {
            env.screen
                .note(&format!("warning: the release has no plugin, and that of this hive cannot be used: {error}"));
            Ok(own)
        }
        _ => Ok(own),
    }
}

/// Loads an expert that has already been found.
///
/// # Errors
/// When it does not build or load.
pub fn load_entry(env: &Environment, entry: &ExpertEntry) -> Result<OpenExpert, PluginError> {
    let name = &entry.name;
    let mut progress: Option<ProgressBar> = None;
    let builder = &env.builder;
    let loaded = open(entry, builder, &mut |event| {
        let line = match event {
            Opening::Line(line) => line,
            Opening::LastGood(error) => {
                if let Some(bar) = progress.take() {
                    bar.finish_and_clear();
                }
                env.screen.note(&format!("warning: {error}; the last library that was built is used"));
                error.details().iter().for_each(|line| env.screen.note(&format!("  {line}")));
                return;
            }
        };
        // Cargo prints "Finished" immediately when nothing had to be built: show no progress then.
        if progress.is_none() && line.trim_start().starts_with("Finished") {
            return;
        }
        let bar = progress.get_or_insert_with(|| started(env.screen, name));
        bar.set_message(line.trim().to_owned());
        bar.tick();
    });
    if let Some(bar) = progress {
        bar.finish_and_clear();
    }
    Ok(OpenExpert { context: env.context.clone(), expert: loaded?, place: ExpertPlace::of(entry, builder) })
}

fn started(screen: Screen, name: &str) -> ProgressBar {
    if !screen.has_bars() {
        screen.note(&format!("Building expert `{name}` … (the first time, some minutes)"));
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    let style = ProgressStyle::with_template("{spinner} {prefix} {wide_msg:.dim}");
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
        .with_prefix(format!("Building expert `{name}`"))
}
