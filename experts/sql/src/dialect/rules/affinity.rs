//! SQLite's comparisons of texts with numbers. A number is less than any text, unless one side has an
//! affinity: a column or a cast of a numeric type has the texts beside it read as numbers where they are
//! some, one of texts has what is computed beside it made a text. PostgreSQL refuses to compare the two, so
//! one side is rewritten as SQLite reads it; what would then still be a text beside a number is refused,
//! since it is true of every row or of none. Before any other rule has changed the sides.
//!
//! <https://www.sqlite.org/datatype3.html#comparison_expressions>

use sqlparser::ast::{BinaryOperator, DataType, Expr, Query, SelectItem, SetExpr, UnaryOperator, Value};

use crate::catalog::ValueKind;
use crate::dialect::kinds::Scopes;
use crate::dialect::names::DeclaredColumn;
use crate::dialect::number_texts;
use crate::dialect::rewriter::Rewriter;
use crate::dialect::syntax::{arguments, brief, is_comparison, literal, text};
use crate::dialect::values::{json_values, numbers, shown};
use crate::syntax::Dialect;
use crate::syntax::last_part;

/// What a side does to the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Affinity {
    Text,
    Numeric,
    None,
}

/// What a side's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    Texts,
    Numbers,
    /// Numbers and texts that are none, in a column of numbers.
    Both,
    Unknown,
}

#[derive(Debug, Clone, Copy)]
struct Side {
    affinity: Affinity,
    holds: Holds,
}

/// Rewrites the sides of a comparison, or refuses it.
pub(in crate::dialect) fn expr(rewriter: &mut Rewriter<'_>, expr: &mut Expr) {
    if !rewriter.certain || rewriter.dialect != Dialect::Sqlite {
        return;
    }
    match expr {
        Expr::BinaryOp { left, op, right } if is_comparison(op) => {
            let ordered = !matches!(op, BinaryOperator::Eq | BinaryOperator::NotEq);
            agree(rewriter, left, right, ordered);
        }
        Expr::IsDistinctFrom(left, right) | Expr::IsNotDistinctFrom(left, right) => {
            agree(rewriter, left, right, false);
        }
        Expr::Between { expr: value, low, high, .. } => {
            agree(rewriter, value, low, true);
            agree(rewriter, value, high, true);
        }
        Expr::InList { expr: value, list, .. } => list.iter_mut().for_each(|item| agree(rewriter, value, item, false)),
        Expr::Case { operand: Some(operand), conditions, .. } => {
            conditions.iter_mut().for_each(|case| agree(rewriter, operand, &mut case.condition, false));
        }
        Expr::InSubquery { expr: value, subquery, .. } => in_query(rewriter, value, subquery),
        _ => {}
    }
}

/// `a IN (SELECT b …)`, where each side has its own tables in sight.
fn in_query(rewriter: &mut Rewriter<'_>, value: &mut Expr, query: &mut Query) {
    let mut inner = rewriter.scopes.within(query);
    let SetExpr::Select(select) = &mut *query.body else { return };
    let [SelectItem::UnnamedExpr(item) | SelectItem::ExprWithAlias { expr: item, .. }] = &mut select.projection[..]
    else {
        return;
    };
    let (a, b) = (side(&rewriter.scopes, value), side(&inner, item));
    let changes_item = matches!((a.affinity, b.affinity), (Affinity::Numeric, _) | (Affinity::Text, Affinity::None));
    let kinds = (rewriter.scopes.kind(value), inner.kind(item));
    if changes_item {
        std::mem::swap(&mut rewriter.scopes, &mut inner);
        settle(rewriter, (value, a, kinds.0), (item, b, kinds.1), false);
        std::mem::swap(&mut rewriter.scopes, &mut inner);
    } else {
        settle(rewriter, (value, a, kinds.0), (item, b, kinds.1), false);
    }
}

fn agree(rewriter: &mut Rewriter<'_>, left: &mut Expr, right: &mut Expr, ordered: bool) {
    let (a, b) = (side(&rewriter.scopes, left), side(&rewriter.scopes, right));
    for (value, other) in [(&*left, &*right), (&*right, &*left)] {
        if let Some((text, false)) = literal(other)
            && json_values::shows_number(&rewriter.scopes, value, &text)
        {
            refuse_unlike(rewriter, (value, Holds::Numbers), (other, Holds::Texts));
        }
    }
    let kinds = (rewriter.scopes.kind(left), rewriter.scopes.kind(right));
    settle(rewriter, (left, a, kinds.0), (right, b, kinds.1), ordered);
}

type Given<'e> = (&'e mut Expr, Side, Option<ValueKind>);

fn settle(rewriter: &mut Rewriter<'_>, left: Given<'_>, right: Given<'_>, ordered: bool) {
    let ((a, first, a_kind), (b, second, b_kind)) = (left, right);
    match (first.affinity, second.affinity) {
        (Affinity::Numeric, Affinity::Text | Affinity::None) => {
            beside_numbers(rewriter, (a, first, a_kind), (b, second, b_kind), ordered)
        }
        (Affinity::Text | Affinity::None, Affinity::Numeric) => {
            beside_numbers(rewriter, (b, second, b_kind), (a, first, a_kind), ordered)
        }
        (Affinity::Text, Affinity::None) if second.holds == Holds::Numbers => beside_texts(rewriter, a, b),
        (Affinity::None, Affinity::Text) if first.holds == Holds::Numbers => beside_texts(rewriter, b, a),
        _ => refuse_unlike(rewriter, (a, first.holds), (b, second.holds)),
    }
}

/// A text beside a column of numbers is read as a number where it is one.
fn beside_numbers(rewriter: &mut Rewriter<'_>, column: Given<'_>, other: Given<'_>, ordered: bool) {
    let ((column, numeric, kind), (other, side, other_kind)) = (column, other);
    if let Some((value, false)) = literal(other) {
        let is_number = number_texts::is_number(&value);
        // Without rows nobody knows what a column of dates or truth values holds: some keep `T` and `F`.
        let shown = rewriter.scopes.declared(column).is_none_or(DeclaredColumn::is_shown);
        let uncertain = match numeric.holds {
            Holds::Texts => is_number,
            Holds::Numbers => !is_number && !ordered && kind == Some(ValueKind::Boolean),
            _ => false,
        };
        if uncertain && !shown {
            let what = format!("{} is compared with '{value}' by SQLite as it is stored there", brief(column));
            rewriter.noted("compared-types", what);
            return;
        }
        match numeric.holds {
            Holds::Texts if is_number => refuse_unlike(rewriter, (column, Holds::Texts), (other, Holds::Numbers)),
            Holds::Numbers if !is_number && (ordered || kind == Some(ValueKind::Boolean)) => {
                refuse_unlike(rewriter, (column, Holds::Numbers), (other, Holds::Texts));
            }
            Holds::Both if ordered && is_number => as_number(rewriter, column),
            Holds::Both if ordered => refuse_unlike(rewriter, (column, Holds::Numbers), (other, Holds::Texts)),
            _ => {}
        }
        return;
    }
    match (numeric.holds, side.holds) {
        (Holds::Numbers, Holds::Texts) if other_kind == Some(ValueKind::Text) => {
            let whole = kind == Some(ValueKind::Integer);
            if ordered || !whole || numbers::differs_as_text(rewriter, other, column) {
                as_number(rewriter, other);
            }
        }
        (Holds::Both, Holds::Numbers) if ordered => as_number(rewriter, column),
        _ => refuse_unlike(rewriter, (column, numeric.holds), (other, side.holds)),
    }
}

/// A number that is computed or written out becomes a text beside a column of texts.
fn beside_texts(rewriter: &mut Rewriter<'_>, column: &Expr, number: &mut Expr) {
    let now = match literal(number) {
        Some((value, true)) => Some(text(&number_texts::as_written(&value))),
        _ => match &*number {
            Expr::Value(_) => None,
            number => shown::as_text(rewriter, number),
        },
    };
    if let Some(now) = now {
        rewriter.changed("compared-as-text", format!("{} is compared with {} as a text", brief(column), brief(&now)));
        *number = now;
    }
}

fn as_number(rewriter: &mut Rewriter<'_>, text: &mut Expr) {
    if let Some(number) = numbers::of_whole_text(rewriter, text) {
        rewriter.changed("number-from-text", format!("{} is compared as a number where it is one", brief(text)));
        *text = number;
    }
}

fn refuse_unlike(rewriter: &mut Rewriter<'_>, left: (&Expr, Holds), right: (&Expr, Holds)) {
    let (text, number) = match (left, right) {
        ((text, Holds::Texts), (number, Holds::Numbers)) | ((number, Holds::Numbers), (text, Holds::Texts)) => {
            (text, number)
        }
        _ => return,
    };
    let why =
        format!("{} is a text and {} a number, which SQLite finds less than any text", brief(text), brief(number));
    rewriter.refuse("other-meaning", why);
}

fn side(scopes: &Scopes<'_>, expr: &Expr) -> Side {
    Side { affinity: affinity(scopes, expr), holds: holds(scopes, expr) }
}

fn affinity(scopes: &Scopes<'_>, expr: &Expr) -> Affinity {
    match expr {
        Expr::Nested(inner) => affinity(scopes, inner),
        Expr::Cast { data_type, .. } => of_type(data_type),
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => match (scopes.declared(expr), scopes.known(expr)) {
            (Some(column), _) => of_column(column),
            (None, Some(known)) if !known.computed => of_kind(known.kind),
            _ => Affinity::None,
        },
        Expr::Subquery(query) => match &*query.body {
            SetExpr::Select(select) => match &select.projection[..] {
                [SelectItem::UnnamedExpr(item) | SelectItem::ExprWithAlias { expr: item, .. }] => {
                    affinity(&scopes.within(query), item)
                }
                _ => Affinity::None,
            },
            _ => Affinity::None,
        },
        _ => Affinity::None,
    }
}

fn of_column(column: &DeclaredColumn) -> Affinity {
    match &column.declared {
        // Without a type numbers are kept as numbers.
        Some(DataType::Unspecified) if !column.numbers.is_empty() => Affinity::Numeric,
        Some(declared) => of_type(declared),
        None => of_kind(column.kind),
    }
}

fn of_kind(kind: ValueKind) -> Affinity {
    match kind {
        ValueKind::Text => Affinity::Text,
        ValueKind::Other => Affinity::None,
        _ => Affinity::Numeric,
    }
}

/// <https://www.sqlite.org/datatype3.html#determination_of_column_affinity>
fn of_type(declared: &DataType) -> Affinity {
    let name = declared.to_string().to_uppercase();
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if has(&["INT"]) {
        Affinity::Numeric
    } else if has(&["CHAR", "CLOB", "TEXT"]) {
        Affinity::Text
    } else if name.is_empty() || has(&["BLOB"]) {
        Affinity::None
    } else {
        Affinity::Numeric
    }
}

fn holds(scopes: &Scopes<'_>, expr: &Expr) -> Holds {
    let all = |parts: &mut dyn Iterator<Item = &Expr>| {
        let mut found = None;
        for part in parts.filter(|part| !matches!(part, Expr::Value(value) if value.value == Value::Null)) {
            let here = holds(scopes, part);
            if found.is_some_and(|found| found != here) {
                return Holds::Unknown;
            }
            found = Some(here);
        }
        found.unwrap_or(Holds::Unknown)
    };
    match expr {
        Expr::Nested(inner) => holds(scopes, inner),
        expr if json_values::is_value(expr) => of_values(json_values::kind(scopes, expr)),
        Expr::UnaryOp { op: UnaryOperator::Minus, .. } => Holds::Numbers,
        Expr::UnaryOp { op: UnaryOperator::Plus, expr } => holds(scopes, expr),
        Expr::Case { conditions, else_result, .. } => {
            all(&mut conditions.iter().map(|case| &case.result).chain(else_result.as_deref()))
        }
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) if let Some(column) = scopes.declared(expr) => {
            of_rows(column)
        }
        Expr::Function(function) => match (last_part(&function.name).as_str(), arguments(function).as_deref()) {
            ("coalesce" | "ifnull", Some(values)) => all(&mut values.iter().copied()),
            ("iif" | "if", Some([_, results @ ..])) => all(&mut results.iter().copied()),
            ("min" | "max" | "nullif" | "first_value" | "last_value" | "lag" | "lead", Some([first, ..])) => {
                holds(scopes, first)
            }
            _ => of_values(scopes.kind(expr)),
        },
        _ => of_values(scopes.kind(expr)),
    }
}

/// What a column's values are. In one that is declared for numbers a text that is one is stored as one.
fn of_rows(column: &DeclaredColumn) -> Holds {
    match column.kind {
        ValueKind::Text if of_column(column) == Affinity::Numeric => {
            let texts = column.texts.iter().any(|text| !number_texts::is_number(text));
            let numbers = !column.numbers.is_empty() || column.texts.iter().any(|text| number_texts::is_number(text));
            match (texts, numbers) {
                (_, true) => Holds::Both,
                (true, false) => Holds::Texts,
                (false, false) => Holds::Unknown,
            }
        }
        ValueKind::Text if of_column(column) == Affinity::None && !column.is_shown() => Holds::Unknown,
        kind => of_values(Some(kind)),
    }
}

/// Dates are texts.
fn of_values(kind: Option<ValueKind>) -> Holds {
    match kind {
        Some(ValueKind::Text | ValueKind::Date | ValueKind::Timestamp) => Holds::Texts,
        Some(ValueKind::Integer | ValueKind::Number | ValueKind::Float | ValueKind::Boolean) => Holds::Numbers,
        Some(ValueKind::Other) | None => Holds::Unknown,
    }
}
