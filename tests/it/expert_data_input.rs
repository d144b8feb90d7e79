//! `hive expert data` with what it cannot prepare: one clear error each, with a stable exit code, and
//! nothing left behind.

use std::net::{TcpListener, TcpStream};

use hive_data::datasets::ParquetTable;

use crate::expert_data::{lines, place};
use crate::expert_train::place as sql_place;
use crate::harness::Place;

fn prepare(place: &Place, more: &[&str]) -> String {
    place.run(&[&["expert", "data", "misbehaving", "--base", "none"][..], more].concat())
}

#[test]
fn files_that_are_no_data() {
    let place = place();
    place.write("checkout/good.jsonl", &lines(["fine 1", "fine 2"].map(str::to_owned)));
    place.write("checkout/empty.jsonl", "\n");
    insta::assert_snapshot!("data_is_empty", prepare(&place, &["--dataset", "empty.jsonl"]));
    place.write("checkout/broken.jsonl", "{\"do\": }\n[1, 2]\n");
    insta::assert_snapshot!("data_is_not_json", prepare(&place, &["--dataset", "broken.jsonl"]));
    let path = place.path("checkout/cut.parquet");
    let mut table = ParquetTable::create(&path, &["do", "answer"]).unwrap();
    (0..2000).for_each(|i| table.write(&[&format!("fine {i}"), &format!("A{}", i * 7919 % 2000)]).unwrap());
    table.finish().unwrap();
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() - 20]).unwrap();
    insta::assert_snapshot!("data_parquet_is_cut", prepare(&place, &["--dataset", "cut.parquet"]));
    let mut damaged = whole;
    damaged[1000..3000].fill(0x55);
    std::fs::write(&path, damaged).unwrap();
    let said = prepare(&place, &["--dataset", "good.jsonl", "--dataset", "cut.parquet"]);
    assert!(
        said.starts_with("exit: 1\n--- stdout\n--- stderr\nerror: Failed to read data set `cut.parquet`: row "),
        "{said}"
    );
    std::fs::create_dir(place.path("checkout/folder")).unwrap();
    insta::assert_snapshot!("data_folder_is_empty", prepare(&place, &["--dataset", "folder"]));
    let said = prepare(&place, &["--dataset", "none.jsonl"]);
    assert!(said.contains("error: Failed to read data set `none.jsonl`\nCaused by:\n"), "{said}");
    assert!(!place.path("home/cache/data/misbehaving").join("done.json").exists());
}

#[test]
fn settings_and_places_that_do_not_fit() {
    let place = place();
    place.write("checkout/good.jsonl", &lines(["fine 1", "fine 2"].map(str::to_owned)));
    let good = |more: &[&str]| prepare(&place, &[&["--dataset", "good.jsonl"][..], more].concat());
    insta::assert_snapshot!("data_unknown_lint_level", good(&["--lint", "x=loud"]));
    insta::assert_snapshot!("data_unknown_lint", good(&["--lint", "x=off"]));
    insta::assert_snapshot!("data_unknown_option", good(&["--option", "database_url=postgres://localhost/x"]));
    place.write("checkout/mine/notes.txt", "mine");
    insta::assert_snapshot!("data_place_is_taken", good(&["--out", "mine"]));
    let said = good(&["--out", "good.jsonl/out"]);
    assert!(said.starts_with("exit: 2\n") && said.contains("error: Failed to create `good.jsonl`"), "{said}");
    insta::assert_snapshot!("data_without_any", prepare(&place, &[]));
    insta::assert_snapshot!("data_bad_hub_name", prepare(&place, &["--dataset", "hub:name"]));
    let args = ["expert", "data", "misbehaving", "--base", "none", "--dataset", "hub:owner/name"];
    insta::assert_snapshot!("data_hub_offline", place.run_with(&[("HIVE_OFFLINE", "1")], &args));
    // Bound and let go: nobody listens there.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let said = place.run_with(&[("HF_ENDPOINT", &format!("http://{address}"))], &args);
    let reason = TcpStream::connect(address).unwrap_err().to_string();
    let said = said.replace(&address.to_string(), "[HUB]").replace(&reason, "[REFUSED]");
    insta::assert_snapshot!("data_hub_unreachable", said);
    assert_eq!(std::fs::read_to_string(place.path("checkout/mine/notes.txt")).unwrap(), "mine");
}

#[test]
fn a_database_that_nobody_answers_for() {
    let place = sql_place();
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let reason = TcpStream::connect(address).unwrap_err().to_string();
    let url = format!("postgres://me@{address}/data");
    let args = ["--base", "none", "--set", "synthetic_records=2", "--database-url"];
    for (name, url) in [("data_no_database", url.as_str()), ("data_no_database_url", "mysql://localhost/x")] {
        let said = place.run(&[&["expert", "data", "sql"][..], &args, &[url]].concat());
        let said = said.replace(&address.port().to_string(), "[PORT]").replace(&reason, "[REFUSED]");
        insta::assert_snapshot!(name, said);
    }
}
