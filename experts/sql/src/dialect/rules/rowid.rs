//! SQLite's ROWID, by the name of the column that it is.
//! <https://www.sqlite.org/lang_createtable.html#rowid>

use sqlparser::ast::Expr;

use crate::dialect::rewriter::Rewriter;
use crate::syntax::Dialect;

/// SQLite's ROWID, which is the `INTEGER PRIMARY KEY` of a table that has one.
pub(in crate::dialect) fn rowid(rewriter: &mut Rewriter<'_>, expr: &mut Expr) {
    let (qualifier, name) = match &*expr {
        Expr::Identifier(name) => (None, name),
        Expr::CompoundIdentifier(parts) => match &parts[..] {
            [.., qualifier, name] => (Some(qualifier.value.to_lowercase()), name),
            _ => return,
        },
        _ => return,
    };
    let lower = name.value.to_lowercase();
    if rewriter.dialect != Dialect::Sqlite
        || !rewriter.certain
        || !matches!(lower.as_str(), "rowid" | "_rowid_" | "oid")
        || rewriter.names.has_column(&lower)
    {
        return;
    }
    let Some(table) = rewriter.scopes.table_called(qualifier.as_deref()) else { return };
    let Some(column) = rewriter.names.rowid(&table) else {
        let why = format!("`{name}` of `{table}`, which has no INTEGER PRIMARY KEY, has no counterpart");
        return rewriter.refuse("rowid", why);
    };
    let column = column.ident.clone();
    rewriter.changed("rowid", format!("`{name}` is the key {column}"));
    match expr {
        Expr::CompoundIdentifier(parts) => {
            if let Some(last) = parts.last_mut() {
                *last = column;
            }
        }
        other => *other = Expr::Identifier(column),
    }
}
