//! The keys on this machine: one file per secret key, and a list of known public keys, trusted or revoked. The files
//! are readable by their owner only, and writes are atomic.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::{Result, TrustError};
use super::key::{PublicKey, SecretKey};

/// Format number of both kinds of file.
const FORMAT: u32 = 1;

/// The list of known keys.
const KNOWN: &str = "known.json";

/// The extension of secret key files.
const SECRET: &str = "key";

/// Whether a key is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyStatus {
    /// Its signatures are accepted.
    Trusted,
    /// Its signatures are refused under every policy.
    Revoked,
}

/// A public key that is known on this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownKey {
    /// Its name on this machine.
    pub name: String,
    /// The key.
    pub public: PublicKey,
    /// Whether it is trusted.
    pub standing: KeyStatus,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    format: u32,
    keys: Vec<KnownKey>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SecretFile {
    format: u32,
    public: PublicKey,
    secret: String,
}

/// The keys in a folder.
#[derive(Debug)]
pub struct Ring {
    folder: PathBuf,
    keys: Vec<KnownKey>,
}

impl Ring {
    /// The keys below `home`.
    ///
    /// # Errors
    /// When the list cannot be read.
    pub fn of(home: &Path) -> Result<Self> {
        Self::open(&home.join("keys"))
    }

    /// The keys in this folder, which does not have to exist.
    ///
    /// # Errors
    /// When the list cannot be read.
    pub fn open(folder: &Path) -> Result<Self> {
        let path = folder.join(KNOWN);
        let keys = match fs::read(&path) {
            Ok(text) => {
                let list: List = serde_json::from_slice(&text).map_err(|e| no_key(&path, &e.to_string()))?;
                check_format(&path, list.format)?;
                list.keys
            }
            Err(e) if e.kind() == ErrorKind::NotFound => Vec::new(),
            Err(e) => return Err(TrustError::io("read", &path, e)),
        };
        Ok(Self { folder: folder.to_owned(), keys })
    }

    /// All known keys, in the order in which they were added.
    pub fn keys(&self) -> &[KnownKey] {
        &self.keys
    }

    /// The entry of this key.
    pub fn find(&self, key: &PublicKey) -> Option<&KnownKey> {
        self.keys.iter().find(|known| known.public == *key)
    }

    /// Whether there is a secret key of this name.
    pub fn has_secret(&self, name: &str) -> bool {
        self.secret_file(name).is_file()
    }

    /// Generates a key pair and trusts it.
    ///
    /// # Errors
    /// When the name is invalid or taken, or the key cannot be written.
    pub fn create(&mut self, name: &str) -> Result<PublicKey> {
        let _lock = self.refreshed()?;
        self.check_new(name)?;
        let path = self.secret_file(name);
        if path.exists() {
            let id = self.secret(name)?.public().id();
            return Err(TrustError::Taken { name: name.to_owned(), id });
        }
        let secret = SecretKey::generate().map_err(|e| TrustError::io("make", &path, e))?;
        let file = SecretFile { format: FORMAT, public: secret.public(), secret: secret.encoded() };
        write_private(&path, &file)?;
        self.add(name, secret.public())?;
        Ok(secret.public())
    }

    /// The secret key of this name.
    ///
    /// # Errors
    /// When there is none, others can read its file, or it is damaged or revoked.
    pub fn secret(&self, name: &str) -> Result<SecretKey> {
        let path = self.secret_file(name);
        let text = match fs::read(&path) {
            Ok(text) if is_name(name) => text,
            Err(e) if is_name(name) && e.kind() != ErrorKind::NotFound => return Err(TrustError::io("read", &path, e)),
            _ => {
                let own = self.keys.iter().map(|k| k.name.clone()).filter(|n| self.has_secret(n)).collect();
                return Err(TrustError::Unknown { name: name.to_owned(), known: own });
            }
        };
        check_private(&path)?;
        let file: SecretFile = serde_json::from_slice(&text).map_err(|e| no_key(&path, &e.to_string()))?;
        check_format(&path, file.format)?;
        let secret = SecretKey::decode(&file.secret).map_err(|problem| no_key(&path, &problem))?;
        if secret.public() != file.public {
            return Err(no_key(&path, "its secret and its public half do not belong together"));
        }
        if self.find(&file.public).is_some_and(|known| known.standing == KeyStatus::Revoked) {
            let (id, key) = (file.public.id(), file.public.encoded());
            return Err(TrustError::OwnRevoked { name: name.to_owned(), id, key });
        }
        Ok(secret)
    }

    /// Trusts a key, even if it was revoked.
    ///
    /// # Errors
    /// When the name is invalid or another key's, or the list cannot be written.
    pub fn trust(&mut self, name: &str, key: PublicKey) -> Result<()> {
        let _lock = self.refreshed()?;
        if let Some(known) = self.keys.iter_mut().find(|known| known.public == key) {
            known.standing = KeyStatus::Trusted;
            return self.save();
        }
        self.check_new(name)?;
        self.add(name, key)
    }

    /// Trusts an unknown key, named by its id. If it has become known meanwhile, its status is not changed: it may have
    /// been revoked for a reason.
    ///
    /// # Errors
    /// When the list cannot be written.
    pub fn trust_stranger(&mut self, key: PublicKey) -> Result<()> {
        let _lock = self.refreshed()?;
        if self.find(&key).is_some() {
            return Ok(());
        }
        self.check_new(&key.id())?;
        self.add(&key.id(), key)
    }

    /// Revokes a key and returns its name.
    ///
    /// # Errors
    /// When no key has this name or id, or the list cannot be written.
    pub fn revoke(&mut self, name_or_id: &str) -> Result<String> {
        let _lock = self.refreshed()?;
        let known = self.keys.iter().map(|k| k.name.clone()).collect();
        let found = self.keys.iter_mut().find(|k| k.name == name_or_id || k.public.id() == name_or_id);
        let Some(key) = found else { return Err(TrustError::Unknown { name: name_or_id.to_owned(), known }) };
        key.standing = KeyStatus::Revoked;
        let name = key.name.clone();
        self.save()?;
        Ok(name)
    }

    /// Locks the list against other processes until the returned file is dropped, and reads it again, so that
    /// a change is based on its current content.
    fn refreshed(&mut self) -> Result<fs::File> {
        fs::create_dir_all(&self.folder).map_err(|e| TrustError::io("create", &self.folder, e))?;
        let path = self.folder.join(".lock");
        let lock = fs::File::create(&path).and_then(|file| file.lock().map(|()| file));
        let lock = lock.map_err(|e| TrustError::io("lock", &path, e))?;
        self.keys = Self::open(&self.folder)?.keys;
        Ok(lock)
    }

    fn check_new(&self, name: &str) -> Result<()> {
        if !is_name(name) {
            return Err(TrustError::Name { name: name.to_owned() });
        }
        match self.keys.iter().find(|known| known.name == name) {
            Some(known) => Err(TrustError::Taken { name: name.to_owned(), id: known.public.id() }),
            None => Ok(()),
        }
    }

    fn add(&mut self, name: &str, public: PublicKey) -> Result<()> {
        self.keys.push(KnownKey { name: name.to_owned(), public, standing: KeyStatus::Trusted });
        self.save()
    }

    fn save(&self) -> Result<()> {
        write_private(&self.folder.join(KNOWN), &List { format: FORMAT, keys: self.keys.clone() })
    }

    fn secret_file(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.{SECRET}"))
    }
}

fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

fn no_key(path: &Path, problem: &str) -> TrustError {
    TrustError::NoKey { what: format!("`{}`", path.display()), problem: problem.to_owned() }
}

fn check_format(path: &Path, format: u32) -> Result<()> {
    if format == FORMAT { Ok(()) } else { Err(no_key(path, &format!("its format is {format}, expected {FORMAT}"))) }
}

/// Refuses a file that others can read.
fn check_private(path: &Path) -> Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(path).map_err(|e| TrustError::io("read", path, e))?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            let problem =
                format!("others may read it (mode {mode:o}), expected 600: `chmod 600` mends that, if nobody has");
            return Err(no_key(path, &problem));
        }
    }
    Ok(())
}

/// Writes `value` atomically to a file that only its owner can read.
fn write_private(path: &Path, value: &impl Serialize) -> Result<()> {
    let fault = |e| TrustError::io("write", path, e);
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(|e| TrustError::io("create", folder, e))?;
    let text = serde_json::to_string_pretty(value).map_err(|e| fault(e.into()))?;
    // Temporary files are created with mode 600 and keep it.
    let mut file = tempfile::Builder::new().prefix(hive_files::PARTIAL_PREFIX).tempfile_in(folder).map_err(fault)?;
    file.write_all(text.as_bytes()).and_then(|()| file.write_all(b"\n")).map_err(fault)?;
    file.as_file().sync_all().map_err(fault)?;
    file.persist(path).map_err(|e| fault(e.error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring() -> (tempfile::TempDir, Ring) {
        let dir = tempfile::tempdir().unwrap();
        let ring = Ring::open(&dir.path().join("keys")).unwrap();
        (dir, ring)
    }

    #[test]
    fn a_new_key_is_trusted_private_and_reads_back() {
        let (dir, mut ring) = ring();
        let public = ring.create("me").unwrap();
        let again = Ring::open(&dir.path().join("keys")).unwrap();
        assert_eq!(again.keys(), ring.keys());
        assert_eq!(again.find(&public).unwrap().standing, KeyStatus::Trusted);
        assert_eq!(again.secret("me").unwrap().public(), public);
        assert!(matches!(ring.create("me"), Err(TrustError::Taken { .. })));
        assert!(matches!(ring.secret("you"), Err(TrustError::Unknown { known, .. }) if known == ["me"]));
        assert!(matches!(ring.create("../me"), Err(TrustError::Name { .. })));
        assert!(matches!(ring.secret("../keys/me"), Err(TrustError::Unknown { .. })));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let path = dir.path().join("keys/me.key");
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            assert_eq!(fs::metadata(dir.path().join("keys/known.json")).unwrap().permissions().mode() & 0o777, 0o600);
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
            assert!(again.secret("me").unwrap_err().to_string().contains("mode 644"));
        }
    }

    #[test]
    fn a_revoked_key_stays_revoked_until_it_is_trusted_again() {
        let (dir, mut ring) = ring();
        let key = SecretKey::generate().unwrap().public();
        ring.trust("author", key).unwrap();
        assert!(matches!(ring.trust("author", SecretKey::generate().unwrap().public()), Err(TrustError::Taken { .. })));
        assert_eq!(ring.revoke(&key.id()).unwrap(), "author");
        let again = Ring::open(&dir.path().join("keys")).unwrap();
        assert_eq!(again.find(&key).unwrap().standing, KeyStatus::Revoked);
        ring.trust("anything", key).unwrap();
        assert_eq!(ring.find(&key).unwrap().standing, KeyStatus::Trusted);
        assert_eq!(ring.keys().len(), 1);
        assert!(matches!(ring.revoke("nobody"), Err(TrustError::Unknown { .. })));
    }

    #[test]
    fn a_damaged_list_is_an_error_and_trusts_nobody() {
        let (dir, mut ring) = ring();
        ring.create("me").unwrap();
        fs::write(dir.path().join("keys/known.json"), "{").unwrap();
        assert!(Ring::open(&dir.path().join("keys")).unwrap_err().to_string().contains("is no key"));
        fs::write(dir.path().join("keys/known.json"), r#"{"format": 2, "keys": []}"#).unwrap();
        assert!(Ring::open(&dir.path().join("keys")).unwrap_err().to_string().contains("its format is 2"));
    }
}
