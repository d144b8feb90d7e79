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
//! place     where an expert's code is                links  folders that the user linked, linked_build their crates
//! renders_only  a manifest without its library     manifest  every fault of one   shipped  experts beside the program
//! ```

mod build;
mod checkout;
mod discover;
mod error;
mod expert;
mod format;
mod in_process;
mod isolated;
mod library;
mod linked_build;
mod links;
mod load;
pub mod manifest;
mod place;
mod record;
mod renders_only;
mod shipped;
mod survey;
mod told;
mod transport;
mod worker;

pub use build::{Builder, Freshness};
pub use checkout::Checkout;
pub use discover::{ExpertEntry, Experts, Installed, Origin, RECORD as LIBRARY_RECORD, Standing};
pub use error::{CallFault, LoadFault, PluginError};
pub use expert::{BATCH, LoadedExpert};
pub use hive_declared::Commands;
pub use in_process::InProcess;
pub use isolated::{Isolated, SECRETS, WorkerCommand};
pub use links::{LinkError, Linked, MANIFEST, link, links, manifest_in, unlink};
pub use load::{declared, differences, load, load_isolated};
pub use place::{ExpertCode, ExpertPlace};
pub use record::LibraryRecord;
pub use shipped::{shipped, shipped_folder};
pub use survey::{ExpertState, Surveyed, survey};
pub use transport::Transport;
pub use worker::serve;

/// What happens while an expert is opened.
#[derive(Debug)]
pub enum Opening<'a> {
    /// A line that cargo wrote.
    Line(&'a str),
    /// The library cannot be built, and the last good one is used.
    LastGood(&'a PluginError),
}

/// Loads the expert; the library of a checkout's or a linked crate is built first when it is missing or stale. `on_event`
/// is called during a build, and not otherwise.
///
/// # Errors
/// When it does not build, does not load, or violates the plugin contract.
pub fn open(
    entry: &ExpertEntry,
    builder: &Builder,
    on_event: &mut dyn FnMut(Opening<'_>),
) -> Result<LoadedExpert, PluginError> {
    match &entry.origin {
        Origin::Checkout(checkout) if builder.freshness(checkout, &entry.name) != Freshness::Fresh => {
            builder.build(checkout, &entry.name, &mut |line| on_event(Opening::Line(line)))?;
        }
        Origin::Linked(linked) if !linked.manifest().is_file() => {
            return Err(PluginError::Vanished { expert: entry.name.clone(), folder: linked.folder.clone() });
        }
        Origin::Linked(linked) if linked.is_crate() => {
            let freshness = builder.linked_freshness(linked, &entry.name);
            if freshness != Freshness::Fresh {
                let built = builder.build_linked(linked, &entry.name, &mut |line| on_event(Opening::Line(line)));
                match built {
                    Err(error) if freshness == Freshness::Stale => on_event(Opening::LastGood(&error)),
                    other => other?,
                }
            }
        }
        _ => {}
    }
    load(entry, builder)
}
