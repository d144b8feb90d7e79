//! A file that is somewhere else.

use serde::{Deserialize, Serialize};

/// A file to be fetched.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RemoteFile {
    /// Its plain name.
    pub name: String,
    /// Its length in bytes, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Its sha256, lower-case hex.
    pub sha256: String,
}
