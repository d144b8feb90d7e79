//! Marks base models that were downloaded only because an installed expert needs them. Models that
//! the user pulls or trains on are never removed by uninstalling.

use std::path::PathBuf;

use super::ModelStore;

/// Contains an empty file per such base model.
const FOLDER: &str = ".for-experts";

impl ModelStore {
    /// Marks this base model as downloaded for an expert.
    pub fn note_for_experts(&self, id: &str) {
        let Some(mark) = self.mark(id) else { return };
        // Without the mark the model is kept when it is no longer needed: no reason to fail.
        if let Err(error) =
            mark.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(&mark, ""))
        {
            tracing::debug!("no mark for base model {id}: {error}");
        }
    }

    /// Whether it is here only for experts.
    pub fn is_for_experts(&self, id: &str) -> bool {
        self.mark(id).is_some_and(|mark| mark.exists())
    }

    /// Removes the mark: it is needed for something else.
    pub fn keep(&self, id: &str) {
        if let Some(mark) = self.mark(id) {
            drop(std::fs::remove_file(mark));
        }
    }

    /// Removes a base model that is here only for experts; returns whether it was.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove_for_experts(&self, id: &str) -> super::Result<bool> {
        let folder = self.models.join(id);
        if !self.is_for_experts(id) || !folder.is_dir() {
            return Ok(false);
        }
        hive_files::remove_folder(&folder)?;
        self.keep(id);
        Ok(true)
    }

    fn mark(&self, id: &str) -> Option<PathBuf> {
        // Only hive's own copies: a folder of the user's is never removed.
        self.catalogue.get(id).map(|model| self.models.join(FOLDER).join(&model.id))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use hive_net::Network;

    use super::super::Catalogue;
    use super::*;

    #[test]
    fn only_what_was_fetched_for_experts_goes() {
        let dir = tempfile::tempdir().unwrap();
        let catalogue = Catalogue::embedded().unwrap();
        let id = catalogue.models[0].id.clone();
        let store = ModelStore {
            catalogue,
            models: dir.path().to_owned(),
            network: Network {
                offline: true,
                hub: String::new(),
                hub_token: None,
                pip: Vec::new(),
                backoff: Duration::ZERO,
            },
        };
        std::fs::create_dir(dir.path().join(&id)).unwrap();
        std::fs::create_dir(dir.path().join("own")).unwrap();
        assert!(!store.remove_for_experts(&id).unwrap());
        store.note_for_experts("own");
        assert!(!store.remove_for_experts("own").unwrap() && !store.remove_for_experts("../x").unwrap());
        store.note_for_experts(&id);
        store.keep(&id);
        assert!(!store.remove_for_experts(&id).unwrap(), "somebody else needs it");
        store.note_for_experts(&id);
        assert!(store.remove_for_experts(&id).unwrap());
        assert!(!dir.path().join(&id).exists() && !store.is_for_experts(&id) && dir.path().join("own").exists());
    }
}
