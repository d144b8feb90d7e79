//! Paths into JSON: MySQL and SQLite write `doc->>'$.a[0]'` and `JSON_EXTRACT(doc, '$.a')`, PostgreSQL
//! follows one key or index at a time. Read there, `'$.a'` would be a key that no object has, so that
//! every value is NULL in silence.
//!
//! <https://dev.mysql.com/doc/refman/8.4/en/json-search-functions.html>,
//! <https://www.sqlite.org/json1.html>, <https://www.postgresql.org/docs/current/functions-json.html>

use serde_json::Value as Json;
use sqlparser::ast::{BinaryOperator, Expr, Function, Value};

use super::comparisons::{literal, text};
use super::functions::{arguments, brief, integer};
use super::kinds::Scopes;
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

/// The values that rows show at a path; `None` where none are shown, or some are no JSON.
fn values(scopes: &Scopes<'_>, expr: &Expr) -> Option<Vec<Json>> {
    let (document, path) = match expr {
        Expr::Nested(inner) | Expr::Cast { expr: inner, .. } => return values(scopes, inner),
        Expr::Value(_) => return Some(vec![serde_json::from_str(&literal(expr)?.0).ok()?]),
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => {
            let texts = scopes.declared(expr).map(|column| &column.texts).filter(|texts| !texts.is_empty())?;
            return texts.iter().map(|text| serde_json::from_str(text).ok()).collect();
        }
        Expr::BinaryOp { left, op: BinaryOperator::Arrow | BinaryOperator::LongArrow, right } => {
            ((**left).clone(), literal(right)?)
        }
        Expr::Function(function) => match (last_part(&function.name).as_str(), &arguments(function)?[..]) {
            ("json_extract" | "json_value", [document, path]) => ((*document).clone(), literal(path)?),
            ("json_unquote", [inner]) => return values(scopes, inner),
            _ => return None,
        },
        _ => return None,
    };
    let way = match path {
        (index, true) => vec![Step::Index(index.parse().ok()?)],
        (path, false) if path.trim_start().starts_with('$') => steps(&path)?,
        (key, false) => vec![Step::Key(key)],
    };
    let follow = |value: Json| {
        way.iter().try_fold(value, |value, step| match step {
            Step::Key(key) => value.get(key).cloned(),
            Step::Index(index) => value.get(index).cloned(),
        })
    };
    Some(values(scopes, &document)?.into_iter().filter_map(follow).collect())
}

/// What SQLite has of values of JSON that are all of one kind: numbers, truth values as 1 and 0, or texts.
pub(super) fn kind(scopes: &Scopes<'_>, expr: &Expr) -> Option<Kind> {
    let kind = |value: &Json| match value {
        Json::Null => None,
        Json::Bool(_) => Some(Kind::Boolean),
        Json::Number(number) if number.is_f64() => Some(Kind::Float),
        Json::Number(_) => Some(Kind::Integer),
        _ => Some(Kind::Text),
    };
    let all: Vec<Kind> = values(scopes, expr)?.iter().filter_map(kind).collect();
    let first = *all.first()?;
    match () {
        () if all.iter().all(|kind| *kind == first) => Some(first),
        () if all.iter().all(|kind| kind.is_number()) => Some(Kind::Float),
        () => None,
    }
}

/// Whether rows show a number there that is written as this text: to SQLite it is another value.
pub(super) fn shows_number(scopes: &Scopes<'_>, expr: &Expr, text: &str) -> bool {
    let Some(number) = serde_json::from_str::<Json>(text).ok().filter(Json::is_number) else { return false };
    is_value(expr) && values(scopes, expr).is_some_and(|values| values.contains(&number))
}

/// Whether an expression is a value of JSON's in SQL.
pub(super) fn is_value(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) => is_value(inner),
        Expr::BinaryOp { op, .. } => *op == BinaryOperator::LongArrow,
        Expr::Function(function) => last_part(&function.name) == "json_extract",
        _ => false,
    }
}

/// The text at a path as what it is there: SQLite's numbers are numbers, MySQL's `null` is a text.
fn typed(rewriter: &Rewriter<'_>, value: Expr) -> Option<Expr> {
    let Expr::BinaryOp { left, op: BinaryOperator::LongArrow, right } = &value else { return Some(value) };
    let template = match rewriter.dialect {
        _ if !rewriter.certain => return Some(value),
        Dialect::Sqlite => match kind(&rewriter.scopes, &value) {
            Some(Kind::Integer) => "CAST($1 AS BIGINT)",
            Some(Kind::Float) => "CAST($1 AS DOUBLE PRECISION)",
            Some(Kind::Boolean) => "CAST(CAST($1 AS BOOLEAN) AS INTEGER)",
            _ => return Some(value),
        },
        _ if values(&rewriter.scopes, &value).is_some_and(|values| values.contains(&Json::Null)) => {
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
        ("json_unquote", [value]) => match strip(value) {
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
    if let Some(value) = typed(rewriter, expr.clone())
        && value != *expr
    {
        rewriter.changed("json-value", format!("{} is {}", brief(expr), brief(&value)));
        *expr = value;
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
