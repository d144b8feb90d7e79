//! `hive expert package`, `sign`, `inspect`, `verify`, `install`, `use`, `uninstall` and `hive key`
//! from end to end: what one machine packs, another installs and asks.

use hive_tests::check_all;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use hive_packages::{Source, Sources, unpack};
use serde_json::{Value, json};

use crate::expert_train::{TRAIN, place};
use crate::harness::{Place, SmallDisk, expert_library, without_digests};
use crate::tiny_base::{read_tensors, write_adapter, write_base, write_base_with, write_tensors};

const QUESTION: &str = "How many pets are there?";
const SCHEMA: &str = "CREATE TABLE pets (pet_id INT PRIMARY KEY, name TEXT);\n";
pub const FILE: &str = "expert-sql-tiny.v0.1.0.expert";

/// An author's machine: a trained expert, a key, and a signed package of it. Trained once for all tests.
pub fn author() -> Place {
    static MADE: OnceLock<Vec<(String, Vec<u8>)>> = OnceLock::new();
    let place = place();
    let files = MADE.get_or_init(|| {
        let place = self::place();
        // A learning rate at which even three steps change what the tiny base says.
        let said = place.run(&[&TRAIN[..], &["--set", "graded_prompts=0", "--set", "learning_rate=0.05"]].concat());
        assert!(said.starts_with("exit: 0\n"), "{said}");
        done(&place, &["expert", "package", "sql", "--checks", "quick", "--run", "runs/sql-1", "-o", "dist"]);
        done(&place, &["key", "new", "me"]);
        done(&place, &["expert", "sign", &format!("dist/{FILE}"), "--key", "me"]);
        let mut files = Vec::new();
        for folder in ["checkout/runs", "checkout/dist", "home/keys"] {
            read_folder(&place.path(folder), folder, &mut files);
        }
        files
    });
    for (name, bytes) in files {
        let path = place.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        #[cfg(unix)]
        if name.starts_with("home/keys") {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
    }
    place.write("checkout/pets.sql", SCHEMA);
    place
}

/// Every file below a folder, by its name from there on.
fn read_folder(folder: &Path, name: &str, into: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let name = format!("{name}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            read_folder(&entry.path(), &name, into);
        } else {
            into.push((name, std::fs::read(entry.path()).unwrap()));
        }
    }
}

/// Somebody else's machine: no plugin, no run, the base in a folder.
pub fn user(author: &Place) -> Place {
    let place = Place::new();
    write_base(&place.path("tiny"));
    place.write("checkout/pets.sql", SCHEMA);
    std::fs::copy(package(author), place.path("checkout").join(FILE)).unwrap();
    place
}

fn package(author: &Place) -> PathBuf {
    author.path("checkout/dist").join(FILE)
}

/// Runs a command that must succeed; gives its stdout.
pub fn done(place: &Place, args: &[&str]) -> String {
    let output = place.output(&[], args);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{args:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

/// Runs a command that must find its input not acceptable; gives what it says.
pub fn refused(place: &Place, args: &[&str]) -> String {
    let said = place.run(args);
    assert!(said.starts_with("exit: 1\n--- stdout\n--- stderr\n"), "{args:?}: {said}");
    assert!(said.contains("\nerror: "), "{args:?}: {said}");
    said
}

fn install<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["expert", "install", FILE, "--base", "../tiny"], more].concat()
}

fn ask(place: &Place, name: &str, more: &[&str]) -> String {
    // A plugin's constraint is not where the plugin is not.
    let args = ["expert", "run", name, "--unconstrained", "--schema", "pets.sql", "--max-new-tokens", "24", QUESTION];
    done(place, &[&args[..], more].concat())
}

pub fn trust(user: &Place, author: &Place) {
    let key = done(author, &["key", "show", "me"]);
    done(user, &["key", "trust", key.trim(), "--name", "author"]);
}

/// The package's files, to be changed and packed again.
pub fn files_of(package: &Path) -> (tempfile::TempDir, Sources) {
    let dir = tempfile::tempdir().unwrap();
    let found = unpack(package, dir.path()).unwrap();
    let files = found.into_keys().map(|name| (name.clone(), Source::File(dir.path().join(name)))).collect();
    (dir, files)
}

/// Lists the files anew, as one would who has changed them and has not the key.
pub fn list_anew(files: &mut Sources) {
    use hive_packages::{FileDigest, Integrity};
    use sha2::{Digest, Sha256};
    let bytes = |source: &Source| match source {
        Source::Bytes(bytes) => bytes.clone(),
        Source::File(path) => std::fs::read(path).unwrap(),
    };
    let sha256 = |bytes: &[u8]| -> String { Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect() };
    // The statement of the checks is of the manifest, unless it was changed itself.
    let checks = files.get("checks.json").and_then(|source| serde_json::from_slice::<Value>(&bytes(source)).ok());
    if let (Some(mut checks), Some(manifest)) = (checks.filter(Value::is_object), files.get("manifest.json")) {
        checks["manifest"] = sha256(&bytes(manifest)).into();
        files.insert("checks.json".to_owned(), Source::Bytes(serde_json::to_vec(&checks).unwrap()));
    }
    let digests = files.iter().map(|(name, source)| {
        let bytes = bytes(source);
        (name.clone(), FileDigest { size: bytes.len() as u64, sha256: sha256(&bytes) })
    });
    let list = Integrity::of(&digests.collect());
    files.insert("integrity.json".to_owned(), Source::Bytes(serde_json::to_vec(&list).unwrap()));
}

/// A JSON file of a package.
pub fn json_of(source: &Source) -> Value {
    match source {
        Source::Bytes(bytes) => serde_json::from_slice(bytes).unwrap(),
        Source::File(path) => serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap(),
    }
}

/// Changes a JSON file of the package.
fn change(files: &mut Sources, name: &str, with: impl FnOnce(&mut Value)) {
    let mut value = json_of(&files[name]);
    with(&mut value);
    files.insert(name.to_owned(), Source::Bytes(serde_json::to_vec(&value).unwrap()));
}

fn pack(place: &Place, files: &Sources) {
    hive_packages::write(&place.path("checkout").join(FILE), files).unwrap();
}

#[test]
fn what_one_machine_packs_another_installs_and_asks() {
    let author = author();
    let user = user(&author);
    insta::assert_snapshot!("install_stranger", no_keys(&refused(&user, &install(&[]))));
    trust(&user, &author);
    let said = user.run(&install(&[]));
    assert!(said.starts_with("exit: 0\n"), "{said}");
    check_all(
        [
            "installed     sql@0.1.0 for tiny (current)\n",
            "signature     by `author` (",
            "all 36 tensors applied",
            "none in the package",
        ],
        |line| {
            assert!(said.contains(line), "`{line}` is missing:\n{said}");
        },
    );
    let listed = done(&user, &["expert", "list"]);
    assert!(listed.contains("ready (without its plugin: it can only generate answers)"), "{listed}");
    assert!(listed.contains("INSTALLED\n  sql@0.1.0 for tiny (current)\n"), "{listed}");
    // The same words as on the author's machine, where the plugin renders the prompt.
    let answer = ask(&author, "sql", &["--run", "runs/sql-1"]);
    assert_eq!(ask(&user, "sql", &[]), answer);
    assert_eq!(ask(&user, "sql@0.1.0", &[]), answer);
    assert_ne!(ask(&user, "sql", &["--base-only", "--base", "../tiny"]), answer, "the adapter is applied");
    assert!(done(&user, &["expert", "verify", "sql"]).contains("signature     by `author` ("));
    let inspected: Value = serde_json::from_str(&done(&user, &["expert", "inspect", "sql@0.1.0", "--json"])).unwrap();
    assert_eq!(inspected["package"]["base"]["id"], "tiny");
    assert_eq!(inspected["signature"]["standing"], "trusted");
    assert_eq!(done(&user, &["expert", "uninstall", "sql"]), "Removed sql@0.1.0 for tiny\n");
    insta::assert_snapshot!("uninstalled", user.run(&["expert", "verify", "sql"]));
    assert!(!user.path("home/experts/sql").exists());
}

#[test]
fn the_same_run_gives_the_same_bytes_anywhere() {
    let author = author();
    let copied = author.path("elsewhere/copy");
    copy_folder(&author.path("checkout/runs/sql-1"), &copied);
    done(
        &author,
        &["expert", "package", "sql", "--checks", "quick", "--run", "../elsewhere/copy", "-o", "../elsewhere/out"],
    );
    done(&author, &["expert", "package", "sql", "--checks", "quick", "--run", "runs/sql-1", "-o", "again"]);
    let bytes = |path: &str| std::fs::read(author.path(path).join(FILE)).unwrap();
    assert!(bytes("elsewhere/out") == bytes("checkout/again"), "other bytes");
    done(&author, &["expert", "sign", &format!("again/{FILE}"), "--key", "me"]);
    assert!(bytes("checkout/dist") == bytes("checkout/again"), "other bytes once signed");
    let (_dir, files) = files_of(&package(&author));
    for (name, source) in &files {
        let Source::File(path) = source else { continue };
        let text = String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
        assert!(!text.contains(&*author.path("").to_string_lossy()), "`{name}` names a folder of its author's");
        assert!(!text.contains("../tiny"), "`{name}` names a folder of its author's");
    }
}

#[test]
fn several_versions_stand_side_by_side() {
    let author = author();
    let user = user(&author);
    trust(&user, &author);
    let newer =
        ["expert", "package", "sql", "--checks", "quick", "--run", "runs/sql-1", "-o", "dist", "--version", "0.2.0"];
    done(&author, &newer);
    let other = "expert-sql-tiny.v0.2.0.expert";
    done(&author, &["expert", "sign", &format!("dist/{other}"), "--key", "me"]);
    std::fs::copy(author.path("checkout/dist").join(other), user.path("checkout").join(other)).unwrap();
    done(&user, &["expert", "install", other, "--base", "../tiny"]);
    insta::assert_snapshot!("install_older", refused(&user, &install(&[])));
    done(&user, &install(&["--allow-downgrade"]));
    assert_eq!(done(&user, &["expert", "use", "sql@0.2.0"]), "`sql` is now the installed `sql@0.2.0 for tiny`\n");
    let listed: Value = serde_json::from_str(&done(&user, &["expert", "list", "--json"])).unwrap();
    let current = |i: usize| listed["installed"][i]["current"].as_bool().unwrap();
    assert_eq!((current(0), current(1)), (false, true), "{listed}");
    assert_eq!(ask(&user, "sql@0.1.0", &[]), ask(&user, "sql", &[]));
    insta::assert_snapshot!("use_unknown_version", user.run(&["expert", "use", "sql@0.3.0"]));
    done(&user, &["expert", "uninstall", "sql@0.2.0"]);
    ask(&user, "sql", &[]);
    // What was here once is remembered when it is gone.
    done(&user, &["expert", "uninstall", "sql"]);
    refused(&user, &install(&[]));
}

#[test]
fn what_was_changed_is_refused() {
    let author = author();
    let user = user(&author);
    trust(&user, &author);
    let original = package(&author);
    // Who has not the key changes a file and the list; or takes the signature away as well.
    let (_dir, mut files) = files_of(&original);
    change(&mut files, "manifest.json", |manifest| manifest["version"] = json!("9.9.9"));
    pack(&user, &files);
    let said = refused(&user, &install(&["--allow-unsigned"]));
    assert!(said.contains("`manifest.json` has "), "{said}");
    list_anew(&mut files);
    pack(&user, &files);
    insta::assert_snapshot!("install_wrong_signature", no_keys(&refused(&user, &install(&["--allow-unsigned"]))));
    files.remove("signature.json");
    pack(&user, &files);
    insta::assert_snapshot!("install_unsigned", refused(&user, &install(&[])));
    // Somebody else's signature, of something else.
    done(&user, &["key", "new", "mine"]);
    done(&user, &["expert", "sign", FILE, "--key", "mine"]);
    let (_other, signed) = files_of(&user.path("checkout").join(FILE));
    let (_dir, mut files) = files_of(&original);
    files.insert("signature.json".to_owned(), signed["signature.json"].clone());
    pack(&user, &files);
    let said = refused(&user, &install(&[]));
    assert!(said.contains("it is not one of this package by the key"), "{said}");
    // A revoked key.
    std::fs::copy(&original, user.path("checkout").join(FILE)).unwrap();
    done(&user, &["key", "revoke", "author"]);
    let said = refused(&user, &install(&["--allow-unsigned"]));
    assert!(said.contains("which was revoked here"), "{said}");
    assert!(
        std::fs::read_dir(user.path("home/experts")).unwrap().flatten().all(|e| !e.path().is_dir()),
        "nothing is left"
    );
}

#[test]
fn what_does_not_compute_what_it_says_is_refused() {
    let author = author();
    let user = user(&author);
    let original = package(&author);
    let free = ["--allow-unsigned"];
    // Weights that are not those of the probe.
    let (dir, mut files) = files_of(&original);
    let path = dir.path().join("changed");
    let mut tensors = read_tensors(&dir.path().join("adapter_model.safetensors"));
    tensors.values_mut().for_each(|(_, values)| values.iter_mut().for_each(|v| *v *= 1.01));
    write_tensors(&path, &tensors);
    files.insert("adapter_model.safetensors".to_owned(), Source::File(path.clone()));
    files.remove("signature.json");
    list_anew(&mut files);
    pack(&user, &files);
    let said = refused(&user, &install(&free));
    assert!(said.contains("a logit with the adapter differs by"), "{said}");
    // Weights that are no numbers.
    tensors.values_mut().for_each(|(_, values)| values[0] = f32::NAN);
    write_tensors(&path, &tensors);
    list_anew(&mut files);
    pack(&user, &files);
    let said = refused(&user, &install(&free));
    assert!(said.contains("1 values that are not finite"), "{said}");
    // A tensor too few.
    tensors.pop_first();
    tensors.values_mut().for_each(|(_, values)| values[0] = 0.0);
    write_tensors(&path, &tensors);
    list_anew(&mut files);
    pack(&user, &files);
    let said = refused(&user, &install(&free));
    assert!(said.contains("has 35 tensors"), "{said}");
    // Other tokens, another base, another expert, another format, a prompt that gives the answer away.
    check_all(
        [
            ("golden.json", "/prompts/0/ids/0", json!(7), "has other tokens from the 0th on"),
            ("golden.json", "/prompts/0/messages/0/content", json!("Say it"), "renders the prompt"),
            ("golden.json", "/prompts/0/ids/0", json!(4_000_000), "other tokens"),
            ("golden.json", "/tolerance", json!(100.0), "`tolerance` is 100"),
            ("golden.json", "/prompts", json!([]), "it has 0 prompts"),
            ("package.json", "/base/digest", json!("0".repeat(64)), "names another base"),
            ("package.json", "/base/id", json!("../../up"), "is no plain name"),
            ("package.json", "/name", json!("../up"), "`manifest.json` says `sql`"),
            ("package.json", "/version", json!("one"), "no semantic version"),
            ("package.json", "/format", json!(2), "has the format 2, this hive reads 1"),
            ("package.json", "/adapter/rank", json!(4), "`adapter.rank` is `4`"),
            ("package.json", "/libraries/here", json!("plugin-there.so"), "is no library for `here`"),
            ("manifest.json", "/abi", json!(1), "got 1, expected"),
            ("manifest.json", "/prompt/0/content", json!("{sql}"), "is the completion"),
            ("hive_base.json", "/digest", json!("0".repeat(64)), "names another base"),
            ("adapter_config.json", "/peft_type", json!("IA3"), "expected `LORA`"),
            ("adapter_config.json", "/r", json!(4), "`adapter.rank` is"),
            ("adapter_config.json", "/init_lora_weights", json!("pissa"), "which hive does not compute"),
            (
                "package.json",
                "/description",
                json!("x\u{1b}[2J\nsignature     by `me`, trusted"),
                "has control characters",
            ),
            ("package.json", "/license", json!("Public domain"), "says `license` is `Public domain`"),
            ("package.json", "/version", json!("0.1.0+other"), "without build metadata"),
            ("package.json", "/version", json!(format!("0.1.0-{}", "a".repeat(100))), "are too long together"),
            ("package.json", "/adapter/target_modules", json!(["nonsense"]), "other `adapter.target_modules`"),
            ("golden.json", "/prompts/0/id", json!("a\u{7}"), "has control characters"),
        ],
        |(name, key, value, expected)| {
            let (_dir, mut files) = files_of(&original);
            change(&mut files, name, |file| match file.pointer_mut(key) {
                Some(place) => *place = value.clone(),
                None => file["libraries"]["here"] = value.clone(),
            });
            files.remove("signature.json");
            list_anew(&mut files);
            pack(&user, &files);
            let said = refused(&user, &install(&free));
            assert!(said.contains(expected), "{name}{key}: `{expected}` is missing:\n{said}");
        },
    );
    // The right package on the wrong base.
    std::fs::copy(&original, user.path("checkout").join(FILE)).unwrap();
    write_base_with(&user.path("other"), |weights| weights.values_mut().for_each(|(_, values)| values[0] += 0.5));
    let said = refused(&user, &["expert", "install", FILE, "--allow-unsigned", "--base", "../other"]);
    insta::assert_snapshot!("install_other_base", without_digests(&said));
    let said = user.run(&["expert", "install", FILE, "--allow-unsigned"]);
    insta::assert_snapshot!("install_unknown_base", said);
    assert!(!user.path("home/experts/sql").exists());
}

#[test]
fn an_installed_file_that_was_changed_answers_no_more() {
    let author = author();
    let user = user(&author);
    trust(&user, &author);
    done(&user, &install(&[]));
    let weights = user.path("home/experts/sql/releases/0.1.0--tiny/adapter_model.safetensors");
    let mut bytes = std::fs::read(&weights).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&weights, bytes).unwrap();
    for command in [&["expert", "verify", "sql"][..], &["expert", "run", "sql", "--schema", "pets.sql", QUESTION]] {
        let said = refused(&user, command);
        assert!(said.contains("`adapter_model.safetensors` has sha256"), "{said}");
    }
}

#[test]
fn a_plugin_runs_only_when_its_signer_is_trusted() {
    let author = author();
    let with = [
        "expert",
        "package",
        "sql",
        "--checks",
        "quick",
        "--run",
        "runs/sql-1",
        "-o",
        "dist",
        "--with-plugin",
        "--force",
    ];
    done(&author, &with);
    done(&author, &["expert", "sign", &format!("dist/{FILE}"), "--key", "me"]);
    let user = user(&author);
    // Not trusted: it comes without its plugin.
    let said = done(&user, &install(&["--require-signed", "any"]));
    assert!(said.contains("not installed: not signed by a trusted key"), "{said}");
    let release = user.path("home/experts/sql/releases/0.1.0--tiny");
    let library = hive_packages::layout::own_library();
    assert!(!release.join(&library).exists());
    ask(&user, "sql", &[]);
    insta::assert_snapshot!(
        "train_without_plugin",
        user.run(&["expert", "train", "sql", "--base", "../tiny", "--steps", "1"])
    );
    trust(&user, &author);
    let said = done(&user, &install(&[]));
    assert!(said.contains("it can grade and train as well"), "{said}");
    assert_eq!(std::fs::read(release.join(&library)).unwrap(), std::fs::read(expert_library("sql")).unwrap());
    assert!(done(&user, &["expert", "verify", "sql"]).contains("renders the same prompts"));
    assert!(!done(&user, &["expert", "list"]).contains("without its plugin"));
    // Trusted no longer: the code stays, and nothing of it is run.
    done(&user, &["key", "revoke", "author"]);
    let listed = done(&user, &["expert", "list"]);
    assert!(listed.contains("it is disabled: its key `author`"), "{listed}");
    assert_eq!(user.output(&[], &["expert", "run", "sql", "--schema", "pets.sql", QUESTION]).status.code(), Some(1));
}

#[test]
fn keys_are_made_listed_and_misused() {
    let place = Place::new();
    insta::assert_snapshot!("keys_none", place.run(&["key", "list"]));
    let key = done(&place, &["key", "new", "me"]);
    assert!(key.starts_with("ed25519:") && key.trim().len() == 52, "{key}");
    insta::assert_snapshot!("keys_one", no_keys(&place.run(&["key", "list"])));
    check_all(
        [
            ("key_taken", &["key", "new", "me"][..]),
            ("key_bad_name", &["key", "new", "../me"]),
            ("key_unknown", &["key", "show", "you"]),
            ("key_revoke_unknown", &["key", "revoke", "you"]),
            ("key_bad_public", &["key", "trust", "ed25519:abc", "--name", "x"]),
            ("sign_unknown_key", &["expert", "sign", "p.expert", "--key", "you"]),
            ("sign_no_package", &["expert", "sign", "p.expert", "--key", "me"]),
            ("install_nothing", &["expert", "install", "p.expert"]),
            ("inspect_nothing", &["expert", "inspect", "dist/p.expert"]),
            ("package_nothing", &["expert", "package", "sql", "--checks", "quick", "--run", "runs/none"]),
        ],
        |(name, args)| {
            insta::assert_snapshot!(name, no_keys(&place.run(args)));
        },
    );
    place.write("checkout/p.expert", "not a package");
    insta::assert_snapshot!("install_garbage", place.run(&["expert", "install", "p.expert"]));
}

/// `text` without what of keys is random.
fn no_keys(text: &str) -> String {
    let words = text.split_inclusive(|c: char| !(c.is_ascii_alphanumeric() || "+/=:".contains(c)));
    let plain = |word: &str| {
        let bare = word.trim_end_matches(|c: char| !(c.is_ascii_alphanumeric() || "+/=".contains(c)));
        let is_id = bare.len() == 16 && bare.bytes().all(|b| b.is_ascii_hexdigit());
        let is_key = bare.len() == 52 && bare.starts_with("ed25519:");
        match (is_id, is_key) {
            (true, _) => word.replacen(bare, "[KEY-ID]", 1),
            (_, true) => word.replacen(bare, "[KEY]", 1),
            _ => word.to_owned(),
        }
    };
    words.map(plain).collect()
}

pub fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A package in the format of hive's predecessor: flat, in any order, with owners and times.
fn older_package(path: &Path, files: &[(&str, Vec<u8>)]) {
    let packed = flate2::write::GzEncoder::new(std::fs::File::create(path).unwrap(), flate2::Compression::fast());
    let mut tar = tar::Builder::new(packed);
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o755);
        header.set_mtime(1_700_000_000);
        tar.append_data(&mut header, name, bytes.as_slice()).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap();
}

#[test]
fn a_package_of_the_older_ecosystem_is_read_and_what_is_lost_is_told() {
    let place = Place::new();
    write_base(&place.path("tiny"));
    write_adapter(&place.path("adapter"));
    let read = |name: &str| std::fs::read(place.path("adapter").join(name)).unwrap();
    let manifest = json!({
        "name": "expert-pets", "version": "0.3.0", "schema_version": "2.0", "description": "Knows pets",
        "author": "somebody", "license": "MIT", "soft_prompts": [], "capabilities": ["pets"],
        "base_models": [{"name": "F:/models/tiny", "sha256": "", "quantization": "int4",
            "adapters": [{"type": "dora", "path": "adapter", "r": 12, "alpha": 4, "sha256": ""}]}],
    });
    let files = |tensors: &'static str| {
        vec![
            ("manifest.json", serde_json::to_vec(&manifest).unwrap()),
            ("./adapter_config.json", read("adapter_config.json")),
            (tensors, read("adapter_model.safetensors")),
            ("tokenizer.json", b"{}".to_vec()),
            ("sub/notes.txt", b"notes".to_vec()),
        ]
    };
    older_package(&place.path("checkout/old.expert"), &files("adapter_model.safetensors"));
    insta::assert_snapshot!("older_inspect", place.run(&["expert", "inspect", "old.expert"]));
    let install = ["expert", "install", "old.expert", "--base", "../tiny"];
    insta::assert_snapshot!("older_unsigned", refused(&place, &install));
    let said = place.run(&[&install[..], &["--allow-unsigned"]].concat());
    assert!(said.starts_with("exit: 0\n") && said.contains("installed     pets@0.3.0 for tiny"), "{said}");
    assert!(said.contains("field `capabilities`"), "{said}");
    let ask = |more: &[&str]| {
        done(&place, &[&["expert", "run", "pets", "--max-new-tokens", "24", "Which?"][..], more].concat())
    };
    assert_ne!(ask(&[]), ask(&["--base-only", "--base", "../tiny"]), "the adapter is applied");
    // A pickle runs code when it is read.
    older_package(&place.path("checkout/old.expert"), &files("adapter_model.bin"));
    insta::assert_snapshot!("older_pickle", refused(&place, &[&install[..], &["--allow-unsigned"]].concat()));
}

#[test]
fn what_a_revoked_key_signed_answers_no_more() {
    let author = author();
    let user = user(&author);
    trust(&user, &author);
    done(&user, &install(&[]));
    ask(&user, "sql", &[]);
    done(&user, &["key", "revoke", "author"]);
    let said = refused(&user, &["expert", "run", "sql", "--schema", "pets.sql", QUESTION]);
    assert!(said.contains("which was revoked here"), "{said}");
    // Nor does one sign with it oneself.
    done(&author, &["key", "revoke", "me"]);
    let said = author.run(&["expert", "sign", &format!("dist/{FILE}"), "--key", "me"]);
    assert!(said.starts_with("exit: 2\n") && said.contains("was revoked here"), "{said}");
}

#[test]
fn what_a_killed_or_damaged_installation_left_is_seen_and_goes() {
    let author = author();
    let user = user(&author);
    trust(&user, &author);
    done(&user, &install(&[]));
    let expert = user.path("home/experts/sql");
    // Ended before it could be called current.
    std::fs::remove_file(expert.join("current")).unwrap();
    ask(&user, "sql", &[]);
    // Ended while it was unpacked, with nobody left who holds the lock.
    let left = user.path("home/experts/.partial-left");
    std::fs::create_dir(&left).unwrap();
    std::fs::write(left.join("adapter_model.safetensors"), "half").unwrap();
    std::fs::write(user.path("home/experts/.partial-left.lock"), "").unwrap();
    done(&user, &["expert", "inspect", FILE]);
    assert!(!left.exists(), "leftovers are removed");
    // A release that cannot be read goes with the others, and by itself.
    let damaged = expert.join("releases/0.0.9--tiny");
    std::fs::create_dir(&damaged).unwrap();
    std::fs::write(damaged.join("install.json"), "{").unwrap();
    let said = user.run(&["expert", "uninstall", "sql"]);
    assert!(said.contains("Removed sql@0.1.0 for tiny") && said.contains("a damaged release"), "{said}");
    assert!(!expert.exists());
    std::fs::create_dir_all(&damaged).unwrap();
    assert!(!done(&user, &["expert", "list"]).contains("broken: manifest"), "nothing was installed");
    done(&user, &["expert", "uninstall", "sql"]);
    assert!(!expert.exists());
    // What is remembered of former versions cannot be read.
    std::fs::write(user.path("home/experts/.seen.json"), "{").unwrap();
    let said = user.run(&install(&["--allow-downgrade"]));
    assert!(said.starts_with("exit: 2\n") && said.contains("which remembers the versions"), "{said}");
}

#[test]
fn small_packages_that_want_much_get_nothing() {
    let author = author();
    let user = user(&author);
    let original = package(&author);
    let huge = |name: &str, with: &dyn Fn(&mut Value)| -> String {
        let (_dir, mut files) = files_of(&original);
        change(&mut files, name, |value| with(value));
        let rank = json_of(&files["adapter_config.json"])["r"].clone();
        change(&mut files, "package.json", |package| package["adapter"]["rank"] = rank);
        files.remove("signature.json");
        list_anew(&mut files);
        pack(&user, &files);
        refused_in_little_memory(&user)
    };
    let pattern = |i: usize| format!("\\pL{{40}}{i}");
    check_all(
        [
            (
                "expected 1 to 65536",
                huge("adapter_config.json", &|c| {
                    c["r"] = json!(1u64 << 40);
                }),
            ),
            (
                "tensors do not match",
                huge("adapter_config.json", &|c| {
                    c["r"] = json!(60_000);
                }),
            ),
            (
                "expected at most 512",
                huge("adapter_config.json", &|c| {
                    c["rank_pattern"] =
                        (0..8000).map(|i| (pattern(i), json!(2))).collect::<serde_json::Map<_, _>>().into();
                }),
            ),
            (
                "has more than 4194304 bytes",
                huge("manifest.json", &|m| {
                    m["prompt"][0]["content"] = "{question}{schema}".repeat(20_000).into();
                }),
            ),
            (
                "got 5000 fields, expected at most 256",
                huge("manifest.json", &|m| {
                    m["dataset"]["fields"] =
                        (0..5000).map(|i| json!({"name": format!("f{i}")})).collect::<Vec<_>>().into();
                }),
            ),
            (
                "and 450 more",
                huge("manifest.json", &|m| {
                    for i in 0..40_000 {
                        m[format!("k{i}")] = json!(1);
                    }
                }),
            ),
        ],
        |(expected, said)| {
            assert!(said.contains(expected), "`{expected}` is missing:\n{}", &said[..said.len().min(2000)]);
        },
    );
    // A header that is all there is; and half a gigabyte of zeros in a tensor nobody asked for.
    for name in ["probe.safetensors", "adapter_model.safetensors"] {
        let (_dir, mut files) = files_of(&original);
        let header = format!("{{{}\"x\":1}}", " ".repeat(6 << 20));
        let bytes = [&(header.len() as u64).to_le_bytes()[..], header.as_bytes()].concat();
        files.insert(name.to_owned(), Source::Bytes(bytes));
        files.remove("signature.json");
        list_anew(&mut files);
        pack(&user, &files);
        let said = refused_in_little_memory(&user);
        assert!(said.contains(&format!("`{name}` has a header of")), "{said}");
    }
    let (dir, mut files) = files_of(&original);
    let path = dir.path().join("zeros");
    let header =
        format!("{{\"x\":{{\"dtype\":\"F16\",\"shape\":[{0}],\"data_offsets\":[0,{1}]}}}}", 1u64 << 28, 1u64 << 29);
    std::fs::write(&path, [&(header.len() as u64).to_le_bytes()[..], header.as_bytes()].concat()).unwrap();
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(8 + header.len() as u64 + (1 << 29)).unwrap();
    files.insert("adapter_model.safetensors".to_owned(), Source::File(path));
    files.remove("signature.json");
    let digests = files.iter().filter(|(name, _)| *name != "integrity.json").map(|(name, source)| {
        let Source::File(path) = source else { panic!("files were unpacked") };
        let sha256 = sha256_of_file(path);
        (name.clone(), hive_packages::FileDigest { size: std::fs::metadata(path).unwrap().len(), sha256 })
    });
    let list = hive_packages::Integrity::of(&digests.collect());
    files.insert("integrity.json".to_owned(), Source::Bytes(serde_json::to_vec(&list).unwrap()));
    pack(&user, &files);
    let said = refused_in_little_memory(&user);
    assert!(said.contains("has 1 tensors with 268435456 values"), "{said}");
}

fn sha256_of_file(path: &Path) -> String {
    use sha2::{Digest, Sha256};
    let (mut hash, mut file) = (Sha256::new(), std::fs::File::open(path).unwrap());
    let mut block = vec![0; 1 << 20];
    loop {
        match file.read(&mut block).unwrap() {
            0 => break,
            n => hash.update(&block[..n]),
        }
    }
    hash.finalize().iter().map(|b| format!("{b:02x}")).collect()
}

/// What `verify` says of the package, in a process that may have half a gigabyte of data.
fn refused_in_little_memory(user: &Place) -> String {
    let mut command = user.command(&[], &["expert", "verify", FILE, "--base", "../tiny"]);
    #[cfg(target_os = "linux")]
    let mut command = {
        let mut limited = std::process::Command::new("prlimit");
        limited.arg(format!("--data={}", 512 << 20)).arg(command.get_program()).args(command.get_args());
        limited.current_dir(command.get_current_dir().unwrap());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => limited.env(name, value),
                None => limited.env_remove(name),
            };
        }
        let _ = command.stdin(std::process::Stdio::null());
        limited.stdin(std::process::Stdio::null());
        limited
    };
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{}", &said[..said.len().min(3000)]);
    said
}

#[test]
fn a_full_disk_leaves_nothing_half_installed() {
    let author = author();
    let user = user(&author);
    trust(&user, &author);
    // Room for what is unpacked, and not for what is to be installed beside it; then room for nothing.
    for size in ["300k", "64k"] {
        let Some(disk) = SmallDisk::at(user.path("small"), size) else {
            eprintln!("skipped: this user may not mount a small file system");
            return;
        };
        copy_folder(&user.path("home/keys"), &disk.folder().join("keys"));
        let home = disk.folder().to_string_lossy().into_owned();
        let output = user.output(&[("HIVE_HOME", &home)], &install(&[]));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("free some space"), "{said}");
        let names = |folder: PathBuf| -> Vec<String> {
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
            entries.map(|e| e.file_name().to_string_lossy().into_owned()).collect()
        };
        assert_eq!(names(disk.folder().join("experts/sql/releases")), Vec::<String>::new(), "{said}");
        assert!(!disk.folder().join("experts/sql/current").exists(), "{said}");
        let left = names(disk.folder().join("experts"));
        assert!(left.iter().all(|name| !name.starts_with(".partial")), "{left:?}: {said}");
    }
}
