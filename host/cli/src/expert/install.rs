//! `hive expert install`: installs an expert from a package.

use std::path::Path;

use clap::Args;
use hive_files::Staging;
use hive_packages::installed::{Expected, InstallRequest, ProofRecord, Release, Store, admissible, install};
use hive_packages::registries::{Reference, forget, open};
use hive_packages::trust::{RequireSigned, Ring, Signer};
use hive_packages::{Legacy, Package, PackageError, Proof};
use hive_runtime::asking::needed_arguments;
use hive_runtime::base::Base;
use serde_json::json;

use super::super::error::{CommandResult, Failure};
use super::super::output::{note, result};
use super::super::packages::{Signing, ask_trust, line, proof_json, proof_lines, signer_text};
use super::super::pull_progress::PullProgress;
use crate::context::Environment;

/// Install an expert from a package, after verifying it
#[derive(Debug, Args)]
pub struct Install {
    /// Package file, or registry reference: `oci://HOST/PATH/NAME[:VERSION]`,
    /// `dir:FOLDER/NAME[:VERSION]`
    #[arg(value_name = "FILE|REFERENCE")]
    source: String,
    #[command(flatten)]
    signing: Signing,
    /// Base model for the verification, if the package's own name for it is unknown here
    #[arg(long)]
    base: Option<String>,
    /// Install it even though a newer version was installed before
    #[arg(long)]
    allow_downgrade: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Install {
    /// Runs the command.
    ///
    /// # Errors
    /// When the package is damaged, not signed as required, older than a version installed before,
    /// or computes other results than it declares. Nothing is then installed.
    pub fn run(self, env: &Environment) -> CommandResult {
        let store = Store::of(env.context.home()?);
        let policy = self.signing.policy(env, RequireSigned::Trusted)?;
        let from = match self.older(env, &store, policy)? {
            Some(from) => from,
            None => load_package(env, &self.source, &store)?,
        };
        let package = &from.package;
        let mut ring = Ring::of(env.context.home()?)?;
        let request = InstallRequest {
            package,
            source: from.source.clone(),
            expected: from.expected.clone(),
            policy,
            allow_downgrade: self.allow_downgrade,
            base: self.base,
        };
        // Trust is only asked for a package that could be installed.
        admissible(&store, &request)?;
        ask_trust(package, policy, &mut ring)?;
        let release = install(&env.context, &store, &request, &ring, &mut PullProgress::stderr())?;
        forget(package, env.context.home()?);
        if self.json {
            let d = &release.description;
            return result(&format!(
                "{:#}",
                json!({
                    "name": d.name, "version": d.version, "base": d.base.id, "folder": release.dir,
                    "source": release.record.source, "proof": proof_json(&proof(&release, package), &release.record.base),
                })
            ));
        }
        result(&report(&release, package, &ring))?;
        note(&format!("Try it: {}", try_it(&release, package)));
        Ok(())
    }
}

impl Install {
    /// Converts a package in the older format; `None` when it is not one.
    fn older(&self, env: &Environment, store: &Store, policy: RequireSigned) -> CommandResult<Option<LoadedPackage>> {
        let path = Path::new(&self.source);
        if !path.is_file() {
            return Ok(None);
        }
        let staging = store.staging()?;
        let Some(legacy) = Legacy::open(path, &staging)? else { return Ok(None) };
        // Nothing in it authenticates its content.
        Signer::Nobody.admit(policy, &legacy.shown)?;
        let base = match (&self.base, legacy.base_id()?) {
            (Some(base), _) => base.clone(),
            (None, Some(id)) => id,
            (None, None) => {
                let problem =
                    format!("`{}` is for base model `{}`, which is not in the catalogue", legacy.shown, legacy.base);
                return Err(Failure::misuse(problem).hint("`--base PATH` names a copy of it on this machine").into());
            }
        };
        let base = Base::open(&env.context, &base, &mut PullProgress::stderr())?;
        let assembled = legacy.assemble(&base)?;
        let dir = Staging::new(&staging)?;
        let package = Package::open(&assembled.write(dir.path(), |_| Ok::<(), PackageError>(()))?, &staging)?;
        note(&format!("`{}` is of an older format. Lost on the way:", legacy.shown));
        for lost in &legacy.lost {
            note(&format!("  {lost}"));
        }
        note("  the prompt format used in training: the user's text is the whole prompt");
        let source = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        Ok(Some(LoadedPackage { package, source: source.display().to_string(), expected: None }))
    }
}

/// A package that was downloaded or unpacked for installation.
pub(super) struct LoadedPackage {
    /// The package.
    pub(super) package: Package,
    /// Its origin.
    pub(super) source: String,
    /// The expected identity.
    pub(super) expected: Option<Expected>,
}

/// Loads a package from a file or a registry.
///
/// # Errors
/// When it cannot be had, or is not whole.
pub(super) fn load_package(env: &Environment, source: &str, store: &Store) -> CommandResult<LoadedPackage> {
    if Reference::has_prefix(source) {
        return fetch(env, &Reference::to_package(source)?, store);
    }
    let path = Path::new(source);
    if !path.is_file() {
        return Err(Failure::misuse(format!("There is no package `{source}`"))
            .hint(
                "`hive expert package NAME --run RUN -o DIR` makes one; a registry's is `oci://HOST/PATH/NAME:VERSION`",
            )
            .into());
    }
    let package = Package::open(path, &store.staging()?)?;
    let source = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    Ok(LoadedPackage { package, source: source.display().to_string(), expected: None })
}

/// Downloads a package from a registry.
///
/// # Errors
/// When the registry has no such package, or serves another one.
pub(super) fn fetch(env: &Environment, reference: &Reference, store: &Store) -> CommandResult<LoadedPackage> {
    let registry = open(reference, &env.context, &env.access)?;
    let listed = registry.find(&reference.which)?;
    let dir = Staging::new(&store.staging()?)?;
    registry.fetch(&listed, dir.path(), &mut PullProgress::stderr())?;
    let shown = format!("{} {}", listed.name, listed.version);
    let package = Package::of_fetched(shown, dir)?;
    let source = reference.named(&listed.version);
    // The registry's metadata and the package's own must agree.
    let name = reference.name.clone().unwrap_or(listed.name);
    let expected = Expected { name, version: listed.version.to_string(), base: listed.base };
    Ok(LoadedPackage { package, source, expected: Some(expected) })
}

/// The results of the verification at installation.
fn proof(release: &Release, package: &Package) -> Proof {
    let ProofRecord { tensors, prompts, distance } = release.record.proof;
    Proof { tensors, prompts, distance, tolerance: package.golden.tolerance }
}

/// A report of what was installed, line by line.
pub(super) fn report(release: &Release, package: &Package, ring: &Ring) -> String {
    let mut lines = vec![
        line("installed", &format!("{} (current)", release.title())),
        line("signature", &signer_text(&package.signer(ring))),
    ];
    lines.extend(proof_lines(&proof(release, package), &release.record.base));
    let brings = !release.description.libraries.is_empty();
    lines.push(line(
        "plugin",
        match (release.record.plugin, brings) {
            (true, _) => "installed: it can grade and train as well",
            (false, true) => "not installed: not signed by a trusted key, or not for this machine; the expert can only generate answers",
            (false, false) => "none in the package: the expert can only generate answers",
        },
    ));
    lines.join("\n")
}

/// The command to run the expert.
fn try_it(release: &Release, package: &Package) -> String {
    let d = &release.description;
    format!("`hive expert run {}@{} {}`", d.name, d.version, needed_arguments(&package.manifest))
}
