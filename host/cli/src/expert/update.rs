//! `hive expert update`: a newer version from where an expert came from.

use clap::Args;
use hive_packages::installed::{InstallRequest, Store, admissible, install};
use hive_packages::registries::{Reference, Which, forget, open};
use hive_packages::trust::{RequireSigned, Ring};

use super::super::error::{CommandResult, Failure};
use super::super::output::{note, result};
use super::super::packages::{Signing, ask_trust};
use super::super::pull_progress::PullProgress;
use super::install::{fetch, told};
use crate::context::Environment;

/// Install the newest version of an installed expert
#[derive(Debug, Args)]
pub struct Update {
    /// Name of the expert
    name: String,
    /// Only that for this base model
    #[arg(long)]
    base: Option<String>,
    #[command(flatten)]
    signing: Signing,
}

impl Update {
    /// Runs it.
    ///
    /// # Errors
    /// When it is not installed, did not come from a registry, or what is served is not acceptable.
    pub fn run(self, env: &Environment) -> CommandResult {
        let store = Store::of(env.context.home()?);
        let release = store.find(&self.name, self.base.as_deref())?;
        let source = &release.record.source;
        if !Reference::has_prefix(source) {
            let problem = format!("`{}` came from the file `{source}`, which has no newer version", self.name);
            return Err(Failure::misuse(problem).hint("`hive expert install FILE` installs another package").into());
        }
        let mut reference = Reference { which: Which::Highest, ..Reference::to_package(source)? };
        let base = &release.description.base.id;
        let mut there = open(&reference, &env.context, &env.access)?.list()?;
        there.retain(|listed| listed.name == release.description.name && listed.base == *base);
        // Who has a release is not handed what is not yet one.
        let is_early = |version: &str| semver::Version::parse(version).is_ok_and(|v| !v.pre.is_empty());
        if !is_early(&release.description.version) {
            there.retain(|listed| listed.version.pre.is_empty());
        }
        let newest = there.into_iter().max_by(|a, b| a.version.cmp(&b.version)).ok_or_else(|| {
            Failure::unacceptable(format!("`{source}` has nothing for base `{base}` any longer"))
                .hint("`hive expert search REGISTRY` shows what is there")
        })?;
        if newest.version.to_string() == release.description.version {
            note(&format!("{} is the newest version there is", release.title()));
            return Ok(());
        }
        reference.which = Which::Digest(newest.digest.clone());
        let from = fetch(env, &reference, &store)?;
        let package = &from.package;
        let policy = self.signing.policy(env, RequireSigned::Trusted)?;
        let mut ring = Ring::of(env.context.home()?)?;
        // Where the base was found for the last version, it is looked for again, if it is the same.
        let same_base = package.description.base.digest == release.description.base.digest;
        let request = InstallRequest {
            package,
            source: from.source.clone(),
            expected: from.expected.clone(),
            policy,
            allow_downgrade: false,
            base: same_base.then(|| release.record.base.clone()),
        };
        admissible(&store, &request)?;
        ask_trust(package, policy, &mut ring)?;
        if package.signer(&ring).key() != release.record.key.as_ref() {
            note(&format!(
                "warning: {} {} is signed by another key than {}",
                newest.name,
                newest.version,
                release.title()
            ));
        }
        let release = install(&env.context, &store, &request, &ring, &mut PullProgress::stderr())?;
        forget(package, env.context.home()?);
        result(&told(&release, package, &ring))
    }
}
