//! Installs a package after checking, in this order, its identity, its version, its signature, and whether its
//! recorded outputs are reproduced on this machine.

use std::time::{Duration, SystemTime};

use hive_net::{Context, TransferReporter};
use hive_plugins::{ExpertCode, ExpertPlace, LibraryRecord, LoadedExpert, declared, load_isolated};
use hive_runtime::base::Base;
use hive_runtime::models::{ModelError, ModelStore};

use super::error::{InstallError, Result};
use super::record::{BESIDE, FORMAT, InstallRecord};
use super::store::{Installing, Release, Store};
use crate::trust::{RequireSigned, Ring, Signer};
use crate::{Package, PackageError, Proof};

/// Time limit for a plugin to render a prompt.
const RENDER_LIMIT: Duration = Duration::from_secs(60);

/// The identity that a registry states; the package must have the same one.
#[derive(Debug, Clone)]
pub struct Expected {
    /// The expert's name.
    pub name: String,
    /// The package's version.
    pub version: String,
    /// The id of its base.
    pub base: String,
}

/// A request to install a package.
#[derive(Debug)]
pub struct InstallRequest<'a> {
    /// The package.
    pub package: &'a Package,
    /// Its source, for the record.
    pub source: String,
    /// The identity that it must have.
    pub expected: Option<Expected>,
    /// The signature that it must have.
    pub policy: RequireSigned,
    /// Whether it may be older than a version that was installed before.
    pub allow_downgrade: bool,
    /// The base to use; `None` for the one in the catalogue.
    pub base: Option<String>,
}

/// A package that has been proved.
#[derive(Debug)]
pub struct Proved {
    /// The proof.
    pub proof: Proof,
    /// Whether its plugin can be used: its signer is trusted, and it has one for this machine.
    pub plugin: bool,
    /// The base's id, or the path from which it was opened.
    pub base: String,
    /// Whether the base was downloaded for this.
    pub fetched_base: bool,
}

/// The checks that need neither trust nor computation: the package is the requested one, and not older than a version
/// that was installed before.
///
/// # Errors
/// When a check fails.
pub fn admissible(store: &Store, request: &InstallRequest<'_>) -> Result<()> {
    check_expected(request.package, request.expected.as_ref())?;
    store.check(request.package, request.allow_downgrade)
}

/// Installs a package.
///
/// # Errors
/// When it is of another expert, is not signed as required, is older than a version that was installed before, or its
/// proof fails. Nothing is then installed.
pub fn install(
    context: &Context,
    store: &Store,
    request: &InstallRequest<'_>,
    ring: &Ring,
    reporter: &mut dyn TransferReporter,
) -> Result<Release> {
    let InstallRequest { package, policy, .. } = request;
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

/// Proves a package on its base, which is downloaded if necessary. Its native code runs only if its signer is trusted,
/// and then in a separate process.
///
/// # Errors
/// When the base is not available, or the proof fails.
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
        return Err(PackageError::Argument { problem, hint: Some(plugin_hint(package, signer)) }.into());
    }
    let opened = Base::open(context, wanted, reporter).map_err(PackageError::from)?;
    let mut proof = None;
    for expert in &renderers {
        proof = Some(package.prove(&opened, expert)?);
    }
    let proof = proof.ok_or_else(|| PackageError::Argument { problem: "nothing was proved".to_owned(), hint: None })?;
    // A local path is stored as an absolute one.
    let local = matches!(&here, Ok(location) if location.id.is_none());
    let absolute = local.then(|| std::path::absolute(wanted).ok()).flatten();
    let base = absolute.map_or_else(|| opened.reference.id.clone(), |path| path.display().to_string());
    Ok(Proved { proof, plugin: plugin.is_some(), base, fetched_base: here.is_err() })
}

/// Proves a package that was built on this machine in both ways in which recipients will: with its manifest's
/// prompt, as without trust in its signer, and with its plugin. `None` if it has neither for this machine.
///
/// # Errors
/// When the proof fails.
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

/// A hint how to get a plugin that may run.
fn plugin_hint(package: &Package, signer: &Signer) -> String {
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

/// The package's plugin for this machine, in a separate process.
fn plugin_of(package: &Package) -> Result<Option<LoadedExpert>> {
    let Some(library) = package.own_library() else { return Ok(None) };
    let record = package.dir().join(BESIDE[1]);
    if !record.exists() {
        LibraryRecord::of(&library)
            .and_then(|library_record| library_record.write(&record, &library, SystemTime::now()))
            .map_err(|e| InstallError::io("write", &record, e))?;
    }
    let place = ExpertPlace {
        expert: package.description.name.clone(),
        code: ExpertCode::Library { library, record, installed: true },
        known: None,
    };
    Ok(load_isolated(&place, 1, RENDER_LIMIT).map_err(PackageError::from)?.pop())
}

/// Checks that the package is the requested one, and not another one with a valid signature.
fn check_expected(package: &Package, expected: Option<&Expected>) -> Result<()> {
    let Some(Expected { name, version, base }) = expected else { return Ok(()) };
    let got = &package.description;
    if *name == got.name && *version == got.version && *base == got.base.id {
        return Ok(());
    }
    Err(InstallError::AnotherExpert { asked: format!("{name} {version} for {base}"), got: got.title() })
}
