//! Calls of functions that PostgreSQL has under another name, with other arguments, or not at all.
//! Those about dates are elsewhere.

use sqlparser::ast::{
    BinaryOperator, CaseWhen, DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause,
    FunctionArgumentList, FunctionArguments, Ident, ObjectName, UnaryOperator, Value, ValueWithSpan, WindowType,
};

use super::names::Kind;
use super::queries::order_item;
use super::template::build;
use super::{Dialect, Rewriter};
use crate::schema::last_part;

/// Functions that have another name and the same arguments.
const RENAMED: [(&str, &str); 16] = [
    ("char_length", "LENGTH"),
    ("character_length", "LENGTH"),
    ("group_concat", "STRING_AGG"),
    ("ifnull", "COALESCE"),
    ("instr", "STRPOS"),
    ("lcase", "LOWER"),
    ("len", "LENGTH"),
    ("nvl", "COALESCE"),
    ("pow", "POWER"),
    ("rand", "RANDOM"),
    ("std", "STDDEV_POP"),
    ("stddev", "STDDEV_POP"),
    ("total", "SUM"),
    ("truncate", "TRUNC"),
    ("ucase", "UPPER"),
    ("unicode", "ASCII"),
];

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
    let Expr::Function(function) = expr else { return };
    if let Some(guarded) = extreme_of_several(rewriter, function) {
        *expr = guarded;
        return;
    }
    if let Some(WindowType::WindowSpec(window)) = &mut function.over {
        window.order_by.iter_mut().for_each(|item| order_item(rewriter, item, None));
    }
    let name = last_part(&function.name);
    if let Some(replacement) = replaced(rewriter, &name, function) {
        let before = name.to_uppercase();
        rewriter.changed("function", format!("`{before}` is written {}", brief(&replacement)));
        *expr = replacement;
        return;
    }
    let renamed = RENAMED.binary_search_by_key(&name.as_str(), |f| f.0).ok().map(|i| RENAMED[i].1);
    if let Some(new) = renamed.filter(|_| rewriter.dialect == Dialect::MySql || name != "stddev") {
        rewriter.changed("function", format!("`{}` is written {new}", name.to_uppercase()));
        function.name = ObjectName::from(vec![Ident::new(new)]);
    }
    match name.as_str() {
        "group_concat" => group_concat(rewriter, function),
        "count" => count_of_several(rewriter, function),
        "sum" | "avg" | "total" => aggregate(rewriter, &name, function),
        "round" | "truncate" | "trunc" => round(rewriter, function),
        "lpad" | "rpad" | "left" | "right" | "substr" | "substring" | "upper" | "lower" | "ucase" | "lcase"
        | "length" | "char_length" | "character_length" | "replace" | "reverse" | "instr" | "ltrim" | "rtrim"
        | "repeat" => {
            of_text(rewriter, function);
        }
        "min" | "max" => {
            extreme_of_truth(rewriter, function);
        }
        _ => {}
    }
}

/// A call that becomes another expression altogether.
fn replaced(rewriter: &Rewriter<'_>, name: &str, function: &Function) -> Option<Expr> {
    let arguments = arguments(function)?;
    match (name, &arguments[..]) {
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
            // MySQL's is NULL as soon as one part is; PostgreSQL's passes NULL over.
            let text = |part: &Expr| match rewriter.scopes.kind(part) {
                Some(Kind::Text) => Some(part.clone()),
                _ => build("CAST($1 AS TEXT)", &[part]),
            };
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
            build("COALESCE(ARRAY_POSITION(STRING_TO_ARRAY($2, ','), $1), 0)", &[value, list])
        }
        ("mid", [text, from, length]) => build("SUBSTRING($1, $2, $3)", &[text, from, length]),
        ("mid", [text, from]) => build("SUBSTRING($1, $2)", &[text, from]),
        ("log", [base, value]) => build("LN($1) / LN($2)", &[value, base]),
        ("log10", [value]) => build("LOG($1)", &[value]),
        ("space", [count]) => build("REPEAT(' ', $1)", &[count]),
        ("printf" | "format", [Expr::Value(format), values @ ..]) if rewriter.dialect == Dialect::Sqlite => {
            let Value::SingleQuotedString(format) = &format.value else { return None };
            printed(rewriter, format, values)
        }
        ("format", [value, Expr::Value(places)]) if rewriter.dialect == Dialect::MySql => {
            let places = usize::try_from(number(places)?).ok().filter(|n| *n <= 20)?;
            let point = if places == 0 { String::new() } else { format!(".{}", "0".repeat(places)) };
            let format = Expr::Value(Value::SingleQuotedString(format!("FM999,999,999,999,990{point}")).into());
            build("TO_CHAR(CAST($1 AS NUMERIC), $2)", &[value, &format])
        }
        ("char", [code]) => build("CHR($1)", &[code]),
        ("hex", [value]) => build("UPPER(ENCODE(CAST($1 AS BYTEA), 'hex'))", &[value]),
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
        ("database" | "schema", []) => build("CURRENT_DATABASE()", &[]),
        ("last_insert_id", []) => build("LASTVAL()", &[]),
        _ => None,
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
    let one_per_part = args.len() == 1;
    for arg in args.iter_mut().take(1) {
        if let FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) = arg
            && rewriter.scopes.kind(expr) != Some(Kind::Text)
            && let Some(text) = build("CAST($1 AS TEXT)", &[expr])
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
        // Where the schema's own rows show nothing but numbers, or the dialect is a guess, it is read
        // as one; otherwise the number is read that it begins with, as both databases do.
        let plain = !rewriter.certain || rewriter.scopes.holds_numbers(argument);
        let template = match name {
            _ if plain => "CAST($1 AS NUMERIC)",
            // A text without a number counts as 0, which moves a mean.
            "avg" if rewriter.scopes.holds_no_numbers(argument) => LEADING_NUMBER_OR_ZERO,
            _ => LEADING_NUMBER,
        };
        if let Some(cast) = build(template, &[argument]) {
            *argument = cast;
        }
    }
}

/// The number that a text begins with, NULL where there is none.
pub(super) const LEADING_NUMBER: &str = r"CAST(SUBSTRING($1 FROM '^\s*[-+]?[0-9]+\.?[0-9]*') AS NUMERIC)";

/// The same, 0 where there is none; of NULL it is NULL.
const LEADING_NUMBER_OR_ZERO: &str =
    r"COALESCE(CAST(SUBSTRING($1 FROM '^\s*[-+]?[0-9]+\.?[0-9]*') AS NUMERIC), 0 * LENGTH($1))";

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

/// `ROUND(x, n)` of a floating-point number.
fn round(rewriter: &mut Rewriter<'_>, function: &mut Function) {
    let FunctionArguments::List(list) = &mut function.args else { return };
    if list.args.len() != 2 {
        return;
    }
    if let Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(value))) = list.args.first_mut()
        && !matches!(rewriter.scopes.kind(value), Some(Kind::Integer | Kind::Number))
        && !matches!(value, Expr::Cast { data_type: sqlparser::ast::DataType::Numeric(_), .. })
        && let Some(cast) = build("CAST($1 AS NUMERIC)", &[value])
    {
        rewriter.changed("rounded-number", "`ROUND` to digits takes a NUMERIC".to_owned());
        *value = cast;
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

/// A function of texts, called with something else.
fn of_text(rewriter: &mut Rewriter<'_>, function: &mut Function) {
    let FunctionArguments::List(list) = &mut function.args else { return };
    let Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(value))) = list.args.first_mut() else { return };
    if !matches!(rewriter.scopes.kind(value), None | Some(Kind::Text | Kind::Other))
        && let Some(cast) = build("CAST($1 AS TEXT)", &[value])
    {
        rewriter.changed("text-of-value", format!("`{}` takes a text", function.name));
        *value = cast;
    }
}

/// `PRINTF` of one value: a number filled up with zeros or cut to digits, or anything as text.
fn printed(rewriter: &Rewriter<'_>, format: &str, values: &[&Expr]) -> Option<Expr> {
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
    let shown = match (flags, kind) {
        ("", "d" | "i" | "s") => match rewriter.scopes.kind(value) {
            Some(Kind::Text) => (*value).clone(),
            _ => build("CAST($1 AS TEXT)", &[value])?,
        },
        (width, "d" | "i") if width.starts_with('0') => {
            build("LPAD(CAST($1 AS TEXT), $2, '0')", &[value, &digits(&width[1..])?])?
        }
        (places, "f") if places.starts_with('.') => {
            build("CAST(ROUND(CAST($1 AS NUMERIC), $2) AS TEXT)", &[value, &digits(&places[1..])?])?
        }
        _ => return None,
    };
    let shown = if before.is_empty() { shown } else { build("$1 || $2", &[&text(before), &shown])? };
    if after.is_empty() { Some(shown) } else { build("$1 || $2", &[&shown, &text(after)]) }
}

/// A call of a function by its name.
fn call(name: &str, arguments: Vec<Expr>) -> Expr {
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

/// `SUBSTR` from the end, and of what is no text.
fn substring(rewriter: &mut Rewriter<'_>, expr: &mut Expr) {
    let Expr::Substring { expr: text, substring_from: Some(from), substring_for, .. } = expr else { return };
    let kind = rewriter.scopes.kind(text);
    if !matches!(kind, None | Some(Kind::Text))
        && let Some(cast) = build("CAST($1 AS TEXT)", &[text])
    {
        rewriter.changed("text-of-value", "`SUBSTR` takes a text".to_owned());
        **text = cast;
    }
    let Expr::UnaryOp { op: UnaryOperator::Minus, expr: back } = &**from else { return };
    let tail = match substring_for {
        None => build("RIGHT($1, $2)", &[text, back]),
        Some(length) => build("LEFT(RIGHT($1, $2), $3)", &[text, back, length]),
    };
    if let Some(tail) = tail {
        rewriter.changed("function", "`SUBSTR` from the end is written RIGHT".to_owned());
        *expr = tail;
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
