//! An open expert with its context.

use hive_net::Context;
use hive_plugins::{ExpertPlace, LoadedExpert};

/// An expert with its context.
#[derive(Debug)]
pub struct OpenExpert {
    /// Paths and network access.
    pub context: Context,
    /// The expert in this process.
    pub expert: LoadedExpert,
    /// Its library, so that further processes can load it.
    pub place: ExpertPlace,
}
