//! Experts: whether each can be used, whether the files of its releases are as they were installed, and what it can use.

use hive_packages::installed::Store;
use hive_packages::trust::Ring;
use hive_plugins::{ExpertState, Surveyed, survey};
use hive_sdk::Manifest;

use super::Doctor;
use super::finding::Finding;
use super::resources;
use crate::context::Environment;
use crate::error::{CommandResult, Failure};
use crate::loading::experts;
use crate::packages::signer::signer_text;

/// What was found about the experts.
#[derive(Default)]
pub(super) struct Checked {
    /// The findings.
    pub(super) findings: Vec<Finding>,
    /// Experts whose library must still be built.
    pub(super) to_build: Vec<String>,
    /// Experts, and the base model of each one's recipe.
    pub(super) bases: Vec<(String, String)>,
}

impl Checked {
    /// Checks all experts, or the one that was named.
    ///
    /// # Errors
    /// When there is no such expert, or it has no such option.
    pub(super) fn of(doctor: &Doctor, env: &Environment) -> CommandResult<Self> {
        let all = experts(env);
        let mut checked = Self::default();
        let asked = doctor.expert.as_deref();
        if let Some(name) = asked {
            all.get(name)?;
        } else if doctor.flags.is_given() {
            let hint = "`hive doctor NAME --option …` checks one expert";
            return Err(Failure::misuse("Options belong to an expert, and none is named").hint(hint).into());
        }
        let mut surveyed = survey(&all, &env.builder);
        surveyed.retain(|expert| asked.is_none_or(|name| name == expert.name));
        if surveyed.is_empty() {
            let text = "none: neither a source checkout nor the home folder holds one";
            let advice = "`hive expert install` installs one; a clone of hive's repository has some";
            checked.findings.push(Finding::note("experts", text).advice(advice));
        }
        for expert in &surveyed {
            checked.one(expert, doctor, env)?;
        }
        checked.findings.extend(releases(env, asked));
        Ok(checked)
    }

    fn one(&mut self, expert: &Surveyed, doctor: &Doctor, env: &Environment) -> CommandResult {
        let name = &expert.name;
        let topic = format!("expert {name}");
        if matches!(expert.state, ExpertState::NotBuilt | ExpertState::Stale) {
            self.to_build.push(name.clone());
        }
        self.findings.push(match &expert.state {
            ExpertState::Ready => Finding::ok(topic, "its library loads"),
            ExpertState::Declared => Finding::ok(topic, "declared: needs no library"),
            ExpertState::WithoutPlugin => {
                Finding::ok(topic, "installed without native code: it can only generate answers")
            }
            ExpertState::NotBuilt => Finding::ok(topic, "not built yet: the first command that needs it builds it"),
            ExpertState::Stale => Finding::ok(topic, "changed since it was built: the next command builds it again"),
            ExpertState::Broken(why) => {
                let advice = if expert.origin == "installed" {
                    "install it again"
                } else {
                    "`hive expert validate` lists all faults"
                };
                Finding::problem(topic, why.clone()).advice(advice)
            }
        });
        let manifest = std::fs::read_to_string(&expert.manifest).ok().and_then(|text| Manifest::parse(&text).ok());
        let Some(manifest) = manifest else { return Ok(()) };
        let base = Some(&manifest.recipe.base_model).filter(|base| !base.is_empty()).or(manifest.base_models.first());
        self.bases.extend(base.map(|base| (name.clone(), base.clone())));
        let options = doctor.flags.options(&manifest)?;
        self.findings.extend(resources::check(&manifest, &options, env.context.network.offline || doctor.offline));
        Ok(())
    }
}

/// Every installed release, with its files checked again.
fn releases(env: &Environment, asked: Option<&str>) -> Vec<Finding> {
    let Some(home) = &env.context.home else { return Vec::new() };
    let (Ok(releases), Ok(ring)) = (Store::of(home).releases(), Ring::of(home)) else { return Vec::new() };
    let asked = releases.iter().filter(|release| asked.is_none_or(|name| name == release.description.name));
    let verified = asked.map(|release| match release.package() {
        Ok(package) => {
            let signer = signer_text(&package.signer(&ring));
            Finding::ok("installed", format!("{}: files as installed; signature: {signer}", release.title()))
        }
        Err(error) => Finding::problem("installed", format!("{}: {error}", release.title()))
            .advice(format!("`hive expert uninstall {}`, then install it again", release.description.name)),
    });
    verified.collect()
}
