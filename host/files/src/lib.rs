//! Files and folders: atomic writes, staging folders, the cache, memory maps, SHA-256 digests and
//! free space.
//!
//! This crate knows no formats of models, packages or data sets.
//!
//! - [`write_file`], [`write_folder`]: atomic writes, to a temporary name and then renamed.
//! - [`Staging`]: a locked folder for unpacking files before they are checked.
//! - [`Cache`]: results that can be recomputed, with limits on size and age.
//! - [`MappedFile`]: a memory-mapped file.
//! - [`KnownDigests`]: SHA-256 digests that are computed again only when a file has changed.
//! - [`Lock`]: mutual exclusion between processes.
//! - [`FileError`]: the operation, the path and the system's message.

mod atomic;
mod cache;
mod digest;
mod error;
mod known_digests;
mod lock;
mod mapped;
mod space;
mod staging;

pub use atomic::{
    PARTIAL_PREFIX, refuse_lfs_pointer, remove_folder, remove_leftovers, write_file, write_file_with, write_folder,
};
pub use cache::{Cache, CacheEntry, CacheFolder, CacheLimits, cache_folder, cache_folders, cache_kind, folder_bytes};
pub use digest::{hex, sha256_of, sha256_of_file};
pub use error::{FileError, Result, hint_for_missing, hint_for_missing_or};
pub use known_digests::KnownDigests;
pub use lock::Lock;
pub use mapped::MappedFile;
pub use space::free_bytes;
pub use staging::Staging;
