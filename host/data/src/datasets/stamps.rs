//! Files that a record refers to, such as its database: their size and modification time.

use std::collections::BTreeMap;

use hive_sdk::Record;
use hive_sdk::manifest::DatasetSpec;

/// A stamp per path that changes with the file's content: its size and modification time, or empty
/// if it does not exist.
pub type FileStamps = BTreeMap<String, String>;

/// The stamps of the files that this record refers to.
pub fn file_stamps(spec: &DatasetSpec, record: &Record) -> FileStamps {
    let mut stamps = FileStamps::new();
    add_stamps(spec, record, &mut stamps);
    stamps
}

/// Adds the files that this record refers to.
pub(crate) fn add_stamps(spec: &DatasetSpec, record: &Record, stamps: &mut FileStamps) {
    for field in spec.fields.iter().filter(|field| field.path) {
        if let Some(path) = record.text(&field.name)
            && !stamps.contains_key(path)
        {
            stamps.insert(path.to_owned(), stamp(path));
        }
    }
}

/// Whether these files are unchanged.
pub fn stamps_hold(stamps: &FileStamps) -> bool {
    stamps.iter().all(|(path, known)| stamp(path) == *known)
}

fn stamp(path: &str) -> String {
    let about = std::fs::metadata(path).and_then(|about| Ok((about.len(), about.modified()?)));
    about.map(|(length, modified)| format!("{length} {modified:?}")).unwrap_or_default()
}
