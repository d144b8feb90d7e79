//! Memory of this machine, and its use by this process.

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
    kilobytes("/proc/self/status", key).map(|kb| kb / 1024)
}

/// Available memory in MB: the system's, or less where a control group limits it.
pub fn available_mb() -> Option<u64> {
    let system = kilobytes("/proc/meminfo", "MemAvailable:")? / 1024;
    let group = number("/sys/fs/cgroup/memory.max").zip(number("/sys/fs/cgroup/memory.current"));
    let group = group.map(|(most, now)| most.saturating_sub(now) >> 20);
    Some(group.map_or(system, |group| group.min(system)))
}

/// All memory in MB that this process could use: the system's, or less where a control group limits it.
pub fn total_mb() -> Option<u64> {
    let system = kilobytes("/proc/meminfo", "MemTotal:")? / 1024;
    Some(number("/sys/fs/cgroup/memory.max").map_or(system, |most| (most >> 20).min(system)))
}

fn number(path: &str) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

fn kilobytes(file: &str, key: &str) -> Option<u64> {
    let text = fs::read_to_string(file).ok()?;
    text.lines().find(|line| line.starts_with(key))?.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_available_is_part_of_all() {
        if let Some((available, total)) = available_mb().zip(total_mb()) {
            assert!(0 < available && available <= total, "{available} of {total}");
        }
    }
}
