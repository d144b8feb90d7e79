//! Commands that a newcomer looks for, and what an expert's name alone stands for.

use std::io::Write;
use std::process::{Command, Stdio};

use hive_tests::check_all;
use serde_json::{Value, json};

use crate::expert_train::{TRAIN, place};
use crate::harness::{Place, hive};

const QUESTION: &str = "How many pets are there?";

fn done(place: &Place, args: &[&str]) -> String {
    let said = place.run(args);
    assert!(said.starts_with("exit: 0\n"), "{args:?}: {said}");
    said
}

/// Two short runs.
fn with_runs() -> Place {
    let place = place();
    for _ in 0..2 {
        done(&place, &[&TRAIN[..], &["--set", "graded_prompts=0"]].concat());
    }
    place.write("checkout/pets.sql", "CREATE TABLE pets (pet_id INT PRIMARY KEY, name TEXT);\n");
    place
}

#[test]
fn help_is_a_command() {
    let place = Place::new();
    check_all(
        [
            (&["help"][..], "Usage: hive [OPTIONS] <COMMAND>"),
            (&["help", "expert", "run"], "Usage: hive expert run"),
            (&["help", "runs"], "Usage: hive runs [OPTIONS] <COMMAND>"),
        ],
        |(args, usage)| assert!(done(&place, args).contains(usage), "{args:?}"),
    );
    let said = place.run(&["help", "expert", "rn"]);
    assert!(said.starts_with("exit: 2\n") && said.contains("did you mean `hive expert run`?"), "{said}");
    let said = place.run(&["help", "expert", "run", "x"]);
    assert!(said.contains("`hive expert run` has no commands"), "{said}");
}

#[test]
fn completions_name_the_commands_and_bash_can_read_its_own() {
    let place = Place::new();
    check_all(["bash", "zsh", "fish", "powershell", "elvish"], |shell| {
        let script = done(&place, &["completions", shell]);
        assert!(script.contains("uninstall") && script.contains("max-new-tokens"), "{shell}");
    });
    let script = place.output(&[], &["completions", "bash"]).stdout;
    let mut bash = Command::new("bash").arg("-n").stdin(Stdio::piped()).spawn().unwrap();
    bash.stdin.take().unwrap().write_all(&script).unwrap();
    assert!(bash.wait().unwrap().success());
}

#[test]
fn every_command_has_a_manual_page() {
    let place = Place::new();
    done(&place, &["man", "pages"]);
    check_all(["hive", "hive-expert", "hive-expert-run", "hive-runs-rm", "hive-bench-train"], |name| {
        let page = std::fs::read_to_string(place.path(&format!("checkout/pages/{name}.1"))).unwrap();
        assert!(page.contains(".TH ") && page.contains(".SH SYNOPSIS"), "{name}");
    });
    assert!(!place.path("checkout/pages/hive-worker.1").exists(), "hidden commands have no page");
}

#[test]
fn a_name_stands_for_the_chosen_run_else_the_best() {
    let place = with_runs();
    let ask = |more: &[&str]| {
        let args = ["run", "sql", "--schema", "pets.sql", "--max-new-tokens", "4", QUESTION];
        done(&place, &[&args[..], more].concat())
    };
    let answers = || {
        let listed: Value = serde_json::from_slice(&place.output(&[], &["expert", "list", "--json"]).stdout).unwrap();
        listed["experts"][0]["answers"].clone()
    };
    // Equal right answers, none: the lower held-out loss, which is that of more steps.
    let more = [&TRAIN[..], &["--set", "graded_prompts=0", "--steps", "5", "--set", "learning_rate=1e-2"]].concat();
    let args: Vec<&str> = more.into_iter().filter(|arg| *arg != "steps=3").collect();
    let at = args.windows(2).position(|pair| pair == ["--set", "--set"]).unwrap();
    done(&place, &[&args[..at], &args[at + 1..]].concat());
    let loss = |run: u32| {
        let path = place.path(&format!("checkout/runs/sql-{run}/evaluation.json"));
        let evaluation: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        evaluation["loss"]["expert"].as_f64().unwrap()
    };
    let best = if loss(3) < loss(2) { 3 } else { 2 };
    assert!(answers().as_str().unwrap().starts_with(&format!("run `runs/sql-{best}` (step ")), "{}", answers());
    assert!(ask(&[]).contains(&format!("Asking run `runs/sql-{best}` (step ")));

    let said = done(&place, &["expert", "use", "sql", "--run", "runs/sql-1"]);
    assert!(said.contains("`sql` is now run `") && said.contains("chosen by `hive expert use`"), "{said}");
    assert!(answers().as_str().unwrap().contains("runs/sql-1` (step 3), chosen by `hive expert use`"), "{}", answers());
    assert!(ask(&[]).contains("runs/sql-1` (step 3) on base model"));
    assert!(ask(&["--run", "runs/sql-2"]).contains("Asking run `runs/sql-2`"), "what is asked for counts");
    done(&place, &["expert", "use", "sql", "--forget"]);
    assert!(ask(&[]).contains(&format!("Asking run `runs/sql-{best}`")));
    check_all(
        [
            (&["expert", "use", "sql", "--run", "runs/none"][..], "There is no run in `runs/none`"),
            (&["expert", "use", "sqll", "--run", "runs/sql-1"], "No expert `sqll`"),
            (&["expert", "use", "sql@1.0.0", "--forget"], "expected the expert's name alone"),
            (&["expert", "use", "sql@1.0.0"], "No installed expert is `sql@1.0.0`"),
        ],
        |(args, expected)| {
            let said = place.run(args);
            assert!(!said.starts_with("exit: 0\n") && said.contains(expected), "{args:?}: {said}");
        },
    );
}

#[test]
fn runs_are_listed_shown_and_removed() {
    let place = with_runs();
    let listed: Value = serde_json::from_slice(&place.output(&[], &["runs", "list", "--json"]).stdout).unwrap();
    let run = &listed["runs"][0];
    assert_eq!(
        (&run["run"], &run["expert"], &run["base"], &run["state"], &run["steps"]),
        (&json!("runs/sql-1"), &json!("sql"), &json!("../tiny"), &json!("finished"), &json!(3))
    );
    assert!(run["eval_loss"].is_number() && run["bytes"].as_u64().unwrap() > 10_000, "{run}");
    let table = done(&place, &["runs", "list"]);
    assert!(table.contains("\nRUN    STATE     BEGUN (UTC)       STEPS  LOSS    RIGHT  SIZE"), "{table}");
    assert!(table.contains("\nsql-2  finished  20"), "{table}");
    let shown = done(&place, &["runs", "show", "sql-1"]);
    assert!(shown.contains("hive expert run sql --run runs/sql-1") && shown.contains("report.html"), "{shown}");
    let said = place.run(&["runs", "rm", "sql-1"]);
    assert!(said.starts_with("exit: 2\n") && said.contains("`--force` removes it without asking"), "{said}");
    let said = place.run(&["runs", "rm", "sql-1", "sql-9", "--force"]);
    assert!(said.starts_with("exit: 2\n") && place.path("checkout/runs/sql-1").exists(), "{said}");
    done(&place, &["runs", "rm", "sql-1", "--force"]);
    assert!(!place.path("checkout/runs/sql-1").exists());
    let said = place.run(&["runs", "list", "nowhere"]);
    assert!(said.starts_with("exit: 2\n") && said.contains("There is no folder `nowhere`"), "{said}");
    assert!(said.contains("shows those below `runs`, which are of: `sql`"), "{said}");
    place.write("checkout/empty/file", "");
    assert!(done(&place, &["runs", "list", "empty"]).contains("No runs below `empty`"));
}

#[test]
fn a_no_and_the_end_of_stdin_remove_nothing_and_are_no_errors() {
    let place = with_runs();
    for answer in ["n\n", "\n", ""] {
        let Some((code, text)) = on_terminal_with(&place, &["runs", "rm", "sql-1"], answer) else { return };
        assert!(code == Some(0) && text.contains("Nothing was removed"), "{text}");
        assert!(place.path("checkout/runs/sql-1").exists());
    }
    let (code, text) = on_terminal_with(&place, &["runs", "rm", "sql-1"], "y\n").unwrap();
    assert!(code == Some(0) && !place.path("checkout/runs/sql-1").exists(), "{text}");
}

/// Exit code and output of a command on a terminal on which this is typed, then Ctrl-D; `None` without `script`.
fn on_terminal_with(place: &Place, args: &[&str], typed: &str) -> Option<(Option<i32>, String)> {
    let line = format!("'{}' {}", hive().display(), args.join(" "));
    let mut command = Command::new("script");
    command.args(["-qec", &line, "/dev/null"]).current_dir(place.path("checkout"));
    place.command(&[("TERM", "xterm")], &[]).get_envs().for_each(|(name, value)| match value {
        Some(value) => drop(command.env(name, value)),
        None => drop(command.env_remove(name)),
    });
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
    // `script` sends Ctrl-D when its stdin ends.
    child.stdin.take()?.write_all(typed.as_bytes()).ok()?;
    let output = child.wait_with_output().ok()?;
    Some((output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned()))
}

#[test]
fn caches_are_shown_and_emptied() {
    let place = with_runs();
    let cached: Value = serde_json::from_slice(&place.output(&[], &["cache", "show", "--json"]).stdout).unwrap();
    assert!(cached["caches"].as_array().unwrap().iter().any(|c| c["name"] == "data" && c["bytes"] != 0), "{cached}");
    let said = place.run(&["cache", "prune", "dta", "--force"]);
    assert!(
        said.starts_with("exit: 2\n") && said.contains("There is no cache `dta`, expected one of: `data`"),
        "{said}"
    );
    done(&place, &["cache", "prune", "--force"]);
    let cached: Value = serde_json::from_slice(&place.output(&[], &["cache", "show", "--json"]).stdout).unwrap();
    assert_eq!(cached["caches"], json!([]));
    assert!(done(&place, &["cache", "prune"]).contains("The caches are empty"));
    assert!(done(&place, &["cache", "prune", "data"]).contains("The cache `data` is empty"));
}

#[test]
fn a_base_model_that_is_not_here_cannot_be_removed() {
    let place = Place::new();
    let said = place.run(&["model", "rm", "smollm2-135m-instruct-q4_1", "--force"]);
    assert!(said.starts_with("exit: 2\n") && said.contains("it is not on this machine"), "{said}");
    place.write("home/models/smollm2-135m-instruct-q4_1/part", "half of it");
    done(&place, &["model", "rm", "smollm2-135m-instruct-q4_1", "--force"]);
    assert!(!place.path("home/models/smollm2-135m-instruct-q4_1").exists());
    assert!(place.run(&["model", "rm", "smolm2", "--force"]).contains("smolm2"));
}

#[test]
fn small_data_has_a_recipe_that_is_made_for_its_size() {
    let place = place();
    let rows = (0..60).map(|i| {
        json!({"question": format!("Which pets are {i} years old?"),
            "schema": format!("CREATE TABLE pets (name TEXT, age INT); CREATE TABLE t{i} (a INT);"),
            "sql": format!("SELECT name FROM pets WHERE age = {i}")})
        .to_string()
    });
    place.write("checkout/mine.jsonl", &rows.collect::<Vec<_>>().join("\n"));
    let plan = |more: &[&str]| {
        let args =
            ["expert", "plan", "sql", "--base", "../tiny", "--dataset", "mine.jsonl", "--set", "max_seq_len=4000"];
        done(&place, &[&args[..], more].concat())
    };
    let said = plan(&["--set", "effective_batch=16"]);
    assert!(said.contains("steps are few") && said.contains("`--profile small` sets batch, epochs, warm-up"), "{said}");
    let said = plan(&["--steps", "5", "--set", "warmup_steps=5"]);
    assert!(said.contains("all 5 steps are warm-up") && said.contains("`--set warmup_ratio=0.1`"), "{said}");

    let train =
        ["train", "sql", "--base", "../tiny", "--dataset", "mine.jsonl", "--profile", "small", "--set", "rank=2"];
    let quick = ["--set", "max_seq_len=4000", "--set", "graded_prompts=0", "--set", "graded_eval_prompts=0"];
    done(&place, &[&train[..], &quick, &["--set", "epochs=1"]].concat());
    let recipe: Value =
        serde_json::from_str(&std::fs::read_to_string(place.path("checkout/runs/sql-1/recipe.json")).unwrap()).unwrap();
    let training = &recipe["training"];
    let steps =
        crate::expert_train::metrics(&place, "runs/sql-1").iter().filter(|line| line["loss"].is_number()).count();
    assert_eq!((&training["effective_batch"], &training["epochs"]), (&json!(2), &json!(1.0)), "{training}");
    assert_eq!(training["learning_rate"], json!(1.8e-4), "5e-4 · √(2/16)");
    assert_eq!(training["eval_steps"], json!(steps / 5), "{steps} steps");
    // A finished run of it is recognised, whatever the records' number has decided.
    let said = done(&place, &["expert", "train", "sql", "--resume", "runs/sql-1"]);
    assert!(!said.contains("step 1/"), "{said}");
}

#[test]
fn a_run_of_no_steps_is_refused() {
    let place = place();
    check_all([&["--steps", "0"][..], &["--set", "steps=0"]], |more| {
        let said = place.run(&[&["train", "sql", "--base", "../tiny"][..], more].concat());
        assert!(!said.starts_with("exit: 0\n") && said.contains('0') && said.contains("steps"), "{said}");
    });
}

/// What the command prints when this text is on its stdin.
fn with_stdin(place: &Place, args: &[&str], text: &str) -> (Option<i32>, String, String) {
    let mut command = place.command(&[], args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let read = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), read(output.stdout), read(output.stderr))
}

#[test]
fn prompt_and_file_come_from_stdin_and_the_answer_as_json() {
    let place = with_runs();
    let schema = std::fs::read_to_string(place.path("checkout/pets.sql")).unwrap();
    let ask = ["run", "sql", "--max-new-tokens", "4", "--json", "--schema"];
    let plain: Value =
        serde_json::from_slice(&place.output(&[], &[&ask[..], &["pets.sql", QUESTION]].concat()).stdout).unwrap();
    assert_eq!(
        (&plain["expert"], &plain["base"], &plain["complete"]),
        (&json!("sql"), &json!("../tiny"), &json!(false))
    );
    assert_eq!((&plain["tokens"], &plain["checked"]), (&json!(4), &json!(true)), "{plain}");
    assert!(plain["answered_by"].as_str().unwrap().starts_with("run `runs/sql-"), "{plain}");
    assert!(plain["first_token_seconds"].as_f64().unwrap() <= plain["seconds"].as_f64().unwrap());
    check_all([(&["-", QUESTION][..], schema.as_str()), (&["pets.sql", "-"], QUESTION)], |(more, stdin)| {
        let (code, out, err) = with_stdin(&place, &[&ask[..], more].concat(), stdin);
        assert_eq!(code, Some(0), "{err}");
        let found: Value = serde_json::from_str(&out).unwrap();
        let same = ["answer", "prompt_tokens", "tokens", "faults"];
        same.iter().for_each(|key| assert_eq!(found[key], plain[key], "{key}"));
    });
    let (code, _, err) = with_stdin(&place, &[&ask[..], &["-", "-"]].concat(), "x");
    assert!(code == Some(2) && err.contains("stdin can be read once"), "{err}");
}
