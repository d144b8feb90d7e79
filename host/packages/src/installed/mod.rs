//! Experts installed from packages, below `HIVE_HOME/experts`: several releases per expert, one of which is current.
//! A release appears atomically, after its proof has succeeded.
//!
//! ```text
//! experts/NAME/current                     the name of the current release's folder
//! experts/NAME/releases/VERSION--BASE/     the package's files, install.json, library.sha256
//! experts/.seen.json                       the highest version that was ever installed, per name and base
//! models/.for-experts/ID                   marks the base ID as downloaded only for an expert
//! ```

mod error;
mod experts;
mod install;
mod paths;
mod programs;
mod record;
mod rollback_guard;
mod source;
mod store;

pub use error::{InstallError, Result};
pub use experts::{experts, release_in};
pub use install::{Expected, InstallRequest, Proved, admissible, install, prove, prove_own};
pub use paths::{current_release, has_releases};
pub use record::{BESIDE, InstallRecord, ProofRecord};
pub use source::Releases;
pub use store::{Installing, Release, Removed, Store};
