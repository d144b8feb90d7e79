//! Checkpoints: a folder with the adapter (PEFT's files), the optimizer's moments and where the
//! run stands. Written aside, synced, then renamed: a checkpoint under its final name is whole.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::adapter::Adapter;
use crate::adapter::peft::{self, BaseRef, tensor_bytes};
use crate::error::{EngineError, Result};
use crate::model::source::TensorSource;
use crate::model::source::safetensors::SafetensorsSource;
use crate::train::optimizer::AdamW;
use crate::train::trainer::Trainer;

const OPTIMIZER_FILE: &str = "optimizer.safetensors";
const STATE_FILE: &str = "state.json";

/// Where a run stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// Optimizer steps made.
    pub step: u64,
    /// Step and validation loss of the best adapter so far.
    pub best: Option<Best>,
    /// What the run is of: recipe, data and base. A checkpoint of another run is not resumed.
    pub fingerprint: String,
}

/// The best adapter so far.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Best {
    /// Optimizer steps made.
    pub step: u64,
    /// Its validation loss, in nats.
    pub loss: f64,
}

/// Writes `bytes` to `path` by way of a temporary file in the same folder.
///
/// # Errors
/// When the folder cannot be written or the disk is full; nothing is then left under `path`.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    let fault = |e: std::io::Error| EngineError::io("write", path, e);
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".partial-").tempfile_in(folder).map_err(fault)?;
    file.write_all(bytes).and_then(|()| file.as_file().sync_all()).map_err(fault)?;
    // Temporary files are private; results are for whoever may read the folder.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.as_file().set_permissions(fs::Permissions::from_mode(0o644)).map_err(fault)?;
    }
    file.persist(path).map_err(|e| fault(e.error))?;
    Ok(())
}

/// Name of the folder of a step's checkpoint.
pub fn folder_name(step: u64) -> String {
    format!("step-{step:06}")
}

/// Writes a folder that appears whole or not at all: `fill` gets a folder beside `path`, which is
/// synced and takes the name, and with it the place of a folder that had it.
///
/// # Errors
/// What `fill` says, or when the folder cannot be made; an older `path` then still stands.
pub fn write_folder(path: &Path, fill: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(|e| EngineError::io("create", parent, e))?;
    let aside = tempfile::Builder::new()
        .prefix(".partial-")
        .tempdir_in(parent)
        .map_err(|e| EngineError::io("create", path, e))?;
    fill(aside.path())?;
    // Temporary folders are private; results are for whoever may read the run.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(aside.path(), fs::Permissions::from_mode(0o755))
            .map_err(|e| EngineError::io("write", path, e))?;
    }
    let sync =
        |folder: &Path| File::open(folder).and_then(|f| f.sync_all()).map_err(|e| EngineError::io("sync", folder, e));
    sync(aside.path())?;
    if path.exists() {
        fs::remove_dir_all(path).map_err(|e| EngineError::io("replace", path, e))?;
    }
    fs::rename(aside.path(), path).map_err(|e| EngineError::io("rename", path, e))?;
    // It has another name now: there is nothing left to clean up under the old one.
    drop(aside.keep());
    sync(parent)
}

/// Writes the trainer's state as `dir/step-000123` and returns that path.
///
/// # Errors
/// When it cannot be written; an older checkpoint of the same step then still stands.
pub fn save(dir: &Path, trainer: &Trainer, base: &BaseRef, state: &State) -> Result<PathBuf> {
    let path = dir.join(folder_name(state.step));
    write_folder(&path, |folder| {
        peft::save(folder, &trainer.adapter, base)?;
        let moment = |name: &str, values: &[f32]| {
            (name.to_owned(), vec![values.len()], values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>())
        };
        let AdamW { first, second, .. } = &trainer.optimizer;
        let file = folder.join(OPTIMIZER_FILE);
        write_file(&file, &tensor_bytes(&file, &[moment("first", first), moment("second", second)])?)?;
        let file = folder.join(STATE_FILE);
        let text = serde_json::to_vec_pretty(state).map_err(|e| EngineError::format(&file, e.to_string()))?;
        write_file(&file, &text)
    })?;
    Ok(path)
}

/// A checkpoint, read.
#[derive(Debug)]
pub struct Checkpoint {
    /// The adapter.
    pub adapter: Adapter,
    /// The optimizer.
    pub optimizer: AdamW,
    /// Where the run stood.
    pub state: State,
}

/// Reads the checkpoint in `path`, for a base of this shape.
///
/// # Errors
/// When a file is absent, damaged or does not fit the base.
pub fn load(path: &Path, model: &crate::model::config::ModelConfig, base: &BaseRef) -> Result<Checkpoint> {
    let adapter = peft::load(path, model, Some(base))?.adapter;
    let file = path.join(STATE_FILE);
    let text = fs::read_to_string(&file).map_err(|e| EngineError::io("read", &file, e))?;
    let state: State = serde_json::from_str(&text).map_err(|e| EngineError::format(&file, e.to_string()))?;
    let file = path.join(OPTIMIZER_FILE);
    let tensors = SafetensorsSource::open(&file)?;
    let n = adapter.params.len();
    let moment = |name: &str| match tensors.shape(name) {
        Some(shape) if shape == [n] => tensors.read(name),
        got => Err(EngineError::format(&file, format!("`{name}` is {got:?}, expected [{n}]"))),
    };
    let optimizer = AdamW { first: moment("first")?, second: moment("second")?, updates: state.step };
    Ok(Checkpoint { adapter, optimizer, state })
}

/// The checkpoints in `dir` under their final names, by step.
///
/// # Errors
/// When the folder cannot be read.
pub fn list(dir: &Path) -> Result<Vec<(u64, PathBuf)>> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(EngineError::io("read", dir, e)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(|e| EngineError::io("read", dir, e))?.path();
        let step = path
            .file_name()
            .and_then(|n| n.to_str())
            .and_then(|n| n.strip_prefix("step-"))
            .and_then(|n| n.parse().ok());
        found.extend(step.map(|step| (step, path)));
    }
    found.sort();
    Ok(found)
}

/// Removes the checkpoints of steps other than these.
///
/// # Errors
/// When one cannot be removed.
pub fn keep_only(dir: &Path, steps: &[u64]) -> Result<()> {
    for (step, path) in list(dir)? {
        if !steps.contains(&step) {
            fs::remove_dir_all(&path).map_err(|e| EngineError::io("remove", &path, e))?;
        }
    }
    Ok(())
}
