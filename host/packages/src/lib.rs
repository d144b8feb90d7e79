//! Packages: an expert's adapter, with everything that others need to use it and to verify that it is
//! applied correctly. They are built from a run, signed, checked, published ([`registries`]) and installed
//! ([`installed`]). The format is described in `docs/package-format.md`.
//!
//! This crate does not train, and prints nothing.
//!
//! ```text
//! layout       file names and size limits      archive    the strict gzip tar
//! description  name, version, base, adapter    integrity  sha256 of every file
//! golden       recorded prompts and logits     signature  who signed it
//! build        a package from a run            card       its README.md
//! package      an unpacked, checked package    legacy     packages in the predecessor's format
//! sign         adds a signature                trust      keys and policies
//! existing     what a package file replaces    summary    what lists say of it
//! ```

mod archive;
mod build;
mod card;
mod description;
mod error;
mod existing;
mod golden;
pub mod installed;
mod integrity;
pub mod layout;
mod legacy;
mod package;
pub mod registries;
mod sign;
mod signature;
mod summary;
pub mod trust;

pub use archive::{Source, Sources, unpack, unpack_file, write};
pub use build::{Assembled, Ingredients, RunFacts, assemble};
pub use card::{CardFacts, card};
pub use description::{AdapterFacts, BaseFacts, Description};
pub use error::{PackageError, Result};
pub use existing::ExistingPackage;
pub use golden::{Distance, Golden, GoldenPrompt, Logits, TOLERANCE};
pub use integrity::{FileDigest, Integrity};
pub use legacy::Legacy;
pub use package::{Package, Proof};
pub use sign::sign;
pub use signature::SignatureFile;
pub use summary::{RightAnswers, Summary};
