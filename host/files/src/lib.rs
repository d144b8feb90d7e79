//! Files and folders: atomic writes, staging folders, the cache, memory maps, sha256 digests and free space.
//!
//! This crate knows no format: not what a model, a package or a data set is.
//!
//! - [`write_file`], [`write_folder`]: a write is atomic, to a temporary name and then renamed.
//! - [`Staging`]: a locked folder in which something is unpacked before it is checked.
//! - [`Cache`]: what can be made again, with its size, age and eviction.
//! - [`MappedFile`]: a file as bytes that are read when touched.
//! - [`Lock`]: keeps two processes from doing the same.
//! - [`FileError`]: what was tried on which path, and what the system said.

mod atomic;
mod cache;
mod digest;
mod error;
mod lock;
mod mapped;
mod space;
mod staging;

pub use atomic::{
    PARTIAL_PREFIX, refuse_lfs_pointer, remove_folder, remove_leftovers, write_file, write_file_with, write_folder,
};
pub use cache::{Cache, CacheEntry, CacheLimits};
pub use digest::{hex, sha256_of, sha256_of_file};
pub use error::{FileError, Result};
pub use lock::Lock;
pub use mapped::MappedFile;
pub use space::free_bytes;
pub use staging::Staging;
