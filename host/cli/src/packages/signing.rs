//! Which signature a package must have: the options for it, and the decision to trust a signer that is not known yet.

use std::io::IsTerminal;

use clap::Args;
use hive_packages::Package;
use hive_packages::trust::{RequireSigned, Ring, Signer};

use crate::builtin::is_builtin;
use crate::context::Environment;
use crate::error::{CommandResult, Failure};
use crate::output::typed_line;
use crate::screen::Screen;
use crate::variables::HIVE_REQUIRE_SIGNED;

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
            (None, Some(text)) => {
                text.parse().map_err(|why| Failure::misuse(format!("`{}`: {why}", HIVE_REQUIRE_SIGNED.name)).into())
            }
            _ => Ok(usual),
        }
    }
}

/// The policy for a package from this source if nothing else is said. What came with hive is trusted as hive itself is.
pub fn usual_policy(source: &str) -> RequireSigned {
    if is_builtin(source) { RequireSigned::None } else { RequireSigned::Trusted }
}

/// Asks the user whether to trust the package's signer, if there is a terminal and the policy
/// requires it. Without a terminal nothing is asked, and nobody is trusted.
///
/// # Errors
/// When the decision cannot be stored.
pub fn ask_trust(screen: Screen, package: &Package, policy: RequireSigned, ring: &mut Ring) -> CommandResult {
    let Signer::Stranger(key) = package.signer(ring) else { return Ok(()) };
    if policy != RequireSigned::Trusted || !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Ok(());
    }
    let title = package.description.title();
    screen.say(&format!("`{}` ({title}) is signed by a key that is not known here:", package.shown));
    screen.say(&format!("  {}  (id {})", key.encoded(), key.id()));
    screen.say(
        "Compare it with what its author publishes. Trust it from now on, for all packages and their plugins? [y/N]",
    );
    if matches!(typed_line()?.to_lowercase().as_str(), "y" | "yes") {
        ring.trust_stranger(key)?;
        screen.note(&format!("Trusted as `{}`; `hive key revoke {0}` takes it back", key.id()));
    }
    Ok(())
}
