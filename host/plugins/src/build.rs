//! Builds an expert's library from a checkout when it is missing or stale, with cargo and in the
//! profile of the running binary. Prints nothing: cargo's lines are passed to the caller.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

use hive_files::KnownDigests;

use super::checkout::{Checkout, library_name};
use super::error::PluginError;
use super::load::own_program;
use super::place::ExpertPlace;
use super::record::{LibraryRecord, modified};

/// Number of lines of cargo's output shown when a build fails.
const TAIL_LINES: usize = 20;

/// The package of the program that loads the libraries.
const HOST: &str = "hive";

/// How libraries are built, and where they are stored.
#[derive(Debug, Clone)]
pub struct Builder {
    /// The cargo to call.
    pub cargo: OsString,
    /// `dev`, `release` or another profile.
    pub profile: String,
    /// Cargo's target folder; `None` for the checkout's own.
    pub target_dir: Option<PathBuf>,
    /// Names of the environment variables.
    pub variables: Vec<OsString>,
    /// Digests of libraries that need not be computed again; `None` to compute all.
    pub known: Option<KnownDigests>,
    /// The program that is started as a worker; `None` for this one.
    pub worker: Option<PathBuf>,
}

/// Whether a library is up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// Built from the current sources.
    Fresh,
    /// A source is newer than the last build, or cargo has built it since by other means.
    Stale,
    /// Not built yet.
    Missing,
}

impl Builder {
    /// Builds in the same way as the running binary: the same profile, and the same target folder
    /// if the binary is in one, else `target_dir`. `cargo` is the cargo executable, `cargo` by
    /// default.
    pub fn new(cargo: Option<OsString>, target_dir: Option<PathBuf>, variables: Vec<OsString>) -> Self {
        let cargo = cargo.unwrap_or_else(|| "cargo".into());
        let home = std::env::current_exe().ok().and_then(|exe| target_of(&exe));
        let (target_dir, folder) = match home {
            Some((target_dir, folder)) => (Some(target_dir), folder),
            None => (target_dir, if cfg!(debug_assertions) { "debug" } else { "release" }.to_owned()),
        };
        let profile = if folder == "debug" { "dev".to_owned() } else { folder };
        Self { cargo, profile, target_dir, variables, known: None, worker: None }
    }

    /// The program that is started as a worker.
    pub(super) fn program(&self, place: &ExpertPlace) -> Result<PathBuf, PluginError> {
        self.worker.clone().map_or_else(|| own_program(place), Ok)
    }

    /// Cargo as run from a terminal: without the variables that `cargo run` and `cargo test` set
    /// for the program they start. Otherwise build scripts that watch them (ring's does) would run
    /// again, and all dependents be recompiled, whenever builds alternate between inside and
    /// outside.
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

    /// Path of the expert's library once it is built.
    pub fn library(&self, checkout: &Checkout, expert: &str) -> PathBuf {
        // Cargo puts the `dev` profile in a folder of another name.
        let folder = if self.profile == "dev" { "debug" } else { &self.profile };
        self.target_dir(checkout).join(folder).join(library_name(expert))
    }

    /// Path of the record of its SHA-256 digest.
    pub fn record(&self, checkout: &Checkout, expert: &str) -> PathBuf {
        let mut path = self.library(checkout, expert).into_os_string();
        path.push(".sha256");
        path.into()
    }

    /// Whether the expert's library exists and no source is newer. A first check by modification
    /// times, to avoid calling cargo; cargo decides what is actually rebuilt.
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

    /// Builds the library and records its SHA-256 digest.
    ///
    /// # Errors
    /// When cargo cannot be started, or fails: the error contains its last lines.
    pub fn build(&self, checkout: &Checkout, expert: &str, on_line: &mut dyn FnMut(&str)) -> Result<(), PluginError> {
        // The record gets the start time, so that a source saved during the build is newer.
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
            .stdin(Stdio::null());
        if self.shares_target_with_host(checkout) {
            // Naming both packages selects one set of features, the one that `default-members` of
            // the workspace selected when the host was built, so its dependencies are reused. For
            // the expert alone cargo would select fewer features and build serde, syn and their
            // dependents a second time, which takes minutes. The host itself is up to date, as it
            // is running.
            command.args(["--package", HOST]);
        }
        let shown = format!("cargo build --package {package} --profile {}", self.profile);
        command.stdout(Stdio::null());
        run(command, &self.cargo, expert, &shown, on_line).map_err(|error| match &error {
            // Cargo's words for a crate that no workspace has.
            PluginError::Build { tail, .. }
                if tail.iter().any(|line| line.contains(&package) && line.contains("did not match any packages")) =>
            {
                let workspace = checkout.root().join("Cargo.toml");
                PluginError::NotAMember { expert: expert.to_owned(), workspace }
            }
            _ => error,
        })?;
        // A first build may itself write Cargo.lock, which is then not a change.
        let lock = std::fs::metadata(checkout.root().join("Cargo.lock")).and_then(|m| m.modified());
        let dated = lock.map_or(started, |lock| lock.max(started));
        let library = self.library(checkout, expert);
        LibraryRecord::of(&library)
            .and_then(|record| record.write(&self.record(checkout, expert), &library, dated))
            .map_err(|e| unrecorded(expert, &shown, &library, &e))
    }

    /// True when this binary was built from `checkout` into the folder where libraries are built.
    fn shares_target_with_host(&self, checkout: &Checkout) -> bool {
        let own = std::env::current_exe().ok().and_then(|exe| target_of(&exe));
        checkout.is_own() && own.is_some_and(|(target, _)| target == self.target_dir(checkout))
    }

    fn target_dir(&self, checkout: &Checkout) -> PathBuf {
        // A relative folder is relative to cargo's working directory.
        checkout.root().join(self.target_dir.as_deref().unwrap_or(Path::new("target")))
    }
}

/// Runs cargo; returns what it writes to standard output, if that is a pipe.
pub(super) fn run(
    mut command: Command,
    cargo: &OsStr,
    expert: &str,
    shown: &str,
    on_line: &mut dyn FnMut(&str),
) -> Result<String, PluginError> {
    let failed = |why: String, tail: Vec<String>| PluginError::Build {
        expert: expert.to_owned(),
        command: shown.to_owned(),
        why,
        tail,
    };
    let no_start =
        |e: std::io::Error| failed(format!("`{}` cannot be started: {e}", cargo.to_string_lossy()), Vec::new());
    let mut child = command.stderr(Stdio::piped()).spawn().map_err(no_start)?;
    // Both pipes are read at once, so that cargo never waits for us.
    let stdout = child.stdout.take().map(|mut pipe| {
        std::thread::spawn(move || {
            let mut text = String::new();
            let _ = std::io::Read::read_to_string(&mut pipe, &mut text);
            text
        })
    });
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
    Ok(stdout.and_then(|reader| reader.join().ok()).unwrap_or_default())
}

/// A library whose digest could not be written.
pub(super) fn unrecorded(expert: &str, command: &str, library: &Path, error: &std::io::Error) -> PluginError {
    let why = format!("`{}` cannot be recorded: {error}", library.display());
    PluginError::Build { expert: expert.to_owned(), command: command.to_owned(), why, tail: Vec::new() }
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
