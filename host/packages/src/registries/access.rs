//! How a registry is reached: certificates and credentials. They are given; nothing here reads the
//! environment.

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Certificates and credentials for registries.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// A PEM file with the certificates of a registry's own certificate authority.
    pub authority: Option<PathBuf>,
    /// A registry's host, and the credentials to use there and nowhere else.
    pub login: Option<(String, Credential)>,
}

/// Credentials for a registry.
#[derive(Clone, PartialEq, Eq)]
pub enum Credential {
    /// A user name and a password.
    Basic {
        /// The user name.
        username: String,
        /// The password.
        password: String,
    },
    /// A token that is sent as it is.
    Bearer(String),
    /// A refresh token, with which access tokens are requested.
    Identity(String),
}

impl Credential {
    /// The value of an `authorization` header; `None` for a refresh token, which cannot be one.
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

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Secrets are never shown, not even in a log.
        f.write_str(match self {
            Self::Basic { .. } => "Basic",
            Self::Bearer(_) => "Bearer",
            Self::Identity(_) => "Identity",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_become_headers_and_are_never_shown() {
        let basic = Credential::Basic { username: "me".to_owned(), password: "secret".to_owned() };
        assert_eq!(basic.header().unwrap(), "Basic bWU6c2VjcmV0");
        assert_eq!(Credential::Identity("t".to_owned()).header(), None);
        assert!(!format!("{basic:?}").contains("secret"));
    }
}
