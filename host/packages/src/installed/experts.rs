//! The installed experts in the form that `hive_plugins` takes: releases with the present status of their signer, and
//! experts that were placed there by hand.

use std::path::Path;

use hive_plugins::{Commands, Installed, Standing};
use hive_sdk::Manifest;

use super::paths::{current_release, has_releases};
use super::programs::unchanged;
use super::record::{BESIDE, InstallRecord};
use crate::layout::{DESCRIPTION, MANIFEST, own_library};
use crate::trust::{Ring, Signer};

/// The experts below `home`, by name. Incomplete folders are included, so that a list can say what is missing.
pub fn experts(home: &Path) -> Vec<(String, Installed)> {
    let Ok(entries) = std::fs::read_dir(home.join("experts")) else { return Vec::new() };
    entries
        .flatten()
        .filter(|e| e.path().is_dir())
        .filter_map(|e| Some((e.file_name().into_string().ok()?, e.path())))
        .filter(|(name, _)| !name.starts_with('.'))
        // Installed packages have releases; experts placed by hand have their files directly in the folder.
        .filter_map(|(name, folder)| match current_release(&folder) {
            Some(release) => Some((name, release_in(&release, home))),
            // Its last release was removed, or its first installation was interrupted.
            None if has_releases(&folder) => None,
            None => {
                let installed = Installed::by_hand(&name, &folder);
                Some((name, installed))
            }
        })
        .collect()
}

/// The release in a folder, with its status according to the keys below `home`.
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
        let manifest = std::fs::read_to_string(release.folder.join(MANIFEST)).ok();
        let declares = manifest.and_then(|json| Manifest::parse(&json).ok());
        let declares = declares.is_some_and(|m| !m.validate.is_empty() || !m.grade.is_empty());
        return if declares { Standing::Declared(commands(release, signer)) } else { Standing::ManifestAlone };
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

/// Whether programs that grade may run: those of a trusted signer.
fn commands(release: &Installed, signer: Result<(InstallRecord, Signer), String>) -> Commands {
    match signer {
        Ok((_, Signer::Trusted(key, _))) => match unchanged(&release.folder, &key) {
            Ok(()) => Commands::In(release.folder.clone()),
            Err(why) => Commands::Refused(why),
        },
        Ok((_, Signer::Stranger(key))) => Commands::Refused(format!("its key {} is not trusted", key.id())),
        Ok(_) => Commands::Refused("nobody signed it".to_owned()),
        Err(why) => Commands::Refused(why),
    }
}

/// A release's record, and the present status of its signer.
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
