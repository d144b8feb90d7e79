//! One setting: its value, and where that comes from.

use std::fmt;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::variables::{Variable, Variables};

/// A setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Setting {
    /// The group under which it is shown.
    pub(super) group: &'static str,
    /// Its name.
    pub(super) name: String,
    /// Its value, or `set` if it is secret.
    pub(super) value: String,
    /// Where that comes from.
    pub(super) origin: Origin,
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    /// Nothing sets it.
    Default,
    /// An environment variable.
    Variable(String),
    /// A file.
    File(PathBuf),
}

impl Setting {
    /// The setting that is an environment variable.
    pub(super) fn of_variable(variable: Variable, variables: &Variables) -> Self {
        let name = variable.name.to_owned();
        let (value, origin) = match variables.get(variable) {
            None => (variable.default.to_owned(), Origin::Default),
            Some(_) if variable.secret => ("set".to_owned(), Origin::Variable(name.clone())),
            Some(value) => (value.to_string_lossy().into_owned(), Origin::Variable(name.clone())),
        };
        Self { group: "environment", name, value, origin }
    }

    /// The setting as JSON.
    pub(super) fn as_json(&self) -> Value {
        let (origin, variable, file) = match &self.origin {
            Origin::Default => ("default", None, None),
            Origin::Variable(name) => ("variable", Some(name), None),
            Origin::File(path) => ("file", None, Some(path)),
        };
        json!({
            "group": self.group, "name": self.name, "value": self.value, "origin": origin, "variable": variable,
            "file": file,
        })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Variable(name) => f.write_str(name),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::variables::{HF_TOKEN, HIVE_THREADS};

    #[test]
    fn a_secret_is_set_and_never_shown() {
        let variables = Variables::from([("HF_TOKEN", "hidden"), ("HIVE_THREADS", "2")]);
        let token = Setting::of_variable(HF_TOKEN, &variables);
        assert_eq!((token.value.as_str(), token.origin), ("set", Origin::Variable("HF_TOKEN".to_owned())));
        let threads = Setting::of_variable(HIVE_THREADS, &variables);
        assert_eq!((threads.value.as_str(), threads.origin.to_string()), ("2", "HIVE_THREADS".to_owned()));
        let unset = Setting::of_variable(HF_TOKEN, &Variables::default());
        assert_eq!((unset.value.as_str(), unset.origin), ("none", Origin::Default));
    }
}
