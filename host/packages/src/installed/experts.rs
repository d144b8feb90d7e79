//! The installed experts, as `hive_plugins` is told of them: releases with what their signer is worth
//! to this day, and what somebody put there by hand.

use std::path::Path;

use hive_plugins::{Installed, Standing};

use super::paths::{current_release, has_releases};
use super::record::{BESIDE, InstallRecord};
use crate::layout::{DESCRIPTION, own_library};
use crate::trust::{Ring, Signer};

/// The experts below `home`, by name. Every folder counts, even an incomplete one: a list must be able
/// to say what is missing.
pub fn experts(home: &Path) -> Vec<(String, Installed)> {
    let Ok(entries) = std::fs::read_dir(home.join("experts")) else { return Vec::new() };
    entries
        .flatten()
        .filter(|e| e.path().is_dir())
        .filter_map(|e| Some((e.file_name().into_string().ok()?, e.path())))
        .filter(|(name, _)| !name.starts_with('.'))
        // What came as a package has releases; what was put there by hand has its files at once.
        .filter_map(|(name, folder)| match current_release(&folder) {
            Some(release) => Some((name, release_in(&release, home))),
            // Its last release went, or its first one did not come to be.
            None if has_releases(&folder) => None,
            None => {
                let installed = Installed::by_hand(&name, &folder);
                Some((name, installed))
            }
        })
        .collect()
}

/// The release in a folder, with the keys that are kept below `home`.
pub fn release_in(folder: &Path, home: &Path) -> Installed {
    let library = folder.join(own_library());
    let mut release =
        Installed { folder: folder.to_owned(), library, version: version(folder), standing: Standing::Trusted };
    release.standing = standing(&release, home);
    release
}

fn version(folder: &Path) -> Option<String> {
    let text = std::fs::read(folder.join(DESCRIPTION)).ok()?;
    let description: serde_json::Value = serde_json::from_slice(&text).ok()?;
    description["version"].as_str().map(str::to_owned)
}

fn standing(release: &Installed, home: &Path) -> Standing {
    let signer = signer_of(&release.folder, home);
    if let Ok((_, Signer::Revoked(key, name))) = &signer {
        return Standing::Revoked(format!("its key `{name}` ({}) was revoked", key.id()));
    }
    if !release.record().exists() {
        return Standing::ManifestAlone;
    }
    match signer {
        Err(why) => Standing::Untrusted(why),
        Ok((record, signer)) if record.plugin && signer.is_trusted() => Standing::Trusted,
        Ok((_, signer)) => Standing::Untrusted(match signer {
            Signer::Nobody => "nobody signed it".to_owned(),
            Signer::Revoked(key, name) => format!("its key `{name}` ({}) was revoked", key.id()),
            Signer::Stranger(key) => format!("its key {} is not trusted", key.id()),
            Signer::Trusted(..) => "it was installed without its plugin".to_owned(),
        }),
    }
}

/// How a release came here, and what its signer is worth to this day.
fn signer_of(folder: &Path, home: &Path) -> Result<(InstallRecord, Signer), String> {
    let record = std::fs::read(folder.join(BESIDE[0])).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        _ => e.to_string(),
    })?;
    let record: InstallRecord = serde_json::from_slice(&record).map_err(|e| e.to_string())?;
    let ring = Ring::of(home).map_err(|e| e.to_string())?;
    let signer = Signer::of(record.key, &ring);
    Ok((record, signer))
}
