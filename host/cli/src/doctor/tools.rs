//! Programs that hive calls: cargo and a C compiler for experts of a checkout, pip for base models in wheels.

use std::path::PathBuf;

use hive_net::pip;

use super::finding::Finding;
use super::program::program;
use crate::context::Environment;

/// What was found.
pub(super) struct Tools {
    cargo: Option<PathBuf>,
    compiler: Option<PathBuf>,
    /// pip's command, and the address of its package index.
    pub(super) pip: Option<(String, String)>,
}

impl Tools {
    pub(super) fn search(env: &Environment) -> Self {
        Self {
            cargo: program(&env.builder.cargo.to_string_lossy()),
            compiler: ["cc", "clang", "gcc", "cl"].into_iter().find_map(program),
            pip: pip::found(&env.context.network.pip),
        }
    }

    /// The findings; `to_build` are experts whose library must still be built.
    pub(super) fn findings(&self, to_build: Vec<String>) -> Vec<Finding> {
        let experts = to_build.join(", ");
        let built = |topic: &str, found: &Option<PathBuf>, advice: &str| match found {
            Some(path) => Finding::ok(topic, format!("`{}`, for experts of a source checkout", path.display())),
            None if to_build.is_empty() => {
                let text = "not found; only experts of a source checkout need it";
                Finding::ok(topic, text).advice(advice)
            }
            None => Finding::problem(topic, format!("not found, and needed to build: {experts}")).advice(advice),
        };
        vec![
            built("cargo", &self.cargo, "https://rustup.rs installs it"),
            built("C compiler", &self.compiler, "the system's package of `gcc` or `clang`"),
            match &self.pip {
                Some((command, _)) => Finding::ok("pip", format!("`{command}`, for base models in Python wheels")),
                None => Finding::note("pip", "not found: base models in Python wheels cannot be downloaded")
                    .advice("the system's package of `pip`, or `python3 -m ensurepip`"),
            },
        ]
    }
}
