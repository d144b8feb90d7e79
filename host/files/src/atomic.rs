//! Atomic writes: to a temporary file in the same folder, synced, then renamed.
//!
//! A name that begins with [`PARTIAL_PREFIX`] belongs to a writer that is still running or was
//! killed; nothing reads such files.

use std::fs::{self, File};
use std::io::{BufWriter, ErrorKind, Write};
use std::path::Path;

use crate::error::{FileError, Result};

/// Prefix of the names of incomplete files and folders.
pub const PARTIAL_PREFIX: &str = ".partial-";

/// Writes `bytes` to `path` through a temporary file in the same folder.
///
/// # Errors
/// When the folder cannot be written to or the disk is full. `path` is then unchanged.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    let length = bytes.len() as u64;
    write_file_with(path, length, |file| file.write_all(bytes).map_err(|e| FileError::io_of("write", path, e, length)))
}

/// Writes a file of `length` bytes atomically, with the content that `fill` writes: for files that
/// are not held in memory.
///
/// # Errors
/// As [`write_file`], and any error of `fill`.
pub fn write_file_with<E: From<FileError>>(
    path: &Path,
    length: u64,
    fill: impl FnOnce(&mut dyn Write) -> Result<(), E>,
) -> Result<(), E> {
    let fault = |e: std::io::Error| FileError::io_of("write", path, e, length);
    let folder = parent(path);
    let file = tempfile::Builder::new().prefix(PARTIAL_PREFIX).tempfile_in(folder).map_err(fault)?;
    let mut buffered = BufWriter::with_capacity(1 << 16, file.as_file());
    fill(&mut buffered)?;
    buffered.flush().and_then(|()| file.as_file().sync_all()).map_err(fault)?;
    drop(buffered);
    // Temporary files are private; the result should be readable by everyone who may read the
    // folder.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.as_file().set_permissions(fs::Permissions::from_mode(0o644)).map_err(fault)?;
    }
    file.persist(path).map_err(|e| fault(e.error))?;
    Ok(())
}

/// Writes a folder atomically: `fill` gets a temporary folder beside `path`, which is then synced
/// and renamed to `path`, replacing a folder of that name.
///
/// # Errors
/// Any error of `fill`, or when the folder cannot be created; an existing `path` is then unchanged.
pub fn write_folder<E: From<FileError>>(path: &Path, fill: impl FnOnce(&Path) -> Result<(), E>) -> Result<(), E> {
    let parent = parent(path);
    fs::create_dir_all(parent).map_err(|e| FileError::io("create", parent, e))?;
    let aside = tempfile::Builder::new()
        .prefix(PARTIAL_PREFIX)
        .tempdir_in(parent)
        .map_err(|e| FileError::io("create", path, e))?;
    fill(aside.path())?;
    // Temporary folders are private; the result should be readable by everyone who may read the
    // run.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(aside.path(), fs::Permissions::from_mode(0o755))
            .map_err(|e| FileError::io("write", path, e))?;
    }
    sync(aside.path())?;
    if path.exists() {
        // The two are swapped in one step; the old folder then has the temporary name and is
        // removed with it.
        exchange(aside.path(), path)?;
    } else {
        fs::rename(aside.path(), path).map_err(|e| FileError::io("rename", path, e))?;
        // It has been renamed: there is nothing left to clean up under the old name.
        drop(aside.keep());
    }
    Ok(sync(parent)?)
}

/// Removes a folder atomically: it is renamed first, so that no reader sees it half deleted.
///
/// # Errors
/// When it cannot be renamed or removed.
pub fn remove_folder(path: &Path) -> Result<()> {
    let fault = |e| FileError::io("remove", path, e);
    let aside = tempfile::Builder::new().prefix(PARTIAL_PREFIX).tempdir_in(parent(path)).map_err(fault)?;
    fs::rename(path, aside.path().join("removed")).map_err(fault)?;
    aside.close().map_err(fault)
}

/// Removes what killed writers left in `folder`.
///
/// # Errors
/// When the folder cannot be read or something in it cannot be removed.
pub fn remove_leftovers(folder: &Path) -> Result<()> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(FileError::io("read", folder, e)),
    };
    for entry in entries {
        let path = entry.map_err(|e| FileError::io("read", folder, e))?.path();
        if path.file_name().is_some_and(|n| n.to_string_lossy().starts_with(PARTIAL_PREFIX)) {
            let done = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            done.map_err(|e| FileError::io("remove", &path, e))?;
        }
    }
    Ok(())
}

/// Rejects the pointer that Git leaves in place of a Git LFS file when a repository was cloned
/// without LFS: `bytes` is the content of `path`, or the beginning of it.
///
/// # Errors
/// [`FileError::Format`], which says how to get the file.
pub fn refuse_lfs_pointer(path: &Path, bytes: &[u8]) -> Result<()> {
    match bytes.starts_with(b"version https://git-lfs.github.com/spec/") {
        true => Err(FileError::format(path, "it is a Git LFS pointer: `git lfs pull` gets the file")),
        false => Ok(()),
    }
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn sync(folder: &Path) -> Result<()> {
    File::open(folder).and_then(|f| f.sync_all()).map_err(|e| FileError::io("sync", folder, e))
}

/// Swaps two folders, in one step where the file system supports it.
fn exchange(new: &Path, old: &Path) -> Result<()> {
    #[cfg(any(target_os = "linux", target_vendor = "apple"))]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        if renameat_with(CWD, new, CWD, old, RenameFlags::EXCHANGE).is_ok() {
            return Ok(());
        }
    }
    // Between the two renames the name is unused: after a kill there, the old folder has the
    // temporary name.
    let fault = |e| FileError::io("replace", old, e);
    let aside = tempfile::Builder::new().prefix(PARTIAL_PREFIX).tempdir_in(parent(old)).map_err(fault)?;
    fs::rename(old, aside.path().join("replaced")).map_err(fault)?;
    fs::rename(new, old).map_err(fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_folder_replaces_another_as_a_whole_and_leaves_nothing_aside() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        for text in ["one", "two"] {
            write_folder(&path, |f| write_file(&f.join("x"), text.as_bytes())).unwrap();
            assert_eq!(fs::read_to_string(path.join("x")).unwrap(), text);
            assert_eq!(names(dir.path()), ["f"]);
        }
        let failed = write_folder(&path, |f| {
            write_file(&f.join("x"), b"three")?;
            Err(FileError::format(f, "no"))
        });
        assert!(failed.is_err());
        assert_eq!(fs::read_to_string(path.join("x")).unwrap(), "two", "what stood there still stands");
        assert_eq!(names(dir.path()), ["f"]);
    }

    #[test]
    fn removing_leaves_nothing_and_leftovers_go() {
        let dir = tempfile::tempdir().unwrap();
        write_folder(&dir.path().join("f"), |f| write_file(&f.join("x"), b"1")).unwrap();
        remove_folder(&dir.path().join("f")).unwrap();
        assert_eq!(names(dir.path()), Vec::<String>::new());
        fs::create_dir(dir.path().join(".partial-a")).unwrap();
        fs::write(dir.path().join(".partial-a/x"), "half").unwrap();
        fs::write(dir.path().join(".partial-b"), "half").unwrap();
        fs::write(dir.path().join("kept"), "whole").unwrap();
        remove_leftovers(dir.path()).unwrap();
        assert_eq!(names(dir.path()), ["kept"]);
        remove_leftovers(&dir.path().join("absent")).unwrap();
    }
}
