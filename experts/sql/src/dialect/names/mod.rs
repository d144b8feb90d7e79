//! Names: which ones a schema declares and how they are written, and what is known of its columns.
//!
//! ```text
//! declared  tables, columns, keys and the values of rows    origin  what PostgreSQL's types do not say of a column
//! own       names that a statement introduces               reserved  which names need quotes
//! ```

mod declared;
mod origin;
mod own;
mod reserved;

pub(super) use declared::{DeclaredColumn, Names, declared_names};
pub(super) use origin::Origin;
pub(super) use own::own_names;
pub(super) use reserved::{is_reserved, plain};
