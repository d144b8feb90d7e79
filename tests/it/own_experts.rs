//! Experts of one's own: written by `hive expert new`, linked from a folder, trained, packaged, and used on another
//! machine. Declared ones need no compiler: cargo is a program that does not exist there.

use std::path::Path;

use serde_json::{Value, json};

use crate::expert_package::{done, refused, trust};
use crate::harness::{Place, repository};
use crate::tiny_base::write_base;

/// No compiler is found.
const NO_CARGO: [(&str, &str); 1] = [("CARGO", "no-such-cargo")];

/// A place without a checkout around it.
fn elsewhere() -> Place {
    let place = Place::new();
    std::fs::remove_file(place.path("checkout/Cargo.toml")).unwrap();
    write_base(&place.path("tiny"));
    place
}

fn run(place: &Place, args: &[&str]) -> String {
    let output = place.output(&NO_CARGO, args);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{args:?}: {}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout) + &text(&output.stderr)
}

fn manifest(place: &Place, folder: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(place.path(folder).join("expert.json")).unwrap()).unwrap()
}

fn change(place: &Place, folder: &str, change: impl FnOnce(&mut Value)) {
    let mut all = manifest(place, folder);
    change(&mut all);
    place.write(&format!("{folder}/expert.json"), &format!("{all:#}"));
}

const TRAIN: [&str; 8] =
    ["--dataset", "mood/records.jsonl", "--base", "../tiny", "--steps", "2", "--set", "effective_batch=4"];

#[test]
fn a_declared_expert_is_written_trained_packaged_and_used_elsewhere_without_a_compiler() {
    let author = elsewhere();
    run(&author, &["expert", "new", "mood"]);
    assert!(run(&author, &["expert", "link", "mood"]).contains("`mood` 0.1.0 is linked (declared, without code)"));
    let listed: Value = serde_json::from_str(&done(&author, &["expert", "list", "--json"])).unwrap();
    let own = listed["experts"].as_array().unwrap().iter().find(|e| e["name"] == "mood").unwrap();
    assert_eq!((&own["kind"], &own["origin"], &own["state"]), (&json!("declared"), &json!("linked"), &json!("ready")));

    let said = run(&author, &[&["expert", "train", "mood"][..], &TRAIN].concat());
    assert!(said.contains("runs/mood-1"), "{said}");
    let report = run(&author, &["expert", "eval", "mood", "--run", "runs/mood-1", "--base", "../tiny"]);
    assert!(report.contains("the right label"), "{report}");
    // What the checks found goes into the package, and is not looked for again.
    let package = ["expert", "package", "mood", "--run", "runs/mood-1", "-o", "dist", "--evaluation", "builtin"];
    assert!(run(&author, &package).contains("Running all checks of expert `mood`"));
    assert!(!run(&author, &package).contains("Running"));
    assert!(run(&author, &["expert", "list"]).contains("declared; checks passed; "));
    change(&author, "checkout/mood", |manifest| manifest["version"] = json!("0.1.1"));
    assert!(run(&author, &["expert", "list"]).contains("declared; not checked; "));
    change(&author, "checkout/mood", |manifest| manifest["version"] = json!("0.1.0"));
    run(&author, &["key", "new", "me"]);
    run(&author, &["expert", "sign", "dist/expert-mood-tiny.v0.1.0.expert", "--key", "me"]);
    let shared = format!("dir:{}", author.path("shared").display());
    run(&author, &["expert", "publish", "dist/expert-mood-tiny.v0.1.0.expert", &shared]);

    let user = elsewhere();
    std::fs::copy(author.path("checkout/dist/expert-mood-tiny.v0.1.0.expert"), user.path("checkout/mood.expert"))
        .unwrap();
    trust(&user, &author);
    let stated = "declared; checks passed; 0 of 3 answers right; signed by me; MIT";
    let found = run(&user, &["expert", "search", &shared]);
    assert!(found.contains(&stated.replace("signed by me", "signed by author")), "{found}");
    run(&user, &["expert", "install", "mood.expert", "--base", "../tiny"]);
    let listed: Value = serde_json::from_str(&done(&user, &["expert", "list", "--json"])).unwrap();
    assert_eq!(listed["installed"][0]["checks"], json!("full"), "{listed:#}");
    assert_eq!(listed["installed"][0]["answers"]["of"], json!(3), "{listed:#}");
    run(&user, &["expert", "run", "mood", "--base", "../tiny", "--max-new-tokens", "4", "It is late."]);
    let report = run(&user, &["expert", "eval", "mood", "--base", "../tiny"]);
    assert!(report.contains("the right label"), "graded where it is only installed: {report}");
}

#[test]
fn faults_of_records_are_counted_as_the_manifest_says() {
    let place = elsewhere();
    run(&place, &["expert", "new", "mood"]);
    run(&place, &["expert", "link", "mood"]);
    let records = [
        json!({"message": "a", "label": " Praise "}),
        json!({"message": "b", "label": "praise"}),
        json!({"message": "c", "label": "anger"}),
        json!({"message": "d", "label": "problem"}),
    ];
    let lines: Vec<String> = records.iter().map(Value::to_string).collect();
    place.write("checkout/mixed.jsonl", &lines.join("\n"));
    run(&place, &["expert", "data", "mood", "--dataset", "mixed.jsonl", "--out", "set"]);
    let report: Value =
        serde_json::from_str(&std::fs::read_to_string(place.path("checkout/set/report.json")).unwrap()).unwrap();
    assert_eq!((&report["repaired"], &report["rejected"]), (&json!(1), &json!(1)), "{report:#}");
    assert!(report.to_string().contains("unknown-label"));
    // The level is the user's to change.
    run(&place, &["expert", "data", "mood", "--dataset", "mixed.jsonl", "--out", "all", "--lint", "unknown-label=off"]);
    let report: Value =
        serde_json::from_str(&std::fs::read_to_string(place.path("checkout/all/report.json")).unwrap()).unwrap();
    assert_eq!(report["rejected"], json!(0));
}

#[test]
fn links_say_what_is_wrong_with_them() {
    let place = elsewhere();
    let said = place.run(&["expert", "link", "nowhere"]);
    assert!(said.contains("has no `expert.json`") && said.contains("no such folder"), "{said}");
    run(&place, &["expert", "new", "mood"]);
    run(&place, &["expert", "link", "mood"]);
    assert!(run(&place, &["expert", "link", "mood/."]).contains("was linked already"));
    run(&place, &["expert", "new", "mood", "--folder", "other"]);
    let said = place.run(&["expert", "link", "other"]);
    assert!(said.starts_with("exit: 2") && said.contains("is linked to") && said.contains("unlink mood"), "{said}");
    // A folder that moved is told by every command, and gives its name up.
    std::fs::rename(place.path("checkout/mood"), place.path("checkout/moved")).unwrap();
    let said = place.run(&["expert", "plan", "mood", "--dataset", "moved/records.jsonl"]);
    assert!(said.contains("hive expert link FOLDER") && said.contains("expert unlink mood"), "{said}");
    let listed = run(&place, &["expert", "list"]);
    assert!(listed.contains("broken"), "{listed}");
    run(&place, &["expert", "link", "other"]);
    let said = run(&place, &["expert", "unlink", "mood"]);
    assert!(said.contains("no longer linked"), "{said}");
    let said = place.run(&["expert", "unlink", "mood"]);
    assert!(said.starts_with("exit: 2") && said.contains("No expert `mood` is linked"), "{said}");
    assert!(place.path("checkout/other/expert.json").is_file(), "the folder stays");
}

#[test]
fn a_faulty_manifest_is_not_linked_and_each_fault_is_listed() {
    let place = elsewhere();
    run(&place, &["expert", "new", "mood"]);
    change(&place, "checkout/mood", |m| {
        m["grade"][0]["grader"] = json!("exakt");
    });
    assert!(refused(&place, &["expert", "link", "mood"]).contains("did you mean `exact`?"));
    change(&place, "checkout/mood", |m| {
        m["grade"][0]["grader"] = json!("exact");
        m["validate"][0]["rule"] = json!({"json_schema": {"$ref": "https://example.org/schema.json"}});
    });
    let said = refused(&place, &["expert", "link", "mood"]);
    assert!(said.contains("hive fetches no schema"), "{said}");
}

#[test]
fn without_a_grader_it_trains_and_says_why_it_cannot_be_evaluated() {
    let place = elsewhere();
    run(&place, &["expert", "new", "mood"]);
    change(&place, "checkout/mood", |m| {
        m.as_object_mut().unwrap().remove("grade");
    });
    run(&place, &["expert", "link", "mood"]);
    run(&place, &[&["expert", "train", "mood"][..], &TRAIN].concat());
    let said = refused(&place, &["expert", "eval", "mood", "--run", "runs/mood-1", "--base", "../tiny"]);
    assert!(said.contains("cannot grade answers") && said.contains("\"grade\""), "{said}");
}

#[cfg(unix)]
#[test]
fn a_grading_program_runs_from_a_linked_folder_and_from_a_trusted_package_alone() {
    let author = elsewhere();
    run(&author, &["expert", "new", "mood"]);
    change(&author, "checkout/mood", |m| {
        m["grade"] = json!([{"grader": {"command": {"argv": ["sh", "grade.sh"]}}}]);
        m.as_object_mut().unwrap().remove("checks");
    });
    let script = "read line\n\
                  said() { printf %s \"$line\" | sed \"s/.*\\\"$1\\\":\\\"\\([^\\\"]*\\)\\\".*/\\1/\"; }\n\
                  [ -e expert.json ] && echo ran >> ran\n\
                  [ \"$(said gold)\" = \"$(said completion)\" ] && echo '{\"score\": 1}' || echo '{\"score\": 0}'\n";
    author.write("checkout/mood/grade.sh", script);
    run(&author, &["expert", "link", "mood"]);
    run(&author, &[&["expert", "train", "mood"][..], &TRAIN].concat());
    assert!(author.path("checkout/mood/ran").is_file(), "it graded answers");
    run(&author, &["expert", "package", "mood", "--run", "runs/mood-1", "-o", "dist"]);

    let (user, package) = (elsewhere(), author.path("checkout/dist/expert-mood-tiny.v0.1.0.expert"));
    let fetch = || std::fs::copy(&package, user.path("checkout/mood.expert")).unwrap();
    fetch();
    run(&user, &["expert", "install", "mood.expert", "--base", "../tiny", "--allow-unsigned"]);
    let said = user.run(&["expert", "eval", "mood", "--base", "../tiny"]);
    assert!(!said.starts_with("exit: 0") && said.contains("nobody signed it"), "{said}");
    run(&user, &["expert", "uninstall", "mood"]);
    run(&author, &["key", "new", "me"]);
    run(&author, &["expert", "sign", "dist/expert-mood-tiny.v0.1.0.expert", "--key", "me"]);
    fetch();
    trust(&user, &author);
    run(&user, &["expert", "install", "mood.expert", "--base", "../tiny"]);
    run(&user, &["expert", "eval", "mood", "--base", "../tiny"]);
    // A program that was changed after it was installed does not run, whatever the command.
    let release = user.path("home/experts/mood/releases/0.1.0--tiny");
    let changed = script.replace("read line", &format!("read line\necho ran >> {}", user.path("ran").display()));
    std::fs::write(release.join("grade.sh"), changed).unwrap();
    for command in [&["expert", "check", "mood"][..], &["expert", "eval", "mood", "--base", "../tiny"]] {
        assert!(!user.run(command).starts_with("exit: 0"), "{command:?}");
    }
    let said = user.run(&["expert", "check", "mood"]);
    assert!(said.contains("`grade.sh` was changed after it was installed"), "{said}");
    assert!(!user.path("ran").exists());
}

#[test]
fn a_folder_that_is_checked_is_named_and_writes_nothing_elsewhere() {
    let place = elsewhere();
    run(&place, &["expert", "new", "mood"]);
    run(&place, &["expert", "link", "mood"]);
    run(&place, &["expert", "new", "mood", "--folder", "other"]);
    place.write("victim.json", "untouched");
    for name in ["../../victim", "../links", &place.path("victim").display().to_string()] {
        change(&place, "checkout/other", |m| m["name"] = json!(name));
        assert!(place.run(&["expert", "check", "./other"]).contains("manifest-name"), "{name}");
    }
    assert_eq!(std::fs::read_to_string(place.path("victim.json")).unwrap(), "untouched");
    assert!(done(&place, &["expert", "list"]).contains("mood"), "the links are still known");
    change(&place, "checkout/other", |m| m["name"] = json!("mood"));
    let said = run(&place, &["expert", "check", "./other"]);
    assert!(said.contains("Expert `mood`, in `") && said.contains("other`"), "{said}");
}

#[test]
fn a_crate_of_ones_own_is_built_when_it_is_stale_and_its_last_library_stays() {
    let place = elsewhere();
    done(&place, &["expert", "new", "amounts", "--rust"]);
    // What it needs is here already: nothing is downloaded.
    std::fs::copy(repository().join("Cargo.lock"), place.path("checkout/amounts/Cargo.lock")).unwrap();
    let vars = [("CARGO_NET_OFFLINE", "true")];
    let run = |args: &[&str]| {
        let output = place.output(&vars, args);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(output.status.success(), "{args:?}: {}", text(&output.stderr));
        text(&output.stdout) + &text(&output.stderr)
    };
    assert!(run(&["expert", "link", "amounts"]).contains("is linked (with a library)"));
    let train = ["expert", "train", "amounts", "--base", "../tiny", "--steps", "2", "--set", "synthetic_records=40"];
    run(&train);
    run(&["expert", "package", "amounts", "--run", "runs/amounts-1", "-o", "dist", "--with-plugin"]);
    run(&["key", "new", "me"]);
    run(&["expert", "sign", "dist/expert-amounts-tiny.v0.1.0.expert", "--key", "me"]);

    // A source that does not compile: the compiler's message, and the last library goes on.
    let source = place.path("checkout/amounts/src/lib.rs");
    let good = std::fs::read_to_string(&source).unwrap();
    std::fs::write(&source, good.clone() + "\nfn broken() -> u8 { \"no\" }\n").unwrap();
    let later = std::time::SystemTime::now() + std::time::Duration::from_secs(2);
    std::fs::File::options().write(true).open(&source).unwrap().set_modified(later).unwrap();
    let said = run(&["expert", "eval", "amounts", "--run", "runs/amounts-1", "--base", "../tiny", "--limit", "1"]);
    assert!(said.contains("mismatched types") && said.contains("the last library that was built is used"), "{said}");

    let user = elsewhere();
    let package = "expert-amounts-tiny.v0.1.0.expert";
    std::fs::copy(author_package(&place, package), user.path("checkout").join(package)).unwrap();
    trust(&user, &place);
    done(&user, &["expert", "install", package, "--base", "../tiny"]);
    done(&user, &["expert", "run", "amounts", "--base", "../tiny", "--max-new-tokens", "4", "It cost 3 EUR."]);
    done(&user, &["expert", "eval", "amounts", "--base", "../tiny", "--limit", "1"]);
}

fn author_package(place: &Place, name: &str) -> std::path::PathBuf {
    Path::new(&place.path("checkout/dist")).join(name)
}
