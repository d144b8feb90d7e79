//! `hive adapter probe`: writes three sets of logits to a file: of the base model alone, with the
//! adapter applied, and with the adapter merged.

mod input;

use std::path::{Path, PathBuf};

use clap::Args;
use hive_engine::adapter::merge::merged;
use hive_engine::network::pass::Model;
use hive_files::write_file;
use hive_runtime::base::Base;
use hive_runtime::model::{Activations, AdaptedModel, LoadedAdapter};
use safetensors::tensor::{Dtype, TensorView};

use super::super::error::{CommandResult, Failure};
use super::super::output::result;
use super::super::pull_progress::PullProgress;
use crate::context::Environment;

/// `hive adapter probe`
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("input").args(["ids", "text"]).required(true))]
pub struct Probe {
    /// Base model: a catalogue id, a folder or a GGUF file
    #[arg(long)]
    base: String,
    /// PEFT adapter folder
    #[arg(long)]
    adapter: PathBuf,
    /// safetensors file with `input_ids`, i64 [tokens] or [rows, tokens]
    #[arg(long)]
    ids: Option<PathBuf>,
    /// Text to read instead, as it is: no chat template, no special tokens
    #[arg(long)]
    text: Option<String>,
    /// Output file for `base_logits`, `adapted_logits` and `merged_logits`, f32
    #[arg(long)]
    out: PathBuf,
    /// Replace an existing output file
    #[arg(long)]
    force: bool,
    /// Write the logits of every position instead of the last two of each row
    #[arg(long)]
    all: bool,
}

impl Probe {
    /// Runs the command.
    ///
    /// # Errors
    /// When base model, adapter and ids do not match, a file cannot be read or written, or the
    /// output file exists and `--force` is not set.
    pub fn run(self, env: &Environment) -> CommandResult {
        if self.out.exists() && !self.force {
            let problem = format!("`{}` already exists", self.out.display());
            return Err(Failure::misuse(problem).hint("`--force` replaces it").into());
        }
        let base = Base::open(&env.context, &self.base, &mut PullProgress::on(env.screen))?;
        let adapter = LoadedAdapter::load(&self.adapter, &base)?;
        let (shape, ids) = input::input(&self, &base)?;
        let (rows, tokens) = match shape[..] {
            [rows, tokens] => (rows, tokens),
            _ => (1, ids.len()),
        };
        let first = if self.all { 0 } else { tokens.saturating_sub(2) };
        let kept = tokens - first;
        let plain = AdaptedModel::new(&base, None);
        let adapted = AdaptedModel::new(&base, Some(&adapter));
        let whole = merged(&base.decoder, adapter.weights());
        let vocab = base.model.config.vocab_size;
        let mut activations = Activations::default();
        let mut tensors = Vec::new();
        let merged = AdaptedModel::from(Model::new(&whole, None));
        for (name, model) in [("base_logits", plain), ("adapted_logits", adapted), ("merged_logits", merged)] {
            let mut bytes = Vec::with_capacity(rows * kept * vocab * 4);
            // Row by row, so that only one row's logits are held beside the result.
            for ids in ids.chunks(tokens) {
                let logits = model.logits(&mut activations, ids, first..tokens)?;
                bytes.extend(logits.iter().flat_map(|l| l.to_le_bytes()));
            }
            tensors.push((name, bytes));
        }
        let out_shape = if shape.len() == 1 { vec![kept, vocab] } else { vec![rows, kept, vocab] };
        write(&self.out, &tensors, &out_shape)?;
        result(&format!("all {} tensors applied", adapter.tensors()))
    }
}

fn write(path: &Path, tensors: &[(&str, Vec<u8>)], shape: &[usize]) -> CommandResult {
    let failed = |error| Failure::misuse(format!("Failed to write `{}`", path.display())).source(error);
    let views = tensors
        .iter()
        .map(|(name, bytes)| Ok((*name, TensorView::new(Dtype::F32, shape.to_vec(), bytes)?)))
        .collect::<Result<Vec<_>, safetensors::SafeTensorError>>()
        .map_err(failed)?;
    let bytes = safetensors::serialize(views, None).map_err(failed)?;
    Ok(write_file(path, &bytes)?)
}
