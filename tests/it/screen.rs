//! How much is printed, and how wide.

use hive_tests::check_all;
use serde_json::Value;

use crate::expert_train::{TRAIN, place};
use crate::harness::Place;

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
