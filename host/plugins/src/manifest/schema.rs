//! The JSON schema of a manifest, generated from the SDK's types. Nothing is written by hand here,
//! so that the types remain the only definition.

use hive_sdk::Manifest;
use serde_json::Value;

/// The schema.
pub fn schema() -> Value {
    schemars::schema_for!(Manifest).to_value()
}

/// The text of `manifests/schema/expert.schema.json`, with a final line break.
pub fn schema_json() -> String {
    format!("{:#}\n", schema())
}
