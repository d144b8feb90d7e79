//! How the outside world is reached.

use std::ffi::OsString;
use std::time::Duration;

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
