//! What is trained: the base model, the adapter on it, and its trainable parameters.

use hive_sdk::{DropoutSemantics, Method};
use hive_train::plan::Plan;

use crate::numbers::grouped;

/// The base model.
pub(super) fn base(plan: &Plan) -> String {
    let base = &plan.base;
    let weights = match base.digest.starts_with("random") {
        true => "random weights".to_owned(),
        false => format!("sha256 {}…", &base.digest[..12.min(base.digest.len())]),
    };
    format!("{} ({} parameters, {weights})", base.id, grouped(plan.base_parameters))
}

/// The adapter before training.
pub(super) fn adapter(plan: &Plan) -> String {
    let adapter = &plan.recipe.adapter;
    let method = match adapter.method {
        Method::Dora => "DoRA",
        Method::Lora => "LoRA",
    };
    let semantics = match adapter.dropout_semantics {
        DropoutSemantics::Branch => "",
        DropoutSemantics::Peft => " as PEFT drops",
    };
    let layers: usize = plan.modules.iter().map(|m| m.layers).sum();
    let names: Vec<&str> = plan.modules.iter().map(|m| m.module).collect();
    format!(
        "{method} rank {}, alpha {}, dropout {}{semantics} on {layers} layers ({})",
        adapter.rank,
        adapter.alpha,
        adapter.dropout,
        names.join(", ")
    )
}

/// The trainable parameters, by module.
pub(super) fn trainable(plan: &Plan) -> String {
    let share = 100.0 * plan.trainable as f64 / plan.base_parameters as f64;
    let modules: Vec<String> = plan.modules.iter().map(|m| format!("{} {}", m.module, grouped(m.parameters))).collect();
    format!("{} parameters, {share:.2} % of the base: {}", grouped(plan.trainable), modules.join(", "))
}
