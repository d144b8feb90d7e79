//! Calls about texts: parts of them, characters taken off, numbers shown in them, and what is no text
//! among texts.

use sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, UnaryOperator, Value,
};

use crate::catalog::ValueKind;
use crate::dialect::rewriter::Rewriter;
use crate::dialect::syntax::{arguments, brief, call, integer, literal, text};
use crate::dialect::template::build;
use crate::dialect::values::shown;
use crate::syntax::Dialect;

/// MySQL's CONCAT, which is NULL as soon as one part is; PostgreSQL's passes NULL over.
pub(super) fn joined(rewriter: &Rewriter<'_>, parts: &[&Expr]) -> Option<Expr> {
    let text = |part: &Expr| match rewriter.scopes.kind(part) {
        Some(ValueKind::Text) => Some(part.clone()),
        // A truth value is written 1 or 0.
        Some(ValueKind::Boolean) => build("CAST(CAST($1 AS INTEGER) AS TEXT)", &[part]),
        _ => shown::as_text(rewriter, part),
    };
    let (first, rest) = parts.split_first()?;
    let mut whole = text(first)?;
    for part in rest {
        whole = build("$1 || $2", &[&whole, &text(part)?])?;
        if let Expr::BinaryOp { left, .. } = &mut whole
            && let Expr::Nested(inner) = &**left
        {
            *left = inner.clone();
        }
    }
    Some(whole)
}

/// A function of texts, called with something else.
pub(super) fn of_text(rewriter: &mut Rewriter<'_>, function: &mut Function) {
    let FunctionArguments::List(list) = &mut function.args else { return };
    let Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(value))) = list.args.first_mut() else { return };
    if !matches!(rewriter.scopes.kind(value), None | Some(ValueKind::Text | ValueKind::Other))
        && let Some(cast) = shown::as_text(rewriter, value)
    {
        rewriter.changed("text-of-value", format!("`{}` takes a text", function.name));
        *value = cast;
    }
}

/// `PRINTF` of one value: a number filled up with zeros or cut to digits, or anything as text.
pub(super) fn printed(rewriter: &Rewriter<'_>, format: &str, values: &[&Expr]) -> Option<Expr> {
    let text = |of: &str| Expr::Value(Value::SingleQuotedString(of.to_owned()).into());
    let (before, rest) = format.split_once('%')?;
    let end = rest.find(|c: char| c.is_ascii_alphabetic())?;
    let (flags, kind, after) = (&rest[..end], &rest[end..=end], &rest[end + 1..]);
    let [value] = values else {
        // Several values with nothing to be done to them.
        let plain = format.replace("%d", "%s");
        let arguments: Vec<Expr> = std::iter::once(text(&plain)).chain(values.iter().map(|v| (*v).clone())).collect();
        let only_plain =
            plain.matches('%').count() == plain.matches("%s").count() && plain.matches("%s").count() == values.len();
        return only_plain.then(|| call("FORMAT", arguments));
    };
    if after.contains('%') {
        return None;
    }
    let digits = |n: &str| n.parse::<usize>().ok().map(integer);
    // Of NULL a number is 0 and a text empty.
    let column = matches!(value, Expr::Identifier(_) | Expr::CompoundIdentifier(_));
    let nullable = column && !rewriter.scopes.known(value).is_some_and(|known| known.not_null);
    let filled = match kind {
        _ if !nullable => (*value).clone(),
        "s" if rewriter.scopes.kind(value) != Some(ValueKind::Text) => {
            build("COALESCE($1, '')", &[&shown::as_text(rewriter, value)?])?
        }
        "s" => build("COALESCE($1, '')", &[value])?,
        _ => build("COALESCE($1, 0)", &[value])?,
    };
    // A fraction is cut off.
    let fraction = matches!(rewriter.scopes.kind(&filled), Some(ValueKind::Number | ValueKind::Float));
    let filled = match kind {
        "d" | "i" if fraction => build("CAST(TRUNC($1) AS BIGINT)", &[&filled])?,
        _ => filled,
    };
    let value = &&filled;
    let shown = match (flags, kind) {
        ("", "d" | "i" | "s") => match rewriter.scopes.kind(value) {
            Some(ValueKind::Text) => (*value).clone(),
            _ => shown::as_text(rewriter, value)?,
        },
        (width, "d" | "i") if width.starts_with('0') => {
            let digits = digits(&width[1..])?;
            match can_be_negative(rewriter, value) {
                // The sign stands before the zeros.
                true => build(
                    "CASE WHEN $1 < 0 THEN '-' || LPAD(CAST(ABS($1) AS TEXT), $2 - 1, '0') ELSE LPAD(CAST($1 AS TEXT), $2, '0') END",
                    &[value, &digits],
                )?,
                false => build("LPAD(CAST($1 AS TEXT), $2, '0')", &[value, &digits])?,
            }
        }
        (places, "f") if places.starts_with('.') => {
            build("CAST(ROUND(CAST($1 AS NUMERIC), $2) AS TEXT)", &[value, &digits(&places[1..])?])?
        }
        _ => return None,
    };
    let shown = if before.is_empty() { shown } else { build("$1 || $2", &[&text(before), &shown])? };
    if after.is_empty() { Some(shown) } else { build("$1 || $2", &[&shown, &text(after)]) }
}

/// Whether a number may be negative, as far as the record shows.
fn can_be_negative(rewriter: &Rewriter<'_>, value: &Expr) -> bool {
    let negative = |number: &String| number.starts_with('-');
    match value {
        Expr::Function(function) => {
            arguments(function).is_some_and(|values| values.into_iter().any(|value| can_be_negative(rewriter, value)))
        }
        Expr::UnaryOp { op: UnaryOperator::Minus, .. } => true,
        other => rewriter.scopes.declared(other).is_some_and(|column| column.numbers.iter().any(negative)),
    }
}

/// `LEFT(s, n)` with a negative count is the empty text in MySQL, in PostgreSQL all but the last.
pub(super) fn count_of_characters(rewriter: &mut Rewriter<'_>, function: &mut Function) {
    let FunctionArguments::List(list) = &mut function.args else { return };
    let [_, FunctionArg::Unnamed(FunctionArgExpr::Expr(count))] = &mut list.args[..] else { return };
    let negative = match &*count {
        Expr::UnaryOp { op: UnaryOperator::Minus, .. } => true,
        // `LEFT(s, LOCATE(' ', s) - 1)`, where there is no blank.
        Expr::BinaryOp { op: BinaryOperator::Minus, .. } => true,
        Expr::Nested(inner) => matches!(**inner, Expr::BinaryOp { op: BinaryOperator::Minus, .. }),
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => true,
        _ => false,
    };
    if negative && rewriter.certain {
        let inner = match &*count {
            Expr::Nested(inner) => (**inner).clone(),
            other => other.clone(),
        };
        *count = call("GREATEST", vec![inner, integer(0)]);
        rewriter.changed("negative-count", "a negative count of characters is none".to_owned());
    }
}

/// `TRIM(BOTH 'xy' FROM s)` takes the text away in MySQL, in PostgreSQL every one of its characters.
pub(super) fn trim(rewriter: &mut Rewriter<'_>, expr: &mut Expr) -> bool {
    use sqlparser::ast::TrimWhereField as Side;
    let Expr::Trim { trim_where, trim_what: Some(what), expr: whole, .. } = expr else { return false };
    if rewriter.dialect != Dialect::MySql {
        return false;
    }
    let Some((what, false)) = literal(what) else { return false };
    if what.chars().count() < 2 {
        return false;
    }
    let mut quoted = String::new();
    for c in what.chars() {
        if !c.is_alphanumeric() && c != ' ' && c != '_' {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    let pattern = match trim_where {
        Some(Side::Leading) => format!("^({quoted})+"),
        Some(Side::Trailing) => format!("({quoted})+$"),
        _ => format!("^({quoted})+|({quoted})+$"),
    };
    let pattern = text(&pattern);
    if let Some(now) = build("REGEXP_REPLACE($1, $2, '', 'g')", &[whole, &pattern]) {
        rewriter.changed("function", "`TRIM` of several characters takes them as one text".to_owned());
        *expr = now;
        return true;
    }
    false
}

/// SQLite's UPPER and LOWER change the letters of ASCII alone.
pub(super) fn ascii_case(rewriter: &mut Rewriter<'_>, function: &mut Function) {
    let FunctionArguments::List(list) = &mut function.args else { return };
    let [FunctionArg::Unnamed(FunctionArgExpr::Expr(text))] = &mut list.args[..] else { return };
    let other = |text: &str| text.chars().any(|c| !c.is_ascii() && (c.is_lowercase() || c.is_uppercase()));
    let shown = rewriter.scopes.declared(text).is_some_and(|column| column.texts.iter().any(|text| other(text)));
    let written = literal(text).is_some_and(|(text, _)| other(&text));
    if rewriter.certain
        && (shown || written)
        && let Some(plain) = build("$1 COLLATE \"C\"", &[text])
    {
        rewriter.changed("ascii-case", format!("`{}` changes letters of ASCII alone", function.name));
        *text = plain;
    }
}

/// MySQL's ASCII is the first byte, PostgreSQL's the first character.
pub(super) fn first_byte(rewriter: &mut Rewriter<'_>, function: &mut Function) {
    let Some(given) = arguments(function) else { return };
    let [text] = given[..] else { return };
    let other = |text: &str| text.chars().next().is_some_and(|c| !c.is_ascii());
    let shown = rewriter.scopes.declared(text).is_some_and(|column| column.texts.iter().any(|text| other(text)));
    let written = literal(text).is_some_and(|(text, _)| other(&text));
    if rewriter.certain && (shown || written) {
        rewriter.refuse(
            "other-meaning",
            "`ASCII` of a text that begins with another character is its first byte in MySQL".to_owned(),
        );
    }
}

/// Among texts a truth value is written 1 or 0.
pub(super) fn truth_as_text(rewriter: &mut Rewriter<'_>, function: &mut Function) {
    let FunctionArguments::List(list) = &mut function.args else { return };
    for argument in &mut list.args {
        if let FunctionArg::Unnamed(FunctionArgExpr::Expr(value)) = argument
            && rewriter.scopes.kind(value) == Some(ValueKind::Boolean)
            && let Some(number) = build("CAST($1 AS INTEGER)", &[value])
        {
            rewriter.changed("number-from-truth", "among texts a truth value is written 1 or 0".to_owned());
            *value = number;
        } else if let FunctionArg::Unnamed(FunctionArgExpr::Expr(value)) = argument
            && let Some(text) = shown::otherwise(rewriter, value)
        {
            rewriter.changed("number-as-text", format!("{} is written as a text as there", brief(value)));
            *value = text;
        }
    }
}

/// `COALESCE(flag, 'n')`: PostgreSQL would read the text as a truth value.
pub(super) fn truth_or_text(rewriter: &mut Rewriter<'_>, function: &mut Function) {
    let FunctionArguments::List(list) = &mut function.args else { return };
    let kind = |argument: &FunctionArg| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(value)) => rewriter.scopes.kind(value),
        _ => None,
    };
    let kinds: Vec<Option<ValueKind>> = list.args.iter().map(kind).collect();
    if !kinds.contains(&Some(ValueKind::Text)) || !kinds.contains(&Some(ValueKind::Boolean)) {
        return;
    }
    for argument in &mut list.args {
        if let FunctionArg::Unnamed(FunctionArgExpr::Expr(value)) = argument
            && rewriter.scopes.kind(value) != Some(ValueKind::Text)
            && let Some(text) = shown::as_text(rewriter, value)
        {
            rewriter.changed("number-from-truth", "among texts a truth value is written 1 or 0".to_owned());
            *value = text;
        }
    }
}

/// `SUBSTR` from the end, and of what is no text.
pub(super) fn substring(rewriter: &mut Rewriter<'_>, expr: &mut Expr) {
    let Expr::Substring { expr: text, substring_from: Some(from), substring_for, .. } = expr else { return };
    let kind = rewriter.scopes.kind(text);
    if !matches!(kind, None | Some(ValueKind::Text))
        && let Some(cast) = shown::as_text(rewriter, text)
    {
        rewriter.changed("text-of-value", "`SUBSTR` takes a text".to_owned());
        **text = cast;
    }
    let mysql = rewriter.dialect == Dialect::MySql;
    // Position 0 is before the first: MySQL finds nothing there, SQLite one character less.
    if mysql && literal(from).is_some_and(|(position, number)| number && position == "0") {
        rewriter.changed("function", "`SUBSTRING` from position 0 is the empty text".to_owned());
        if let Some(none) = build("LEFT($1, 0)", &[text]) {
            *expr = none;
        }
        return;
    }
    let Expr::UnaryOp { op: UnaryOperator::Minus, expr: back } = &**from else { return };
    let length = literal(back).and_then(|(n, _)| n.parse::<usize>().ok());
    let short = |text: &Expr| {
        length.is_some_and(|length| {
            let written = literal(text).filter(|(_, number)| !number);
            let texts = rewriter.scopes.declared(text).map(|column| &column.texts);
            written.is_some_and(|(text, _)| text.chars().count() < length)
                || texts.is_some_and(|texts| texts.iter().any(|text| text.chars().count() < length))
        })
    };
    // MySQL finds nothing where the text is shorter.
    let tail = match substring_for {
        None if mysql && short(text) => {
            build("CASE WHEN CHAR_LENGTH($1) >= $2 THEN RIGHT($1, $2) ELSE LEFT($1, 0) END", &[text, back])
        }
        Some(length) if mysql && short(text) => build(
            "CASE WHEN CHAR_LENGTH($1) >= $2 THEN LEFT(RIGHT($1, $2), $3) ELSE LEFT($1, 0) END",
            &[text, back, length],
        ),
        // SQLite counts from before the text.
        Some(length) if !mysql && rewriter.certain && short(text) => build(
            "CASE WHEN CHAR_LENGTH($1) >= $2 THEN LEFT(RIGHT($1, $2), $3) ELSE LEFT($1, GREATEST(CHAR_LENGTH($1) + $3 - $2, 0)) END",
            &[text, back, length],
        ),
        None => build("RIGHT($1, $2)", &[text, back]),
        Some(length) => build("LEFT(RIGHT($1, $2), $3)", &[text, back, length]),
    };
    if let Some(tail) = tail {
        rewriter.changed("function", "`SUBSTR` from the end is written RIGHT".to_owned());
        *expr = tail;
    }
}
