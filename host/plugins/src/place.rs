//! Where the code of an expert is, and what is expected of it: all that another process needs to load it.

use std::ffi::OsString;
use std::path::PathBuf;

use hive_declared::Commands;
use hive_files::{KnownDigests, hex};
use hive_sdk::Manifest;
use sha2::{Digest, Sha256};

use super::build::Builder;
use super::discover::{ExpertEntry, Standing};
use super::error::{LoadFault, PluginError};
use super::library::plain;
use super::record::LibraryRecord;

/// What an expert without a library does depends on this program too: changed with what a manifest's declarations mean.
const DECLARED: &str = "hive-declared 1";

/// Where an expert's code is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpertPlace {
    /// Name of the expert.
    pub expert: String,
    /// What carries it out.
    pub code: ExpertCode,
    /// Digests that need not be computed again; `None` to compute all.
    pub known: Option<KnownDigests>,
}

/// What carries an expert out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpertCode {
    /// A library of its own.
    Library {
        /// The library.
        library: PathBuf,
        /// The record of its SHA-256 digest.
        record: PathBuf,
        /// True when it was installed under `HIVE_HOME` rather than built here.
        installed: bool,
    },
    /// This program, as the manifest declares.
    Declared {
        /// The manifest.
        manifest: PathBuf,
        /// Whether programs that grade may run, and where.
        commands: Commands,
    },
    /// A library that is not here: the manifest alone.
    Missing {
        /// Where the library would be.
        library: PathBuf,
    },
}

impl ExpertPlace {
    /// The place of a discovered expert.
    pub fn of(entry: &ExpertEntry, builder: &Builder) -> Self {
        let code = match entry.standing() {
            Standing::Declared(commands) => {
                ExpertCode::Declared { manifest: entry.manifest_path(), commands: commands.clone() }
            }
            Standing::ManifestAlone => ExpertCode::Missing { library: entry.library_path(builder) },
            _ => ExpertCode::Library {
                library: entry.library_path(builder),
                record: entry.record_path(builder),
                installed: entry.is_installed(),
            },
        };
        Self { expert: entry.name.clone(), code, known: builder.known.clone() }
    }

    /// The SHA-256 digest of what the expert does: that recorded for the library, or that of the manifest and of the
    /// programs that grade for it.
    ///
    /// # Errors
    /// When none is recorded, or a file cannot be read.
    pub fn sha256(&self) -> Result<String, PluginError> {
        match &self.code {
            ExpertCode::Missing { .. } => Err(self.fault(LoadFault::NoPlugin)),
            ExpertCode::Library { record, .. } => {
                let fault = |e: std::io::Error| LoadFault::NotRecorded { path: record.clone(), why: plain(&e) };
                LibraryRecord::read(record).map(|record| record.sha256).map_err(|e| self.fault(fault(e)))
            }
            ExpertCode::Declared { manifest, commands } => {
                let json = std::fs::read_to_string(manifest).map_err(|e| self.fault(LoadFault::Unreadable(e)))?;
                let mut hash = Sha256::new();
                hash.update(DECLARED);
                hash.update(&json);
                if let (Commands::In(folder), Ok(manifest)) = (commands, Manifest::parse(&json)) {
                    for argument in manifest.commands().flat_map(|command| &command.argv) {
                        hash.update(std::fs::read(folder.join(argument)).unwrap_or_default());
                    }
                }
                Ok(hex(&hash.finalize()))
            }
        }
    }

    /// Whether hive carries out the manifest.
    pub fn is_declared(&self) -> bool {
        matches!(self.code, ExpertCode::Declared { .. })
    }

    /// Arguments for `hive worker`.
    pub fn to_args(&self) -> Vec<OsString> {
        let mut args: Vec<OsString> = vec![self.expert.clone().into()];
        let mut add = |flag: &str, value: OsString| args.extend([flag.into(), value]);
        match &self.code {
            ExpertCode::Library { library, record, installed } => {
                add("--library", library.clone().into());
                add("--record", record.clone().into());
                if let Some(known) = &self.known {
                    add("--known", known.home().into());
                }
                args.extend(installed.then(|| "--installed".into()));
            }
            ExpertCode::Missing { library } => add("--library", library.clone().into()),
            ExpertCode::Declared { manifest, commands } => {
                add("--manifest", manifest.clone().into());
                match commands {
                    Commands::In(folder) => add("--commands", folder.clone().into()),
                    Commands::Refused(why) => add("--refused", why.clone().into()),
                }
            }
        }
        args
    }

    pub(super) fn fault(&self, fault: LoadFault) -> PluginError {
        let (library, installed) = match &self.code {
            ExpertCode::Library { library, installed, .. } => (library.clone(), *installed),
            ExpertCode::Declared { manifest, .. } => (manifest.clone(), false),
            ExpertCode::Missing { library } => (library.clone(), true),
        };
        PluginError::Load { expert: self.expert.clone(), library, installed, fault }
    }
}
