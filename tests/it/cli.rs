//! The command line as a whole: usage, logging, closed pipes.

use std::process::{Command, Stdio};

use crate::harness::{Place, hive};

#[test]
fn misuse_is_exit_code_2() {
    let place = Place::new();
    insta::assert_snapshot!("unknown_command", place.run(&["expert", "lsit"]));
    insta::assert_snapshot!("unknown_flag", place.run(&["expert", "list", "--jsno"]));
}

#[test]
fn a_reader_that_has_gone_is_no_failure() {
    let mut child =
        Command::new(hive()).args(["expert", "schema"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Closed before the schema, which is longer than a pipe holds only on some systems: either way
    // the program must end well.
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}
