//! Who may be believed: key pairs of one's own, keys of others that are trusted or revoked, and what
//! a signature must be for a package to be installed. Keys are kept below `HIVE_HOME/keys`, for the
//! owner's eyes alone; nothing here asks a person or prints.

mod error;
mod key;
mod policy;
mod ring;

pub use error::{Result, TrustError};
pub use key::{PublicKey, SecretKey, Signature};
pub use policy::{RequireSigned, Signer};
pub use ring::{KnownKey, Ring, Standing};
