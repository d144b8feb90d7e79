//! Installed releases as a source of adapters.

use std::path::{Path, PathBuf};

use hive_errors::Diagnostic;
use hive_files::KnownDigests;
use hive_plugins::{ExpertEntry, Origin};
use hive_runtime::resolver::{FoundAdapter, Source};

use super::{InstallError, Release, Store, release_in};
use crate::trust::{RequireSigned, Ring, Signer};

/// The releases that are installed in a `HIVE_HOME`.
#[derive(Debug, Clone)]
pub struct Releases {
    home: PathBuf,
}

impl Releases {
    /// Those of this home folder.
    pub fn of(home: &Path) -> Self {
        Self { home: home.to_owned() }
    }

    /// The release that `name` and `base` select. A `base` that is a path selects none, and is used with the release
    /// that `name` selects.
    ///
    /// # Errors
    /// When there is none, or several.
    fn release(&self, name: &str, base: Option<&str>) -> Result<Release, InstallError> {
        let store = Store::of(&self.home);
        match store.find(name, base) {
            Err(InstallError::NotInstalled { .. }) if base.is_some() => store.find(name, None),
            found => found,
        }
    }

    /// Checks that no key of it was revoked and that its files are unchanged. Unknown keys were dealt with when it was
    /// installed.
    fn check(&self, release: &Release) -> Result<(), Box<dyn Diagnostic>> {
        let signer = Signer::of(release.record.key, &Ring::of(&self.home).map_err(boxed)?);
        signer.admit(RequireSigned::None, &release.title()).map_err(boxed)?;
        release.known_package(&KnownDigests::of(&self.home)).map(drop).map_err(boxed)
    }
}

fn title(release: &Release) -> String {
    format!("the installed `{}`", release.title())
}

fn boxed(error: impl Diagnostic) -> Box<dyn Diagnostic> {
    Box::new(error)
}

impl Source for Releases {
    fn find(&self, name: &str, base: Option<&str>) -> Result<Option<FoundAdapter>, Box<dyn Diagnostic>> {
        let release = match self.release(name, base) {
            // A version can only be installed; a name alone may be something else.
            Err(InstallError::NotInstalled { .. }) if !name.contains('@') => return Ok(None),
            found => found.map_err(boxed)?,
        };
        self.check(&release)?;
        let origin = Origin::Installed(release_in(&release.dir, &self.home));
        let expert = Some(ExpertEntry { name: release.description.name.clone(), origin });
        Ok(Some(FoundAdapter { title: title(&release), dir: release.dir, expert, base: Some(release.record.base) }))
    }

    fn title(&self, name: &str) -> Option<String> {
        self.release(name, None).ok().map(|release| title(&release))
    }
}
