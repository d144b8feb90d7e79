//! Reads the environment once. Elsewhere it is only read for settings of the process itself (log,
//! threads, vectors) and by libraries.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use hive_net::{Context, Network, pip};
use hive_packages::registries::{Access, Credential};
use hive_plugins::Builder;
use hive_train::recipe::Layers;

use crate::screen::Screen;

/// The public hub; `HF_ENDPOINT` names a mirror.
const PUBLIC_HUB: &str = "https://huggingface.co";

/// The variable for the signature policy, used when no option sets it.
pub const POLICY: &str = "HIVE_REQUIRE_SIGNED";

/// What the environment variables say, read once at start.
#[derive(Debug, Clone)]
pub struct Environment {
    /// Paths and network access.
    pub context: Context,
    /// How experts of a checkout are built.
    pub builder: Builder,
    /// Access to registries.
    pub access: Access,
    /// `HIVE_REQUIRE_SIGNED`.
    pub require_signed: Option<String>,
    /// What is printed besides results.
    pub screen: Screen,
    /// Variables that begin with `HIVE_`, for the recipe's environment layer.
    pub recipe: Vec<(String, String)>,
}

impl Environment {
    /// From the environment of this process.
    pub fn from_env() -> Self {
        Self::from_variables(&std::env::vars_os().collect::<Vec<_>>())
    }

    fn from_variables(variables: &[(OsString, OsString)]) -> Self {
        let variable = |name: &str| variables.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        // Empty variables count as unset, as the XDG specification requires.
        let get = |name: &str| variable(name).filter(|value| !value.is_empty());
        let names = variables.iter().map(|(name, _)| name.clone()).collect();
        Self {
            context: Context { home: home(&get), network: network(&get) },
            builder: Builder::new(get("CARGO"), get("CARGO_TARGET_DIR").map(PathBuf::from), names),
            access: access(&get),
            require_signed: text(&get, POLICY),
            screen: Screen::of_process(text(&get, "COLUMNS").and_then(|columns| columns.parse().ok())),
            recipe: recipe(variables),
        }
    }
}

/// The variables that may set recipe keys.
fn recipe(variables: &[(OsString, OsString)]) -> Vec<(String, String)> {
    let text = |value: &OsString| value.to_str().map(str::to_owned);
    let all = variables.iter().filter_map(|(name, value)| Some((text(name)?, text(value)?)));
    all.filter(|(name, _)| name.to_ascii_uppercase().starts_with("HIVE_")).collect()
}

impl Environment {
    /// The layers that override the manifest's recipe, weakest first: profiles, `hive.toml` in the
    /// current folder, environment variables, `--set`.
    pub fn layers(&self, profiles: Vec<String>, sets: Vec<String>) -> Layers {
        Layers { profiles, file: Some(PathBuf::from("hive.toml")), environment: self.recipe.clone(), sets }
    }
}

type Variables<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// `HIVE_HOME`, else `$XDG_DATA_HOME/hive`, else `~/.local/share/hive`.
fn home(get: Variables<'_>) -> Option<PathBuf> {
    let folder = |name: &str| get(name).map(PathBuf::from);
    folder("HIVE_HOME")
        .or_else(|| folder("XDG_DATA_HOME").filter(|path| path.is_absolute()).map(|path| path.join("hive")))
        .or_else(|| folder("HOME").or_else(|| folder("USERPROFILE")).map(|path| path.join(".local/share/hive")))
}

fn text(get: Variables<'_>, name: &str) -> Option<String> {
    get(name)?.into_string().ok().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// Not trimmed: a password may begin or end with a space.
fn secret(get: Variables<'_>, name: &str) -> Option<String> {
    get(name)?.into_string().ok()
}

/// `HIVE_OFFLINE`, `HF_ENDPOINT`, `HF_TOKEN`.
fn network(get: Variables<'_>) -> Network {
    let offline = text(get, "HIVE_OFFLINE");
    let hub = text(get, "HF_ENDPOINT").unwrap_or_else(|| PUBLIC_HUB.to_owned());
    Network {
        offline: offline.is_some_and(|value| !matches!(value.to_lowercase().as_str(), "0" | "false" | "no")),
        hub: hub.trim_end_matches('/').to_owned(),
        hub_token: text(get, "HF_TOKEN"),
        pip: pip::default_commands(),
        backoff: Duration::from_millis(500),
    }
}

/// `HIVE_REGISTRY_CA`, and `HIVE_REGISTRY_HOST` with a token or a user name and a password.
fn access(get: Variables<'_>) -> Access {
    let credential = match secret(get, "HIVE_REGISTRY_TOKEN") {
        Some(token) => Some(Credential::Bearer(token)),
        None => secret(get, "HIVE_REGISTRY_USERNAME")
            .zip(secret(get, "HIVE_REGISTRY_PASSWORD"))
            .map(|(username, password)| Credential::Basic { username, password }),
    };
    Access {
        authority: get("HIVE_REGISTRY_CA").map(PathBuf::from),
        login: text(get, "HIVE_REGISTRY_HOST").zip(credential),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(variables: &[(&str, &str)]) -> Environment {
        let owned: Vec<_> = variables.iter().map(|(name, value)| (name.into(), value.into())).collect();
        Environment::from_variables(&owned)
    }

    #[test]
    fn hive_home_wins_then_xdg_then_the_home_folder() {
        let all = [("HIVE_HOME", "h"), ("XDG_DATA_HOME", "/x"), ("HOME", "/u")];
        let home = |variables: &[(&str, &str)]| env(variables).context.home;
        assert_eq!(home(&all), Some("h".into()));
        assert_eq!(home(&all[1..]), Some("/x/hive".into()));
        assert_eq!(home(&all[2..]), Some("/u/.local/share/hive".into()));
        assert_eq!(home(&[("HIVE_HOME", ""), ("HOME", "/u")]), Some("/u/.local/share/hive".into()));
        assert_eq!(home(&[]), None);
    }

    #[test]
    fn a_word_says_whether_there_is_a_network() {
        let offline = |value: &str| env(&[("HIVE_OFFLINE", value)]).context.network.offline;
        assert_eq!(["1", "yes", "0", "No", "false", ""].map(offline), [true, true, false, false, false, false]);
        let hub = env(&[("HF_ENDPOINT", "http://mirror/ ")]).context.network.hub;
        assert_eq!(hub, "http://mirror");
    }

    #[test]
    fn a_login_is_for_the_registry_that_it_names() {
        let login = |variables: &[(&str, &str)]| env(variables).access.login;
        let named = [("HIVE_REGISTRY_USERNAME", "me"), ("HIVE_REGISTRY_PASSWORD", " secret")];
        assert_eq!(login(&named), None);
        let basic = Credential::Basic { username: "me".to_owned(), password: " secret".to_owned() };
        let host = ("HIVE_REGISTRY_HOST", "r:5000");
        assert_eq!(login(&[host, named[0], named[1]]), Some(("r:5000".to_owned(), basic)));
        let token = Credential::Bearer("t".to_owned());
        assert_eq!(login(&[host, ("HIVE_REGISTRY_TOKEN", "t")]), Some(("r:5000".to_owned(), token)));
    }
}
