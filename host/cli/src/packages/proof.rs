//! The results of verifying that a package computes what it recorded, as lines and as JSON.

use hive_packages::Proof;
use serde_json::{Value, json};

use super::line;

/// The results of the verification, line by line.
pub fn proof_lines(proof: &Proof, base: &str) -> Vec<String> {
    let distance = &proof.distance;
    vec![
        line("adapter", &format!("all {} tensors applied to base `{base}`", proof.tensors)),
        line("tokens", &format!("of {} golden prompts as recorded", proof.prompts)),
        line("logits", &logits(distance.base, distance.adapted, proof.tolerance)),
        line("effect", &format!("the adapter changes a logit by up to {:.2}", distance.effect)),
    ]
}

/// How far the logits are from the recorded ones, without and with the adapter.
fn logits(base: f64, adapted: f64, tolerance: f64) -> String {
    if base == 0.0 && adapted == 0.0 {
        return "exactly the recorded ones, without and with the adapter".to_owned();
    }
    format!(
        "at most {base:.1e} from the recorded ones without the adapter, {adapted:.1e} with it (allowed {tolerance:.0e})"
    )
}

/// The results of the verification, as JSON.
pub fn proof_json(proof: &Proof, base: &str) -> Value {
    json!({
        "base": base, "tensors": proof.tensors, "prompts": proof.prompts, "tolerance": proof.tolerance,
        "base_difference": proof.distance.base, "adapted_difference": proof.distance.adapted,
        "effect": proof.distance.effect,
    })
}
