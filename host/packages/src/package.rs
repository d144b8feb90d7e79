//! A package that is unpacked or installed: a folder whose files have all been checked against each other, which
//! the type guarantees. Whether its signer is trusted, and whether its recorded outputs are reproduced, are separate
//! questions.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use hive_check::CheckStatement;
use hive_engine::adapter::peft::{self, PeftConfig};
use hive_engine::weights::source::TensorSource;
use hive_errors::Diagnostic as _;
use hive_files::{KnownDigests, Staging, hex, sha256_of_file};
use hive_plugins::{LoadedExpert, manifest};
use hive_runtime::base::Base;
use hive_runtime::model::LoadedAdapter;
use hive_runtime::tokenise::Tokeniser;
use hive_sdk::Manifest;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::archive::{self, shown};
use super::description::{Description, target_modules};
use super::error::{PackageError, Result};
use super::golden::{Distance, Golden, Logits};
use super::integrity::{FileDigest, Integrity};
use super::layout::{
    BASE_FILE, CHECKS, CONFIG_FILE, DESCRIPTION, FORMAT, GOLDEN, INTEGRITY, MANIFEST, PROBE, SIGNATURE, TENSOR_FILE,
    is_library, is_plain, is_version, limit,
};
use super::signature::SignatureFile;
use super::summary::Summary;
use crate::trust::{Ring, Signer, TrustError};

/// Limit on the header of the adapter's tensors, in bytes. Thousands of tensors need a tenth of it.
const MAX_HEADER: u64 = 4 << 20;

/// Limit on the header of the probe's two tensors, in bytes.
const MAX_PROBE_HEADER: u64 = 64 << 10;

/// Limit on a text of the description, in bytes.
const MAX_TEXT: usize = 1000;

/// A package whose files have been checked.
#[derive(Debug)]
pub struct Package {
    /// Its name in messages.
    pub shown: String,
    /// Its description.
    pub description: Description,
    /// The expert's manifest.
    pub manifest: Manifest,
    /// The manifest's text.
    pub manifest_json: String,
    /// What was found of the expert when the package was made.
    pub checks: Option<CheckStatement>,
    /// The golden prompts.
    pub golden: Golden,
    /// Sizes and digests of its files, including the signature and the list itself.
    pub files: BTreeMap<String, FileDigest>,
    /// Its signature, which is valid for these files, whether or not the key is trusted.
    pub signature: Option<SignatureFile>,
    /// sha256 of its list of files, which identifies the package, signed or not.
    pub digest: String,
    dir: PathBuf,
    /// Removes a temporary folder when the package is dropped.
    _unpacked: Option<Staging>,
}

/// The proof that a package's recorded outputs are reproduced on this machine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Proof {
    /// Number of the adapter's tensors, all of which were applied.
    pub tensors: usize,
    /// Number of golden prompts, all of whose tokens and logits were reproduced.
    pub prompts: usize,
    /// The differences of the logits.
    pub distance: Distance,
    /// The largest accepted difference.
    pub tolerance: f64,
}

impl Package {
    /// Unpacks the file `path` into a temporary folder in `staging` and checks it.
    ///
    /// # Errors
    /// When it is not a complete package, or its files contradict each other.
    pub fn open(path: &Path, staging: &Path) -> Result<Self> {
        let dir = Staging::new(staging)?;
        let files = archive::unpack(path, dir.path())?;
        let mut package = Self::check(shown(path), dir.path(), files, false)?;
        package._unpacked = Some(dir);
        Ok(package)
    }

    /// Checks the files of an installed package. Files named in `beside` are not part of it. A plugin library may be
    /// missing, for example because it is for another machine.
    ///
    /// # Errors
    /// As [`Package::open`].
    pub fn of_folder(shown: String, dir: &Path, beside: &[&str]) -> Result<Self> {
        let files = files_in(&shown, dir, beside, &sha256_of_file)?;
        Self::check(shown, dir, files, true)
    }

    /// As [`Self::of_folder`], with digests that were computed before, as long as the files have not changed since.
    ///
    /// # Errors
    /// As [`Package::open`].
    pub fn of_known_folder(shown: String, dir: &Path, beside: &[&str], known: &KnownDigests) -> Result<Self> {
        let files = files_in(&shown, dir, beside, &|path| known.sha256_of_file(path))?;
        Self::check(shown, dir, files, true)
    }

    /// Checks the files that were downloaded into `dir`, all of which are part of the package.
    ///
    /// # Errors
    /// As [`Package::open`].
    pub fn of_fetched(shown: String, dir: Staging) -> Result<Self> {
        let files = files_in(&shown, dir.path(), &[], &sha256_of_file)?;
        let mut package = Self::check(shown, dir.path(), files, false)?;
        package._unpacked = Some(dir);
        Ok(package)
    }

    /// The folder of its files, which is a PEFT folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The plugin library for this machine, if the package has one and it is not left out.
    pub fn own_library(&self) -> Option<PathBuf> {
        let name = self.description.libraries.get(&super::layout::own_target())?;
        self.files.contains_key(name).then(|| self.dir.join(name))
    }

    fn check(shown: String, dir: &Path, files: BTreeMap<String, FileDigest>, installed: bool) -> Result<Self> {
        let reader = Reader { shown: &shown, dir };
        let integrity_bytes = reader.bytes(INTEGRITY)?;
        let integrity: Integrity = reader.parse(INTEGRITY, &integrity_bytes)?;
        let description: Description = reader.json(DESCRIPTION)?;
        for (name, format) in [(INTEGRITY, integrity.format), (DESCRIPTION, description.format)] {
            if format != FORMAT {
                let problem = format!("`{name}` has the format {format}, this hive reads {FORMAT}");
                return Err(PackageError::Archive { package: shown, problem });
            }
        }
        let mut listed = integrity.clone();
        if installed {
            listed.files.retain(|name, _| files.contains_key(name) || !is_library(name));
        }
        // No file is read further unless its bytes match the list.
        let problems = listed.problems(&files);
        if !problems.is_empty() {
            return Err(PackageError::Faulty { package: shown, problems });
        }
        let signature = files.contains_key(SIGNATURE).then(|| reader.json::<SignatureFile>(SIGNATURE)).transpose()?;
        if let Some(signature) = &signature {
            let wrong = |problem| TrustError::Wrong { package: shown.clone(), problem };
            signature.check(&integrity_bytes).map_err(wrong)?;
        }
        let manifest_json = reader.text(MANIFEST)?;
        let checked = manifest::check(&format!("{MANIFEST} of {shown}"), &manifest_json);
        let manifest = checked.map_err(|error| {
            let mut problems = error.details();
            if problems.is_empty() {
                problems.push(error.to_string());
            }
            let named = problems.into_iter().map(|p| format!("`{MANIFEST}`: {p}")).collect();
            PackageError::Faulty { package: shown.clone(), problems: named }
        })?;
        let golden: Golden = reader.json(GOLDEN)?;
        let config = peft::read_config(dir)?;
        let mut problems: Vec<String> = golden.problems().iter().map(|p| format!("`{GOLDEN}`: {p}")).collect();
        problems.extend(identity_problems(&description, &manifest, &config));
        problems.extend(library_problems(&description, &integrity));
        problems.extend(weight_problems(dir, &description)?);
        problems.extend(text_problems(&description, &golden));
        let checks = files.contains_key(CHECKS).then(|| reader.json::<CheckStatement>(CHECKS)).transpose()?;
        if checks.as_ref().is_some_and(|checks| checks.manifest != hex(&Sha256::digest(&manifest_json))) {
            problems.push(format!("`{CHECKS}` is of another manifest than `{MANIFEST}`"));
        }
        match header_problem(dir, PROBE, MAX_PROBE_HEADER)? {
            Some(problem) => problems.push(problem),
            None => {
                let read = Logits::read(&dir.join(PROBE), golden.prompts.len());
                problems.extend(read.err().map(|error| error.to_string()));
            }
        }
        if !problems.is_empty() {
            return Err(PackageError::Faulty { package: shown, problems });
        }
        let digest = hex(&Sha256::digest(&integrity_bytes));
        let dir = dir.to_owned();
        Ok(Self {
            shown,
            description,
            manifest,
            manifest_json,
            checks,
            golden,
            files,
            signature,
            digest,
            dir,
            _unpacked: None,
        })
    }

    /// What lists say of it.
    pub fn summary(&self) -> Summary {
        Summary::of_folder(&self.dir, &self.description.license)
    }

    /// Who signed it.
    pub fn signer(&self, ring: &Ring) -> Signer {
        Signer::of(self.signature.as_ref().map(|signature| signature.key), ring)
    }

    /// The bytes that a signature signs.
    ///
    /// # Errors
    /// When the file cannot be read any more.
    pub fn integrity_bytes(&self) -> Result<Vec<u8>> {
        Reader { shown: &self.shown, dir: &self.dir }.bytes(INTEGRITY)
    }

    /// The text of one of its files; `None` if it has no such file.
    ///
    /// # Errors
    /// When the file exists but cannot be read.
    pub fn text(&self, name: &str) -> Result<Option<String>> {
        let has = self.files.contains_key(name);
        has.then(|| Reader { shown: &self.shown, dir: &self.dir }.text(name)).transpose()
    }

    /// Reproduces the recorded outputs of the golden prompts on `base`, with `expert` rendering them.
    ///
    /// # Errors
    /// When it is another base, a tensor does not fit, or tokens or logits differ.
    pub fn prove(&self, base: &Base, expert: &LoadedExpert) -> Result<Proof> {
        let recorded_base = &self.description.base;
        if base.reference.digest != recorded_base.digest {
            return Err(PackageError::Base {
                package: self.shown.clone(),
                id: recorded_base.id.clone(),
                expected: recorded_base.digest.clone(),
                got: base.reference.digest.clone(),
            });
        }
        let fault = |problem: String| PackageError::Proof { package: self.shown.clone(), problem };
        let (tokenizer, template) = Tokeniser::new(&base.model)?.digests()?;
        for (part, got, expected) in
            [("tokenizer", &tokenizer, &recorded_base.tokenizer), ("chat template", &template, &recorded_base.template)]
        {
            if got != expected {
                return Err(fault(format!("the base's {part} has the digest {got}, recorded is {expected}")));
            }
        }
        let adapter = LoadedAdapter::load(&self.dir, base)?;
        let tokeniser = Tokeniser::new(&base.model)?;
        let differences = self.golden.differences(expert, &tokeniser)?;
        if !differences.is_empty() {
            return Err(fault(differences.join("; ")));
        }
        let recorded = Logits::read(&self.dir.join(PROBE), self.golden.prompts.len())?;
        let distance = self.golden.logits(base, &adapter)?.distance(&recorded);
        let tolerance = self.golden.tolerance;
        for (model, difference) in [("without the adapter", distance.base), ("with the adapter", distance.adapted)] {
            // Written so that NaN fails as well.
            let accepted = difference <= tolerance;
            if !accepted {
                return Err(fault(format!(
                    "a logit {model} differs by {difference:.2e}, expected at most {tolerance:.0e}"
                )));
            }
        }
        Ok(Proof { tensors: adapter.tensors(), prompts: self.golden.prompts.len(), distance, tolerance })
    }
}

/// Sizes and digests, from `sha256_of`, of the files of a folder, except those named in `beside`.
fn files_in(
    shown: &str,
    dir: &Path,
    beside: &[&str],
    sha256_of: &dyn Fn(&Path) -> hive_files::Result<String>,
) -> Result<BTreeMap<String, FileDigest>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(dir).map_err(|e| PackageError::io("read", dir, e))? {
        let entry = entry.map_err(|e| PackageError::io("read", dir, e))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if beside.contains(&name.as_str()) {
            continue;
        }
        let path = entry.path();
        let about = fs::symlink_metadata(&path).map_err(|e| PackageError::io("read", &path, e))?;
        let fault = |problem: String| PackageError::Archive { package: shown.to_owned(), problem };
        let limit = limit(&name).ok_or_else(|| fault(format!("`{name}` is no file of a package")))?;
        if !about.is_file() || about.len() > limit {
            return Err(fault(format!("`{name}` is no plain file of at most {limit} bytes")));
        }
        files.insert(name, FileDigest { size: about.len(), sha256: sha256_of(&path)? });
    }
    Ok(files)
}

/// Differences between the files in name, base and adapter.
fn identity_problems(description: &Description, manifest: &Manifest, config: &PeftConfig) -> Vec<String> {
    let mut problems = Vec::new();
    let adapter = &description.adapter;
    let configured = &config.adapter;
    for (key, got, file, expected) in [
        ("name", &description.name, MANIFEST, manifest.name.clone()),
        ("description", &description.description, MANIFEST, manifest.description.clone()),
        ("license", &description.license, MANIFEST, manifest.license.clone()),
        ("adapter.method", &adapter.method, CONFIG_FILE, configured.method.name().to_owned()),
        ("adapter.rank", &adapter.rank.to_string(), CONFIG_FILE, configured.rank.to_string()),
        ("adapter.alpha", &adapter.alpha.to_string(), CONFIG_FILE, configured.alpha.to_string()),
        ("adapter.rslora", &adapter.rslora.to_string(), CONFIG_FILE, configured.rslora.to_string()),
    ] {
        if *got != expected {
            let (got, expected) = (got.escape_debug(), expected.escape_debug());
            problems.push(format!("`{DESCRIPTION}` says `{key}` is `{got}`, `{file}` says `{expected}`"));
        }
    }
    let (version, id) = (&description.version, &description.base.id);
    if !is_version(version) {
        let problem = "is no semantic version without build metadata";
        problems.push(format!("`{DESCRIPTION}`: the version `{}` {problem}", version.escape_debug()));
    }
    if !is_plain(id) {
        problems.push(format!("`{DESCRIPTION}`: the base's id `{}` is no plain name", id.escape_debug()));
    }
    // Folders and files are named after these.
    if !is_plain(&description.file_name()) {
        problems.push(format!("`{DESCRIPTION}`: name, base's id and version are too long together"));
    }
    if adapter.target_modules != target_modules(configured) {
        problems.push(format!("`{DESCRIPTION}` says other `adapter.target_modules` than `{CONFIG_FILE}`"));
    }
    match &config.base {
        None => problems.push(format!("`{BASE_FILE}` says nothing of the base")),
        Some(base) if base.digest != description.base.digest || base.id != description.base.id => {
            problems.push(format!("`{BASE_FILE}` names another base than `{DESCRIPTION}`"));
        }
        Some(_) => {}
    }
    problems
}

/// Texts with control characters, which could manipulate a terminal, or that are too long.
fn text_problems(description: &Description, golden: &Golden) -> Vec<String> {
    let Description { description: sentence, license, hive, adapter, .. } = description;
    let ids = golden.prompts.iter().map(|prompt| ("a prompt's id", &prompt.id));
    let targets = adapter.target_modules.iter().map(|name| ("a target module", name));
    let texts = [("description", sentence), ("license", license), ("hive", hive)].into_iter().chain(targets).chain(ids);
    texts
        .filter(|(_, text)| text.len() > MAX_TEXT || text.chars().any(char::is_control))
        .map(|(name, text)| {
            let shown: String = text.escape_debug().take(60).collect();
            format!("{name} `{shown}` has control characters, or more than {MAX_TEXT} bytes")
        })
        .collect()
}

/// Checks the length of a tensor file's header, which is known before the header is read.
fn header_problem(dir: &Path, name: &str, limit: u64) -> Result<Option<String>> {
    let path = dir.join(name);
    let mut length = [0; 8];
    let mut file = File::open(&path).map_err(|e| PackageError::io("open", &path, e))?;
    match file.read_exact(&mut length) {
        Ok(()) if u64::from_le_bytes(length) <= limit => Ok(None),
        Ok(()) => {
            let got = u64::from_le_bytes(length);
            Ok(Some(format!("`{name}` has a header of {got} bytes, expected at most {limit}")))
        }
        Err(e) if e.kind() == ErrorKind::UnexpectedEof => Ok(Some(format!("`{name}` is truncated"))),
        Err(e) => Err(PackageError::io("read", &path, e)),
    }
}

/// Whether the libraries that are named are those that are there.
fn library_problems(description: &Description, integrity: &Integrity) -> Vec<String> {
    let mut problems = Vec::new();
    for (target, name) in &description.libraries {
        let rest = name.strip_prefix(super::layout::PLUGIN).and_then(|rest| rest.strip_prefix(target.as_str()));
        if !is_library(name) || !rest.is_some_and(|rest| rest.starts_with('.')) {
            problems.push(format!("`{DESCRIPTION}`: `{}` is no library for `{target}`", name.escape_debug()));
        } else if !integrity.files.contains_key(name) {
            problems.push(format!("`{name}` is missing, `{DESCRIPTION}` names it"));
        }
    }
    let named = |name: &String| description.libraries.values().any(|library| library == name);
    for name in integrity.files.keys().filter(|name| is_library(name) && !named(name)) {
        problems.push(format!("`{name}` is not named in `{DESCRIPTION}`"));
    }
    problems
}

/// Checks that the weights have the stated count, and are all finite.
fn weight_problems(dir: &Path, description: &Description) -> Result<Vec<String>> {
    if let Some(problem) = header_problem(dir, TENSOR_FILE, MAX_HEADER)? {
        return Ok(vec![problem]);
    }
    let tensors = match peft::open_tensors(dir) {
        Ok(tensors) => tensors,
        Err(error) => return Ok(vec![error.to_string()]),
    };
    let (mut problems, mut values) = (Vec::new(), 0);
    let names = tensors.names();
    for name in &names {
        let (mut odd, before) = (0, values);
        let read = tensors.for_each_block(name, |block| {
            values += block.len();
            odd += block.iter().filter(|v| !v.is_finite()).count();
        });
        if let Err(error) = read {
            problems.push(error.to_string());
        } else if odd > 0 {
            let name = name.escape_debug();
            problems.push(format!("`{name}` has {odd} values that are not finite, of {}", values - before));
        }
    }
    let says = &description.adapter;
    if (names.len(), values) != (says.tensors, says.parameters) {
        problems.push(format!(
            "`{TENSOR_FILE}` has {} tensors with {values} values, `{DESCRIPTION}` says {} with {}",
            names.len(),
            says.tensors,
            says.parameters
        ));
    }
    Ok(problems)
}

/// Reads files of a package's folder.
struct Reader<'r> {
    shown: &'r str,
    dir: &'r Path,
}

impl Reader<'_> {
    fn fault(&self, problem: String) -> PackageError {
        PackageError::Archive { package: self.shown.to_owned(), problem }
    }

    fn bytes(&self, name: &str) -> Result<Vec<u8>> {
        let path = self.dir.join(name);
        fs::read(&path).map_err(|e| match e.kind() {
            ErrorKind::NotFound => self.fault(format!("`{name}` is missing")),
            _ => PackageError::io("read", &path, e),
        })
    }

    fn text(&self, name: &str) -> Result<String> {
        String::from_utf8(self.bytes(name)?).map_err(|_| self.fault(format!("`{name}` is not UTF-8 text")))
    }

    fn parse<T: DeserializeOwned>(&self, name: &str, bytes: &[u8]) -> Result<T> {
        serde_json::from_slice(bytes).map_err(|e| self.fault(format!("`{name}` cannot be read: {e}")))
    }

    fn json<T: DeserializeOwned>(&self, name: &str) -> Result<T> {
        self.parse(name, &self.bytes(name)?)
    }
}
