//! Paths into JSON: MySQL and SQLite write `doc->>'$.a[0]'` and `JSON_EXTRACT(doc, '$.a')`, PostgreSQL
//! follows one key or index at a time. Read there, `'$.a'` would be a key that no object has, so that
//! every value is NULL in silence.
//!
//! <https://dev.mysql.com/doc/refman/8.4/en/json-search-functions.html>,
//! <https://www.sqlite.org/json1.html>, <https://www.postgresql.org/docs/current/functions-json.html>

use serde_json::Value as Json;
use sqlparser::ast::{BinaryOperator, Expr, Function};

use crate::catalog::ValueKind;
use crate::dialect::rewriter::Rewriter;
use crate::dialect::syntax::{arguments, brief, integer, literal, text, without_parentheses};
use crate::dialect::template::build;
use crate::dialect::values::json_values;
use crate::syntax::Dialect;
use crate::syntax::last_part;

/// Rewrites an operator or a call that follows a path.
pub(in crate::dialect) fn expr(rewriter: &mut Rewriter<'_>, expr: &mut Expr) {
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
        Expr::Function(function) => {
            merge(rewriter, function);
            match call(rewriter, function) {
                Some(now) => now,
                None => return,
            }
        }
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

/// The text at a path as what it is there: SQLite's numbers are numbers, MySQL's `null` is a text.
fn typed(rewriter: &Rewriter<'_>, value: Expr) -> Option<Expr> {
    let Expr::BinaryOp { left, op: BinaryOperator::LongArrow, right } = &value else { return Some(value) };
    let template = match rewriter.dialect {
        _ if !rewriter.certain => return Some(value),
        Dialect::Sqlite => match json_values::kind(&rewriter.scopes, &value) {
            Some(ValueKind::Integer) => "CAST($1 AS BIGINT)",
            Some(ValueKind::Float) => "CAST($1 AS DOUBLE PRECISION)",
            Some(ValueKind::Boolean) => "CAST(CAST($1 AS BOOLEAN) AS INTEGER)",
            _ => return Some(value),
        },
        _ if json_values::values(&rewriter.scopes, &value).is_some_and(|values| values.contains(&Json::Null)) => {
            return build("COALESCE($1 ->> $2, CAST($1 -> $2 AS TEXT))", &[left, right]);
        }
        _ => return Some(value),
    };
    build(template, &[&value])
}

/// Whether merging an object in replaces keys and does nothing else, as PostgreSQL's `||`: `null` would
/// remove a key, and an object be merged with the one that is there.
fn is_flat(patch: &Expr) -> bool {
    let parsed = literal(patch).filter(|(_, number)| !number).and_then(|(text, _)| serde_json::from_str(&text).ok());
    matches!(parsed, Some(Json::Object(keys)) if !keys.values().any(|value| value.is_null() || value.is_object()))
}

/// Refuses the merge of what is not known to be flat.
fn merge(rewriter: &mut Rewriter<'_>, function: &Function) {
    let Some(arguments) = arguments(function) else { return };
    let name = last_part(&function.name);
    if !matches!(name.as_str(), "json_merge_patch" | "json_patch") || !rewriter.certain {
        return;
    }
    if !matches!(&arguments[..], [_, patch] if is_flat(patch)) {
        let why = format!(
            "`{}` takes away keys that are null and merges objects within, which `||` of PostgreSQL does not",
            name.to_uppercase()
        );
        rewriter.refuse("other-meaning", why);
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
        ("json_value", [document, at]) => path(at).and_then(|path| at_path(rewriter, document, &path, true)),
        ("json_unquote", [value]) => match without_parentheses(value) {
            Expr::BinaryOp { left, op: BinaryOperator::Arrow, right } => {
                build("$1 ->> $2", &[left, right]).and_then(|text| typed(rewriter, text))
            }
            _ => return None,
        },
        ("json_type", [value]) if rewriter.certain => type_of(rewriter, (*value).clone()),
        ("json_type", [document, at]) if sqlite && rewriter.certain => path(at)
            .and_then(|path| follow(rewriter, document, &path, false))
            .and_then(|value| type_of(rewriter, value)),
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

/// The name of a value's type, where numbers have two.
fn type_of(rewriter: &Rewriter<'_>, value: Expr) -> Option<Expr> {
    let template = match rewriter.dialect {
        Dialect::MySql => {
            "CASE JSON_TYPEOF($1) WHEN 'number' THEN CASE WHEN CAST($1 AS TEXT) ~ '[.eE]' THEN 'DOUBLE' ELSE 'INTEGER' END ELSE UPPER(JSON_TYPEOF($1)) END"
        }
        _ => {
            "CASE JSON_TYPEOF($1) WHEN 'number' THEN CASE WHEN CAST($1 AS TEXT) ~ '[.eE]' THEN 'real' ELSE 'integer' END WHEN 'boolean' THEN CAST($1 AS TEXT) WHEN 'string' THEN 'text' ELSE JSON_TYPEOF($1) END"
        }
    };
    build(template, &[&as_document(rewriter, &value)?])
}

fn contains(document: Expr, value: &Expr) -> Option<Expr> {
    build("CAST($1 AS JSONB) @> CAST($2 AS JSONB)", &[&document, value])
}

/// The document's value at a path, as JSON or as what it is in SQL.
fn follow(rewriter: &Rewriter<'_>, document: &Expr, path: &str, as_text: bool) -> Option<Expr> {
    typed(rewriter, at_path(rewriter, document, path, as_text)?)
}

/// The document's value at a path, as text or as JSON.
fn at_path(rewriter: &Rewriter<'_>, document: &Expr, path: &str, as_text: bool) -> Option<Expr> {
    let steps = json_values::steps(path)?;
    let last = steps.len() - 1;
    let mut value = as_document(rewriter, document)?;
    for (i, step) in steps.into_iter().enumerate() {
        let op = if i == last && as_text { BinaryOperator::LongArrow } else { BinaryOperator::Arrow };
        let step = match step {
            json_values::Step::Key(key) => text(&key),
            json_values::Step::Index(index) => integer(index),
        };
        value = Expr::BinaryOp { left: Box::new(value), op, right: Box::new(step) };
    }
    Some(value)
}

/// The document as JSON, cast if it is a text.
fn as_document(rewriter: &Rewriter<'_>, document: &Expr) -> Option<Expr> {
    match rewriter.scopes.kind(document) {
        Some(ValueKind::Text) => build("CAST($1 AS JSON)", &[document]),
        _ => Some(document.clone()),
    }
}

/// `doc -> 'a'` of a document that is a text.
fn as_json(rewriter: &mut Rewriter<'_>, expr: &mut Expr) {
    if let Expr::BinaryOp { left, .. } = expr
        && rewriter.scopes.kind(left) == Some(ValueKind::Text)
        && let Some(document) = build("CAST($1 AS JSON)", &[left])
    {
        rewriter.changed("json-path", format!("{} is read as JSON", brief(left)));
        **left = document;
    }
    if let Some(value) = typed(rewriter, expr.clone())
        && value != *expr
    {
        rewriter.changed("json-value", format!("{} is {}", brief(expr), brief(&value)));
        *expr = value;
    }
}
