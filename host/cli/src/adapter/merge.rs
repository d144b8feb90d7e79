//! `hive adapter merge`: a model with an adapter merged in, for programs without adapter support.

mod dtype;
mod write;

use std::path::PathBuf;

use clap::Args;
use hive_engine::adapter::merge::MergedSource;
use hive_engine::adapter::peft::{self, BaseRef};
use hive_engine::export::{Export, Form, default_dtype};
use hive_engine::weights::source::BaseModel;
use hive_engine::weights::source::floats::FloatKind;
use hive_runtime::base;
use serde_json::json;

use super::super::error::{CommandResult, Failure};
use super::super::output::{json_text, result};
use super::super::pull_progress::PullProgress;
use super::target;
use crate::context::Environment;
use dtype::Dtype;
use write::write;

/// `hive adapter merge`
#[derive(Debug, Args)]
pub struct Merge {
    /// PEFT adapter folder, LoRA or DoRA
    #[arg(long, value_name = "DIR")]
    adapter: PathBuf,
    /// Output path: a folder, or with `--gguf` a file whose name ends in .gguf
    #[arg(long)]
    out: PathBuf,
    /// Base model: a catalogue id, a folder or a GGUF file [default: the one that the adapter
    /// names]
    #[arg(long, value_name = "ID|FOLDER|FILE.gguf")]
    base: Option<String>,
    /// Data type of the weights [default: in a folder that of the base model, or bf16 if it is
    /// quantised; in a GGUF file f16, with vectors always in f32]
    #[arg(long)]
    dtype: Option<Dtype>,
    /// Write a GGUF file for llama.cpp instead of a folder for transformers
    #[arg(long)]
    gguf: bool,
    /// Replace an existing model
    #[arg(long)]
    force: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Merge {
    /// Runs the command.
    ///
    /// # Errors
    /// When adapter and base model do not match, a value does not fit the data type, or something
    /// would be lost or cannot be written.
    pub fn run(self, env: &Environment) -> CommandResult {
        let form = if self.gguf { Form::Gguf } else { Form::Folder };
        target::check(&self.out, form, self.force)?;
        let (id, model) = self.open_base(env)?;
        let files = model.weight_files.iter().map(|file| ("the base model", file.as_path()));
        target::check_apart(&self.out, files.chain([("the adapter", self.adapter.as_path())]))?;
        let reference = BaseRef { id, digest: model.digest()?.to_owned() };
        let loaded = peft::load(&self.adapter, &model.config, Some(&reference))?;

        let weights = MergedSource::new(model.tensors.as_ref(), &loaded.adapter);
        let dtype = self.dtype.map_or_else(|| default_dtype(form, &model), FloatKind::from);
        let written = write(Export { model: &model, tensors: &weights, dtype }, form, &self.out, env.screen)?;
        let merged = written.tensors.iter().filter(|name| weights.adapts(name)).count();
        let layers = loaded.adapter.slots().len();
        result(&if self.json {
            json_text(&json!({
                "path": self.out.display().to_string(), "format": if self.gguf { "gguf" } else { "huggingface" }, "dtype": dtype.name(),
                "tensors": written.tensors.len(), "merged": merged, "adapted_layers": layers,
                "adapter_tensors": loaded.tensors, "bytes": written.bytes, "base": reference,
            }))?
        } else {
            let form = if self.gguf { "GGUF file" } else { "Hugging Face folder" };
            [
                format!("written   {} ({form})", self.out.display()),
                format!("base      {}", reference.id),
                format!("tensors   {}, {dtype}", written.tensors.len()),
                format!("merged    {merged}/{layers} linear layers, {0}/{0} adapter tensors", loaded.tensors),
                format!("bytes     {}", written.bytes),
            ]
            .join("\n")
        })
    }

    /// The base model and its name, from the option or from the adapter.
    fn open_base(&self, env: &Environment) -> CommandResult<(String, BaseModel)> {
        let config = peft::read_config(&self.adapter)?;
        if let Some(id) = &self.base {
            return Ok(base::files(&env.context, id, &mut PullProgress::on(env.screen))?);
        }
        let named = config.base.map(|base| base.id).unwrap_or(config.base_name);
        if named.is_empty() {
            let problem = format!("The adapter in `{}` names no base model", self.adapter.display());
            return Err(Failure::misuse(problem).hint("`--base ID|FOLDER|FILE.gguf` gives it").into());
        }
        base::files(&env.context, &named, &mut PullProgress::on(env.screen)).map_err(|error| {
            let message =
                format!("Failed to open the base model that the adapter names, `{named}`; `--base` gives another");
            Failure::because(message, error).into()
        })
    }
}
