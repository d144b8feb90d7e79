//! The reference pages of the guide, generated from the command line and the recipe's types; and a
//! check that every command in the guide is valid.
//!
//! `just reference` writes the pages.

mod checks;
mod commands;
mod examples;
mod recipe_keys;

use std::path::{Path, PathBuf};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Compares a page with the expected text; writes it when `HIVE_WRITE_REFERENCE` is set.
fn check(page: &str, text: &str) {
    let path = repository().join("docs/reference").join(page);
    if std::env::var_os("HIVE_WRITE_REFERENCE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == text, "`docs/reference/{page}` is out of date: `just reference` writes it");
}
