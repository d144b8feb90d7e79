//! LIKE and REGEXP with regard to case, as MySQL has them beside BINARY and binary collations.

use sqlparser::ast::{BinaryOperator, Expr};

use crate::catalog::ValueKind;
use crate::dialect::collations::{bare, is_binary};
use crate::dialect::rewriter::Rewriter;
use crate::dialect::syntax::{brief, literal, text};
use crate::dialect::template::build;
use crate::dialect::values::letter_case::compares_with_regard;
use crate::syntax::Dialect;

/// LIKE and REGEXP with regard to case: `LIKE BINARY`, columns with such a collation, JSON's texts.
pub(in crate::dialect) fn binary_pattern(rewriter: &mut Rewriter<'_>, expr: &mut Expr) {
    if !rewriter.certain || rewriter.dialect != Dialect::MySql {
        return;
    }
    let (Expr::RLike { expr: value, pattern, .. } | Expr::Like { expr: value, pattern, .. }) = &*expr else { return };
    let written = is_binary(value) || is_binary(pattern);
    if !written && !compares_with_regard(&rewriter.scopes, value, pattern) {
        return;
    }
    let json = match bare(value) {
        Expr::BinaryOp { op: BinaryOperator::Arrow, .. } => true,
        Expr::Function(function) => crate::syntax::last_part(&function.name) == "json_extract",
        // Bytes have a pattern of their own.
        value => {
            rewriter.scopes.declared(&value).is_some_and(|column| column.kind == ValueKind::Other && !column.bytes)
        }
    };
    let value = if json { build("CAST($1 AS TEXT)", &[value]) } else { Some(bare(value)) };
    let (Some(value), pattern) = (value, bare(pattern)) else { return };
    let (now, what) = match expr {
        Expr::RLike { negated, .. } => {
            let template = if *negated { "$1 !~ $2" } else { "$1 ~ $2" };
            (build(template, &[&value, &pattern]), "`REGEXP` with regard to case is written ~")
        }
        Expr::Like { negated, escape_char, .. } => {
            let Some(pattern) = escaped(&pattern, escape_char.as_deref()) else {
                let why = format!("the ESCAPE of {} is known only where its pattern is written out", brief(expr));
                return rewriter.refuse("pattern-escape", why);
            };
            let template = if *negated { "$1 !~~ $2" } else { "$1 ~~ $2" };
            (build(template, &[&value, &pattern]), "`LIKE` with regard to case is written ~~")
        }
        _ => return,
    };
    if let Some(now) = now {
        rewriter.changed("operator", what.to_owned());
        *expr = now;
    }
}

/// A pattern whose escapes are backslashes.
fn escaped(pattern: &Expr, escape: Option<&Expr>) -> Option<Expr> {
    let Some(escape) = escape else { return Some(pattern.clone()) };
    let (escape, _) = literal(escape)?;
    let (given, _) = literal(pattern)?;
    if escape == "\\" {
        return Some(pattern.clone());
    }
    let mut out = String::new();
    let mut chars = given.chars();
    while let Some(c) = chars.next() {
        match c {
            c if escape.chars().eq([c]) => out.extend(chars.next().into_iter().flat_map(|next| ['\\', next])),
            '\\' => out.push_str("\\\\"),
            c => out.push(c),
        }
    }
    Some(text(&out))
}
