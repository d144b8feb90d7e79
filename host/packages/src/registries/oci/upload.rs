//! Uploads of blobs in chunks, which resume after an interruption.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use hive_net::{RemoteFile, TransferReporter};

use super::client::{ATTEMPTS, Client, RegistryRequest};
use super::manifest::Descriptor;
use crate::registries::error::{RegistryError, Result};

/// Bytes per request, which is the most that a broken connection costs.
const CHUNK: u64 = 8 << 20;

/// An upload that has begun.
#[derive(Debug)]
struct Upload {
    location: String,
    /// Number of bytes that the registry has.
    have: u64,
}

/// The bytes of a blob.
pub(super) trait BlobSource {
    /// The `n` bytes at `offset`.
    fn read(&mut self, offset: u64, n: u64) -> std::io::Result<Vec<u8>>;
}

impl BlobSource for File {
    fn read(&mut self, offset: u64, n: u64) -> std::io::Result<Vec<u8>> {
        self.seek(SeekFrom::Start(offset))?;
        let mut bytes = vec![0; usize::try_from(n).unwrap_or(usize::MAX)];
        self.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

impl BlobSource for &[u8] {
    fn read(&mut self, offset: u64, n: u64) -> std::io::Result<Vec<u8>> {
        let range = usize::try_from(offset).ok().zip(usize::try_from(offset + n).ok());
        let bytes = range.and_then(|(from, to)| self.get(from..to));
        bytes.map(<[u8]>::to_vec).ok_or_else(|| std::io::ErrorKind::UnexpectedEof.into())
    }
}

fn write_session(path: &Path, location: &str) -> Result<()> {
    Ok(hive_files::write_file(path, location.as_bytes())?)
}

/// The number of bytes that a registry has, according to its header `range: 0-N`.
fn received(range: &str) -> Option<u64> {
    let end: u64 = range.trim_start_matches("bytes=").split_once('-')?.1.parse().ok()?;
    // Some registries write `0-0` for an empty upload, which may also be one byte. In that case the next chunk fails,
    // and the upload starts over.
    Some(if end == 0 { 0 } else { end + 1 })
}

impl Client {
    /// Uploads a blob, unless the registry has it. `name` is its name in messages; the file `session` keeps the upload's
    /// location, so that another attempt or another process can resume it.
    pub(super) fn push_blob(
        &self,
        blob: &Descriptor,
        name: &str,
        source: &mut dyn BlobSource,
        session: &Path,
        reporter: &mut dyn TransferReporter,
    ) -> Result<()> {
        if self.has(&blob.digest)? {
            return Ok(());
        }
        reporter.file(&RemoteFile { name: name.to_owned(), size: Some(blob.size), sha256: String::new() });
        let begun = std::fs::read_to_string(session).ok();
        let mut upload = match begun.and_then(|location| self.resume(location).transpose()).transpose()? {
            Some(upload) => upload,
            None => self.begin(session)?,
        };
        // Some registries discard an upload when a chunk is interrupted. Only progress beyond the furthest point so far
        // resets the count of attempts, so that repeated restarts come to an end.
        let (mut fruitless, mut furthest) = (0, upload.have);
        while upload.have < blob.size {
            reporter.advanced(upload.have);
            let n = CHUNK.min(blob.size - upload.have);
            let bytes = source.read(upload.have, n).map_err(|e| RegistryError::io("read", Path::new(name), e))?;
            match self.send_chunk(&upload, &bytes) {
                Ok(next) => {
                    upload = next;
                    write_session(session, &upload.location)?;
                }
                Err(error) if fruitless < ATTEMPTS => {
                    fruitless += 1;
                    reporter.note(&format!("`{name}`: {error}; trying again"));
                    std::thread::sleep(self.backoff * 2u32.pow(fruitless));
                    upload = match self.resume(upload.location)? {
                        Some(upload) => upload,
                        None => self.begin(session)?,
                    };
                }
                Err(error) => return Err(error),
            }
            if upload.have > furthest {
                (fruitless, furthest) = (0, upload.have);
            }
        }
        reporter.advanced(blob.size);
        let ended = self.end(&upload, blob);
        // There is nothing left to resume: the blob is complete, or the registry has received other bytes.
        drop(std::fs::remove_file(session));
        ended
    }

    fn begin(&self, session: &Path) -> Result<Upload> {
        let request = RegistryRequest::plain("publish to", "POST", self.url("blobs/uploads/"));
        let answer = self.send(&request)?;
        match (answer.status, &answer.location) {
            (202, Some(location)) => {
                let location = self.absolute(location);
                write_session(session, &location)?;
                Ok(Upload { location, have: 0 })
            }
            _ => Err(self.unexpected(&request, &answer)),
        }
    }

    /// The state of an upload at the registry; `None` if the registry does not know it.
    fn resume(&self, location: String) -> Result<Option<Upload>> {
        // The session file may be of another registry.
        if !location.starts_with(&format!("{}/", self.origin)) {
            return Ok(None);
        }
        let request = RegistryRequest::plain("publish to", "GET", location.clone());
        let answer = self.send(&request)?;
        if answer.status != 204 {
            return Ok(None);
        }
        let have = answer.range.as_deref().map_or(Some(0), received);
        let location = answer.location.map_or(location, |location| self.absolute(&location));
        Ok(have.map(|have| Upload { location, have }))
    }

    fn send_chunk(&self, upload: &Upload, bytes: &[u8]) -> Result<Upload> {
        let end = upload.have + bytes.len() as u64;
        let request = RegistryRequest {
            action: "publish to",
            method: "PATCH",
            url: upload.location.clone(),
            headers: vec![
                ("content-type", "application/octet-stream".to_owned()),
                ("content-range", format!("{}-{}", upload.have, end.saturating_sub(1))),
            ],
            body: bytes,
        };
        // Not retried here, because the registry must first be asked how much of it has arrived.
        let answer = self.send_once(&request)?;
        match (answer.status, &answer.location) {
            (202, Some(location)) => {
                // A range that is not beyond the previous one contradicts the status.
                let have = answer.range.as_deref().and_then(received).filter(|have| *have > upload.have);
                Ok(Upload { location: self.absolute(location), have: have.unwrap_or(end) })
            }
            _ => Err(self.unexpected(&request, &answer)),
        }
    }

    fn end(&self, upload: &Upload, blob: &Descriptor) -> Result<()> {
        let separator = if upload.location.contains('?') { '&' } else { '?' };
        let request = RegistryRequest {
            action: "publish to",
            method: "PUT",
            url: format!("{}{separator}digest={}", upload.location, blob.digest),
            headers: vec![("content-type", "application/octet-stream".to_owned())],
            body: &[],
        };
        let answer = self.send(&request)?;
        // If the first response was lost, the second attempt fails although the blob is complete.
        if answer.status == 201 || self.has(&blob.digest)? { Ok(()) } else { Err(self.unexpected(&request, &answer)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read() {
        assert_eq!(received("0-99"), Some(100));
        assert_eq!(received("bytes=0-99"), Some(100));
        assert_eq!(received("0-0"), Some(0));
        assert_eq!(received("x"), None);
    }
}
