//! The environment variables that set something, in one table: hive reads no other through [`Variables`]. Keys of the
//! recipe are not listed one by one. Some of the variables are read by libraries, such as those for proxies and colours.

use std::ffi::OsString;
use std::fmt;

/// A variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What counts if it is unset.
    pub default: &'static str,
    /// Its value is never shown.
    pub secret: bool,
}

/// Declares a constant for each variable, and the table of all.
macro_rules! variables {
    ($($name:ident $default:literal $($secret:ident)?,)*) => {
        $(pub(crate) const $name: Variable =
            Variable { name: stringify!($name), default: $default, secret: variables!(@ $($secret)?) };)*
        /// All variables, in the order in which they are shown.
        pub(crate) const ALL: &[Variable] = &[$($name),*];
    };
    (@ secret) => { true };
    (@) => { false };
}

variables! {
    HIVE_HOME "below XDG_DATA_HOME or the home folder",
    XDG_DATA_HOME "~/.local/share",
    HOME "none",
    USERPROFILE "none",
    HIVE_OFFLINE "no",
    HF_ENDPOINT "https://huggingface.co",
    HF_TOKEN "none" secret,
    HTTPS_PROXY "none" secret,
    HTTP_PROXY "none" secret,
    ALL_PROXY "none" secret,
    NO_PROXY "none",
    HIVE_THREADS "one per core",
    RAYON_NUM_THREADS "one per core",
    HIVE_VECTORS "the widest",
    HIVE_LOG "off",
    HIVE_LOG_FORMAT "text",
    NO_COLOR "colours on terminals",
    COLUMNS "80",
    HIVE_REQUIRE_SIGNED "trusted to install and update, none to verify",
    HIVE_REGISTRY_HOST "none",
    HIVE_REGISTRY_USERNAME "none",
    HIVE_REGISTRY_PASSWORD "none" secret,
    HIVE_REGISTRY_TOKEN "none" secret,
    HIVE_REGISTRY_CA "the system's",
    DOCKER_CONFIG "~/.docker",
    CARGO "cargo",
    CARGO_TARGET_DIR "the checkout's target folder",
}

/// The environment as it was when the program started.
#[derive(Clone, Default)]
pub struct Variables(Vec<(OsString, OsString)>);

impl Variables {
    /// Those of this process.
    pub fn of_process() -> Self {
        Self(std::env::vars_os().collect())
    }

    /// The value, as it is set.
    pub fn raw(&self, variable: Variable) -> Option<OsString> {
        self.0.iter().find(|(known, _)| known == variable.name).map(|(_, value)| value.clone())
    }

    /// The value. An empty variable counts as unset, as the XDG specification requires.
    pub fn get(&self, variable: Variable) -> Option<OsString> {
        self.raw(variable).filter(|value| !value.is_empty())
    }

    /// The value without surrounding blanks, if it is text.
    pub fn text(&self, variable: Variable) -> Option<String> {
        let text = self.get(variable)?.into_string().ok()?;
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    /// The value as it is, if it is text: a password may begin or end with a space.
    pub fn secret(&self, variable: Variable) -> Option<String> {
        self.get(variable)?.into_string().ok()
    }

    /// The names of all variables that are set.
    pub fn names(&self) -> Vec<OsString> {
        self.0.iter().map(|(name, _)| name.clone()).collect()
    }

    /// Names and values that begin with `HIVE_`, for the recipe.
    pub fn recipe(&self) -> Vec<(String, String)> {
        let text = |value: &OsString| value.to_str().map(str::to_owned);
        let all = self.0.iter().filter_map(|(name, value)| Some((text(name)?, text(value)?)));
        all.filter(|(name, _)| name.to_ascii_uppercase().starts_with("HIVE_")).collect()
    }
}

/// Names only: values may be secret.
impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

#[cfg(test)]
impl<const N: usize> From<[(&str, &str); N]> for Variables {
    fn from(variables: [(&str, &str); N]) -> Self {
        Self(variables.iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The guide's page on the environment.
    const PAGE: &str = include_str!("../../../docs/environment.md");

    /// The words in backticks in the first column of the page's tables that look like variables.
    fn documented() -> Vec<&'static str> {
        let cells = PAGE.lines().filter_map(|line| line.strip_prefix("| `")?.split(" |").next());
        let words = cells.flat_map(|cell| cell.split([',', ' ', '`'])).filter(|word| word.len() > 2);
        words.filter(|word| word.chars().all(|c| c.is_ascii_uppercase() || c == '_')).collect()
    }

    #[test]
    fn experts_do_not_see_what_is_secret() {
        // Proxies are for whoever uses the network.
        let secret = ALL.iter().filter(|variable| variable.secret && !variable.name.ends_with("_PROXY"));
        let mut secret: Vec<&str> = secret.map(|variable| variable.name).collect();
        secret.sort_unstable();
        assert_eq!(secret, hive_plugins::SECRETS);
    }

    #[test]
    fn the_page_on_the_environment_lists_the_variables_that_are_read() {
        let mut documented = documented();
        documented.sort_unstable();
        let mut read: Vec<&str> = ALL.iter().map(|variable| variable.name).collect();
        read.sort_unstable();
        assert_eq!(documented, read);
    }

    #[test]
    fn an_empty_variable_counts_as_unset_and_values_are_not_debugged() {
        let variables = Variables::from([("HF_TOKEN", "hidden"), ("HIVE_OFFLINE", ""), ("COLUMNS", " 60 ")]);
        assert_eq!((variables.get(HIVE_OFFLINE), variables.raw(HIVE_OFFLINE)), (None, Some("".into())));
        assert_eq!(variables.text(COLUMNS).as_deref(), Some("60"));
        assert!(!format!("{variables:?}").contains("hidden"));
    }
}
