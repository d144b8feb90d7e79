//! Shared by the commands for packages: resolving `FILE|NAME`, the signature policy, and showing a
//! package.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use clap::Args;
use console::style;
use hive_packages::installed::{InstallError, Release, Store};
use hive_packages::trust::{PublicKey, RequireSigned, Ring, Signer};
use hive_packages::{Package, Proof};
use serde_json::{Value, json};

use super::error::{CommandResult, Failure};
use super::output::{note, typed_line};
use crate::context::{Environment, POLICY};

/// The required signature.
#[derive(Debug, Args)]
pub struct Signing {
    /// Required signature: `trusted` (by a key of `hive key list`), `any` or `none` [env:
    /// HIVE_REQUIRE_SIGNED]
    #[arg(long, value_name = "POLICY")]
    require_signed: Option<RequireSigned>,
    /// Accept an unsigned package, without its native code
    #[arg(long, conflicts_with = "require_signed")]
    allow_unsigned: bool,
}

impl Signing {
    /// The effective policy: from an option, else from the environment, else `usual`.
    ///
    /// # Errors
    /// When the environment has an unknown value.
    pub fn policy(&self, env: &Environment, usual: RequireSigned) -> CommandResult<RequireSigned> {
        if self.allow_unsigned {
            return Ok(RequireSigned::None);
        }
        match (self.require_signed, &env.require_signed) {
            (Some(policy), _) => Ok(policy),
            (None, Some(text)) => text.parse().map_err(|why| Failure::misuse(format!("`{POLICY}`: {why}")).into()),
            _ => Ok(usual),
        }
    }
}

/// A package to show: from a file, or installed.
pub struct FoundPackage {
    /// The package.
    pub package: Package,
    /// The installed release, if it is installed.
    pub release: Option<Release>,
}

/// Finds the package: a file, or an installed expert `NAME` or `NAME@VERSION`.
///
/// # Errors
/// When there is none, or its files are inconsistent.
pub fn find_package(env: &Environment, target: &str, base: Option<&str>) -> CommandResult<FoundPackage> {
    let path = Path::new(target);
    if path.is_file() {
        let package = Package::open(path, &staging(env))?;
        return Ok(FoundPackage { package, release: None });
    }
    // Text that can only be a path is not looked up as a name.
    if path.components().count() > 1 || target.ends_with(".expert") {
        return Err(Failure::misuse(format!("There is no package `{target}`"))
            .hint("`hive expert package NAME --run RUN -o DIR` makes one")
            .into());
    }
    let store = Store::of(env.context.home()?);
    // `base` may also be the path of the base model.
    let release = match store.find(target, base) {
        Err(InstallError::NotInstalled { .. }) if base.is_some() => store.find(target, None)?,
        found => found?,
    };
    Ok(FoundPackage { package: release.package()?, release: Some(release) })
}

/// The folder where packages are unpacked for inspection.
pub fn staging(env: &Environment) -> PathBuf {
    env.context
        .home()
        .map_err(InstallError::from)
        .and_then(|home| Store::of(home).staging())
        .unwrap_or_else(|_| std::env::temp_dir())
}

/// Asks the user whether to trust the package's signer, if there is a terminal and the policy
/// requires it. Without a terminal nothing is asked, and nobody is trusted.
///
/// # Errors
/// When the decision cannot be stored.
pub fn ask_trust(package: &Package, policy: RequireSigned, ring: &mut Ring) -> CommandResult {
    let Signer::Stranger(key) = package.signer(ring) else { return Ok(()) };
    if policy != RequireSigned::Trusted || !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Ok(());
    }
    let title = package.description.title();
    note(&format!("`{}` ({title}) is signed by a key that is not known here:", package.shown));
    note(&format!("  {}  (id {})", key.encoded(), key.id()));
    note("Compare it with what its author publishes. Trust it from now on, for all packages and their plugins? [y/N]");
    if matches!(typed_line()?.to_lowercase().as_str(), "y" | "yes") {
        ring.trust_stranger(key)?;
        note(&format!("Trusted as `{}`; `hive key revoke {0}` takes it back", key.id()));
    }
    Ok(())
}

/// The signer, as text.
pub fn signer_text(signer: &Signer) -> String {
    let id = |key: &PublicKey| key.id();
    match signer {
        Signer::Nobody => "none".to_owned(),
        Signer::Trusted(key, name) => format!("by `{name}` ({}), trusted", id(key)),
        Signer::Stranger(key) => format!("by {} ({}), not known here", key.encoded(), id(key)),
        Signer::Revoked(key, name) => format!("{} by `{name}` ({})", style("revoked:").red(), id(key)),
    }
}

/// The signer, as JSON.
pub fn signer_json(signer: &Signer) -> Value {
    let (standing, name) = match signer {
        Signer::Nobody => return Value::Null,
        Signer::Trusted(_, name) => ("trusted", Some(name)),
        Signer::Stranger(_) => ("unknown", None),
        Signer::Revoked(_, name) => ("revoked", Some(name)),
    };
    json!({ "key": signer.key().map(PublicKey::encoded), "name": name, "standing": standing })
}

/// The results of the verification, line by line.
pub fn proof_lines(proof: &Proof, base: &str) -> Vec<String> {
    let distance = &proof.distance;
    vec![
        line("adapter", &format!("all {} tensors applied to base `{base}`", proof.tensors)),
        line("tokens", &format!("of {} golden prompts as recorded", proof.prompts)),
        line(
            "logits",
            &format!(
                "within {:.1e} of the recorded ones without the adapter, {:.1e} with it (allowed {:.0e})",
                distance.base, distance.adapted, proof.tolerance
            ),
        ),
        line("effect", &format!("the adapter moves them by up to {:.2}", distance.effect)),
    ]
}

/// The results of the verification, as JSON.
pub fn proof_json(proof: &Proof, base: &str) -> Value {
    json!({
        "base": base, "tensors": proof.tensors, "prompts": proof.prompts, "tolerance": proof.tolerance,
        "base_difference": proof.distance.base, "adapted_difference": proof.distance.adapted,
        "effect": proof.distance.effect,
    })
}

/// A line of a report: label and value.
pub fn line(label: &str, value: &str) -> String {
    format!("{label:<14}{value}")
}
