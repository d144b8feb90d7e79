//! How servers are reached.

use std::ffi::OsString;
use std::time::Duration;

/// How servers are reached.
#[derive(Debug, Clone)]
pub struct Network {
    /// Whether nothing may be downloaded.
    pub offline: bool,
    /// Address of the model hub, without a trailing slash.
    pub hub: String,
    /// Bearer token for the hub.
    pub hub_token: Option<String>,
    /// Commands that may be pip, in the order in which they are tried.
    pub pip: Vec<Vec<OsString>>,
    /// Delay after the first failed attempt; doubles with each.
    pub backoff: Duration,
}
