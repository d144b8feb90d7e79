//! Pulls of data sets from a hub of the test's own, which can fail in chosen ways.

use std::time::Duration;

use hive_errors::Diagnostic as _;

use super::*;
use crate::Silent;
use crate::test_server::{Reply, Seen, Server, digest};

const SHA: &str = "0123456789abcdef0123456789abcdef01234567";
const TRAIN: &str = "data/train 1.parquet";

fn body() -> Vec<u8> {
    (0..300_000u32).map(|i| (i * 7 % 251) as u8).collect()
}

/// What the API says of a repository whose training file has this sha256.
fn info(sha256: &str) -> Vec<u8> {
    serde_json::json!({
        "id": "owner/name", "sha": SHA, "private": false,
        "siblings": [
            {"rfilename": "README.md", "size": 7, "blobId": "x"},
            {"rfilename": "data/test-0.parquet", "size": 9, "lfs": {"sha256": sha256, "size": 9, "pointerSize": 1}},
            {"rfilename": TRAIN, "size": body().len(), "lfs": {"sha256": sha256, "size": body().len()}},
        ],
    })
    .to_string()
    .into_bytes()
}

/// A hub with that repository; `file` answers for the training file.
fn hub(sha256: String, file: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Server {
    let asked = std::sync::atomic::AtomicUsize::new(0);
    Server::start(move |seen: &Seen, _| match seen.path.as_str() {
        "/api/datasets/owner/name?blobs=true" | "/api/datasets/owner/name/revision/main?blobs=true" => {
            Reply::File(info(&sha256))
        }
        path if path == format!("/datasets/owner/name/resolve/{SHA}/data/train%201.parquet") => {
            file(asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
        }
        _ => Reply::Status(404),
    })
}

fn network(server: &Server) -> Network {
    Network {
        offline: false,
        hub: server.address.clone(),
        hub_token: Some("secret".to_owned()),
        pip: Vec::new(),
        backoff: Duration::from_millis(1),
    }
}

fn set(text: &str) -> HubRepository {
    HubRepository::parse(text).unwrap().unwrap()
}

fn get(text: &str, home: &Path, network: &Network) -> Result<PathBuf, HubError> {
    let context = Context { home: Some(home.to_owned()), network: network.clone() };
    ensure(&set(text), &context, &training_files, &mut Silent)
}

fn training_files(files: &[RemoteFile]) -> Result<Vec<RemoteFile>, Unsuitable> {
    let chosen: Vec<_> = files.iter().filter(|file| file.name.contains("train")).cloned().collect();
    let names = files.iter().map(|file| file.name.clone()).collect();
    if chosen.is_empty() {
        Err(Unsuitable { why: "none".into(), hint: "try".into(), files: names })
    } else {
        Ok(chosen)
    }
}

#[test]
fn names_are_read_and_nothing_else_is() {
    assert!(HubRepository::parse("data.jsonl").is_none());
    assert_eq!(set("hub:gretelai/synthetic_text_to_sql").to_string(), "hub:gretelai/synthetic_text_to_sql");
    assert_eq!(set("hub:a/b@refs/convert/parquet").revision.as_deref(), Some("refs/convert/parquet"));
    for wrong in
        ["hub:", "hub:a", "hub:a/", "hub:a/b/c", "hub:../b", "hub:a/..", "hub:a/b@", "hub:a/b@../c", "hub:a b/c"]
    {
        let error = HubRepository::parse(wrong).unwrap().unwrap_err();
        assert!(error.to_string().contains("expected `hub:OWNER/NAME`"), "{wrong}: {error}");
        assert_eq!(error.exit_code(), 2);
    }
}

#[test]
fn the_training_files_come_once() {
    let home = tempfile::tempdir().unwrap();
    let server = hub(digest(&body()), |_| Reply::File(body()));
    let network = network(&server);
    let folder = get("hub:owner/name", home.path(), &network).unwrap();
    assert_eq!(folder, home.path().join("datasets/owner--name").join(SHA));
    assert_eq!(std::fs::read(folder.join(TRAIN)).unwrap(), body());
    assert!(!folder.join("data/test-0.parquet").exists() && !folder.join("README.md").exists());
    assert!(folder.join(".receipt.json").is_file(), "a name that no data file has");
    assert!(server.seen().iter().all(|seen| seen.authorization.as_deref() == Some("Bearer secret")));
    let asked = server.seen().len();
    assert_eq!(asked, 2);

    // Here already: nobody is asked, with a network or without.
    assert_eq!(get("hub:owner/name", home.path(), &network).unwrap(), folder);
    let offline = Network { offline: true, ..network.clone() };
    assert_eq!(get("hub:owner/name", home.path(), &offline).unwrap(), folder);
    assert_eq!(get(&format!("hub:owner/name@{SHA}"), home.path(), &offline).unwrap(), folder);
    assert_eq!(get("hub:owner/name@main", home.path(), &offline).unwrap(), folder);
    assert_eq!(server.seen().len(), asked);
    // A branch that is named is asked for, and its files are not fetched again.
    assert_eq!(get("hub:owner/name@main", home.path(), &network).unwrap(), folder);
    assert_eq!(server.seen().len(), asked + 1);
    // And what was pulled stands in when the hub is away.
    let away = Network { hub: "http://127.0.0.1:1".to_owned(), ..network };
    assert_eq!(get("hub:owner/name@main", home.path(), &away).unwrap(), folder);

    // A file that is cut short is no whole data set any more.
    std::fs::write(folder.join(TRAIN), b"short").unwrap();
    assert!(matches!(get("hub:owner/name", home.path(), &offline), Err(HubError::Offline { .. })));
}

#[test]
fn a_broken_pull_goes_on_in_this_run_and_in_the_next() {
    let home = tempfile::tempdir().unwrap();
    let server = hub(digest(&body()), |n| if n == 0 { Reply::Cut(body(), 100_000) } else { Reply::File(body()) });
    let folder = get("hub:owner/name", home.path(), &network(&server)).unwrap();
    assert_eq!(std::fs::read(folder.join(TRAIN)).unwrap(), body());
    assert_eq!(server.seen()[2].range_start(), Some(100_000));

    let home = tempfile::tempdir().unwrap();
    let staging = home.path().join("datasets/owner--name/.partial").join(SHA);
    std::fs::create_dir_all(staging.join("data")).unwrap();
    std::fs::write(staging.join(format!("{TRAIN}.part")), &body()[..200_000]).unwrap();
    let server = hub(digest(&body()), |_| Reply::File(body()));
    let folder = get("hub:owner/name", home.path(), &network(&server)).unwrap();
    assert_eq!(server.seen()[1].range_start(), Some(200_000));
    assert_eq!(std::fs::read(folder.join(TRAIN)).unwrap(), body());
}

#[test]
fn bytes_with_another_sha256_are_never_kept() {
    let home = tempfile::tempdir().unwrap();
    let server = hub(digest(b"other"), |_| Reply::File(body()));
    let error = get("hub:owner/name", home.path(), &network(&server)).unwrap_err();
    let said = error.to_string();
    assert!(said.starts_with("Failed to get data set `hub:owner/name`: `data/train 1.parquet` has sha256 "), "{said}");
    assert!(!home.path().join("datasets/owner--name").join(SHA).exists());
    assert!(!home.path().join("datasets/owner--name/.partial").join(SHA).join(format!("{TRAIN}.part")).exists());
}

#[test]
fn what_the_hub_does_not_give() {
    let home = tempfile::tempdir().unwrap();
    let said = |text: &str, network: &Network| {
        let error = get(text, home.path(), network).unwrap_err();
        assert_eq!(error.exit_code(), if matches!(error, HubError::Unsuitable { .. }) { 1 } else { 2 });
        (error.to_string(), error.hint().unwrap())
    };
    let server = hub(digest(&body()), |_| Reply::Status(404));
    let here = network(&server);
    let (text, hint) = said("hub:owner/nmae", &here);
    assert_eq!(text, format!("Failed to get data set `hub:owner/nmae`: {} knows no such data set", server.address));
    assert!(hint.contains("hub:OWNER/NAME"));
    assert!(said("hub:owner/name@v2", &here).0.contains("no such data set or no revision `v2` of it"));
    assert!(said("hub:owner/name", &here).0.contains("the server answered 404"));
    let gated = Server::start(|_, _| Reply::Status(401));
    let (text, hint) = said("hub:owner/name", &network(&gated));
    assert!(text.contains("answered 401") && hint.contains("`HF_TOKEN`"), "{text} {hint}");
    let nothing = Server::start(|_, _| {
        Reply::File(format!(r#"{{"sha": "{SHA}", "siblings": [{{"rfilename": "load.py"}}]}}"#).into_bytes())
    });
    let error = get("hub:owner/name", home.path(), &network(&nothing)).unwrap_err();
    assert_eq!(error.to_string(), "Failed to use data set `hub:owner/name`: none");
    assert_eq!((error.hint().as_deref(), error.details()), (Some("try"), vec!["load.py".to_owned()]));
    let elsewhere = Server::start(|_, _| {
        let files = r#"[{"rfilename": "/tmp/train.json"}]"#;
        Reply::File(format!(r#"{{"sha": "{SHA}", "siblings": {files}}}"#).into_bytes())
    });
    assert!(said("hub:owner/name", &network(&elsewhere)).0.contains("is no name for a file"));
    let odd = Server::start(|_, _| Reply::File(br#"{"sha": "../..", "siblings": []}"#.to_vec()));
    assert!(said("hub:owner/name", &network(&odd)).0.contains("expected a commit"));
    let page = Server::start(|_, _| Reply::File(b"<html>".to_vec()));
    assert!(said("hub:owner/name", &network(&page)).0.contains("an answer that is not its API's"));
    let away = Network { hub: "http://127.0.0.1:1".to_owned(), ..here.clone() };
    let (text, hint) = said("hub:owner/name", &away);
    assert!(text.contains("http://127.0.0.1:1 cannot be asked: ") && hint.contains("`HF_ENDPOINT`"), "{text}");
    let (text, _) = said("hub:owner/name", &Network { offline: true, ..here });
    assert!(text.contains("it is not on this machine and `HIVE_OFFLINE` is set"), "{text}");
}

#[test]
fn the_token_goes_to_no_other_host() {
    let home = tempfile::tempdir().unwrap();
    let content = Server::start(|_, _| Reply::File(body()));
    let to = content.address.replace("127.0.0.1", "localhost");
    let server = hub(digest(&body()), move |_| Reply::Redirect(format!("{to}/file")));
    get("hub:owner/name", home.path(), &network(&server)).unwrap();
    assert!(server.seen().iter().all(|seen| seen.authorization.is_some()));
    assert!(content.seen().iter().all(|seen| seen.authorization.is_none()));
}
