//! Memory use of this process.

use std::fs;

/// Resident memory of this process in MB, where the system reports it.
pub fn memory_mb() -> Option<u64> {
    status_mb("VmRSS:")
}

/// Peak resident memory of this process in MB, where the system reports it.
pub fn peak_memory_mb() -> Option<u64> {
    status_mb("VmHWM:")
}

fn status_mb(key: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with(key))?;
    let kb: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kb / 1024)
}
