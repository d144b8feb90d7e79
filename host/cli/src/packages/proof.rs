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
        line(
            "logits",
            &format!(
                "within {:.1e} of the recorded ones without the adapter, {:.1e} with it (allowed {:.0e})",
                distance.base, distance.adapted, proof.tolerance
            ),
        ),
        line("effect", &format!("the adapter moves them by up to {:.2}", distance.effect)),
    ]
}

/// The results of the verification, as JSON.
pub fn proof_json(proof: &Proof, base: &str) -> Value {
    json!({
        "base": base, "tensors": proof.tensors, "prompts": proof.prompts, "tolerance": proof.tolerance,
        "base_difference": proof.distance.base, "adapted_difference": proof.distance.adapted,
        "effect": proof.distance.effect,
    })
}
