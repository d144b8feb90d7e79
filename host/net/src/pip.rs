//! Files from a Python wheel that pip downloads. The wheel is only unpacked: nothing in it is installed
//! or run, and source packages are never accepted, because building one would run its code.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use hive_files::FileError;

use crate::SourceError;

/// The index that pip uses unless it is configured otherwise.
const PUBLIC_INDEX: &str = "https://pypi.org/simple";

/// Commands that may be pip, in the order in which they are tried.
pub fn default_commands() -> Vec<Vec<OsString>> {
    let command = |words: &[&str]| words.iter().map(OsString::from).collect();
    vec![command(&["pip"]), command(&["pip3"]), command(&["python3", "-m", "pip"])]
}

/// Downloads the wheel of `requirement` into the empty folder `folder` and returns its path.
///
/// # Errors
/// [`SourceError::Failed`] when there is no pip or it fails, with its error message.
pub fn download(commands: &[Vec<OsString>], requirement: &str, folder: &Path) -> Result<PathBuf, SourceError> {
    let mut failure = None;
    for command in commands {
        let Some((program, first)) = command.split_first() else { continue };
        let output = Command::new(program)
            .args(first)
            .args(["download", "--no-deps", "--only-binary=:all:", "--no-input", "--disable-pip-version-check"])
            .args(["--quiet", "--timeout", "15", "--retries", "2", "--dest"])
            .arg(folder)
            .arg(requirement)
            .stdin(Stdio::null())
            .output();
        let output = match output {
            Ok(output) => output,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => continue,
            Err(e) => {
                failure = Some(format!("`{}` cannot be run: {e}", program.display()));
                continue;
            }
        };
        if output.status.success() {
            return only_wheel(folder);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        // Another command may find a Python that has pip.
        if said.contains("No module named pip") {
            continue;
        }
        failure = Some(format!("`{}` failed ({}): {}", program.display(), output.status, last_error(&said)));
    }
    let tried: Vec<String> = commands
        .iter()
        .map(|words| format!("`{}`", words.iter().map(|w| w.to_string_lossy()).collect::<Vec<_>>().join(" ")))
        .collect();
    Err(SourceError::Failed(failure.unwrap_or_else(|| format!("pip is not installed (tried {})", tried.join(", ")))))
}

/// The first of these commands that is pip, and the address of its package index.
pub fn found(commands: &[Vec<OsString>]) -> Option<(String, String)> {
    let run = |command: &[OsString], more: &[&str]| {
        let (program, first) = command.split_first()?;
        let output = Command::new(program).args(first).args(more).stdin(Stdio::null()).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let command = commands.iter().find(|command| run(command, &["--version"]).is_some())?;
    let name = command.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
    let index = run(command, &["config", "list"]).and_then(|settings| index_url(&settings));
    Some((name, index.unwrap_or_else(|| PUBLIC_INDEX.to_owned())))
}

/// The index that `pip config list` names; the last line counts.
fn index_url(settings: &str) -> Option<String> {
    let value = |line: &str| {
        let (key, value) = line.split_once('=')?;
        let named = key.rsplit('.').next() == Some("index-url");
        named.then(|| value.trim_matches(['\'', '"']).to_owned())
    };
    settings.lines().filter_map(value).next_back()
}

/// The members among `names` that the wheel does not have.
///
/// # Errors
/// Why it is no wheel.
pub fn missing<'n>(wheel: &Path, names: &'n [String]) -> Result<Vec<&'n str>, String> {
    let file = File::open(wheel).map_err(|e| e.to_string())?;
    let archive = zip::ZipArchive::new(file).map_err(|e| format!("it is no Python wheel: {e}"))?;
    Ok(names.iter().map(String::as_str).filter(|name| archive.index_for_name(name).is_none()).collect())
}

/// Extracts `member` of the wheel to the file `out`.
///
/// # Errors
/// [`SourceError::Failed`] when the wheel is damaged or has no such member,
/// [`SourceError::Fatal`] when `out` cannot be written.
pub fn extract(wheel: &Path, member: &str, out: &Path) -> Result<(), SourceError> {
    let damaged = |e: zip::result::ZipError| SourceError::Failed(format!("its wheel has no readable `{member}`: {e}"));
    let file = File::open(wheel).map_err(|e| FileError::io("read", wheel, e))?;
    let mut archive = zip::ZipArchive::new(file).map_err(damaged)?;
    let mut packed = archive.by_name(member).map_err(damaged)?;
    let mut unpacked = File::create(out).map_err(|e| FileError::io("write", out, e))?;
    std::io::copy(&mut packed, &mut unpacked)
        .and_then(|_| unpacked.sync_all())
        .map_err(|e| FileError::io("write", out, e).into())
}

fn only_wheel(folder: &Path) -> Result<PathBuf, SourceError> {
    let entries = std::fs::read_dir(folder).map_err(|e| FileError::io("read", folder, e))?;
    let mut wheels = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "whl"));
    wheels.next().ok_or_else(|| SourceError::Failed("pip reported success but left no wheel".into()))
}

/// The reason that pip states: its last `ERROR:` line, or else its last line.
fn last_error(said: &str) -> String {
    let lines = || said.lines().map(str::trim).filter(|line| !line.is_empty());
    let line = lines().rfind(|line| line.starts_with("ERROR:")).or_else(|| lines().next_back());
    line.map_or("it said nothing", |line| line.trim_start_matches("ERROR:").trim()).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pips_reason_is_found() {
        let said = "WARNING: retrying\nERROR: Could not find a version\nERROR: No matching distribution\nhint: x\n";
        assert_eq!(last_error(said), "No matching distribution");
        assert_eq!(last_error("plain\n\n"), "plain");
        assert_eq!(last_error(""), "it said nothing");
    }

    #[test]
    fn the_index_is_the_one_that_pip_uses() {
        let settings = "global.index-url='https://mirror/simple'\nglobal.timeout='5'\n:env:.index-url='http://x/'\n";
        assert_eq!(index_url(settings).as_deref(), Some("http://x/"));
        assert_eq!(index_url("global.extra-index-url='http://y'\n"), None);
        assert_eq!(found(&[vec![OsString::from("no-such-pip-here")]]), None);
    }

    #[test]
    fn no_pip_is_said_plainly() {
        let folder = tempfile::tempdir().expect("a folder");
        let commands =
            [vec![OsString::from("no-such-pip-here")], vec!["no-such-python-here".into(), "-m".into(), "pip".into()]];
        let Err(SourceError::Failed(reason)) = download(&commands, "x==1", folder.path()) else { panic!("no failure") };
        assert_eq!(reason, "pip is not installed (tried `no-such-pip-here`, `no-such-python-here -m pip`)");
    }
}
