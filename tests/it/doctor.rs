//! `hive doctor`: what it finds, what it says to do, and when it fails.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use hive_net::test_server::{Reply, Server};
use hive_tests::check_all;
use serde_json::Value;

use crate::expert_train::place;
use crate::harness::Place;

/// A server that refuses connections.
const CLOSED: &str = "http://127.0.0.1:1";

/// Exit code, and the findings as `(level, text, advice)`.
fn doctor(place: &Place, vars: &[(&str, &str)], args: &[&str]) -> (i32, Vec<(String, String, String, String)>) {
    let vars = [&[("PIP_INDEX_URL", CLOSED), ("HF_ENDPOINT", CLOSED)], vars].concat();
    let output = place.output(&vars, &[&["doctor", "--json"], args].concat());
    let shown: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&output.stderr)));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let findings = shown["findings"].as_array().unwrap().iter();
    let findings: Vec<_> =
        findings.map(|f| (text(&f["topic"]), text(&f["level"]), text(&f["text"]), text(&f["advice"]))).collect();
    let code = output.status.code().unwrap();
    assert_eq!(shown["works"], code == 0);
    assert_eq!(code == 0, findings.iter().all(|(_, level, _, _)| level != "problem"), "{findings:?}");
    (code, findings)
}

type Findings = [(String, String, String, String)];

#[track_caller]
fn assert_found(found: &Findings, topic: &str, level: &str, text: &str) {
    let there = found.iter().any(|(t, l, x, _)| t == topic && l == level && x.contains(text));
    assert!(there, "no {level} on {topic} with `{text}`: {found:#?}");
}

#[test]
fn a_machine_that_works_has_no_problem() {
    let place = place();
    let (code, found) = doctor(&place, &[], &["--offline"]);
    assert_eq!(code, 0, "{found:#?}");
    check_all(
        [
            ("hive", "ok", "version "),
            ("processor", "", " cores; "),
            ("GPU", "ok", "no GPU engine yet"),
            ("home", "ok", "can be written to"),
            ("caches", "ok", "empty"),
            ("base models", "ok", "none on this machine yet"),
            ("base model", "note", "`smollm2-135m-instruct-q4_1`, the default of expert `sql`, is not on this machine"),
            ("expert sql", "ok", "its library loads"),
            ("expert sql", "ok", "PostgreSQL server: none is given; the embedded PostgreSQL runs statements"),
            ("cargo", "", ""),
            ("network", "ok", "no server was contacted, by `--offline`"),
        ],
        |(topic, level, text)| match level {
            "" => assert!(found.iter().any(|(t, _, x, _)| t == topic && x.contains(text)), "{topic}: {found:#?}"),
            level => assert_found(&found, topic, level, text),
        },
    );
    let text = place.run(&["doctor", "--offline"]);
    assert!(text.starts_with("exit: 0\n") && text.contains("0 problems, "), "{text}");
}

#[test]
fn what_would_stop_hive_is_a_problem_with_advice() {
    let place = place();
    let base = "`smollm2-135m-instruct-q4_1`, the default of expert `sql`, is not on this machine, and ";
    check_all(
        [
            (&[("HIVE_OFFLINE", "1")][..], "base model", base),
            (&[("HIVE_HOME", "relative")], "home", "expected an absolute path"),
            (&[("HIVE_THREADS", "many")], "settings", "`HIVE_THREADS` is `many`, expected a number"),
            (&[("HIVE_LOG", "loud")], "settings", "`HIVE_LOG` is `loud`, expected `off`"),
        ],
        |(vars, topic, text)| {
            let args: &[&str] = if vars[0].0 == "HIVE_OFFLINE" { &[] } else { &["--offline"] };
            let (code, found) = doctor(&place, vars, args);
            assert_eq!(code, 1, "{found:#?}");
            assert_found(&found, topic, "problem", text);
        },
    );
    let said = place.run_with(&[("HIVE_OFFLINE", "1")], &["doctor"]);
    assert!(said.starts_with("exit: 1\n") && said.contains("problem would stop hive from working"), "{said}");
}

#[test]
fn a_broken_library_is_a_problem_of_its_expert() {
    let place = place();
    let library = std::fs::read_dir(place.path("home/experts/sql")).unwrap().map(|e| e.unwrap().path());
    let library =
        library.into_iter().find(|path| path.extension().is_some_and(|e| e == std::env::consts::DLL_EXTENSION));
    std::fs::write(library.unwrap(), "no library").unwrap();
    let (code, found) = doctor(&place, &[], &["--offline"]);
    assert_eq!(code, 1);
    assert_found(&found, "expert sql", "problem", "");
}

#[test]
fn servers_are_asked_unless_told_otherwise() {
    let place = place();
    let (_, found) = doctor(&place, &[], &[]);
    assert_found(&found, "model hub", "note", "`http://127.0.0.1:1` cannot be reached");
    let server = Server::start(|_, _| Reply::Status(404));
    let (_, found) = doctor(&place, &[("HF_ENDPOINT", &server.address)], &[]);
    assert_found(&found, "model hub", "ok", " answers");
    assert_eq!(server.seen()[0].method, "HEAD");
    let before = server.seen().len();
    doctor(&place, &[("HF_ENDPOINT", &server.address)], &["--offline"]);
    doctor(&place, &[("HF_ENDPOINT", &server.address), ("HIVE_OFFLINE", "1")], &[]);
    assert_eq!(server.seen().len(), before, "nothing is contacted offline");
}

#[test]
fn an_experts_server_is_found_by_its_option_and_its_password_is_not_shown() {
    let place = place();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let url = format!("postgres://me:secret@127.0.0.1:{port}/x");
    let args = ["sql", "--database-url", &url];
    let offline = doctor(&place, &[], &[&args[..], &["--offline"]].concat());
    assert_found(&offline.1, "expert sql", "ok", "was not contacted");
    let (_, found) = doctor(&place, &[], &args);
    assert_found(&found, "expert sql", "ok", &format!("127.0.0.1:{port} accepts connections"));
    drop(listener);
    let (code, found) = doctor(&place, &[], &args);
    assert_eq!(code, 1);
    assert_found(&found, "expert sql", "problem", &format!("127.0.0.1:{port} cannot be reached"));
    assert!(!format!("{found:?}").contains("secret"), "{found:?}");

    let said = place.run(&["doctor", "sqll"]);
    assert!(said.starts_with("exit: 2\n") && said.contains("No expert `sqll`"), "{said}");
    let said = place.run(&["doctor", "--option", "database_url=x"]);
    assert!(said.starts_with("exit: 2\n") && said.contains("Options belong to an expert"), "{said}");
}

/// Every file below `folder`, with the time of its last change.
fn files(folder: &Path) -> Vec<(PathBuf, SystemTime)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let about = entry.metadata().unwrap();
        found.push((entry.path(), about.modified().unwrap()));
        if about.is_dir() {
            found.extend(files(&entry.path()));
        }
    }
    found.sort();
    found
}

#[test]
fn nothing_is_written() {
    let place = place();
    place.write("home/keys/none", "");
    let before = files(&place.path("home"));
    doctor(&place, &[], &["--offline"]);
    assert_eq!(files(&place.path("home")), before);
}

#[test]
fn a_setting_that_a_command_refuses_is_a_problem() {
    let place = place();
    check_all(
        [("HIVE_LOG_FORMAT", "xml"), ("HIVE_REQUIRE_SIGNED", "maybe"), ("HF_ENDPOINT", "huggingface.co")],
        |(name, value)| {
            let (code, found) = doctor(&place, &[(name, value)], &["--offline"]);
            assert_eq!(code, 1, "{name}");
            assert_found(&found, "settings", "problem", &format!("`{name}`"));
            let output = place.output(&[(name, value)], &["model", "list"]);
            let text = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.code() == Some(2) && text.contains(&format!("`{name}`")), "{text}");
        },
    );
}
