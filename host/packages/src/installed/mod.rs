//! Experts installed from packages, below `HIVE_HOME/experts`: several releases side by side, one of
//! which is current. A release stands there whole or not at all, and only after it was proved.
//!
//! ```text
//! experts/NAME/current                     the name of the current release's folder
//! experts/NAME/releases/VERSION--BASE/     the package's files, install.json, library.sha256
//! experts/.seen.json                       the highest version that was ever here, per name and base
//! models/.for-experts/ID                   says that the base ID was fetched for an expert and nothing else
//! ```

mod error;
mod experts;
mod install;
mod paths;
mod record;
mod rollback_guard;
mod store;

pub use error::{InstallError, Result};
pub use experts::{experts, release_in};
pub use install::{Expected, Proved, Request, admissible, install, prove, prove_own};
pub use paths::{current_release, has_releases};
pub use record::{BESIDE, InstallRecord, ProofRecord};
pub use store::{Installing, Release, Removed, Store};
