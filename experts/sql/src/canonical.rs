//! Canonical form: one form for expressions that mean the same, with operands sorted, parentheses removed and spellings
//! unified. It works on single expressions whose columns are resolved, and on FROM clauses; it does not reason about
//! data.

use sqlparser::ast::{
    BinaryOperator, CastKind, DataType, Expr, Fetch, FunctionArg, FunctionArgExpr, FunctionArguments, Ident,
    JoinConstraint, JoinOperator, LimitClause, ObjectName, ObjectNamePart, OrderByOptions, OrderBySort, Query, Select,
    TableWithJoins, UnaryOperator, Value,
};

/// Rewrites `expr`, whose operands are canonical already.
pub fn expression(expr: &mut Expr) {
    match expr {
        Expr::Nested(inner) => *expr = take(inner),
        Expr::Identifier(ident) => *ident = lowered(ident),
        Expr::CompoundIdentifier(parts) => parts.iter_mut().for_each(|part| *part = lowered(part)),
        Expr::BinaryOp { left, op, right } => match op {
            BinaryOperator::And | BinaryOperator::Or => {
                let op = op.clone();
                let mut operands = Vec::new();
                flatten(take(expr), &op, &mut operands);
                *expr = joined(operands, &op);
            }
            BinaryOperator::Gt | BinaryOperator::GtEq => {
                *op = if *op == BinaryOperator::Gt { BinaryOperator::Lt } else { BinaryOperator::LtEq };
                std::mem::swap(left, right);
            }
            BinaryOperator::Eq | BinaryOperator::NotEq | BinaryOperator::Plus | BinaryOperator::Multiply
                if right < left =>
            {
                std::mem::swap(left, right);
            }
            _ => {}
        },
        Expr::Between { expr: inner, negated: false, low, high } => {
            let value = take(inner);
            let low = binary(take(low), BinaryOperator::LtEq, value.clone());
            let high = binary(value, BinaryOperator::LtEq, take(high));
            *expr = joined(vec![low, high], &BinaryOperator::And);
        }
        Expr::InList { list, .. } => {
            list.sort();
            list.dedup();
        }
        Expr::UnaryOp { op: UnaryOperator::Not, expr: inner } => {
            if let Some(negated) = negated(inner) {
                *expr = negated;
            }
        }
        Expr::TypedString(typed) if matches!(typed.data_type, DataType::Date | DataType::Timestamp(..)) => {
            *expr = Expr::Value(typed.value.clone());
        }
        Expr::Cast { kind, .. } => *kind = CastKind::Cast,
        Expr::Function(function) => {
            lower(&mut function.name);
            if let FunctionArguments::List(list) = &mut function.args
                && let [FunctionArg::Unnamed(argument)] = &mut list.args[..]
                && let FunctionArgExpr::Expr(Expr::Value(value)) = argument
                && matches!(&value.value, Value::Number(..))
                && list.duplicate_treatment.is_none()
                && function.name.to_string() == "count"
            {
                *argument = FunctionArgExpr::Wildcard;
            }
        }
        _ => {}
    }
}

/// `NOT expr` as one expression, where there is one.
fn negated(expr: &Expr) -> Option<Expr> {
    let mut expr = expr.clone();
    match &mut expr {
        Expr::InList { negated, .. }
        | Expr::InSubquery { negated, .. }
        | Expr::Like { negated, .. }
        | Expr::ILike { negated, .. }
        | Expr::Exists { negated, .. } => *negated = !*negated,
        Expr::IsNull(inner) => return Some(Expr::IsNotNull(Box::new(take(inner)))),
        Expr::IsNotNull(inner) => return Some(Expr::IsNull(Box::new(take(inner)))),
        _ => return None,
    }
    Some(expr)
}

/// The operands of `expr` if it is a chain of `op`, else `expr` itself.
pub fn flatten(expr: Expr, op: &BinaryOperator, into: &mut Vec<Expr>) {
    match expr {
        Expr::BinaryOp { left, op: got, right } if got == *op => {
            flatten(*left, op, into);
            flatten(*right, op, into);
        }
        other => into.push(other),
    }
}

/// `operands`, sorted and without repeats, as a chain of `op`.
pub fn joined(mut operands: Vec<Expr>, op: &BinaryOperator) -> Expr {
    operands.sort();
    operands.dedup();
    operands.into_iter().reduce(|left, right| binary(left, op.clone(), right)).unwrap_or_else(nothing)
}

/// `left op right`.
pub fn binary(left: Expr, op: BinaryOperator, right: Expr) -> Expr {
    Expr::BinaryOp { left: Box::new(left), op, right: Box::new(right) }
}

/// Removes ASC and a NULLS clause that says the default.
pub fn order(options: &mut OrderByOptions) {
    let descending = matches!(options.sort, Some(OrderBySort::Desc));
    if matches!(options.sort, Some(OrderBySort::Asc)) {
        options.sort = None;
    }
    if options.nulls_first == Some(descending) {
        options.nulls_first = None;
    }
}

/// `FETCH FIRST n ROWS ONLY` becomes `LIMIT n`.
pub fn fetch(query: &mut Query) {
    if let Some(Fetch { with_ties: false, percent: false, quantity }) = &mut query.fetch
        && !matches!(&query.limit_clause, Some(LimitClause::LimitOffset { limit: Some(_), .. }))
    {
        let one = Expr::Value(Value::Number("1".to_owned(), false).into());
        let rows = Some(quantity.take().unwrap_or(one));
        match &mut query.limit_clause {
            Some(LimitClause::LimitOffset { limit, .. }) => *limit = rows,
            _ => query.limit_clause = Some(LimitClause::LimitOffset { limit: rows, offset: None, limit_by: vec![] }),
        }
        query.fetch = None;
    }
}

/// Sorts the tables and moves the conditions into WHERE, if all joins are inner ones.
pub fn from_clause(select: &mut Select) {
    for join in select.from.iter_mut().flat_map(|item| &mut item.joins) {
        match &join.join_operator {
            JoinOperator::LeftOuter(c) => join.join_operator = JoinOperator::Left(c.clone()),
            JoinOperator::RightOuter(c) => join.join_operator = JoinOperator::Right(c.clone()),
            JoinOperator::Inner(c) | JoinOperator::CrossJoin(c) => join.join_operator = JoinOperator::Join(c.clone()),
            _ => {}
        }
    }
    let all_inner = select
        .from
        .iter()
        .flat_map(|item| &item.joins)
        .all(|join| matches!(join.join_operator, JoinOperator::Join(JoinConstraint::On(_) | JoinConstraint::None)));
    if !all_inner {
        return;
    }
    let mut conditions = Vec::new();
    let mut tables = Vec::new();
    for item in select.from.drain(..) {
        tables.push(item.relation);
        for join in item.joins {
            if let JoinOperator::Join(JoinConstraint::On(on)) = join.join_operator {
                flatten(on, &BinaryOperator::And, &mut conditions);
            }
            tables.push(join.relation);
        }
    }
    tables.sort();
    select.from = tables.into_iter().map(|relation| TableWithJoins { relation, joins: vec![] }).collect();
    if !conditions.is_empty() {
        if let Some(selection) = select.selection.take() {
            flatten(selection, &BinaryOperator::And, &mut conditions);
        }
        select.selection = Some(joined(conditions, &BinaryOperator::And));
    }
}

/// The expression, with an empty one left in its place.
pub fn take(expr: &mut Expr) -> Expr {
    std::mem::replace(expr, nothing())
}

fn nothing() -> Expr {
    Expr::Value(Value::Null.into())
}

/// The identifier in lower case, unquoted.
pub fn lowered(ident: &Ident) -> Ident {
    Ident::new(ident.value.to_lowercase())
}

/// Puts every part of `name` in lower case, unquoted.
pub fn lower(name: &mut ObjectName) {
    for part in &mut name.0 {
        if let ObjectNamePart::Identifier(ident) = part {
            *ident = lowered(ident);
        }
    }
}
