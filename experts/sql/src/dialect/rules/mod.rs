//! The rules, each of which rewrites one thing. None uses another: what several need is in the layers below.

pub(super) mod affinity;
pub(super) mod binary_patterns;
pub(super) mod bit_complement;
pub(super) mod by_bytes;
pub(super) mod calls;
pub(super) mod casts;
pub(super) mod casts_to_text;
pub(super) mod collation;
pub(super) mod date_sums;
pub(super) mod dates;
pub(super) mod json_paths;
pub(super) mod meanings;
pub(super) mod names;
pub(super) mod operators;
pub(super) mod parentheses;
pub(super) mod queries;
pub(super) mod random;
pub(super) mod rowid;
pub(super) mod schema;
pub(super) mod truncated_dates;
pub(super) mod writes;

pub(crate) use queries::completed_groups;
