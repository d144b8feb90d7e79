//! Everything that can go wrong with a plugin, as data: which expert, which method, which record.
//! Each error carries its exit code and hint; the command line only prints them.

use std::path::PathBuf;

use hive_errors::{Diagnostic, listed, nearest};
use hive_sdk::abi::CallError;
use hive_sdk::{ABI_VERSION, OLDEST_ABI};

/// Why an expert cannot be used, or could not answer.
#[derive(Debug, thiserror::Error)]
pub enum PluginError {
    /// No expert has this name.
    #[error("No expert `{name}`, expected one of: {}", listed(known.iter().map(String::as_str)))]
    Unknown {
        /// The name that was asked for.
        name: String,
        /// The names that exist.
        known: Vec<String>,
    },
    /// Cargo did not build the library.
    #[error("Failed to build expert `{expert}`: {why}")]
    Build {
        /// The expert.
        expert: String,
        /// The command, as a person would type it.
        command: String,
        /// What stopped it.
        why: String,
        /// The last lines of cargo's output.
        tail: Vec<String>,
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
        /// What is wrong with it.
        fault: LoadFault,
    },
    /// A call brought no usable reply.
    #[error("Expert `{expert}` failed in `{method}`{}: {fault}", record.map(|r| format!(", record {r}")).unwrap_or_default())]
    Call {
        /// The expert.
        expert: String,
        /// The method that was called.
        method: &'static str,
        /// Position of the record among all that the caller passed in, from 0; `None` when the
        /// fault belongs to no single one.
        record: Option<usize>,
        /// What went wrong.
        fault: CallFault,
    },
}

/// What is wrong with a library.
#[derive(Debug, thiserror::Error)]
pub enum LoadFault {
    /// It does not exist.
    #[error("the file does not exist")]
    Missing,
    /// It cannot be read.
    #[error("the file cannot be read: {0}")]
    Unreadable(std::io::Error),
    /// It was installed without a plugin.
    #[error("it was installed without its plugin, so it can be asked, and no more")]
    NoPlugin,
    /// Its package is not trusted, or no longer.
    #[error("its native code is not run: {0}")]
    Untrusted(String),
    /// Whoever signed its package is trusted no longer.
    #[error("it is not asked any longer: {0}")]
    Revoked(String),
    /// No sha256 was recorded for it.
    #[error("its sha256 was never recorded (`{}`: {why})", path.display())]
    NotRecorded {
        /// The record that should exist.
        path: PathBuf,
        /// Why it is no use.
        why: String,
    },
    /// Its bytes are not those that were recorded.
    #[error("its sha256 is `{got}`, recorded was `{expected}`")]
    Sha256 {
        /// Digest of the file.
        got: String,
        /// Digest in the record.
        expected: String,
    },
    /// It is no library for this machine.
    #[error("got {got}, expected {expected}")]
    Format {
        /// What the file is.
        got: String,
        /// What it should be.
        expected: String,
    },
    /// The system's loader refused it.
    #[error("the system's loader refused it: {0}")]
    Open(String),
    /// A symbol of the contract is missing.
    #[error("the library does not export `{0}`, so it is no expert")]
    NoSymbol(&'static str),
    /// It was built for another contract.
    #[error("built for ABI {got}, this hive speaks ABI {OLDEST_ABI} to {ABI_VERSION}")]
    Abi {
        /// The library's number.
        got: u32,
    },
    /// Its table of functions is broken.
    #[error("its table of functions {0}")]
    Table(String),
    /// It is another expert than its place says.
    #[error("the library's manifest names expert `{got}`")]
    Name {
        /// The name in the library.
        got: String,
    },
    /// The manifest in it is not the one beside it.
    #[error("its `manifest_json` is not `{}`", file.display())]
    OtherManifest {
        /// The manifest's file.
        file: PathBuf,
        /// Where they differ, each with both values.
        differences: Vec<String>,
    },
    /// The manifest in it has faults.
    #[error("{what}")]
    Manifest {
        /// How many.
        what: String,
        /// Each with its JSON path.
        faults: Vec<String>,
    },
}

/// What is wrong with a reply.
#[derive(Debug, thiserror::Error)]
pub enum CallFault {
    /// No bytes came back, or too many.
    #[error("{0}")]
    NoReply(#[from] CallError),
    /// No process that runs the expert can be started.
    #[error("no process can be started for it: {0}")]
    NotStarted(String),
    /// The process that runs the expert ended during the call.
    #[error("its process ended ({status}){}", said.as_ref().map(|said| format!(": {said}")).unwrap_or_default())]
    Ended {
        /// Its exit status.
        status: String,
        /// The last line that it wrote to stderr.
        said: Option<String>,
    },
    /// The call took too long, and its process was ended.
    #[error("no reply within {} s, its process was ended", .0.as_secs_f64())]
    TimedOut(std::time::Duration),
    /// The request could not be encoded.
    #[error("the request cannot be written as JSON: {0}")]
    Request(String),
    /// The reply is not the JSON that the protocol asks for.
    #[error("the reply does not follow the protocol: {0}")]
    Protocol(String),
    /// Not one reply per request.
    #[error("got {got} replies, expected {expected}")]
    Count {
        /// Replies that came.
        got: usize,
        /// Requests that were sent.
        expected: usize,
    },
    /// The reply's shape is right and its content is impossible.
    #[error("{0}")]
    Impossible(String),
    /// The expert says why it cannot answer.
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
            PluginError::Unknown { name, known } => match nearest(name, known.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`? `hive expert list` shows all of them"),
                None => "`hive expert list` shows all experts and where they come from".to_owned(),
            },
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
                format!("`experts/{expert}/src/lib.rs` must call `hive_sdk::export_expert!` once")
            }
            PluginError::Load { expert, fault: LoadFault::OtherManifest { .. }, .. } => format!(
                "`manifest_json` is best `include_str!(\"../../../manifests/{expert}.json\")`, so that there is one"
            ),
            PluginError::Load { expert, fault: LoadFault::Manifest { .. } | LoadFault::Name { .. }, .. } => {
                format!("`hive expert validate manifests/{expert}.json` lists every fault")
            }
            PluginError::Load { expert, .. } => {
                format!("`cargo clean --package expert-{expert}`, then the same command again, builds it anew")
            }
            PluginError::Call { fault: CallFault::Refused(_), .. } => return None,
            PluginError::Call { expert, .. } => {
                format!("this is a fault of the plugin: `cargo test --package expert-{expert}` tests it alone")
            }
        })
    }
}
