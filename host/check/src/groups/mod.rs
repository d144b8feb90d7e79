//! The groups of checks, one file or folder each: what each check expects, and how it is looked at. No group uses another.

pub(crate) mod boundary;
pub(crate) mod data;
pub(crate) mod grade;
pub(crate) mod inspect;
pub(crate) mod manifest;
pub(crate) mod package;
pub(crate) mod render;
pub(crate) mod suite;
pub(crate) mod synthesize;
pub(crate) mod train;
pub(crate) mod validate;
