//! `integrity.json`: sha256 and size of every file of a package except the signature. Its bytes are what is
//! signed, and it covers the whole package.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::layout::{FORMAT, INTEGRITY, REQUIRED, SIGNATURE};

/// Size and sha256 of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileDigest {
    /// Its length in bytes.
    pub size: u64,
    /// Its sha256, lower-case hex.
    pub sha256: String,
}

/// The list of a package's files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Integrity {
    /// Number of the package format.
    pub format: u32,
    /// Every file except this one and the signature, by name.
    pub files: BTreeMap<String, FileDigest>,
}

impl Integrity {
    /// The list of these files.
    pub fn of(files: &BTreeMap<String, FileDigest>) -> Self {
        let listed =
            |(name, digest): (&String, &FileDigest)| (!is_outside(name)).then(|| (name.clone(), digest.clone()));
        Self { format: FORMAT, files: files.iter().filter_map(listed).collect() }
    }

    /// The differences between the list and the files that were found.
    pub fn problems(&self, found: &BTreeMap<String, FileDigest>) -> Vec<String> {
        let mut problems = Vec::new();
        for (name, listed) in &self.files {
            match found.get(name) {
                _ if is_outside(name) => {
                    problems.push(format!("`{INTEGRITY}` lists `{name}`, which it cannot vouch for"))
                }
                None => problems.push(format!("`{name}` is missing, `{INTEGRITY}` lists it")),
                Some(got) if got.size != listed.size => {
                    let (got, listed) = (hive_errors::grouped(got.size), hive_errors::grouped(listed.size));
                    problems.push(format!("`{name}` has {got} bytes, `{INTEGRITY}` says {listed}"));
                }
                Some(got) if got.sha256 != listed.sha256 => {
                    problems.push(format!("`{name}` has sha256 {}, `{INTEGRITY}` says {}", got.sha256, listed.sha256));
                }
                Some(_) => {}
            }
        }
        for name in found.keys().filter(|name| !is_outside(name) && !self.files.contains_key(*name)) {
            problems.push(format!("`{name}` is not listed in `{INTEGRITY}`"));
        }
        for name in REQUIRED.iter().filter(|name| !self.files.contains_key(**name) && !found.contains_key(**name)) {
            problems.push(format!("`{name}` is missing, every package has it"));
        }
        problems
    }
}

/// Whether this is one of the two files that are not in the list.
fn is_outside(name: &str) -> bool {
    name == INTEGRITY || name == SIGNATURE
}

#[cfg(test)]
mod tests {
    use super::*;
    use hive_tests::check_all;

    fn files(names: &[&str]) -> BTreeMap<String, FileDigest> {
        let digest = |n: usize| FileDigest { size: n as u64, sha256: format!("{n:064x}") };
        names.iter().enumerate().map(|(n, name)| ((*name).to_owned(), digest(n))).collect()
    }

    #[test]
    fn everything_that_differs_is_told_at_once() {
        let all: Vec<&str> = REQUIRED.into_iter().chain([INTEGRITY, SIGNATURE]).collect();
        let mut found = files(&all);
        let list = Integrity::of(&found);
        assert_eq!(list.files.len(), REQUIRED.len());
        assert_eq!(list.problems(&found), Vec::<String>::new());
        found.remove("LICENSE");
        found.get_mut("golden.json").unwrap().size += 1;
        found.get_mut("README.md").unwrap().sha256 = "0".repeat(64);
        found.insert("extra".to_owned(), found["golden.json"].clone());
        let problems = list.problems(&found).join("\n");
        check_all(
            [
                "`LICENSE` is missing, `int",
                "`golden.json` has 6 bytes",
                "`README.md` has sha256 000",
                "`extra` is not listed",
            ],
            |part| {
                assert!(problems.contains(part), "{part}: {problems}");
            },
        );
        let nothing = Integrity { format: 1, files: BTreeMap::new() };
        assert_eq!(nothing.problems(&BTreeMap::new()).len(), REQUIRED.len());
    }

    #[test]
    fn a_list_cannot_vouch_for_itself() {
        let mut found = files(&REQUIRED);
        found.extend(files(&[INTEGRITY]));
        let mut list = Integrity::of(&found);
        list.files.insert(INTEGRITY.to_owned(), found[INTEGRITY].clone());
        assert!(list.problems(&found)[0].contains("cannot vouch for"));
    }
}
