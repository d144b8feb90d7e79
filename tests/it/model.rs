//! `hive model pull`: sources that cannot be reached, and files that are not what they should be.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

use crate::harness::Place;

/// A hub on this machine that answers every request with so many bytes, all of them wrong. It runs
/// until the test process ends.
fn wrong_hub(length: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            // A client that has gone is its own affair.
            drop(answer(stream, length));
        }
    });
    address
}

fn answer(mut stream: TcpStream, length: usize) -> std::io::Result<()> {
    let request = BufReader::new(stream.try_clone()?).lines().map_while(Result::ok);
    // Headers end with an empty line.
    request.take_while(|line| !line.is_empty()).for_each(drop);
    write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n")?;
    stream.write_all(&vec![b'x'; length])
}

fn pull(place: &Place, hub: &str) -> String {
    let said = place.run_with(&[("HF_ENDPOINT", hub)], &["model", "pull", "smollm2-135m-instruct"]);
    assert!(!place.path("home/models/smollm2-135m-instruct").exists(), "what failed is not in the cache");
    said.replace(hub, "[HUB]")
}

#[test]
fn bytes_with_another_sha256_are_never_kept() {
    let place = Place::new();
    // As long as the first file should be.
    insta::assert_snapshot!("model_wrong_sha256", pull(&place, &wrong_hub(861)));
    let left: Vec<_> = std::fs::read_dir(place.path("home/models/.partial/smollm2-135m-instruct")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_file_of_another_length() {
    insta::assert_snapshot!("model_wrong_length", pull(&Place::new(), &wrong_hub(12)));
}

#[test]
fn every_source_that_failed_is_named() {
    // Bound and let go: nobody listens there.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let said = pull(&Place::new(), &format!("http://{address}"));
    // What the system says of it differs.
    let reason = TcpStream::connect(address).unwrap_err();
    insta::assert_snapshot!("model_unreachable", said.replace(&reason.to_string(), "[REFUSED]"));
}

#[test]
fn models_that_are_not_here() {
    let place = Place::new();
    insta::assert_snapshot!("model_path_not_pulled", place.run(&["model", "path", "qwen3-0.6b"]));
    insta::assert_snapshot!("model_unknown", place.run(&["model", "pull", "qwen3-0.6"]));
    let offline = place.run_with(&[("HIVE_OFFLINE", "1")], &["model", "pull", "qwen3-0.6b"]);
    insta::assert_snapshot!("model_offline", offline);
}
