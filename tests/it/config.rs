//! `hive config`, and which folders can be the home.

use hive_tests::check_all;
use serde_json::Value;

use crate::harness::Place;

fn settings(place: &Place, vars: &[(&str, &str)]) -> Vec<Value> {
    let output = place.output(vars, &["config", "show", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
    shown["settings"].as_array().unwrap().clone()
}

fn setting(settings: &[Value], name: &str) -> (String, String) {
    let found: Vec<&Value> = settings.iter().filter(|setting| setting["name"] == name).collect();
    assert_eq!(found.len(), 1, "{name}: {found:?}");
    let origin = [&found[0]["variable"], &found[0]["file"], &found[0]["origin"]];
    let origin = origin.into_iter().find_map(Value::as_str).unwrap();
    (found[0]["value"].as_str().unwrap().to_owned(), origin.to_owned())
}

#[test]
fn every_setting_has_a_value_and_an_origin() {
    let place = Place::new();
    place.write("checkout/hive.toml", "[training]\nepochs = 2\nseed = 7\n");
    let key = place.output(&[], &["key", "new", "mine"]);
    assert_eq!(key.status.code(), Some(0));
    let vars = [
        ("HIVE_THREADS", "1"),
        ("HF_TOKEN", "hf_hidden"),
        ("HIVE_REGISTRY_PASSWORD", "hidden too"),
        ("HIVE_TRAINING__EPOCHS", "3"),
    ];
    let shown = settings(&place, &vars);
    let pair = |value: &str, origin: &str| (value.to_owned(), origin.to_owned());
    let home = place.path("home");
    assert_eq!(setting(&shown, "home folder"), pair(home.to_str().unwrap(), "HIVE_HOME"));
    assert_eq!(setting(&shown, "HIVE_THREADS"), pair("1", "HIVE_THREADS"));
    assert_eq!(setting(&shown, "HIVE_VECTORS"), pair("the widest", "default"));
    assert_eq!(setting(&shown, "HF_TOKEN"), pair("set", "HF_TOKEN"));
    assert_eq!(setting(&shown, "training.epochs"), pair("3", "HIVE_TRAINING__EPOCHS"));
    assert_eq!(setting(&shown, "hive expert package --out"), pair("dist", "default"));
    let (value, file) = setting(&shown, "training.seed");
    assert!(value == "7" && file.ends_with("hive.toml"), "{value} {file}");
    let (value, file) = setting(&shown, "key `mine`");
    assert!(value.starts_with("trusted (") && file.ends_with("keys"), "{value} {file}");
    let text = place.run_with(&vars, &["config", "show"]);
    assert!(text.starts_with("exit: 0\n") && text.contains("training.epochs"), "{text}");
    assert!(!text.contains("hidden"), "{text}");
}

#[test]
fn a_home_that_is_elsewhere_in_each_folder_is_refused_and_nothing_is_made() {
    let place = Place::new();
    place.write("checkout/a-file", "");
    let file = place.path("checkout/a-file");
    check_all(
        [
            ("~/hive", "`HIVE_HOME` is `~/hive`, expected an absolute path", "`export HIVE_HOME=\"$HOME/hive\"`"),
            ("hive", "`HIVE_HOME` is `hive`, expected an absolute path", "means the one below this folder"),
            (file.to_str().unwrap(), "is a file", "`HIVE_HOME` names another folder"),
        ],
        |(home, problem, hint)| {
            for command in [&["model", "list"][..], &["expert", "list"], &["key", "new", "x"]] {
                let said = place.run_with(&[("HIVE_HOME", home)], command);
                assert!(said.starts_with("exit: 2\n") && said.contains("error: "), "{said}");
                let plain = place.plain(problem);
                assert!(said.contains(&plain) && said.contains(hint), "{said}");
            }
            // What shows settings shows the refusal.
            let (value, _) = setting(&settings(&place, &[("HIVE_HOME", home)]), "home folder");
            assert!(value.contains(problem), "{value}");
        },
    );
    let mut left: Vec<_> = std::fs::read_dir(place.path("checkout")).unwrap().map(|e| e.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["Cargo.toml", "a-file", "experts", "manifests", "sdk"]);
}
