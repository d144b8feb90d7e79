//! `hive expert package`: builds an installable file from a finished run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use hive_packages::installed::prove_own;
use hive_packages::layout::own_target;
use hive_packages::{Assembled, Ingredients, Package as Packed, RunFacts, assemble};
use hive_runtime::base::Base;
use hive_train::run_folder::RunFolder;
use serde_json::json;

use super::super::error::{CommandResult, Failure};
use super::super::loading::load_expert;
use super::super::output::{note, result};
use super::super::overwrite::may_overwrite;
use super::super::packages::staging;
use super::super::pull_progress::PullProgress;
use super::train::RUNS;
use crate::context::Environment;
use crate::loading::experts;

/// Build a package from a finished run
#[derive(Debug, Args)]
// Here, `--version` is the package's version, not hive's.
#[command(disable_version_flag = true)]
pub struct Package {
    /// Name of the expert, as `hive expert list` shows it
    name: String,
    /// Run folder [default: the latest run below `runs` that has an adapter]
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
    /// File with the licence text [default: a line that names the manifest's licence]
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
        let run = self.run.clone().or_else(|| RunFolder::latest(Path::new(RUNS), &self.name, "adapter"));
        if run.is_none() {
            // An unknown name is reported as such.
            experts(env).get(&self.name)?;
        }
        let run = run.ok_or_else(|| {
            Failure::unacceptable(format!("There is no finished run of expert `{}` below `{RUNS}`", self.name))
                .hint(format!("`hive expert train {} --profile quickstart` makes one", self.name))
        })?;
        let open = load_expert(env, &self.name)?;
        let mut facts = RunFacts::read(&run, &self.name)?;
        facts.add_reports(&self.evaluation, &self.name)?;
        let mut libraries = BTreeMap::new();
        if self.with_plugin {
            libraries.insert(own_target(), open.place.library.clone());
        }
        for plugin in &self.plugins {
            let (target, path) = plugin
                .split_once('=')
                .ok_or_else(|| Failure::misuse(format!("`--plugin {plugin}` is not of the form `TARGET=FILE`")))?;
            if !Path::new(path).is_file() {
                return Err(Failure::misuse(format!("There is no plugin `{path}`")).into());
            }
            libraries.insert(target.to_owned(), path.into());
        }
        let license = self
            .license_file
            .as_deref()
            .map(|path| std::fs::read_to_string(path).map_err(|e| hive_engine::EngineError::io("read", path, e)));
        let license = license.transpose()?;
        if libraries.is_empty() && open.expert.manifest().prompt.is_empty() {
            let problem = format!(
                "This package could not be used: `manifests/{}.json` declares no `prompt`, and no plugin is included",
                self.name
            );
            let hint = "`--with-plugin` includes the plugin for this machine; or declare the `prompt`";
            return Err(Failure::unacceptable(problem).hint(hint).into());
        }
        let wanted = self.base.as_deref().unwrap_or(&facts.base.id);
        let base = Base::open(&env.context, wanted, &mut PullProgress::stderr())?;
        facts.check_prompts(&open.expert, &base)?;
        let ingredients = Ingredients {
            expert: &open.expert,
            base: &base,
            adapter: &facts.adapter,
            version: self.version.clone(),
            license,
            libraries,
            evaluation: facts.evaluation,
            receipt: facts.receipt,
            golden: None,
        };
        let assembled = assemble(&ingredients)?;
        let path = assembled.path(&self.out);
        if path.is_file()
            && let Ok(there) = Packed::open(&path, &staging(env))
            && there.signature.is_some()
        {
            if Some(&there.digest) == assembled.digest().as_ref() {
                note(&format!("`{}` is already this package, and signed: it is left unchanged", path.display()));
                return self.show(&assembled, &path, true);
            }
            let hint = "`--version X.Y.Z` makes another version, `-o DIR` writes it elsewhere";
            may_overwrite(&path, "a signed package", hint, self.force)?;
        }
        let path = assembled.write(&self.out, |package| prove_own(package, &base).map(drop))?;
        self.show(&assembled, &path, false)
    }

    fn show(&self, assembled: &Assembled, path: &Path, signed: bool) -> CommandResult {
        let sha256 = hive_files::sha256_of_file(path)?;
        let description = &assembled.description;
        if self.json {
            return result(&format!(
                "{:#}",
                json!({
                    "package": path, "name": description.name, "version": description.version,
                    "base": description.base.id, "files": assembled.files.keys().collect::<Vec<_>>(), "sha256": sha256,
                })
            ));
        }
        let bytes = std::fs::metadata(path).map(|m| m.len()).unwrap_or(0);
        result(&path.display().to_string())?;
        note(&format!(
            "{}: {} files, {:.1} MB, sha256 {sha256}",
            description.title(),
            assembled.files.len(),
            bytes as f64 / 1e6
        ));
        match signed {
            true => note(&format!("Next: `hive expert publish {} oci://HOST/PATH/NAME`", path.display())),
            false => note(&format!("Next: `hive expert sign {} --key NAME`", path.display())),
        }
        Ok(())
    }
}
