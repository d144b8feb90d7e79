//! Who one is to a registry: credentials from the environment or from docker's configuration, and the
//! tokens that a registry asks for (<https://distribution.github.io/distribution/spec/auth/token/>).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use docker_credential::DockerCredential;

use crate::registries::Access;

/// What a registry is told.
#[derive(Clone, PartialEq, Eq)]
pub enum Credential {
    /// A name and a password.
    Basic {
        /// The name.
        username: String,
        /// The password.
        password: String,
    },
    /// A token that stands for itself.
    Bearer(String),
    /// A token that others are got with.
    Identity(String),
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Never shown, not even in a log.
        f.write_str(match self {
            Self::Basic { .. } => "Basic",
            Self::Bearer(_) => "Bearer",
            Self::Identity(_) => "Identity",
        })
    }
}

impl Credential {
    /// For this host: what was given for it, or what `docker login` left.
    pub(super) fn of(host: &str, access: &Access) -> Option<Self> {
        // What is meant for one registry is told to no other.
        if let Some((_, credential)) = access.login.as_ref().filter(|(meant, _)| meant == host) {
            return Some(credential.clone());
        }
        // Without a configuration, or an entry in it, one is nobody; the registry may take that.
        match docker_credential::get_credential(host) {
            Ok(DockerCredential::UsernamePassword(username, password)) => Some(Self::Basic { username, password }),
            Ok(DockerCredential::IdentityToken(token)) => Some(Self::Identity(token)),
            Err(error) => {
                tracing::debug!("docker's configuration has nothing for {host}: {error}");
                None
            }
        }
    }

    /// As an `authorization` header, where it can stand there by itself.
    pub(super) fn header(&self) -> Option<String> {
        match self {
            Self::Basic { username, password } => {
                Some(format!("Basic {}", STANDARD.encode(format!("{username}:{password}"))))
            }
            Self::Bearer(token) => Some(format!("Bearer {token}")),
            Self::Identity(_) => None,
        }
    }
}

/// What a registry wants to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Challenge {
    /// Name and password with every request.
    Basic,
    /// A token from elsewhere.
    Bearer {
        /// Where it is had.
        realm: String,
        /// For which service.
        service: Option<String>,
        /// For doing what.
        scope: Option<String>,
    },
}

impl Challenge {
    /// Reads a `www-authenticate` header (RFC 9110, section 11.6.1).
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

/// `key="value"` pairs, with commas between them that may also stand within the quotes.
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
        for none in ["", "Digest realm=\"x\"", "Bearer service=\"x\"", "Bearer"] {
            assert_eq!(Challenge::parse(none), None, "{none}");
        }
    }

    #[test]
    fn credentials_become_headers_and_are_never_shown() {
        let basic = Credential::Basic { username: "me".to_owned(), password: "secret".to_owned() };
        assert_eq!(basic.header().unwrap(), "Basic bWU6c2VjcmV0");
        assert_eq!(Credential::Identity("t".to_owned()).header(), None);
        assert!(!format!("{basic:?}").contains("secret"));
    }
}
