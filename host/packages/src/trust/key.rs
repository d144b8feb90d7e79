//! Ed25519 keys (RFC 8032) and their textual forms. A public key is written as `ed25519:BASE64`; its id is the first
//! 16 hex digits of the sha256 of its 32 bytes.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use hive_files::hex;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::error::{Result, TrustError};

/// The prefix of a public key's textual form.
const PREFIX: &str = "ed25519:";

/// A public key, which verifies signatures.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// The key as text: `ed25519:BASE64`.
    pub fn encoded(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(self.0))
    }

    /// The key's id.
    pub fn id(&self) -> String {
        let mut id = hex(&Sha256::digest(self.0));
        id.truncate(16);
        id
    }

    /// Whether `signature` is this key's signature of `message`.
    pub fn verifies(&self, message: &[u8], signature: &Signature) -> bool {
        // Strict: refuses weak keys and non-canonical signatures.
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        VerifyingKey::from_bytes(&self.0).is_ok_and(|key| key.verify_strict(message, &signature).is_ok())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.encoded())
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.encoded())
    }
}

impl FromStr for PublicKey {
    type Err = TrustError;

    fn from_str(text: &str) -> Result<Self> {
        let fault = |problem: String| TrustError::NoKey { what: format!("`{}`", shortened(text)), problem };
        let encoded = text
            .trim()
            .strip_prefix(PREFIX)
            .ok_or_else(|| fault(format!("expected `{PREFIX}` and 44 characters of base64")))?;
        let bytes = STANDARD.decode(encoded).map_err(|e| fault(format!("its base64 cannot be read: {e}")))?;
        let got = bytes.len();
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| fault(format!("it has {got} bytes, expected 32")))?;
        let weak = VerifyingKey::from_bytes(&bytes).map_or(true, |key| key.is_weak());
        if weak { Err(fault("it is no point that keys may be".to_owned())) } else { Ok(Self(bytes)) }
    }
}

impl Serialize for PublicKey {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.encoded())
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A signature: 64 bytes, serialised as base64.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature([u8; 64]);

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

impl Serialize for Signature {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(self.0))
    }
}

impl<'de> Deserialize<'de> for Signature {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = STANDARD.decode(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)?;
        let got = bytes.len();
        let bytes = bytes.try_into().map_err(|_| serde::de::Error::invalid_length(got, &"64 bytes"))?;
        Ok(Self(bytes))
    }
}

/// A secret key, which signs. Its bytes are zeroed when it is dropped, and never shown.
pub struct SecretKey(SigningKey);

impl SecretKey {
    /// A new key from the system's random number generator.
    ///
    /// # Errors
    /// When the generator fails.
    pub fn generate() -> std::io::Result<Self> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(std::io::Error::other)?;
        Ok(Self(SigningKey::from_bytes(&seed)))
    }

    /// The key with this seed, 32 bytes in base64.
    ///
    /// # Errors
    /// When the text is not 32 bytes in base64.
    pub fn decode(text: &str) -> std::result::Result<Self, String> {
        let bytes = STANDARD.decode(text.trim()).map_err(|e| format!("its base64 cannot be read: {e}"))?;
        let got = bytes.len();
        let seed: [u8; 32] = bytes.try_into().map_err(|_| format!("it has {got} bytes, expected 32"))?;
        Ok(Self(SigningKey::from_bytes(&seed)))
    }

    /// The seed in base64, for the key file only.
    pub(super) fn encoded(&self) -> String {
        STANDARD.encode(self.0.to_bytes())
    }

    /// The public key.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// Signs a message. The same message always gives the same signature.
    pub fn sign(&self, message: &[u8]) -> Signature {
        Signature(self.0.sign(message).to_bytes())
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey of {}", self.public().id())
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hive_tests::check_all;

    #[test]
    fn the_first_vector_of_rfc_8032() {
        let bytes = |hex: &str| -> Vec<u8> {
            (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect()
        };
        let seed = bytes("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
        let key = SecretKey::decode(&STANDARD.encode(seed)).unwrap();
        let public = bytes("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
        assert_eq!(key.public().0.to_vec(), public);
        let signature = bytes(
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        );
        assert_eq!(key.sign(b"").0.to_vec(), signature);
        assert!(key.public().verifies(b"", &key.sign(b"")));
        assert!(!key.public().verifies(b"x", &key.sign(b"")));
    }

    #[test]
    fn keys_read_back_and_others_do_not() {
        let key = SecretKey::generate().unwrap();
        let public = key.public();
        assert_eq!(public.encoded().parse::<PublicKey>().unwrap(), public);
        assert_eq!(SecretKey::decode(&key.encoded()).unwrap().public(), public);
        assert_eq!(public.id().len(), 16);
        let other = SecretKey::generate().unwrap();
        assert!(!other.public().verifies(b"m", &key.sign(b"m")));
        check_all(
            [
                ("", "expected `ed25519:`"),
                ("ed25519:!", "base64"),
                ("ed25519:AAAA", "3 bytes, expected 32"),
                ("ed25519:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "no point that keys may be"),
            ],
            |(text, expected)| {
                let error = text.parse::<PublicKey>().unwrap_err().to_string();
                assert!(error.contains(expected), "{text}: {error}");
            },
        );
        assert!(!format!("{key:?}").contains(&key.encoded()));
    }
}
