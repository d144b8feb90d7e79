//! `hive key`: key pairs for signing packages, and keys of others that are trusted or revoked.

use clap::Subcommand;
use hive_packages::trust::{KeyStatus, PublicKey, Ring};
use serde_json::json;

use super::columns::Table;
use super::error::{CommandResult, Failure};
use super::output::result;
use crate::context::Environment;

/// Keys: create, list, show, trust, revoke.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Create a key pair for signing packages; its public key is printed
    New {
        /// Name of the key on this machine
        name: String,
    },
    /// List all known keys
    List {
        /// Print JSON: `{"keys": [{"name", "id", "public", "standing", "secret"}]}`
        #[arg(long)]
        json: bool,
    },
    /// Print a public key, for users who want to trust it
    Show {
        /// Name or id of the key
        name: String,
    },
    /// Trust a publisher's key: their packages may be installed, and their plugins run
    Trust {
        /// Public key, as `hive key show` prints it: `ed25519:…`
        key: String,
        /// Name of the key on this machine [default: its id]
        #[arg(long)]
        name: Option<String>,
    },
    /// Revoke a key: packages signed by it are rejected from now on
    Revoke {
        /// Name or id of the key
        name: String,
    },
}

/// Runs `hive key`.
///
/// # Errors
/// A [`hive_packages::trust::TrustError`], which carries its hint.
pub fn run(command: KeyCommand, env: &Environment) -> CommandResult {
    let mut ring = Ring::of(env.context.home()?)?;
    match command {
        KeyCommand::New { name } => {
            let key = ring.create(&name)?;
            result(&key.encoded())?;
            env.screen
                .note(&format!("Made key `{name}` ({}); `hive expert sign FILE --key {name}` signs with it", key.id()));
            Ok(())
        }
        KeyCommand::List { json } => list(env, &ring, json),
        KeyCommand::Show { name } => {
            let found = ring.keys().iter().find(|key| key.name == name || key.public.id() == name);
            let known = ring.keys().iter().map(|key| format!("`{}`", key.name)).collect::<Vec<_>>().join(", ");
            let missing = || {
                let known = if known.is_empty() { "none".to_owned() } else { known.clone() };
                Failure::misuse(format!("There is no key `{name}` (there are: {known})"))
                    .hint("`hive key list` shows all")
            };
            result(&found.ok_or_else(missing)?.public.encoded())
        }
        KeyCommand::Trust { key, name } => {
            let key: PublicKey = key.parse()?;
            ring.trust(name.as_deref().unwrap_or(&key.id()), key)?;
            let name = ring.find(&key).map_or_else(|| key.id(), |known| known.name.clone());
            env.screen.note(&format!("`{name}` ({}) is trusted now", key.id()));
            Ok(())
        }
        KeyCommand::Revoke { name } => {
            let name = ring.revoke(&name)?;
            env.screen.note(&format!("`{name}` is revoked: what it has signed is refused from now on"));
            Ok(())
        }
    }
}

fn list(env: &Environment, ring: &Ring, json: bool) -> CommandResult {
    let standing = |standing| match standing {
        KeyStatus::Trusted => "trusted",
        KeyStatus::Revoked => "revoked",
    };
    if json {
        let keys: Vec<_> = ring
            .keys()
            .iter()
            .map(|key| {
                json!({
                    "name": key.name, "id": key.public.id(), "public": key.public.encoded(),
                    "standing": standing(key.standing), "secret": ring.has_secret(&key.name),
                })
            })
            .collect();
        return result(&format!("{:#}", json!({ "keys": keys })));
    }
    if ring.keys().is_empty() {
        env.screen.note("No keys yet: `hive key new NAME` makes one, `hive key trust KEY --name NAME` adds somebody's");
        return Ok(());
    }
    let head = ["KEY", "ID", "STANDING", "SECRET", "PUBLIC"];
    let rows = ring.keys().iter().map(|key| {
        let secret = if ring.has_secret(&key.name) { "here" } else { "-" };
        [key.name.clone(), key.public.id(), standing(key.standing).to_owned(), secret.to_owned(), key.public.encoded()]
    });
    // `hive key show` prints the public key.
    result(&Table::headed(head, rows).dropping(&[4, 3]).lines(env.screen.table_width()).join("\n"))
}
