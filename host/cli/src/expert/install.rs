//! `hive expert install`: installs an expert from a package.

mod older;

use clap::Args;
use hive_packages::Package;
use hive_packages::installed::{InstallRequest, Release, Store, admissible, install};
use hive_packages::registries::forget;
use hive_packages::trust::Ring;
use hive_runtime::asking::needed_arguments;
use serde_json::json;

use super::super::error::CommandResult;
use super::super::output::{result, result_prose};
use super::super::packages::proof::proof_json;
use super::super::packages::signing::{Signing, ask_trust, usual_policy};
use super::super::pull_progress::PullProgress;
use super::install_report::{proof, report};
use super::loaded_package::load_package;
use crate::context::Environment;

/// Install an expert from a package, after verifying it
#[derive(Debug, Args)]
pub struct Install {
    /// Package file, or registry reference: `oci://HOST/PATH/NAME[:VERSION]`,
    /// `dir:FOLDER/NAME[:VERSION]`; `builtin:NAME` is a release that came with hive
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
        let policy = self.signing.policy(env, usual_policy(&self.source))?;
        let from = match older::package(&self, env, &store, policy)? {
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
        ask_trust(env.screen, package, policy, &mut ring)?;
        let release = install(&env.context, &store, &request, &ring, &mut PullProgress::on(env.screen))?;
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
        result_prose(env.screen, &report(&release, package, &ring))?;
        env.screen.note(&format!("Try it: {}", try_it(&release, package)));
        Ok(())
    }
}

/// The command to run the expert.
fn try_it(release: &Release, package: &Package) -> String {
    let d = &release.description;
    format!("`hive expert run {}@{} {}`", d.name, d.version, needed_arguments(&package.manifest))
}
