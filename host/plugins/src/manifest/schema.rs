//! The JSON schema of a manifest, made from the SDK's types. Nothing is written here by hand, so
//! the types stay the only definition.

use hive_sdk::Manifest;
use serde_json::Value;

/// The schema.
pub fn schema() -> Value {
    schemars::schema_for!(Manifest).to_value()
}

/// The schema as `manifests/schema/expert.schema.json` holds it, with a final line break.
pub fn schema_json() -> String {
    format!("{:#}\n", schema())
}
