//! `hive expert package`: builds an installable file from a finished run.

mod built;
mod contents;
mod run;

use std::path::PathBuf;

use clap::Args;
use hive_packages::installed::prove_own;
use hive_packages::{ExistingPackage, Ingredients, RunFacts, assemble};
use hive_runtime::base::Base;

use super::super::error::CommandResult;
use super::super::loading::load_expert;
use super::super::overwrite::may_overwrite;
use super::super::packages::staging;
use super::super::pull_progress::PullProgress;
use super::statement::{PackageChecks, for_package};
use crate::context::Environment;

/// Build a package from a finished run
#[derive(Debug, Args)]
// Here, `--version` is the package's version, not hive's.
#[command(disable_version_flag = true)]
pub struct Package {
    /// Name of the expert, as `hive expert list` shows it
    name: String,
    /// Run folder [default: the run that `hive expert use` chose, else the best below `runs`]
    #[arg(long, value_name = "RUN")]
    run: Option<PathBuf>,
    /// Folder for the package
    #[arg(short, long, value_name = "DIR", default_value = "dist")]
    out: PathBuf,
    /// Version of the package [default: the manifest's]
    #[arg(long, value_name = "X.Y.Z")]
    version: Option<String>,
    /// Base model, if it is no longer where it was during training
    #[arg(long)]
    base: Option<String>,
    /// File with the licence text [default: `LICENSE` beside a declared expert's manifest, else a line
    /// that names the manifest's licence]
    #[arg(long, value_name = "FILE")]
    license_file: Option<PathBuf>,
    /// Include the plugin for this machine, so that users who trust the signer can also grade and
    /// train
    #[arg(long)]
    with_plugin: bool,
    /// Include a plugin that was built for another machine
    #[arg(long = "plugin", value_name = "TARGET=FILE")]
    plugins: Vec<String>,
    /// Include the metrics of this evaluation: a report of `hive expert eval`, or the name of one
    /// in the run's `eval` folder, such as `builtin`; may be repeated [default: the evaluation at
    /// the end of training]
    #[arg(long, value_name = "REPORT")]
    evaluation: Vec<PathBuf>,
    /// Checks of the expert whose result goes into the package. What `hive expert check` found before is not looked for
    /// again
    #[arg(long, value_enum, value_name = "CHECKS", default_value_t = PackageChecks::Full)]
    checks: PackageChecks,
    /// Overwrite a signed package of the same name without asking
    #[arg(long)]
    force: bool,
    /// Print JSON: `{"package", "name", "version", "base", "files", "sha256"}`
    #[arg(long)]
    json: bool,
}

impl Package {
    /// Runs the command.
    ///
    /// # Errors
    /// When the run has no adapter, or its base model is unavailable.
    pub fn run(self, env: &Environment) -> CommandResult {
        let run = run::finished(&self, env)?;
        let open = load_expert(env, &self.name)?;
        let mut facts = RunFacts::read(&run, &self.name)?;
        facts.add_reports(&self.evaluation, &self.name)?;
        let libraries = contents::libraries(&self, &open)?;
        let license = contents::license(&self, &open)?;
        contents::check_usable(&self, &open, &libraries)?;
        let wanted = self.base.as_deref().unwrap_or(&facts.base.id);
        let base = Base::open(&env.context, wanted, &mut PullProgress::on(env.screen))?;
        facts.check_prompts(&open.expert, &base)?;
        let checks = for_package(env, &open, self.checks)?;
        let assembled = assemble(&Ingredients {
            expert: &open.expert,
            base: &base,
            adapter: &facts.adapter,
            version: self.version.clone(),
            license,
            libraries,
            graders: contents::graders(&open)?,
            evaluation: facts.evaluation,
            checks,
            receipt: facts.receipt,
            golden: None,
        })?;
        let path = assembled.path(&self.out);
        if path.is_file() {
            match ExistingPackage::at(&path, &assembled, &staging(env)) {
                ExistingPackage::Unsigned => {}
                ExistingPackage::SameSigned => {
                    env.screen.note(&format!(
                        "`{}` is already this package, and signed: it is left unchanged",
                        path.display()
                    ));
                    return built::show(env.screen, &assembled, &path, true, self.json);
                }
                ExistingPackage::OtherSigned => {
                    let hint = "`--version X.Y.Z` makes another version, `-o DIR` writes it elsewhere";
                    may_overwrite(env.screen, &path, "a signed package", hint, self.force)?;
                }
            }
        }
        let path = assembled.write(&self.out, |package| prove_own(package, &base).map(drop))?;
        built::show(env.screen, &assembled, &path, false, self.json)
    }
}
