//! The expert that is named on the command line: by its name, or by its folder.

use std::path::{Path, PathBuf};

use hive_check::Subject;
use hive_check::subject::isolated;
use hive_data::sources::LocalData;
use hive_plugins::manifest::is_name;
use hive_plugins::{Checkout, ExpertEntry, ExpertPlace, Linked, MANIFEST, Origin, PluginError};
use serde_json::Value;

use crate::context::Environment;
use crate::error::{CommandResult, Failure};
use crate::expert_flags::own_flags;
use crate::loading::{experts, load_entry};

/// An expert, and where its own files are.
pub(super) struct Found {
    entry: ExpertEntry,
    /// The folder of its own files.
    folder: Option<PathBuf>,
    /// A folder that may hold its licence.
    root: Option<PathBuf>,
}

/// The expert of this name, or in this folder.
///
/// # Errors
/// When there is none.
pub(super) fn find(env: &Environment, named: &str) -> CommandResult<Found> {
    let folder = Path::new(named);
    match experts(env).get(named) {
        Ok(entry) => Ok(of_entry(entry.clone())),
        Err(_) if folder.is_dir() => in_folder(env, folder),
        Err(error) => Err(error.into()),
    }
}

fn of_entry(entry: ExpertEntry) -> Found {
    let (folder, root) = match &entry.origin {
        Origin::Linked(linked) => (Some(linked.folder.clone()), None),
        Origin::Checkout(checkout) => (Some(checkout.crate_dir(&entry.name)), Some(checkout.root().to_owned())),
        Origin::Installed(_) => (None, None),
    };
    Found { entry, folder, root }
}

/// The expert in a folder, as if it were linked; or a crate of a checkout.
fn in_folder(env: &Environment, folder: &Path) -> CommandResult<Found> {
    let whole = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    if whole.join(MANIFEST).is_file() {
        let name = name_in(&whole.join(MANIFEST)).filter(|name| is_name(name)).unwrap_or_else(|| "expert".to_owned());
        let origin = Origin::Linked(Linked::at(env.context.home()?, &name, &whole));
        return Ok(of_entry(ExpertEntry { name, origin }));
    }
    let name = whole.file_name().and_then(|name| name.to_str()).map(str::to_owned);
    match Checkout::around(&whole).zip(name) {
        Some((checkout, name)) if checkout.crate_dir(&name) == whole && checkout.experts().contains(&name) => {
            Ok(of_entry(ExpertEntry { name, origin: Origin::Checkout(checkout) }))
        }
        _ => Err(Failure::misuse(format!("There is no expert in `{}`", folder.display()))
            .hint(format!("expected a folder with `{MANIFEST}`, or a crate in `experts/` of a checkout"))
            .into()),
    }
}

fn name_in(manifest: &Path) -> Option<String> {
    let value: Value = serde_json::from_str(&std::fs::read_to_string(manifest).ok()?).ok()?;
    value["name"].as_str().map(str::to_owned)
}

impl Found {
    /// Where it is from, in a few words.
    pub(super) fn shown(&self) -> String {
        match &self.folder {
            Some(folder) => format!("in `{}`", folder.display()),
            None => self.entry.origin_text(),
        }
    }

    /// Where its code is.
    pub(super) fn place(&self, env: &Environment) -> ExpertPlace {
        ExpertPlace::of(&self.entry, &env.builder)
    }

    /// What is checked.
    ///
    /// # Errors
    /// When the manifest cannot be read.
    pub(super) fn subject<'a>(
        &'a self,
        env: &'a Environment,
        dataset: Option<LocalData>,
    ) -> CommandResult<Subject<'a>> {
        let path = self.entry.manifest_path();
        let shown = path.display().to_string();
        let read = std::fs::read_to_string(&path);
        let manifest = read.map_err(|e| Failure::misuse(format!("Failed to read manifest `{shown}`")).source(e))?;
        let alone = self.entry.is_manifest_alone();
        let open = move || -> Result<_, PluginError> {
            // Builds it if necessary, and says why its code must not run.
            let opened = load_entry(env, &self.entry)?;
            if alone { Ok(opened.expert) } else { isolated(&opened.place) }
        };
        Ok(Subject {
            name: self.entry.name.clone(),
            manifest_file: shown,
            manifest,
            open: Box::new(open),
            declared: alone || self.place(env).is_declared(),
            folder: self.folder.clone(),
            around: self.root.iter().cloned().collect(),
            flags: own_flags(),
            dataset,
        })
    }
}
