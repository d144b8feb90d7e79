//! Files that a record names, such as its database: what is known of them without reading them.

use hive_sdk::Record;
use hive_sdk::manifest::DatasetSpec;

/// What of the files that a record names changes with their content: their sizes and times.
pub fn file_stamps(spec: &DatasetSpec, record: &Record) -> Vec<String> {
    let fields = spec.fields.iter().filter(|field| field.path);
    let stamp = |path: &str| {
        let about = std::fs::metadata(path).ok()?;
        Some(format!("{path} {} {:?}", about.len(), about.modified().ok()?))
    };
    fields.filter_map(|field| stamp(record.text(&field.name)?)).collect()
}
