//! Policies for the signatures of packages to be installed.

use std::str::FromStr;

use super::error::{Result, TrustError};
use super::key::PublicKey;
use super::ring::{KeyStatus, Ring};

/// The signature that a package must have. Every policy refuses an invalid signature.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RequireSigned {
    /// By a trusted key.
    #[default]
    Trusted,
    /// By any key that is not revoked.
    Any,
    /// None, or one by any key that is not revoked.
    None,
}

impl FromStr for RequireSigned {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text {
            "trusted" => Ok(Self::Trusted),
            "any" => Ok(Self::Any),
            "none" => Ok(Self::None),
            _ => Err(format!("`{text}` is no policy, expected `trusted`, `any` or `none`")),
        }
    }
}

/// Who signed a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signer {
    /// Nobody.
    Nobody,
    /// A key that is not known on this machine.
    Stranger(PublicKey),
    /// A trusted key, with its name.
    Trusted(PublicKey, String),
    /// A revoked key, with its name.
    Revoked(PublicKey, String),
}

impl Signer {
    /// Looks up a key.
    pub fn of(key: Option<PublicKey>, ring: &Ring) -> Self {
        let Some(key) = key else { return Self::Nobody };
        match ring.find(&key) {
            None => Self::Stranger(key),
            Some(known) if known.standing == KeyStatus::Revoked => Self::Revoked(key, known.name.clone()),
            Some(known) => Self::Trusted(key, known.name.clone()),
        }
    }

    /// Whether native code signed by this signer may run.
    pub fn is_trusted(&self) -> bool {
        matches!(self, Self::Trusted(..))
    }

    /// The key, if the package is signed.
    pub fn key(&self) -> Option<&PublicKey> {
        match self {
            Self::Nobody => None,
            Self::Stranger(key) | Self::Trusted(key, _) | Self::Revoked(key, _) => Some(key),
        }
    }

    /// Checks whether a package of this signer may be installed under `policy`.
    ///
    /// # Errors
    /// When the policy requires more, or the key is revoked.
    pub fn admit(&self, policy: RequireSigned, package: &str) -> Result<()> {
        let package = package.to_owned();
        match (self, policy) {
            (Self::Revoked(key, name), _) => Err(TrustError::Revoked { package, name: name.clone(), id: key.id() }),
            (Self::Stranger(key), RequireSigned::Trusted) => {
                Err(TrustError::Stranger { package, id: key.id(), key: key.encoded() })
            }
            (Self::Nobody, RequireSigned::Trusted | RequireSigned::Any) => Err(TrustError::Unsigned { package }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::key::SecretKey;
    use super::*;

    #[test]
    fn each_policy_admits_what_it_says() {
        let key = SecretKey::generate().unwrap().public();
        let signers = [
            Signer::Trusted(key, "me".to_owned()),
            Signer::Stranger(key),
            Signer::Nobody,
            Signer::Revoked(key, "old".to_owned()),
        ];
        let admitted = |policy| signers.each_ref().map(|signer| signer.admit(policy, "p").is_ok());
        assert_eq!(admitted(RequireSigned::Trusted), [true, false, false, false]);
        assert_eq!(admitted(RequireSigned::Any), [true, true, false, false]);
        assert_eq!(admitted(RequireSigned::None), [true, true, true, false]);
    }
}
