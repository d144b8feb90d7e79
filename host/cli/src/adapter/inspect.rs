//! `hive adapter inspect`: the settings and tensors of an adapter folder, and whether hive can load
//! it. It opens no base model.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use hive_engine::adapter::config::{AdapterConfig, Targets};
use hive_engine::adapter::{Method, peft};
use hive_engine::weights::source::TensorSource;
use serde_json::json;

use super::super::context::Environment;
use super::super::error::{CommandResult, Failure};
use super::super::output::{json_text, result};

/// `hive adapter inspect`
#[derive(Debug, Args)]
pub struct Inspect {
    /// Folder with adapter_config.json and adapter_model.safetensors
    dir: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Inspect {
    /// Runs the command.
    ///
    /// # Errors
    /// When the folder is not an adapter or is damaged, or hive cannot load the adapter.
    pub fn run(self, env: &Environment) -> CommandResult {
        let config = peft::read_config(&self.dir)?;
        let tensors = peft::open_tensors(&self.dir)?;
        let names = tensors.names();
        let values: usize = names.iter().filter_map(|n| tensors.shape(n)).map(|s| s.iter().product::<usize>()).sum();
        let adapter = &config.adapter;
        let layers = names.iter().filter(|n| n.contains("lora_A")).count();
        let problems = peft::problems(&self.dir, &config)?;
        if let Some(problem) = adapter.targets.problem() {
            env.screen.note(&format!("{problem}; its tensors determine the layers"));
        }
        if self.json {
            let value = json!({
                "method": adapter.method.name(), "rank": adapter.rank, "alpha": adapter.alpha, "dropout": adapter.dropout,
                "rslora": adapter.rslora, "target_modules": targets(&adapter.targets), "layers_to_transform": adapter.layers,
                "rank_pattern": adapter.rank_pattern, "alpha_pattern": adapter.alpha_pattern,
                "tensors": names.len(), "adapted_layers": layers, "parameters": values,
                "base_model": config.base_name, "base": config.base, "loads": problems.is_empty(), "problems": problems,
            });
            result(&json_text(&value)?)?;
            return self.verdict(problems);
        }
        let mut lines = vec![
            format!("method          {}{}", method(adapter), if adapter.rslora { ", rank-stabilised" } else { "" }),
            format!("rank, alpha     {}, {}", adapter.rank, adapter.alpha),
            format!("dropout         {}", adapter.dropout),
            format!("target modules  {}", targets(&adapter.targets).join(", ")),
        ];
        let pattern =
            |name: &str, items: Vec<String>| (!items.is_empty()).then(|| format!("{name:14}  {}", items.join(", ")));
        lines.extend(pattern("rank pattern", pairs(&adapter.rank_pattern)));
        lines.extend(pattern("alpha pattern", pairs(&adapter.alpha_pattern)));
        lines.extend(adapter.layers.as_ref().map(|l| format!("only layers     {l:?}")));
        lines.push(format!("tensors         {} on {layers} linear layers, {values} values", names.len()));
        lines.push(format!(
            "base model      {}",
            if config.base_name.is_empty() { "not named" } else { &config.base_name }
        ));
        lines.extend(config.base.map(|b| format!("base weights    sha256 {}", b.digest)));
        lines.push(match problems.len() {
            0 => "loads           yes, on a base model of its shape".to_owned(),
            1 => "loads           no, for 1 reason".to_owned(),
            n => format!("loads           no, for {n} reasons"),
        });
        result(&lines.join("\n"))?;
        self.verdict(problems)
    }

    /// Fails when there are reasons why the adapter cannot be loaded.
    fn verdict(&self, problems: Vec<String>) -> CommandResult {
        if problems.is_empty() {
            return Ok(());
        }
        Err(Failure::unacceptable(format!("hive cannot load the adapter in `{}`", self.dir.display()))
            .details(problems)
            .into())
    }
}

fn method(config: &AdapterConfig) -> &'static str {
    match config.method {
        Method::Dora => "DoRA",
        Method::Lora => "LoRA",
    }
}

fn targets(targets: &Targets) -> Vec<String> {
    match targets {
        Targets::Names(names) => {
            let mut names = names.clone();
            names.sort();
            names
        }
        Targets::Pattern(pattern) => vec![pattern.clone()],
        Targets::AllLinear => vec!["all-linear".into()],
    }
}

fn pairs<V: std::fmt::Display>(map: &BTreeMap<String, V>) -> Vec<String> {
    map.iter().map(|(k, v)| format!("{k} = {v}")).collect()
}
