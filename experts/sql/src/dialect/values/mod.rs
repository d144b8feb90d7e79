//! What several rules know of values: how the other database reads, compares and shows them, and what the record's
//! own rows say of them.

pub(super) mod bytes;
pub(super) mod days;
pub(super) mod dependencies;
pub(super) mod enums;
pub(super) mod json_values;
pub(super) mod letter_case;
pub(super) mod numbers;
pub(super) mod shown;
pub(super) mod signed;
pub(super) mod types;
