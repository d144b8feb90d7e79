//! `hive expert uninstall`: removes a release, and what nothing else needs.

use clap::Args;

use super::super::output::{note, result};
use crate::installed::{Release, Store};
use crate::models::ModelStore;

/// Remove an installed expert, or one version of it
#[derive(Debug, Args)]
pub struct Uninstall {
    /// NAME for all its versions, NAME@VERSION for one
    #[arg(value_name = "NAME")]
    what: String,
    /// Only that for this base model
    #[arg(long)]
    base: Option<String>,
    /// Keep the base model, also when it was fetched for this expert and nothing installed needs it
    #[arg(long)]
    keep_base: bool,
}

impl Uninstall {
    /// Runs it.
    ///
    /// # Errors
    /// When nothing of this name is installed, or it cannot be removed.
    pub fn run(self) -> anyhow::Result<()> {
        let store = Store::from_env()?;
        for release in self.releases(&store)? {
            let removed = store.remove(release)?;
            result(&format!("Removed {}", removed.release.title()))?;
            if let Some(now) = &removed.now {
                note(&format!("`{}` is now {}", now.description.name, now.title()));
            }
            if removed.release.record.fetched_base && removed.base_unused && !self.keep_base {
                remove_base(&removed.release)?;
            }
        }
        Ok(())
    }

    fn releases(&self, store: &Store) -> anyhow::Result<Vec<Release>> {
        let base = self.base.as_deref();
        if self.what.contains('@') {
            return Ok(vec![store.find(&self.what, base)?]);
        }
        let mut all = store.releases()?;
        all.retain(|r| r.description.name == self.what && base.is_none_or(|b| r.description.base.id == b));
        if all.is_empty() {
            // This says what there is.
            all.push(store.find(&self.what, base)?);
        }
        // The current one last, so that the name does not change its meaning on the way.
        all.sort_by_key(|r| r.current);
        Ok(all)
    }
}

/// Removes the base that was fetched for a release.
fn remove_base(release: &Release) -> anyhow::Result<()> {
    let models = ModelStore::from_env()?;
    let id = &release.record.base;
    // Only what hive itself keeps: a folder of the person's own is theirs.
    if models.catalogue.get(id).is_some() {
        let folder = models.models.join(id);
        if folder.is_dir() {
            hive_engine::files::remove_folder(&folder)?;
            note(&format!("Removed base model `{id}`, which was fetched for it and which nothing installed needs"));
        }
    }
    Ok(())
}
