//! Files that a record names, such as its database: what is known of them without reading them.

use std::collections::BTreeMap;

use hive_sdk::Record;
use hive_sdk::manifest::DatasetSpec;

/// What changes with the content of the files that records name, by path: size and time of each, or
/// nothing of one that is not there.
pub type FileStamps = BTreeMap<String, String>;

/// Those of the files that this record names.
pub fn file_stamps(spec: &DatasetSpec, record: &Record) -> FileStamps {
    let mut stamps = FileStamps::new();
    add_stamps(spec, record, &mut stamps);
    stamps
}

/// Adds the files that this record names.
pub(crate) fn add_stamps(spec: &DatasetSpec, record: &Record, stamps: &mut FileStamps) {
    for field in spec.fields.iter().filter(|field| field.path) {
        if let Some(path) = record.text(&field.name)
            && !stamps.contains_key(path)
        {
            stamps.insert(path.to_owned(), stamp(path));
        }
    }
}

/// Whether these files are what they were.
pub fn stamps_hold(stamps: &FileStamps) -> bool {
    stamps.iter().all(|(path, known)| stamp(path) == *known)
}

fn stamp(path: &str) -> String {
    let about = std::fs::metadata(path).and_then(|about| Ok((about.len(), about.modified()?)));
    about.map(|(length, modified)| format!("{length} {modified:?}")).unwrap_or_default()
}
