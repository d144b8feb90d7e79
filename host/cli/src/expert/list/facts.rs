//! An expert in the list, with what answers under its name and what is known of it besides.

use std::path::Path;

use hive_check::ExpertKind;
use hive_packages::Summary;
use hive_packages::installed::Release;
use hive_plugins::{ExpertPlace, ExpertState, Experts, Surveyed};
use hive_sdk::Manifest;

use crate::answering::Answering;
use crate::context::Environment;
use crate::expert::statement::on_record;

/// An expert in the list.
pub(super) struct Row {
    pub(super) expert: Surveyed,
    /// What answers under its name.
    pub(super) answers: Option<String>,
    /// Kind, checks and licence.
    pub(super) summary: Summary,
}

impl Row {
    /// The row of one of these experts.
    pub(super) fn of(env: &Environment, experts: &Experts, answering: &Answering, expert: Surveyed) -> Self {
        let manifest = std::fs::read_to_string(&expert.manifest).unwrap_or_default();
        let license = Manifest::parse(&manifest).ok().map(|manifest| manifest.license);
        let own = if expert.state == ExpertState::Declared { ExpertKind::Declared } else { ExpertKind::Plugin };
        let entry = experts.get(&expert.name).ok();
        let place = entry.map(|entry| ExpertPlace::of(entry, &env.builder));
        let mut summary = match place.and_then(|place| on_record(env, &place, &manifest)) {
            Some(found) => Summary { kind: Some(found.kind), checks: Some(found.level), ..Summary::default() },
            // An installed one comes with what its package states.
            None if expert.origin == "installed" => {
                Summary::of_folder(expert.manifest.parent().unwrap_or(Path::new("")), "")
            }
            None => Summary::default(),
        };
        // How many answers are right depends on the run or release, which `answers` names.
        summary = Summary { kind: summary.kind.or(Some(own)), answers: None, license, ..summary };
        Self { answers: answering.title(&expert.name), expert, summary }
    }
}

/// What an installed release's package states.
pub(super) fn summary_of(release: &Release) -> Summary {
    Summary::of_folder(&release.dir, &release.description.license)
}
