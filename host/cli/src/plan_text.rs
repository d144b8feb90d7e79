//! A plan as text: what a run will do and its cost, and every value of its recipe with its origin.
//! Training prints it first, in three lines unless `--verbose` is given; `hive expert plan` prints it alone.

mod brief;
mod cost;
mod data;
mod model;
mod recipe;
mod training;

use hive_train::plan::Plan;

pub(crate) use brief::{about, brief};
pub(crate) use recipe::{by_origin, table};

/// The rows, each with a label and a text.
pub fn rows(plan: &Plan) -> Vec<(&'static str, String)> {
    let mut rows = vec![
        ("base", model::base(plan)),
        ("adapter", model::adapter(plan)),
        ("trainable", model::trainable(plan)),
        ("records", data::records(plan)),
        ("tokens", data::tokens(plan)),
        ("steps", training::steps(plan)),
        ("rate", training::rate(plan)),
        ("keeping", training::keeping(plan)),
        ("time", cost::time(plan)),
        ("memory", cost::memory(plan)),
    ];
    rows.extend(plan.folder.as_ref().map(|folder| ("run folder", folder.display().to_string())));
    rows.extend(plan.concerns.iter().map(|concern| ("warning", concern.clone())));
    rows
}

/// A number in its usual notation: `24`, `0.1`, `5e-5`.
fn number(value: f64) -> String {
    if value != 0.0 && value.abs() < 1e-3 { format!("{value:e}") } else { value.to_string() }
}
