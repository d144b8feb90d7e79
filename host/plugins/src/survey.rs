//! The state of every expert, for `hive expert list`. Loads those that are ready, builds nothing,
//! and turns each error into a state: a broken expert never hides the others.

use std::path::PathBuf;

use hive_errors::Diagnostic as _;
use hive_sdk::{ABI_VERSION, Manifest, OLDEST_ABI};

use super::build::{Builder, Freshness};
use super::discover::{ExpertEntry, Experts, Origin, Standing};
use super::error::{LoadFault, PluginError};
use super::load::load;
use crate::manifest::check;

/// Whether an expert can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpertState {
    /// Loaded, and its manifest read from the library.
    Ready,
    /// It has no native code: hive does what its manifest declares.
    Declared,
    /// Its native code is not here: it can generate answers, nothing else.
    WithoutPlugin,
    /// No library yet; the first use builds it.
    NotBuilt,
    /// The sources changed since the library was built; the next use rebuilds it.
    Stale,
    /// Why it cannot be used.
    Broken(String),
}

/// One expert in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Surveyed {
    /// Its name.
    pub name: String,
    /// Version, when a manifest could be read.
    pub version: Option<String>,
    /// ABI number that it declares, when a manifest could be read.
    pub abi: Option<u32>,
    /// Its description, when a manifest could be read.
    pub description: Option<String>,
    /// Where it comes from: `linked`, `checkout` or `installed`.
    pub origin: &'static str,
    /// Others of its name, which it hides, each in a few words.
    pub hides: Vec<String>,
    /// The linked folder.
    pub folder: Option<PathBuf>,
    /// Its manifest file.
    pub manifest: PathBuf,
    /// Its library, whether or not it exists yet.
    pub library: PathBuf,
    /// Whether it can be used.
    pub state: ExpertState,
}

/// The state of each expert, sorted by name.
pub fn survey(experts: &Experts, builder: &Builder) -> Vec<Surveyed> {
    let hides = |entry: &ExpertEntry| experts.hidden(&entry.name).iter().map(ExpertEntry::origin_text).collect();
    experts.iter().map(|entry| survey_one(entry, hides(entry), builder)).collect()
}

fn survey_one(entry: &ExpertEntry, hides: Vec<String>, builder: &Builder) -> Surveyed {
    let declared = read_manifest(entry);
    let state = match (&declared, &entry.origin) {
        (Err(why), _) => ExpertState::Broken(why.clone()),
        (Ok(manifest), _) if manifest.name != entry.name => {
            ExpertState::Broken(format!("the manifest names expert `{}`", manifest.name))
        }
        (Ok(manifest), _) if !(OLDEST_ABI..=ABI_VERSION).contains(&manifest.abi) => {
            let speaks = format!("this hive speaks ABI {OLDEST_ABI} to {ABI_VERSION}");
            ExpertState::Broken(format!("the manifest is for ABI {}, {speaks}", manifest.abi))
        }
        (Ok(_), Origin::Checkout(checkout)) => match builder.freshness(checkout, &entry.name) {
            Freshness::Missing => ExpertState::NotBuilt,
            Freshness::Stale => ExpertState::Stale,
            Freshness::Fresh => try_load(entry, builder),
        },
        (Ok(_), Origin::Linked(linked)) if linked.is_crate() => match builder.linked_freshness(linked, &entry.name) {
            Freshness::Missing => ExpertState::NotBuilt,
            Freshness::Stale => ExpertState::Stale,
            Freshness::Fresh => try_load(entry, builder),
        },
        (Ok(_), Origin::Linked(_) | Origin::Installed(_)) => try_load(entry, builder),
    };
    let manifest = declared.ok();
    Surveyed {
        name: entry.name.clone(),
        version: entry.package_version().or_else(|| manifest.as_ref().map(|m| m.version.clone())),
        abi: manifest.as_ref().map(|m| m.abi),
        description: manifest.map(|m| m.description),
        origin: match entry.origin {
            Origin::Linked(_) => "linked",
            Origin::Checkout(_) => "checkout",
            Origin::Installed(_) => "installed",
        },
        hides,
        folder: match &entry.origin {
            Origin::Linked(linked) => Some(linked.folder.clone()),
            _ => None,
        },
        manifest: entry.manifest_path(),
        library: entry.library_path(builder),
        state,
    }
}

fn try_load(entry: &ExpertEntry, builder: &Builder) -> ExpertState {
    match load(entry, builder) {
        Ok(_) if entry.is_manifest_alone() => ExpertState::WithoutPlugin,
        Ok(_) if matches!(entry.standing(), Standing::Declared(_)) => ExpertState::Declared,
        Ok(_) => ExpertState::Ready,
        // The list shows expert and library beside the state.
        Err(PluginError::Load { fault: LoadFault::Manifest { what, faults }, .. }) => {
            ExpertState::Broken(with_first(&what, &faults))
        }
        Err(PluginError::Load { fault, .. }) => ExpertState::Broken(fault.to_string()),
        Err(PluginError::Call { method, fault, .. }) => ExpertState::Broken(format!("`{method}` failed: {fault}")),
        Err(other) => ExpertState::Broken(other.to_string()),
    }
}

fn read_manifest(entry: &ExpertEntry) -> Result<Manifest, String> {
    let path = entry.manifest_path();
    let text = std::fs::read_to_string(&path).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => format!("`{}` is missing", path.display()),
        _ => format!("`{}` cannot be read: {e}", path.display()),
    })?;
    Manifest::parse(&text).map_err(|first| match check(&path.display().to_string(), &text) {
        Err(error) => with_first(&error.to_string(), &error.details()),
        Ok(_) => first.message,
    })
}

/// The list has one line per expert: it shows the first fault, `hive expert validate` shows the
/// rest.
fn with_first(message: &str, faults: &[String]) -> String {
    faults.first().map_or_else(|| message.to_owned(), |fault| format!("{message}: {fault}"))
}
