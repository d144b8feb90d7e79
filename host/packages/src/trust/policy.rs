//! What a signature must be for a package to be installed.

use std::str::FromStr;

use super::error::{Result, TrustError};
use super::key::PublicKey;
use super::ring::{Ring, Standing};

/// What is asked of signatures. A signature that is there and wrong is refused by all of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RequireSigned {
    /// Signed by a key that is trusted here.
    #[default]
    Trusted,
    /// Signed by whomever, but not by a revoked key.
    Any,
    /// Signed or not, but not by a revoked key.
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
    /// Somebody whose key is not known here.
    Stranger(PublicKey),
    /// A key that is trusted here, and its name.
    Trusted(PublicKey, String),
    /// A key that was revoked here, and its name.
    Revoked(PublicKey, String),
}

impl Signer {
    /// Who this key is here.
    pub fn of(key: Option<PublicKey>, ring: &Ring) -> Self {
        let Some(key) = key else { return Self::Nobody };
        match ring.find(&key) {
            None => Self::Stranger(key),
            Some(known) if known.standing == Standing::Revoked => Self::Revoked(key, known.name.clone()),
            Some(known) => Self::Trusted(key, known.name.clone()),
        }
    }

    /// Whether what they signed may bring native code.
    pub fn is_trusted(&self) -> bool {
        matches!(self, Self::Trusted(..))
    }

    /// The key, if there is one.
    pub fn key(&self) -> Option<&PublicKey> {
        match self {
            Self::Nobody => None,
            Self::Stranger(key) | Self::Trusted(key, _) | Self::Revoked(key, _) => Some(key),
        }
    }

    /// Whether a package of theirs may be installed.
    ///
    /// # Errors
    /// When the policy asks for more, or the key was revoked.
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
