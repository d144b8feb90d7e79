//! Patterns: LIKE, REGEXP and GLOB, which want texts and regard case otherwise than PostgreSQL's.

use sqlparser::ast::Expr;

use crate::catalog::ValueKind;
use crate::dialect::rewriter::Rewriter;
use crate::dialect::syntax::{literal, text};
use crate::dialect::template::build;
use crate::dialect::values::shown;
use crate::syntax::Dialect;

/// LIKE and REGEXP: of texts, and without regard to case.
pub(super) fn pattern(rewriter: &mut Rewriter<'_>, expr: &mut Expr) {
    let value = match expr {
        Expr::Like { expr, .. } | Expr::RLike { expr, .. } => expr,
        _ => return,
    };
    if !matches!(rewriter.scopes.kind(value), None | Some(ValueKind::Text))
        && let Some(cast) = shown::as_text(rewriter, value)
    {
        rewriter.changed("text-of-value", "a pattern is compared with a text".to_owned());
        **value = cast;
    }
    match expr {
        Expr::Like { negated, any, expr: value, pattern, escape_char } if rewriter.certain => {
            // Without letters case is nothing.
            let plain = |text: &str| !text.chars().any(|c| c.is_alphabetic() || c == '\\');
            if literal(pattern).is_some_and(|(text, _)| plain(&text)) {
                return;
            }
            // SQLite knows no escape unless one is named.
            if rewriter.dialect == Dialect::Sqlite
                && escape_char.is_none()
                && let Some((given, false)) = literal(pattern)
                && given.contains('\\')
            {
                rewriter.changed("operator", "a backslash in a pattern stands for itself".to_owned());
                **pattern = text(&given.replace('\\', "\\\\"));
            }
            // SQLite knows the case of ASCII's letters alone, as PostgreSQL's collation C does.
            let cased = |c: char| !c.is_ascii() && c.to_lowercase().ne(c.to_uppercase());
            if rewriter.dialect == Dialect::Sqlite
                && let Some((given, false)) = literal(pattern)
                && given.contains(cased)
                && let Some(lower) = build("LOWER($1 COLLATE \"C\")", &[value])
            {
                rewriter.changed("case-in-like", "`LIKE` passes over the case of a to z".to_owned());
                **pattern = text(&given.to_ascii_lowercase());
                **value = lower;
                return;
            }
            rewriter.changed("case-in-like", "`LIKE` passes over case, as ILIKE does".to_owned());
            *expr = Expr::ILike {
                negated: *negated,
                any: *any,
                expr: value.clone(),
                pattern: pattern.clone(),
                escape_char: escape_char.clone(),
            };
        }
        Expr::RLike { negated, expr: value, pattern, .. } => {
            let template = if *negated { "$1 !~* $2" } else { "$1 ~* $2" };
            if let Some(now) = build(template, &[value, pattern]) {
                rewriter.changed("operator", "`REGEXP` is written ~*".to_owned());
                *expr = now;
            }
        }
        _ => {}
    }
}

/// SQLite's GLOB: `*` and `?`, with regard to case.
pub(super) fn glob(rewriter: &mut Rewriter<'_>, expr: &mut Expr) {
    let Expr::BinaryOp { left, right, .. } = expr else { return };
    let Some((pattern, false)) = literal(right) else { return };
    let now = if pattern.contains('[') {
        let mut regex = String::from("^");
        let mut chars = pattern.chars();
        while let Some(c) = chars.next() {
            match c {
                '*' => regex.push_str(".*"),
                '?' => regex.push('.'),
                '[' => {
                    regex.push('[');
                    for inside in chars.by_ref() {
                        regex.push(inside);
                        if inside == ']' {
                            break;
                        }
                    }
                }
                c if c.is_alphanumeric() || c == ' ' || c == '_' => regex.push(c),
                c => regex.extend(['\\', c]),
            }
        }
        regex.push('$');
        build("$1 ~ $2", &[left, &text(&regex)])
    } else {
        let like =
            pattern.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_").replace('*', "%").replace('?', "_");
        build("$1 LIKE $2", &[left, &text(&like)])
    };
    if let Some(now) = now {
        rewriter.changed("operator", "`GLOB` is written as a pattern with regard to case".to_owned());
        *expr = now;
    }
}
