//! `hive expert uninstall`: removes a release, and its base model if nothing else needs it.

use clap::Args;
use hive_packages::installed::{Release, Store};
use hive_runtime::models::ModelStore;

use super::super::output::result;
use crate::context::Environment;
use crate::error::CommandResult;

/// Remove an installed expert, or one version of it
#[derive(Debug, Args)]
pub struct Uninstall {
    /// NAME for all versions, NAME@VERSION for one
    #[arg(value_name = "NAME")]
    target: String,
    /// Remove only the release for this base model
    #[arg(long)]
    base: Option<String>,
    /// Keep the base model, even if it was downloaded for this expert and nothing installed needs
    /// it
    #[arg(long)]
    keep_base: bool,
}

impl Uninstall {
    /// Runs the command.
    ///
    /// # Errors
    /// When nothing of this name is installed, or it cannot be removed.
    pub fn run(self, env: &Environment) -> CommandResult {
        let store = Store::of(env.context.home()?);
        let damaged = if self.target.contains('@') { Vec::new() } else { store.damaged(&self.target) };
        for folder in &damaged {
            store.remove_damaged(&self.target, folder)?;
            env.screen.note(&format!("Removed `{}`, a damaged release of it", folder.display()));
        }
        for release in self.releases(&store, damaged.is_empty())? {
            let removed = store.remove(release)?;
            result(&format!("Removed {}", removed.release.title()))?;
            if let Some(now) = &removed.now {
                env.screen.note(&format!("`{}` is now {}", now.description.name, now.title()));
            }
            if removed.base_unused && !self.keep_base {
                remove_base(env, &removed.release)?;
            }
        }
        Ok(())
    }

    /// The releases to remove; with `must`, having none is an error.
    fn releases(&self, store: &Store, must: bool) -> CommandResult<Vec<Release>> {
        let base = self.base.as_deref();
        if self.target.contains('@') {
            return Ok(vec![store.find(&self.target, base)?]);
        }
        let mut all = store.releases()?;
        all.retain(|r| r.description.name == self.target && base.is_none_or(|b| r.description.base.id == b));
        if all.is_empty() && must {
            // Its error lists what is installed.
            all.push(store.find(&self.target, base)?);
        }
        // The current release last, so that the default version does not change in between.
        all.sort_by_key(|r| r.current);
        Ok(all)
    }
}

/// Removes the base model that was downloaded for a release.
fn remove_base(env: &Environment, release: &Release) -> CommandResult {
    let id = &release.record.base;
    if ModelStore::new(&env.context)?.remove_for_experts(id)? {
        env.screen
            .note(&format!("Removed base model `{id}`, which was fetched for it and which nothing installed needs"));
    }
    Ok(())
}
