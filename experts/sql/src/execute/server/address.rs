//! The address of a server: `postgres://user:password@host:port/database?sslmode=require`, with libpq's defaults
//! and libpq's meaning of `sslmode` and `sslrootcert`. Other parameters are ignored.
//! <https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-PROTECTION>

use std::io;
use std::path::PathBuf;

use url::Url;

/// How a connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SslMode {
    /// Never encrypted.
    Disable,
    /// Encrypted if the server offers it.
    Prefer,
    /// Encrypted, whoever the server is.
    Require,
    /// Encrypted, with a certificate that a trusted root has signed.
    VerifyCa,
    /// The same, and the certificate names the host.
    VerifyFull,
}

/// A server, and as whom to log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    pub host: String,
    pub port: u16,
    pub user: String,
    pub password: Option<String>,
    pub database: String,
    pub ssl_mode: SslMode,
    /// Trusted root certificates, a PEM file; without one those of Mozilla's list.
    pub root_certificates: Option<PathBuf>,
}

impl Address {
    /// Reads a URL.
    ///
    /// # Errors
    /// When it is none, or not of a PostgreSQL server.
    pub fn parse(url: &str) -> io::Result<Self> {
        let url = Url::parse(url).map_err(|e| wrong(&format!("does not parse: {e}")))?;
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return Err(wrong(&format!("begins with `{}:`", url.scheme())));
        }
        let host = url.host_str().filter(|h| !h.is_empty()).ok_or_else(|| wrong("names no host"))?;
        let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
        let user = match url.username() {
            "" => "postgres".to_owned(),
            user => decoded(user),
        };
        let database = decoded(url.path().trim_start_matches('/'));
        let parameter = |name: &str| url.query_pairs().filter(|(key, _)| key == name).last().map(|(_, value)| value);
        let root_certificates = parameter("sslrootcert").map(|path| PathBuf::from(&*path));
        let ssl_mode = match parameter("sslmode").as_deref() {
            None => SslMode::Prefer,
            Some(mode) => ssl_mode(mode, root_certificates.is_some())?,
        };
        Ok(Self {
            host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port: url.port().unwrap_or(5432),
            password: url.password().map(decoded),
            database: if database.is_empty() { user.clone() } else { database },
            user,
            ssl_mode,
            root_certificates,
        })
    }
}

fn wrong(what: &str) -> io::Error {
    let form = "expected `postgres://user:password@host:port/database`";
    io::Error::new(io::ErrorKind::InvalidInput, format!("the database URL {what}; {form}"))
}

/// A mode by its name. As in libpq, `require` verifies the certificate where root certificates are given.
fn ssl_mode(name: &str, has_roots: bool) -> io::Result<SslMode> {
    Ok(match name {
        "disable" => SslMode::Disable,
        "prefer" => SslMode::Prefer,
        "require" if has_roots => SslMode::VerifyCa,
        "require" => SslMode::Require,
        "verify-ca" => SslMode::VerifyCa,
        "verify-full" => SslMode::VerifyFull,
        other => {
            let known = "expected `disable`, `prefer`, `require`, `verify-ca` or `verify-full`";
            let why = format!("the database URL has `sslmode={other}`, {known}");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_read_as_libpq_reads_it() {
        let plain = Address::parse("postgres://localhost").unwrap();
        assert_eq!((plain.host.as_str(), plain.port), ("localhost", 5432));
        assert_eq!((plain.user.as_str(), plain.database.as_str()), ("postgres", "postgres"));
        assert_eq!((plain.password, plain.ssl_mode, plain.root_certificates), (None, SslMode::Prefer, None));

        let whole = Address::parse("postgresql://me:a%20b@[::1]:6000/my%2Fdata?sslmode=verify-full&connect_timeout=3");
        let whole = whole.unwrap();
        assert_eq!((whole.host.as_str(), whole.port), ("::1", 6000));
        assert_eq!((whole.user.as_str(), whole.password.as_deref()), ("me", Some("a b")));
        assert_eq!((whole.database.as_str(), whole.ssl_mode), ("my/data", SslMode::VerifyFull));

        let mode = |query: &str| Address::parse(&format!("postgres://h/d?{query}")).map(|address| address.ssl_mode);
        assert_eq!(mode("sslmode=disable").unwrap(), SslMode::Disable);
        assert_eq!(mode("sslmode=require").unwrap(), SslMode::Require);
        assert_eq!(mode("sslmode=require&sslrootcert=root.pem").unwrap(), SslMode::VerifyCa);
        assert!(mode("sslmode=always").unwrap_err().to_string().contains("`sslmode=always`, expected `disable`"));
    }
}
