//! `hive expert update`: installs a newer version from the expert's source.

use clap::Args;
use hive_packages::installed::{InstallRequest, Store, admissible, install};
use hive_packages::registries::{Reference, Which, forget, open};
use hive_packages::trust::Ring;

use super::super::error::{CommandResult, Failure};
use super::super::output::result_prose;
use super::super::packages::signing::{Signing, ask_trust, usual_policy};
use super::super::pull_progress::PullProgress;
use super::install_report::report;
use super::loaded_package::{fetch, is_registered, reference_of};
use crate::context::Environment;

/// Install the newest version of an installed expert
#[derive(Debug, Args)]
pub struct Update {
    /// Name of the expert
    name: String,
    /// Update only the release for this base model
    #[arg(long)]
    base: Option<String>,
    #[command(flatten)]
    signing: Signing,
}

impl Update {
    /// Runs the command.
    ///
    /// # Errors
    /// When it is not installed, did not come from a registry, or the served package is not
    /// acceptable.
    pub fn run(self, env: &Environment) -> CommandResult {
        let store = Store::of(env.context.home()?);
        let release = store.find(&self.name, self.base.as_deref())?;
        let source = &release.record.source;
        if !is_registered(source) {
            let problem = format!("`{}` came from the file `{source}`, which has no newer version", self.name);
            return Err(Failure::misuse(problem).hint("`hive expert install FILE` installs another package").into());
        }
        let mut reference = Reference { which: Which::Highest, ..reference_of(env, source)? };
        let base = &release.description.base.id;
        let mut there = open(&reference, &env.context, &env.access)?.list()?;
        there.retain(|listed| listed.name == release.description.name && listed.base == *base);
        // A user of a release is not offered a pre-release.
        let is_early = |version: &str| semver::Version::parse(version).is_ok_and(|v| !v.pre.is_empty());
        if !is_early(&release.description.version) {
            there.retain(|listed| listed.version.pre.is_empty());
        }
        let newest = there.into_iter().max_by(|a, b| a.version.cmp(&b.version)).ok_or_else(|| {
            Failure::unacceptable(format!("`{source}` no longer has a package for base `{base}`"))
                .hint("`hive expert search REGISTRY` shows what is there")
        })?;
        if newest.version.to_string() == release.description.version {
            env.screen.note(&format!("{} is the newest version", release.title()));
            return Ok(());
        }
        reference.which = Which::Digest(newest.digest.clone());
        let from = fetch(env, source, &reference, &store)?;
        let package = &from.package;
        let policy = self.signing.policy(env, usual_policy(source))?;
        let mut ring = Ring::of(env.context.home()?)?;
        // If the base model is unchanged, use it from where it was for the last version.
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
        ask_trust(env.screen, package, policy, &mut ring)?;
        if package.signer(&ring).key() != release.record.key.as_ref() {
            env.screen.note(&format!(
                "warning: {} {} is signed by another key than {}",
                newest.name,
                newest.version,
                release.title()
            ));
        }
        let release = install(&env.context, &store, &request, &ring, &mut PullProgress::on(env.screen))?;
        forget(package, env.context.home()?);
        result_prose(env.screen, &report(&release, package, &ring))
    }
}
