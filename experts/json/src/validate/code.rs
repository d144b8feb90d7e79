//! Codes of rejections and findings. They are stable: they are counted and compared between runs.

/// `text` is absent, not text, or blank.
pub const NO_TEXT: &str = "no-text";
/// `schema` is absent, not text, or blank.
pub const NO_SCHEMA: &str = "no-schema";
/// `schema` is no JSON.
pub const SCHEMA_IS_NO_JSON: &str = "schema-is-no-json";
/// `schema` is JSON and no JSON Schema.
pub const NO_JSON_SCHEMA: &str = "no-json-schema";
/// `schema` refers to something outside itself.
pub const REMOTE_REFERENCE: &str = "remote-reference";
/// `json` is absent, not text, or blank.
pub const NO_JSON: &str = "no-json";
/// `json` is no JSON.
pub const JSON_DOES_NOT_PARSE: &str = "json-does-not-parse";

/// Lint: `json` does not conform to `schema`.
pub const DOES_NOT_CONFORM: &str = "does-not-conform";
/// Lint: `json` has a key that `schema` does not describe.
pub const UNKNOWN_KEY: &str = "unknown-key";
/// Lint: a string or number that neither `text` nor `schema` says.
pub const INVENTED_VALUE: &str = "invented-value";
/// Lint: `json` stands in a code fence.
pub const CODE_FENCE: &str = "code-fence";
/// Lint: `json` is longer than its shortest form.
pub const NEEDLESS_WHITESPACE: &str = "needless-whitespace";
/// Lint: the keys are not in the schema's order.
pub const KEY_ORDER: &str = "key-order";
