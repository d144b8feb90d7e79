//! Reading and building pieces of the syntax tree. Nothing here knows a dialect.

use sqlparser::ast::{
    BinaryOperator, CaseWhen, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments,
    Ident, NamedWindowExpr, ObjectName, ObjectNamePart, Query, Select, SelectItem, TableFactor, TableWithJoins,
    UnaryOperator, Value, ValueWithSpan, WindowSpec,
};

use crate::grouping::is_aggregate;
use crate::syntax::last_part;
use crate::syntax::walk::{self, Look};

/// The arguments of a call; `None` when any of them is named or a wildcard.
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

pub(super) fn case(condition: &Expr, yes: &Expr, no: Option<&Expr>) -> Expr {
    case_of(vec![CaseWhen { condition: condition.clone(), result: yes.clone() }], no.cloned())
}

pub(super) fn case_of(conditions: Vec<CaseWhen>, otherwise: Option<Expr>) -> Expr {
    Expr::Case {
        case_token: sqlparser::ast::helpers::attached_token::AttachedToken::empty(),
        end_token: sqlparser::ast::helpers::attached_token::AttachedToken::empty(),
        operand: None,
        conditions,
        else_result: otherwise.map(Box::new),
    }
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

/// The beginning of an expression, for messages.
pub(super) fn brief(expr: &Expr) -> String {
    let text = expr.to_string();
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// A literal: its text, and whether it is a number.
pub(super) fn literal(expr: &Expr) -> Option<(String, bool)> {
    match expr {
        Expr::Nested(inner) => literal(inner),
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => match literal(expr)? {
            (text, true) => Some((format!("-{text}"), true)),
            _ => None,
        },
        Expr::Value(value) => match &value.value {
            Value::Number(number, _) => Some((number.to_string(), true)),
            Value::SingleQuotedString(text) | Value::DoubleQuotedString(text) => Some((text.clone(), false)),
            _ => None,
        },
        _ => None,
    }
}

/// A text as a literal.
pub(super) fn text(value: &str) -> Expr {
    Expr::Value(Value::SingleQuotedString(value.to_owned()).into())
}

/// A number as a literal.
pub(super) fn number_literal(number: f64) -> Expr {
    let size = Expr::Value(Value::Number(number.abs().to_string(), false).into());
    match number < 0.0 {
        true => Expr::UnaryOp { op: UnaryOperator::Minus, expr: Box::new(size) },
        false => size,
    }
}

/// The last part of a dotted name.
pub(super) fn last_ident(name: &ObjectName) -> Option<&Ident> {
    name.0.last().and_then(ObjectNamePart::as_ident)
}

/// Whether an operator compares.
pub(super) fn is_comparison(op: &BinaryOperator) -> bool {
    use BinaryOperator::{Eq, Gt, GtEq, Lt, LtEq, NotEq};
    matches!(op, Eq | NotEq | Gt | GtEq | Lt | LtEq)
}

/// The table that a statement other than a query changes, as FROM would name it.
pub(super) fn one_table(name: &ObjectName) -> TableWithJoins {
    TableWithJoins { relation: table_factor(name.clone()), joins: Vec::new() }
}

/// A table by its name, with nothing else.
pub(super) fn table_factor(name: ObjectName) -> TableFactor {
    TableFactor::Table {
        name,
        alias: None,
        args: None,
        with_hints: Vec::new(),
        version: None,
        with_ordinality: false,
        partitions: Vec::new(),
        json_path: None,
        sample: None,
        index_hints: Vec::new(),
    }
}

pub(super) fn table_name(factor: &TableFactor) -> Option<String> {
    match factor {
        TableFactor::Table { name, .. } => Some(last_part(name)),
        _ => None,
    }
}

/// Whether a SELECT aggregates in its outputs or in HAVING.
pub(super) fn aggregated(select: &Select) -> bool {
    outputs(select).chain(&select.having).any(holds_aggregate)
}

pub(super) fn outputs(select: &Select) -> impl Iterator<Item = &Expr> {
    select.projection.iter().filter_map(|item| match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(expr),
        _ => None,
    })
}

/// Whether an expression aggregates.
pub(super) fn holds_aggregate(expr: &Expr) -> bool {
    struct Search(usize);
    impl Look for Search {
        fn query(&mut self, _: &Query) {
            self.0 += 1;
        }

        fn query_end(&mut self, _: &Query) {
            self.0 -= 1;
        }

        fn expr(&mut self, expr: &Expr) -> bool {
            !matches!(expr, Expr::Function(function) if self.0 == 0 && is_aggregate(function))
        }
    }
    !walk::expr(expr, &mut Search(0))
}

/// Whether two expressions are the same, ignoring the case of names; `t.a` and `a` count as the same.
pub(super) fn same(a: &Expr, b: &Expr) -> bool {
    match (a, b) {
        (Expr::Nested(a), b) | (b, Expr::Nested(a)) => same(a, b),
        (Expr::Identifier(a), Expr::CompoundIdentifier(b)) | (Expr::CompoundIdentifier(b), Expr::Identifier(a)) => {
            b.last().is_some_and(|b| b.value.eq_ignore_ascii_case(&a.value))
        }
        _ => a.to_string().eq_ignore_ascii_case(&b.to_string()),
    }
}

/// The windows that `WINDOW w AS (…)` names.
pub(super) fn named_windows(select: &mut Select) -> impl Iterator<Item = &mut WindowSpec> {
    select.named_window.iter_mut().filter_map(|window| match &mut window.1 {
        NamedWindowExpr::WindowSpec(spec) => Some(spec),
        NamedWindowExpr::NamedWindow(_) => None,
    })
}

pub(super) fn without_parentheses(expr: &Expr) -> &Expr {
    match expr {
        Expr::Nested(inner) => without_parentheses(inner),
        other => other,
    }
}
