//! Credentials for OCI registries (passwords, docker's configuration, tokens), and TLS with a certificate
//! authority of the registry's own.

use std::sync::{Arc, OnceLock};

use hive_net::test_server::{Reply, Seen, Server};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

use crate::docker_registry::DockerRegistry;
use crate::expert_package::{author, trust, user};
use crate::harness::Place;

const DIST: &str = "dist/expert-sql-tiny.v0.1.0.expert";

/// `me` with the password `open sesame`, as bcrypt with 4 rounds.
const HTPASSWD: &str = "me:$2b$04$LT7QgTyo2qpL/VlU/W9i3uvZlkgjE27It/cCwElNvrYIhj2L7KBKy\n";

/// `me:open sesame` in base64.
const ME: &str = "bWU6b3BlbiBzZXNhbWU=";

/// Publishes and returns the output.
fn publish(author: &Place, repository: &str, vars: &[(&str, &str)]) -> String {
    author.run_with(vars, &["expert", "publish", DIST, repository])
}

fn install(user: &Place, repository: &str, vars: &[(&str, &str)]) -> String {
    user.run_with(vars, &["expert", "install", repository, "--base", "../tiny"])
}

#[test]
fn a_password_is_asked_for_and_given() {
    let author = author();
    author.write("htpasswd", HTPASSWD);
    let auth = format!("auth:\n  htpasswd:\n    realm: tests\n    path: {}\n", author.path("htpasswd").display());
    let Some(server) = DockerRegistry::start_with("127.0.0.1", "", &auth) else { return };
    let repository = format!("oci://{}/experts/sql", server.address);
    let said = publish(&author, &repository, &[]);
    assert!(said.starts_with("exit: 2\n") && said.contains("answered 401") && said.contains("`docker login"), "{said}");
    let me = |host, password| {
        [("HIVE_REGISTRY_HOST", host), ("HIVE_REGISTRY_USERNAME", "me"), ("HIVE_REGISTRY_PASSWORD", password)]
    };
    let wrong = me(&server.address, "open barley");
    let said = publish(&author, &repository, &wrong);
    assert!(said.starts_with("exit: 2\n") && said.contains("answered 401") && !said.contains("barley"), "{said}");
    // Credentials for one registry are sent to no other.
    let said = publish(&author, &repository, &me("registry.example", "open sesame"));
    assert!(said.starts_with("exit: 2\n") && said.contains("answered 401"), "{said}");
    let said = publish(&author, &repository, &me(&server.address, "open sesame"));
    assert!(said.starts_with("exit: 0\n"), "{said}");
    // As `docker login` leaves it.
    let user = user(&author);
    trust(&user, &author);
    let config = format!("{{\"auths\": {{\"{}\": {{\"auth\": \"{ME}\"}}}}}}", server.address);
    user.write("docker/config.json", &config);
    let said = install(&user, &repository, &[]);
    assert!(said.contains("installed     sql@0.1.0 for tiny (current)"), "{said}");
}

#[test]
fn tokens_are_got_and_renewed() {
    let Some(server) = DockerRegistry::start() else { return };
    let author = author();
    let itself: Arc<OnceLock<String>> = Arc::default();
    let realm = Arc::clone(&itself);
    // A token is valid for ten requests and one repository.
    let proxy = Server::before(&server.address, move |asked, n| {
        let wanted = format!("Bearer t{}", n / 10);
        match asked {
            Seen { path, authorization, .. } if path.starts_with("/token?") => {
                let scoped = path.contains("service=tests") && path.contains("repository%3Aexperts%2Fsql%3Apull");
                match authorization.as_deref() {
                    Some(who) if who == format!("Basic {ME}") && scoped => {
                        Reply::Answer(200, String::new(), format!("{{\"token\": \"t{}\"}}", (n + 1) / 10))
                    }
                    _ => Reply::Status(401),
                }
            }
            Seen { authorization, .. } if authorization.as_deref() == Some(&wanted) => Reply::Forward,
            _ => {
                let (address, scope) = (realm.get().cloned().unwrap_or_default(), "repository:experts/sql:pull,push");
                let challenge = format!(
                    "www-authenticate: Bearer realm=\"http://{address}/token\",service=\"tests\",scope=\"{scope}\"\r\n"
                );
                Reply::Answer(401, challenge, String::new())
            }
        }
    });
    itself.set(proxy.host().to_owned()).unwrap();
    let repository = format!("oci://{}/experts/sql", proxy.host());
    let said = publish(&author, &repository, &[]);
    assert!(said.starts_with("exit: 2\n") && said.contains("`docker login"), "{said}");
    let right = [
        ("HIVE_REGISTRY_HOST", proxy.host()),
        ("HIVE_REGISTRY_USERNAME", "me"),
        ("HIVE_REGISTRY_PASSWORD", "open sesame"),
    ];
    let said = publish(&author, &repository, &right);
    assert!(said.starts_with("exit: 0\n"), "{said}");
    let tokens = proxy.seen().iter().filter(|asked| asked.path.starts_with("/token?")).count();
    assert!(tokens > 3, "{tokens} tokens for {} requests", proxy.seen().len());
    let user = user(&author);
    trust(&user, &author);
    let said = install(&user, &repository, &right);
    assert!(said.contains("installed     sql@0.1.0 for tiny (current)"), "{said}");
}

#[test]
fn a_registry_elsewhere_is_spoken_to_over_tls_alone() {
    let author = author();
    let user = user(&author);
    trust(&user, &author);
    // An address of this machine that is none of loopback's.
    let host = "0.0.0.0";
    let authority = KeyPair::generate().unwrap();
    let mut of_authority = CertificateParams::new(Vec::new()).unwrap();
    of_authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = of_authority.self_signed(&authority).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec![host.to_owned()]).unwrap();
    let certificate = certificate.signed_by(&key, &Issuer::new(of_authority, authority)).unwrap();
    author.write("server.pem", &certificate.pem());
    author.write("server.key", &key.serialize_pem());
    let ca = author.write("ca.pem", &root.pem()).display().to_string();
    let file = |name: &str| author.path(name).display().to_string();
    let tls = format!("  tls:\n    certificate: {}\n    key: {}\n", file("server.pem"), file("server.key"));
    let Some(server) = DockerRegistry::start_with(host, &tls, "") else { return };
    let repository = format!("oci://{}/experts/sql", server.address);
    let said = publish(&author, &repository, &[]);
    assert!(said.starts_with("exit: 2\n") && said.contains("certificate"), "{said}");
    let trusted = [("HIVE_REGISTRY_CA", ca.as_str())];
    let said = publish(&author, &repository, &trusted);
    assert!(said.starts_with("exit: 0\n"), "{said}");
    let said = install(&user, &repository, &trusted);
    assert!(said.contains("installed     sql@0.1.0 for tiny (current)"), "{said}");
    // A file without certificates trusts nobody.
    let key = file("server.key");
    let said = install(&user, &repository, &[("HIVE_REGISTRY_CA", &key)]);
    assert!(said.starts_with("exit: 2\n") || said.starts_with("exit: 1\n"), "{said}");
    assert!(said.contains("in which there is no certificate"), "{said}");
    // One that speaks plainly is not spoken to.
    let Some(plain) = DockerRegistry::start_with(host, "", "") else { return };
    let said = publish(&author, &format!("oci://{}/experts/sql", plain.address), &[]);
    assert!(said.starts_with("exit: 2\n"), "{said}");
}
