//! Experts as plugins: found, built when they come from a checkout, loaded, and called with every
//! reply checked. Handles text alone; prints nothing.
//!
//! This crate knows no release and no trust: who installs an expert says where it lies and what of it
//! may be used ([`Installed`]). It knows no base model either.
//!
//! ```text
//! discover  names and places      checkout  the source tree they may come from
//! build     cargo, when stale     record    sha256 of a library, kept beside it
//! library   dlopen and the table  format    what kind of file a library is  load  in which process
//! expert    typed, batched calls  transport how the bytes travel    survey  what `list` shows
//! isolated  in another process    worker    that process
//! declared  a manifest alone  manifest  every fault of one
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
mod survey;
mod transport;
mod worker;

pub use build::{Builder, Freshness};
pub use checkout::Checkout;
pub use discover::{ExpertEntry, Experts, Installed, Origin, Standing};
pub use error::{CallFault, LoadFault, PluginError};
pub use expert::{BATCH, LoadedExpert};
pub use in_process::InProcess;
pub use isolated::{Isolated, WorkerCommand};
pub use library::LibraryPlace;
pub use load::{declared, load, load_isolated};
pub use record::LibraryRecord;
pub use survey::{ExpertState, Surveyed, survey};
pub use transport::Transport;
pub use worker::serve;

/// The expert, loaded; in a checkout its library is built first when it is missing or stale.
/// `on_line` hears cargo's lines while it builds and is never called otherwise.
///
/// # Errors
/// When it does not build, does not load, or does not keep the plugin contract.
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
