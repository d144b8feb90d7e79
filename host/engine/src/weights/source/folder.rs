//! Reads a base model from a folder in the layout of the Hugging Face hub.

use std::path::{Path, PathBuf};

use hive_files::refuse_lfs_pointer;
use hive_text::chat_template::ChatTemplate;
use hive_text::tokenizer::Tokenizer;
use serde_json::Value;

use super::safetensors::SafetensorsSource;
use super::{BaseModel, display_name, hf_config};
use crate::error::{EngineError, Result};

/// The folder's GGUF file, if it has exactly one and no `config.json`.
pub(super) fn only_gguf(folder: &Path) -> Result<Option<PathBuf>> {
    if folder.join("config.json").exists() {
        return Ok(None);
    }
    let entries = std::fs::read_dir(folder).map_err(|e| EngineError::io("read", folder, e))?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gguf")))
        .collect();
    files.sort();
    match files.len() {
        0 => Ok(None),
        1 => Ok(files.pop()),
        n => Err(EngineError::format(folder, format!("it has {n} `.gguf` files and no `config.json`: name one file"))),
    }
}

/// Opens the folder.
pub(super) fn open(folder: &Path) -> Result<BaseModel> {
    let config_path = folder.join("config.json");
    let Some(config) = read_json(&config_path)? else {
        return Err(EngineError::format(folder, "`config.json` is missing, expected it beside `model.safetensors`"));
    };
    let generation_path = folder.join("generation_config.json");
    let generation = read_json(&generation_path)?;
    let mut config =
        hf_config::model_config(&config_path, &config, generation.as_ref().map(|g| (generation_path.as_path(), g)))?;

    let tensors = open_weights(folder)?;
    let tokenizer_config = read_json(&folder.join("tokenizer_config.json"))?;
    let bos = tokenizer_config.as_ref().and_then(|c| special_token(c, "bos_token"));
    let eos = tokenizer_config.as_ref().and_then(|c| special_token(c, "eos_token"));

    let tokenizer_path = folder.join("tokenizer.json");
    let tokenizer = if tokenizer_path.exists() { Some(Tokenizer::from_file(&tokenizer_path)?) } else { None };
    // The tokenizer's end token ends a chat turn even where the model's metadata names only the end of a document.
    if let Some(id) = tokenizer.as_ref().zip(eos.as_deref()).and_then(|(tokenizer, eos)| tokenizer.token_id(eos))
        && !config.eos_token_ids.contains(&id)
    {
        config.eos_token_ids.push(id);
    }
    let chat_template = match template_text(folder, tokenizer_config.as_ref())? {
        Some((path, text)) => {
            Some(ChatTemplate::new(&text, bos, eos).map_err(|e| EngineError::format(&path, e.to_string()))?)
        }
        None => None,
    };

    let weight_files = tensors.files();
    let mut model = BaseModel::new(config, Box::new(tensors), display_name(folder), weight_files);
    model.tokenizer = tokenizer;
    model.chat_template = chat_template;
    Ok(model)
}

fn open_weights(folder: &Path) -> Result<SafetensorsSource> {
    let single = folder.join("model.safetensors");
    if single.exists() {
        return SafetensorsSource::open(&single);
    }
    let index = folder.join("model.safetensors.index.json");
    if index.exists() {
        return SafetensorsSource::open_sharded(&index);
    }
    let pickled = folder.join("pytorch_model.bin");
    let got = if pickled.exists() {
        "it has `pytorch_model.bin`, which is a pickle and is never loaded"
    } else {
        "it has no weights"
    };
    Err(EngineError::format(
        folder,
        format!("{got}, expected `model.safetensors` or shards with `model.safetensors.index.json`"),
    ))
}

/// The template and its file. `chat_template.jinja` takes precedence over `tokenizer_config.json`, as in transformers.
fn template_text(folder: &Path, tokenizer_config: Option<&Value>) -> Result<Option<(PathBuf, String)>> {
    let own = folder.join("chat_template.jinja");
    if own.exists() {
        let text = std::fs::read_to_string(&own).map_err(|e| EngineError::io("read", &own, e))?;
        refuse_lfs_pointer(&own, text.as_bytes())?;
        return Ok(Some((own, text)));
    }
    let path = folder.join("tokenizer_config.json");
    let text = match tokenizer_config.map(|config| &config["chat_template"]) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(named)) => {
            let default = named.iter().find(|template| template["name"] == "default");
            let Some(text) = default.and_then(|template| template["template"].as_str()) else {
                return Err(EngineError::format(&path, "`chat_template` is a list without one named `default`"));
            };
            text.to_owned()
        }
        Some(_) => return Err(EngineError::format(&path, "`chat_template` is neither a text nor a list")),
    };
    Ok(Some((path, text)))
}

/// The text of a special token, which is a plain string or an object with `content`.
pub(crate) fn special_token(config: &Value, key: &str) -> Option<String> {
    let token = &config[key];
    token.as_str().or_else(|| token["content"].as_str()).map(str::to_owned)
}

/// Reads a JSON file; `None` if it does not exist.
pub(crate) fn read_json(path: &Path) -> Result<Option<Value>> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(EngineError::io("read", path, e)),
    };
    refuse_lfs_pointer(path, text.as_bytes())?;
    serde_json::from_str(&text).map(Some).map_err(|e| EngineError::format(path, format!("it is not valid JSON: {e}")))
}
