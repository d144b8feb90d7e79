//! Calls of functions that PostgreSQL has under another name, with other arguments, or not at all.
//! Those about dates are elsewhere.

use sqlparser::ast::{
    BinaryOperator, CaseWhen, DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause,
    FunctionArgumentList, FunctionArguments, Ident, ObjectName, UnaryOperator, Value, ValueWithSpan, WindowType,
};

use super::names::Kind;
use super::queries::order_item;
use super::rounding::{remainder, round, rounded};
use super::template::build;
use super::texts::{
    ascii_case, count_of_characters, first_byte, joined, of_text, printed, substring, trim, truth_as_text,
    truth_or_text,
};
use super::{Dialect, Rewriter, calls, distinct_concat, enums, numbers, regexps, shown};
use crate::schema::last_part;

/// Functions that have another name and the same arguments.
const RENAMED: [(&str, &str); 17] = [
    ("char_length", "LENGTH"),
    ("character_length", "LENGTH"),
    ("group_concat", "STRING_AGG"),
    ("ifnull", "COALESCE"),
    ("instr", "STRPOS"),
    ("json_array", "JSON_BUILD_ARRAY"),
    ("json_arrayagg", "JSON_AGG"),
    ("json_object", "JSON_BUILD_OBJECT"),
    ("json_objectagg", "JSONB_OBJECT_AGG"),
    ("jsonb_array", "JSONB_BUILD_ARRAY"),
    ("jsonb_object", "JSONB_BUILD_OBJECT"),
    ("lcase", "LOWER"),
    ("pow", "POWER"),
    ("rand", "RANDOM"),
    ("std", "STDDEV_POP"),
    ("truncate", "TRUNC"),
    ("ucase", "UPPER"),
];

/// Functions that MySQL has under PostgreSQL's name for another.
const RENAMED_FROM_MYSQL: [(&str, &str); 3] = [("log", "LN"), ("stddev", "STDDEV_POP"), ("variance", "VAR_POP")];

/// The plain arguments of a call; `None` when it has any other.
pub(super) fn arguments(function: &Function) -> Option<Vec<&Expr>> {
    let FunctionArguments::List(list) = &function.args else { return None };
    list.args
        .iter()
        .map(|arg| match arg {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
            _ => None,
        })
        .collect()
}

/// Rewrites a call, if it is one that PostgreSQL does not take.
pub(super) fn expr(rewriter: &mut Rewriter<'_>, expr: &mut Expr) {
    substring(rewriter, expr);
    if trim(rewriter, expr) {
        return;
    }
    let Expr::Function(function) = expr else { return };
    if let Some(guarded) = extreme_of_several(rewriter, function) {
        *expr = guarded;
        return;
    }
    if let Some(WindowType::WindowSpec(window)) = &mut function.over {
        window.order_by.iter_mut().for_each(|item| order_item(rewriter, item, None));
    }
    let name = last_part(&function.name);
    if name == "group_concat"
        && let Some(now) = distinct_concat::in_order(rewriter, function)
    {
        rewriter.changed("function", format!("`GROUP_CONCAT` of distinct values is written {}", brief(&now)));
        *expr = now;
        return;
    }
    if let Some(replacement) = replaced(rewriter, &name, function) {
        let before = name.to_uppercase();
        rewriter.changed("function", format!("`{before}` is written {}", brief(&replacement)));
        *expr = replacement;
        return;
    }
    let mysql = rewriter.dialect == Dialect::MySql;
    let renamed = RENAMED.iter().chain(RENAMED_FROM_MYSQL.iter().filter(|_| mysql)).find(|(old, _)| *old == name);
    if let Some((_, new)) = renamed {
        rewriter.changed("function", format!("`{}` is written {new}", name.to_uppercase()));
        function.name = ObjectName::from(vec![Ident::new(*new)]);
    }
    ordered_arguments(rewriter, function);
    match name.as_str() {
        "group_concat" => group_concat(rewriter, function),
        "count" => count_of_several(rewriter, function),
        "sum" | "avg" => aggregate(rewriter, &name, function),
        "round" | "truncate" | "trunc" => round(rewriter, &name, function),
        "lpad" | "rpad" | "left" | "right" | "substr" | "substring" | "upper" | "lower" | "ucase" | "lcase"
        | "length" | "char_length" | "character_length" | "replace" | "reverse" | "instr" | "ltrim" | "rtrim"
        | "repeat" => {
            of_text(rewriter, function);
            if mysql && matches!(name.as_str(), "left" | "right") {
                count_of_characters(rewriter, function);
            }
            if !mysql && matches!(name.as_str(), "upper" | "lower") {
                ascii_case(rewriter, function);
            }
        }
        "concat" | "concat_ws" => truth_as_text(rewriter, function),
        "coalesce" | "ifnull" => truth_or_text(rewriter, function),
        "string_agg" => of_text(rewriter, function),
        "mod" => remainder(rewriter, function),
        "ascii" if mysql => first_byte(rewriter, function),
        "min" | "max" => {
            extreme_of_truth(rewriter, function);
        }
        _ => {}
    }
}

/// ORDER BY within an aggregate: NULL sorts there as in a query's.
fn ordered_arguments(rewriter: &mut Rewriter<'_>, function: &mut Function) {
    let FunctionArguments::List(list) = &mut function.args else { return };
    let distinct = list.duplicate_treatment == Some(DuplicateTreatment::Distinct);
    for clause in &mut list.clauses {
        if let FunctionArgumentClause::OrderBy(items) = clause {
            for item in items {
                // With DISTINCT nothing can be ordered by but what is aggregated.
                if distinct && enums::is_reordered(rewriter, &item.expr) {
                    let what = format!(
                        "{} sorts in the order of its members there, as a text in PostgreSQL",
                        brief(&item.expr)
                    );
                    rewriter.noted("enum-order", what);
                    continue;
                }
                order_item(rewriter, item, None);
            }
        }
    }
}

/// A call that becomes another expression altogether.
fn replaced(rewriter: &Rewriter<'_>, name: &str, function: &Function) -> Option<Expr> {
    if matches!(function.args, FunctionArguments::None) {
        return calls::replaced(rewriter.dialect, function);
    }
    let arguments = arguments(function)?;
    let mysql = rewriter.dialect == Dialect::MySql;
    match (name, &arguments[..]) {
        ("if" | "iif", [condition, yes]) => Some(case(condition, yes, None)),
        ("if" | "iif", [condition, yes, no]) => Some(case(condition, yes, Some(no))),
        ("isnull", [value]) => build("$1 IS NULL", &[value]),
        ("isnull", [value, other]) => build("COALESCE($1, $2)", &[value, other]),
        ("locate", [part, whole]) => build("STRPOS($1, $2)", &[whole, part]),
        ("substring_index", [text, mark, Expr::Value(count)]) if number(count) == Some(1) => {
            build("SPLIT_PART($1, $2, 1)", &[text, mark])
        }
        ("substring_index", [text, mark, Expr::UnaryOp { op: UnaryOperator::Minus, expr }]) if matches!(&**expr, Expr::Value(count) if number(count) == Some(1)) => {
            build("SPLIT_PART($1, $2, -1)", &[text, mark])
        }
        ("concat", [first, rest @ ..]) if rewriter.dialect == Dialect::MySql && !rest.is_empty() => {
            let mut parts = vec![*first];
            parts.extend(rest);
            joined(rewriter, &parts)
        }
        ("elt", [position, list @ ..]) if !list.is_empty() => {
            let conditions = list
                .iter()
                .enumerate()
                .map(|(i, item)| {
                    let condition = build("$1 = $2", &[position, &integer(i + 1)])?;
                    Some(CaseWhen { condition, result: (*item).clone() })
                })
                .collect::<Option<Vec<_>>>()?;
            Some(case_of(conditions, None))
        }
        ("find_in_set", [value, list]) => {
            let known = |e: &Expr| rewriter.scopes.known(e).is_some_and(|known| known.not_null);
            let template = match known(value) && known(list) {
                true => "COALESCE(ARRAY_POSITION(STRING_TO_ARRAY($2, ','), $1), 0)",
                false => {
                    "CASE WHEN $1 IS NOT NULL AND $2 IS NOT NULL THEN COALESCE(ARRAY_POSITION(STRING_TO_ARRAY($2, ','), $1), 0) END"
                }
            };
            build(template, &[value, list])
        }
        // Beyond 24 hours a time is a span.
        ("addtime" | "subtime", [time, span]) if mysql => {
            let moment = rewriter.scopes.kind(time) == Some(Kind::Timestamp);
            let written = super::comparisons::literal(time).map(|(text, _)| super::rows::moment(text.trim()).is_some());
            let template = match (name, moment, written) {
                ("addtime", true, _) => "$1 + CAST($2 AS INTERVAL)",
                ("subtime", true, _) => "$1 - CAST($2 AS INTERVAL)",
                ("addtime", _, Some(true)) => "CAST($1 AS TIMESTAMP) + CAST($2 AS INTERVAL)",
                (_, _, Some(true)) => "CAST($1 AS TIMESTAMP) - CAST($2 AS INTERVAL)",
                ("addtime", ..) => "CAST($1 AS INTERVAL) + CAST($2 AS INTERVAL)",
                _ => "CAST($1 AS INTERVAL) - CAST($2 AS INTERVAL)",
            };
            build(template, &[time, span])
        }
        ("mid", [text, from, length]) => build("SUBSTRING($1, $2, $3)", &[text, from, length]),
        ("mid", [text, from]) => build("SUBSTRING($1, $2)", &[text, from]),
        ("log", [base, value]) => build("LN($1) / LN($2)", &[value, base]),
        // In bytes; that of a text in characters is CHAR_LENGTH.
        ("length", [value]) if rewriter.dialect == Dialect::MySql => match rewriter.scopes.kind(value) {
            None | Some(Kind::Text | Kind::Other) => build("OCTET_LENGTH($1)", &[value]),
            _ => build("OCTET_LENGTH($1)", &[&shown::as_text(rewriter, value)?]),
        },
        // Of no rows it is 0, and always with a fraction.
        ("total", [value]) if rewriter.dialect == Dialect::Sqlite => {
            let number = match rewriter.scopes.kind(value) {
                Some(Kind::Text) => numbers::of_text(rewriter, value)?,
                Some(Kind::Boolean) => build("CASE WHEN $1 THEN 1 ELSE 0 END", &[value])?,
                _ if is_condition(value) => build("CASE WHEN $1 THEN 1 ELSE 0 END", &[value])?,
                _ => (*value).clone(),
            };
            let mut sum = function.clone();
            sum.name = ObjectName::from(vec![Ident::new("SUM")]);
            if let FunctionArguments::List(list) = &mut sum.args {
                list.args = vec![FunctionArg::Unnamed(FunctionArgExpr::Expr(build(
                    "CAST($1 AS DOUBLE PRECISION)",
                    &[&number],
                )?))];
            }
            build("COALESCE($1, 0)", &[&Expr::Function(sum)])
        }
        ("printf" | "format", [Expr::Value(format), values @ ..]) if rewriter.dialect == Dialect::Sqlite => {
            let Value::SingleQuotedString(format) = &format.value else { return None };
            printed(rewriter, format, values)
        }
        ("format", [value, Expr::Value(places)]) if rewriter.dialect == Dialect::MySql => {
            let places = usize::try_from(number(places)?).ok().filter(|n| *n <= 20)?;
            let point = if places == 0 { String::new() } else { format!(".{}", "0".repeat(places)) };
            let format = Expr::Value(Value::SingleQuotedString(format!("FM999,999,999,999,990{point}")).into());
            // A floating-point number is rounded by its binary value.
            let power = matches!(value, Expr::Value(n) if n.to_string().contains(['e', 'E']));
            let float = power || rewriter.scopes.kind(value) == Some(Kind::Float);
            let value = match (float && rewriter.certain, places) {
                (true, 0) => build("ROUND(CAST($1 AS DOUBLE PRECISION))", &[value])?,
                (true, _) => rounded(rewriter, "round", value, &integer(places)).unwrap_or_else(|| (*value).clone()),
                _ => (*value).clone(),
            };
            build("TO_CHAR(CAST($1 AS NUMERIC), $2)", &[&value, &format])
        }
        ("hex", [value]) => match rewriter.scopes.kind(value) {
            // In MySQL a number in base 16, in SQLite the digits of its text.
            Some(kind) if mysql && kind.is_number() => build("UPPER(TO_HEX(CAST($1 AS BIGINT)))", &[value]),
            Some(Kind::Other) if mysql => build("UPPER(ENCODE($1, 'hex'))", &[value]),
            Some(Kind::Other) => build("COALESCE(UPPER(ENCODE($1, 'hex')), '')", &[value]),
            // SQLite's of NULL is the empty text.
            Some(Kind::Text) if !mysql && !rewriter.scopes.known(value).is_some_and(|known| known.not_null) => {
                build("COALESCE(UPPER(ENCODE(CONVERT_TO($1, 'UTF8'), 'hex')), '')", &[value])
            }
            Some(Kind::Text) => build("UPPER(ENCODE(CONVERT_TO($1, 'UTF8'), 'hex'))", &[value]),
            _ if !mysql && !rewriter.scopes.known(value).is_some_and(|known| known.not_null) => {
                build("COALESCE(UPPER(ENCODE(CONVERT_TO(CAST($1 AS TEXT), 'UTF8'), 'hex')), '')", &[value])
            }
            _ => build("UPPER(ENCODE(CONVERT_TO(CAST($1 AS TEXT), 'UTF8'), 'hex'))", &[value]),
        },
        ("field", [value, list @ ..]) if !list.is_empty() => {
            let conditions = list
                .iter()
                .enumerate()
                .map(|(i, item)| {
                    let condition = build("$1 = $2", &[value, item])?;
                    Some(CaseWhen { condition, result: integer(i + 1) })
                })
                .collect::<Option<Vec<_>>>()?;
            Some(case_of(conditions, Some(integer(0))))
        }
        ("char", [first, rest @ ..]) => {
            let mut whole = build("CHR($1)", &[first])?;
            for code in rest {
                whole = build("$1 || CHR($2)", &[&whole, code])?;
                if let Expr::BinaryOp { left, .. } = &mut whole
                    && let Expr::Nested(inner) = &**left
                {
                    *left = inner.clone();
                }
            }
            Some(whole)
        }
        ("conv", [value, from, to]) => {
            let base = |e: &Expr| match e {
                Expr::Value(value) => number(value),
                _ => None,
            };
            let template = match (base(from)?, base(to)?) {
                (10, 16) => "UPPER(TO_HEX(CAST($1 AS BIGINT)))",
                (10, 8) => "TO_OCT(CAST($1 AS BIGINT))",
                (10, 2) => "TO_BIN(CAST($1 AS BIGINT))",
                _ => return None,
            };
            build(template, &[value])
        }
        // By a distance from Greenwich: as a text PostgreSQL would take it the other way round.
        ("convert_tz", [value, from, to]) => {
            let zone = |zone: &Expr| match super::comparisons::literal(zone) {
                Some((text, false)) if text.starts_with(['+', '-']) => build("CAST($1 AS INTERVAL)", &[zone]),
                _ => Some(zone.clone()),
            };
            build("$1 AT TIME ZONE $2 AT TIME ZONE $3", &[value, &zone(from)?, &zone(to)?])
        }
        ("lpad" | "rpad", [_, Expr::UnaryOp { op: UnaryOperator::Minus, .. }, _]) if mysql => {
            Some(Expr::Value(Value::Null.into()))
        }
        // Numbers stand bare in SQLite's.
        ("quote", [value]) if !mysql && rewriter.scopes.kind(value).is_some_and(Kind::is_number) => {
            let shown = shown::as_text(rewriter, value)?;
            match rewriter.scopes.known(value).is_some_and(|known| known.not_null) {
                true => Some(shown),
                false => build("COALESCE($1, 'NULL')", &[&shown]),
            }
        }
        // Its arguments stay of two kinds, and nothing of one equals anything of the other.
        ("nullif", [value, other])
            if !mysql
                && rewriter.certain
                && rewriter.scopes.kind(value).is_some_and(Kind::is_number)
                && matches!(super::comparisons::literal(other), Some((_, false))) =>
        {
            Some((*value).clone())
        }
        ("unicode", [value]) if !mysql => build("NULLIF(ASCII($1), 0)", &[value]),
        ("round" | "truncate", [value, digits]) => rounded(rewriter, name, value, digits),
        ("sha2", [value, Expr::Value(length)]) => {
            let template = match number(length)? {
                0 | 256 => "ENCODE(SHA256(CONVERT_TO($1, 'UTF8')), 'hex')",
                224 => "ENCODE(SHA224(CONVERT_TO($1, 'UTF8')), 'hex')",
                384 => "ENCODE(SHA384(CONVERT_TO($1, 'UTF8')), 'hex')",
                512 => "ENCODE(SHA512(CONVERT_TO($1, 'UTF8')), 'hex')",
                _ => return None,
            };
            build(template, &[value])
        }
        ("substring_index", [text, mark, Expr::Value(count)]) => {
            let count = integer(usize::try_from(number(count)?).ok()?);
            build("ARRAY_TO_STRING((STRING_TO_ARRAY($1, $2))[:$3], $2)", &[text, mark, &count])
        }
        ("locate", [part, whole, from]) => build(
            "CASE WHEN STRPOS(SUBSTRING($1 FROM $3), $2) = 0 THEN 0 ELSE STRPOS(SUBSTRING($1 FROM $3), $2) + $3 - 1 END",
            &[whole, part, from],
        ),
        _ => regexps::call(rewriter, function).or_else(|| calls::replaced(rewriter.dialect, function)),
    }
}

pub(super) fn integer(n: usize) -> Expr {
    Expr::Value(Value::Number(n.to_string(), false).into())
}

/// The number that a value is.
pub(super) fn number(value: &ValueWithSpan) -> Option<i64> {
    match &value.value {
        Value::Number(number, _) => number.to_string().parse().ok(),
        _ => None,
    }
}

fn case(condition: &Expr, yes: &Expr, no: Option<&Expr>) -> Expr {
    case_of(vec![CaseWhen { condition: condition.clone(), result: yes.clone() }], no.cloned())
}

fn case_of(conditions: Vec<CaseWhen>, otherwise: Option<Expr>) -> Expr {
    Expr::Case {
        case_token: sqlparser::ast::helpers::attached_token::AttachedToken::empty(),
        end_token: sqlparser::ast::helpers::attached_token::AttachedToken::empty(),
        operand: None,
        conditions,
        else_result: otherwise.map(Box::new),
    }
}

/// `GROUP_CONCAT(DISTINCT a ORDER BY b SEPARATOR ';')`, or SQLite's with the separator second.
fn group_concat(rewriter: &Rewriter<'_>, function: &mut Function) {
    let FunctionArguments::List(FunctionArgumentList { duplicate_treatment, args, clauses }) = &mut function.args
    else {
        return;
    };
    let mut separator = Value::SingleQuotedString(",".to_owned()).into();
    clauses.retain_mut(|clause| match clause {
        FunctionArgumentClause::Separator(found) => {
            separator = found.clone();
            if let Value::DoubleQuotedString(text) = &separator.value {
                separator.value = Value::SingleQuotedString(text.clone());
            }
            false
        }
        _ => true,
    });
    // MySQL joins its arguments.
    if rewriter.dialect == Dialect::MySql && args.len() > 1 {
        let all: Vec<Expr> = std::mem::take(args)
            .into_iter()
            .filter_map(|argument| match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
                _ => None,
            })
            .collect();
        let whole = joined(rewriter, &all.iter().collect::<Vec<_>>());
        args.extend(whole.map(|whole| FunctionArg::Unnamed(FunctionArgExpr::Expr(whole))));
    }
    let one_per_part = args.len() == 1;
    for arg in args.iter_mut().take(1) {
        if let FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) = arg
            && rewriter.scopes.kind(expr) != Some(Kind::Text)
            && let Some(text) = shown::as_text(rewriter, expr)
        {
            *expr = text;
        }
    }
    if one_per_part {
        args.push(FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(separator))));
    }
    // With DISTINCT, PostgreSQL orders by what is aggregated or not at all.
    if *duplicate_treatment == Some(DuplicateTreatment::Distinct)
        && let Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(text))) = args.first()
    {
        for clause in clauses.iter_mut() {
            if let FunctionArgumentClause::OrderBy(order) = clause {
                order.truncate(1);
                order.iter_mut().for_each(|o| o.expr = text.clone());
            }
        }
    }
}

/// `COUNT(DISTINCT a, b)`: PostgreSQL counts rows, and MySQL only those without a NULL.
fn count_of_several(rewriter: &mut Rewriter<'_>, function: &mut Function) {
    let Some(values) = arguments(function) else { return };
    if values.len() < 2 {
        return;
    }
    let values: Vec<Expr> = values.into_iter().cloned().collect();
    let whole = values.iter().filter_map(|value| build("$1 IS NOT NULL", &[value])).reduce(|a, b| Expr::BinaryOp {
        left: Box::new(a),
        op: BinaryOperator::And,
        right: Box::new(b),
    });
    if let FunctionArguments::List(list) = &mut function.args {
        list.args = vec![FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Tuple(values)))];
    }
    function.filter = whole.map(Box::new);
    rewriter.changed("function", "`COUNT(DISTINCT a, b)` counts rows without a NULL".to_owned());
}

/// `SUM(a = b)` counts, `AVG(text)` reads numbers.
fn aggregate(rewriter: &mut Rewriter<'_>, name: &str, function: &mut Function) {
    let FunctionArguments::List(list) = &mut function.args else { return };
    let [FunctionArg::Unnamed(FunctionArgExpr::Expr(argument))] = &mut list.args[..] else { return };
    let kind = rewriter.scopes.kind(argument);
    let upper = name.to_uppercase();
    if enums::as_number(rewriter, argument) {
        return;
    }
    if is_condition(argument) || kind == Some(Kind::Boolean) {
        rewriter.changed("counted-condition", format!("`{upper}` of a condition adds 1 or 0"));
        // For a sum NULL is as good as 0, for a mean it is not.
        let template = match name {
            "avg" => "CASE WHEN $1 THEN 1 WHEN NOT $1 THEN 0 END",
            _ => "CASE WHEN $1 THEN 1 ELSE 0 END",
        };
        if let Some(counted) = build(template, &[argument]) {
            *argument = counted;
        }
    } else if kind == Some(Kind::Text) {
        rewriter.changed("number-from-text", format!("`{upper}` of a text column reads it as numbers"));
        if let Some(cast) = numbers::of_text(rewriter, argument) {
            *argument = cast;
        }
    }
}

/// Whether an expression is true or false.
pub(super) fn is_condition(expr: &Expr) -> bool {
    use sqlparser::ast::BinaryOperator as Op;
    match expr {
        Expr::Nested(inner) => is_condition(inner),
        Expr::BinaryOp { op, .. } => matches!(
            op,
            Op::And
                | Op::Or
                | Op::Xor
                | Op::Eq
                | Op::NotEq
                | Op::Gt
                | Op::GtEq
                | Op::Lt
                | Op::LtEq
                | Op::Spaceship
                | Op::PGRegexMatch
                | Op::PGRegexIMatch
                | Op::PGRegexNotMatch
                | Op::PGRegexNotIMatch
                | Op::Regexp
                | Op::Glob
        ),
        Expr::UnaryOp { op: UnaryOperator::Not, .. } => true,
        Expr::Like { .. }
        | Expr::ILike { .. }
        | Expr::InList { .. }
        | Expr::InSubquery { .. }
        | Expr::Between { .. }
        | Expr::IsNull(_)
        | Expr::IsNotNull(_)
        | Expr::IsTrue(_)
        | Expr::IsNotTrue(_)
        | Expr::IsFalse(_)
        | Expr::IsNotFalse(_)
        | Expr::IsDistinctFrom(..)
        | Expr::IsNotDistinctFrom(..)
        | Expr::RLike { .. }
        | Expr::AnyOp { .. }
        | Expr::AllOp { .. }
        | Expr::Exists { .. } => true,
        _ => false,
    }
}

/// SQLite's `MAX(a, b)` is PostgreSQL's `GREATEST`. There and in MySQL it is NULL as soon as one
/// value is; in PostgreSQL when all are.
fn extreme_of_several(rewriter: &mut Rewriter<'_>, function: &mut Function) -> Option<Expr> {
    let name = last_part(&function.name);
    let most = match name.as_str() {
        "max" if rewriter.dialect == Dialect::Sqlite => true,
        "min" if rewriter.dialect == Dialect::Sqlite => false,
        "greatest" => true,
        "least" => false,
        _ => return None,
    };
    let values: Vec<Expr> = arguments(function)?.into_iter().cloned().collect();
    if values.len() < 2 {
        return None;
    }
    let new = if most { "GREATEST" } else { "LEAST" };
    if !name.eq_ignore_ascii_case(new) {
        rewriter.changed("function", format!("`{}` of several values is written {new}", name.to_uppercase()));
        function.name = ObjectName::from(vec![Ident::new(new)]);
    }
    let maybe_null = |value: &&Expr| !rewriter.scopes.known(value).is_some_and(|known| known.not_null);
    let nulls: Vec<Expr> = values.iter().filter(maybe_null).filter_map(|value| build("$1 IS NULL", &[value])).collect();
    let condition = nulls.into_iter().reduce(|a, b| Expr::BinaryOp {
        left: Box::new(a),
        op: BinaryOperator::Or,
        right: Box::new(b),
    });
    let plain = Expr::Function(function.clone());
    let condition = condition.filter(|_| rewriter.certain)?;
    rewriter.changed("null-among-several", format!("`{new}` is NULL as soon as one value is"));
    Some(case_of(vec![CaseWhen { condition, result: Expr::Value(Value::Null.into()) }], Some(plain)))
}

/// A call of a function by its name.
pub(super) fn call(name: &str, arguments: Vec<Expr>) -> Expr {
    let args = arguments.into_iter().map(|argument| FunctionArg::Unnamed(FunctionArgExpr::Expr(argument))).collect();
    Expr::Function(Function {
        name: ObjectName::from(vec![Ident::new(name)]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList { duplicate_treatment: None, args, clauses: Vec::new() }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}

/// PostgreSQL has no highest truth value.
fn extreme_of_truth(rewriter: &mut Rewriter<'_>, function: &mut Function) {
    let FunctionArguments::List(list) = &mut function.args else { return };
    let [FunctionArg::Unnamed(FunctionArgExpr::Expr(argument))] = &mut list.args[..] else { return };
    if rewriter.scopes.kind(argument) == Some(Kind::Boolean)
        && let Some(cast) = build("CAST($1 AS INTEGER)", &[argument])
    {
        rewriter.changed("number-from-truth", "the highest or lowest truth value is 1 or 0".to_owned());
        *argument = cast;
    }
}

/// The beginning of an expression, for messages.
pub(super) fn brief(expr: &Expr) -> String {
    let text = expr.to_string();
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
