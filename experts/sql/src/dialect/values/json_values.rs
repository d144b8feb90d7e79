//! The values that a record's rows show at a path into JSON, and what kind they are.

use serde_json::Value as Json;
use sqlparser::ast::{BinaryOperator, Expr};

use crate::catalog::ValueKind;
use crate::dialect::kinds::Scopes;
use crate::dialect::syntax::{arguments, literal};
use crate::syntax::last_part;

/// One step of a path.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::dialect) enum Step {
    Key(String),
    Index(usize),
}

/// The steps of a path; `None` when it may match several values, or is no path.
pub(in crate::dialect) fn steps(path: &str) -> Option<Vec<Step>> {
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

/// The values that the record's rows have at a path; `None` where there are none, or some are not JSON.
pub(in crate::dialect) fn values(scopes: &Scopes<'_>, expr: &Expr) -> Option<Vec<Json>> {
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

/// The kind that SQLite gives to JSON values that are all of one kind.
pub(in crate::dialect) fn kind(scopes: &Scopes<'_>, expr: &Expr) -> Option<ValueKind> {
    let kind = |value: &Json| match value {
        Json::Null => None,
        Json::Bool(_) => Some(ValueKind::Boolean),
        Json::Number(number) if number.is_f64() => Some(ValueKind::Float),
        Json::Number(_) => Some(ValueKind::Integer),
        _ => Some(ValueKind::Text),
    };
    let all: Vec<ValueKind> = values(scopes, expr)?.iter().filter_map(kind).collect();
    let first = *all.first()?;
    match () {
        () if all.iter().all(|kind| *kind == first) => Some(first),
        () if all.iter().all(|kind| kind.is_number()) => Some(ValueKind::Float),
        () => None,
    }
}

/// Whether rows have a number there that is written like this text; to SQLite the two differ.
pub(in crate::dialect) fn shows_number(scopes: &Scopes<'_>, expr: &Expr, text: &str) -> bool {
    let Some(number) = serde_json::from_str::<Json>(text).ok().filter(Json::is_number) else { return false };
    is_value(expr) && values(scopes, expr).is_some_and(|values| values.contains(&number))
}

/// Whether an expression extracts a JSON value as a value of SQL.
pub(in crate::dialect) fn is_value(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) => is_value(inner),
        Expr::BinaryOp { op, .. } => *op == BinaryOperator::LongArrow,
        Expr::Function(function) => last_part(&function.name) == "json_extract",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hive_tests::check_all;

    #[test]
    fn paths_are_read_and_wildcards_are_none() {
        let key = |name: &str| Step::Key(name.to_owned());
        assert_eq!(steps("$.a"), Some(vec![key("a")]));
        assert_eq!(steps("$.a.b[2].c"), Some(vec![key("a"), key("b"), Step::Index(2), key("c")]));
        assert_eq!(steps("$[0]"), Some(vec![Step::Index(0)]));
        assert_eq!(steps("$.\"two words\".x"), Some(vec![key("two words"), key("x")]));
        check_all(["$", "a", "$.*", "$[*].a", "$**.a", "$.a[last]", "$.a[", "$.\"a", ""], |none| {
            assert_eq!(steps(none), None, "{none}");
        });
    }
}
