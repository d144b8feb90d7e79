//! What is checked: a manifest, the expert that it belongs to, and what lies beside it. Knows where things are; calls
//! nothing.

use std::path::{Path, PathBuf};
use std::time::Duration;

use hive_data::datasets::MapOverrides;
use hive_data::pipeline::Data as _;
use hive_data::sources::{Files, LocalData};
use hive_plugins::{ExpertPlace, LoadedExpert, PluginError, load_isolated};
use hive_sdk::Record;
use hive_sdk::manifest::DatasetSpec;

/// Maximum number of records of a data set that are read.
const READ: usize = 256;

/// File name of an expert's own records, in its folder.
pub const RECORDS_FILE: &str = "records.jsonl";

/// Time limit of a call, as for a record in training.
const LIMIT: Duration = Duration::from_secs(10);

/// The expert at `place` in a process of its own.
///
/// # Errors
/// As [`load_isolated`].
pub fn isolated(place: &ExpertPlace) -> Result<LoadedExpert, PluginError> {
    // There is one.
    Ok(load_isolated(place, 1, LIMIT)?.swap_remove(0))
}

/// Opens the expert once more, in a process of its own.
pub type Open<'a> = dyn Fn() -> Result<LoadedExpert, PluginError> + 'a;

/// An expert to check.
pub struct Subject<'a> {
    /// Its name.
    pub name: String,
    /// Its manifest file, as named in messages.
    pub manifest_file: String,
    /// The text of the manifest file.
    pub manifest: String,
    /// Opens it.
    pub open: Box<Open<'a>>,
    /// Whether it consists of a manifest only.
    pub declared: bool,
    /// The folder of its own files, such as a README; `None` if they are not to be checked.
    pub folder: Option<PathBuf>,
    /// Folders besides it that may hold a licence.
    pub around: Vec<PathBuf>,
    /// Long flags of hive's own on the commands that get those of an expert.
    pub flags: Vec<String>,
    /// A data set to check.
    pub dataset: Option<LocalData>,
}

impl Subject<'_> {
    /// The data set to check: the one that was named, or the expert's own.
    pub fn data(&self) -> Option<LocalData> {
        let own = || {
            let path = self.folder.as_ref()?.join(RECORDS_FILE);
            path.is_file().then(|| LocalData { name: RECORDS_FILE.to_owned(), path })
        };
        self.dataset.clone().or_else(own)
    }
}

/// A record with its name for messages.
pub type Named = (String, Record);

/// The first records of a data set.
#[derive(Debug, Default)]
pub(crate) struct DataRecords {
    /// Its name.
    pub name: String,
    /// The records that can be read.
    pub records: Vec<Named>,
    /// The rows that cannot, each with the reason.
    pub unreadable: Vec<(String, String)>,
}

/// Reads the first records.
///
/// # Errors
/// Why nothing can be read.
pub(crate) fn read(set: &LocalData, spec: &DatasetSpec) -> Result<DataRecords, String> {
    let files = Files {
        sets: vec![set.clone()],
        spec: spec.clone(),
        map: String::new(),
        overrides: MapOverrides::default(),
        fixed: Default::default(),
    };
    let why = |error: &dyn std::error::Error| {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            text += &format!(": {cause}");
            source = cause.source();
        }
        text
    };
    let mut found = DataRecords { name: set.name.clone(), ..DataRecords::default() };
    for read in files.open().map_err(|e| why(&e))?.take(READ) {
        let read = read.map_err(|e| why(&e))?;
        let place = read.source.to_string();
        match read.record {
            Ok(record) => found.records.push((place, record)),
            Err(hive_sdk::Verdict::Reject { why, .. }) => found.unreadable.push((place, why)),
            Err(_) => found.unreadable.push((place, "it cannot be read".to_owned())),
        }
    }
    Ok(found)
}

/// Whether a folder has a file whose name begins with one of these words, whatever their case.
pub(crate) fn has_file(folder: &Path, words: &[&str]) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| {
        let name = entry.file_name().to_string_lossy().to_lowercase();
        words.iter().any(|word| name.starts_with(word))
    })
}
