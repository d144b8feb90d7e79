//! Publishing to and installing from registries: a folder, and a real OCI registry, with or without a proxy
//! that breaks connections, returns errors, or changes bytes.

use hive_tests::check_all;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use hive_net::test_server::{Reply, Seen, Server};
use serde_json::Value;

use crate::docker_registry::DockerRegistry;
use crate::expert_package::{FILE, author, copy_folder, done, refused, trust, user};
use crate::harness::{Place, SmallDisk, without_digests};

const DIST: &str = "dist/expert-sql-tiny.v0.1.0.expert";

/// Packs and signs another version, and returns its file.
fn version(author: &Place, version: &str) -> String {
    done(
        author,
        &["expert", "package", "sql", "--checks", "quick", "--run", "runs/sql-1", "-o", "dist", "--version", version],
    );
    let file = format!("dist/expert-sql-tiny.v{version}.expert");
    done(author, &["expert", "sign", &file, "--key", "me"]);
    file
}

fn from(reference: &str) -> Vec<&str> {
    vec!["expert", "install", reference, "--base", "../tiny"]
}

#[test]
fn a_folder_is_a_registry() {
    let author = author();
    let user = user(&author);
    trust(&user, &author);
    let folder = author.path("shared");
    let registry = format!("dir:{}", folder.display());
    let published = done(&author, &["expert", "publish", DIST, &registry]);
    assert_eq!(published.trim(), format!("{registry}/sql:0.1.0"));
    let again = author.run(&["expert", "publish", DIST, &registry]);
    assert!(again.contains("sql 0.1.0 for tiny was there already"), "{again}");
    let listed = done(&user, &["expert", "search", &registry]);
    assert!(listed.contains("sql 0.1.0 for tiny\n"), "{listed}");
    assert!(listed.contains("  plugin; quick checks passed; "), "{listed}");
    assert!(listed.contains("; signed by author; MIT OR Apache-2.0"), "{listed}");
    let said = done(&user, &from(&format!("{registry}/sql:0.1.0")));
    assert!(said.contains("installed     sql@0.1.0 for tiny (current)"), "{said}");
    assert!(user.run(&["expert", "update", "sql"]).contains("is the newest version"));
    let newer = version(&author, "0.2.0");
    done(&author, &["expert", "publish", &newer, &registry]);
    let said = done(&user, &["expert", "update", "sql"]);
    assert!(said.contains("installed     sql@0.2.0 for tiny (current)"), "{said}");
    // By digest, and what is not there.
    let listed: Value = serde_json::from_str(&done(&user, &["expert", "search", &registry, "--json"])).unwrap();
    let digest = listed["packages"][0]["digest"].as_str().unwrap();
    let old = format!("{registry}/sql@{digest}");
    refused(&user, &from(&old));
    done(&user, &[&from(&old)[..], &["--allow-downgrade"]].concat());
    let plain = |text: String| without_digests(&text.replace(&*folder.to_string_lossy(), "[FOLDER]"));
    let run = |what: &str| plain(user.run(&from(&format!("{registry}/{what}"))));
    insta::assert_snapshot!("registry_no_such_version", run("sql:0.9.0"));
    insta::assert_snapshot!("registry_no_such_expert", run("sqll"));
    insta::assert_snapshot!("registry_bad_version", run("sql:latest"));
    // Another package of the same version.
    let other = version(&author, "0.1.1-other");
    std::fs::rename(author.path("checkout").join(&other), author.path("checkout/dist/kept.expert")).unwrap();
    std::fs::remove_file(author.path("checkout").join(DIST)).unwrap();
    let changed = [
        "expert",
        "package",
        "sql",
        "--checks",
        "quick",
        "--run",
        "runs/sql-1",
        "-o",
        "dist",
        "--license-file",
        "pets.sql",
    ];
    done(&author, &changed);
    done(&author, &["expert", "sign", DIST, "--key", "me"]);
    insta::assert_snapshot!("publish_taken", plain(refused(&author, &["expert", "publish", DIST, &registry])));
}

#[test]
fn a_folder_that_serves_something_else_is_found_out() {
    let author = author();
    let user = user(&author);
    trust(&user, &author);
    let folder = author.path("shared");
    let registry = format!("dir:{}", folder.display());
    done(&author, &["expert", "publish", DIST, &registry]);
    let newer = version(&author, "0.2.0");
    done(&author, &["expert", "publish", &newer, &registry]);
    let (old, new) = (folder.join("sql").join(FILE), folder.join("sql/expert-sql-tiny.v0.2.0.expert"));
    // Whole and rightly signed, but not what the index says.
    std::fs::copy(&old, &new).unwrap();
    let said = refused(&user, &from(&format!("{registry}/sql:0.2.0")));
    assert!(said.contains("with sha256"), "{said}");
    // The index says so as well: then the package itself tells.
    let index = folder.join("index.json");
    let mut text: Value = serde_json::from_str(&std::fs::read_to_string(&index).unwrap()).unwrap();
    let digest = text["packages"][0]["package"]["digest"].clone();
    text["packages"][1]["package"]["digest"] = digest;
    std::fs::write(&index, text.to_string()).unwrap();
    let said = refused(&user, &from(&format!("{registry}/sql:0.2.0")));
    assert!(said.contains("Asked for sql 0.2.0 for tiny, got a package of sql 0.1.0 for tiny"), "{said}");
    text["packages"][1]["file"] = "../../x".into();
    std::fs::write(&index, text.to_string()).unwrap();
    assert!(user.run(&from(&format!("{registry}/sql:0.2.0"))).contains("has no package of version 0.2.0"));
    std::fs::write(&index, "{").unwrap();
    assert!(refused(&user, &["expert", "search", &registry]).contains("a damaged one"));
    assert!(!user.path("home/experts/sql").exists());
}

/// Publishes four packages of one version at once; the exit codes.
fn publish_at_once(author: &Place, registry: &str) -> Vec<i32> {
    let mut files = vec![DIST.to_owned()];
    for i in 1..4 {
        let license = author.write(&format!("checkout/license-{i}"), &format!("licence {i}"));
        let out = format!("other-{i}");
        let made =
            ["expert", "package", "sql", "--checks", "quick", "--run", "runs/sql-1", "-o", &out, "--license-file"];
        done(author, &[&made[..], &[&license.to_string_lossy()]].concat());
        let file = format!("{out}/{FILE}");
        done(author, &["expert", "sign", &file, "--key", "me"]);
        files.push(file);
    }
    let start = |file: &String| {
        let mut command = author.command(&[], &["expert", "publish", file, registry]);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    let started: Vec<_> = files.iter().map(start).collect();
    started.into_iter().map(|mut child| child.wait().unwrap().code().unwrap()).collect()
}

#[test]
fn two_publishers_of_one_version_do_not_mix() {
    let author = author();
    let registry = format!("dir:{}", author.path("shared").display());
    let codes = publish_at_once(&author, &registry);
    assert_eq!(codes.iter().filter(|code| **code == 0).count(), 1, "{codes:?}");
    assert_eq!(codes.iter().filter(|code| **code == 1).count(), 3, "{codes:?}");
    let user = user(&author);
    trust(&user, &author);
    done(&user, &from(&format!("{registry}/sql")));
}

/// An author whose package has a file of 20 MB, so that it goes over in several requests.
fn with_large_file() -> Place {
    let author = author();
    let mut state = 1u64;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    })
    .take(20 << 20)
    .collect();
    std::fs::write(author.path("checkout/other.so"), noise).unwrap();
    let made = [
        "expert",
        "package",
        "sql",
        "--checks",
        "none",
        "--run",
        "runs/sql-1",
        "-o",
        "dist",
        "--plugin",
        "sparc-sun-solaris=other.so",
        "--force",
    ];
    done(&author, &made);
    done(&author, &["expert", "sign", DIST, "--key", "me"]);
    author
}

#[test]
fn an_oci_registry_keeps_packages() {
    let Some(server) = DockerRegistry::start() else { return };
    let author = author();
    let user = user(&author);
    trust(&user, &author);
    let repository = format!("oci://{}/experts/sql", server.address);
    let published = done(&author, &["expert", "publish", DIST, &format!("{repository}:0.1.0")]);
    assert_eq!(published.trim(), format!("{repository}:0.1.0"));
    let again: Value =
        serde_json::from_str(&done(&author, &["expert", "publish", DIST, &repository, "--json"])).unwrap();
    assert_eq!(again["was_there"], true);
    let newer = version(&author, "0.2.0");
    done(&author, &["expert", "publish", &newer, &repository]);
    for place in [repository.clone(), format!("oci://{}", server.address)] {
        let listed = done(&user, &["expert", "search", &place]);
        assert!(listed.contains("sql 0.1.0 for tiny\n") && listed.contains("sql 0.2.0 for tiny\n"), "{listed}");
        assert!(listed.contains("  plugin; quick checks passed; "), "{listed}");
        assert!(listed.contains("; signed by author; MIT OR Apache-2.0"), "{listed}");
    }
    let said = done(&user, &from(&format!("{repository}:0.1.0")));
    assert!(said.contains("installed     sql@0.1.0 for tiny (current)"), "{said}");
    // What came through the registry is what was packed.
    let folder = user.path("home/experts/sql/releases/0.1.0--tiny");
    let unpacked = tempfile::tempdir().unwrap();
    let files = hive_packages::unpack(&author.path("checkout").join(DIST), unpacked.path()).unwrap();
    for name in files.keys() {
        let same = std::fs::read(folder.join(name)).unwrap() == std::fs::read(unpacked.path().join(name)).unwrap();
        assert!(same, "`{name}` differs");
    }
    assert!(done(&user, &["expert", "update", "sql"]).contains("installed     sql@0.2.0"));
    let digest = again["digest"].as_str().unwrap();
    done(&user, &[&from(&format!("{repository}@{digest}"))[..], &["--allow-downgrade"]].concat());
    // What is published stays; a repository is for one expert.
    let changed = [
        "expert",
        "package",
        "sql",
        "--checks",
        "quick",
        "--run",
        "runs/sql-1",
        "-o",
        "dist",
        "--license-file",
        "pets.sql",
    ];
    done(&author, &[&changed[..], &["--force"]].concat());
    done(&author, &["expert", "sign", DIST, "--key", "me"]);
    let plain = |text: String| without_digests(&text.replace(&server.address, "[HOST]"));
    insta::assert_snapshot!("oci_taken", plain(refused(&author, &["expert", "publish", DIST, &repository])));
    let other = format!("oci://{}/experts/other", server.address);
    insta::assert_snapshot!("oci_other_name", plain(refused(&author, &["expert", "publish", DIST, &other])));
    insta::assert_snapshot!("oci_no_such_version", plain(user.run(&from(&format!("{repository}:0.9.0")))));
    let offline = user.output(&[("HIVE_OFFLINE", "1")], &from(&repository));
    assert!(String::from_utf8_lossy(&offline.stderr).contains("`HIVE_OFFLINE` is set"));
}

#[test]
fn what_breaks_on_the_way_goes_on_where_it_stopped() {
    let Some(server) = DockerRegistry::start() else { return };
    let author = with_large_file();
    let user = user(&author);
    trust(&user, &author);
    // Two large chunks break in the middle, and every large download once; and now and then the
    // registry answers 503.
    let chunks = AtomicUsize::new(0);
    let proxy = Server::before(&server.address, move |asked, n| match asked {
        _ if n % 7 == 3 => Reply::Status(503),
        Seen { method, length, .. }
            if method == "PATCH" && *length > 1 << 20 && matches!(chunks.fetch_add(1, Ordering::Relaxed), 0 | 2) =>
        {
            Reply::CutRequest(1 << 20)
        }
        Seen { method, path, range: None, .. } if method == "GET" && path.contains("/blobs/sha256") => {
            Reply::CutAnswer(3 << 20)
        }
        _ => Reply::Forward,
    });
    let repository = format!("oci://{}/experts/sql", proxy.host());
    let said = author.run(&["expert", "publish", DIST, &repository]);
    assert!(said.starts_with("exit: 0\n"), "{said}");
    let said = user.run(&from(&format!("{repository}:0.1.0")));
    assert!(said.starts_with("exit: 0\n"), "{said}");
    let asked = proxy.seen();
    let went_on = |a: &&Seen| a.range.as_deref().is_some_and(|r| r.starts_with("bytes=") && r != "bytes=0-");
    assert!(asked.iter().any(|a| went_on(&a) && a.path.contains("/blobs/")), "no download went on");
    let status = |a: &&Seen| a.method == "GET" && a.path.contains("/blobs/uploads/");
    assert!(asked.iter().any(|a| status(&a)), "no upload was asked how far it is");
    assert!(
        author
            .path("home/cache/registries/uploads")
            .read_dir()
            .unwrap()
            .flatten()
            .all(|e| e.path().extension().is_some_and(|e| e == "lock"))
    );
}

#[test]
fn an_upload_that_never_gets_on_is_given_up() {
    let Some(server) = DockerRegistry::start() else { return };
    let author = with_large_file();
    let proxy = Server::before(&server.address, |asked, _| match asked {
        Seen { method, length, .. } if method == "PATCH" && *length > 1 << 20 => Reply::CutRequest(1 << 20),
        _ => Reply::Forward,
    });
    let said = author.run(&["expert", "publish", DIST, &format!("oci://{}/experts/sql", proxy.host())]);
    assert!(said.starts_with("exit: 2\n") && said.contains("trying again"), "{said}");
    let direct = format!("oci://{}/experts/sql", server.address);
    assert!(author.run(&["expert", "search", &direct]).contains("has no such package"), "half a package is listed");
}

#[test]
fn a_publisher_that_is_killed_leaves_no_version_and_goes_on_later() {
    let Some(server) = DockerRegistry::start() else { return };
    let author = with_large_file();
    let proxy = Server::before(&server.address, |asked, _| match asked {
        // The third chunk of the large file never arrives.
        Seen { method, length, .. } if method == "PATCH" && (1 << 20..8 << 20).contains(length) => {
            Reply::StallRequest(1 << 20)
        }
        _ => Reply::Forward,
    });
    let through = format!("oci://{}/experts/sql", proxy.host());
    let mut child = author.command(&[], &["expert", "publish", DIST, &through]);
    let mut child = child.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let begin = Instant::now();
    let stalled = || proxy.seen().iter().any(|a| a.method == "PATCH" && (1 << 20..8 << 20).contains(&a.length));
    while !stalled() {
        assert!(begin.elapsed() < Duration::from_secs(120), "it never came to the third chunk");
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let direct = format!("oci://{}/experts/sql", server.address);
    assert!(author.run(&["expert", "search", &direct]).contains("has no such package"), "half a package is listed");
    // Through a proxy of the same address one would go on; here the upload begins anew, and the blobs
    // that are there are not sent again.
    let counted = Server::before(&server.address, |_, _| Reply::Forward);
    done(&author, &["expert", "publish", DIST, &format!("oci://{}/experts/sql", counted.host())]);
    let sent: usize = counted.seen().iter().filter(|a| a.method == "PATCH").map(|a| a.length).sum();
    assert!((20 << 20..21 << 20).contains(&sent), "{sent} bytes were sent");
}

#[test]
fn an_installation_that_is_killed_leaves_nothing_and_goes_on_later() {
    let Some(server) = DockerRegistry::start() else { return };
    let author = with_large_file();
    let user = user(&author);
    trust(&user, &author);
    done(&author, &["expert", "publish", DIST, &format!("oci://{}/experts/sql", server.address)]);
    let stalls = Arc::new(AtomicBool::new(true));
    let still = Arc::clone(&stalls);
    let proxy = Server::before(&server.address, move |asked, _| match asked {
        Seen { method, path, .. } if method == "GET" && path.contains("/blobs/") && still.load(Ordering::Relaxed) => {
            Reply::StallAnswer(5 << 20)
        }
        _ => Reply::Forward,
    });
    let reference = format!("oci://{}/experts/sql:0.1.0", proxy.host());
    let mut child = user.command(&[], &from(&reference));
    let mut child = child.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    // Small files are whole in what is passed on; the large one is not.
    let part = || {
        let downloads = std::fs::read_dir(user.path("home/cache/registries/downloads")).into_iter().flatten();
        downloads.flatten().any(|e| e.metadata().is_ok_and(|about| about.len() > 4 << 20))
    };
    let begin = Instant::now();
    while !part() {
        assert!(begin.elapsed() < Duration::from_secs(120), "the large file never began");
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!user.path("home/experts/sql").exists());
    stalls.store(false, Ordering::Relaxed);
    let before = proxy.seen().len();
    let said = user.run(&from(&reference));
    assert!(said.contains("installed     sql@0.1.0 for tiny (current)"), "{said}");
    let later = proxy.seen().split_off(before);
    let blobs: Vec<&Seen> = later.iter().filter(|a| a.method == "GET" && a.path.contains("/blobs/")).collect();
    assert!(blobs.iter().any(|a| a.range.as_deref().is_some_and(|r| r != "bytes=0-")), "it began anew: {blobs:?}");
    assert!(blobs.len() < 12, "what was there was fetched again: {blobs:?}");
    let left: Vec<_> = std::fs::read_dir(user.path("home/cache/registries/downloads")).unwrap().flatten().collect();
    assert!(left.is_empty(), "{left:?}");
    let staged = std::fs::read_dir(user.path("home/experts")).unwrap().flatten().map(|e| e.file_name());
    assert!(staged.into_iter().all(|name| !name.to_string_lossy().starts_with(".partial")));
}

#[test]
fn a_disk_that_fills_while_it_is_fetched_installs_nothing() {
    let Some(server) = DockerRegistry::start() else { return };
    let author = with_large_file();
    let user = user(&author);
    trust(&user, &author);
    let reference = format!("oci://{}/experts/sql", server.address);
    done(&author, &["expert", "publish", DIST, &reference]);
    let Some(disk) = SmallDisk::at(user.path("small"), "8m") else {
        eprintln!("skipped: this user may not mount a small file system");
        return;
    };
    copy_folder(&user.path("home/keys"), &disk.folder().join("keys"));
    let home = disk.folder().to_string_lossy().into_owned();
    let output = user.output(&[("HIVE_HOME", &home)], &from(&reference));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("free some space"), "{said}");
    assert!(!disk.folder().join("experts/sql").exists(), "{said}");
}

#[test]
fn two_publishers_of_one_tag_do_not_mix() {
    let Some(server) = DockerRegistry::start() else { return };
    let author = author();
    let repository = format!("oci://{}/experts/sql", server.address);
    let codes = publish_at_once(&author, &repository);
    // Those that were written over by another are told so.
    assert_eq!(codes.iter().filter(|code| **code == 0).count(), 1, "{codes:?}");
    assert_eq!(codes.iter().filter(|code| **code == 1).count(), 3, "{codes:?}");
    let user = user(&author);
    trust(&user, &author);
    let said = done(&user, &from(&format!("{repository}:0.1.0")));
    assert!(said.contains("installed     sql@0.1.0 for tiny (current)"), "{said}");
}

#[test]
fn a_registry_may_hold_and_say_anything() {
    let Some(server) = DockerRegistry::start() else { return };
    let author = author();
    done(&author, &["expert", "publish", DIST, &format!("oci://{}/experts/sql", server.address)]);
    // Repositories that are none, a tag that is something else, and texts for terminals.
    let index = r#"{"schemaVersion": 2, "manifests": []}"#;
    let proxy = Server::before(&server.address, move |asked, _| match asked.path.as_str() {
        "/v2/_catalog" => Reply::Answer(200, String::new(), r#"{"repositories": ["", "../x", "experts/sql"]}"#.into()),
        "/v2/experts/sql/tags/list" => {
            Reply::Answer(200, String::new(), r#"{"tags": ["latest", "0.1.0", "9.9.9"]}"#.to_owned())
        }
        "/v2/experts/sql/manifests/9.9.9" => Reply::Answer(200, String::new(), index.to_owned()),
        path if path.contains("/other/") => Reply::Answer(418, String::new(), "\u{1b}[2Jno".to_owned()),
        _ => Reply::Forward,
    });
    for place in [format!("oci://{}", proxy.host()), format!("oci://{}/experts/sql", proxy.host())] {
        let listed = done(&author, &["expert", "search", &place]);
        assert!(listed.contains("0.1.0") && !listed.contains("9.9.9"), "{listed}");
    }
    let said = author.run(&["expert", "search", &format!("oci://{}/other/sql", proxy.host())]);
    assert!(said.contains("the registry answered 418:  [2Jno"), "{said}");
    // Endless pages.
    let pages = Server::before(&server.address, |asked, _| match asked.path.as_str() {
        path if path.contains("/tags/list") => {
            let next = "link: </v2/experts/sql/tags/list?n=1>; rel=\"next\"\r\n".to_owned();
            Reply::Answer(200, next, r#"{"tags": ["latest"]}"#.to_owned())
        }
        _ => Reply::Forward,
    });
    let said = author.run(&["expert", "search", &format!("oci://{}/experts/sql", pages.host())]);
    assert!(said.contains("has no such package") && pages.seen().len() < 10, "{said}");
}

#[test]
fn a_registry_that_serves_other_bytes_installs_nothing() {
    let Some(server) = DockerRegistry::start() else { return };
    let author = author();
    let user = user(&author);
    trust(&user, &author);
    done(&author, &["expert", "publish", DIST, &format!("oci://{}/experts/sql", server.address)]);
    let blobs = Server::before(&server.address, |asked, _| {
        if asked.method == "GET" && asked.path.contains("/blobs/") { Reply::FlipBit } else { Reply::Forward }
    });
    let said = refused(&user, &from(&format!("oci://{}/experts/sql:0.1.0", blobs.host())));
    assert!(said.contains(" served `") && said.contains(", expected "), "{said}");
    // A manifest that was changed is another manifest: by digest it is found out at once.
    let manifests = Server::before(&server.address, |asked, _| {
        if asked.method == "GET" && asked.path.contains("/manifests/sha256") { Reply::FlipBit } else { Reply::Forward }
    });
    let said = refused(&user, &from(&format!("oci://{}/experts/sql:0.1.0", manifests.host())));
    assert!(said.contains("served a manifest"), "{said}");
    let broken = Server::before(&server.address, |_, _| Reply::Status(500));
    let said = user.run(&from(&format!("oci://{}/experts/sql:0.1.0", broken.host())));
    assert!(said.starts_with("exit: 2\n") && said.contains("the registry answered 500"), "{said}");
    assert!(!user.path("home/experts/sql").exists());
    // Nothing is left of what was begun.
    let left: Vec<_> = std::fs::read_dir(user.path("home/experts")).unwrap().flatten().map(|e| e.file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().starts_with(".partial")), "{left:?}");
}

#[test]
fn a_publisher_to_a_folder_that_was_killed_is_followed_by_the_next() {
    let author = author();
    let registry = format!("dir:{}", author.path("shared").display());
    // Between the file and the index; and while the file was being written.
    let folder = author.path("shared/sql");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(FILE), "half").unwrap();
    std::fs::write(folder.join(".partial-x"), "half").unwrap();
    assert!(author.run(&["expert", "search", &registry]).contains("has no such package"));
    done(&author, &["expert", "publish", DIST, &registry]);
    assert!(!folder.join(".partial-x").exists());
    let user = user(&author);
    trust(&user, &author);
    done(&user, &from(&format!("{registry}/sql")));
}

#[test]
fn a_package_becomes_a_repository_of_a_hub() {
    let author = author();
    done(&author, &["expert", "publish", DIST, "hub-folder:hub"]);
    let folder = author.path("checkout/hub");
    check_all(
        ["README.md", "adapter_config.json", "adapter_model.safetensors", ".gitattributes", "integrity.json"],
        |name| {
            assert!(folder.join(name).is_file(), "{name}");
        },
    );
    let card = std::fs::read_to_string(folder.join("README.md")).unwrap();
    assert!(card.starts_with("---\nlicense: other\nbase_model: tiny\nlibrary_name: peft\n"), "{card}");
    // PEFT reads the folder as it is, and so does hive.
    let ask = ["expert", "run", "sql", "--adapter", "hub", "--base", "../tiny", "--schema", "pets.sql", "How many?"];
    assert_eq!(done(&author, &ask), done(&author, &[&ask[..3], &["--run", "runs/sql-1"], &ask[7..]].concat()));
    let taken = author.run(&["expert", "publish", DIST, "hub-folder:hub"]);
    assert!(taken.starts_with("exit: 2\n") && taken.contains("it is not empty"), "{taken}");
    done(&author, &["expert", "publish", DIST, "hub-folder:hub", "--force"]);
    // A clone's history is nobody's to remove.
    std::fs::create_dir(folder.join(".git")).unwrap();
    let clone = author.run(&["expert", "publish", DIST, "hub-folder:hub", "--force"]);
    assert!(clone.starts_with("exit: 2\n") && clone.contains("it holds `.git`"), "{clone}");
    assert!(Path::new(&folder).join("adapter_config.json").is_file());
}
