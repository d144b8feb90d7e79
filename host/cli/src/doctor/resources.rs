//! What experts can use besides hive, as their manifests declare it: programs and servers.

use std::time::Duration;

use hive_net::connects;
use hive_runtime::asking::flag;
use hive_sdk::Manifest;
use hive_sdk::manifest::{ResourceKind, ResourceSpec};
use serde_json::{Map, Value};

use super::finding::Finding;
use super::program::program;

/// The longest time to wait for a server.
const LIMIT: Duration = Duration::from_secs(3);

/// A finding for each resource of this expert, given the values of its options.
pub(super) fn check(manifest: &Manifest, options: &Map<String, Value>, offline: bool) -> Vec<Finding> {
    manifest.uses.iter().map(|resource| one(&manifest.name, resource, options, offline)).collect()
}

fn one(expert: &str, resource: &ResourceSpec, options: &Map<String, Value>, offline: bool) -> Finding {
    let topic = format!("expert {expert}");
    let name = &resource.name;
    let option = resource.option.as_deref();
    let given = option.and_then(|option| options.get(option)).and_then(Value::as_str);
    match (resource.kind, given) {
        (ResourceKind::Command, given) => {
            let command = given.or(resource.command.as_deref()).unwrap_or_default();
            match program(command) {
                Some(path) => Finding::ok(topic, format!("{name}: `{}`", path.display())),
                None => absent(topic, resource, &format!("`{command}` is not in PATH")),
            }
        }
        (ResourceKind::Url, None) => absent(topic, resource, "none is given"),
        (ResourceKind::Url, Some(url)) => match host_and_port(url, resource.port) {
            None => Finding::ok(topic, format!("{name}: given; its address names no host, so it was not contacted")),
            Some((host, port)) if offline => Finding::ok(topic, format!("{name}: {host}:{port} was not contacted")),
            Some((host, port)) => match connects(&host, port, LIMIT) {
                Ok(()) => Finding::ok(topic, format!("{name}: {host}:{port} accepts connections")),
                Err(why) => Finding::problem(topic, format!("{name}: {host}:{port} cannot be reached: {why}"))
                    .advice("start it, or correct the address"),
            },
        },
    }
}

/// What is not there: fine if the expert has something else to use.
fn absent(topic: String, resource: &ResourceSpec, why: &str) -> Finding {
    let ResourceSpec { name, help, .. } = resource;
    let how = resource
        .option
        .as_ref()
        .map_or_else(|| help.clone(), |option| format!("`--{}` names one: {help}", flag(option)));
    match &resource.otherwise {
        Some(otherwise) => Finding::ok(topic, format!("{name}: {why}; {otherwise}")).advice(how),
        None => Finding::note(topic, format!("{name}: {why}, and the expert needs it")).advice(how),
    }
}

/// Host and port of a URL; nothing else of it is shown, as it may hold a password.
fn host_and_port(url: &str, default: Option<u16>) -> Option<(String, u16)> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next()?.rsplit('@').next()?;
    let (host, port) = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, rest)) => (host, rest.strip_prefix(':')),
        None => authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port))),
    };
    let port = match port {
        Some(port) => port.parse().ok()?,
        None => default?,
    };
    (!host.is_empty()).then(|| (host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Level;
    use hive_tests::check_all;
    use serde_json::json;

    #[test]
    fn only_host_and_port_are_taken_from_a_url() {
        let pair = |host: &str, port| Some((host.to_owned(), port));
        check_all(
            [
                ("db://me:secret@host:1/x?y", Some(9), pair("host", 1)),
                ("db://host/x", Some(9), pair("host", 9)),
                ("db://host/x", None, None),
                ("db://[::1]:5/x", None, pair("::1", 5)),
                ("db:///x?host=/run", Some(9), None),
                ("host:7", None, pair("host", 7)),
            ],
            |(url, default, expected)| assert_eq!(host_and_port(url, default), expected, "{url}"),
        );
    }

    #[test]
    fn a_resource_is_missed_only_if_there_is_nothing_else() {
        let resource = |otherwise: Option<&str>| ResourceSpec {
            name: "a server".to_owned(),
            kind: ResourceKind::Url,
            command: None,
            option: Some("address_url".to_owned()),
            port: Some(1),
            help: "does more".to_owned(),
            otherwise: otherwise.map(str::to_owned),
        };
        let none = Map::new();
        let found = one("x", &resource(Some("the built-in one is used")), &none, false);
        assert_eq!(
            (found.level, found.text.as_str()),
            (Level::Ok, "a server: none is given; the built-in one is used")
        );
        assert_eq!(found.advice.as_deref(), Some("`--address-url` names one: does more"));
        assert_eq!(one("x", &resource(None), &none, false).level, Level::Note);

        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let given = json!({"address_url": format!("db://me:secret@127.0.0.1:{port}/x")});
        let given = given.as_object().unwrap();
        let found = one("x", &resource(None), given, false);
        assert_eq!((found.level, found.text), (Level::Ok, format!("a server: 127.0.0.1:{port} accepts connections")));
        drop(listener);
        let found = one("x", &resource(None), given, false);
        assert!(found.level == Level::Problem && !found.text.contains("secret"), "{found:?}");
        assert_eq!(one("x", &resource(None), given, true).level, Level::Ok);
    }
}
