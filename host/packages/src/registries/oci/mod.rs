//! An OCI registry: one repository per expert, one tag per version. Every file of a package is a blob of
//! its own, so that files that the registry or this machine already has are not transferred again.
//!
//! ```text
//! client  requests and authentication   upload    blobs in chunks, resumable
//! auth    credentials and challenges    manifest  a package as an OCI artifact
//! ```

mod auth;
mod client;
mod manifest;
mod upload;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hive_files::{Cache, CacheLimits, Lock, cache_folder, cache_kind, hex, sha256_of_file};
use hive_net::hub::WAITING;
use hive_net::{AgentOptions, Context, Downloader, FileRequest, Network, RemoteFile, SourceError, TransferReporter};
use sha2::{Digest, Sha256};
use ureq::tls::{Certificate, PemItem, RootCerts, parse_pem};

use self::auth::credential_for;
use self::client::{Client, LOGIN, Served, is_loopback};
use self::manifest::{Descriptor, Manifest};
use self::upload::BlobSource;
use super::access::Access;
use super::error::{RegistryError, Result};
use super::reference::{Which, is_repository};
use super::registry::{Listed, Published, Registry, choose};
use crate::Package;
use crate::layout::{MAX_FILES, is_plain, is_version, limit};

/// The environment variable that names a file with the certificates of a registry's own certificate authority.
const CA: &str = "HIVE_REGISTRY_CA";

/// How long another publisher may take between checking that a version is free and writing it.
const SETTLED: Duration = Duration::from_secs(2);

/// The folder of files that were downloaded but not yet installed, named by their sha256.
const DOWNLOADS: &str = "downloads";

/// Downloads and uploads that are kept to be resumed.
const KEPT: CacheLimits =
    CacheLimits { entries: 10_000, bytes: 50_000_000_000, age: Duration::from_secs(30 * 24 * 3600) };

/// A repository of an OCI registry.
#[derive(Debug)]
pub(super) struct Oci {
    client: Client,
    network: Network,
    /// The folder of interrupted downloads and uploads.
    cache: PathBuf,
}

impl Oci {
    pub(super) fn open(host: &str, repository: &str, context: &Context, access: &Access) -> Result<Self> {
        let network = context.network.clone();
        let place = format!("oci://{host}/{repository}");
        if network.offline {
            return Err(RegistryError::Offline { place });
        }
        let cache = context.cache()?.join(cache_kind::REGISTRIES);
        let local = is_loopback(host);
        let agent = hive_net::agent(&AgentOptions {
            roots: roots(access.authority.as_deref())?,
            tls_only: !local,
            local,
            patient: true,
            limit: None,
        });
        let client = Client::new(agent, host, repository, credential_for(host, access), network.backoff);
        Ok(Self { client, network, cache })
    }

    /// A folder in the cache, without entries that are too old.
    fn folder(&self, name: &str) -> Result<PathBuf> {
        Ok(Cache::new(self.cache.join(name), KEPT).root()?.to_owned())
    }

    /// The expert's name: the last part of the repository.
    fn name(&self) -> &str {
        self.client.repository.rsplit('/').next().unwrap_or(&self.client.repository)
    }

    fn listed(&self, served: &Served) -> Result<Listed> {
        let facts = served.manifest.facts().map_err(|problem| self.client.damaged(problem))?;
        if facts.name != self.name() {
            let (place, expected) = (self.client.place(), self.name().to_owned());
            return Err(RegistryError::OtherName { place, expected, got: facts.name });
        }
        Ok(Listed {
            name: facts.name,
            version: facts.version,
            base: facts.base,
            description: facts.description,
            key: facts.key,
            digest: served.digest.clone(),
            summary: facts.summary,
        })
    }

    /// Uploads a blob, unless the registry has it.
    fn push(
        &self,
        blob: &Descriptor,
        name: &str,
        source: &mut dyn BlobSource,
        reporter: &mut dyn TransferReporter,
    ) -> Result<()> {
        let key = hex(&Sha256::digest(format!("{}\n{}", self.client.place(), blob.digest)));
        let uploads = self.folder("uploads")?;
        let _lock = Lock::take(&uploads.join(format!("{key}.lock")), || reporter.note(WAITING))?;
        self.client.push_blob(blob, name, source, &uploads.join(key), reporter)
    }

    /// Downloads a layer to `to`.
    fn pull(&self, layer: &Descriptor, name: &str, to: &Path, reporter: &mut dyn TransferReporter) -> Result<()> {
        let sha256 = layer.sha256().ok_or_else(|| {
            self.client.damaged(format!("`{name}` has the digest `{}`, expected a sha256", layer.digest))
        })?;
        let downloads = self.folder(DOWNLOADS)?;
        let _lock = Lock::take(&downloads.join(format!("{sha256}.lock")), || reporter.note(WAITING))?;
        let (part, whole) = (downloads.join(format!("{sha256}.part")), downloads.join(sha256));
        // It was downloaded before, for a package that was then not installed.
        if whole.is_file() && sha256_of_file(&whole)? == sha256 {
            return link(&whole, to);
        }
        let file = RemoteFile { name: name.to_owned(), size: Some(layer.size), sha256: sha256.to_owned() };
        reporter.file(&file);
        let url = self.client.blob_url(&layer.digest);
        let downloader = Downloader::with(self.client.agent.clone(), self.network.backoff, LOGIN);
        let (mut resumed, mut renewed_at) = (part.exists(), None);
        loop {
            let request = FileRequest { url: &url, authorization: self.client.authorization(), file: &file };
            match downloader.fetch_part(&request, &part, reporter) {
                Ok(()) => {}
                // The token may have expired during the download.
                Err(SourceError::Failed(_))
                    if renewed_at != Some(length(&part))
                        && self.client.renewed(&layer.digest, request.authorization.as_deref()) =>
                {
                    // Renewing again without progress would not end.
                    renewed_at = Some(length(&part));
                    continue;
                }
                Err(SourceError::Failed(why)) => {
                    return Err(RegistryError::Failed {
                        action: "fetch from",
                        place: self.client.place(),
                        why,
                        hint: Some("run the command again: it resumes where it stopped".to_owned()),
                    });
                }
                Err(SourceError::Fatal(error)) => return Err(error.into()),
            }
            let got = sha256_of_file(&part)?;
            if got == sha256 {
                std::fs::rename(&part, &whole).map_err(|e| RegistryError::io("write", &whole, e))?;
                return link(&whole, to);
            }
            std::fs::remove_file(&part).map_err(|e| RegistryError::io("remove", &part, e))?;
            if !std::mem::take(&mut resumed) {
                let (place, what) = (self.client.place(), format!("`{name}`"));
                return Err(RegistryError::Digest { place, what, got, expected: sha256.to_owned() });
            }
            reporter.note(&format!("`{name}`: what an earlier attempt left does not fit; starting over"));
        }
    }
}

impl Registry for Oci {
    fn publish(&self, package: &Package, _file: &Path, reporter: &mut dyn TransferReporter) -> Result<Published> {
        let d = &package.description;
        if d.name != self.name() {
            let (place, expected) = (self.client.place(), self.name().to_owned());
            return Err(RegistryError::OtherName { place, expected, got: d.name.clone() });
        }
        let (manifest, config) = Manifest::of(package);
        let bytes = serde_json::to_vec(&manifest).map_err(|e| self.client.damaged(e.to_string()))?;
        let digest = manifest::digest_of(&bytes);
        let tag = d.version.clone();
        let reference = format!("{}:{tag}", self.client.place());
        let taken = |published: String| RegistryError::Taken {
            place: self.client.place(),
            title: d.title(),
            published,
            new: digest.clone(),
        };
        match self.client.manifest(&tag)? {
            Some(served) if served.digest == digest => return Ok(Published { reference, digest, was_there: true }),
            Some(served) => return Err(taken(served.digest)),
            None => {}
        }
        reporter.started(&format!("Publishing {} to {}", d.title(), self.client.place()), None);
        let sent = (|| {
            self.push(&manifest.config, "configuration", &mut config.as_slice(), reporter)?;
            for layer in &manifest.layers {
                let name = layer.file().unwrap_or_default();
                let path = package.dir().join(name);
                let mut file = File::open(&path).map_err(|e| RegistryError::io("open", &path, e))?;
                self.push(layer, name, &mut file, reporter)?;
            }
            // The tag comes last, so that it never names an incomplete package. Another publisher may have set it
            // meanwhile.
            match self.client.manifest(&tag)? {
                Some(served) if served.digest != digest => return Err(taken(served.digest)),
                _ => self.client.put_manifest(&tag, &bytes)?,
            }
            // The protocol has no lock. A publisher that found the version free before this one wrote it will overwrite
            // it within moments, so it is checked again after that time.
            for wait in [Duration::ZERO, SETTLED] {
                std::thread::sleep(wait);
                match self.client.manifest(&tag)? {
                    Some(served) if served.digest == digest => {}
                    Some(served) => return Err(taken(served.digest)),
                    None => {
                        return Err(self.client.damaged(format!("it took the manifest of `{tag}` and has it not")));
                    }
                }
            }
            Ok(())
        })();
        reporter.finished();
        sent?;
        Ok(Published { reference, digest, was_there: false })
    }

    fn find(&self, which: &Which) -> Result<Listed> {
        let reference = match which {
            Which::Highest => return choose(self.list()?, which, &self.client.place()),
            Which::Version(version) => version.to_string(),
            Which::Digest(digest) => digest.clone(),
        };
        let Some(served) = self.client.manifest(&reference)? else {
            return choose(self.list()?, which, &self.client.place());
        };
        let listed = self.listed(&served)?;
        match which {
            // The registry states the tag, the package its version.
            Which::Version(version) if listed.version != *version => {
                Err(self.client.damaged(format!("under `{reference}` it has version {}", listed.version)))
            }
            _ => Ok(listed),
        }
    }

    fn fetch(&self, listed: &Listed, into: &Path, reporter: &mut dyn TransferReporter) -> Result<()> {
        let served = self.client.manifest(&listed.digest)?;
        let served = served.ok_or_else(|| self.client.damaged(format!("it has no manifest {}", listed.digest)))?;
        let layers = &served.manifest.layers;
        if layers.len() > MAX_FILES {
            return Err(self
                .client
                .damaged(format!("its package has {} files, expected at most {MAX_FILES}", layers.len())));
        }
        reporter.started(&format!("Fetching {} {} from {}", listed.name, listed.version, self.client.place()), None);
        let fetched = layers.iter().try_for_each(|layer| {
            let name = layer.file().unwrap_or_default();
            let limit = limit(name).filter(|_| is_plain(name));
            if limit.is_none_or(|limit| layer.size > limit) || into.join(name).exists() {
                let problem = format!("its package has a file `{}` of {} bytes", name.escape_debug(), layer.size);
                return Err(self.client.damaged(problem));
            }
            self.pull(layer, name, &into.join(name), reporter)
        });
        reporter.finished();
        fetched
    }

    fn list(&self) -> Result<Vec<Listed>> {
        let mut found = Vec::new();
        if self.client.repository.is_empty() {
            for repository in self.client.repositories()?.into_iter().filter(|name| is_repository(name)) {
                let client = self.client.for_repository(&repository);
                let oci = Self { client, network: self.network.clone(), cache: self.cache.clone() };
                found.extend(oci.list()?);
            }
            return Ok(found);
        }
        for tag in self.client.tags()? {
            // Other tags have been set by others.
            if !is_version(&tag) {
                continue;
            }
            let listed = match self.client.manifest(&tag) {
                Ok(Some(served)) => self.listed(&served),
                Ok(None) => continue,
                Err(error) => Err(error),
            };
            match listed {
                Ok(listed) => found.push(listed),
                // The tag is of another kind of artifact.
                Err(error @ (RegistryError::Damaged { .. } | RegistryError::OtherName { .. })) => {
                    tracing::debug!("passed over tag `{tag}`: {error}");
                }
                Err(error) => return Err(error),
            }
        }
        found.sort_by(|a, b| a.version.cmp(&b.version));
        Ok(found)
    }
}

fn length(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |about| about.len())
}

/// Hard-links a file, or copies it where that is not possible.
fn link(from: &Path, to: &Path) -> Result<()> {
    let linked = std::fs::hard_link(from, to).or_else(|_| std::fs::copy(from, to).map(drop));
    linked.map_err(|e| RegistryError::io("write", to, e))
}

/// Deletes the downloaded files of a package, which are kept until it is installed.
pub(super) fn forget(package: &Package, home: &Path) {
    let downloads = cache_folder(home).join(cache_kind::REGISTRIES).join(DOWNLOADS);
    for file in package.files.values() {
        // A file that cannot be deleted is reused by the next download.
        drop(std::fs::remove_file(downloads.join(&file.sha256)));
        drop(std::fs::remove_file(downloads.join(format!("{}.lock", file.sha256))));
    }
}

/// The certificates to trust, if a file with them is given.
fn roots(authority: Option<&Path>) -> Result<Option<RootCerts>> {
    let Some(path) = authority else { return Ok(None) };
    let pem = std::fs::read(path).map_err(|e| RegistryError::io("read", path, e))?;
    let certificates: Vec<Certificate<'static>> = parse_pem(&pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    if certificates.is_empty() {
        let problem = format!("`{CA}` names `{}`, in which there is no certificate", path.display());
        return Err(RegistryError::Damaged { place: CA.to_owned(), problem });
    }
    Ok(Some(RootCerts::new_with_certs(&certificates)))
}
