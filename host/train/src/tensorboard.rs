//! TensorBoard event files with the metrics of a run.
//!
//! The format is TFRecord (a length, its checksum, the bytes, their checksum;
//! `tensorflow/core/lib/io/record_writer.h`) around protocol buffers of type `Event`
//! (`tensorflow/core/util/event.proto`). Only scalars, the file version and the session start are
//! written, so the few fields are encoded here.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use hive_engine::EngineError;

use super::TrainError;

/// An event file, open for appending.
#[derive(Debug)]
pub struct Events {
    file: File,
    path: PathBuf,
}

impl Events {
    /// Creates a new event file in `folder`, for a session that continues after `step` steps.
    /// TensorBoard then drops later steps of earlier files.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn create(folder: &Path, step: u64) -> Result<Self, TrainError> {
        std::fs::create_dir_all(folder).map_err(|e| EngineError::io("create", folder, e))?;
        let now = now();
        let mut n = 0;
        // TensorBoard reads the files in the order of their names.
        let (path, file) = loop {
            let path = folder.join(format!("events.out.tfevents.{:010}.hive.{n:04}", now as u64));
            match OpenOptions::new().create_new(true).append(true).open(&path) {
                Ok(file) => break (path, file),
                Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => n += 1,
                Err(e) => return Err(EngineError::io("create", &path, e).into()),
            }
        };
        let mut events = Self { file, path };
        events.record(&event(now, 0, &field(3, b"brain.Event:2")))?;
        if step > 0 {
            // SessionLog { status: START }
            events.record(&event(now, step + 1, &field(7, &[0x08, 1])))?;
        }
        Ok(events)
    }

    /// Adds scalars of a step.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn add(&mut self, step: u64, values: &[(&str, f64)]) -> hive_engine::Result<()> {
        let mut summary = Vec::new();
        for (tag, value) in values {
            let mut scalar = field(1, tag.as_bytes());
            // simple_value, a float
            scalar.push(2 << 3 | 5);
            scalar.extend((*value as f32).to_le_bytes());
            summary.extend(field(1, &scalar));
        }
        self.record(&event(now(), step, &field(5, &summary)))
    }

    /// Syncs all events to disk.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn sync(&mut self) -> hive_engine::Result<()> {
        self.file.sync_data().map_err(|e| EngineError::io("sync", &self.path, e))
    }

    fn record(&mut self, bytes: &[u8]) -> hive_engine::Result<()> {
        let length = (bytes.len() as u64).to_le_bytes();
        let mut record = length.to_vec();
        record.extend(masked_crc(&length).to_le_bytes());
        record.extend(bytes);
        record.extend(masked_crc(bytes).to_le_bytes());
        self.file.write_all(&record).map_err(|e| EngineError::io("write", &self.path, e))
    }
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |d| d.as_secs_f64())
}

/// `Event { wall_time, step, … }`
fn event(wall_time: f64, step: u64, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![1 << 3 | 1];
    bytes.extend(wall_time.to_le_bytes());
    bytes.push(2 << 3);
    varint(&mut bytes, step);
    bytes.extend(payload);
    bytes
}

/// A length-delimited field.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![number << 3 | 2];
    varint(&mut out, bytes.len() as u64);
    out.extend(bytes);
    out
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// TFRecord's checksum: CRC-32C, rotated and offset, so that a checksum over checksums is not
/// degenerate.
fn masked_crc(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The payload of each record, after checking length and checksums.
    fn records(mut bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        while !bytes.is_empty() {
            let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
            assert_eq!(masked_crc(&bytes[..8]).to_le_bytes(), bytes[8..12]);
            let payload = &bytes[12..12 + length];
            assert_eq!(masked_crc(payload).to_le_bytes(), bytes[12 + length..16 + length]);
            found.push(payload.to_vec());
            bytes = &bytes[16 + length..];
        }
        found
    }

    #[test]
    fn checksums_are_those_of_the_format() {
        // "123456789" is the check value of CRC-32C in the catalogue of parametrised CRC algorithms.
        assert_eq!(crc32c::crc32c(b"123456789"), 0xe306_9283);
    }

    #[test]
    fn events_are_records_of_scalars() {
        let dir = tempfile::tempdir().unwrap();
        let mut events = Events::create(dir.path(), 0).unwrap();
        events.add(300, &[("train/loss", 0.5)]).unwrap();
        let found = records(&std::fs::read(&events.path).unwrap());
        assert_eq!(found.len(), 2);
        assert!(found[0].ends_with(b"brain.Event:2"));
        // step = 300 as a varint, then Summary { Value { tag, simple_value } }
        let mut want = vec![0x10, 0xac, 0x02, 5 << 3 | 2, 19, 1 << 3 | 2, 17, 1 << 3 | 2, 10];
        want.extend(b"train/loss");
        want.extend([2 << 3 | 5, 0, 0, 0, 0x3f]);
        assert_eq!(found[1][9..], want);
    }

    #[test]
    fn a_session_that_goes_on_has_a_file_of_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let first = Events::create(dir.path(), 0).unwrap();
        let second = Events::create(dir.path(), 7).unwrap();
        assert!(first.path < second.path);
        let found = records(&std::fs::read(&second.path).unwrap());
        assert_eq!(found[1][9..], [0x10, 8, 7 << 3 | 2, 2, 0x08, 1]);
    }
}
