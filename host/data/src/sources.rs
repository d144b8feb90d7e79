//! Where an expert's records come from: files and folders, prepared sets, data sets of the hub, or
//! the expert itself; each as a stream for the gate. It judges nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use hive_net::{Context, HubRepository, TransferReporter};
use hive_plugins::LoadedExpert;
use hive_sdk::Record;
use hive_sdk::manifest::DatasetSpec;
use sha2::{Digest, Sha256};

use crate::datasets::{
    DatasetError, MapOverrides, RecordReader, Source, SourcedRecord, add_fixed, data_files, file_stamps, hub,
};
use crate::pipeline::{Data, Half, Incoming, PipelineError, PreparedSet, SourceRead, Stream};

/// Records between two words about how far counting is.
const COUNT_EVERY: usize = 1000;

/// A data set on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalData {
    /// As the user named it; a hub data set keeps its name in messages and reports.
    pub name: String,
    /// The file or folder.
    pub path: PathBuf,
}

/// Finds each data set, and pulls those of the hub that are not here.
///
/// # Errors
/// When one of the hub cannot be had.
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
                // A wrong name is told before a base model is fetched for nothing.
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
    /// The data sets, in the order in which they are read.
    pub sets: Vec<LocalData>,
    /// What the expert's manifest says of data.
    pub spec: DatasetSpec,
    /// The overrides of the mapping as they were given, for the digest.
    pub map: String,
    /// The same, read.
    pub overrides: MapOverrides,
    /// Values of fields that a record lacks.
    pub fixed: BTreeMap<String, String>,
}

impl Files {
    fn readers(&self) -> Result<FileStream, PipelineError> {
        // Each is opened now, so that a wrong name is told before an hour of work on the first.
        let open = |set: &LocalData| Ok((set.clone(), Reader::open(&set.path, self)?));
        Ok(FileStream { readers: self.sets.iter().map(open).collect::<Result<_, PipelineError>>()?, at: 0 })
    }

    /// State of every file that a record names, such as its database: a verdict is about its content
    /// too.
    fn named_files(&self) -> Result<BTreeSet<String>, PipelineError> {
        let mut stamps = BTreeSet::new();
        if self.spec.fields.iter().any(|field| field.path) {
            for incoming in self.readers()? {
                if let Ok(record) = &incoming?.record {
                    stamps.extend(file_stamps(&self.spec, record));
                }
            }
        }
        Ok(stamps)
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
                // Names go into the records' sources, so they count too.
                hash.update(shown(set, &file.display().to_string()));
                hash.update([0]);
            }
        }
        for stamp in self.named_files()? {
            hash.update(stamp);
            hash.update([0]);
        }
        Ok(hash.finalize().iter().map(|b| format!("{b:02x}")).collect())
    }

    fn name(&self) -> String {
        self.sets.iter().map(|set| format!("`{}`", set.name)).collect::<Vec<_>>().join(", ")
    }

    fn count(&self, stop: &AtomicBool, on_count: &dyn Fn(usize)) -> Result<Option<usize>, PipelineError> {
        let mut count = 0;
        for record in self.readers()? {
            record?;
            count += 1;
            if count % COUNT_EVERY == 0 {
                on_count(count);
                if stop.load(Ordering::Relaxed) {
                    return Ok(None);
                }
            }
        }
        Ok(Some(count))
    }

    fn open(&self) -> Result<Box<dyn Stream>, PipelineError> {
        Ok(Box::new(self.readers()?))
    }
}

/// Reads one data set.
enum Reader {
    /// Files, with their columns mapped to fields.
    Records(Box<RecordReader>),
    /// A prepared set, whose records have fields already.
    Prepared { rows: Box<dyn Iterator<Item = Result<Incoming, PipelineError>> + Send>, read: usize },
}

impl Reader {
    fn open(path: &Path, files: &Files) -> Result<Self, PipelineError> {
        let Files { spec, overrides, fixed, .. } = files;
        if !PreparedSet::is_at(path) {
            return Ok(Reader::Records(Box::new(RecordReader::open(path, spec, overrides, fixed)?)));
        }
        let set = PreparedSet::open(path)?;
        let rows = set.rows(Half::Train)?.chain(set.rows(Half::Validation)?);
        let fixed = fixed.clone();
        let incoming = rows.map(move |row| {
            let SourcedRecord { mut record, source } = row?;
            add_fixed(&mut record, &fixed);
            Ok(Incoming { source: source.to_string(), record: Ok(record) })
        });
        Ok(Reader::Prepared { rows: Box::new(incoming), read: 0 })
    }

    fn next(&mut self) -> Option<Result<Incoming, PipelineError>> {
        match self {
            Reader::Records(reader) => Some(reader.next()?.map_err(PipelineError::from).map(|read| Incoming {
                source: read.source.to_string(),
                record: read.record.map_err(|(code, why)| (code.to_owned(), why)),
            })),
            Reader::Prepared { rows, read } => {
                *read += 1;
                rows.next()
            }
        }
    }

    fn read(&self) -> (usize, String) {
        match self {
            Reader::Records(reader) => (reader.report().records + reader.report().rejects.total(), reader.mappings()),
            // The end was asked for as well.
            Reader::Prepared { read, .. } => (read.saturating_sub(1), "a prepared set, judged again".to_owned()),
        }
    }
}

struct FileStream {
    readers: Vec<(LocalData, Reader)>,
    at: usize,
}

impl Iterator for FileStream {
    type Item = Result<Incoming, PipelineError>;

    fn next(&mut self) -> Option<Self::Item> {
        while let Some((set, reader)) = self.readers.get_mut(self.at) {
            match reader.next() {
                Some(Ok(incoming)) => {
                    let source = shown(set, &incoming.source);
                    return Some(Ok(Incoming { source, ..incoming }));
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

/// A place within a data set with the set's name in place of where it lies on this machine.
fn shown(set: &LocalData, place: &str) -> String {
    match place.strip_prefix(&set.path.display().to_string()) {
        Some(rest) => format!("{}{rest}", set.name),
        None => place.to_owned(),
    }
}

/// Records of the expert's own making.
pub struct Synthetic<'a> {
    /// The expert that makes them.
    pub expert: &'a LoadedExpert,
    /// What they are made from.
    pub seed: u64,
    /// How many.
    pub records: usize,
}

impl Data for Synthetic<'_> {
    fn digest(&self) -> Result<String, PipelineError> {
        Ok(format!("made from seed {} : {}", self.seed, self.records))
    }

    fn name(&self) -> String {
        format!("the data that expert `{}` made", self.expert.name())
    }

    fn count(&self, _: &AtomicBool, _: &dyn Fn(usize)) -> Result<Option<usize>, PipelineError> {
        Ok(Some(self.records))
    }

    fn open(&self) -> Result<Box<dyn Stream>, PipelineError> {
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
    type Item = Result<Incoming, PipelineError>;

    fn next(&mut self) -> Option<Self::Item> {
        let (index, record) = self.records.next()?;
        Some(Ok(Incoming { source: Source::Synthetic { index }.to_string(), record: Ok(record) }))
    }
}

impl Stream for SyntheticStream {
    fn sources(&self) -> Vec<SourceRead> {
        let name = format!("made from seed {}", self.seed);
        vec![SourceRead { name, records: self.total, mapping: String::new() }]
    }
}
