//! The clauses of a query: LIMIT, ORDER BY, HAVING and WHERE with names of outputs, FROM. Where NULL
//! sorts is a matter of meaning, and changed only in a record whose dialect is certain.

use sqlparser::ast::{
    BinaryOperator, Distinct, Expr, GroupByExpr, GroupByWithModifier, Ident, JoinConstraint, JoinOperator, LimitClause,
    NamedWindowExpr, Offset, OffsetRows, OrderByExpr, OrderByKind, OrderBySort, Query, Select, SelectItem, SetExpr,
    Statement, TableAlias, TableFactor, Value, WindowSpec,
};

use super::functions::{brief, number};
use super::names::plain;
use super::operators::condition;
use super::{Dialect, Rewriter, enums, groups};
use crate::grouping::is_aggregate;
use crate::statement;
use crate::walk::{self, Edit};

/// Rewrites the clauses around a query's body.
pub(super) fn query(rewriter: &mut Rewriter<'_>, query: &mut Query) {
    limit(rewriter, query);
    if let SetExpr::Select(select) = &*query.body {
        let aliases = aliases(select);
        if let Some(order_by) = &mut query.order_by
            && let OrderByKind::Expressions(items) = &mut order_by.kind
        {
            for item in items.iter_mut() {
                // PostgreSQL knows an output's name there alone, and not within an expression.
                if !matches!(item.expr, Expr::Identifier(_)) {
                    insert_outputs(rewriter, &mut item.expr, &aliases);
                }
            }
        }
    }
    order_of_set(rewriter, query);
    ordered_distinct(rewriter, query);
    groups::complete_order(rewriter, query);
    nulls(rewriter, query);
    groups::extreme_row(rewriter, query);
}

/// Puts outputs in place of their names in WHERE and HAVING, before any rule looks at them.
pub(super) fn outputs_by_name(rewriter: &mut Rewriter<'_>, select: &mut Select) {
    let aliases = aliases(select);
    if let Some(selection) = &mut select.selection {
        insert_outputs(rewriter, selection, &aliases);
    }
    if let Some(having) = &mut select.having {
        insert_outputs(rewriter, having, &hiding(rewriter, &select.group_by, &aliases));
        insert_outputs(rewriter, having, &aliases);
    }
}

/// The outputs whose names HAVING means though columns have them as well: in MySQL all that is not
/// grouped by, in SQLite none, where a column beside its own MAX or MIN is that of its row.
fn hiding(rewriter: &Rewriter<'_>, group_by: &GroupByExpr, aliases: &[(String, Expr)]) -> Vec<(String, Expr)> {
    let GroupByExpr::Expressions(keys, _) = group_by else { return Vec::new() };
    let is_key = |name: &str| {
        keys.iter().any(|key| match key {
            Expr::Identifier(ident) => ident.value.eq_ignore_ascii_case(name),
            Expr::CompoundIdentifier(parts) => parts.last().is_some_and(|p| p.value.eq_ignore_ascii_case(name)),
            _ => false,
        })
    };
    let only = aliases.iter().filter(|(_, expr)| groups::is_aggregated(expr)).count() == 1;
    let own_extreme = |name: &str, expr: &Expr| {
        only && groups::extreme_of(expr).is_some_and(|value| match value {
            Expr::Identifier(ident) => ident.value.eq_ignore_ascii_case(name),
            Expr::CompoundIdentifier(parts) => parts.last().is_some_and(|p| p.value.eq_ignore_ascii_case(name)),
            _ => false,
        })
    };
    let meant = aliases.iter().filter(|(name, expr)| match rewriter.dialect {
        Dialect::MySql => !is_key(name),
        _ => own_extreme(name, expr),
    });
    meant.map(|(name, expr)| (HIDING.to_owned() + name, expr.clone())).collect()
}

/// Marks a name among the outputs that hides a column's.
const HIDING: &str = "\0";

/// Rewrites the clauses of a SELECT.
pub(super) fn select(rewriter: &mut Rewriter<'_>, select: &mut Select) {
    from(rewriter, select);
    let aliases = aliases(select);
    if let Some(selection) = &mut select.selection {
        condition(rewriter, selection);
    }
    if let Some(having) = &mut select.having {
        condition(rewriter, having);
    }
    having_without_groups(rewriter, select);
    if let GroupByExpr::Expressions(items, _) = &mut select.group_by {
        for item in items {
            if !matches!(item, Expr::Identifier(_)) {
                insert_outputs(rewriter, item, &aliases);
            }
        }
    }
    for window in named_windows(select) {
        window.order_by.iter_mut().for_each(|item| order_item(rewriter, item, None));
    }
    any_value(rewriter, select);
    rollup(rewriter, select);
    groups::complete(rewriter, select);
    if select.select_modifiers.take().is_some_and(|m| m.is_any_set()) {
        rewriter.changed("select-option", "an option of another database's SELECT goes".to_owned());
    }
}

/// What `WINDOW w AS (…)` names.
pub(super) fn named_windows(select: &mut Select) -> impl Iterator<Item = &mut WindowSpec> {
    select.named_window.iter_mut().filter_map(|window| match &mut window.1 {
        NamedWindowExpr::WindowSpec(spec) => Some(spec),
        NamedWindowExpr::NamedWindow(_) => None,
    })
}

/// `LIMIT a, b`, and limits that mean none.
fn limit(rewriter: &mut Rewriter<'_>, query: &mut Query) {
    if let Some(LimitClause::OffsetCommaLimit { offset, limit }) = &query.limit_clause {
        let offset = Offset { value: offset.clone(), rows: OffsetRows::None };
        query.limit_clause =
            Some(LimitClause::LimitOffset { limit: Some(limit.clone()), offset: Some(offset), limit_by: Vec::new() });
        rewriter.changed("limit", "`LIMIT a, b` is written LIMIT b OFFSET a".to_owned());
    }
    if let Some(LimitClause::LimitOffset { limit: limit @ Some(_), offset, .. }) = &mut query.limit_clause {
        let none = limit.as_ref().is_some_and(|expr| match expr {
            Expr::UnaryOp { op: sqlparser::ast::UnaryOperator::Minus, .. } => true,
            Expr::Value(value) => {
                matches!(&value.value, Value::Number(n, _) if *n == "18446744073709551615")
            }
            _ => false,
        });
        if none {
            rewriter.changed("limit", "a LIMIT that means none goes".to_owned());
            *limit = None;
            if offset.is_none() {
                query.limit_clause = None;
            }
        }
    }
    // `FETCH`, `TOP`: SQL Server's.
    if let SetExpr::Select(select) = &mut *query.body
        && let Some(top) = select.top.take_if(|top| !top.with_ties && !top.percent)
    {
        let quantity = match top.quantity {
            Some(sqlparser::ast::TopQuantity::Constant(n)) => {
                Some(Expr::Value(Value::Number(n.to_string(), false).into()))
            }
            Some(sqlparser::ast::TopQuantity::Expr(expr)) => Some(expr),
            None => None,
        };
        if quantity.is_some() && query.limit_clause.is_none() {
            query.limit_clause = Some(LimitClause::LimitOffset { limit: quantity, offset: None, limit_by: Vec::new() });
            rewriter.changed("limit", "`TOP n` is written LIMIT n".to_owned());
        }
    }
}

/// Names of outputs and what they stand for.
fn aliases(select: &Select) -> Vec<(String, Expr)> {
    let named = select.projection.iter().filter_map(|item| match item {
        SelectItem::ExprWithAlias { expr, alias } => Some((alias.value.to_lowercase(), expr.clone())),
        _ => None,
    });
    named.collect()
}

/// Puts outputs in place of their names where PostgreSQL knows only columns.
fn insert_outputs(rewriter: &mut Rewriter<'_>, expr: &mut Expr, aliases: &[(String, Expr)]) {
    struct Insert<'a, 'r, 'n> {
        rewriter: &'a mut Rewriter<'n>,
        aliases: &'r [(String, Expr)],
        depth: usize,
        /// Depth within aggregates, which are of columns.
        aggregates: usize,
    }
    impl Edit for Insert<'_, '_, '_> {
        fn query(&mut self, _: &mut Query) {
            self.depth += 1;
        }

        fn query_end(&mut self, _: &mut Query) {
            self.depth -= 1;
        }

        fn expr(&mut self, expr: &mut Expr) {
            self.aggregates += usize::from(matches!(expr, Expr::Function(f) if is_aggregate(f)));
        }

        fn expr_end(&mut self, expr: &mut Expr) {
            self.aggregates -= usize::from(matches!(expr, Expr::Function(f) if is_aggregate(f)));
            if self.depth > 0 {
                return;
            }
            let Expr::Identifier(ident) = expr else { return };
            let name = ident.value.to_lowercase();
            let output = self.aliases.iter().find(|(alias, _)| match alias.strip_prefix(HIDING) {
                Some(alias) => *alias == name && self.aggregates == 0,
                None => *alias == name && !self.rewriter.is_column(ident),
            });
            if let Some((_, output)) = output
                && !groups::same(output, &Expr::Identifier(ident.clone()))
            {
                let what = format!("`{}` stands for {} there", ident.value, brief(output));
                self.rewriter.changed("output-name", what);
                *expr = super::template::enclosed(output.clone());
            }
        }
    }
    if !aliases.is_empty() {
        walk::edit(expr, &mut Insert { rewriter, aliases, depth: 0, aggregates: 0 });
    }
}

/// `GROUP BY a, b WITH ROLLUP`.
fn rollup(rewriter: &mut Rewriter<'_>, select: &mut Select) {
    if let GroupByExpr::Expressions(keys, modifiers) = &mut select.group_by
        && matches!(modifiers[..], [GroupByWithModifier::Rollup])
    {
        let sets = std::mem::take(keys).into_iter().map(|key| vec![key]).collect();
        *keys = vec![Expr::Rollup(sets)];
        modifiers.clear();
        rewriter.changed("rollup", "`WITH ROLLUP` is written ROLLUP (…)".to_owned());
    }
}

/// MySQL's ANY_VALUE is no aggregate: without groups it is each row's own value.
fn any_value(rewriter: &mut Rewriter<'_>, select: &mut Select) {
    let grouped = !matches!(&select.group_by, GroupByExpr::Expressions(items, _) if items.is_empty());
    if grouped || rewriter.dialect != Dialect::MySql || !rewriter.certain {
        return;
    }
    for item in &mut select.projection {
        if let SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } = item
            && let Expr::Function(function) = &*expr
            && crate::schema::last_part(&function.name) == "any_value"
            && let Some([value]) = super::functions::arguments(function).as_deref()
        {
            rewriter.changed("function", "`ANY_VALUE` without groups is each row's value".to_owned());
            *expr = (*value).clone();
        }
    }
}

/// MySQL filters rows by HAVING where nothing is grouped.
fn having_without_groups(rewriter: &mut Rewriter<'_>, select: &mut Select) {
    let grouped = !matches!(&select.group_by, GroupByExpr::Expressions(items, _) if items.is_empty());
    if grouped || select.having.is_none() || groups::aggregated(select) {
        return;
    }
    let Some(having) = select.having.take() else { return };
    rewriter.changed("having", "`HAVING` without groups is written WHERE".to_owned());
    select.selection = Some(match select.selection.take() {
        None => having,
        Some(selection) => Expr::BinaryOp {
            left: Box::new(super::template::enclosed(selection)),
            op: sqlparser::ast::BinaryOperator::And,
            right: Box::new(super::template::enclosed(having)),
        },
    });
}

/// `a JOIN b JOIN c ON …`, which PostgreSQL refuses, is read there as `a JOIN (b JOIN c ON …)`, so that
/// the condition does not see `a`. SQLite and MySQL join from left to right. Where it is meant as it
/// is read, the result is the same.
fn flatten(joins: &mut Vec<sqlparser::ast::Join>) {
    use JoinOperator::{CrossJoin, Inner, Join, StraightJoin};
    let unconditional = |operator: &JoinOperator| {
        matches!(
            operator,
            Join(JoinConstraint::None)
                | Inner(JoinConstraint::None)
                | StraightJoin(JoinConstraint::None)
                | CrossJoin(JoinConstraint::None)
        )
    };
    let mut at = 0;
    while at < joins.len() {
        if unconditional(&joins[at].join_operator)
            && let TableFactor::NestedJoin { table_with_joins, alias: None } = &mut joins[at].relation
        {
            let inner = std::mem::take(&mut table_with_joins.joins);
            joins[at].relation = table_with_joins.relation.clone();
            joins.splice(at + 1..at + 1, inner);
            // The first of them may be a nested one again.
            continue;
        }
        at += 1;
    }
}

/// Joins without a condition, commas beside joins, queries in FROM without a name.
fn from(rewriter: &mut Rewriter<'_>, select: &mut Select) {
    for item in &mut select.from {
        flatten(&mut item.joins);
        for join in &mut item.joins {
            use JoinOperator::{CrossJoin, Inner, Join, StraightJoin};
            match &join.join_operator {
                Join(JoinConstraint::None) | Inner(JoinConstraint::None) | StraightJoin(JoinConstraint::None) => {
                    rewriter.changed("join", "a JOIN without a condition is written CROSS JOIN".to_owned());
                    join.join_operator = CrossJoin(JoinConstraint::None);
                }
                StraightJoin(constraint)
                | CrossJoin(constraint @ (JoinConstraint::On(_) | JoinConstraint::Using(_))) => {
                    rewriter.changed("join", "a join with a condition is written JOIN".to_owned());
                    join.join_operator = Join(constraint.clone());
                }
                _ => {}
            }
            if let Join(JoinConstraint::On(on))
            | Inner(JoinConstraint::On(on))
            | JoinOperator::Left(JoinConstraint::On(on))
            | JoinOperator::LeftOuter(JoinConstraint::On(on)) = &mut join.join_operator
            {
                condition(rewriter, on);
            }
        }
    }
    // MySQL's table of nothing.
    if let [only] = &select.from[..]
        && matches!(&only.relation, TableFactor::Table { name, .. } if crate::schema::last_part(name) == "dual")
        && only.joins.is_empty()
        && !rewriter.names.has_table("dual")
    {
        select.from.clear();
        rewriter.changed("dual", "`FROM DUAL` goes".to_owned());
    }
    // In PostgreSQL a comma binds less than JOIN, so a condition does not see what is before it.
    if select.from.len() > 1 && select.from.iter().skip(1).any(|item| !item.joins.is_empty()) {
        rewriter.changed("join", "a comma beside JOIN is written CROSS JOIN".to_owned());
        let mut items = std::mem::take(&mut select.from).into_iter();
        if let Some(mut first) = items.next() {
            for item in items {
                first.joins.push(sqlparser::ast::Join {
                    relation: item.relation,
                    global: false,
                    join_operator: JoinOperator::CrossJoin(JoinConstraint::None),
                });
                first.joins.extend(item.joins);
            }
            select.from = vec![first];
        }
    }
    let mut unnamed = 0;
    for item in &mut select.from {
        for factor in std::iter::once(&mut item.relation).chain(item.joins.iter_mut().map(|j| &mut j.relation)) {
            match factor {
                TableFactor::Derived { alias: alias @ None, .. } => {
                    unnamed += 1;
                    let name = Ident::new(format!("part{unnamed}"));
                    *alias = Some(TableAlias { explicit: true, name, columns: Vec::new(), at: None });
                    rewriter.changed("unnamed-query", "a query in FROM has a name".to_owned());
                }
                TableFactor::Table { index_hints, .. } if !index_hints.is_empty() => {
                    index_hints.clear();
                    rewriter.changed("index-hint", "a hint about indexes goes".to_owned());
                }
                _ => {}
            }
        }
    }
}

/// `… UNION … ORDER BY name COLLATE NOCASE`: by more than an output's name PostgreSQL sorts the rows of a
/// query alone.
fn order_of_set(rewriter: &mut Rewriter<'_>, query: &mut Query) {
    let Some(order_by) = &query.order_by else { return };
    let OrderByKind::Expressions(items) = &order_by.kind else { return };
    let is_plain = |item: &OrderByExpr| matches!(item.expr, Expr::Identifier(_) | Expr::Value(_));
    if !matches!(&*query.body, SetExpr::SetOperation { .. }) || items.iter().all(is_plain) {
        return;
    }
    let Ok(Statement::Query(mut whole)) = statement::parse_one("SELECT * FROM (SELECT 1) AS whole") else { return };
    let SetExpr::Select(select) = &mut *whole.body else { return };
    let names = set_outputs(rewriter, &query.body);
    if names.iter().all(|(name, _)| !name.is_empty()) {
        let column = |(name, _): &(String, bool)| Expr::Identifier(plain(&Ident::new(name.clone())));
        select.projection = names.iter().map(|name| SelectItem::UnnamedExpr(column(name))).collect();
    }
    if let Some(TableFactor::Derived { subquery, .. }) = select.from.first_mut().map(|item| &mut item.relation) {
        std::mem::swap(&mut subquery.body, &mut query.body);
        query.body = whole.body;
        rewriter.changed("order-of-set", "the rows of several queries are sorted as those of one".to_owned());
    }
}

/// `SELECT DISTINCT a … ORDER BY b`: PostgreSQL wants `b` among the outputs. Groups say the same.
fn ordered_distinct(rewriter: &mut Rewriter<'_>, query: &mut Query) {
    let SetExpr::Select(select) = &mut *query.body else { return };
    if !matches!(select.distinct, Some(Distinct::Distinct)) {
        return;
    }
    let Some(order_by) = &mut query.order_by else { return };
    let OrderByKind::Expressions(items) = &mut order_by.kind else { return };
    let outputs: Vec<Expr> = select
        .projection
        .iter()
        .filter_map(|item| match item {
            SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(expr.clone()),
            _ => None,
        })
        .collect();
    let named = aliases(select);
    let is_output = |expr: &Expr| {
        matches!(expr, Expr::Value(_))
            || outputs.iter().any(|output| groups::same(output, expr))
            || matches!(expr, Expr::Identifier(ident) if named.iter().any(|(name, _)| *name == ident.value.to_lowercase()))
    };
    // An ENUM that is put out is sorted by its number, which is not.
    let numbered = |item: &OrderByExpr| rewriter.certain && enums::is_reordered(rewriter, &item.expr);
    if outputs.len() != select.projection.len() || items.iter().all(|item| is_output(&item.expr) && !numbered(item)) {
        return;
    }
    let grouped = !matches!(&select.group_by, GroupByExpr::Expressions(items, _) if items.is_empty());
    if grouped {
        // Groups whose keys are all put out are distinct already.
        if let GroupByExpr::Expressions(keys, _) = &select.group_by
            && keys.iter().all(|key| outputs.iter().any(|output| groups::same(output, key)))
        {
            rewriter.changed("distinct", "`DISTINCT` of groups by all their keys goes".to_owned());
            select.distinct = None;
        }
        return;
    }
    if groups::aggregated(select) {
        return;
    }
    rewriter.changed("distinct", "`DISTINCT` ordered by something else is written GROUP BY".to_owned());
    select.distinct = None;
    select.group_by = GroupByExpr::Expressions(outputs.clone(), Vec::new());
    for item in items.iter_mut().filter(|item| !is_output(&item.expr)) {
        let down = matches!(item.options.sort, Some(OrderBySort::Desc));
        let template = if down { "MAX($1)" } else { "MIN($1)" };
        if let Some(extreme) = super::template::build(template, &[&item.expr]) {
            item.expr = extreme;
        }
    }
}

/// NULL comes first in ascending order there, and last in PostgreSQL.
fn nulls(rewriter: &mut Rewriter<'_>, query: &mut Query) {
    let outputs: Vec<Option<Expr>> = match &*query.body {
        SetExpr::Select(select) => select
            .projection
            .iter()
            .map(|item| match item {
                SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(expr.clone()),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    };
    let named = match &*query.body {
        SetExpr::Select(select) => aliases(select),
        _ => Vec::new(),
    };
    let whole: Vec<(String, bool)> = match &*query.body {
        SetExpr::SetOperation { .. } => set_outputs(rewriter, &query.body),
        _ => Vec::new(),
    };
    let Some(order_by) = &mut query.order_by else { return };
    let OrderByKind::Expressions(items) = &mut order_by.kind else { return };
    for item in items {
        // Of several queries' rows, the outputs alone can be named.
        let output = match &item.expr {
            Expr::Value(value) => number(value).and_then(|n| usize::try_from(n - 1).ok()).and_then(|n| whole.get(n)),
            Expr::Identifier(ident) => whole.iter().find(|(name, _)| *name == ident.value.to_lowercase()),
            _ => None,
        };
        if let Some((_, not_null)) = output {
            if !not_null {
                place_of_null(rewriter, item);
            }
            continue;
        }
        let stands_for = match &item.expr {
            Expr::Value(value) => {
                let position = number(value).and_then(|n| usize::try_from(n - 1).ok());
                position.and_then(|p| outputs.get(p).cloned().flatten())
            }
            Expr::Identifier(ident) => {
                named.iter().find(|(name, _)| *name == ident.value.to_lowercase()).map(|(_, expr)| expr.clone())
            }
            _ => None,
        };
        order_item(rewriter, item, stands_for.as_ref());
    }
}

/// Says where NULL goes, unless there is none.
pub(super) fn order_item(rewriter: &mut Rewriter<'_>, item: &mut OrderByExpr, stands_for: Option<&Expr>) {
    if !rewriter.certain || item.options.nulls_first.is_some() {
        return;
    }
    let value = stands_for.unwrap_or(&item.expr);
    let not_null = rewriter.scopes.known(value).is_some_and(|known| known.not_null);
    if rewriter.dialect == Dialect::Sqlite && matches!(value, Expr::BinaryOp { op: BinaryOperator::LongArrow, .. }) {
        let what = format!("SQLite sorts {} by the types of JSON's values, PostgreSQL as texts", brief(value));
        rewriter.noted("order-of-json", what);
    }
    if let Some(key) = enums::order_key(rewriter, value) {
        item.expr = key;
    }
    if !not_null {
        place_of_null(rewriter, item);
    }
}

/// The outputs of a set operation: their names in lower case, and whether no part of it gives NULL there.
fn set_outputs(rewriter: &Rewriter<'_>, body: &SetExpr) -> Vec<(String, bool)> {
    match body {
        SetExpr::SetOperation { left, right, .. } => {
            let right = set_outputs(rewriter, right);
            let left = set_outputs(rewriter, left).into_iter().enumerate();
            left.map(|(n, (name, never))| (name, never && right.get(n).is_some_and(|(_, never)| *never))).collect()
        }
        SetExpr::Query(query) => set_outputs(rewriter, &query.body),
        SetExpr::Select(select) => {
            let mut scopes = rewriter.scopes.clone();
            scopes.enter_select(select);
            let outputs = select.projection.iter().map(|item| match item {
                SelectItem::UnnamedExpr(expr) => {
                    let name = match expr {
                        Expr::Identifier(ident) => ident.value.to_lowercase(),
                        Expr::CompoundIdentifier(parts) => {
                            parts.last().map_or_else(String::new, |part| part.value.to_lowercase())
                        }
                        _ => String::new(),
                    };
                    (name, scopes.known(expr).is_some_and(|known| known.not_null))
                }
                SelectItem::ExprWithAlias { expr, alias } => {
                    (alias.value.to_lowercase(), scopes.known(expr).is_some_and(|known| known.not_null))
                }
                _ => (String::new(), false),
            });
            outputs.collect()
        }
        _ => Vec::new(),
    }
}

/// NULL sorts below every value.
fn place_of_null(rewriter: &mut Rewriter<'_>, item: &mut OrderByExpr) {
    if !rewriter.certain || item.options.nulls_first.is_some() {
        return;
    }
    let down = matches!(item.options.sort, Some(OrderBySort::Desc));
    item.options.nulls_first = Some(!down);
    rewriter.changed("order-of-null", "NULL sorts below every value".to_owned());
}
