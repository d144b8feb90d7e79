//! Pulls of data sets from a hub of the test's own, which can fail in chosen ways.

use hive_errors::Diagnostic as _;
use std::time::Duration;

use super::*;
use crate::models::Silent;
use crate::models::test_server::{Reply, Seen, Server, digest};

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
fn hub(sha256: String, file: impl Fn(usize) -> Reply + Send + 'static) -> Server {
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

fn set(text: &str) -> HubSet {
    HubSet::parse(text).unwrap().unwrap()
}

fn get(text: &str, home: &Path, network: &Network) -> Result<PathBuf, HubError> {
    ensure(&set(text), home, network, &mut Silent)
}

#[test]
fn names_are_read_and_nothing_else_is() {
    assert!(HubSet::parse("data.jsonl").is_none());
    assert_eq!(set("hub:gretelai/synthetic_text_to_sql").to_string(), "hub:gretelai/synthetic_text_to_sql");
    assert_eq!(set("hub:a/b@refs/convert/parquet").revision.as_deref(), Some("refs/convert/parquet"));
    for wrong in
        ["hub:", "hub:a", "hub:a/", "hub:a/b/c", "hub:../b", "hub:a/..", "hub:a/b@", "hub:a/b@../c", "hub:a b/c"]
    {
        let error = HubSet::parse(wrong).unwrap().unwrap_err();
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
    assert_eq!(crate::datasets::data_files(&folder).unwrap(), [folder.join(TRAIN)], "the receipt is no data");
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
    assert_eq!(server.seen()[2].range_start, Some(100_000));

    let home = tempfile::tempdir().unwrap();
    let staging = home.path().join("datasets/owner--name/.partial").join(SHA);
    std::fs::create_dir_all(staging.join("data")).unwrap();
    std::fs::write(staging.join(format!("{TRAIN}.part")), &body()[..200_000]).unwrap();
    let server = hub(digest(&body()), |_| Reply::File(body()));
    let folder = get("hub:owner/name", home.path(), &network(&server)).unwrap();
    assert_eq!(server.seen()[1].range_start, Some(200_000));
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
        assert_eq!(error.exit_code(), if matches!(error, HubError::NoData { .. }) { 1 } else { 2 });
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
    let (text, hint) = said("hub:owner/name", &network(&nothing));
    assert!(
        text.contains("holds no Parquet, JSON or CSV file") && hint.contains("hub:owner/name@refs/convert/parquet")
    );
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

#[test]
fn an_adapter_comes_with_its_two_files_and_a_pickle_does_not() {
    let sibling = |name: &str| serde_json::json!({"rfilename": name, "size": 2});
    let info = move |names: &[&str]| {
        let siblings: Vec<_> = names.iter().map(|name| sibling(name)).collect();
        serde_json::json!({"sha": SHA, "siblings": siblings}).to_string().into_bytes()
    };
    let server = Server::start(move |seen: &Seen, _| match seen.path.as_str() {
        "/api/models/owner/good?blobs=true" => Reply::File(info(&[
            "README.md",
            "adapter_config.json",
            "adapter_model.safetensors",
            "checkpoint-9/adapter_model.safetensors",
        ])),
        "/api/models/owner/pickle?blobs=true" => Reply::File(info(&["adapter_config.json", "adapter_model.bin"])),
        "/api/models/owner/model?blobs=true" => Reply::File(info(&["config.json", "model.safetensors"])),
        path if path.starts_with(&format!("/owner/good/resolve/{SHA}/adapter_")) => Reply::File(b"{}".to_vec()),
        _ => Reply::Status(404),
    });
    let home = tempfile::tempdir().unwrap();
    let get = |name: &str| ensure(&HubSet::parse_adapter(name).unwrap(), home.path(), &network(&server), &mut Silent);
    let folder = get("hub:owner/good").unwrap();
    assert_eq!(folder, home.path().join("adapters/owner--good").join(SHA));
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().file_name()).collect();
    files.sort();
    assert_eq!(files, [".receipt.json", "adapter_config.json", "adapter_model.safetensors"]);
    let asked = server.seen().len();
    get("hub:owner/good").unwrap();
    assert_eq!(server.seen().len(), asked, "what was pulled is not asked for again");
    let why = |name: &str| get(name).unwrap_err().to_string();
    assert!(why("hub:owner/pickle").contains("a pickle, which can run code"), "{}", why("hub:owner/pickle"));
    assert!(why("hub:owner/model").contains("no PEFT adapter"));
    assert!(why("hub:owner/none").starts_with("Failed to get adapter `hub:owner/none`"), "{}", why("hub:owner/none"));
    assert!(HubSet::parse_adapter("owner/good").is_err());
}
