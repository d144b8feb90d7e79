//! Numbers that come from the user: whatever is out of bounds is refused at once, with the bounds.

use crate::harness::Place;
use crate::tiny_base::write_base;
use hive_tests::check_all;

/// Numbers that no argument takes, with what is expected instead of them.
const WRONG: [&str; 6] = ["-1", "1.5", "1e9", "1e17", "100000000000", "NaN"];

#[test]
fn whole_numbers_have_bounds() {
    let place = Place::new();
    check_all(
        [
            ("expert run sql q", &["--max-new-tokens"][..]),
            ("expert eval sql", &["--limit", "--max-new-tokens", "--workers", "--show"]),
            ("expert compare sql --recipe before", &["--steps", "--limit", "--max-new-tokens", "--workers"]),
            ("expert train sql", &["--steps"]),
            ("expert plan sql --arch qwen3-0.6b", &["--steps", "--records", "--held-out", "--record-tokens"]),
            ("expert data sql", &["--workers"]),
            ("expert replay run", &["--steps"]),
            ("bench train --arch qwen3-0.6b", &["--rank", "--seq", "--batch", "--accum", "--steps"]),
            ("bench generate --base x", &["--prompt", "--tokens", "--times"]),
            ("bench machine", &["--tokens"]),
        ],
        |(command, arguments)| {
            for argument in arguments {
                let may_be_none = ["--show", "--held-out"].contains(argument);
                for wrong in WRONG.iter().chain((!may_be_none).then_some(&"0")) {
                    let args: Vec<&str> = command.split(' ').chain([*argument, wrong]).collect();
                    let said = place.run(&args);
                    assert!(
                        said.starts_with("exit: 2\n--- stdout\n--- stderr\nerror: invalid value"),
                        "{args:?}: {said}"
                    );
                    assert!(said.contains("expected a whole number from "), "{args:?}: {said}");
                }
            }
        },
    );
}

#[test]
fn other_numbers_have_bounds_too() {
    let place = Place::new();
    check_all(["--alpha", "--dropout", "--prompt-frac", "--lr", "--weight-decay"], |argument| {
        for wrong in ["-1", "1e9", "1e400", "NaN", "inf", "x"] {
            let said = place.run(&["bench", "train", "--arch", "qwen3-0.6b", argument, wrong]);
            assert!(said.starts_with("exit: 2\n"), "{argument} {wrong}: {said}");
            assert!(said.contains("expected a number from "), "{argument} {wrong}: {said}");
        }
    });
}

#[test]
fn threads_have_bounds() {
    let place = Place::new();
    for name in ["HIVE_THREADS", "RAYON_NUM_THREADS"] {
        check_all(["-1", "1.5", "1000", "1e9", "100000000000", "NaN"], |wrong| {
            let said = place.run_with(&[(name, wrong)], &["expert", "list"]);
            let told = format!("error: `{name}` is `{wrong}`, expected a number from 1 to ");
            assert!(said.starts_with("exit: 2\n") && said.contains(&told), "{said}");
        });
    }
    assert!(place.run_with(&[("HIVE_THREADS", "0")], &["expert", "list"]).contains("expected a number from 1 to "));
    assert!(place.run_with(&[("RAYON_NUM_THREADS", "0")], &["expert", "list"]).starts_with("exit: 0\n"));
}

#[test]
fn texts_longer_than_a_base_reads_are_not_timed() {
    let place = Place::new();
    write_base(&place.path("tiny"));
    let run = |args: &[&str]| place.run(&[&["bench"][..], args, &["--base", "../tiny"]].concat());
    let said = run(&["generate", "--prompt", "4000", "--tokens", "200"]);
    assert!(said.contains("`--prompt` and `--tokens` make 4,200 tokens, the base model reads at most 4,096"), "{said}");
    let said = run(&["train", "--seq", "5000"]);
    assert!(said.contains("`--seq` asks for 5,000 tokens, the base model reads at most 4,096"), "{said}");
    let said = run(&["train", "--seq", "4000", "--batch", "1000"]);
    assert!(
        said.contains("`--batch` and `--seq` make 4,000,000 tokens of a micro-batch, expected at most 131,072"),
        "{said}"
    );
}
