//! Sources of an expert's records: files and folders, prepared sets, data sets of the hub, or the
//! expert itself; each as a stream for the data gate. It judges nothing.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hive_net::{Context, HubRepository, TransferReporter};
use hive_plugins::LoadedExpert;
use hive_sdk::Record;
use hive_sdk::manifest::DatasetSpec;
use sha2::{Digest, Sha256};

use crate::datasets::{DatasetError, MapOverrides, ReadRecord, RecordReader, Source, add_fixed, data_files, hub};
use crate::pipeline::{Data, Half, PipelineError, PreparedSet, SourceRead, Stream};

/// A data set on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalData {
    /// The name given by the user; a hub data set keeps its name in messages and reports.
    pub name: String,
    /// The file or folder.
    pub path: PathBuf,
}

/// Locates each data set, downloading those of the hub that are missing.
///
/// # Errors
/// When one of the hub is unavailable.
pub fn locate(
    context: &Context,
    datasets: &[PathBuf],
    reporter: &mut dyn TransferReporter,
) -> Result<Vec<LocalData>, PipelineError> {
    let mut found = Vec::with_capacity(datasets.len());
    for path in datasets {
        let name = path.display().to_string();
        let path = match path.to_str().and_then(HubRepository::parse).transpose().map_err(DatasetError::from)? {
            None => {
                // Report a wrong name before a base model is downloaded in vain.
                std::fs::metadata(path).map_err(|source| DatasetError::Read { file: path.clone(), source })?;
                path.clone()
            }
            Some(set) => hub::ensure(&set, context, reporter).map_err(DatasetError::from)?,
        };
        found.push(LocalData { name, path });
    }
    Ok(found)
}

/// Files and folders, one after the other.
pub struct Files {
    /// The data sets, in reading order.
    pub sets: Vec<LocalData>,
    /// The manifest's data section.
    pub spec: DatasetSpec,
    /// The mapping overrides as given, for the digest.
    pub map: String,
    /// The parsed overrides.
    pub overrides: MapOverrides,
    /// Values for fields that a record lacks.
    pub fixed: BTreeMap<String, String>,
}

impl Files {
    fn readers(&self) -> Result<FileStream, PipelineError> {
        // Open all now, so that a wrong name is reported before an hour of work on the first.
        let open = |set: &LocalData| Ok((set.clone(), Reader::open(&set.path, self)?));
        Ok(FileStream { readers: self.sets.iter().map(open).collect::<Result<_, PipelineError>>()?, at: 0 })
    }
}

impl Data for Files {
    fn digest(&self) -> Result<String, PipelineError> {
        let mut hash = Sha256::new();
        hash.update(self.map.as_bytes());
        for (field, value) in &self.fixed {
            hash.update(serde_json::json!([field, value]).to_string());
        }
        let mut buffer = vec![0; 1 << 20];
        for set in &self.sets {
            for file in data_files(&set.path)? {
                let failed = |source| DatasetError::Read { file: file.clone(), source };
                let mut input = File::open(&file).map_err(failed)?;
                let mut length = 0_u64;
                loop {
                    let n = input.read(&mut buffer).map_err(failed)?;
                    if n == 0 {
                        break;
                    }
                    length += n as u64;
                    hash.update(&buffer[..n]);
                }
                hash.update(length.to_le_bytes());
                // Names are part of the records' sources, so they are included.
                hash.update(shown(set, &file.display().to_string()));
                hash.update([0]);
            }
        }
        Ok(hive_files::hex(&hash.finalize()))
    }

    fn name(&self) -> String {
        self.sets.iter().map(|set| format!("`{}`", set.name)).collect::<Vec<_>>().join(", ")
    }

    fn open(&self) -> Result<Box<dyn Stream + '_>, PipelineError> {
        Ok(Box::new(self.readers()?))
    }
}

/// Reads one data set.
enum Reader {
    /// Files, with their columns mapped to fields.
    Records(Box<RecordReader>),
    /// A prepared set, whose records already have fields.
    Prepared { rows: Box<dyn Iterator<Item = Result<ReadRecord, PipelineError>> + Send>, read: usize },
}

impl Reader {
    fn open(path: &Path, files: &Files) -> Result<Self, PipelineError> {
        let Files { spec, overrides, fixed, .. } = files;
        if !PreparedSet::is_at(path) {
            return Ok(Reader::Records(Box::new(RecordReader::open(path, spec, overrides, fixed)?)));
        }
        let set = PreparedSet::open(path)?;
        let fixed = fixed.clone();
        let [train, validation] = Half::BOTH.map(|half| {
            let (file, fixed): (Arc<Path>, _) = (set.file(half).into(), fixed.clone());
            Ok::<_, PipelineError>(set.rows(half)?.zip(1..).map(move |(record, row)| {
                let mut record = record?;
                add_fixed(&mut record, &fixed);
                Ok(ReadRecord { source: Source::Row { file: Arc::clone(&file), row }, record: Ok(record) })
            }))
        });
        Ok(Reader::Prepared { rows: Box::new(train?.chain(validation?)), read: 0 })
    }

    fn next(&mut self) -> Option<Result<ReadRecord, PipelineError>> {
        match self {
            Reader::Records(reader) => Some(reader.next()?.map_err(PipelineError::from)),
            Reader::Prepared { rows, read } => {
                *read += 1;
                rows.next()
            }
        }
    }

    fn read(&self) -> (usize, String) {
        match self {
            Reader::Records(reader) => (reader.report().records + reader.report().rejects.total(), reader.mappings()),
            // The end was also counted.
            Reader::Prepared { read, .. } => (read.saturating_sub(1), "a prepared set, judged again".to_owned()),
        }
    }
}

struct FileStream {
    readers: Vec<(LocalData, Reader)>,
    at: usize,
}

impl Iterator for FileStream {
    type Item = Result<ReadRecord, PipelineError>;

    fn next(&mut self) -> Option<Self::Item> {
        while let Some((set, reader)) = self.readers.get_mut(self.at) {
            match reader.next() {
                Some(Ok(read)) => {
                    let source = read.source.named(&set.path, &set.name);
                    return Some(Ok(ReadRecord { source, ..read }));
                }
                Some(Err(error)) => return Some(Err(error)),
                None => self.at += 1,
            }
        }
        None
    }
}

impl Stream for FileStream {
    fn sources(&self) -> Vec<SourceRead> {
        let read = |(set, reader): &(LocalData, Reader)| {
            let (records, mapping) = reader.read();
            SourceRead { name: set.name.clone(), records, mapping }
        };
        self.readers.iter().map(read).collect()
    }
}

/// A path within a data set with the set's name instead of its local path.
fn shown(set: &LocalData, place: &str) -> String {
    match place.strip_prefix(&set.path.display().to_string()) {
        Some(rest) => format!("{}{rest}", set.name),
        None => place.to_owned(),
    }
}

/// Records synthesized by the expert.
pub struct Synthetic<'a> {
    /// The expert that synthesizes them.
    pub expert: &'a LoadedExpert,
    /// The seed.
    pub seed: u64,
    /// Number of records.
    pub records: usize,
}

impl Data for Synthetic<'_> {
    fn digest(&self) -> Result<String, PipelineError> {
        Ok(format!("made from seed {} : {}", self.seed, self.records))
    }

    fn name(&self) -> String {
        format!("the synthetic data of expert `{}`", self.expert.name())
    }

    fn open(&self) -> Result<Box<dyn Stream + '_>, PipelineError> {
        let made = self.expert.synthesize(self.seed, self.records)?;
        let records = made.ok_or_else(|| PipelineError::NoData(self.expert.name().to_owned()))?;
        Ok(Box::new(SyntheticStream {
            total: records.len(),
            seed: self.seed,
            records: records.into_iter().enumerate(),
        }))
    }
}

struct SyntheticStream {
    records: std::iter::Enumerate<std::vec::IntoIter<Record>>,
    total: usize,
    seed: u64,
}

impl Iterator for SyntheticStream {
    type Item = Result<ReadRecord, PipelineError>;

    fn next(&mut self) -> Option<Self::Item> {
        let (index, record) = self.records.next()?;
        Some(Ok(ReadRecord { source: Source::Synthetic { index }, record: Ok(record) }))
    }
}

impl Stream for SyntheticStream {
    fn sources(&self) -> Vec<SourceRead> {
        let name = format!("generated from seed {}", self.seed);
        vec![SourceRead { name, records: self.total, mapping: String::new() }]
    }
}
