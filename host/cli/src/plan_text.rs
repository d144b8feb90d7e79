//! A plan as text: what a run will do and its cost, and every value of its recipe with its origin.
//! Training prints it first, `hive expert plan` prints it alone.

use std::collections::BTreeMap;
use std::time::Duration;

use hive_train::plan::Plan;
use hive_train::recipe::leaves;
use indicatif::HumanDuration;
use serde_json::{Value, json};

use super::numbers::grouped;

/// Line width for recipe values.
const WIDTH: usize = 96;

/// The rows, each with a label and a text.
pub fn rows(plan: &Plan) -> Vec<(&'static str, String)> {
    let (adapter, training) = (&plan.recipe.adapter, &plan.recipe.training);
    let method = match adapter.method {
        hive_sdk::Method::Dora => "DoRA",
        hive_sdk::Method::Lora => "LoRA",
    };
    let share = 100.0 * plan.trainable as f64 / plan.base_parameters as f64;
    let dropped = |n: usize| {
        if n == 0 { String::new() } else { format!(" ({n} longer than {} tokens dropped)", training.max_seq_len) }
    };
    let layers: usize = plan.modules.iter().map(|m| m.layers).sum();
    let names: Vec<&str> = plan.modules.iter().map(|m| m.module).collect();
    let modules: Vec<String> = plan.modules.iter().map(|m| format!("{} {}", m.module, grouped(m.parameters))).collect();
    let estimate = &plan.estimate;
    let mut rows = vec![
        (
            "base",
            format!(
                "{} ({} parameters, {})",
                plan.base.id,
                grouped(plan.base_parameters),
                match plan.base.digest.starts_with("random") {
                    true => "random weights".to_owned(),
                    false => format!("sha256 {}…", &plan.base.digest[..12.min(plan.base.digest.len())]),
                }
            ),
        ),
        (
            "adapter",
            format!(
                "{method} rank {}, alpha {}, dropout {}{} on {layers} layers ({})",
                adapter.rank,
                adapter.alpha,
                adapter.dropout,
                match adapter.dropout_semantics {
                    hive_sdk::DropoutSemantics::Branch => "",
                    hive_sdk::DropoutSemantics::Peft => " as PEFT drops",
                },
                names.join(", ")
            ),
        ),
        (
            "trainable",
            format!("{} parameters, {share:.2} % of the base: {}", grouped(plan.trainable), modules.join(", ")),
        ),
        (
            "records",
            format!(
                "{} to train on{}, {} held out{}",
                grouped(plan.train.0),
                dropped(plan.train.1),
                grouped(plan.validation.0),
                dropped(plan.validation.1)
            ),
        ),
        (
            "tokens",
            format!(
                "{} in the training records, {} of them carry loss; the longest has {}",
                grouped(plan.tokens.0 as usize),
                grouped(plan.tokens.1 as usize),
                grouped(plan.longest)
            ),
        ),
        (
            "steps",
            format!(
                "{} of {} records, {} of them warm-up, then {}",
                grouped(plan.steps as usize),
                training.effective_batch,
                plan.warmup,
                schedule(training.schedule)
            ),
        ),
        (
            "rate",
            format!(
                "{}, weight decay {}, gradient norm at most {}, seed {}",
                number(training.learning_rate),
                training.weight_decay,
                training.max_grad_norm,
                training.seed
            ),
        ),
        (
            "keeping",
            format!(
                "the {} and the latest, by {}; evaluated every {} steps, saved every {}{}",
                match training.keep_best {
                    1 => "best checkpoint".to_owned(),
                    n => format!("{n} best checkpoints"),
                },
                metric(training.best_metric),
                training.eval_steps,
                training.save_steps,
                training
                    .patience
                    .map_or_else(String::new, |n| format!(", stops early after {n} evaluations without a better one"))
            ),
        ),
        (
            "time",
            format!(
                "about {}: {} a step at {:.0} tokens/s, {} an evaluation (from a short probe)",
                HumanDuration(Duration::from_secs_f64(estimate.seconds.min(1e9))),
                seconds(estimate.step_seconds),
                estimate.tokens_per_s,
                seconds(estimate.eval_seconds)
            ),
        ),
    ];
    let mut memory = Vec::new();
    if let Some(needed) = estimate.memory_mb {
        let there =
            estimate.available_mb.map_or_else(String::new, |mb| format!(" of {} available", grouped(mb as usize)));
        memory.push(format!("about {} MB{there}", grouped(needed as usize)));
    }
    let free = estimate.free_bytes.map_or_else(String::new, |b| format!(", {} MB are free", grouped(mb(b) as usize)));
    memory.push(format!("checkpoints {} MB on disk{free}", grouped(mb(estimate.checkpoint_bytes).max(1) as usize)));
    rows.push(("memory", memory.join("; ")));
    rows.extend(plan.folder.as_ref().map(|folder| ("run folder", folder.display().to_string())));
    rows.extend(plan.concerns.iter().map(|concern| ("warning", concern.clone())));
    rows
}

fn mb(bytes: u64) -> u64 {
    bytes / 1_000_000
}

fn seconds(value: f64) -> String {
    if value < 10.0 { format!("{value:.1} s") } else { format!("{value:.0} s") }
}

/// Every value of the recipe with its key and the layer that set it.
fn values(plan: &Plan) -> Vec<(String, String, String)> {
    leaves(&json!(plan.recipe))
        .into_iter()
        // A value without an origin was replaced by an exclusive one.
        .filter_map(|(key, value)| {
            let origin = plan.origins.get(&key)?.clone();
            let text = match value {
                Value::String(text) => text,
                Value::Number(n) if n.is_f64() => number(n.as_f64().unwrap_or_default()),
                Value::Array(items) => items
                    .iter()
                    .map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned))
                    .collect::<Vec<_>>()
                    .join(","),
                other => other.to_string(),
            };
            Some((key, text, origin))
        })
        .collect()
}

/// A number in its usual notation: `24`, `0.1`, `5e-5`.
fn number(value: f64) -> String {
    if value != 0.0 && value.abs() < 1e-3 { format!("{value:e}") } else { value.to_string() }
}

/// The recipe grouped by origin, the strongest layer first, several values per line: for the
/// beginning of a run.
pub fn by_origin(plan: &Plan) -> Vec<(String, Vec<String>)> {
    let mut groups: BTreeMap<(usize, String), Vec<String>> = BTreeMap::new();
    for (key, value, origin) in values(plan) {
        let short = key.rsplit_once('.').map_or(key.as_str(), |(_, leaf)| leaf).to_owned();
        groups.entry((strength(&origin), origin)).or_default().push(format!("{short}={value}"));
    }
    groups.into_iter().map(|((_, origin), values)| (origin, wrapped(&values))).collect()
}

/// Layers from the strongest, 0, to the weakest.
fn strength(origin: &str) -> usize {
    match origin {
        "default" => 5,
        "manifest" => 4,
        _ if origin.starts_with("profile ") || origin.starts_with("recipe ") => 3,
        _ if origin.starts_with("HIVE_") => 1,
        _ if origin.starts_with("--") => 0,
        _ => 2,
    }
}

fn wrapped(words: &[String]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= WIDTH => *line += &format!(" {word}"),
            _ => lines.push(word.clone()),
        }
    }
    lines
}

/// The recipe as a table, key by key.
pub fn table(plan: &Plan) -> Vec<String> {
    let rows = values(plan);
    let width = |length: fn(&(String, String, String)) -> usize| rows.iter().map(length).max().unwrap_or(0);
    let (keys, texts) = (width(|r| r.0.len()), width(|r| r.1.len()).min(40));
    rows.iter().map(|(key, value, origin)| format!("  {key:keys$}  {value:texts$}  {origin}")).collect()
}

fn metric(metric: hive_sdk::manifest::Metric) -> &'static str {
    match metric {
        hive_sdk::manifest::Metric::EvalLoss => "held-out loss",
        hive_sdk::manifest::Metric::TokenAccuracy => "held-out token accuracy",
        hive_sdk::manifest::Metric::Score => "partial credit of held-out answers",
    }
}

fn schedule(schedule: hive_sdk::manifest::Schedule) -> &'static str {
    match schedule {
        hive_sdk::manifest::Schedule::Cosine => "cosine",
        hive_sdk::manifest::Schedule::Linear => "linear",
        hive_sdk::manifest::Schedule::Constant => "constant",
    }
}
