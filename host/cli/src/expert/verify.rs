//! `hive expert verify`: all checks of the installation, for a package file or an installed
//! release.

use clap::Args;
use hive_packages::installed::prove;
use hive_packages::trust::{RequireSigned, Ring};
use serde_json::json;

use super::super::output::{result, result_prose};
use super::super::packages::proof::{proof_json, proof_lines};
use super::super::packages::signer::{signer_json, signer_text};
use super::super::packages::signing::Signing;
use super::super::packages::{FoundPackage, line};
use super::super::pull_progress::PullProgress;
use super::loaded_package::shown_package;
use crate::context::Environment;
use crate::error::CommandResult;

/// Verify a package's files and signature, and that it computes the recorded results
#[derive(Debug, Args)]
pub struct Verify {
    /// Package file, installed expert (NAME or NAME@VERSION), or registry reference, such as
    /// `builtin:NAME`
    #[arg(value_name = "FILE|NAME|REFERENCE")]
    target: String,
    #[command(flatten)]
    signing: Signing,
    /// Base model for the verification, if the package's own name for it is unknown here; or the
    /// base model to select, if the version is installed for several
    #[arg(long)]
    base: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Verify {
    /// Runs the command.
    ///
    /// # Errors
    /// The checks that fail. Without `--require-signed` an unsigned package is reported, but not an
    /// error.
    pub fn run(self, env: &Environment) -> CommandResult {
        let FoundPackage { package, release } = shown_package(env, &self.target, self.base.as_deref())?;
        let ring = Ring::of(env.context.home()?)?;
        let signer = package.signer(&ring);
        signer.admit(self.signing.policy(env, RequireSigned::None)?, &package.shown)?;
        let base = self.base.or_else(|| release.map(|release| release.record.base));
        let proved = prove(&env.context, &package, &signer, base.as_deref(), &mut PullProgress::on(env.screen))?;
        if self.json {
            return result(&format!(
                "{:#}",
                json!({
                    "package": package.description, "digest": package.digest, "signature": signer_json(&signer),
                    "proof": proof_json(&proved.proof, &proved.base),
                })
            ));
        }
        let mut lines = vec![
            line("package", &package.description.title()),
            line("files", &format!("{}, all as listed (list's sha256 {})", package.files.len(), package.digest)),
            line("signature", &signer_text(&signer)),
        ];
        lines.extend(proof_lines(&proved.proof, &proved.base));
        lines.push(line("plugin", if proved.plugin { "renders the same prompts" } else { "none that runs here" }));
        result_prose(env.screen, &lines.join("\n"))
    }
}
