//! Packages: an expert's adapter with everything that others need to use it and to know that it is
//! really applied. Made (`build`), signed (`sign`), read and checked (`package`), published and found
//! ([`registries`]), installed ([`installed`]). The format is described in `docs/package-format.md`.
//!
//! This crate trains nothing, and prints nothing.
//!
//! ```text
//! layout     names and limits            archive    gzip tar, strict      integrity  digests of all files
//! description what it is                 golden     prompts and logits    signature  who vouches for it
//! build      of a run                    card       README.md             package    unpacked and checked
//! legacy     of the older ecosystem      trust      keys
//! ```

mod archive;
mod build;
mod card;
mod description;
mod error;
mod golden;
pub mod installed;
mod integrity;
pub mod layout;
mod legacy;
mod package;
pub mod registries;
mod sign;
mod signature;
pub mod trust;

pub use archive::{Source, Sources, unpack, unpack_file, write};
pub use build::{Assembled, Ingredients, RunFacts, assemble};
pub use card::{CardFacts, card};
pub use description::{AdapterFacts, BaseFacts, Description};
pub use error::{PackageError, Result};
pub use golden::{Distance, Golden, GoldenPrompt, Logits, TOLERANCE};
pub use integrity::{FileDigest, Integrity};
pub use legacy::Legacy;
pub use package::{Package, Proof};
pub use sign::sign;
pub use signature::SignatureFile;
