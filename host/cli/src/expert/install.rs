//! `hive expert install`: from a package to an expert that can be asked.

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

/// Install an expert from a package, after proving it
#[derive(Debug, Args)]
pub struct Install {
    /// The package's file, or a registry's: `oci://HOST/PATH/NAME[:VERSION]`, `dir:FOLDER/NAME[:VERSION]`
    #[arg(value_name = "FILE|REFERENCE")]
    what: String,
    #[command(flatten)]
    signing: Signing,
    /// Base model to prove it on, where the package's own name for it is not known here
    #[arg(long)]
    base: Option<String>,
    /// Install it though a newer version was here
    #[arg(long)]
    allow_downgrade: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Install {
    /// Runs it.
    ///
    /// # Errors
    /// When the package is not whole, not signed as asked, older than what was here, or does not
    /// compute what it says. Nothing is then installed.
    pub fn run(self, env: &Environment) -> CommandResult {
        let store = Store::of(env.context.home()?);
        let policy = self.signing.policy(env, RequireSigned::Trusted)?;
        let from = match self.older(env, &store, policy)? {
            Some(from) => from,
            None => bring(env, &self.what, &store)?,
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
        // Whom to trust is asked for what could be installed, not for what is none of it.
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
        result(&told(&release, package, &ring))?;
        note(&format!("Try it: {}", try_it(&release, package)));
        Ok(())
    }
}

impl Install {
    /// A package of the older ecosystem, made into one of ours; `None` when it is none.
    fn older(&self, env: &Environment, store: &Store, policy: RequireSigned) -> CommandResult<Option<Brought>> {
        let path = Path::new(&self.what);
        if !path.is_file() {
            return Ok(None);
        }
        let staging = store.staging()?;
        let Some(legacy) = Legacy::open(path, &staging)? else { return Ok(None) };
        // Nothing in it vouches for its bytes.
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
        note("  how prompts were written in training: it is asked in the words that it is given");
        let source = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        Ok(Some(Brought { package, source: source.display().to_string(), expected: None }))
    }
}

/// A package that was brought here to be installed.
pub(super) struct Brought {
    /// The package.
    pub(super) package: Package,
    /// Where it is from.
    pub(super) source: String,
    /// What it must be.
    pub(super) expected: Option<Expected>,
}

/// Brings a package here: out of a file, or from a registry.
///
/// # Errors
/// When it cannot be had, or is not whole.
pub(super) fn bring(env: &Environment, what: &str, store: &Store) -> CommandResult<Brought> {
    if Reference::has_prefix(what) {
        return fetch(env, &Reference::to_package(what)?, store);
    }
    let path = Path::new(what);
    if !path.is_file() {
        return Err(Failure::misuse(format!("There is no package `{what}`"))
            .hint(
                "`hive expert package NAME --run RUN -o DIR` makes one; a registry's is `oci://HOST/PATH/NAME:VERSION`",
            )
            .into());
    }
    let package = Package::open(path, &store.staging()?)?;
    let source = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    Ok(Brought { package, source: source.display().to_string(), expected: None })
}

/// Fetches a package from a registry.
///
/// # Errors
/// When it has none such, or serves something else.
pub(super) fn fetch(env: &Environment, reference: &Reference, store: &Store) -> CommandResult<Brought> {
    let registry = open(reference, &env.context, &env.access)?;
    let listed = registry.find(&reference.which)?;
    let dir = Staging::new(&store.staging()?)?;
    registry.fetch(&listed, dir.path(), &mut PullProgress::stderr())?;
    let shown = format!("{} {}", listed.name, listed.version);
    let package = Package::of_fetched(shown, dir)?;
    let source = reference.named(&listed.version);
    // The registry's word is one thing, the package's the other: they must be the same.
    let name = reference.name.clone().unwrap_or(listed.name);
    let expected = Expected { name, version: listed.version.to_string(), base: listed.base };
    Ok(Brought { package, source, expected: Some(expected) })
}

/// What was proved when this release was installed.
fn proof(release: &Release, package: &Package) -> Proof {
    let ProofRecord { tensors, prompts, distance } = release.record.proof;
    Proof { tensors, prompts, distance, tolerance: package.golden.tolerance }
}

/// What was installed, line by line.
pub(super) fn told(release: &Release, package: &Package, ring: &Ring) -> String {
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
            (false, true) => "left out: not signed by a trusted key, or not for this machine; it can be asked",
            (false, false) => "none in the package: it can be asked",
        },
    ));
    lines.join("\n")
}

/// The command that asks it.
fn try_it(release: &Release, package: &Package) -> String {
    let d = &release.description;
    format!("`hive expert run {}@{} {}`", d.name, d.version, needed_arguments(&package.manifest))
}
