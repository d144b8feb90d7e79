//! Packages as an enemy would make them: a thousand that were changed at random, in their packed bytes,
//! in the tar within, and in files that are listed anew. None is installed, none ends the program, none
//! writes anywhere but into its own folder.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::Path;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use hive::context::Environment;
use hive_net::{Context, Silent};
use hive_packages::installed::{InstallRequest, Store, install};
use hive_packages::trust::{RequireSigned, Ring};
use hive_packages::{Package, Source};

use crate::expert_package::{FILE, author, files_of, list_anew, user};
use crate::harness::Place;

/// Changes of each kind.
const ROUNDS: usize = 350;

/// Numbers that look random and are the same every time.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    /// Changes bytes in one of the ways in which files go wrong, or are made to.
    fn change(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(3) {
            let at = self.below(bytes.len());
            match self.below(7) {
                0 => bytes[at] ^= 1 << self.below(8),
                1 => bytes[at] = [0, 0xff, b'/', b'.', b'9', 0x7f][self.below(6)],
                2 => bytes.truncate(at.max(1)),
                3 => {
                    let length = self.below(600);
                    let end = (at + length).min(bytes.len());
                    bytes.drain(at..end);
                    bytes.push(0);
                }
                4 => {
                    let length = self.below(600).min(bytes.len() - at);
                    let piece = bytes[at..at + length].to_vec();
                    let to = self.below(bytes.len());
                    bytes.splice(to..to, piece);
                }
                5 => {
                    let length = self.below(64).min(bytes.len() - at);
                    bytes[at..at + length].fill(0xff);
                }
                // A length, where one may stand.
                _ => {
                    let value = [0u64, u64::MAX, 1 << 40, 1 << 31, self.next()][self.below(5)].to_le_bytes();
                    let length = 8.min(bytes.len() - at);
                    bytes[at..at + length].copy_from_slice(&value[..length]);
                }
            }
        }
    }
}

/// Everything below a folder, with its length.
fn listing(folder: &Path) -> BTreeMap<String, u64> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let about = entry.metadata().unwrap();
        let name = entry.file_name().to_string_lossy().into_owned();
        if about.is_dir() {
            found.extend(listing(&entry.path()).into_iter().map(|(inner, n)| (format!("{name}/{inner}"), n)));
        }
        found.insert(name, about.len());
    }
    found
}

struct Victim {
    place: Place,
    store: Store,
    ring: Ring,
}

impl Victim {
    /// A machine that trusts the author.
    fn of(author: &Place) -> Self {
        let place = user(author);
        let store = Store::at(&place.path("home/experts"));
        let mut ring = Ring::open(&place.path("home/keys")).unwrap();
        let own = Ring::open(&author.path("home/keys")).unwrap();
        ring.trust("author", own.keys()[0].public).unwrap();
        Self { place, store, ring }
    }

    /// Tries to install what is in the file; whether it came to that.
    fn install(&self, policy: RequireSigned) -> Result<(), String> {
        let path = self.place.path("checkout").join(FILE);
        let package = Package::open(&path, &self.place.path("home/experts")).map_err(|e| e.to_string())?;
        let request = InstallRequest {
            package: &package,
            source: FILE.to_owned(),
            expected: None,
            policy,
            allow_downgrade: true,
            base: Some(self.place.path("tiny").display().to_string()),
        };
        let context = Context { home: Some(self.place.path("home")), network: Environment::from_env().context.network };
        install(&context, &self.store, &request, &self.ring, &mut Silent).map(|_| ()).map_err(|e| e.to_string())
    }

    fn write(&self, bytes: &[u8]) {
        std::fs::write(self.place.path("checkout").join(FILE), bytes).unwrap();
    }

    /// What is on the machine, but for the package itself.
    fn all(&self) -> BTreeMap<String, u64> {
        let mut all = listing(&self.place.path(""));
        all.remove(&format!("checkout/{FILE}"));
        // Caches hold what can be computed again, such as the digests of the base model's files.
        all.retain(|name, _| !name.ends_with("experts/.lock") && !name.starts_with("home/cache"));
        all
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

#[test]
fn a_thousand_packages_that_were_changed_at_random() {
    let author = author();
    let victim = Victim::of(&author);
    let original = std::fs::read(author.path("checkout/dist").join(FILE)).unwrap();
    victim.write(&original);
    victim.install(RequireSigned::Trusted).unwrap();
    victim.store.remove(victim.store.find("sql", None).unwrap()).unwrap();
    let before = victim.all();
    let mut random = Random(20_261_126);
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut tar = Vec::new();
    GzDecoder::new(original.as_slice()).read_to_end(&mut tar).unwrap();
    // Packed bytes, then the tar within.
    for round in 0..2 * ROUNDS {
        let (bytes, unchanged) = if round < ROUNDS {
            let mut bytes = original.clone();
            random.change(&mut bytes);
            // gzip's header has bytes that mean nothing.
            let unchanged = bytes == original || (bytes.len() == original.len() && bytes[10..] == original[10..]);
            (bytes, unchanged)
        } else {
            let mut inner = tar.clone();
            random.change(&mut inner);
            let unchanged = inner == tar;
            (gzip(&inner), unchanged)
        };
        victim.write(&bytes);
        match victim.install(RequireSigned::Trusted) {
            Err(why) => *seen.entry(kind_of(&why)).or_default() += 1,
            Ok(()) => {
                // What is installed is what was signed: only bytes around it were changed.
                let release = victim.store.find("sql", None).unwrap();
                assert!(unchanged || release.package().is_ok_and(|p| p.signature.is_some()), "round {round}");
                *seen.entry("changed nothing that counts".to_owned()).or_default() += 1;
                victim.store.remove(release).unwrap();
            }
        }
        assert_eq!(victim.all(), before, "round {round} left something");
    }
    // Files, listed anew by somebody who has not the key.
    let names: Vec<String> = files_of(&author.path("checkout/dist").join(FILE)).1.into_keys().collect();
    for round in 0..ROUNDS {
        let (_dir, mut files) = files_of(&author.path("checkout/dist").join(FILE));
        let name = &names[random.below(names.len())];
        let Source::File(path) = &files[name] else { panic!("files were unpacked") };
        let mut bytes = std::fs::read(path).unwrap();
        let was = bytes.clone();
        random.change(&mut bytes);
        let changed = bytes != was;
        files.insert(name.clone(), Source::Bytes(bytes));
        if name != "integrity.json" {
            list_anew(&mut files);
        }
        let path = victim.place.path("checkout").join(FILE);
        hive_packages::write(&path, &files).unwrap();
        let why = victim.install(RequireSigned::Trusted);
        assert!(why.is_err() || !changed || name == "signature.json", "round {round}: `{name}` was changed");
        // Who asks for no signature gets at least what proves itself, and no crash.
        files.remove("signature.json");
        hive_packages::write(&path, &files).unwrap();
        let outcome =
            victim.install(RequireSigned::None).map_or_else(|why| kind_of(&why), |()| "proved itself".to_owned());
        *seen.entry(outcome).or_default() += 1;
        for release in victim.store.releases().unwrap() {
            victim.store.remove(release).unwrap();
        }
        let mut after = victim.all();
        after.retain(|name, _| !name.ends_with(".seen.json"));
        let mut was = before.clone();
        was.retain(|name, _| !name.ends_with(".seen.json"));
        assert_eq!(after, was, "round {round} left something");
    }
    for (kind, times) in &seen {
        println!("{times:5}  {kind}");
    }
    assert!(seen.len() > 5, "the changes hit in too few ways: {seen:?}");
}

/// What kind of refusal it was: its words without names and numbers.
fn kind_of(why: &str) -> String {
    let mut quoted = false;
    let text: String = why
        .chars()
        .filter(|c| {
            if *c == '`' {
                quoted = !quoted;
            }
            !quoted && !c.is_ascii_digit()
        })
        .collect();
    text.chars().take(60).collect()
}
