//! `hive expert list`: every expert and its state. Builds nothing. The exit code is 0 even when an
//! expert is broken: the list is the result, and includes the state.

mod table;

use clap::Args;
use hive_packages::installed::{InstallError, Release, Store};
use hive_plugins::{ExpertState, Surveyed, survey};
use serde_json::{Value, json};

use crate::answering::Answering;
use crate::context::Environment;
use crate::error::CommandResult;
use crate::loading::experts;
use crate::output::result;

/// What is said instead of a list.
const NONE: &str = "No experts found: neither a source checkout nor `HIVE_HOME/experts` holds one; `hive expert install` \
                    installs one";

/// Lists every expert, its version, library and state.
#[derive(Debug, Args)]
pub struct List {
    /// Print JSON: `{"experts": [{"name", "version", "abi", "description", "origin", "manifest",
    /// "library", "state", "why", "answers",
    /// "kind", "folder", "hides"}], "installed": [{"name", "version", "base", "current", "folder",
    /// "source"}]}`
    #[arg(long)]
    json: bool,
}

impl List {
    /// Runs the command.
    ///
    /// # Errors
    /// When stdout cannot be written to.
    pub fn run(self, env: &Environment) -> CommandResult {
        let found = survey(&experts(env), &env.builder);
        // Without a home folder nothing is installed.
        let installed = env
            .context
            .home()
            .map(Store::of)
            .map_err(InstallError::from)
            .and_then(|store| store.releases())
            .unwrap_or_default();
        let answering = Answering::of(env);
        let answers: Vec<Option<String>> = found.iter().map(|expert| answering.title(&expert.name)).collect();
        if self.json {
            let experts: Vec<Value> = found.iter().zip(&answers).map(|(expert, by)| as_json(expert, by)).collect();
            let installed: Vec<Value> = installed.iter().map(release_json).collect();
            return result(&format!("{:#}", json!({ "experts": experts, "installed": installed })));
        }
        if found.is_empty() {
            env.screen.note(NONE);
            return Ok(());
        }
        let mut lines = vec![table::table(&found, &answers, env.screen.result_width())];
        if !installed.is_empty() {
            lines.push("\nINSTALLED".to_owned());
            lines.extend(
                installed
                    .iter()
                    .map(|release| format!("  {}{}", release.title(), if release.current { " (current)" } else { "" })),
            );
        }
        result(&lines.join("\n"))
    }
}

fn release_json(release: &Release) -> Value {
    let d = &release.description;
    json!({
        "name": d.name, "version": d.version, "base": d.base.id, "current": release.current, "folder": release.dir,
        "source": release.record.source,
    })
}

fn as_json(expert: &Surveyed, answers: &Option<String>) -> Value {
    let (state, why) = match &expert.state {
        ExpertState::Ready => ("ready", None),
        ExpertState::Declared => ("ready", None),
        ExpertState::WithoutPlugin => ("without_plugin", None),
        ExpertState::NotBuilt => ("not_built", None),
        ExpertState::Stale => ("stale", None),
        ExpertState::Broken(why) => ("broken", Some(why)),
    };
    json!({
        "name": expert.name,
        "version": expert.version,
        "abi": expert.abi,
        "description": expert.description,
        "kind": if expert.state == ExpertState::Declared { "declared" } else { "plugin" },
        "origin": expert.origin,
        "folder": expert.folder,
        "hides": expert.hides,
        "manifest": expert.manifest,
        "library": expert.library,
        "state": state,
        "why": why,
        "answers": answers,
    })
}
