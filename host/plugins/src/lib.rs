//! Experts as plugins: found, built when they come from a checkout, loaded, and called with every
//! reply checked. Handles only text; prints nothing.
//!
//! This crate knows nothing of releases and trust: the code that installs an expert passes its
//! location and which parts of it may be used ([`Installed`]). It does not know base models either.
//!
//! ```text
//! discover  names and places      checkout  the source tree they may come from
//! build     cargo, when stale     record    sha256 of a library, kept beside it
//! library   dlopen and the table  format    what kind of file a library is  load  in which process
//! expert    typed, batched calls  transport how the bytes travel    survey  what `list` shows
//! isolated  in another process    worker    that process
//! declared  a manifest alone  manifest  every fault of one      shipped  experts that came with the program
//! ```

mod build;
mod checkout;
mod declared;
mod discover;
mod error;
mod expert;
mod format;
mod in_process;
mod isolated;
mod library;
mod load;
pub mod manifest;
mod record;
mod shipped;
mod survey;
mod transport;
mod worker;

pub use build::{Builder, Freshness};
pub use checkout::Checkout;
pub use discover::{ExpertEntry, Experts, Installed, Origin, RECORD as LIBRARY_RECORD, Standing};
pub use error::{CallFault, LoadFault, PluginError};
pub use expert::{BATCH, LoadedExpert};
pub use in_process::InProcess;
pub use isolated::{Isolated, WorkerCommand};
pub use library::LibraryPlace;
pub use load::{declared, load, load_isolated};
pub use record::LibraryRecord;
pub use shipped::{shipped, shipped_folder};
pub use survey::{ExpertState, Surveyed, survey};
pub use transport::Transport;
pub use worker::serve;

/// Loads the expert; in a checkout its library is built first when it is missing or stale.
/// `on_line` gets cargo's lines during a build and is not called otherwise.
///
/// # Errors
/// When it does not build, does not load, or violates the plugin contract.
pub fn open(
    entry: &ExpertEntry,
    builder: &Builder,
    on_line: &mut dyn FnMut(&str),
) -> Result<LoadedExpert, PluginError> {
    if let Origin::Checkout(checkout) = &entry.origin
        && builder.freshness(checkout, &entry.name) != Freshness::Fresh
    {
        builder.build(checkout, &entry.name, on_line)?;
    }
    load(entry, builder)
}
