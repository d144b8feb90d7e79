//! Registries, where packages are published and found: a folder, or an OCI registry over HTTP. What a
//! registry returns is checked like any package.
//!
//! ```text
//! reference  `oci://…` and `dir:…`     access     certificates and credentials
//! registry   what every registry does  directory  a folder        oci  an OCI registry
//! export     a package as a repository for the model hub
//! ```

mod access;
mod directory;
mod error;
mod export;
mod oci;
mod reference;
mod registry;

use std::path::Path;

use hive_net::Context;

use crate::Package;

pub use access::{Access, Credential};
pub use error::{RegistryError, Result};
pub use export::export;
pub use reference::{Reference, RegistryLocation, Which};
pub use registry::{Listed, Published, Registry};

/// Deletes the downloaded files of this package, which are kept until it is installed.
pub fn forget(package: &Package, home: &Path) {
    oci::forget(package, home);
}

/// Opens the registry that a reference names.
///
/// # Errors
/// When it cannot be used.
pub fn open(reference: &Reference, context: &Context, access: &Access) -> Result<Box<dyn Registry>> {
    Ok(match &reference.place {
        RegistryLocation::Directory { root } => {
            let directory = directory::Directory::at(root);
            Box::new(match &reference.name {
                Some(name) => directory.only(name),
                None => directory,
            })
        }
        RegistryLocation::Oci { host, repository } => Box::new(oci::Oci::open(host, repository, context, access)?),
    })
}
