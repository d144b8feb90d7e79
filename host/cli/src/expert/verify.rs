//! `hive expert verify`: everything that installing checks, at any time, of a file or of what is
//! installed.

use clap::Args;
use hive_packages::installed::prove;
use hive_packages::trust::{RequireSigned, Ring};
use serde_json::json;

use super::super::output::result;
use super::super::packages::{Looked, Signing, line, look, proof_json, proof_lines, signer_json, signer_text};
use super::super::pull_progress::PullProgress;
use crate::context::Environment;
use crate::error::CommandResult;

/// Check a package's files and signature, and that it computes what it says
#[derive(Debug, Args)]
pub struct Verify {
    /// A package's file, or an installed expert: NAME or NAME@VERSION
    #[arg(value_name = "FILE|NAME")]
    what: String,
    #[command(flatten)]
    signing: Signing,
    /// Base model to prove it on, where the package's own name for it is not known here; or which of
    /// several that an installed version is for
    #[arg(long)]
    base: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Verify {
    /// Runs it.
    ///
    /// # Errors
    /// What does not hold. Without `--require-signed` an unsigned package is told of, and no error.
    pub fn run(self, env: &Environment) -> CommandResult {
        let Looked { package, release } = look(env, &self.what, self.base.as_deref())?;
        let ring = Ring::of(env.context.home()?)?;
        let signer = package.signer(&ring);
        signer.admit(self.signing.policy(env, RequireSigned::None)?, &package.shown)?;
        let base = self.base.or_else(|| release.map(|release| release.record.base));
        let proved = prove(&env.context, &package, &signer, base.as_deref(), &mut PullProgress::stderr())?;
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
        result(&lines.join("\n"))
    }
}
