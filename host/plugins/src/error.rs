//! All errors of plugins, with the expert, method and record concerned. Each error carries its exit
//! code and hint; the command line only prints them.

use std::path::PathBuf;

use hive_errors::{Diagnostic, listed, nearest};
use hive_sdk::abi::CallError;
use hive_sdk::{ABI_VERSION, OLDEST_ABI};

use super::checkout::Checkout;

/// Why an expert cannot be used, or a call failed.
#[derive(Debug, thiserror::Error)]
pub enum PluginError {
    /// No expert has this name.
    #[error("No expert `{name}`{}", instead_of(known))]
    Unknown {
        /// The requested name.
        name: String,
        /// The names that exist.
        known: Vec<String>,
    },
    /// The folder of a linked expert has no manifest any more.
    #[error("Expert `{expert}` is linked to `{}`, which has no `expert.json`", folder.display())]
    Vanished {
        /// The expert.
        expert: String,
        /// The folder.
        folder: PathBuf,
    },
    /// Cargo failed to build the library.
    #[error("Failed to build expert `{expert}`: {why}")]
    Build {
        /// The expert.
        expert: String,
        /// The command, as a user would type it.
        command: String,
        /// Why it failed.
        why: String,
        /// The last lines of cargo's output.
        tail: Vec<String>,
    },
    /// The expert's crate is not one of the checkout's workspace.
    #[error("Failed to build expert `{expert}`: `experts/{expert}` is not in `members` of `{}`", workspace.display())]
    NotAMember {
        /// The expert.
        expert: String,
        /// `Cargo.toml` of the workspace.
        workspace: PathBuf,
    },
    /// The library cannot be used.
    #[error("Failed to load expert `{expert}` from `{}`: {fault}", library.display())]
    Load {
        /// The expert.
        expert: String,
        /// Its library.
        library: PathBuf,
        /// True when it was installed under `HIVE_HOME` rather than built here.
        installed: bool,
        /// The problem.
        fault: LoadFault,
    },
    /// A call returned no usable reply.
    #[error("Expert `{expert}` failed in `{method}`{}: {fault}", record.map(|r| format!(", record {r}")).unwrap_or_default())]
    Call {
        /// The expert.
        expert: String,
        /// The method that was called.
        method: &'static str,
        /// Index of the record among all those that the caller passed in, from 0; `None` when no
        /// single record is at fault.
        record: Option<usize>,
        /// What went wrong.
        fault: CallFault,
    },
}

/// What there is instead of an expert of an unknown name.
fn instead_of(known: &[String]) -> String {
    match known {
        [] => ": no expert is here".to_owned(),
        known => format!(", expected one of: {}", listed(known.iter().map(String::as_str))),
    }
}

/// Why a library cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadFault {
    /// It does not exist.
    #[error("the file does not exist")]
    Missing,
    /// It cannot be read.
    #[error("the file cannot be read: {0}")]
    Unreadable(std::io::Error),
    /// It was installed without a plugin.
    #[error("it was installed without its plugin, so it can only generate answers")]
    NoPlugin,
    /// Its package is not trusted, or no longer trusted.
    #[error("its native code is not run: {0}")]
    Untrusted(String),
    /// The key that signed its package was revoked.
    #[error("it is disabled: {0}")]
    Revoked(String),
    /// No SHA-256 digest was recorded for it.
    #[error("its sha256 was never recorded (`{}`: {why})", path.display())]
    NotRecorded {
        /// Path of the expected record.
        path: PathBuf,
        /// Why it cannot be used.
        why: String,
    },
    /// Its digest differs from the recorded one.
    #[error("its sha256 is `{got}`, recorded was `{expected}`")]
    Sha256 {
        /// Digest of the file.
        got: String,
        /// Digest in the record.
        expected: String,
    },
    /// It is not a library for this machine.
    #[error("got {got}, expected {expected}")]
    Format {
        /// What the file is.
        got: String,
        /// What it should be.
        expected: String,
    },
    /// The system's loader rejected it.
    #[error("the system's loader refused it: {0}")]
    Open(String),
    /// A symbol of the plugin contract is missing.
    #[error("the library does not export `{0}`, so it is not an expert")]
    NoSymbol(String),
    /// It was built for another ABI version.
    #[error("built for ABI {got}, this hive speaks ABI {OLDEST_ABI} to {ABI_VERSION}")]
    Abi {
        /// The library's ABI version.
        got: u32,
    },
    /// Its table of functions is broken.
    #[error("its table of functions {0}")]
    Table(String),
    /// It contains another expert than expected.
    #[error("the library's manifest names expert `{got}`")]
    Name {
        /// The expert's name in the library.
        got: String,
    },
    /// Its embedded manifest differs from the manifest file.
    #[error("its `manifest_json` is not `{}`", file.display())]
    OtherManifest {
        /// The manifest's file.
        file: PathBuf,
        /// The differences, each with both values.
        differences: Vec<String>,
    },
    /// Its embedded manifest has faults.
    #[error("{what}")]
    Manifest {
        /// The number of faults, as text.
        what: String,
        /// Each with its JSON path.
        faults: Vec<String>,
    },
}

/// Why a reply cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CallFault {
    /// It had no bytes, or too many.
    #[error("{0}")]
    NoReply(#[from] CallError),
    /// The process that runs the expert could not be started.
    #[error("its process cannot be started: {0}")]
    NotStarted(String),
    /// The process that runs the expert ended during the call.
    #[error("its process ended ({status}){}", said.as_ref().map(|said| format!(": {said}")).unwrap_or_default())]
    Ended {
        /// Its exit status.
        status: String,
        /// The last line that it wrote to stderr.
        said: Option<String>,
    },
    /// The call timed out, and the process was killed.
    #[error("no reply within {} s, its process was killed", .0.as_secs_f64())]
    TimedOut(std::time::Duration),
    /// The process could not load the expert's code.
    #[error("{0}")]
    NotLoaded(Box<LoadFault>),
    /// The process got no usable reply from the library, for this reason.
    #[error("{0}")]
    Failed(String),
    /// The request could not be encoded.
    #[error("the request cannot be written as JSON: {0}")]
    Request(String),
    /// The reply does not follow the protocol's JSON format.
    #[error("the reply does not follow the protocol: {0}")]
    Protocol(String),
    /// The number of replies differs from the number of requests.
    #[error("got {got} replies, expected {expected}")]
    Count {
        /// Replies received.
        got: usize,
        /// Requests sent.
        expected: usize,
    },
    /// The reply has the right format but impossible content.
    #[error("{0}")]
    Impossible(String),
    /// The expert returned an error.
    #[error("{0}")]
    Refused(String),
    /// The expert panicked.
    #[error("the expert panicked: {0}")]
    Panicked(String),
}

impl Diagnostic for PluginError {
    fn exit_code(&self) -> u8 {
        match self {
            PluginError::Call { fault: CallFault::Refused(_), .. } => 1,
            _ => 2,
        }
    }

    fn details(&self) -> Vec<String> {
        match self {
            PluginError::Build { tail, .. } => tail.clone(),
            PluginError::Load { fault: LoadFault::Manifest { faults, .. }, .. } => faults.clone(),
            PluginError::Load { fault: LoadFault::OtherManifest { differences, .. }, .. } => differences.clone(),
            _ => Vec::new(),
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            PluginError::Unknown { known, .. } if known.is_empty() => {
                "`hive expert install` installs one; within a clone of hive's repository, those of the clone are here"
                    .to_owned()
            }
            PluginError::Unknown { name, known } => match nearest(name, known.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`? `hive expert list` shows all of them"),
                None => "`hive expert list` shows all experts and where they come from".to_owned(),
            },
            PluginError::Vanished { expert, .. } => format!(
                "`hive expert link FOLDER` links it where it is now; `hive expert unlink {expert}` ends the link"
            ),
            PluginError::NotAMember { expert, workspace } => {
                format!("add `\"experts/{expert}\"` to `members` in `{}`", workspace.display())
            }
            PluginError::Build { command, .. } => format!("`{command}` shows the whole output"),
            PluginError::Load { fault: LoadFault::Untrusted(_) | LoadFault::Revoked(_), .. } => {
                "`hive key list` shows whom this machine trusts; `hive key trust` adds a key".to_owned()
            }
            PluginError::Load { fault: LoadFault::NoPlugin, .. } => {
                "install a package that is signed by a trusted key and has a plugin for this machine".to_owned()
            }
            PluginError::Load { expert, library, installed: true, .. } => {
                let folder = library.parent().unwrap_or(library).display();
                format!("install a build of `{expert}` for this hive again, or remove `{folder}`")
            }
            PluginError::Load { expert, fault: LoadFault::NoSymbol(_) | LoadFault::Table(_), .. } => {
                format!("the crate of `{expert}` must call `hive_sdk::export_expert!` once")
            }
            PluginError::Load { expert, fault: LoadFault::OtherManifest { .. }, .. } => format!(
                "`manifest_json` of `{expert}` is best `include_str!` of the manifest file, so that there is one"
            ),
            PluginError::Load { expert, fault: LoadFault::Manifest { .. } | LoadFault::Name { .. }, .. } => {
                format!("`hive expert check {expert}` lists every fault")
            }
            PluginError::Load { expert, library, .. }
                if !Checkout::has_here(expert) && !Checkout::around(library).is_some_and(|it| it.has(expert)) =>
            {
                "the file came with hive: install hive again".to_owned()
            }
            PluginError::Load { expert, .. } => {
                format!("`cargo clean --package expert-{expert}`, then the same command again, rebuilds it")
            }
            PluginError::Call { fault: CallFault::Refused(_), .. } => return None,
            PluginError::Call { expert, .. } if !Checkout::has_here(expert) => {
                format!("this is a bug in the plugin: tell the author of expert `{expert}`")
            }
            PluginError::Call { expert, .. } => {
                format!("this is a bug in the plugin: `cargo test --package expert-{expert}` tests it alone")
            }
        })
    }
}
