//! Every command that the guide and the README write in a code block is one that hive takes. None is run.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::CommandFactory;
use hive_plugins::{Checkout, Experts};

use super::repository;
use crate::Cli;
use crate::expert_flags::with_expert_flags;
use crate::guide::{commands, words};

/// The pages of the guide, and the README.
fn pages(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            pages(&path, found);
        } else if path.extension().is_some_and(|e| e == "md") {
            found.push(path);
        }
    }
}

#[test]
fn every_command_in_the_guide_is_one_that_hive_takes() {
    let mut all = vec![repository().join("README.md"), repository().join("CONTRIBUTING.md")];
    pages(&repository().join("docs"), &mut all);
    let (mut checked, mut wrong) = (0, Vec::new());
    for page in &all {
        for command in commands(&std::fs::read_to_string(page).unwrap()) {
            checked += 1;
            let words: Vec<OsString> = words(&command).into_iter().map(OsString::from).collect();
            let taken =
                with_expert_flags(Cli::command(), &words, || Experts::of(Checkout::at(&repository()).as_ref(), [], []));
            if let Err(error) = taken.try_get_matches_from(words)
                && error.exit_code() != 0
            {
                wrong.push(format!("{}: `{command}`: {error}", page.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(checked > 40, "only {checked} commands were found: are code blocks still found?");
}
