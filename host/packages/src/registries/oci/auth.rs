//! Authentication at an OCI registry: where the credentials come from, and the challenges with which a
//! registry asks for them (<https://distribution.github.io/distribution/spec/auth/token/>).

use docker_credential::DockerCredential;

use crate::registries::access::{Access, Credential};

/// The credentials for `host`: those that were given for it, or else those stored by `docker login`.
pub(super) fn credential_for(host: &str, access: &Access) -> Option<Credential> {
    // Credentials are sent to no registry other than the one they were given for.
    if let Some((_, credential)) = access.login.as_ref().filter(|(login_host, _)| login_host == host) {
        return Some(credential.clone());
    }
    // Without docker's configuration, or an entry in it, access is anonymous, which a registry may allow.
    match docker_credential::get_credential(host) {
        Ok(DockerCredential::UsernamePassword(username, password)) => Some(Credential::Basic { username, password }),
        Ok(DockerCredential::IdentityToken(token)) => Some(Credential::Identity(token)),
        Err(error) => {
            tracing::debug!("docker's configuration has nothing for {host}: {error}");
            None
        }
    }
}

/// How a registry wants requests to be authenticated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Challenge {
    /// With user name and password in every request.
    Basic,
    /// With a token from a token service.
    Bearer {
        /// The token service's address.
        realm: String,
        /// The service that the token is for.
        service: Option<String>,
        /// What the token allows.
        scope: Option<String>,
    },
}

impl Challenge {
    /// Parses a `www-authenticate` header (RFC 9110, section 11.6.1).
    pub(super) fn parse(header: &str) -> Option<Self> {
        let (scheme, rest) = header.trim().split_once(' ').unwrap_or((header.trim(), ""));
        if scheme.eq_ignore_ascii_case("basic") {
            return Some(Self::Basic);
        }
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let value = |name: &str| parameters(rest).into_iter().find(|(key, _)| key == name).map(|(_, value)| value);
        Some(Self::Bearer { realm: value("realm")?, service: value("service"), scope: value("scope") })
    }
}

/// `key="value"` pairs separated by commas; a quoted value may contain commas.
fn parameters(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text.trim_start_matches([' ', ',']);
    while let Some((key, after)) = rest.split_once('=') {
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => after.split_once(',').unwrap_or((after, "")),
        };
        found.push((key.trim().to_lowercase(), value.trim().to_owned()));
        rest = next.trim_start_matches([' ', ',']);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use hive_tests::check_all;

    #[test]
    fn challenges_are_read() {
        let header =
            r#"Bearer realm="https://auth.example/token",service="registry.example",scope="repository:a/b:pull,push""#;
        let expected = Challenge::Bearer {
            realm: "https://auth.example/token".to_owned(),
            service: Some("registry.example".to_owned()),
            scope: Some("repository:a/b:pull,push".to_owned()),
        };
        assert_eq!(Challenge::parse(header), Some(expected));
        assert_eq!(Challenge::parse(r#"basic realm="x""#), Some(Challenge::Basic));
        check_all(["", "Digest realm=\"x\"", "Bearer service=\"x\"", "Bearer"], |none| {
            assert_eq!(Challenge::parse(none), None, "{none}");
        });
    }
}
