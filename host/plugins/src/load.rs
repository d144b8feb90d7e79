//! Loads an expert: in separate processes, whatever its code is.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use super::build::Builder;
use super::discover::{ExpertEntry, Standing};
use super::error::{CallFault, LoadFault, PluginError};
use super::expert::LoadedExpert;
use super::in_process::InProcess;
use super::isolated::{Isolated, WorkerCommand};
use super::place::{ExpertCode, ExpertPlace};
use super::renders_only::RendersOnly;
use super::transport::Transport;

/// Time limit of a call of an expert that is not called for single records with a limit of their own.
const LIMIT: Duration = Duration::from_secs(60);

/// Time limit for making records, of which one call makes all.
const SYNTHESIS_LIMIT: Duration = Duration::from_secs(1_800);

/// Loads the expert's existing code; builds nothing. It runs in processes of its own, at most one per core, which start
/// when they are called.
///
/// # Errors
/// When its library is missing, damaged, not for this machine, built for another ABI, or contains
/// another expert than its name says.
pub fn load(entry: &ExpertEntry, builder: &Builder) -> Result<LoadedExpert, PluginError> {
    let place = ExpertPlace::of(entry, builder);
    match entry.standing() {
        Standing::Trusted | Standing::Declared(_) => {}
        Standing::ManifestAlone => {
            let path = entry.manifest_path();
            let json = std::fs::read_to_string(path).map_err(|e| place.fault(LoadFault::Unreadable(e)))?;
            return declared(&entry.name, &json);
        }
        Standing::Revoked(why) => return Err(place.fault(LoadFault::Revoked(why.clone()))),
        Standing::Untrusted(why) => return Err(place.fault(LoadFault::Untrusted(why.clone()))),
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let program = builder.program(&place)?;
    let command = WorkerCommand { program, place: place.clone(), limit: LIMIT, synthesis: SYNTHESIS_LIMIT };
    let expert = over(&place, Box::new(Isolated::new(command, cores)))?;
    if !place.is_declared() {
        check_manifest(entry, &expert).map_err(|fault| place.fault(fault))?;
    }
    Ok(expert)
}

/// Maximum number of differences between two manifests that are reported.
const DIFFERENCES: usize = 5;

/// Checks that the library's embedded manifest equals the manifest file, as commands read one or
/// the other. A file that is missing or not JSON is reported elsewhere.
fn check_manifest(entry: &ExpertEntry, expert: &LoadedExpert) -> Result<(), LoadFault> {
    let file = entry.manifest_path();
    let read = |text: &str| serde_json::from_str::<Value>(text).ok();
    let declared = std::fs::read_to_string(&file).ok().and_then(|text| read(&text));
    let (Some(declared), Some(built_in)) = (declared, read(expert.manifest_json())) else { return Ok(()) };
    let differences = differences(&built_in, &declared);
    if differences.is_empty() { Ok(()) } else { Err(LoadFault::OtherManifest { file, differences }) }
}

/// The first differences between a library's manifest and the manifest file, each with its path and both values.
pub fn differences(library: &Value, file: &Value) -> Vec<String> {
    let mut differences = Vec::new();
    differ("$", library, file, &mut differences);
    let more = differences.len().saturating_sub(DIFFERENCES);
    differences.truncate(DIFFERENCES);
    if more > 0 {
        differences.push(format!("… and {more} more"));
    }
    differences
}

/// Collects the differences between two JSON values, each with its path and both values.
fn differ(path: &str, library: &Value, file: &Value, into: &mut Vec<String>) {
    match (library, file) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for key in keys {
                let at = |map: &serde_json::Map<String, Value>| map.get(key).cloned().unwrap_or(Value::Null);
                differ(&format!("{path}.{key}"), &at(a), &at(b), into);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().for_each(|(i, (a, b))| differ(&format!("{path}[{i}]"), a, b, into));
        }
        _ if library == file => {}
        _ => {
            let shown = |value: &Value| match value {
                Value::Null => "nothing".to_owned(),
                Value::Array(items) => format!("a list of {}", items.len()),
                Value::Object(_) => "an object".to_owned(),
                text => format!("`{}`", text.to_string().chars().take(60).collect::<String>()),
            };
            into.push(format!("{path}: the library has {}, the file {}", shown(library), shown(file)));
        }
    }
}

/// An expert from a manifest alone, in this process: it renders prompts, which hive does itself, and nothing else.
///
/// # Errors
/// When the manifest has faults or names another expert.
pub fn declared(name: &str, json: &str) -> Result<LoadedExpert, PluginError> {
    let declared = RendersOnly::new(json.to_owned()).map_err(|e| PluginError::Load {
        expert: name.to_owned(),
        library: PathBuf::default(),
        installed: true,
        fault: LoadFault::Manifest { what: "its manifest cannot be read".to_owned(), faults: vec![e.message] },
    })?;
    let mut expert = LoadedExpert::over(name, Box::new(InProcess(declared)))?;
    expert.has_no_code();
    Ok(expert)
}

/// Loads the expert at `place` in `count` separate processes, each with its own state; `limit` is that of every call. Build
/// it first ([`super::open`] does).
///
/// # Errors
/// As [`load`], and when a process cannot be started.
pub fn load_isolated(place: &ExpertPlace, count: usize, limit: Duration) -> Result<Vec<LoadedExpert>, PluginError> {
    if matches!(place.code, ExpertCode::Missing { .. }) {
        return Err(place.fault(LoadFault::NoPlugin));
    }
    let command = WorkerCommand { program: own_program(place)?, place: place.clone(), limit, synthesis: limit };
    (0..count).map(|_| over(place, Box::new(Isolated::new(command.clone(), 1)))).collect()
}

/// This program, which is started again as a worker.
pub(super) fn own_program(place: &ExpertPlace) -> Result<PathBuf, PluginError> {
    std::env::current_exe().map_err(|e| place.fault(LoadFault::Unreadable(e)))
}

fn over(place: &ExpertPlace, transport: Box<dyn Transport>) -> Result<LoadedExpert, PluginError> {
    let loaded = LoadedExpert::over(&place.expert, transport).map_err(|error| match error {
        // `over` does not know the place: add its location.
        PluginError::Load { fault, .. } => place.fault(fault),
        PluginError::Call { fault: CallFault::NotLoaded(fault), .. } => place.fault(*fault),
        other => other,
    })?;
    Ok(if place.is_declared() { loaded.into_declared() } else { loaded })
}
