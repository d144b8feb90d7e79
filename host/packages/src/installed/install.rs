//! From a package to an installed expert: whose it is, whether it may come, whether it computes here
//! what it says. Only then is it installed.

use std::time::{Duration, SystemTime};

use hive_net::{Context, TransferReporter};
use hive_plugins::{LibraryPlace, LibraryRecord, LoadedExpert, declared, load_isolated};
use hive_runtime::base::Base;
use hive_runtime::models::{ModelError, ModelStore};

use super::error::{InstallError, Result};
use super::record::{BESIDE, FORMAT, InstallRecord};
use super::store::{Installing, Release, Store};
use crate::trust::{RequireSigned, Ring, Signer};
use crate::{Package, PackageError, Proof};

/// Longest that a plugin may take to render a prompt.
const RENDER_LIMIT: Duration = Duration::from_secs(60);

/// What a registry says that it serves; the package must say the same.
#[derive(Debug, Clone)]
pub struct Expected {
    /// The expert's name.
    pub name: String,
    /// The package's version.
    pub version: String,
    /// The id of its base.
    pub base: String,
}

/// What was asked to be installed.
#[derive(Debug)]
pub struct Request<'a> {
    /// The package.
    pub package: &'a Package,
    /// Where it is from, for the record.
    pub source: String,
    /// What it must be.
    pub expected: Option<Expected>,
    /// What is asked of its signature.
    pub policy: RequireSigned,
    /// Whether it may be older than what was here.
    pub allow_downgrade: bool,
    /// The base, where it is to be taken from elsewhere.
    pub base: Option<String>,
}

/// What a package was found to be.
#[derive(Debug)]
pub struct Proved {
    /// That it computes what it says.
    pub proof: Proof,
    /// Whether its plugin can be used here: it is trusted, and there is one for this machine.
    pub plugin: bool,
    /// What the base was opened as.
    pub base: String,
    /// Whether the base was fetched for this.
    pub fetched_base: bool,
}

/// Whether a package is what was asked for, and not older than what was here: what can be told before
/// anybody is asked whom to trust.
///
/// # Errors
/// When not.
pub fn admissible(store: &Store, request: &Request<'_>) -> Result<()> {
    check_expected(request.package, request.expected.as_ref())?;
    store.check(request.package, request.allow_downgrade)
}

/// Installs what was asked for.
///
/// # Errors
/// When it is another expert, not signed as asked, older than what was here, or does not compute what
/// it says. Nothing is then installed.
pub fn install(
    context: &Context,
    store: &Store,
    request: &Request<'_>,
    ring: &Ring,
    reporter: &mut dyn TransferReporter,
) -> Result<Release> {
    let Request { package, policy, .. } = request;
    admissible(store, request)?;
    let signer = package.signer(ring);
    signer.admit(*policy, &package.shown).map_err(PackageError::from)?;
    let proved = prove(context, package, &signer, request.base.as_deref(), reporter)?;
    if proved.fetched_base {
        ModelStore::new(context).map_err(PackageError::from)?.note_for_experts(&proved.base);
    }
    let record = InstallRecord {
        format: FORMAT,
        source: request.source.clone(),
        digest: package.digest.clone(),
        key: signer.key().copied(),
        base: proved.base,
        plugin: proved.plugin,
        proof: proved.proof.into(),
    };
    store.install(&Installing { package, record, allow_downgrade: request.allow_downgrade })
}

/// Proves a package on its base, which is fetched if need be. Native code in it runs only when its
/// signer is trusted, and then in a process of its own.
///
/// # Errors
/// When the base cannot be had, or the package does not compute what it says.
pub fn prove(
    context: &Context,
    package: &Package,
    signer: &Signer,
    base: Option<&str>,
    reporter: &mut dyn TransferReporter,
) -> Result<Proved> {
    let wanted = base.unwrap_or(&package.description.base.id);
    let here = ModelStore::new(context).map_err(PackageError::from)?.locate(wanted);
    if base.is_none() && matches!(here, Err(ModelError::Unknown { .. })) {
        let problem =
            format!("`{}` is for base model `{wanted}`, which is not in the catalogue of this hive", package.shown);
        let hint = Some("`--base PATH` names a copy of it on this machine".to_owned());
        return Err(PackageError::Argument { problem, hint }.into());
    }
    let plugin = if signer.is_trusted() { plugin_of(package)? } else { None };
    let by_manifest = (!package.manifest.prompt.is_empty())
        .then(|| declared(&package.description.name, &package.manifest_json).map_err(PackageError::from))
        .transpose()?;
    let renderers: Vec<&LoadedExpert> = plugin.iter().chain(&by_manifest).collect();
    if renderers.is_empty() {
        let problem = format!(
            "`{}` cannot be asked on this machine: its manifest declares no `prompt`, and it brings no plugin that may run here",
            package.shown
        );
        return Err(PackageError::Argument { problem, hint: Some(for_plugin(package, signer)) }.into());
    }
    let opened = Base::open(context, wanted, reporter).map_err(PackageError::from)?;
    let mut proof = None;
    for expert in &renderers {
        proof = Some(package.prove(&opened, expert)?);
    }
    let proof = proof.ok_or_else(|| PackageError::Argument { problem: "nothing was proved".to_owned(), hint: None })?;
    // A path is kept as one that means the same from everywhere.
    let local = matches!(&here, Ok(location) if location.id.is_none());
    let absolute = local.then(|| std::path::absolute(wanted).ok()).flatten();
    let base = absolute.map_or_else(|| opened.reference.id.clone(), |path| path.display().to_string());
    Ok(Proved { proof, plugin: plugin.is_some(), base, fetched_base: here.is_err() })
}

/// Proves a package that was made here as those who receive it will: by its manifest's prompt, as
/// whoever does not trust its signer, and by the plugin in it, as whoever does; `None` when it has
/// neither for this machine.
///
/// # Errors
/// When it does not compute what it says.
pub fn prove_own(package: &Package, base: &Base) -> Result<Option<Proof>> {
    let plugin = plugin_of(package)?;
    let by_manifest = (!package.manifest.prompt.is_empty())
        .then(|| declared(&package.description.name, &package.manifest_json).map_err(PackageError::from))
        .transpose()?;
    let mut proof = None;
    for expert in plugin.iter().chain(&by_manifest) {
        proof = Some(package.prove(base, expert)?);
    }
    Ok(proof)
}

/// How to get a plugin that may run.
fn for_plugin(package: &Package, signer: &Signer) -> String {
    let targets: Vec<&str> = package.description.libraries.keys().map(String::as_str).collect();
    if targets.is_empty() {
        "ask its author for a package with the plugin: `hive expert package` puts it in".to_owned()
    } else if package.own_library().is_none() {
        format!("its plugin is for {}; ask its author for one for this machine", targets.join(", "))
    } else if let Some(key) = signer.key() {
        format!("its plugin runs when its key is trusted: `hive key trust {} --name NAME`", key.encoded())
    } else {
        "its plugin runs when it is signed by a trusted key: `hive expert sign FILE --key NAME`".to_owned()
    }
}

/// The package's plugin for this machine, in a process of its own.
fn plugin_of(package: &Package) -> Result<Option<LoadedExpert>> {
    let Some(library) = package.own_library() else { return Ok(None) };
    let record = package.dir().join(BESIDE[1]);
    if !record.exists() {
        LibraryRecord::of(&library)
            .and_then(|of| of.write(&record, &library, SystemTime::now()))
            .map_err(|e| InstallError::io("write", &record, e))?;
    }
    let place = LibraryPlace {
        expert: package.description.name.clone(),
        library,
        record,
        installed: true,
        manifest_alone: false,
    };
    Ok(load_isolated(&place, 1, RENDER_LIMIT).map_err(PackageError::from)?.pop())
}

/// Whether the package is what was asked for, not another one that is as rightly signed.
fn check_expected(package: &Package, expected: Option<&Expected>) -> Result<()> {
    let Some(Expected { name, version, base }) = expected else { return Ok(()) };
    let got = &package.description;
    if *name == got.name && *version == got.version && *base == got.base.id {
        return Ok(());
    }
    Err(InstallError::AnotherExpert { asked: format!("{name} {version} for {base}"), got: got.title() })
}
