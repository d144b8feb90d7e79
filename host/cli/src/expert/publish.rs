//! `hive expert publish`: publishes a package.

use std::path::{Path, PathBuf};

use clap::Args;
use hive_packages::Package;
use hive_packages::registries::{Reference, Which, export, open};
use serde_json::json;

use super::super::error::{CommandResult, Failure};
use super::super::output::result;
use super::super::packages::{no_package, staging};
use super::super::pull_progress::PullProgress;
use crate::context::Environment;

/// Prefix of the target for a folder that can be uploaded to a model hub.
const HUB: &str = "hub-folder:";

/// Publish a package
#[derive(Debug, Args)]
pub struct Publish {
    /// Package file
    file: PathBuf,
    /// Target: `oci://HOST/PATH/NAME[:VERSION]`, `dir:FOLDER`, or `hub-folder:FOLDER` for a folder
    /// to upload to a model hub as a repository
    #[arg(value_name = "REGISTRY")]
    to: String,
    /// With `hub-folder:`: replace another package's files in the folder
    #[arg(long)]
    force: bool,
    /// Publish an unsigned package
    #[arg(long)]
    allow_unsigned: bool,
    /// Print JSON: `{"reference", "digest", "was_there"}`
    #[arg(long)]
    json: bool,
}

impl Publish {
    /// Runs the command.
    ///
    /// # Errors
    /// When the file is not a complete package, the version exists, or the registry cannot be
    /// written to.
    pub fn run(self, env: &Environment) -> CommandResult {
        if !self.file.is_file() {
            return Err(no_package(&self.file).into());
        }
        let package = Package::open(&self.file, &staging(env))?;
        let d = &package.description;
        if let Some(folder) = self.to.strip_prefix(HUB) {
            export(&package, Path::new(folder), self.force)?;
            result(folder)?;
            env.screen.note(&format!("{} as a repository: upload the folder with the hub's own tool", d.title()));
            return Ok(());
        }
        if package.signature.is_none() && !self.allow_unsigned {
            return Err(Failure::unacceptable(format!(
                "`{}` is not signed, so nobody could install it",
                package.shown
            ))
            .hint(format!("`hive expert sign {} --key NAME`; or `--allow-unsigned`", self.file.display()))
            .into());
        }
        let reference = Reference::to_registry(&self.to)?;
        match &reference.which {
            Which::Version(version) if version.to_string() != d.version => {
                let problem = format!("`{}` asks for version {version}, the package is version {}", self.to, d.version);
                return Err(Failure::misuse(problem)
                    .hint("leave the version out, or make a package of that version: `hive expert package --version`")
                    .into());
            }
            Which::Digest(_) => {
                let problem = format!("`{}` names a digest, which is computed from the package", self.to);
                return Err(Failure::misuse(problem).hint("leave the digest out").into());
            }
            _ => {}
        }
        let published = open(&reference, &env.context, &env.access)?.publish(
            &package,
            &self.file,
            &mut PullProgress::on(env.screen),
        )?;
        if self.json {
            let (reference, digest, was_there) = (published.reference, published.digest, published.was_there);
            return result(&format!(
                "{:#}",
                json!({ "reference": reference, "digest": digest, "was_there": was_there })
            ));
        }
        result(&published.reference)?;
        let done = if published.was_there { "was there already" } else { "published" };
        env.screen.note(&format!("{} {done}: {}", d.title(), published.digest));
        Ok(())
    }
}
