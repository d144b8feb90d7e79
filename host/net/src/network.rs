//! How the outside world is reached.

use std::ffi::OsString;
use std::time::Duration;

use crate::pip;

/// The public hub; `HF_ENDPOINT` names a mirror.
const PUBLIC_HUB: &str = "https://huggingface.co";

/// How the outside world is reached.
#[derive(Debug, Clone)]
pub struct Network {
    /// Nothing may be fetched.
    pub offline: bool,
    /// Address of the model hub, without a slash at the end.
    pub hub: String,
    /// Bearer token for the hub.
    pub hub_token: Option<String>,
    /// The ways to call pip, in the order tried.
    pub pip: Vec<Vec<OsString>>,
    /// Wait after a first failed attempt; doubles with each.
    pub backoff: Duration,
}

impl Network {
    /// As the environment says: `HIVE_OFFLINE`, `HF_ENDPOINT`, `HF_TOKEN`.
    pub fn from_env() -> Self {
        let text = |name: &str| std::env::var(name).ok().map(|v| v.trim().to_owned()).filter(|v| !v.is_empty());
        let offline = text("HIVE_OFFLINE").is_some_and(|v| !matches!(v.to_lowercase().as_str(), "0" | "false" | "no"));
        let hub = text("HF_ENDPOINT").unwrap_or_else(|| PUBLIC_HUB.to_owned());
        Self {
            offline,
            hub: hub.trim_end_matches('/').to_owned(),
            hub_token: text("HF_TOKEN"),
            pip: pip::default_commands(),
            backoff: Duration::from_millis(500),
        }
    }
}
