//! Names as the schema writes them, whatever their quotes and case in the statement. SQLite takes a name in double
//! quotes that names nothing for a text.

use std::collections::BTreeSet;

use sqlparser::ast::{Expr, Ident, Statement, Value};

use super::database::without_databases;
use crate::dialect::names::{own_names, plain};
use crate::dialect::rewriter::Rewriter;
use crate::syntax::Dialect;
use crate::syntax::walk::{self, Edit};

/// Writes the names of a statement as the schema does.
pub(in crate::dialect) fn statement(rewriter: &mut Rewriter<'_>, statement: &mut Statement) {
    if matches!(statement, Statement::Query(_) | Statement::Insert(_) | Statement::Update(_) | Statement::Delete(_)) {
        without_databases(rewriter, statement);
    }
    let own = own_names(std::slice::from_ref(statement));
    let mut writer = Writer { rewriter, own };
    walk::edit(statement, &mut writer);
}

struct Writer<'r, 'n> {
    rewriter: &'r mut Rewriter<'n>,
    own: BTreeSet<String>,
}

impl Writer<'_, '_> {
    fn write(&mut self, ident: &mut Ident) {
        let names = self.rewriter.names;
        let known = names.column_ident(&ident.value).or_else(|| names.table_ident(&ident.value));
        let written = match known {
            // The schema's own writing, unless it needs no quotes and the statement gave none.
            Some(known) if known.quote_style.is_some() => known.clone(),
            _ if ident.quote_style.is_none() => return,
            _ => plain(ident),
        };
        if written.value == ident.value && written.quote_style == ident.quote_style {
            return;
        }
        let what = format!("`{}` is written {written}", ident.value);
        self.rewriter.changed("quoted-name", what);
        *ident = written;
    }

    /// A name in double quotes that nothing has is a text, in SQLite.
    fn is_text(&self, ident: &Ident) -> bool {
        let names = self.rewriter.names;
        ident.quote_style == Some('"')
            && names.column_ident(&ident.value).is_none()
            && names.table_ident(&ident.value).is_none()
            && !self.own.contains(&ident.value.to_lowercase())
            && !matches!(self.rewriter.dialect, Dialect::Postgres)
    }
}

impl Edit for Writer<'_, '_> {
    fn expr(&mut self, expr: &mut Expr) {
        if let Expr::Identifier(ident) = expr
            && self.is_text(ident)
        {
            let what = format!("\"{}\" names nothing, so it is the text '{}'", ident.value, ident.value);
            self.rewriter.changed("double-quoted-text", what);
            *expr = Expr::Value(Value::SingleQuotedString(ident.value.clone()).into());
        }
        if let Expr::Value(value) = expr
            && let Value::DoubleQuotedString(text) = &value.value
        {
            self.rewriter.changed("double-quoted-text", format!("the text \"{text}\" stands in single quotes"));
            *expr = Expr::Value(Value::SingleQuotedString(text.clone()).into());
        }
    }

    fn ident(&mut self, ident: &mut Ident) {
        self.write(ident);
    }
}
