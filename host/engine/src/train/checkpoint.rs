//! Checkpoints: a folder with the adapter (PEFT's files), the optimizer's moments and the state of the run. Writes are
//! atomic: to a temporary folder, synced, then renamed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use hive_files::{FileError, remove_folder, write_file, write_folder};
use serde::{Deserialize, Serialize};

use crate::adapter::Adapter;
use crate::adapter::peft::{self, BaseRef, tensor_bytes};
use crate::error::{EngineError, Result};
use crate::train::best::Best;
use crate::train::optimizer::AdamW;
use crate::train::trainer::Trainer;
use crate::weights::source::TensorSource;
use crate::weights::source::safetensors::SafetensorsSource;

const OPTIMIZER_FILE: &str = "optimizer.safetensors";
const STATE_FILE: &str = "state.json";

/// Version of the checkpoint format.
pub const FORMAT: u32 = 2;

/// The state of a run. With recipe, data and base, it determines the rest of the run: the order of records and the dropout
/// masks are functions of seed, step and record, so there is no generator state to save.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// Version of the format.
    pub format: u32,
    /// Optimizer steps made, skipped ones included.
    pub step: u64,
    /// Updates made: steps minus skipped ones.
    pub updates: u64,
    /// Steps skipped in a row, up to this one.
    pub skipped_in_a_row: u64,
    /// Position in the data.
    pub position: Position,
    /// Seed of order and dropout.
    pub seed: u64,
    /// Whether the evaluation after this step was made, if one was due.
    pub evaluated: bool,
    /// The best steps so far.
    pub best: Best,
    /// Digests of the run's inputs: recipe, data, base. A checkpoint with other digests belongs to another run and is not
    /// resumed.
    #[serde(rename = "of")]
    pub digests: BTreeMap<String, String>,
}

/// A position in the data.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// Completed epochs.
    pub epoch: u64,
    /// Records seen of the current epoch.
    pub record: u64,
}

impl Position {
    /// The position after `seen` records of a data set of `records`.
    pub fn after(seen: u64, records: usize) -> Self {
        let records = (records as u64).max(1);
        Self { epoch: seen / records, record: seen % records }
    }

    /// Records seen since the run began.
    pub fn seen(self, records: usize) -> u64 {
        self.epoch * records as u64 + self.record
    }
}

/// Folder name of the checkpoint after `step` steps.
pub fn folder_name(step: u64) -> String {
    format!("step-{step:06}")
}

/// Size in bytes of a checkpoint of `parameters` values, to within a few kilobytes.
pub fn size(parameters: usize) -> u64 {
    // The adapter and two moments in f32.
    12 * parameters as u64 + (1 << 16)
}

/// Writes a checkpoint to `dir/step-000123` and returns that path.
///
/// # Errors
/// When it cannot be written; an older checkpoint of the same step is left untouched.
pub fn save(dir: &Path, trainer: &Trainer, base: &BaseRef, state: &State) -> Result<PathBuf> {
    let path = dir.join(folder_name(state.step));
    let written = write_folder(&path, |folder| {
        peft::save(folder, &trainer.adapter, base)?;
        let moment = |name: &str, values: &[f32]| {
            (name.to_owned(), vec![values.len()], values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>())
        };
        let AdamW { first, second, .. } = &trainer.optimizer;
        let file = folder.join(OPTIMIZER_FILE);
        write_file(&file, &tensor_bytes(&file, &[moment("first", first), moment("second", second)])?)?;
        let file = folder.join(STATE_FILE);
        let text = serde_json::to_vec_pretty(state).map_err(|e| EngineError::format(&file, e.to_string()))?;
        Ok(write_file(&file, &text)?)
    });
    written.map_err(|error| match error {
        // The error is about the whole checkpoint, under its final name.
        EngineError::File(FileError::DiskFull { free, source, .. }) => {
            let needed = size(trainer.adapter.params.len());
            FileError::DiskFull { path: path.clone(), needed, free, source }.into()
        }
        other => other,
    })?;
    Ok(path)
}

/// A loaded checkpoint.
#[derive(Debug)]
pub struct Checkpoint {
    /// The adapter.
    pub adapter: Adapter,
    /// The optimizer.
    pub optimizer: AdamW,
    /// The state of the run.
    pub state: State,
}

/// Loads the checkpoint at `path`, for a base of this shape.
///
/// # Errors
/// When a file is missing, damaged or does not fit the base.
pub fn load(path: &Path, model: &crate::weights::config::ModelConfig, base: &BaseRef) -> Result<Checkpoint> {
    let adapter = peft::load(path, model, Some(base))?.adapter;
    let file = path.join(STATE_FILE);
    let text = fs::read_to_string(&file).map_err(|e| EngineError::io("read", &file, e))?;
    let state: State = serde_json::from_str(&text).map_err(|e| EngineError::format(&file, e.to_string()))?;
    if state.format != FORMAT {
        return Err(EngineError::format(&file, format!("its format is {}, expected {FORMAT}", state.format)));
    }
    let file = path.join(OPTIMIZER_FILE);
    let tensors = SafetensorsSource::open(&file)?;
    let n = adapter.params.len();
    let moment = |name: &str| match tensors.shape(name) {
        Some(shape) if shape == [n] => tensors.read(name),
        got => Err(EngineError::format(&file, format!("`{name}` is {got:?}, expected [{n}]"))),
    };
    let optimizer = AdamW { first: moment("first")?, second: moment("second")?, updates: state.updates };
    Ok(Checkpoint { adapter, optimizer, state })
}

/// The complete checkpoints in `dir`, sorted by step.
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

/// Removes all checkpoints except those of these steps.
///
/// # Errors
/// When one cannot be removed.
pub fn keep_only(dir: &Path, steps: &[u64]) -> Result<()> {
    for (step, path) in list(dir)? {
        if !steps.contains(&step) {
            remove_folder(&path)?;
        }
    }
    Ok(())
}
