//! What the commands about packages share: what a person means by `FILE|NAME`, what is asked of
//! signatures, and how a package is shown.

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

/// What is asked of signatures.
#[derive(Debug, Args)]
pub struct Signing {
    /// What the signature must be: `trusted` (by a key of `hive key list`), `any` or `none`
    /// [env: HIVE_REQUIRE_SIGNED]
    #[arg(long, value_name = "POLICY")]
    require_signed: Option<RequireSigned>,
    /// Take it though nobody has signed it; its native code is then left out
    #[arg(long, conflicts_with = "require_signed")]
    allow_unsigned: bool,
}

impl Signing {
    /// The policy that is meant: of an option, else of the environment, else `usual`.
    ///
    /// # Errors
    /// When the environment names none that there is.
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

/// A package that is looked at: a file's, or an installed one.
pub struct Looked {
    /// The package.
    pub package: Package,
    /// How it is installed, if it is.
    pub release: Option<Release>,
}

/// The package that `what` means: a file, or an installed expert `NAME` or `NAME@VERSION`.
///
/// # Errors
/// When there is neither, or its files do not belong together.
pub fn look(env: &Environment, what: &str, base: Option<&str>) -> CommandResult<Looked> {
    let path = Path::new(what);
    if path.is_file() {
        let package = Package::open(path, &staging(env))?;
        return Ok(Looked { package, release: None });
    }
    // What can only be a path is not looked for among names.
    if path.components().count() > 1 || what.ends_with(".expert") {
        return Err(Failure::misuse(format!("There is no package `{what}`"))
            .hint("`hive expert package NAME --run RUN -o DIR` makes one")
            .into());
    }
    let store = Store::of(env.context.home()?);
    // `base` may also say where the base lies.
    let release = match store.find(what, base) {
        Err(InstallError::NotInstalled { .. }) if base.is_some() => store.find(what, None)?,
        found => found?,
    };
    Ok(Looked { package: release.package()?, release: Some(release) })
}

/// Where packages that are only looked at are unpacked.
pub fn staging(env: &Environment) -> PathBuf {
    env.context
        .home()
        .map_err(InstallError::from)
        .and_then(|home| Store::of(home).staging())
        .unwrap_or_else(|_| std::env::temp_dir())
}

/// Lets the package's signer be trusted by the person at the terminal, if there is one and the
/// policy wants it. Without a terminal nothing is asked, and nobody is trusted.
///
/// # Errors
/// When the answer cannot be written down.
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

/// Whose signature it is, in words.
pub fn signer_text(signer: &Signer) -> String {
    let id = |key: &PublicKey| key.id();
    match signer {
        Signer::Nobody => "none".to_owned(),
        Signer::Trusted(key, name) => format!("by `{name}` ({}), trusted", id(key)),
        Signer::Stranger(key) => format!("by {} ({}), not known here", key.encoded(), id(key)),
        Signer::Revoked(key, name) => format!("{} by `{name}` ({})", style("revoked:").red(), id(key)),
    }
}

/// Whose signature it is, as JSON.
pub fn signer_json(signer: &Signer) -> Value {
    let (standing, name) = match signer {
        Signer::Nobody => return Value::Null,
        Signer::Trusted(_, name) => ("trusted", Some(name)),
        Signer::Stranger(_) => ("unknown", None),
        Signer::Revoked(_, name) => ("revoked", Some(name)),
    };
    json!({ "key": signer.key().map(PublicKey::encoded), "name": name, "standing": standing })
}

/// What was proved, line by line.
pub fn proof_lines(proof: &Proof, base: &str) -> Vec<String> {
    let distance = &proof.distance;
    vec![
        line("adapter", &format!("{0}/{0} tensors applied to base `{base}`", proof.tensors)),
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

/// What was proved, as JSON.
pub fn proof_json(proof: &Proof, base: &str) -> Value {
    json!({
        "base": base, "tensors": proof.tensors, "prompts": proof.prompts, "tolerance": proof.tolerance,
        "base_difference": proof.distance.base, "adapted_difference": proof.distance.adapted,
        "effect": proof.distance.effect,
    })
}

/// A line of a report: what, and what it is.
pub fn line(what: &str, is: &str) -> String {
    format!("{what:<14}{is}")
}
