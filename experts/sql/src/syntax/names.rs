//! Names in syntax trees.

use sqlparser::ast::ObjectName;

/// The last part of a dotted name, in lower case.
pub fn last_part(name: &ObjectName) -> String {
    name.0.last().and_then(|part| part.as_ident()).map(|ident| ident.value.to_lowercase()).unwrap_or_default()
}
