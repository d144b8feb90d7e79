//! Paths into JSON: MySQL and SQLite write `doc->>'$.a[0]'` and `JSON_EXTRACT(doc, '$.a')`, PostgreSQL
//! follows one key or index at a time. Read there, `'$.a'` would be a key that no object has, so that
//! every value is NULL in silence.
//!
//! <https://dev.mysql.com/doc/refman/8.4/en/json-search-functions.html>,
//! <https://www.sqlite.org/json1.html>, <https://www.postgresql.org/docs/current/functions-json.html>

use sqlparser::ast::{BinaryOperator, Expr, Function, Value};

use super::comparisons::{literal, text};
use super::functions::{arguments, brief, integer};
use super::names::Kind;
use super::template::build;
use super::{Dialect, Rewriter};
use crate::schema::last_part;

/// One step of a path.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
}

/// The steps of a path; `None` when it may lead to several places, or is no path.
fn steps(path: &str) -> Option<Vec<Step>> {
    let mut rest = path.trim().strip_prefix('$')?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix("[") {
            let (index, after) = after.split_once(']')?;
            steps.push(Step::Index(index.trim().parse().ok()?));
            rest = after;
        } else if let Some(after) = rest.strip_prefix(".\"") {
            let (key, after) = after.split_once('"')?;
            steps.push(Step::Key(key.to_owned()));
            rest = after;
        } else {
            let after = rest.strip_prefix('.')?;
            let end = after.find(['.', '[']).unwrap_or(after.len());
            let key = &after[..end];
            if key.is_empty() || key.contains('*') {
                return None;
            }
            steps.push(Step::Key(key.to_owned()));
            rest = &after[end..];
        }
    }
    (!steps.is_empty()).then_some(steps)
}

/// Rewrites an operator or a call that follows a path.
pub(super) fn expr(rewriter: &mut Rewriter<'_>, expr: &mut Expr) {
    if rewriter.dialect == Dialect::Postgres {
        return;
    }
    let now = match &*expr {
        Expr::BinaryOp { left, op: op @ (BinaryOperator::Arrow | BinaryOperator::LongArrow), right } => {
            let Some((path, false)) = literal(right) else { return };
            if !path.trim_start().starts_with('$') {
                // SQLite takes a key or an index as PostgreSQL does; of a text it is one of JSON.
                return as_json(rewriter, expr);
            }
            follow(rewriter, left, &path, *op == BinaryOperator::LongArrow)
        }
        Expr::Function(function) => match call(rewriter, function) {
            Some(now) => now,
            None => return,
        },
        _ => return,
    };
    match now {
        Some(now) => {
            rewriter.changed("json-path", format!("{} is written {}", brief(expr), brief(&now)));
            *expr = now;
        }
        None => {
            let why =
                format!("the path of {} may lead to several values or is none, expected keys and indexes", brief(expr));
            rewriter.refuse("json-path", why);
        }
    }
}

/// A call that follows a path: what it becomes, if that can be said.
fn call(rewriter: &Rewriter<'_>, function: &Function) -> Option<Option<Expr>> {
    let arguments = arguments(function)?;
    let sqlite = rewriter.dialect == Dialect::Sqlite;
    let path = |path: &Expr| literal(path).filter(|(_, number)| !number).map(|(path, _)| path);
    Some(match (last_part(&function.name).as_str(), &arguments[..]) {
        // SQLite's is a value of SQL, MySQL's one of JSON.
        ("json_extract", [document, at]) => path(at).and_then(|path| {
            if path == "$" { as_document(rewriter, document) } else { follow(rewriter, document, &path, sqlite) }
        }),
        ("json_extract", [_, _, _, ..]) => None,
        ("json_value", [document, at]) => path(at).and_then(|path| follow(rewriter, document, &path, true)),
        ("json_unquote", [Expr::BinaryOp { left, op: BinaryOperator::Arrow, right }]) => {
            build("$1 ->> $2", &[left, right])
        }
        ("json_unquote", [Expr::Nested(inner)]) => match &**inner {
            Expr::BinaryOp { left, op: BinaryOperator::Arrow, right } => build("$1 ->> $2", &[left, right]),
            _ => return None,
        },
        ("json_contains", [document, value]) => contains(as_document(rewriter, document)?, value),
        ("json_contains", [document, value, at]) => {
            contains(path(at).and_then(|path| follow(rewriter, document, &path, false))?, value)
        }
        ("json_array_length", [document]) if sqlite => {
            let document = as_document(rewriter, document)?;
            build("JSON_ARRAY_LENGTH($1)", &[&document])
        }
        ("json_array_length", [document, at]) if sqlite => {
            let array = path(at).and_then(|path| follow(rewriter, document, &path, false))?;
            build("JSON_ARRAY_LENGTH($1)", &[&array])
        }
        _ => return None,
    })
}

fn contains(document: Expr, value: &Expr) -> Option<Expr> {
    build("CAST($1 AS JSONB) @> CAST($2 AS JSONB)", &[&document, value])
}

/// The document's value at a path, as text or as JSON.
fn follow(rewriter: &Rewriter<'_>, document: &Expr, path: &str, as_text: bool) -> Option<Expr> {
    let steps = steps(path)?;
    let last = steps.len() - 1;
    let mut value = as_document(rewriter, document)?;
    for (i, step) in steps.into_iter().enumerate() {
        let op = if i == last && as_text { BinaryOperator::LongArrow } else { BinaryOperator::Arrow };
        let step = match step {
            Step::Key(key) => text(&key),
            Step::Index(index) => integer(index),
        };
        value = Expr::BinaryOp { left: Box::new(value), op, right: Box::new(step) };
    }
    Some(value)
}

/// The document as JSON, cast if it is a text.
fn as_document(rewriter: &Rewriter<'_>, document: &Expr) -> Option<Expr> {
    match rewriter.scopes.kind(document) {
        Some(Kind::Text) => build("CAST($1 AS JSON)", &[document]),
        _ => Some(document.clone()),
    }
}

/// `doc -> 'a'` of a document that is a text.
fn as_json(rewriter: &mut Rewriter<'_>, expr: &mut Expr) {
    if let Expr::BinaryOp { left, .. } = expr
        && rewriter.scopes.kind(left) == Some(Kind::Text)
        && let Some(document) = build("CAST($1 AS JSON)", &[left])
    {
        rewriter.changed("json-path", format!("{} is read as JSON", brief(left)));
        **left = document;
    }
}

/// A value of JSON that is compared: as text, or as a number beside one.
pub(super) fn compared(rewriter: &mut Rewriter<'_>, left: &mut Expr, right: &mut Expr) {
    if rewriter.dialect == Dialect::Postgres {
        return;
    }
    for (side, other) in [(0, 1), (1, 0)] {
        let sides = [&*left, &*right];
        let Expr::BinaryOp { left: document, op, right: step } = strip(sides[side]) else { continue };
        let json = *op == BinaryOperator::Arrow;
        let sqlite_number = *op == BinaryOperator::LongArrow && rewriter.dialect == Dialect::Sqlite;
        if !json && !sqlite_number {
            continue;
        }
        let number = match literal(sides[other]) {
            Some((_, number)) => number,
            None => rewriter.scopes.kind(sides[other]).is_some_and(Kind::is_number),
        };
        let truth = matches!(sides[other], Expr::Value(value) if matches!(value.value, Value::Boolean(_)));
        let template = match (number, truth) {
            (true, _) => "CAST($1 ->> $2 AS NUMERIC)",
            (_, true) => "CAST($1 ->> $2 AS BOOLEAN)",
            _ if json => "$1 ->> $2",
            _ => continue,
        };
        if let Some(now) = build(template, &[document, step]) {
            rewriter.changed("json-value", format!("{} is compared as {}", brief(sides[side]), brief(&now)));
            if side == 0 { *left = now } else { *right = now }
        }
    }
}

fn strip(expr: &Expr) -> &Expr {
    match expr {
        Expr::Nested(inner) => strip(inner),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_and_wildcards_are_none() {
        let key = |name: &str| Step::Key(name.to_owned());
        assert_eq!(steps("$.a"), Some(vec![key("a")]));
        assert_eq!(steps("$.a.b[2].c"), Some(vec![key("a"), key("b"), Step::Index(2), key("c")]));
        assert_eq!(steps("$[0]"), Some(vec![Step::Index(0)]));
        assert_eq!(steps("$.\"two words\".x"), Some(vec![key("two words"), key("x")]));
        for none in ["$", "a", "$.*", "$[*].a", "$**.a", "$.a[last]", "$.a[", "$.\"a", ""] {
            assert_eq!(steps(none), None, "{none}");
        }
    }
}
