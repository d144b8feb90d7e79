//! A package's signer, as text and as JSON.

use console::style;
use hive_packages::trust::{PublicKey, Signer};
use serde_json::{Value, json};

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
