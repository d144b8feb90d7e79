//! The network policy, and whether the servers that hive would use answer.

use std::time::Duration;

use hive_net::answers;

use super::Doctor;
use super::finding::{Finding, Level};
use super::tools::Tools;
use crate::context::Environment;

/// The longest time to wait for a server.
const LIMIT: Duration = Duration::from_secs(5);

/// One server, or the policy.
pub(super) struct Reached {
    /// Which server.
    pub(super) server: Server,
    /// What was found.
    pub(super) finding: Finding,
}

/// A kind of server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Server {
    /// All of them: none may be contacted.
    Policy,
    /// The model hub.
    Hub,
    /// pip's package index.
    Index,
    /// A registry of packages.
    Registry,
}

/// Asks every server at the same time.
pub(super) fn check(doctor: &Doctor, env: &Environment, tools: &Tools) -> Vec<Reached> {
    let network = &env.context.network;
    let policy = |finding| vec![Reached { server: Server::Policy, finding }];
    if network.offline {
        let text = "offline by `HIVE_OFFLINE`: nothing is downloaded, no server was contacted";
        return policy(Finding::note("network", text).advice("unset `HIVE_OFFLINE` to download"));
    }
    if doctor.offline {
        return policy(Finding::ok("network", "downloads are allowed; no server was contacted, by `--offline`"));
    }
    let mut servers = vec![(Server::Hub, "model hub", network.hub.clone())];
    servers.extend(tools.pip.as_ref().map(|(_, index)| (Server::Index, "package index", index.clone())));
    let registry = env.access.login.as_ref().map(|(host, _)| format!("https://{host}/v2/"));
    servers.extend(registry.map(|url| (Server::Registry, "registry", url)));
    std::thread::scope(|scope| {
        let asked: Vec<_> = servers
            .into_iter()
            .map(|(server, name, url)| scope.spawn(move || Reached { server, finding: ask(server, name, &url) }))
            .collect();
        asked.into_iter().filter_map(|thread| thread.join().ok()).collect()
    })
}

fn ask(server: Server, name: &str, url: &str) -> Finding {
    match answers(url, LIMIT) {
        // pip has certificates of its own: a server whose certificate hive does not know is there.
        Err(why) if server == Server::Index && why.contains("certificate") => {
            Finding::ok(name, format!("`{}` is there; pip checks its certificate", without_login(url)))
        }
        Ok(()) => Finding::ok(name, format!("`{}` answers", without_login(url))),
        Err(why) => Finding::note(name, format!("`{}` cannot be reached: {why}", without_login(url)))
            .advice("check the connection and the variables for proxies; what is on this machine works without it"),
    }
}

/// The address without a user and a password in it.
fn without_login(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    format!("{scheme}://{}{path}", authority.rsplit('@').next().unwrap_or_default())
}

/// Whether downloads from this kind of server are known to fail.
pub(super) fn is_out_of_reach(network: &[Reached], server: Server) -> bool {
    let fails = |reached: &Reached| reached.finding.level != Level::Ok;
    network.iter().any(|reached| [server, Server::Policy].contains(&reached.server) && fails(reached))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_in_an_address_is_not_shown() {
        assert_eq!(without_login("https://me:secret@host:8/a@b"), "https://host:8/a@b");
        assert_eq!(without_login("https://host/simple"), "https://host/simple");
    }
}
