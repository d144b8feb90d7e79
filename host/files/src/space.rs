//! Free space on a disk.

use std::path::Path;

/// Free bytes on the file system of `path`, which need not exist; `None` where the system does not
/// report it.
pub fn free_bytes(path: &Path) -> Option<u64> {
    #[cfg(unix)]
    {
        let there = path.ancestors().find(|p| p.exists()).filter(|p| !p.as_os_str().is_empty());
        let stat = rustix::fs::statvfs(there.unwrap_or(Path::new("."))).ok()?;
        Some(stat.f_bavail * stat.f_frsize)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_space_is_told_of_places_that_are_not_there_yet() {
        let dir = tempfile::tempdir().unwrap();
        let free = free_bytes(&dir.path().join("a/b/c"));
        assert_eq!(free.is_some(), cfg!(unix));
        assert!(free.is_none_or(|n| n > 0));
    }
}
