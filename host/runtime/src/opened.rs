//! An expert that is open, with what it works with.

use hive_net::Context;
use hive_plugins::{LibraryPlace, LoadedExpert};

/// An expert, with what it works with.
#[derive(Debug)]
pub struct OpenExpert {
    /// Where things are kept, and what may be reached.
    pub context: Context,
    /// The expert in this process.
    pub expert: LoadedExpert,
    /// Its library, so that more processes can load it.
    pub place: LibraryPlace,
}
