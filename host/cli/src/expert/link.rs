//! `hive expert link` and `unlink`: experts in folders of the user's own.

use std::path::PathBuf;

use clap::Args;
use hive_plugins::{link, unlink};

use crate::context::Environment;
use crate::error::CommandResult;
use crate::loading::{experts, load_expert};
use crate::output::result;

/// Link an expert in a folder, so that all commands know its name
#[derive(Debug, Args)]
pub struct Link {
    /// Folder with `expert.json` and, for an expert with code, a crate
    folder: PathBuf,
}

impl Link {
    /// Runs the command.
    ///
    /// # Errors
    /// When the folder holds no sound expert, another folder has its name, or its crate does not build.
    pub fn run(self, env: &Environment) -> CommandResult {
        let (name, again) = link(env.context.home()?, &self.folder)?;
        let experts = experts(env);
        for hidden in experts.hidden(&name) {
            env.screen.note(&format!("It hides the `{name}` {}", hidden.origin_text()));
        }
        // What does not build or load is said now, and stays linked while it is mended.
        let open = load_expert(env, &name)?;
        let manifest = open.expert.manifest();
        let word = if again { "was linked already" } else { "is linked" };
        let kind = if open.place.is_declared() { "declared, without code" } else { "with a library" };
        result(&format!("`{name}` {} {word} ({kind}): {}", manifest.version, manifest.description))?;
        env.screen.note(&format!("Try it: `hive expert check {name}`, `hive expert train {name} --dataset FILE`"));
        Ok(())
    }
}

/// End the link to an expert's folder, which stays as it is
#[derive(Debug, Args)]
pub struct Unlink {
    /// Name of the expert
    name: String,
}

impl Unlink {
    /// Runs the command.
    ///
    /// # Errors
    /// When no expert of this name is linked.
    pub fn run(self, env: &Environment) -> CommandResult {
        let folder = unlink(env.context.home()?, &self.name)?;
        let after = match experts(env).get(&self.name) {
            Ok(entry) => format!("; the `{}` {} counts now", self.name, entry.origin_text()),
            Err(_) => String::new(),
        };
        result(&format!("`{}` is no longer linked to `{}`{after}", self.name, folder.display()))
    }
}
