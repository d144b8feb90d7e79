//! The data sets of a run as they were: names, records and digests. A digest over all tokens says that the data of a
//! resumed run is other data; this says which of it.

use hive_data::datasets::data_files;
use hive_data::pipeline::{Half, PipelineError, PreparedSet};
use hive_data::sources::LocalData;
use hive_errors::counted;
use hive_files::{KnownDigests, hex, sha256_of_file};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::TrainError;

/// A data set that a run was trained on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataSource {
    /// Its name, as the user gave it.
    pub name: String,
    /// Records in it.
    pub records: usize,
    /// SHA-256 digest over those of its files, lower-case hex.
    pub sha256: String,
}

/// The data sets from which `set` was prepared; none if its records were generated.
///
/// # Errors
/// When a file cannot be read.
pub(crate) fn of(
    datasets: &[LocalData],
    set: &PreparedSet,
    known: Option<&KnownDigests>,
) -> Result<Vec<DataSource>, TrainError> {
    let source = |data: &LocalData| {
        let is_set = PreparedSet::is_at(&data.path);
        let files = if is_set {
            let own = PreparedSet::open(&data.path)?;
            Half::BOTH.map(|half| own.file(half)).to_vec()
        } else {
            data_files(&data.path).map_err(PipelineError::from)?
        };
        let mut hash = Sha256::new();
        for file in files {
            hash.update(known.map_or_else(|| sha256_of_file(&file), |known| known.sha256_of_file(&file))?);
        }
        let read = set.report.sources.iter().find(|read| read.name == data.name);
        // A prepared set that is trained on as it is has the sources that it was made from.
        let records = read.map_or(set.report.train + set.report.validation, |read| read.records);
        Ok(DataSource { name: data.name.clone(), records, sha256: hex(&hash.finalize()) })
    };
    datasets.iter().map(source).collect()
}

/// What has changed between the data sets of a run and those that it is to be resumed with, line by line.
pub(crate) fn differences(then: &[DataSource], now: &[DataSource]) -> Vec<String> {
    let named = |all: &'_ [DataSource], name: &str| all.iter().find(|source| source.name == name).cloned();
    let mut lines = Vec::new();
    for old in then {
        let name = &old.name;
        match named(now, name) {
            None => lines.push(format!("data set `{name}` was given then, and is not now")),
            Some(new) if new.sha256 == old.sha256 => {}
            Some(new) if new.records == old.records => {
                let records = counted(old.records as u64, "record");
                lines.push(format!("data set `{name}` had {records}, and has as many now, but not the same"));
            }
            Some(new) => {
                let records = counted(old.records as u64, "record");
                lines
                    .push(format!("data set `{name}` had {records}, now {}", hive_errors::grouped(new.records as u64)));
            }
        }
    }
    let added = now.iter().filter(|source| named(then, &source.name).is_none());
    lines.extend(added.map(|source| format!("data set `{}` is given now, and was not then", source.name)));
    if lines.is_empty() {
        let same = if then.is_empty() { "the records are generated again" } else { "the data sets are the same" };
        lines.push(format!("{same}, but other tokens come of them: the expert's build, `--map` or `--field` changed"));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(name: &str, records: usize, sha256: &str) -> DataSource {
        DataSource { name: name.to_owned(), records, sha256: sha256.to_owned() }
    }

    #[test]
    fn the_data_set_that_changed_is_named_with_its_records() {
        let then = [source("a", 1_000, "1"), source("b", 2, "2"), source("c", 3, "3"), source("d", 4, "4")];
        let now = [source("a", 1_001, "9"), source("b", 2, "9"), source("c", 3, "3"), source("e", 4, "4")];
        assert_eq!(
            differences(&then, &now),
            [
                "data set `a` had 1,000 records, now 1,001",
                "data set `b` had 2 records, and has as many now, but not the same",
                "data set `d` was given then, and is not now",
                "data set `e` is given now, and was not then",
            ]
        );
        assert!(differences(&then, &then)[0].starts_with("the data sets are the same, but other tokens"));
        assert!(differences(&[], &[])[0].starts_with("the records are generated again, but"));
    }
}
