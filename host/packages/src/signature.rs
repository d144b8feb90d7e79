//! `signature.json`: a package's signature. The signed message is `integrity.json`, byte for byte, after a line
//! that is reserved for this purpose.

use serde::{Deserialize, Serialize};

use super::layout::FORMAT;
use crate::trust::{PublicKey, SecretKey, Signature};

/// The prefix of the signed message, so that a signature for another purpose is not valid here.
const PURPOSE: &str = "hive expert package, format 1\n";

/// The only algorithm (RFC 8032).
const ALGORITHM: &str = "ed25519";

/// The content of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignatureFile {
    /// Number of the package format.
    pub format: u32,
    /// `ed25519`.
    pub algorithm: String,
    /// The key that signed.
    pub key: PublicKey,
    /// The signature.
    pub signature: Signature,
}

impl SignatureFile {
    /// Signs these bytes of `integrity.json`.
    pub fn of(integrity: &[u8], key: &SecretKey) -> Self {
        let signature = key.sign(&message(integrity));
        Self { format: FORMAT, algorithm: ALGORITHM.to_owned(), key: key.public(), signature }
    }

    /// Verifies the signature of these bytes of `integrity.json`.
    ///
    /// # Errors
    /// The reason why it is not valid.
    pub fn check(&self, integrity: &[u8]) -> Result<(), String> {
        if self.format != FORMAT || self.algorithm != ALGORITHM {
            let (format, algorithm) = (self.format, &self.algorithm);
            return Err(format!("got format {format} and `{algorithm}`, expected {FORMAT} and `{ALGORITHM}`"));
        }
        if self.key.verifies(&message(integrity), &self.signature) {
            Ok(())
        } else {
            Err(format!("it is not one of this package by the key {}", self.key.id()))
        }
    }
}

fn message(integrity: &[u8]) -> Vec<u8> {
    [PURPOSE.as_bytes(), integrity].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_holds_for_its_bytes_its_key_and_its_purpose() {
        let (key, other) = (SecretKey::generate().unwrap(), SecretKey::generate().unwrap());
        let signed = SignatureFile::of(b"{}", &key);
        assert_eq!(signed.check(b"{}"), Ok(()));
        assert!(signed.check(b"{} ").is_err());
        assert!(SignatureFile { key: other.public(), ..signed.clone() }.check(b"{}").is_err());
        assert!(SignatureFile { signature: key.sign(b"{}"), ..signed.clone() }.check(b"{}").is_err());
        assert!(SignatureFile { algorithm: "rsa".to_owned(), ..signed.clone() }.check(b"{}").is_err());
        assert_eq!(SignatureFile::of(b"{}", &key), signed);
    }
}
