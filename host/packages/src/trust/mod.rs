//! Trust: the user's own key pairs, keys of others that are trusted or revoked, and the policies for signatures of
//! packages to be installed. Keys are stored below `HIVE_HOME/keys`, readable by their owner only. Nothing here asks
//! the user or prints.

mod error;
mod key;
mod policy;
mod ring;

pub use error::{Result, TrustError};
pub use key::{PublicKey, SecretKey, Signature};
pub use policy::{RequireSigned, Signer};
pub use ring::{KeyStatus, KnownKey, Ring};
