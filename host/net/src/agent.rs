//! The HTTP client: time limits, redirects and TLS.

use std::time::Duration;

use ureq::Agent;
use ureq::config::RedirectAuthHeaders;
use ureq::tls::{RootCerts, TlsConfig};

/// How a server differs from an ordinary web server.
#[derive(Debug, Default)]
pub struct AgentOptions {
    /// The certificates to trust, instead of the usual ones.
    pub roots: Option<RootCerts>,
    /// Whether to refuse connections without TLS.
    pub tls_only: bool,
    /// Whether the server is on this machine, so that no proxy is used.
    pub local: bool,
    /// Whether an answer may take minutes: a registry may first have to read what it was sent.
    pub patient: bool,
    /// The longest time of a whole request, if there is a limit.
    pub limit: Option<Duration>,
}

/// An HTTP client that never sends credentials to a second host.
pub fn agent(options: &AgentOptions) -> Agent {
    let answer = Duration::from_secs(if options.patient { 300 } else { 30 });
    let config = Agent::config_builder()
        .http_status_as_error(false)
        // A redirect to another host never carries the token; one to the same host may.
        .redirect_auth_headers(RedirectAuthHeaders::SameHost)
        .timeout_resolve(Some(Duration::from_secs(10)))
        .timeout_connect(Some(Duration::from_secs(10)))
        .timeout_recv_response(Some(answer))
        .timeout_global(options.limit)
        .timeout_send_body(Some(Duration::from_secs(600)))
        .https_only(options.tls_only)
        .timeout_per_read(Some(Duration::from_secs(60)))
        .user_agent(concat!("hive/", env!("CARGO_PKG_VERSION")))
        // Lengths and ranges count the file's own bytes, so the transfer must not be compressed.
        .accept_encoding("identity");
    let config = if options.local { config.proxy(None) } else { config };
    let config = match &options.roots {
        Some(roots) => config.tls_config(TlsConfig::builder().root_certs(roots.clone()).build()),
        None => config,
    };
    config.build().into()
}
