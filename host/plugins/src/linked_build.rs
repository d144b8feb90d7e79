//! Builds the library of a linked crate when it is missing or stale, and keeps a copy below `HIVE_HOME`: the last good
//! library can be used while the crate does not build.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::SystemTime;

use serde_json::Value;

use super::build::{Builder, Freshness, run, unrecorded};
use super::checkout::{library_name, newest};
use super::discover::RECORD;
use super::error::PluginError;
use super::links::Linked;
use super::record::LibraryRecord;

impl Builder {
    /// Whether the crate's library was built from its present sources.
    pub fn linked_freshness(&self, linked: &Linked, expert: &str) -> Freshness {
        let record = linked.built.join(RECORD);
        if !linked.built.join(library_name(expert)).is_file() || LibraryRecord::read(&record).is_err() {
            return Freshness::Missing;
        }
        let built = std::fs::metadata(&record).and_then(|m| m.modified()).ok();
        match newest(&linked.folder).zip(built) {
            Some((source, built)) if source <= built => Freshness::Fresh,
            _ => Freshness::Stale,
        }
    }

    /// Builds the crate's library with cargo, in the profile `release`, and keeps it with its digest.
    ///
    /// # Errors
    /// When cargo cannot be started or fails, or makes no library of this name.
    pub fn build_linked(
        &self,
        linked: &Linked,
        expert: &str,
        on_line: &mut dyn FnMut(&str),
    ) -> Result<(), PluginError> {
        // The record gets the start time, so that a source saved during the build is newer.
        let started = SystemTime::now();
        let shown = "cargo build --release --lib".to_owned();
        let failed = |why: String| PluginError::Build {
            expert: expert.to_owned(),
            command: format!("cd {} && {shown}", linked.folder.display()),
            why,
            tail: Vec::new(),
        };
        let mut command = self.cargo_command();
        command
            .args(["build", "--release", "--lib", "--message-format", "json-render-diagnostics"])
            .env("CARGO_TERM_COLOR", "never")
            .env("CARGO_TERM_PROGRESS_WHEN", "never")
            .current_dir(&linked.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let shown_there = format!("cd {} && {shown}", linked.folder.display());
        let said = run(command, &self.cargo, expert, &shown_there, on_line)?;
        let made = library_of(&said, linked).ok_or_else(|| {
            failed(
                "the crate makes no library that can be loaded: `Cargo.toml` needs `crate-type = [\"cdylib\"]`"
                    .to_owned(),
            )
        })?;
        let library = linked.built.join(library_name(expert));
        let kept = std::fs::create_dir_all(&linked.built).and_then(|()| {
            // A library that is loaded must not be written over: the copy gets the name when it is complete.
            let part = linked.built.join(format!("{}.part", library_name(expert)));
            std::fs::copy(&made, &part)?;
            std::fs::rename(&part, &library)?;
            // A first build may itself write Cargo.lock, which is then not a change.
            let lock = std::fs::metadata(linked.folder.join("Cargo.lock")).and_then(|m| m.modified());
            let dated = lock.map_or(started, |lock| lock.max(started));
            LibraryRecord::of(&library)?.write(&linked.built.join(RECORD), &library, dated)
        });
        kept.map_err(|e| unrecorded(expert, &shown_there, &library, &e))
    }
}

/// The library of the crate in cargo's messages.
fn library_of(messages: &str, linked: &Linked) -> Option<PathBuf> {
    let own = linked.folder.join("Cargo.toml");
    messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).find_map(|message| {
        let is_own = message["reason"] == "compiler-artifact"
            && message["manifest_path"].as_str().is_some_and(|path| Path::new(path) == own);
        let files = message["filenames"].as_array().filter(|_| is_own)?;
        let mut files = files.iter().filter_map(Value::as_str);
        files.find(|file| file.ends_with(std::env::consts::DLL_SUFFIX)).map(PathBuf::from)
    })
}
