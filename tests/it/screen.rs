//! How much is printed, and how wide.

use std::process::{Command, Stdio};

use hive_tests::check_all;
use serde_json::Value;

use crate::expert_train::{TRAIN, place};
use crate::harness::{Place, hive};

/// Exit code, stdout and stderr.
fn said(place: &Place, vars: &[(&str, &str)], args: &[&str]) -> (Option<i32>, String, String) {
    let output = place.output(vars, args);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn quiet_prints_results_and_errors_only() {
    let place = place();
    let train = [&["-q"], &TRAIN[..], &["--set", "graded_prompts=0", "--json"]].concat();
    let (code, result, rest) = said(&place, &[], &train);
    assert_eq!((code, rest.as_str()), (Some(0), ""));
    assert!(serde_json::from_str::<Value>(&result).unwrap()["adapter"].is_string(), "{result}");
    let (code, result, rest) = said(&place, &[], &[&["-q"], &TRAIN[..], &["--set", "graded_prompts=1"]].concat());
    assert_eq!((code, rest.as_str()), (Some(0), ""));
    assert!(result.starts_with("Result of training") && !result.contains("Try it"), "{result}");

    place.write("checkout/pets.sql", "CREATE TABLE pets (pet_id INT PRIMARY KEY, name TEXT);\n");
    let ask = ["run", "sql", "--schema", "pets.sql", "--max-new-tokens", "4", "How many pets are there?"];
    let (_, loud_answer, loud) = said(&place, &[], &ask);
    assert!(loud.contains("Asking run"), "{loud}");
    let (code, answer, rest) = said(&place, &[], &[&ask[..], &["--quiet"]].concat());
    assert_eq!((code, rest.as_str()), (Some(0), ""));
    assert_eq!(answer, loud_answer);

    // Errors stay, hints do not.
    let (code, _, rest) = said(&place, &[], &["expert", "run", "sqll", "x", "-q"]);
    assert_eq!(code, Some(2));
    assert!(rest.starts_with("error: ") && !rest.contains("hint:"), "{rest}");
}

/// A line may be wider for a path, a command to copy or the user's own data.
fn is_excused(line: &str) -> bool {
    line.contains('`') || line.contains('/') || line.contains("--") || line.trim_start().starts_with('…')
}

#[track_caller]
fn assert_fits(text: &str, width: usize) {
    let wide: Vec<&str> = text.lines().filter(|line| line.chars().count() > width && !is_excused(line)).collect();
    assert!(wide.is_empty(), "wider than {width} columns:\n{}\n\nof:\n{text}", wide.join("\n"));
}

#[test]
fn training_fits_eighty_columns() {
    let place = place();
    let train = [&TRAIN[..], &["--set", "steps=2"]].concat();
    let vars = [("COLUMNS", "")];
    let (code, result, rest) = said(&place, &vars, &train);
    assert_eq!(code, Some(0), "{rest}");
    assert_fits(&result, 80);
    assert_fits(&rest, 80);
    let heads = |text: &str| text.lines().filter(|line| line.len() > 10).map(|l| l[..10].trim().to_owned()).collect();
    let heads: Vec<String> = heads(&rest.replace('→', "-"));
    let plan: Vec<&str> =
        heads.iter().map(String::as_str).filter(|head| ["plan", "steps", "cost"].contains(head)).collect();
    assert_eq!(plan, ["plan", "steps", "cost"], "{rest}");
    assert!(!rest.contains("weight decay") && !rest.contains("recipe"), "{rest}");
    // The result is the last block.
    let block = result.split("\n\n").last().unwrap();
    assert!(block.contains("Result of training") && block.contains("Adapter:") && block.contains("Try it"), "{result}");

    let (_, _, rest) = said(&place, &vars, &[&train[..], &["-v", "--out", "runs/verbose"]].concat());
    assert!(rest.contains("      rate 2e-4, weight decay") || rest.contains("weight decay"), "{rest}");
    assert!(rest.contains("    recipe --set: "), "{rest}");
}

/// What a terminal of this many columns is shown: its lines, and each state of a line that is drawn again. `None` if the
/// command fails, or there is no `script`.
fn on_terminal(place: &Place, columns: usize, args: &[&str]) -> Option<String> {
    let (success, text) = on_terminal_of(place, (columns, 50), args)?;
    success.then_some(text)
}

/// As [`on_terminal`], for a terminal of this many columns and rows, whether or not the command succeeds.
fn on_terminal_of(place: &Place, (columns, rows): (usize, usize), args: &[&str]) -> Option<(bool, String)> {
    let words: Vec<String> = args.iter().map(|arg| format!("'{arg}'")).collect();
    let line = format!("stty cols {columns} rows {rows}; '{}' {}", hive().display(), words.join(" "));
    let vars = place.command(&[("TERM", "xterm")], &[]);
    let mut command = Command::new("script");
    command.args(["-qec", &line, "/dev/null"]).current_dir(place.path("checkout")).stdin(Stdio::null());
    vars.get_envs().for_each(|(name, value)| match value {
        Some(value) => drop(command.env(name, value)),
        None => drop(command.env_remove(name)),
    });
    let output = command.output().ok()?;
    let text = without_escapes(&String::from_utf8_lossy(&output.stdout)).replace('\r', "\n");
    Some((output.status.success(), text))
}

/// `text` without the sequences that move the cursor or set colours.
fn without_escapes(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        let end = after.find(|c: char| c.is_ascii_alphabetic()).map_or(after.len(), |at| at + 1);
        // A line that is drawn over another begins anew.
        plain.push_str(if after[..end].ends_with(['A', 'K']) { "\n" } else { "" });
        rest = &after[end..];
    }
    plain + rest
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    let place = place();
    let train = [&TRAIN[..], &["--set", "steps=2"]].concat();
    // Three runs, of which two are compared below.
    for columns in [60, 80, 120] {
        let Some(text) = on_terminal(&place, columns, &train) else { return };
        assert_fits(&text, columns);
        let step = text.lines().find(|line| line.contains("step 2/2  loss ")).unwrap_or_else(|| panic!("{text}"));
        assert!(step.contains(" tok/s  ") && step.contains(" left"), "{step}");
        assert_eq!(step.contains("  lr "), columns == 120, "{step}");
    }
    for args in [
        &["runs", "list"][..],
        &["runs", "show", "sql-1"],
        &["runs", "compare", "sql-1", "sql-2"],
        &["model", "list"],
        &["expert", "list"],
        &["expert", "use", "sql", "--run", "sql-1"],
        &["cache", "show"],
        &["config", "show"],
        &["doctor", "--offline"],
        &["help", "train"],
        &["--help"],
    ] {
        for columns in [60, 80] {
            let text = on_terminal(&place, columns, args).unwrap_or_else(|| panic!("{args:?}"));
            assert_fits(&text, columns);
        }
        // Nothing panics on the narrowest.
        assert!(on_terminal(&place, 20, args).is_some(), "{args:?}");
    }
}

/// The longest line.
fn widest(text: &str) -> usize {
    text.lines().map(|line| line.chars().count()).max().unwrap_or(0)
}

#[test]
fn what_is_wrong_with_a_command_line_is_said_within_the_terminal() {
    let place = Place::new();
    check_all(
        [
            &["adapter", "probe", "--base", "x"][..],
            &["train", "sql", "--steps", "many"],
            &["train", "sql", "--resume", "--out", "here", "--quiet", "--verbose"],
            &["runs", "compare", "one"],
            &["expert", "run", "--an-option-that-no-command-has", "sql"],
        ],
        |args| {
            for columns in [40, 80] {
                let Some((success, text)) = on_terminal_of(&place, (columns, 50), args) else { return };
                assert!(!success && text.contains("error: "), "{text}");
                assert!(widest(&text) <= columns, "{} columns of {columns}:\n{text}", widest(&text));
            }
        },
    );
}

#[test]
fn a_terminal_that_does_not_know_its_size_has_eighty_columns() {
    let place = Place::new();
    for args in [&["help", "train"][..], &["train", "--help"], &["--help"]] {
        let Some((_, text)) = on_terminal_of(&place, (0, 0), args) else { return };
        assert!((70..=80).contains(&widest(&text)), "{} columns:\n{text}", widest(&text));
    }
}

#[test]
#[cfg(target_os = "linux")]
fn help_that_cannot_be_written_is_an_error() {
    let place = Place::new();
    for args in [&["--help"][..], &["--version"], &["help"], &["train", "--help"]] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let output = place.command(&[], args).stdout(full).stderr(Stdio::piped()).output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && text.starts_with("error: Failed to write to stdout"), "{text}");
    }
}

#[test]
fn verbose_logs_at_level_info_unless_told_otherwise() {
    let place = place();
    let train = [&TRAIN[..], &["--set", "graded_prompts=0"]].concat();
    let verbose = [&["expert", "-v"], &train[1..]].concat();
    let (_, _, rest) = said(&place, &[], &train);
    assert!(!rest.contains(" INFO "), "{rest}");
    let (code, _, rest) = said(&place, &[], &verbose);
    assert!(code == Some(0) && rest.contains(" INFO "), "{rest}");
    let (_, _, rest) = said(&place, &[("HIVE_LOG", "off")], &verbose);
    assert!(!rest.contains(" INFO "), "{rest}");
}

#[test]
fn levels_are_flags_of_every_command_and_exclude_each_other() {
    let place = Place::new();
    check_all([&["-q", "model", "list"][..], &["model", "-v", "list"], &["model", "list", "--quiet"]], |args| {
        assert_eq!(place.output(&[], args).status.code(), Some(0), "{args:?}");
    });
    let (code, _, rest) = said(&place, &[], &["-q", "-v", "model", "list"]);
    assert!(code == Some(2) && rest.contains("cannot be used with"), "{rest}");
}

#[test]
fn a_log_level_that_is_none_is_refused() {
    let place = Place::new();
    check_all(["loud", "hive_train", "hive_train=loud"], |value| {
        let (code, _, rest) = said(&place, &[("HIVE_LOG", value)], &["model", "list"]);
        assert_eq!(code, Some(2), "{value}");
        assert!(rest.contains(&format!("`HIVE_LOG` is `{value}`, expected `off`, `error`, `warn`, `info`")), "{rest}");
    });
}
