//! `made.json`: when, on which machine and by which version of hive a run was made, part by part: a resumed run has
//! several. It is no input of anything, so two runs that differ in it alone are the same.

use hive_pages::{Made, Stopwatch};

use super::TrainError;
use super::run_folder::RunFolder;

/// File name.
const FILE: &str = "made.json";

/// Notes that a part has begun.
///
/// # Errors
/// When it cannot be written.
pub(super) fn begin(folder: &RunFolder, stopwatch: &Stopwatch) -> Result<(), TrainError> {
    let mut parts = read(folder);
    parts.push(stopwatch.begun());
    folder.write_json(FILE, &parts)
}

/// Notes how long the part that has begun took.
///
/// # Errors
/// When it cannot be written.
pub(super) fn end(folder: &RunFolder, stopwatch: &Stopwatch) -> Result<(), TrainError> {
    let mut parts = read(folder);
    parts.pop();
    parts.push(stopwatch.made());
    folder.write_json(FILE, &parts)
}

/// The parts of a run; none in runs of older versions.
pub fn read(folder: &RunFolder) -> Vec<Made> {
    let value = folder.read_json(FILE).ok().flatten();
    value.and_then(|value| serde_json::from_value(value).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_is_kept_and_a_part_that_was_cut_off_has_no_duration() {
        let dir = tempfile::tempdir().unwrap();
        let folder = RunFolder::create(&dir.path().join("r")).unwrap();
        assert_eq!(read(&folder), []);
        let clock = Stopwatch::start();
        begin(&folder, &clock).unwrap();
        assert_eq!(read(&folder).iter().map(|part| part.seconds).collect::<Vec<_>>(), [None]);
        begin(&folder, &clock).unwrap();
        end(&folder, &clock).unwrap();
        end(&folder, &clock).unwrap();
        let parts = read(&folder);
        assert_eq!(parts.iter().map(|part| part.seconds.is_some()).collect::<Vec<_>>(), [false, true]);
        assert_eq!(parts[0].begun, parts[1].begun);
    }
}
