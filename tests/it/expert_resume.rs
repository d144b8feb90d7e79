//! Runs that are killed, changed and gone on with: nothing is lost, nothing is different, and what
//! may not change is refused with what differs.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::expert_train::{TRAIN, adapter, metrics, place};
use crate::harness::{Place, without_digests};

/// Ten steps in windows of three records, each record a micro-batch of its own, with dropout, over
/// more than one epoch, saved at every second step and evaluated at every third.
const LONG: [&str; 16] = [
    "--steps",
    "10",
    "--set",
    "effective_batch=3",
    "--set",
    "micro_batch_records=1",
    "--set",
    "dropout=0.2",
    "--set",
    "save_steps=2",
    "--set",
    "eval_steps=3",
    "--set",
    "graded_prompts=0",
    "--set",
    "keep_best=2",
];

/// A place with a prepared set of few records, so that a run begins quickly.
pub fn prepared_place() -> Place {
    let place = place();
    prepare(&place, "synthetic_records=20");
    place
}

/// Prepares so many records in `prepared`, in the place of others that may be there.
fn prepare(place: &Place, records: &str) {
    let said = place.run(&[
        "expert",
        "data",
        "sql",
        "--base",
        "../tiny",
        "--set",
        records,
        "--set",
        "max_seq_len=4000",
        "--lint",
        "too-long-completion=off",
        "--out",
        "prepared",
    ]);
    assert!(said.starts_with("exit: 0\n"), "{said}");
}

pub fn arguments<'a>(out: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&TRAIN[..], &LONG, &["--dataset", "prepared", "--out", out], more].concat()
}

/// What must be the same of a run that was killed and of one that was not: the adapter, and all of
/// its metrics that no clock measured.
pub fn outcome(place: &Place, run: &str) -> (Vec<u8>, Vec<String>) {
    let repeatable = |line: &Value| hive_train::metrics::repeatable(line).to_string();
    (adapter(&place.path("checkout").join(run)), metrics(place, run).iter().map(repeatable).collect())
}

/// Starts a run and kills it, as `kill -9` does, as soon as `when` says so.
#[cfg(unix)]
fn kill_when(place: &Place, args: &[&str], mut when: impl FnMut() -> bool) {
    let mut child = place.command(&[], args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let begin = Instant::now();
    while !when() && child.try_wait().unwrap().is_none() && begin.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_micros(200));
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[cfg(unix)]
#[test]
fn a_killed_run_goes_on_as_if_nothing_had_happened() {
    let place = prepared_place();
    let said = place.run(&arguments("whole", &[]));
    assert!(said.starts_with("exit: 0\n"), "{said}");
    let whole = outcome(&place, "whole");
    let lines = |run: &str| std::fs::read_to_string(place.path("checkout").join(run).join("metrics.jsonl"));
    // After the fifth step: inside an epoch, between two checkpoints, within or after a window.
    let steps = |run: &str| lines(run).map_or(0, |text| text.matches("\"grad_norm\"").count());
    for (run, at) in [("one", 1), ("five", 5), ("seven", 7)] {
        kill_when(&place, &arguments(run, &[]), || steps(run) >= at);
        let said = place.run(&["expert", "train", "sql", "--resume", run]);
        assert!(said.starts_with("exit: 0\n"), "{said}");
        assert!(outcome(&place, run) == whole, "killed after {at} steps: {said}");
        let left: Vec<PathBuf> = partial(&place.path("checkout").join(run));
        assert!(left.is_empty(), "{left:?}");
    }
}

/// What writers that were killed left behind.
fn partial(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        if entry.file_name().to_string_lossy().starts_with(".partial-") {
            found.push(entry.path());
        } else if entry.path().is_dir() {
            found.extend(partial(&entry.path()));
        }
    }
    found
}

#[cfg(unix)]
#[test]
fn a_run_that_was_killed_before_its_first_checkpoint_begins_again() {
    let place = prepared_place();
    let said = place.run(&arguments("whole", &[]));
    assert!(said.starts_with("exit: 0\n"), "{said}");
    let record = place.path("checkout/early/run.json");
    kill_when(&place, &arguments("early", &[]), || record.exists());
    let said = place.run(&["expert", "train", "sql", "--resume", "early"]);
    assert!(said.starts_with("exit: 0\n"), "{said}");
    assert!(outcome(&place, "early") == outcome(&place, "whole"));
}

#[test]
fn what_changed_is_shown_and_refused_or_forced() {
    let place = prepared_place();
    let said = place.run(&arguments("run", &[]));
    assert!(said.starts_with("exit: 0\n"), "{said}");
    let resume = |more: &[&str]| {
        let said = place.run(&[&["expert", "train", "sql", "--resume", "run"][..], more].concat());
        let from = said.find("error: ").unwrap_or(0);
        without_digests(&said[from..])
    };
    insta::assert_snapshot!("resume_more_steps", resume(&["--steps", "12", "--set", "learning_rate=1e-3"]));
    insta::assert_snapshot!("resume_other_shape", resume(&["--set", "rank=3", "--set", "seed=1", "--force-recipe"]));
    let said = resume(&["--steps", "12", "--force-recipe"]);
    assert!(said.starts_with("exit: 0\n") && said.contains("step 12/12 "), "{said}");
    let steps: Vec<u64> =
        metrics(&place, "run").iter().filter(|m| m["loss"].is_f64()).filter_map(|m| m["step"].as_u64()).collect();
    assert_eq!(steps, (1..=12).collect::<Vec<_>>());
    let record: Value =
        serde_json::from_str(&std::fs::read_to_string(place.path("checkout/run/run.json")).unwrap()).unwrap();
    assert_eq!(
        (&record["changes"][0]["at_step"], &record["request"]["recipe"]["training"]["steps"]),
        (&10.into(), &12.into())
    );

    // What was said when the run began is not said again.
    let said = place.run(&["expert", "train", "sql", "--resume", "run"]);
    assert!(said.contains("is already finished; nothing to do"), "{said}");
    assert!(!said.contains("   data ") && !said.contains("   plan ") && !said.contains("evaluation"), "{said}");

    // Other data under the same name.
    prepare(&place, "synthetic_records=21");
    insta::assert_snapshot!("resume_other_data", resume(&["--force-recipe"]));
}

#[test]
fn a_run_can_be_made_again() {
    let place = prepared_place();
    let said = place.run(&arguments("run", &["--set", "load_best_at_end=false"]));
    assert!(said.starts_with("exit: 0\n"), "{said}");
    let receipt: Value =
        serde_json::from_str(&std::fs::read_to_string(place.path("checkout/run/receipt.json")).unwrap()).unwrap();
    assert_eq!(receipt["trace"]["steps"].as_array().unwrap().len(), 10);
    assert_eq!(receipt["adapter"]["step"], 10);
    for threads in ["1", "2"] {
        let said = place.run_with(&[("HIVE_THREADS", threads)], &["expert", "replay", "run", "--steps", "20"]);
        assert!(said.contains("--- stdout\nIdentical: 10 of 10 steps of `run`\n"), "{threads} threads: {said}");
    }
    let output = place.output(&[], &["expert", "replay", "run", "--steps", "3", "--json"]);
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(value, serde_json::json!({"identical": true, "steps": 3, "parts_at": null}));

    // A receipt that tells of another fourth step.
    let path = place.path("checkout/run/receipt.json");
    let text = std::fs::read_to_string(&path).unwrap();
    let fourth = receipt["trace"]["steps"][3].as_str().unwrap();
    std::fs::write(&path, text.replace(fourth, "0000000000000000")).unwrap();
    let said = place.run(&["expert", "replay", "run"]);
    assert!(said.starts_with("exit: 1\n"), "{said}");
    assert!(said.contains("error: The run in `run` differs from step 4 on"), "{said}");

    // Another base under the same name.
    crate::tiny_base::write_base_with(&place.path("tiny"), |weights| {
        weights.values_mut().for_each(|(_, values)| values[0] += 0.5);
    });
    let said = place.run(&["expert", "replay", "run"]);
    assert!(said.contains("its inputs have changed: base was "), "{said}");
}

#[test]
fn threads_and_vectors_do_not_change_the_adapter() {
    let place = prepared_place();
    for threads in ["1", "2"] {
        let said = place.run_with(&[("HIVE_THREADS", threads)], &arguments(threads, &[]));
        assert!(said.starts_with("exit: 0\n"), "{said}");
    }
    assert!(outcome(&place, "1") == outcome(&place, "2"));
    // The same run twice where the machine has no wider ones.
    let said = place.run_with(&[("HIVE_VECTORS", "avx2")], &arguments("avx2", &[]));
    assert!(said.starts_with("exit: 0\n"), "{said}");
    assert!(outcome(&place, "1") == outcome(&place, "avx2"));
    let said = place.run_with(&[("HIVE_VECTORS", "avx")], &["expert", "list"]);
    assert!(said.contains("error: `HIVE_VECTORS` is `avx`, expected `any` or `avx2`"), "{said}");
    let said = place.run_with(&[("HIVE_THREADS", "none")], &["expert", "list"]);
    assert!(said.contains("error: `HIVE_THREADS` is `none`, expected a number from 1 to "), "{said}");
}

#[test]
fn graded_answers_can_choose_the_best() {
    let place = prepared_place();
    let said = place.run(&arguments(
        "run",
        &["--set", "graded_eval_prompts=2", "--set", "best_metric=score", "--set", "patience=2"],
    ));
    assert!(said.starts_with("exit: 0\n"), "{said}");
    // The tiny base answers nonsense, before and after: nothing gets better.
    assert!(said.contains(", right answers 0 of 1, partial credit 0.000 ("), "{said}");
    assert!(said.contains("Ended after step 9 of 10: no better evaluation within `patience`"), "{said}");
    let scores =
        metrics(&place, "run").iter().filter(|m| m["partial_credit"].is_f64() && m["right_answers"].is_f64()).count();
    assert_eq!(scores, 4, "before the first step and after 3, 6 and 9");
    let said = place.run(&arguments("other", &["--set", "best_metric=score", "--set", "graded_eval_prompts=0"]));
    assert!(said.contains("error: The best checkpoint is to be found by score, and nothing is graded"), "{said}");
}

/// Kills runs at random moments, the writing of checkpoints included, and lets each go on. How many
/// is told by `HIVE_STRESS_KILLS`; `just stress` makes it 200.
#[cfg(unix)]
#[test]
fn killed_at_random_moments() {
    let kills: u64 = std::env::var("HIVE_STRESS_KILLS").map_or(8, |n| n.parse().unwrap());
    let place = prepared_place();
    let more = ["--set", "save_steps=1", "--set", "eval_steps=2"];
    let whole = {
        let said = place.run(&arguments("whole", &more));
        assert!(said.starts_with("exit: 0\n"), "{said}");
        outcome(&place, "whole")
    };
    // How long a run takes in all, and how long it trains.
    let (begin, mut began) = (Instant::now(), None);
    let file = |run: &str, name: &str| place.path("checkout").join(run).join(name);
    kill_when(&place, &arguments("timed", &more), || {
        if began.is_none() && file("timed", "metrics.jsonl").exists() {
            began = Some(Instant::now());
        }
        file("timed", "receipt.json").exists()
    });
    let (whole_length, train_length) = (begin.elapsed(), began.unwrap().elapsed());
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let (mut inside, mut leftovers) = (0, 0);
    for n in 0..kills {
        // xorshift64
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        let share = (seed >> 11) as f64 / (1u64 << 53) as f64;
        let run = format!("run-{n}");
        // One in four at any moment of the whole program, the others while it trains.
        let (mut begin, length) = if n % 4 == 0 { (Some(Instant::now()), whole_length) } else { (None, train_length) };
        let at = length.mul_f64(share);
        kill_when(&place, &arguments(&run, &more), || {
            if begin.is_none() && file(&run, "metrics.jsonl").exists() {
                begin = Some(Instant::now());
            }
            begin.is_some_and(|begin| begin.elapsed() >= at)
        });
        let folder = place.path("checkout").join(&run);
        if !folder.join("run.json").exists() {
            // Killed before there was a run.
            let said = place.run(&arguments(&run, &more));
            assert!(said.starts_with("exit: 0\n"), "{said}");
        } else {
            inside += u64::from(folder.join("metrics.jsonl").exists() && !folder.join("receipt.json").exists());
            leftovers += u64::from(!partial(&folder).is_empty());
            let said = place.run(&["expert", "train", "sql", "--resume", &run]);
            assert!(said.starts_with("exit: 0\n"), "killed after {at:?}: {said}");
        }
        assert!(outcome(&place, &run) == whole, "kill {n}, after {at:?} of {length:?}");
        assert!(partial(&folder).is_empty());
        std::fs::remove_dir_all(folder).unwrap();
    }
    eprintln!(
        "{kills} of {kills} runs ended in the same bytes; {inside} were killed while they trained, {leftovers} \
         while a file or folder was being written"
    );
}
