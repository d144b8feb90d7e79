//! `hive expert list`: every expert and its state. Builds nothing. The exit code is 0 even when an
//! expert is broken: the list is the result, and includes the state.

mod facts;
mod table;

use clap::Args;
use facts::{Row, summary_of};
use hive_packages::Summary;
use hive_packages::installed::{InstallError, Release, Store};
use hive_packages::trust::{Ring, Signer};
use hive_plugins::{ExpertState, survey};
use serde_json::{Value, json};

use crate::answering::Answering;
use crate::context::Environment;
use crate::error::CommandResult;
use crate::loading::experts;
use crate::output::result;
use crate::packages::summary::summary_text;
use crate::wrapping::wrapped;

/// What is said instead of a list.
const NONE: &str = "No experts found: neither a source checkout nor `HIVE_HOME/experts` holds one; `hive expert install` \
                    installs one";

/// Lists every expert, its version, library and state.
#[derive(Debug, Args)]
pub struct List {
    /// Print JSON: `{"experts": [{"name", "version", "abi", "description", "origin", "manifest",
    /// "library", "state", "why", "answers", "kind", "checks", "license", "folder", "hides"}],
    /// "installed": [{"name", "version", "base", "current", "folder", "source", "kind", "checks",
    /// "answers", "license", "key"}]}`
    #[arg(long)]
    json: bool,
}

impl List {
    /// Runs the command.
    ///
    /// # Errors
    /// When stdout cannot be written to.
    pub fn run(self, env: &Environment) -> CommandResult {
        let experts = experts(env);
        let answering = Answering::of(env);
        let found = survey(&experts, &env.builder).into_iter();
        let rows: Vec<Row> = found.map(|expert| Row::of(env, &experts, &answering, expert)).collect();
        // Without a home folder nothing is installed.
        let installed = env
            .context
            .home()
            .map(Store::of)
            .map_err(InstallError::from)
            .and_then(|store| store.releases())
            .unwrap_or_default();
        if self.json {
            let experts: Vec<Value> = rows.iter().map(as_json).collect();
            let installed: Vec<Value> = installed.iter().map(release_json).collect();
            return result(&format!("{:#}", json!({ "experts": experts, "installed": installed })));
        }
        if rows.is_empty() {
            env.screen.note(NONE);
            return Ok(());
        }
        let width = env.screen.result_width();
        let mut lines = vec![table::table(&rows, width)];
        if !installed.is_empty() {
            lines.push("\nINSTALLED".to_owned());
            let ring = Ring::of(env.context.home()?)?;
            for release in &installed {
                let signer = Signer::of(release.record.key, &ring);
                lines.push(format!("  {}{}", release.title(), if release.current { " (current)" } else { "" }));
                let summary = summary_text(&summary_of(release), Some(&signer));
                lines.push(wrapped(&format!("    {summary}"), width));
            }
        }
        result(&lines.join("\n"))
    }
}

fn release_json(release: &Release) -> Value {
    let d = &release.description;
    let Summary { kind, checks, answers, license } = summary_of(release);
    json!({
        "name": d.name, "version": d.version, "base": d.base.id, "current": release.current, "folder": release.dir,
        "source": release.record.source, "kind": kind, "checks": checks, "answers": answers, "license": license,
        "key": release.record.key,
    })
}

fn as_json(Row { expert, answers, summary }: &Row) -> Value {
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
        "kind": summary.kind,
        "checks": summary.checks,
        "license": summary.license,
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
