//! Reads the environment once. Elsewhere it is only read for settings of the process itself (log,
//! threads, vectors) and by libraries.

use std::path::PathBuf;
use std::time::Duration;

use hive_files::KnownDigests;
use hive_net::{Context, Network, pip};
use hive_packages::registries::{Access, Credential};
use hive_plugins::Builder;
use hive_train::recipe::Layers;

use crate::error::CommandResult;
use crate::home::Home;
use crate::screen::Screen;
use crate::variables::{
    CARGO, CARGO_TARGET_DIR, COLUMNS, HF_ENDPOINT, HF_TOKEN, HIVE_OFFLINE, HIVE_REGISTRY_CA, HIVE_REGISTRY_HOST,
    HIVE_REGISTRY_PASSWORD, HIVE_REGISTRY_TOKEN, HIVE_REGISTRY_USERNAME, HIVE_REQUIRE_SIGNED, Variables,
};

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
    /// The home folder, and why there is none.
    pub home: Home,
    /// All variables.
    pub variables: Variables,
}

impl Environment {
    /// From the environment of this process.
    pub fn from_env() -> Self {
        Self::of(Variables::of_process())
    }

    /// From these variables. A home folder that is refused counts as none; [`check_home`](Self::check_home) says why.
    pub fn of(variables: Variables) -> Self {
        let home = Home::of(&variables);
        let folder = home.folder.clone().and_then(Result::ok);
        let target = variables.get(CARGO_TARGET_DIR).map(PathBuf::from);
        let builder = Builder::new(variables.get(CARGO), target, variables.names());
        Self {
            builder: Builder { known: folder.as_deref().map(KnownDigests::of), ..builder },
            context: Context { home: folder, network: network(&variables) },
            access: access(&variables),
            require_signed: variables.text(HIVE_REQUIRE_SIGNED),
            screen: Screen::of_process(variables.text(COLUMNS).and_then(|columns| columns.parse().ok())),
            home,
            variables,
        }
    }

    /// Whether the home folder can be used.
    ///
    /// # Errors
    /// When it is refused.
    pub fn check_home(&self) -> CommandResult {
        self.home.folder.clone().transpose()?;
        Ok(())
    }

    /// The layers that override the manifest's recipe, weakest first: profiles, `hive.toml` in the
    /// current folder, environment variables, `--set`.
    pub fn layers(&self, profiles: Vec<String>, sets: Vec<String>) -> Layers {
        Layers { profiles, file: Some(PathBuf::from("hive.toml")), environment: self.variables.recipe(), sets }
    }
}

/// `HIVE_OFFLINE`, `HF_ENDPOINT`, `HF_TOKEN`.
fn network(variables: &Variables) -> Network {
    let offline = variables.text(HIVE_OFFLINE);
    let hub = variables.text(HF_ENDPOINT).unwrap_or_else(|| HF_ENDPOINT.default.to_owned());
    Network {
        offline: offline.is_some_and(|value| !matches!(value.to_lowercase().as_str(), "0" | "false" | "no")),
        hub: hub.trim_end_matches('/').to_owned(),
        hub_token: variables.text(HF_TOKEN),
        pip: pip::default_commands(),
        backoff: Duration::from_millis(500),
    }
}

/// `HIVE_REGISTRY_CA`, and `HIVE_REGISTRY_HOST` with a token or a user name and a password.
fn access(variables: &Variables) -> Access {
    let credential = match variables.secret(HIVE_REGISTRY_TOKEN) {
        Some(token) => Some(Credential::Bearer(token)),
        None => variables
            .secret(HIVE_REGISTRY_USERNAME)
            .zip(variables.secret(HIVE_REGISTRY_PASSWORD))
            .map(|(username, password)| Credential::Basic { username, password }),
    };
    Access {
        authority: variables.get(HIVE_REGISTRY_CA).map(PathBuf::from),
        login: variables.text(HIVE_REGISTRY_HOST).zip(credential),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env<const N: usize>(variables: [(&str, &str); N]) -> Environment {
        Environment::of(Variables::from(variables))
    }

    #[test]
    fn a_word_says_whether_there_is_a_network() {
        let offline = |value: &str| env([("HIVE_OFFLINE", value)]).context.network.offline;
        assert_eq!(["1", "yes", "0", "No", "false", ""].map(offline), [true, true, false, false, false, false]);
        let hub = env([("HF_ENDPOINT", "http://mirror/ ")]).context.network.hub;
        assert_eq!(hub, "http://mirror");
    }

    #[test]
    fn a_login_is_for_the_registry_that_it_names() {
        let named = [("HIVE_REGISTRY_USERNAME", "me"), ("HIVE_REGISTRY_PASSWORD", " secret")];
        assert_eq!(env(named).access.login, None);
        let basic = Credential::Basic { username: "me".to_owned(), password: " secret".to_owned() };
        let host = ("HIVE_REGISTRY_HOST", "r:5000");
        let login = env([host, named[0], named[1]]).access.login;
        assert_eq!(login, Some(("r:5000".to_owned(), basic)));
        let token = Credential::Bearer("t".to_owned());
        assert_eq!(env([host, ("HIVE_REGISTRY_TOKEN", "t")]).access.login, Some(("r:5000".to_owned(), token)));
    }
}
