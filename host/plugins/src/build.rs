//! Builds the library of an expert from a checkout, when it is missing or stale, with cargo and in
//! the profile of the running binary. Prints nothing: cargo's lines go to the caller.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

use super::checkout::{Checkout, built_in, library_name};
use super::error::PluginError;
use super::record::{LibraryRecord, modified};

/// Lines of cargo's output that a failed build shows.
const TAIL_LINES: usize = 20;

/// The package of the program that loads them.
const HOST: &str = "hive";

/// How libraries are built and where they lie.
#[derive(Debug, Clone)]
pub struct Builder {
    /// The cargo to call.
    pub cargo: OsString,
    /// `dev`, `release` or another profile.
    pub profile: String,
    /// Cargo's target folder; `None` is the checkout's own.
    pub target_dir: Option<PathBuf>,
    /// Names of the environment's variables.
    pub variables: Vec<OsString>,
}

/// Whether a library can be used as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// Built from the sources as they are.
    Fresh,
    /// A source is younger than the last build, or cargo has built it since by other means.
    Stale,
    /// Never built here.
    Missing,
}

impl Builder {
    /// Builds as the running binary was built: the same profile, and the same target folder when
    /// the binary lies in one, else `target_dir`. `cargo` is the cargo to call, when it is not `cargo`.
    pub fn new(cargo: Option<OsString>, target_dir: Option<PathBuf>, variables: Vec<OsString>) -> Self {
        let cargo = cargo.unwrap_or_else(|| "cargo".into());
        let home = std::env::current_exe().ok().and_then(|exe| target_of(&exe));
        let (target_dir, folder) = match home {
            Some((target_dir, folder)) => (Some(target_dir), folder),
            None => (target_dir, if cfg!(debug_assertions) { "debug" } else { "release" }.to_owned()),
        };
        let profile = if folder == "debug" { "dev".to_owned() } else { folder };
        Self { cargo, profile, target_dir, variables }
    }

    /// Cargo, as from a terminal: without the variables that `cargo run` and `cargo test` set for
    /// the program they start. Build scripts that watch them (ring's does) would run again, and all
    /// that depends on them be compiled again, at every change between inside and outside.
    pub fn cargo_command(&self) -> Command {
        const SET_FOR_PROGRAMS: [&str; 5] =
            ["CARGO_BIN_", "CARGO_CRATE_NAME", "CARGO_MANIFEST_", "CARGO_PKG_", "CARGO_PRIMARY_PACKAGE"];
        let mut command = Command::new(&self.cargo);
        for name in &self.variables {
            if name.to_str().is_some_and(|n| SET_FOR_PROGRAMS.iter().any(|start| n.starts_with(start))) {
                command.env_remove(name);
            }
        }
        command
    }

    /// Where the expert's library lies once it is built.
    pub fn library(&self, checkout: &Checkout, expert: &str) -> PathBuf {
        // Cargo keeps the `dev` profile in a folder of another name.
        let folder = if self.profile == "dev" { "debug" } else { &self.profile };
        self.target_dir(checkout).join(folder).join(library_name(expert))
    }

    /// Where its sha256 is recorded.
    pub fn record(&self, checkout: &Checkout, expert: &str) -> PathBuf {
        let mut path = self.library(checkout, expert).into_os_string();
        path.push(".sha256");
        path.into()
    }

    /// Whether the library of this expert is there and no source is younger. A first guess by
    /// modification times, to spare a call of cargo; cargo decides what is really rebuilt.
    pub fn freshness(&self, checkout: &Checkout, expert: &str) -> Freshness {
        let library = self.library(checkout, expert);
        if !library.is_file() {
            return Freshness::Missing;
        }
        let record_path = self.record(checkout, expert);
        let built = std::fs::metadata(&record_path).and_then(|m| m.modified()).ok();
        let Some((built, record)) = built.zip(LibraryRecord::read(&record_path).ok()) else {
            return Freshness::Stale;
        };
        let sources_older = checkout.newest_source(expert).is_some_and(|source| source <= built);
        let same_build = record.modified.is_none() || record.modified == modified(&library);
        if sources_older && same_build { Freshness::Fresh } else { Freshness::Stale }
    }

    /// Builds the library and records its sha256.
    ///
    /// # Errors
    /// When cargo cannot be started, or fails: the error holds its last lines.
    pub fn build(&self, checkout: &Checkout, expert: &str, on_line: &mut dyn FnMut(&str)) -> Result<(), PluginError> {
        // The record is dated by the start: a source saved during the build is younger than it.
        let started = SystemTime::now();
        let package = format!("expert-{expert}");
        let mut command = self.cargo_command();
        command
            .args(["build", "--lib", "--message-format", "short", "--package", &package, "--profile", &self.profile])
            .arg("--target-dir")
            .arg(self.target_dir(checkout))
            .env("CARGO_TERM_COLOR", "never")
            .env("CARGO_TERM_PROGRESS_WHEN", "never")
            .current_dir(checkout.root())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        if self.shares_target_with_host(checkout) {
            // Named together, both use one set of features, the one that `default-members` of the
            // workspace chose when the host was built, so what it was built with is used again. For
            // the expert alone cargo would choose fewer features and build serde, syn and their
            // dependents a second time: minutes. The host itself is fresh, as it is running.
            command.args(["--package", HOST]);
        }
        let failed = |why: String, tail: Vec<String>| PluginError::Build {
            expert: expert.to_owned(),
            command: format!("cargo build --package {package} --profile {}", self.profile),
            why,
            tail,
        };
        let no_start = |e: std::io::Error| {
            failed(format!("`{}` cannot be started: {e}", self.cargo.to_string_lossy()), Vec::new())
        };
        let mut child = command.spawn().map_err(no_start)?;
        let mut tail = VecDeque::new();
        if let Some(stderr) = child.stderr.take() {
            for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
                let line = String::from_utf8_lossy(&line).trim_end().to_owned();
                on_line(&line);
                tail.push_back(line);
                if tail.len() > TAIL_LINES {
                    tail.pop_front();
                }
            }
        }
        let status = child.wait().map_err(no_start)?;
        if !status.success() {
            return Err(failed(format!("cargo ended with {status}"), tail.into()));
        }
        // A first build may itself write Cargo.lock, which then is no sign of a change.
        let lock = std::fs::metadata(checkout.root().join("Cargo.lock")).and_then(|m| m.modified());
        let dated = lock.map_or(started, |lock| lock.max(started));
        let library = self.library(checkout, expert);
        LibraryRecord::of(&library)
            .and_then(|record| record.write(&self.record(checkout, expert), &library, dated))
            .map_err(|e| failed(format!("`{}` cannot be recorded: {e}", library.display()), Vec::new()))
    }

    /// True when this binary was built from `checkout` into the folder that libraries go to.
    fn shares_target_with_host(&self, checkout: &Checkout) -> bool {
        let built_from_it = built_in() == Some(checkout.root());
        let own = std::env::current_exe().ok().and_then(|exe| target_of(&exe));
        built_from_it && own.is_some_and(|(target, _)| target == self.target_dir(checkout))
    }

    fn target_dir(&self, checkout: &Checkout) -> PathBuf {
        // A relative folder is meant from where cargo runs.
        checkout.root().join(self.target_dir.as_deref().unwrap_or(Path::new("target")))
    }
}

/// Target folder and profile folder of a binary that cargo built: `target/release/hive`, or
/// `target/debug/deps/name-hash` for a test.
fn target_of(exe: &Path) -> Option<(PathBuf, String)> {
    let mut folder = exe.parent()?;
    if folder.ends_with("deps") || folder.ends_with("examples") {
        folder = folder.parent()?;
    }
    let target = folder.parent()?;
    let looks_like_one = target.join("CACHEDIR.TAG").is_file() || folder.join(".cargo-lock").is_file();
    looks_like_one.then(|| Some((target.to_owned(), folder.file_name()?.to_str()?.to_owned()))).flatten()
}
