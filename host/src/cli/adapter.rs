//! `hive adapter …`: what an adapter folder is, and what it computes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};
use hive_engine::adapter::config::{AdapterConfig, Targets};
use hive_engine::adapter::merge::merged;
use hive_engine::adapter::peft;
use hive_engine::adapter::{AdapterScales, Method};
use hive_engine::data::{Batch, Example};
use hive_engine::files::write_file;
use hive_engine::model::pass::{Model, Pass};
use hive_engine::model::source::TensorSource;
use safetensors::tensor::{Dtype, TensorView};
use serde_json::json;

use super::error::Failure;
use super::output::result;
use super::pull_progress::PullProgress;
use crate::experts::base::Base;
use crate::tensors::{integers, token_ids};

/// What can be done with adapters.
#[derive(Debug, Subcommand)]
pub enum AdapterCommand {
    /// Show an adapter's method, rank, alpha, targets, tensors and the base it names
    Inspect(Inspect),
    /// Compute logits with the base alone, the adapter beside it, and the adapter merged
    Probe(Probe),
}

impl AdapterCommand {
    /// Runs it.
    ///
    /// # Errors
    /// What the command says.
    pub fn run(self) -> anyhow::Result<()> {
        match self {
            AdapterCommand::Inspect(command) => command.run(),
            AdapterCommand::Probe(command) => command.run(),
        }
    }
}

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
    fn run(self) -> anyhow::Result<()> {
        let config = peft::read_config(&self.dir)?;
        let tensors = peft::open_tensors(&self.dir)?;
        let names = tensors.names();
        let values: usize = names.iter().filter_map(|n| tensors.shape(n)).map(|s| s.iter().product::<usize>()).sum();
        let adapter = &config.adapter;
        let layers = names.iter().filter(|n| n.contains("lora_A")).count();
        if self.json {
            let value = json!({
                "method": adapter.method.name(), "rank": adapter.rank, "alpha": adapter.alpha, "dropout": adapter.dropout,
                "rslora": adapter.rslora, "target_modules": targets(&adapter.targets), "layers_to_transform": adapter.layers,
                "rank_pattern": adapter.rank_pattern, "alpha_pattern": adapter.alpha_pattern,
                "tensors": names.len(), "adapted_layers": layers, "parameters": values,
                "base_model": config.base_name, "base": config.base,
            });
            return result(&serde_json::to_string_pretty(&value)?);
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
        result(&lines.join("\n"))
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

/// `hive adapter probe`
#[derive(Debug, Args)]
pub struct Probe {
    /// Base model: a catalogue id, a folder or a GGUF file
    #[arg(long)]
    base: String,
    /// PEFT adapter folder
    #[arg(long)]
    adapter: PathBuf,
    /// safetensors file with `input_ids`, i64 [tokens] or [rows, tokens]
    #[arg(long)]
    ids: PathBuf,
    /// Where to write `base_logits`, `adapted_logits` and `merged_logits`, f32
    #[arg(long)]
    out: PathBuf,
    /// Write the logits of every position, not only of the last two of each row
    #[arg(long)]
    all: bool,
}

impl Probe {
    fn run(self) -> anyhow::Result<()> {
        let base = Base::open(&self.base, &mut PullProgress::stderr())?;
        let loaded = peft::load(&self.adapter, &base.model.config, Some(&base.reference))?;
        let (shape, ids) = integers(&self.ids, "input_ids")?;
        let (rows, tokens) = match shape[..] {
            [tokens] => (1, tokens),
            [rows, tokens] => (rows, tokens),
            _ => {
                let problem = format!(
                    "`input_ids` in `{}` has the shape {shape:?}, expected [tokens] or [rows, tokens]",
                    self.ids.display()
                );
                return Err(Failure::unacceptable(problem).into());
            }
        };
        if rows == 0 || tokens == 0 {
            return Err(
                Failure::unacceptable(format!("`input_ids` in `{}` holds no tokens", self.ids.display())).into()
            );
        }
        let ids = token_ids(&self.ids, &ids)?;
        let examples: Vec<Example> = ids.chunks(tokens).map(|ids| Example::new(ids.to_vec(), 0, 0)).collect();
        let first = if self.all { 0 } else { tokens.saturating_sub(2) };
        let kept = tokens - first;
        let scales = AdapterScales::new(&loaded.adapter, &base.decoder);
        let plain = Model { base: &base.decoder, adapter: None };
        let adapted = Model { adapter: Some((&loaded.adapter, &scales)), ..plain };
        let whole = merged(&base.decoder, &loaded.adapter);
        let vocab = base.model.config.vocab_size;
        let mut pass = Pass::new();
        let mut tensors = Vec::new();
        let merged = Model { base: &whole, adapter: None };
        for (name, model) in [("base_logits", plain), ("adapted_logits", adapted), ("merged_logits", merged)] {
            let mut bytes = Vec::with_capacity(rows * kept * vocab * 4);
            // Row by row: the logits of one row are all that is held beside the result.
            for example in &examples {
                let batch = Batch::new([example], vocab)?;
                pass.forward(model, &batch, &(first..tokens).collect::<Vec<_>>(), None, false);
                let logits = pass.logits(model.base);
                bytes.extend(logits.iter().flat_map(|l| l.to_le_bytes()));
            }
            tensors.push((name, bytes));
        }
        let out_shape = if shape.len() == 1 { vec![kept, vocab] } else { vec![rows, kept, vocab] };
        write(&self.out, &tensors, &out_shape)?;
        result(&format!("{0}/{0} tensors applied", loaded.tensors))
    }
}

fn write(path: &Path, tensors: &[(&str, Vec<u8>)], shape: &[usize]) -> anyhow::Result<()> {
    let views = tensors
        .iter()
        .map(|(name, bytes)| Ok((*name, TensorView::new(Dtype::F32, shape.to_vec(), bytes)?)))
        .collect::<Result<Vec<_>, safetensors::SafeTensorError>>()?;
    let bytes = safetensors::serialize(views, None).with_context(|| format!("Failed to write `{}`", path.display()))?;
    Ok(write_file(path, &bytes)?)
}
