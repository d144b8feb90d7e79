//! `hive expert inspect`: the contents of a package. It needs no base model and never runs the
//! package's plugin.

mod metrics;
mod older;
mod report;

use std::path::Path;

use clap::Args;
use hive_packages::Legacy;
use hive_packages::layout::EVALUATION;
use hive_packages::trust::Ring;
use serde_json::{Value, json};

use super::super::output::{result, result_prose};
use super::super::packages::signer::signer_json;
use super::super::packages::{FoundPackage, staging};
use super::loaded_package::shown_package;
use crate::context::Environment;
use crate::error::CommandResult;

/// Show a package's expert, base model, adapter, metrics, files and signature
#[derive(Debug, Args)]
pub struct Inspect {
    /// Package file, installed expert (NAME or NAME@VERSION), or registry reference, such as
    /// `builtin:NAME`
    #[arg(value_name = "FILE|NAME|REFERENCE")]
    target: String,
    /// Base model, if the version is installed for several
    #[arg(long)]
    base: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Inspect {
    /// Runs the command.
    ///
    /// # Errors
    /// When there is no such package, or its files are inconsistent.
    pub fn run(self, env: &Environment) -> CommandResult {
        let path = Path::new(&self.target);
        if path.is_file()
            && let Some(legacy) = Legacy::open(path, &staging(env))?
        {
            return older::show(env.screen, &legacy, self.json);
        }
        let FoundPackage { package, release } = shown_package(env, &self.target, self.base.as_deref())?;
        let signer = package.signer(&Ring::of(env.context.home()?)?);
        let evaluation = package.text(EVALUATION)?.and_then(|text| serde_json::from_str::<Value>(&text).ok());
        if self.json {
            return result(&format!(
                "{:#}",
                json!({
                    "package": package.description, "digest": package.digest, "signature": signer_json(&signer), "files": package.files,
                    "evaluation": evaluation, "checks": package.checks, "installed": release.map(|release| release.record),
                })
            ));
        }
        result_prose(env.screen, &report::lines(&package, &signer, evaluation.as_ref(), release.as_ref()).join("\n"))
    }
}
