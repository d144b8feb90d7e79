//! Right answers and partial credit, from the end of training to the package: two figures, never mixed;
//! and which evaluation goes where, with nothing written over unasked.

use serde_json::{Value, json};

use crate::expert_package::{done, files_of, json_of};
use crate::expert_traps::place;
use crate::harness::Place;

const FILE: &str = "expert-careless-tiny.v0.1.0.expert";

fn train(place: &Place, trap: &str, more: &[&str]) -> String {
    let args = [&["expert", "train", "careless", "--base", "../tiny"][..], more].concat();
    let said = place.run_with(&[("HIVE_TEST_TRAP", trap)], &args);
    assert!(said.starts_with("exit: 0\n"), "{said}");
    said
}

fn read(place: &Place, path: &str) -> Value {
    let path = place.path("checkout").join(path);
    serde_json::from_str(&std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))).unwrap()
}

#[test]
fn a_mean_of_partial_scores_is_never_called_a_share() {
    let place = place();
    // The tiny base answers nonsense, for which this grader gives a quarter.
    let said = train(&place, "", &["--set", "graded_eval_prompts=2", "--set", "graded_prompts=2"]);
    let none = "0.0 % [0.0, 65.8]";
    let quarter = "0.250 [0.250, 0.250]";
    for (figure, value) in [("right answers", none), ("partial credit", quarter)] {
        let of = |what: &str| format!("    {what:21}  {value} → {value}\n");
        let lines = format!("  {figure}\n{}{}", of("held-out, 2 of 4"), of("eval prompts, 2 of 2"));
        assert!(said.contains(&lines), "`{lines}` is missing:\n{said}");
    }
    assert!(said.contains(", right answers 0 of 2, partial credit 0.250 ("), "{said}");
    let page = std::fs::read_to_string(place.path("checkout/runs/careless-1/report.html")).unwrap();
    for text in
        ["right answers, 2 of 4 held-out records", "partial credit, 2 of 4 held-out records", "wrong, credit 0.25"]
    {
        assert!(page.contains(text), "`{text}` is missing in the page");
    }
    assert!(!page.contains(">score<") && !page.contains("graded score"), "no third word for it");

    let eval = ["expert", "eval", "careless", "--max-new-tokens", "4"];
    let said = done(&place, &eval);
    let words: Vec<Vec<&str>> = said.lines().map(|line| line.split_whitespace().collect()).collect();
    let row =
        |name: &str| words.iter().find(|w| w.join(" ").starts_with(name)).unwrap_or_else(|| panic!("{said}")).join(" ");
    assert_eq!(row("right answers"), "right answers 0.0 % [0.0, 65.8] 0.0 % [0.0, 65.8]");
    assert_eq!(row("partial credit"), "partial credit 0.250 [0.250, 0.250] 0.250 [0.250, 0.250]");
    let report = read(&place, "runs/careless-1/eval/builtin.json");
    for candidate in report["candidates"].as_array().unwrap() {
        assert_eq!(
            (&candidate["right_answers"]["value"], &candidate["partial_credit"]["value"]),
            (&json!(0.0), &json!(0.25))
        );
        assert!(candidate["score"].is_null(), "{candidate}");
    }
    assert_eq!((&report["pairs"][0]["only_first_right"], &report["pairs"][0]["p"]), (&json!(0), &json!(1.0)));
    let page = std::fs::read_to_string(place.path("checkout/runs/careless-1/eval/builtin.html")).unwrap();
    assert!(page.contains("<h2>Right answers</h2>") && page.contains("<h2>Partial credit</h2>"), "{page}");
    assert!(page.contains("credit 0.25"), "{page}");
}

#[test]
fn what_was_evaluated_is_not_written_over_unasked() {
    let place = place();
    train(&place, "", &[]);
    let eval = |more: &[&str]| place.run(&[&["expert", "eval", "careless", "--max-new-tokens", "4"], more].concat());
    let folder = place.path("checkout/runs/careless-1/eval");
    assert!(eval(&[]).contains("Report: runs/careless-1/eval/builtin.html"));
    let whole = std::fs::read(folder.join("builtin.json")).unwrap();
    // A part of the suite, a checkpoint and a suite of that name have names of their own.
    assert!(eval(&["--limit", "1"]).contains("Report: runs/careless-1/eval/builtin-limit-1.html"));
    assert!(eval(&["--checkpoint", "2"]).contains("Report: runs/careless-1/eval/builtin-checkpoint-2.html"));
    place.write("checkout/builtin.jsonl", &json!({"id": "x", "question": "one", "gold": "ONE"}).to_string());
    assert!(eval(&["--suite", "builtin.jsonl"]).contains("Report: runs/careless-1/eval/file-builtin.html"));
    assert!(std::fs::read(folder.join("builtin.json")).unwrap() == whole);
    let part = read(&place, "runs/careless-1/eval/builtin-limit-1.json");
    assert_eq!((&part["suite"]["asked"], &part["suite"]["of"]), (&json!(1), &json!(2)));
    assert!(std::fs::read_to_string(folder.join("builtin-limit-1.md")).unwrap().contains("1 of the 2 prompts"));
    // The same again is the same; another evaluation under that name is not.
    assert!(eval(&[]).starts_with("exit: 0\n"));
    assert!(std::fs::read(folder.join("builtin.json")).unwrap() == whole);
    let said = place.run(&["expert", "eval", "careless", "--max-new-tokens", "5"]);
    assert!(said.starts_with("exit: 2\n"), "{said}");
    assert!(
        said.contains("error: `runs/careless-1/eval/builtin.json` holds the report of another evaluation\n"),
        "{said}"
    );
    assert!(said.contains("hint: `--force` overwrites it; `--out FOLDER` writes the report elsewhere"), "{said}");
    assert!(std::fs::read(folder.join("builtin.json")).unwrap() == whole);
    let said = place.run(&["expert", "eval", "careless", "--max-new-tokens", "5", "--force"]);
    assert!(said.starts_with("exit: 0\n"), "{said}");
    assert!(std::fs::read(folder.join("builtin.json")).unwrap() != whole);
}

#[test]
fn a_package_holds_the_figures_of_its_run_and_those_that_are_named() {
    let place = place();
    train(&place, "", &[]);
    let package = |out: &str, more: &[&str]| {
        done(&place, &[&["expert", "package", "careless", "--run", "runs/careless-1", "-o", out], more].concat());
        std::fs::read(place.path("checkout").join(out).join(FILE)).unwrap()
    };
    let before = package("before", &[]);
    done(&place, &["expert", "eval", "careless", "--max-new-tokens", "4", "--run", "runs/careless-1"]);
    done(&place, &["expert", "eval", "careless", "--max-new-tokens", "4", "--run", "runs/careless-1", "--limit", "1"]);
    assert!(package("after", &[]) == before, "what was evaluated in between changes nothing");
    let (_dir, files) = files_of(&place.path("checkout/before").join(FILE));
    let evaluation = json_of(&files["evaluation.json"]);
    assert_eq!((&evaluation["format"], &evaluation["suites"]), (&json!(2), &json!([])));
    let held_out = &evaluation["held_out"];
    assert_eq!((&held_out["asked"], &held_out["of"]), (&json!(2), &json!(4)));
    assert_eq!(held_out["partial_credit"]["expert"]["value"], 0.25);
    assert_eq!(held_out["right_answers"]["expert"]["value"], 0.0);
    let card = |out: &str| {
        let (dir, _files) = files_of(&place.path("checkout").join(out).join(FILE));
        std::fs::read_to_string(dir.path().join("README.md")).unwrap()
    };
    let own = card("before");
    assert!(
        own.contains("| right answers, 2 of 4 held-out records | 0.0 % [0.0, 65.8] | 0.0 % [0.0, 65.8] |"),
        "{own}"
    );
    assert!(own.contains("| partial credit, 2 of 4 held-out records | 0.250 [0.250, 0.250] |"), "{own}");
    assert!(own.contains("no evaluation of a whole suite is in this package"), "{own}");
    assert!(own.contains("hive expert run careless \"…\"\n"), "its question is no `--field`: {own}");

    // Those that are named go in, the same each time, and say which part of the suite they are.
    let with = ["--evaluation", "builtin", "--evaluation", "runs/careless-1/eval/builtin-limit-1.json"];
    let named = package("named", &with);
    assert!(named != before && package("again", &with) == named);
    let own = card("named");
    assert!(own.contains("| right answers, 2 prompts of the suite `builtin` |"), "{own}");
    assert!(own.contains("| partial credit, 1 of 2 prompts of the suite `builtin` |"), "{own}");
    let inspected = done(&place, &["expert", "inspect", &format!("named/{FILE}")]);
    assert!(inspected.contains("right answers 0.0 % → 0.0 % of 2 prompts of `builtin`"), "{inspected}");
    assert!(inspected.contains("partial credit 0.250 → 0.250 of 2 prompts of `builtin`"), "{inspected}");
    // Of another adapter, or of nothing.
    train(&place, "", &["--set", "seed=7", "--set", "learning_rate=0.05"]);
    done(&place, &["expert", "eval", "careless", "--max-new-tokens", "4", "--run", "runs/careless-2"]);
    let other = "runs/careless-2/eval/builtin.json";
    let said = place.run(&["expert", "package", "careless", "--run", "runs/careless-1", "--evaluation", other]);
    assert!(said.starts_with("exit: 1\n") && said.contains("it is of another adapter than the run's"), "{said}");
    let said = place.run(&["expert", "package", "careless", "--run", "runs/careless-1", "--evaluation", "nothing"]);
    assert!(said.starts_with("exit: 2\n") && said.contains("Failed to read `nothing`"), "{said}");
}

#[test]
fn what_was_signed_is_not_written_over_unasked() {
    let place = place();
    train(&place, "", &[]);
    let package = ["expert", "package", "careless"];
    done(&place, &package);
    for name in ["me", "other"] {
        done(&place, &["key", "new", name]);
    }
    let file = format!("dist/{FILE}");
    done(&place, &["expert", "sign", &file, "--key", "me"]);
    let signed = std::fs::read(place.path("checkout").join(&file)).unwrap();
    let is_signed = || std::fs::read(place.path("checkout").join(&file)).unwrap() == signed;
    // The same package is there already, and has a signature more.
    let said = place.run(&package);
    assert!(said.starts_with("exit: 0\n") && said.contains("is already this package, and signed"), "{said}");
    assert!(is_signed());
    place.write("checkout/LICENSE.txt", "Another licence\n");
    let another = [&package[..], &["--license-file", "LICENSE.txt"]].concat();
    let said = place.run(&another);
    assert!(said.starts_with("exit: 2\n") && said.contains(&format!("`{file}` holds a signed package")), "{said}");
    assert!(said.contains("hint: `--force` overwrites it; `--version X.Y.Z` makes another version"), "{said}");
    assert!(is_signed());
    let said = place.run(&["expert", "sign", &file, "--key", "other"]);
    assert!(said.starts_with("exit: 2\n") && said.contains("holds a package that another key has signed"), "{said}");
    assert!(is_signed());
    done(&place, &["expert", "sign", &file, "--key", "me"]);
    assert!(is_signed(), "the same signature again");
    done(&place, &["expert", "sign", &file, "--key", "other", "--force"]);
    assert!(!is_signed());
    done(&place, &[&another[..], &["--force"]].concat());
}

#[test]
fn the_question_to_try_is_one_that_was_answered_rightly() {
    let place = place();
    let four = ["--set", "graded_prompts=4"];
    train(&place, "", &four);
    // To the third of the held-out questions any answer will do; the same are held out again.
    let easy =
        &read(&place, "runs/careless-1/evaluation.json")["held_out"]["expert"]["graded"][2]["prompt"]["question"];
    let easy = [("HIVE_TEST_EASY", easy.as_str().unwrap())];
    let train = |more: &[&str]| {
        let said = place.run_with(&easy, &[&["expert", "train", "careless", "--base", "../tiny"][..], more].concat());
        assert!(said.starts_with("exit: 0\n"), "{said}");
        said
    };
    let said = train(&[&four[..], &["--out", "runs/careless 1"]].concat());
    let evaluation = read(&place, "runs/careless 1/evaluation.json");
    let graded = evaluation["held_out"]["expert"]["graded"].as_array().unwrap();
    let scores: Vec<f64> = graded.iter().map(|g| g["grade"]["score"].as_f64().unwrap()).collect();
    assert_eq!(scores, [0.25, 0.25, 1.0, 0.25]);
    assert!(
        said.contains("  right answers\n    held-out, 4 of 4       25.0 % [4.6, 69.9] → 25.0 % [4.6, 69.9]\n"),
        "{said}"
    );
    let right = graded[2].clone();
    let question = right["prompt"]["question"].as_str().unwrap();
    let command = format!("Try it:  [TARGET]/[PROFILE]/hive expert run careless --run 'runs/careless 1' {question}\n");
    assert!(said.contains(&command), "`{command}` is missing:\n{said}");
    // Pasted, it gives that answer.
    let ask = ["expert", "run", "careless", "--run", "runs/careless 1", "--max-new-tokens", "32", question];
    let output = place.output(&[], &ask);
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), right["completion"].as_str().unwrap().trim());

    // A run that has come to its end says so, and does nothing again.
    let before = std::fs::read(place.path("checkout/runs/careless 1/evaluation.json")).unwrap();
    let said = train(&["--resume", "runs/careless 1"]);
    assert!(said.contains("The run in `runs/careless 1` is already finished; nothing to do"), "{said}");
    assert!(said.contains(&command) && !said.contains("grading"), "{said}");
    assert!(std::fs::read(place.path("checkout/runs/careless 1/evaluation.json")).unwrap() == before);
}

#[test]
fn an_expert_without_eval_prompts_says_so() {
    let place = crate::harness::Place::new();
    let manifest = include_str!("fixtures/careless.json");
    let begin = manifest.find(",\n  \"eval_prompts\"").unwrap();
    let without = format!("{}\n}}\n", &manifest[..begin]);
    place.install_with("careless", &crate::harness::plugin("careless"), &without);
    crate::tiny_base::write_base(&place.path("tiny"));
    crate::tiny_base::write_adapter(&place.path("adapter"));
    let args = ["expert", "eval", "careless", "--base", "../tiny", "--adapter", "../adapter"];
    let said = place.run_with(&[("HIVE_TEST_TRAP", "no-prompts")], &args);
    assert!(said.starts_with("exit: 2\n") && said.contains("error: Expert `careless` has no eval prompts\n"), "{said}");
    assert!(said.contains("give prompts in a file: `--suite FILE`"), "{said}");
}
