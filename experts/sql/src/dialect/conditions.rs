//! Numbers where PostgreSQL wants a truth value: MySQL and SQLite take any number but 0 for true.

use sqlparser::ast::{Expr, Value};

use super::rewriter::Rewriter;
use super::syntax::{brief, is_condition, number};
use super::template::build;

/// Rewrites an expression that stands where PostgreSQL wants a truth value.
pub(super) fn condition(rewriter: &mut Rewriter<'_>, expr: &mut Expr) {
    if is_condition(expr) {
        return;
    }
    let now = match &*expr {
        Expr::Value(value) => number(value).map(|n| Expr::Value(Value::Boolean(n != 0).into())),
        Expr::Nested(inner) => {
            let mut inner = (**inner).clone();
            condition(rewriter, &mut inner);
            *expr = Expr::Nested(Box::new(inner));
            return;
        }
        other => match rewriter.scopes.kind(other) {
            Some(kind) if kind.is_number() => build("$1 <> 0", &[other]),
            _ => None,
        },
    };
    if let Some(now) = now {
        rewriter.changed("condition", format!("the number {} as a condition is written {now}", brief(expr)));
        *expr = now;
    }
}
