//! Comparisons in expressions, and functions that compare texts. They are looked at before any other rule has changed
//! their sides.

use sqlparser::ast::{
    BinaryOperator, DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Query,
    SelectItem, SetExpr, WindowType,
};

use super::keys::{fold_one, window};
use crate::dialect::rewriter::Rewriter;
use crate::dialect::syntax::{brief, is_comparison};
use crate::dialect::values::letter_case::{Decides, compared, decides, folded, lower, unequal_but_for_case};
use crate::syntax::Dialect;
use crate::syntax::last_part;

/// Comparisons within an expression. Before any other rule has changed them.
pub(in crate::dialect) fn expr(rewriter: &mut Rewriter<'_>, expr: &mut Expr) {
    if !rewriter.certain || rewriter.dialect == Dialect::Postgres {
        return;
    }
    match expr {
        Expr::BinaryOp { left, op, right }
            if matches!(op, BinaryOperator::Eq | BinaryOperator::NotEq | BinaryOperator::Spaceship)
                && is_row(left)
                && is_row(right) =>
        {
            let sides = row(left).into_iter().flatten().zip(row(right).into_iter().flatten());
            for (left, right) in sides {
                let found = rewriter.pair(left, right, unequal_but_for_case);
                rewriter.act(found, left, right);
            }
        }
        Expr::InList { expr: value, list, .. } if is_row(value) => row_in_list(rewriter, value, list),
        Expr::AnyOp { left, compare_op, right, .. } | Expr::AllOp { left, compare_op, right } => {
            let query = match &mut **right {
                Expr::Subquery(query) => query,
                _ => return,
            };
            if matches!(compare_op, BinaryOperator::Eq | BinaryOperator::NotEq) {
                in_query(rewriter, left, query);
            } else if rewriter.compared(left).is_some_and(|found| found.texts.has_letters()) {
                rewriter.notes_case(left);
            }
        }
        Expr::BinaryOp { left, op, right } if is_comparison(op) || *op == BinaryOperator::Spaceship => {
            let ordered = !matches!(op, BinaryOperator::Eq | BinaryOperator::NotEq | BinaryOperator::Spaceship);
            let found = rewriter.pair(left, right, |a, b| match ordered {
                true => a.cmp(b) != folded(a).cmp(&folded(b)),
                false => unequal_but_for_case(a, b),
            });
            rewriter.act(found, left, right);
        }
        Expr::IsDistinctFrom(left, right) | Expr::IsNotDistinctFrom(left, right) => {
            let found = rewriter.pair(left, right, unequal_but_for_case);
            rewriter.act(found, left, right);
        }
        Expr::InList { expr: value, list, .. } => {
            let all: Vec<Decides> = list.iter().map(|item| rewriter.pair(value, item, unequal_but_for_case)).collect();
            if all.contains(&Decides::Yes) {
                rewriter.passes_over_case(value);
                list.iter_mut().for_each(lower);
                lower(value);
            } else if all.contains(&Decides::Maybe) {
                rewriter.notes_case(value);
            }
        }
        Expr::Between { expr: value, low, high, .. } => {
            let differs = |a: &str, b: &str| a.cmp(b) != folded(a).cmp(&folded(b));
            let all = [rewriter.pair(value, low, differs), rewriter.pair(value, high, differs)];
            if all.contains(&Decides::Yes) {
                rewriter.passes_over_case(value);
                [value, low, high].into_iter().for_each(|part| lower(part));
            } else if all.contains(&Decides::Maybe) {
                rewriter.notes_case(value);
            }
        }
        Expr::InSubquery { expr: value, subquery, .. } => in_query(rewriter, value, subquery),
        Expr::Case { operand: Some(operand), conditions, .. } => {
            let all: Vec<Decides> =
                conditions.iter().map(|c| rewriter.pair(operand, &c.condition, unequal_but_for_case)).collect();
            if all.contains(&Decides::Yes) {
                rewriter.passes_over_case(operand);
                conditions.iter_mut().for_each(|c| lower(&mut c.condition));
                lower(operand);
            } else if all.contains(&Decides::Maybe) {
                rewriter.notes_case(operand);
            }
        }
        Expr::Position { expr: part, r#in: whole } if rewriter.dialect == Dialect::MySql => {
            let found = rewriter.pair(whole, part, found_otherwise);
            rewriter.act(found, whole, part);
        }
        Expr::Function(function) => call(rewriter, function),
        _ => {}
    }
}

/// Whether a part is found elsewhere in a text when case is passed over.
fn found_otherwise(whole: &str, part: &str) -> bool {
    folded(whole).find(&folded(part)) != whole.find(part)
}

/// Whether an expression is a row of several values.
fn is_row(expr: &Expr) -> bool {
    match expr {
        Expr::Tuple(_) => true,
        Expr::Function(function) => last_part(&function.name) == "row",
        _ => false,
    }
}

/// The values of a row: `(a, b)`, `ROW(a, b)`.
fn row(expr: &mut Expr) -> Option<Vec<&mut Expr>> {
    match expr {
        Expr::Tuple(values) => Some(values.iter_mut().collect()),
        Expr::Function(Function { name, args: FunctionArguments::List(list), .. }) if last_part(name) == "row" => {
            let values = list.args.iter_mut().filter_map(|argument| match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
                _ => None,
            });
            Some(values.collect())
        }
        _ => None,
    }
}

/// `(a, b) IN ((1, 'x'), …)`, value by value.
fn row_in_list(rewriter: &mut Rewriter<'_>, value: &mut Expr, list: &mut [Expr]) {
    let Some(values) = row(value) else { return };
    for (at, value) in values.into_iter().enumerate() {
        let mut others: Vec<&mut Expr> = list.iter_mut().filter_map(|item| row(item)?.into_iter().nth(at)).collect();
        let all: Vec<Decides> = others.iter().map(|other| rewriter.pair(value, other, unequal_but_for_case)).collect();
        if all.contains(&Decides::Yes) {
            rewriter.passes_over_case(value);
            others.iter_mut().for_each(|other| lower(other));
            lower(value);
        } else if all.contains(&Decides::Maybe) {
            rewriter.notes_case(value);
        }
    }
}

/// `a IN (SELECT b …)`, and rows of several.
fn in_query(rewriter: &mut Rewriter<'_>, value: &mut Expr, query: &mut Query) {
    let inner = rewriter.scopes.within(query);
    let SetExpr::Select(select) = &mut *query.body else { return };
    let values = if is_row(value) { row(value).unwrap_or_default() } else { vec![value] };
    if values.len() != select.projection.len() {
        return;
    }
    for (value, item) in values.into_iter().zip(&mut select.projection) {
        let (SelectItem::UnnamedExpr(item) | SelectItem::ExprWithAlias { expr: item, .. }) = item else { return };
        let (a, b) = (rewriter.compared(value), compared(&inner, rewriter.dialect, item));
        match decides(rewriter.dialect, a.as_ref(), b.as_ref(), unequal_but_for_case) {
            Decides::No => {}
            Decides::Maybe => rewriter.notes_case(value),
            Decides::Yes => {
                rewriter.passes_over_case(value);
                lower(value);
                lower(item);
            }
        }
    }
}

/// Functions that compare texts, aggregates of distinct ones, and windows.
fn call(rewriter: &mut Rewriter<'_>, function: &mut Function) {
    if let Some(WindowType::WindowSpec(spec)) = &mut function.over {
        window(rewriter, spec);
    }
    let name = last_part(&function.name);
    let FunctionArguments::List(list) = &mut function.args else { return };
    let distinct = list.duplicate_treatment == Some(DuplicateTreatment::Distinct);
    for clause in &mut list.clauses {
        if let sqlparser::ast::FunctionArgumentClause::OrderBy(items) = clause
            && !distinct
        {
            items.iter_mut().for_each(|item| fold_one(rewriter, &mut item.expr, true));
        }
    }
    let mut arguments: Vec<&mut Expr> = list
        .args
        .iter_mut()
        .filter_map(|argument| match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
            _ => None,
        })
        .collect();
    let mysql = rewriter.dialect == Dialect::MySql;
    match (name.as_str(), &mut arguments[..]) {
        ("count", values) if distinct => values.iter_mut().for_each(|value| fold_one(rewriter, value, false)),
        // Any spelling of a text is shown, in the order of all: see `group_concat`.
        ("group_concat", [value, ..])
            if distinct && [rewriter.within(value), rewriter.order_of(value)].contains(&Decides::Maybe) =>
        {
            rewriter.notes_case(value);
        }
        ("greatest" | "least", values) if mysql => extreme_of_texts(rewriter, values),
        ("instr", [whole, part]) | ("locate", [part, whole, ..]) if mysql => {
            let found = rewriter.pair(whole, part, found_otherwise);
            rewriter.act(found, whole, part);
        }
        ("find_in_set" | "strcmp", [value, list]) if mysql => {
            let found =
                rewriter.pair(value, list, |value, list| list.split(',').any(|item| unequal_but_for_case(value, item)));
            rewriter.act(found, value, list);
        }
        // The value itself comes out, so it must not be put into lower case.
        ("nullif", [value, other]) if mysql && rewriter.pair(value, other, unequal_but_for_case) != Decides::No => {
            rewriter.notes_case(value);
        }
        ("field", [value, items @ ..]) if mysql => {
            let all: Vec<Decides> = items.iter().map(|i| rewriter.pair(value, i, unequal_but_for_case)).collect();
            if all.contains(&Decides::Yes) {
                rewriter.passes_over_case(value);
                items.iter_mut().for_each(|item| lower(item));
                lower(value);
            } else if all.contains(&Decides::Maybe) {
                rewriter.notes_case(value);
            }
        }
        ("min" | "max", [value]) if mysql && rewriter.order_of(value) != Decides::No => {
            rewriter.notes_case(value);
        }
        _ => {}
    }
}

/// The greatest of several texts, which is shown as it is.
fn extreme_of_texts(rewriter: &mut Rewriter<'_>, values: &[&mut Expr]) {
    let differs = |a: &str, b: &str| a.cmp(b) != folded(a).cmp(&folded(b));
    let mut found = Vec::new();
    for (at, left) in values.iter().enumerate() {
        found.extend(values[at + 1..].iter().map(|right| rewriter.pair(left, right, differs)));
    }
    if found.contains(&Decides::Yes) {
        let list = values.iter().map(|value| brief(value)).collect::<Vec<_>>().join(", ");
        let why = format!("the greatest of the texts {list} is found without regard to case, in PostgreSQL with it");
        rewriter.refuse("other-meaning", why);
    } else if found.contains(&Decides::Maybe)
        && let Some(first) = values.first()
    {
        rewriter.notes_case(first);
    }
}
