//! Export as a folder in the layout of the Hugging Face hub: `config.json`, `model.safetensors`, and the files of a
//! tokenizer.

use std::collections::BTreeMap;
use std::path::Path;

use hive_files::{write_file, write_folder};
use serde_json::{Value, json};

use super::hf_config::{config_json, generation_json, with_dtype};
use super::rows::{RowWriter, Tensor};
use super::special_tokens::SpecialTokens;
use super::{Export, Origin, Progress, Written, check_space, safetensors_file};
use crate::error::{EngineError, Result};
use crate::weights::decoder::checked_tensors;
use crate::weights::source::folder::read_json;
use crate::weights::source::{BaseModel, gguf};

const CONFIG: &str = "config.json";
const GENERATION: &str = "generation_config.json";
const WEIGHTS: &str = "model.safetensors";

/// Files that are copied if the base is such a folder: those of its tokenizer, in older and newer forms, and its licence.
const COPIED: [&str; 16] = [
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "merges.txt",
    "tokenizer.model",
    "chat_template.jinja",
    "chat_template.json",
    "LICENSE",
    "LICENSE.txt",
    "LICENSE.md",
    "NOTICE",
    "NOTICE.txt",
    "USE_POLICY.md",
    GENERATION,
];

/// Whether [`to_folder`] writes files of this name. A folder with any other file is not an earlier export.
pub fn is_written(name: &str) -> bool {
    [CONFIG, WEIGHTS].contains(&name) || COPIED.contains(&name)
}

/// Writes the model as a folder at `out`, replacing an existing one. The write is atomic: to a temporary folder, then renamed.
/// Tied embeddings stay tied: there is no `lm_head.weight` then.
///
/// # Errors
/// When the tensors are not those of the model, a value does not fit the type, transformers has no model of this shape, or
/// something cannot be read or written; `out` is then unchanged.
pub fn to_folder(export: Export<'_>, out: &Path, progress: &mut Progress<'_>) -> Result<Written> {
    let mut tensors: Vec<Tensor> = checked_tensors(&export.model.config, export.tensors)?
        .into_iter()
        .map(|(name, shape)| Tensor {
            stored_name: name.clone(),
            name,
            shape,
            dtype: export.dtype,
            permuted_heads: None,
            values: None,
        })
        .collect();
    tensors.sort_by(|a, b| a.stored_name.cmp(&b.stored_name));
    let small = small_files(export)?;
    let header = safetensors_file::header(&out.join(WEIGHTS), &tensors)?;
    let bytes = header.len() as u64
        + tensors.iter().map(Tensor::bytes).sum::<u64>()
        + small.values().map(|bytes| bytes.len() as u64).sum::<u64>();
    check_space(out, bytes)?;
    write_folder(out, |folder| {
        for (name, bytes) in &small {
            write_file(&folder.join(name), bytes)?;
        }
        let mut rows = RowWriter::new(export.tensors, &tensors, progress);
        safetensors_file::write(&folder.join(WEIGHTS), &header, &tensors, &mut rows)
    })?;
    Ok(Written { tensors: tensors.into_iter().map(|tensor| tensor.name).collect(), bytes })
}

/// All files except the weights, by name.
fn small_files(export: Export<'_>) -> Result<BTreeMap<String, Vec<u8>>> {
    let model = export.model;
    let mut files = BTreeMap::new();
    let tokens = match Origin::of(model) {
        Origin::Folder(folder) => {
            for name in COPIED {
                let path = folder.join(name);
                match std::fs::read(&path) {
                    Ok(bytes) => drop(files.insert(name.to_owned(), bytes)),
                    Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
                    Err(e) => return Err(EngineError::io("read", &path, e)),
                }
            }
            let path = folder.join(CONFIG);
            let config = read_json(&path)?.ok_or_else(|| EngineError::format(&folder, "`config.json` is missing"))?;
            files.insert(CONFIG.to_owned(), text(&with_dtype(config, export.dtype)));
            SpecialTokens::from_folder(&folder, model)?
        }
        Origin::Gguf(file) => {
            let tokens = SpecialTokens::from_gguf(&gguf::carried(&file)?.metadata, model);
            compose(&mut files, export, &tokens)?;
            tokens
        }
        Origin::Memory => {
            let tokens = SpecialTokens::from_config(model);
            compose(&mut files, export, &tokens)?;
            tokens
        }
    };
    if !files.contains_key(GENERATION)
        && let Some(generation) = generation_json(&tokens)
    {
        files.insert(GENERATION.to_owned(), text(&generation));
    }
    Ok(files)
}

/// Composes the files of a base that is not a Hugging Face folder.
fn compose(files: &mut BTreeMap<String, Vec<u8>>, export: Export<'_>, tokens: &SpecialTokens) -> Result<()> {
    let BaseModel { config, tokenizer, chat_template, .. } = export.model;
    files.insert(CONFIG.to_owned(), text(&config_json(config, tokens, export.dtype)?));
    let Some(tokenizer) = tokenizer else { return Ok(()) };
    let first = tokens.bos.filter(|_| tokens.add_bos);
    files.insert("tokenizer.json".to_owned(), tokenizer.json(first)?.into_bytes());
    let mut settings = json!({
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": config.max_position_embeddings,
        "clean_up_tokenization_spaces": false,
    });
    if let Some(object) = settings.as_object_mut() {
        object.extend(tokens.texts(tokenizer));
        // In this file, which every version of transformers reads.
        object.extend(chat_template.as_ref().map(|template| ("chat_template".to_owned(), json!(template.source()))));
    }
    files.insert("tokenizer_config.json".to_owned(), text(&settings));
    Ok(())
}

fn text(value: &Value) -> Vec<u8> {
    // Formatted as transformers formats it: indented, with a final newline.
    format!("{value:#}\n").into_bytes()
}
