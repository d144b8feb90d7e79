//! Downloaded files get their final name only once their sha256 is right.

use std::path::{Path, PathBuf};

use hive_files::{FileError, sha256_of_file};

use crate::{Downloader, FileRequest, RemoteFile, SourceError, TransferReporter};

/// The name under which a file is kept until it is complete and checked: `NAME.part`.
pub fn part_path(target: &Path) -> PathBuf {
    target.with_added_extension("part")
}

/// Downloads a file to `target`, by way of [`part_path`], resuming an interrupted download. What an earlier
/// download left may be part of another file; then the download starts over once.
///
/// # Errors
/// [`SourceError::Failed`] when the server does not deliver the file, or delivers another one;
/// [`SourceError::Fatal`] when it cannot be written.
pub fn fetch_verified(
    downloader: &Downloader,
    request: &FileRequest<'_>,
    target: &Path,
    reporter: &mut dyn TransferReporter,
) -> Result<(), SourceError> {
    let file = request.file;
    let part = part_path(target);
    let resumed = part.exists();
    reporter.file(file);
    downloader.fetch_part(request, &part, reporter)?;
    let accepted = accept_part(file, &part, target);
    if resumed && matches!(accepted, Err(SourceError::Failed(_))) {
        reporter.note(&format!("`{}`: what an earlier pull left does not fit; starting over", file.name));
        downloader.fetch_part(request, &part, reporter)?;
        return accept_part(file, &part, target);
    }
    accepted
}

/// Renames a complete `.part` file to `target`, or removes it if it does not have the file's sha256. Without
/// a known sha256 every content is accepted.
///
/// # Errors
/// [`SourceError::Failed`] for another sha256; [`SourceError::Fatal`] when the file cannot be read, removed or
/// renamed.
pub fn accept_part(file: &RemoteFile, part: &Path, target: &Path) -> Result<(), SourceError> {
    if !file.sha256.is_empty() {
        let got = sha256_of_file(part)?;
        if got != file.sha256 {
            std::fs::remove_file(part).map_err(|e| FileError::io("remove", part, e))?;
            return Err(SourceError::Failed(format!("`{}` has sha256 {got}, expected {}", file.name, file.sha256)));
        }
    }
    std::fs::rename(part, target).map_err(|e| FileError::io("rename", part, e).into())
}
