//! Runs the real `hive` in a place of its own: an empty checkout and an empty `HIVE_HOME` in a
//! temporary folder. What comes back is exit code, stdout and stderr as one text, with that
//! folder's path replaced, ready for a snapshot.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use hive::context::Environment;
use hive_plugins::{Builder, Checkout, ExpertEntry, Installed, LibraryRecord, Origin};
use tempfile::TempDir;

/// Root of the repository.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("`tests` lies in the repository")
}

/// Folder of the profile in which this test was built: `target/debug`.
fn profile_dir() -> PathBuf {
    let exe = std::env::current_exe().expect("a test has a path");
    exe.parent().and_then(Path::parent).expect("tests lie in `target/<profile>/deps`").to_owned()
}

/// The binary `hive`, built once per test run, with the libraries of the experts. Asking cargo for
/// the examples as well makes it pick the same features as `cargo test --workspace`, so that no dependency is built a second time.
pub fn hive() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let profile_dir = profile_dir();
        let folder = profile_dir.file_name().and_then(OsStr::to_str).expect("a profile has a name");
        let profile = if folder == "debug" { "dev" } else { folder };
        let built = Environment::from_env()
            .builder
            .cargo_command()
            .args(["build", "--workspace", "--lib", "--bins", "--examples", "--profile", profile, "--target-dir"])
            .arg(profile_dir.parent().expect("a profile lies in a target folder"))
            .current_dir(repository())
            .stdin(Stdio::null())
            .output()
            .expect("cargo can be started");
        assert!(built.status.success(), "cargo build failed:\n{}", String::from_utf8_lossy(&built.stderr));
        profile_dir.join("hive").with_extension(std::env::consts::EXE_EXTENSION)
    })
}

/// The library of a plugin from `tests/plugins`.
pub fn plugin(name: &str) -> PathBuf {
    use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
    hive();
    profile_dir().join("examples").join(format!("{DLL_PREFIX}{name}{DLL_SUFFIX}"))
}

/// A builder whose workers are the hive under test, as this program is none.
pub fn builder() -> Builder {
    Builder { worker: Some(hive().to_owned()), ..Environment::from_env().builder }
}

/// The library of an expert of this repository.
pub fn expert_library(name: &str) -> PathBuf {
    use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
    hive();
    profile_dir().join(format!("{DLL_PREFIX}expert_{name}{DLL_SUFFIX}"))
}

/// A manifest that is right for an expert of this name.
pub fn manifest(name: &str) -> String {
    include_str!("fixtures/misbehaving.json").replace("\"misbehaving\"", &format!("\"{name}\""))
}

/// `text` with every sha256 replaced.
pub fn without_digests(text: &str) -> String {
    let is_digest = |run: &str| run.len() == 64 && run.bytes().all(|b| b.is_ascii_hexdigit());
    let pieces = text.split_inclusive(|c: char| !c.is_ascii_alphanumeric());
    let piece = |piece: &str| {
        let run = piece.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        if is_digest(run) { piece.replacen(run, "[SHA256]", 1) } else { piece.to_owned() }
    };
    pieces.map(piece).collect()
}

/// The line at the end of a transfer, `  89 B in 3s`, without its duration.
fn without_duration(line: &str) -> String {
    match line.rsplit_once("B in ") {
        Some((before, time)) if line.starts_with("  ") && time.ends_with('s') && !time.contains(' ') => {
            format!("{before}B in [TIME]")
        }
        _ => line.to_owned(),
    }
}

/// A checkout and a `HIVE_HOME` of the test's own.
pub struct Place {
    root: TempDir,
}

impl Place {
    /// An empty one.
    pub fn new() -> Self {
        let root = tempfile::tempdir().expect("a temporary folder can be made");
        let place = Self { root };
        for folder in ["checkout/sdk", "checkout/experts", "checkout/manifests", "home/experts"] {
            std::fs::create_dir_all(place.path(folder)).expect("a folder can be made");
        }
        place.write("checkout/Cargo.toml", "[workspace]\nmembers = [\"experts/*\"]\nresolver = \"3\"\n");
        place
    }

    /// A path in it.
    pub fn path(&self, relative: &str) -> PathBuf {
        self.root.path().join(relative)
    }

    /// Writes a file into it.
    pub fn write(&self, relative: &str, text: &str) -> PathBuf {
        let path = self.path(relative);
        std::fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a folder can be made");
        std::fs::write(&path, text).expect("a file can be written");
        path
    }

    /// The checkout.
    pub fn checkout(&self) -> Checkout {
        Checkout::at(&self.path("checkout")).expect("`new` made one")
    }

    /// Installs `library` as an expert, manifest and record included.
    pub fn install(&self, name: &str, library: &Path) -> ExpertEntry {
        self.install_with(name, library, &manifest(name))
    }

    /// Installs an expert of this repository, as built, so that nothing is built again.
    pub fn install_own(&self, name: &str) -> ExpertEntry {
        let manifest = repository().join(format!("manifests/{name}.json"));
        let manifest = std::fs::read_to_string(manifest).expect("the expert has a manifest");
        self.install_with(name, &expert_library(name), &manifest)
    }

    /// Installs `library` as an expert with this manifest.
    pub fn install_with(&self, name: &str, library: &Path, manifest: &str) -> ExpertEntry {
        self.write(&format!("home/experts/{name}/manifest.json"), manifest);
        let entry = ExpertEntry {
            name: name.to_owned(),
            origin: Origin::Installed(Installed::by_hand(name, &self.path(&format!("home/experts/{name}")))),
        };
        let builder = Environment::from_env().builder;
        let installed = entry.library_path(&builder);
        std::fs::copy(library, &installed).expect("the plugin was built");
        let record = LibraryRecord { modified: None, ..LibraryRecord::of(&installed).expect("it can be read") };
        let now = std::time::SystemTime::now();
        record.write(&entry.record_path(&builder), &installed, now).expect("a file can be written");
        entry
    }

    /// Runs `hive` in the checkout.
    pub fn run(&self, args: &[&str]) -> String {
        self.run_with(&[], args)
    }

    /// Runs `hive` in the checkout with these variables set.
    pub fn run_with(&self, vars: &[(&str, &str)], args: &[&str]) -> String {
        let output = self.output(vars, args);
        let exit = output.status.code().map_or_else(|| "none".to_owned(), |code| code.to_string());
        self.plain(&format!(
            "exit: {exit}\n--- stdout\n{}--- stderr\n{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        ))
    }

    /// The same, with its bytes as they are.
    pub fn output(&self, vars: &[(&str, &str)], args: &[&str]) -> Output {
        self.command(vars, args).output().expect("hive can be started")
    }

    /// `hive`, to be run in the checkout with these variables set and no others of its own.
    pub fn command(&self, vars: &[(&str, &str)], args: &[&str]) -> Command {
        self.command_of(hive(), vars, args)
    }

    /// As [`Self::command`], for this `hive`.
    pub fn command_of(&self, hive: &Path, vars: &[(&str, &str)], args: &[&str]) -> Command {
        let mut command = Command::new(hive);
        command.args(args).current_dir(self.path("checkout")).stdin(Stdio::null());
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(|n| n.starts_with("HIVE_") || n.starts_with("HF_")) {
                command.env_remove(name);
            }
        }
        command.env("HIVE_HOME", self.path("home")).env("NO_COLOR", "1").env_remove("RUST_BACKTRACE");
        // Texts are compared, not how they are wrapped.
        command.env("COLUMNS", "1000");
        // Whoever runs the tests may have logged in to something.
        command.env("DOCKER_CONFIG", self.path("docker"));
        command.envs(vars.iter().copied());
        command
    }

    /// `text` without what differs from machine to machine.
    pub fn plain(&self, text: &str) -> String {
        use std::env::consts::{ARCH, DLL_SUFFIX, OS};
        let mut text = text.to_owned();
        // The canonical path first: on some systems it is longer than, and ends with, the other.
        for root in [self.root.path().canonicalize().unwrap_or_default(), self.root.path().to_owned()] {
            text = text.replace(&*root.to_string_lossy(), "[PLACE]");
        }
        if let Some(target) = profile_dir().parent() {
            text = text.replace(&*target.to_string_lossy(), "[TARGET]");
        }
        let text = text.lines().map(without_duration).collect::<Vec<_>>().join("\n")
            + if text.ends_with('\n') { "\n" } else { "" };
        text.replace(&format!("/{}/", profile_dir().file_name().unwrap_or_default().to_string_lossy()), "/[PROFILE]/")
            .replace(&format!("for {OS} on {ARCH}"), "for [OS] on [ARCH]")
            .replace(DLL_SUFFIX, ".[LIB]")
    }
}

/// A file system of a small size, unmounted when this is dropped.
pub struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Mounts one of this size (`32k`) at `folder`; `None` where this process may not.
    pub fn at(folder: PathBuf, size: &str) -> Option<Self> {
        std::fs::create_dir_all(&folder).expect("a folder can be made");
        let option = format!("size={size}");
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", &option, "none"]).arg(&folder).output();
        mount.is_ok_and(|m| m.status.success()).then_some(Self(folder))
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.0
    }

    /// Makes room, up to this size.
    pub fn grow(&self, size: &str) {
        let option = format!("remount,size={size}");
        let grown = Command::new("mount").args(["-o", &option]).arg(&self.0).output();
        assert!(grown.is_ok_and(|g| g.status.success()));
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg(&self.0).output());
    }
}

/// A folder that nobody can write to, until this is dropped.
pub struct ReadOnly(PathBuf);

impl ReadOnly {
    /// Makes this folder so; `None` where this process may not.
    pub fn at(folder: PathBuf) -> Option<Self> {
        let mount = |args: &[&str]| Command::new("mount").args(args).output().is_ok_and(|m| m.status.success());
        let path = folder.to_str().expect("a temporary path is text").to_owned();
        if !mount(&["--bind", &path, &path]) {
            return None;
        }
        let read_only = Self(folder);
        mount(&["-o", "remount,ro,bind", &path]).then_some(read_only)
    }
}

impl Drop for ReadOnly {
    fn drop(&mut self) {
        drop(Command::new("umount").arg(&self.0).output());
    }
}
