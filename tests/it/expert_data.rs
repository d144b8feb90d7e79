//! `hive expert data`: what is prepared, that it is prepared once, and that a run that was killed or
//! stopped goes on. Where no SQL is needed, a plugin judges that does as its records say.

use hive_tests::check_all;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant, SystemTime};

use hive_data::datasets::ParquetTable;
use hive_data::pipeline::{Half, PreparedSet};
use serde_json::{Value, json};

use crate::expert_train::{TRAIN, place as sql_place};
use crate::harness::{Place, plugin, without_digests};

const PETS: &str = "CREATE TABLE pets (pet_id INT PRIMARY KEY, name TEXT, age INT);";
const DOGS: &str = "CREATE TABLE dogs (dog_id INT, owner TEXT, weight REAL);";

/// A place with an expert that does as its records say.
pub fn place() -> Place {
    let place = Place::new();
    place.install("misbehaving", &plugin("misbehaving"));
    place
}

/// Records of that expert, a JSON line each.
pub fn lines(wishes: impl IntoIterator<Item = String>) -> String {
    let line = |(i, wish): (usize, String)| json!({"do": wish, "answer": format!("A{i}")}).to_string() + "\n";
    wishes.into_iter().enumerate().map(line).collect()
}

/// `hive expert data misbehaving` without a base, and with these arguments.
fn data<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["expert", "data", "misbehaving", "--base", "none"][..], more].concat()
}

/// The bytes of every file in a folder.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entry = |e: std::fs::DirEntry| {
        let (name, bytes) = (e.file_name().into_string().unwrap(), std::fs::read(e.path()).unwrap());
        (name.clone(), if name == "report.html" { without_facts(&bytes) } else { bytes })
    };
    let entries = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    entries.map(|e| entry(e.unwrap())).collect()
}

/// A page without what it says about the time and machine of its making.
fn without_facts(page: &[u8]) -> Vec<u8> {
    let page = std::str::from_utf8(page).unwrap();
    let (before, rest) = page.split_once("<dl class=\"facts\">").unwrap();
    let (facts, after) = rest.split_once("</dl>").unwrap();
    assert!(facts.contains("<dt>Date</dt>"), "{facts}");
    [before, after].concat().into_bytes()
}

/// The judged shards in the cache, and when each was written.
fn shards(place: &Place, expert: &str) -> BTreeMap<PathBuf, SystemTime> {
    let entries = |folder: PathBuf| -> Vec<PathBuf> {
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path()).collect()
    };
    let all = entries(place.path(&format!("home/cache/data/{expert}"))).into_iter().flat_map(entries);
    let is_judged = |path: &PathBuf| path.file_name().is_some_and(|n| n.to_string_lossy().starts_with("judged-"));
    all.filter(is_judged).filter_map(|path| Some((path.clone(), path.metadata().ok()?.modified().ok()?))).collect()
}

/// Waits for `done`, and fails after a minute.
fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !done() {
        assert!(begin.elapsed() < Duration::from_secs(60), "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn set(place: &Place, name: &str) -> PreparedSet {
    PreparedSet::open(&place.path("checkout").join(name)).unwrap()
}

#[test]
fn sql_is_judged_repaired_and_told() {
    let place = sql_place();
    let line = |question: &str, schema: &str, sql: &str| {
        json!({"id": 1, "domain": "pets", "sql_prompt": question, "sql_context": schema, "sql": sql}).to_string() + "\n"
    };
    let mut text = line("Which pets are three years old?", PETS, "SELECT name FROM pets WHERE age = 3");
    text += &line("Who owns a dog that weighs more than ten?", DOGS, "SELECT owner FROM dogs WHERE weight > 10");
    text += &line("How many dogs are there?", DOGS, "SELECT COUNT(*) FROM dogs");
    text += &line("List the names of all pets", PETS, "SELECT T1.name FROM pets AS T1");
    text += &line("Show the names of the first five pets", PETS, "SELECT `name` FROM pets LIMIT 0, 5");
    text += &line("How many birds are there?", PETS, "SELECT COUNT(*) FROM birds");
    text += &line("What is the colour of each pet?", PETS, "SELECT colour FROM pets");
    text += &line("Who is it?", PETS, "SELECT name FORM pets");
    text += &line("Which pets are three years old?", PETS, "SELECT name FROM pets WHERE age = 3");
    text += &line("Wait a while", PETS, "SELECT pg_sleep(100) FROM pets");
    text += &line("", PETS, "SELECT 1");
    let mut bytes = text.into_bytes();
    bytes.extend(b"{\"sql_prompt\": \"\xff\", \"sql_context\": \"a\", \"sql\": \"b\"}\n");
    std::fs::write(place.path("checkout/pets.jsonl"), bytes).unwrap();
    let args = ["expert", "data", "sql", "--dataset", "pets.jsonl", "--base", "../tiny", "--out", "prepared"];
    insta::assert_snapshot!("data_sql", place.run(&args));
    let found = place.run(&args);
    assert!(found.contains("; prepared before\n"), "{found}");

    let set = set(&place, "prepared");
    assert_eq!((set.report.records, set.report.rejected), (12, 6));
    let records = |half| set.rows(half).unwrap().map(|row| row.unwrap()).collect::<Vec<_>>();
    let train = records(Half::Train);
    let held = records(Half::Validation);
    assert_eq!((train.len(), held.len()), (set.report.train, set.report.validation));
    assert!(train.iter().all(|t| held.iter().all(|h| t.text("schema") != h.text("schema"))));
    let names: Vec<String> = files(&place.path("checkout/prepared")).into_keys().collect();
    let (tokens, others): (Vec<&String>, _) = names.iter().partition(|name| name.starts_with("tokens-"));
    assert_eq!(others, ["rejected.jsonl", "report.html", "report.json", "train.parquet", "validation.parquet"]);
    assert_eq!(tokens.len(), 1, "of the base that was named");

    let compared = place.run(&["expert", "data", "compare", "sql", "pets.jsonl", "prepared"]);
    let (table, _) = compared.split_once("\nReports: ").unwrap();
    insta::assert_snapshot!("data_compare", table);
    let output = place.output(&[], &["expert", "data", "compare", "sql", "pets.jsonl", "prepared", "--json"]);
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(value["sides"][0]["name"], "pets.jsonl");
    assert_eq!(value["sides"][1]["usable"], value["sides"][1]["records"]);
}

#[test]
fn a_prepared_set_trains_with_its_own_halves() {
    let place = sql_place();
    let args = ["--set", "synthetic_records=60", "--lint", "too-long-completion=off", "--base", "../tiny"];
    let said = place.run(&[&["expert", "data", "sql", "--out", "prepared"][..], &args].concat());
    assert!(said.starts_with("exit: 0\n"), "{said}");
    assert!(said.contains("/hive expert train sql --dataset prepared\n"), "{said}");
    let report = set(&place, "prepared").report;
    let judged = shards(&place, "sql");
    let args = ["--set", "graded_prompts=0", "--set", "validation_fraction=0.5", "--dataset", "prepared"];
    let said = place.run(&[&TRAIN[..], &args].concat());
    assert!(said.starts_with("exit: 0\n"), "{said}");
    let records = format!(", from {} records, {} held out", report.train, report.validation);
    assert!(said.contains(&records), "{records}{said}");
    assert!(said.contains("; prepared before\n"), "{said}");
    assert_eq!(shards(&place, "sql"), judged, "nothing was judged again");

    // Another expert's set is refused.
    let path = place.path("checkout/prepared/report.json");
    let text = std::fs::read_to_string(&path).unwrap().replace("\"expert\": \"sql\"", "\"expert\": \"chat\"");
    std::fs::write(&path, text).unwrap();
    let said = place.run(&[&TRAIN[..], &args].concat());
    insta::assert_snapshot!("data_of_another_expert", said);
}

#[test]
fn a_record_that_ends_or_hangs_the_expert_costs_itself_alone() {
    let place = place();
    let wishes = ["fine 1", "abort", "fine 2", "hang", "oops", "mend 1", "bad 1", "fine 3"].map(str::to_owned);
    place.write("checkout/odd.jsonl", &lines(wishes));
    let said = place.run(&data(&["--dataset", "odd.jsonl", "--out", "out", "--workers", "1"]));
    insta::assert_snapshot!("data_misbehaving", said);
    let text = std::fs::read_to_string(place.path("checkout/out/rejected.jsonl")).unwrap();
    insta::assert_snapshot!("data_misbehaving_rejected", text);
}

#[test]
fn a_killed_run_goes_on_and_ends_with_the_same_bytes() {
    let text = lines((0..1500).map(|i| format!("slow {i}")));
    let uninterrupted = place();
    uninterrupted.write("checkout/many.jsonl", &text);
    let args = data(&["--dataset", "many.jsonl", "--out", "out"]);
    let said = uninterrupted.run(&args);
    assert!(said.starts_with("exit: 0\n"), "{said}");

    let place = place();
    place.write("checkout/many.jsonl", &text);
    let mut child = place.command(&[], &args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_until("two shards", || shards(&place, "misbehaving").len() >= 2);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!place.path("checkout/out").exists(), "nothing half-written stands there");
    let before = shards(&place, "misbehaving");
    assert!(before.len() < 6, "it was killed in the middle");

    let said = place.run(&args);
    assert!(said.starts_with("exit: 0\n"), "{said}");
    let after = shards(&place, "misbehaving");
    assert!(before.iter().all(|(path, time)| after[path] == *time), "what was judged was not judged again");
    let out = |place: &Place| files(&place.path("checkout/out"));
    assert!(out(&place) == out(&uninterrupted), "the same bytes");

    // And once more: found, though the result itself is gone.
    std::fs::remove_dir_all(place.path("checkout/out")).unwrap();
    let said = place.run(&args);
    assert!(said.starts_with("exit: 0\n"), "{said}");
    assert_eq!(shards(&place, "misbehaving"), after);
    assert!(out(&place) == out(&uninterrupted), "the same bytes");
}

#[cfg(unix)]
#[test]
fn ctrl_c_stops_and_keeps() {
    let place = place();
    place.write("checkout/many.jsonl", &lines((0..1500).map(|i| format!("slow {i}"))));
    let args = data(&["--dataset", "many.jsonl", "--out", "out"]);
    let mut child = place.command(&[], &args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_until("a shard", || !shards(&place, "misbehaving").is_empty());
    let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let said: Vec<String> = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok).collect();
    let output = child.wait_with_output().unwrap();
    let said = said.join("\n");
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(output.stdout.is_empty(), "there is no result yet");
    assert!(said.contains("Stopping after the records in hand; Ctrl-C again ends at once"), "{said}");
    assert!(said.ends_with("Stopped; judged records are kept, and the same command resumes"), "{said}");
    assert!(!place.path("checkout/out").exists());
    let said = place.run(&args);
    assert!(said.starts_with("exit: 0\n"), "{said}");
    assert_eq!(set(&place, "out").report.records, 1500);
}

#[test]
fn every_form_of_the_same_data_prepares_alike() {
    let place = place();
    let wishes = ["fine 1", "mend 2", "bad 3", "fine 4", "fine 5"].map(str::to_owned);
    let text = lines(wishes.clone());
    place.write("checkout/a.jsonl", &text);
    place.write("checkout/a.json", &format!("[{}]", text.trim_end().replace('\n', ",\n")));
    let csv: String = wishes.iter().enumerate().map(|(i, wish)| format!("{wish},A{i}\n")).collect();
    place.write("checkout/a.csv", &format!("do,answer\n{csv}"));
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(text.as_bytes()).unwrap();
    std::fs::write(place.path("checkout/a.jsonl.gz"), packed.finish().unwrap()).unwrap();
    std::fs::create_dir_all(place.path("checkout/shards/deep")).unwrap();
    for (name, rows) in [("shards/0.parquet", 0..2), ("shards/deep/1.parquet", 2..5)] {
        let mut table = ParquetTable::create(&place.path("checkout").join(name), &["do", "answer"]).unwrap();
        rows.for_each(|i| table.write(&[&wishes[i], &format!("A{i}")]).unwrap());
        table.finish().unwrap();
    }
    check_all(["a.jsonl", "a.json", "a.csv", "a.jsonl.gz", "shards"], |name| {
        let said = place.run(&data(&["--dataset", name, "--out", "out"]));
        assert!(said.starts_with("exit: 0\n"), "{said}");
        let report = set(&place, "out").report;
        assert_eq!((report.records, report.accepted, report.repaired, report.rejected), (5, 3, 1, 1), "{name}");
        assert!(said.contains(&format!("   reading {name}: do, answer\n")), "{said}");
    });
    // Several at once: what the second repeats is left out.
    let said = place.run(&data(&["--dataset", "a.jsonl", "--dataset", "a.csv", "--out", "out"]));
    assert!(said.contains("10 records, 2 repaired, 2 rejected, 4 excluded (duplicate, leak or too long)"), "{said}");
    let output = place.output(&[], &data(&["--dataset", "shards", "--out", "out", "--json"]));
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&value["prepared"], &value["report"]["records"]), (&json!("out"), &json!(5)));
}

#[test]
fn temporary_files_of_workers_are_removed() {
    let place = sql_place();
    let scratch = place.path("scratch");
    // What a process left that was killed with its workers: nobody holds the lock.
    std::fs::create_dir_all(scratch.join(".partial-gone")).unwrap();
    place.write("scratch/.partial-gone.lock", "");
    let record = json!({"question": "How many pets are there?", "schema": PETS, "sql": "SELECT COUNT(*) FROM pets"});
    let records = place.write("pets.jsonl", &format!("{record}\n"));
    let (records, out) = (records.display().to_string(), place.path("out").display().to_string());
    let args = ["expert", "data", "sql", "--base", "none", "--dataset", &records, "--out", &out];
    let said = place.run_with(&[("TMPDIR", scratch.to_str().unwrap())], &args);
    assert!(said.contains("report.html"), "{said}");
    let left: Vec<_> = std::fs::read_dir(&scratch).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_hub_data_set_is_pulled_once() {
    let place = place();
    let body = lines(["fine 1", "fine 2", "bad 3"].map(str::to_owned));
    let sha = "0123456789abcdef0123456789abcdef01234567";
    let hub = hub(sha, body);
    let args = data(&["--dataset", "hub:owner/name", "--out", "out"]);
    let said = place.run_with(&[("HF_ENDPOINT", &hub)], &args);
    insta::assert_snapshot!("data_hub", without_digests(&said));
    let offline = place.run_with(&[("HIVE_OFFLINE", "1")], &args);
    assert!(offline.contains("; prepared before\n"), "{offline}");
    let text = std::fs::read_to_string(place.path("checkout/out/rejected.jsonl")).unwrap();
    assert!(text.starts_with("{\"source\":\"hub:owner/name/train.jsonl:3\""), "{text}");
}

/// A hub on this machine with one data set. It runs until the test process ends.
fn hub(sha: &'static str, body: String) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
            let request: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
            let path = request.first().and_then(|line| line.split(' ').nth(1)).unwrap_or_default();
            let info = json!({"sha": sha, "siblings": [{"rfilename": "README.md"}, {"rfilename": "train.jsonl"}]});
            let reply = match path {
                "/api/datasets/owner/name?blobs=true" => info.to_string(),
                path if path.ends_with(&format!("/owner/name/resolve/{sha}/train.jsonl")) => body.clone(),
                _ => String::new(),
            };
            let status = if reply.is_empty() { "404 Not Found" } else { "200 OK" };
            let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", reply.len());
            // A client that has gone is its own affair.
            drop(stream.write_all((head + &reply).as_bytes()));
        }
    });
    address
}
