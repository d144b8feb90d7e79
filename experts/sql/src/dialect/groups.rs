//! GROUP BY that says less than PostgreSQL asks for. SQLite and MySQL take a column that is neither
//! grouped nor aggregated from some row of the group. Where every row of a group has the same value
//! there, as a key or the record's own rows prove, the column joins GROUP BY; where one row is meant,
//! the one with the highest or lowest value, that row is asked for. Otherwise the value is any row's,
//! and no statement of PostgreSQL's means the same: nothing joins on a guess.

use sqlparser::ast::{
    BinaryOperator, Expr, Function, GroupByExpr, JoinConstraint, JoinOperator, LimitClause, OrderBy, OrderByExpr,
    OrderByKind, OrderByOptions, OrderBySort, Query, Select, SelectItem, SetExpr, Statement, TableFactor, Value,
};

use super::functions::{arguments, brief};
use super::names::{self, Kind};
use super::{Dialect, Rewriter, rows};
use crate::grouping::is_aggregate;
use crate::schema::last_part;
use crate::walk::{self, Edit, Look};

/// Whether a SELECT aggregates in its outputs or in HAVING.
pub(super) fn aggregated(select: &Select) -> bool {
    outputs(select).chain(&select.having).any(holds_aggregate)
}

fn outputs(select: &Select) -> impl Iterator<Item = &Expr> {
    select.projection.iter().filter_map(|item| match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(expr),
        _ => None,
    })
}

/// Whether an expression aggregates.
pub(super) fn is_aggregated(expr: &Expr) -> bool {
    holds_aggregate(expr)
}

/// What an expression is the highest or lowest of.
pub(super) fn extreme_of(expr: &Expr) -> Option<Expr> {
    match expr {
        Expr::Nested(inner) => extreme_of(inner),
        Expr::Function(function) => extreme(function).map(|(_, value)| value),
        _ => None,
    }
}

fn holds_aggregate(expr: &Expr) -> bool {
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

/// Whether two expressions are the same, whatever the case of their names; `t.a` and `a` are.
pub(super) fn same(a: &Expr, b: &Expr) -> bool {
    match (a, b) {
        (Expr::Nested(a), b) | (b, Expr::Nested(a)) => same(a, b),
        (Expr::Identifier(a), Expr::CompoundIdentifier(b)) | (Expr::CompoundIdentifier(b), Expr::Identifier(a)) => {
            b.last().is_some_and(|b| b.value.eq_ignore_ascii_case(&a.value))
        }
        _ => a.to_string().eq_ignore_ascii_case(&b.to_string()),
    }
}

/// Adds what is neither grouped nor aggregated to GROUP BY.
pub(super) fn complete(rewriter: &mut Rewriter<'_>, select: &mut Select) {
    let GroupByExpr::Expressions(keys, modifiers) = &select.group_by else { return };
    if keys.is_empty() || !modifiers.is_empty() || keys.iter().any(is_of_sets) {
        return;
    }
    // `GROUP BY 1` and `GROUP BY name_of_an_output` stand for outputs.
    let all: Vec<&Expr> = outputs(select).collect();
    let mut known: Vec<Expr> = keys.clone();
    for key in keys {
        if let Expr::Value(value) = key
            && let Some(position) = super::functions::number(value).and_then(|n| usize::try_from(n - 1).ok())
            && let Some(output) = all.get(position)
        {
            known.push((*output).clone());
        }
        if let Expr::Identifier(ident) = key {
            let named = select.projection.iter().find_map(|item| match item {
                SelectItem::ExprWithAlias { expr, alias } if alias.value.eq_ignore_ascii_case(&ident.value) => {
                    Some(expr)
                }
                _ => None,
            });
            known.extend(named.cloned());
        }
    }
    let mut missing: Vec<Expr> = Vec::new();
    for output in outputs(select).chain(&select.having) {
        bare_columns(output, &known, &mut missing);
    }
    let joined = Joined::of(rewriter, select);
    missing.retain(|column| !covered(rewriter, column, &known) && !is_outer(rewriter, column));
    if missing.is_empty() {
        return;
    }
    let extreme = outputs(select).filter(|output| is_extreme(output)).count();
    let aggregates = outputs(select).filter(|output| holds_aggregate(output)).count();
    let dependent = missing.iter().all(|column| depends(rewriter, column, &known, &joined));
    let one_row = extreme == 1 && aggregates == 1 && select.having.is_none() && select.distinct.is_none();
    if !dependent && one_row && !rewriter.ordered() && rewriter.dialect == Dialect::Sqlite {
        // The row with the extreme is meant, not one more group: see `extreme_row`.
        return;
    }
    if !dependent && let Some(column) = missing.iter().find(|column| !proven(rewriter, column, &known, &joined)) {
        refuse(rewriter, column);
        return;
    }
    let list: Vec<String> = missing.iter().map(brief).collect();
    rewriter.changed(
        if dependent { "incomplete-group-by" } else { "guessed-group-by" },
        format!("{} joins GROUP BY", list.join(", ")),
    );
    if let GroupByExpr::Expressions(keys, _) = &mut select.group_by {
        keys.extend(missing);
    }
}

/// The same for ORDER BY, which stands outside of the SELECT.
pub(super) fn complete_order(rewriter: &mut Rewriter<'_>, query: &mut Query) {
    let SetExpr::Select(select) = &mut *query.body else { return };
    let Some(order_by) = &query.order_by else { return };
    let OrderByKind::Expressions(items) = &order_by.kind else { return };
    let GroupByExpr::Expressions(keys, modifiers) = &select.group_by else { return };
    if !modifiers.is_empty() || keys.iter().any(is_of_sets) || (keys.is_empty() && !aggregated(select)) {
        return;
    }
    let mut missing = Vec::new();
    let mut known: Vec<Expr> = keys.clone();
    known.extend(outputs(select).cloned());
    for item in &select.projection {
        if let SelectItem::ExprWithAlias { alias, .. } = item {
            known.push(Expr::Identifier(alias.clone()));
        }
    }
    for item in items {
        bare_columns(&item.expr, &known, &mut missing);
    }
    missing.retain(|column| !covered(rewriter, column, keys));
    if missing.is_empty() {
        return;
    }
    if keys.is_empty() {
        rewriter.changed("order-of-one-row", "the order of a single row goes".to_owned());
        query.order_by = None;
        return;
    }
    let joined = Joined::of(rewriter, select);
    let keys = keys.clone();
    let dependent = missing.iter().all(|column| depends(rewriter, column, &keys, &joined));
    if !dependent && let Some(column) = missing.iter().find(|column| !proven(rewriter, column, &keys, &joined)) {
        refuse(rewriter, column);
        return;
    }
    let list: Vec<String> = missing.iter().map(brief).collect();
    let rule = if dependent { "incomplete-group-by" } else { "guessed-group-by" };
    rewriter.changed(rule, format!("{} joins GROUP BY", list.join(", ")));
    if let GroupByExpr::Expressions(keys, _) = &mut select.group_by {
        keys.extend(missing);
    }
}

/// Columns of an expression outside of aggregates, unless they are keys.
fn bare_columns(expr: &Expr, known: &[Expr], into: &mut Vec<Expr>) {
    struct Search<'a> {
        known: &'a [Expr],
        into: &'a mut Vec<Expr>,
        /// Depth within what is aggregated, a key, or an inner query.
        inside: usize,
        queries: usize,
    }
    impl Search<'_> {
        fn passes(&self, expr: &Expr) -> bool {
            matches!(expr, Expr::Function(function) if is_aggregate(function))
                || self.known.iter().any(|key| same(key, expr))
        }
    }
    impl Look for Search<'_> {
        fn query(&mut self, _: &Query) {
            self.queries += 1;
        }

        fn query_end(&mut self, _: &Query) {
            self.queries -= 1;
        }

        fn expr(&mut self, expr: &Expr) -> bool {
            if self.queries > 0 {
                return true;
            }
            if self.passes(expr) {
                self.inside += 1;
            } else if self.inside == 0
                && matches!(expr, Expr::Identifier(_) | Expr::CompoundIdentifier(_))
                && !self.into.iter().any(|known| same(known, expr))
            {
                self.into.push(expr.clone());
            }
            true
        }

        fn expr_end(&mut self, expr: &Expr) {
            if self.queries == 0 && self.passes(expr) {
                self.inside -= 1;
            }
        }
    }
    walk::expr(expr, &mut Search { known, into, inside: 0, queries: 0 });
}

/// `ROLLUP (…)` and the like: several groupings at once.
fn is_of_sets(key: &Expr) -> bool {
    matches!(key, Expr::Rollup(_) | Expr::Cube(_) | Expr::GroupingSets(_))
}

/// Whether a column is of a query around this one: within it, it has one value.
fn is_outer(rewriter: &Rewriter<'_>, column: &Expr) -> bool {
    let Expr::CompoundIdentifier(parts) = column else { return false };
    let [.., qualifier, _] = &parts[..] else { return false };
    let qualifier = qualifier.value.to_lowercase();
    rewriter.scopes.innermost().is_some_and(|scope| !scope.has(&qualifier)) && rewriter.scopes.known(column).is_some()
}

/// Whether PostgreSQL takes the column as it is, because the primary key of its table is grouped.
fn covered(rewriter: &Rewriter<'_>, column: &Expr, keys: &[Expr]) -> bool {
    let Some((relation, table, _)) = place(rewriter, column) else { return false };
    let Some(key) = rewriter.names.primary_key(&table) else { return false };
    key.iter().all(|part| keys.iter().any(|k| place(rewriter, k).is_some_and(|(r, _, c)| r == relation && c == *part)))
}

/// Whether the column has one value in each group: a key of its table is fixed by the group's own
/// columns and what they are joined with.
fn depends(rewriter: &Rewriter<'_>, column: &Expr, keys: &[Expr], joined: &Joined) -> bool {
    let Some((relation, _, name)) = place(rewriter, column) else { return false };
    fixed_columns(rewriter, keys, joined).contains(&(relation, name))
}

fn refuse(rewriter: &mut Rewriter<'_>, column: &Expr) {
    let why = format!(
        "`{}` is neither in GROUP BY nor inside an aggregate, and its group may have several values of it",
        brief(column)
    );
    rewriter.refuse("incomplete-group-by", why);
}

/// Whether the column has one value in each group of the record's own rows, though no key says so.
/// A column that joined the groups without that would make more of them, which COUNT, SUM, HAVING
/// and ORDER BY look at.
fn proven(rewriter: &Rewriter<'_>, column: &Expr, keys: &[Expr], joined: &Joined) -> bool {
    let Some((relation, table, name)) = place(rewriter, column) else { return false };
    let fixed = fixed_columns(rewriter, keys, joined);
    if fixed.contains(&(relation.clone(), name.clone())) {
        return true;
    }
    let fixed: Vec<&str> = fixed.iter().filter(|(r, _)| *r == relation).map(|(_, c)| c.as_str()).collect();
    rows::determines(rewriter.tables, &table, &fixed, &name) == Some(true)
}

/// The statement with its groups complete, as far as a key or the schema's own rows say what belongs
/// to each; `None` where nothing is missing or something is not proved.
pub(crate) fn completed(statement: &Statement, tables: &[Statement]) -> Option<Statement> {
    struct Complete<'r, 'n>(&'r mut Rewriter<'n>);
    impl Edit for Complete<'_, '_> {
        fn query(&mut self, query: &mut Query) {
            self.0.scopes.enter_query(query);
        }

        fn query_end(&mut self, query: &mut Query) {
            complete_order(self.0, query);
            self.0.scopes.leave();
        }

        fn select(&mut self, select: &mut Select) {
            self.0.scopes.enter_select(select);
        }

        fn select_end(&mut self, select: &mut Select) {
            complete(self.0, select);
            self.0.scopes.leave();
        }
    }
    let names = names::Names::of(tables);
    let mut rewriter = Rewriter::new(Dialect::Postgres, true, tables, &names);
    let mut statement = statement.clone();
    walk::edit(&mut statement, &mut Complete(&mut rewriter));
    (rewriter.refused.is_none() && !rewriter.changes.is_empty()).then_some(statement)
}

/// The columns, with their relations, that have one value in each group: those grouped by, what
/// they are joined with, and all of a table one of whose keys is among them.
fn fixed_columns(rewriter: &Rewriter<'_>, keys: &[Expr], joined: &Joined) -> Vec<(String, String)> {
    let mut fixed: Vec<(String, String)> =
        keys.iter().filter_map(|key| place(rewriter, key)).map(|(relation, _, column)| (relation, column)).collect();
    // From which column to which a fixed value carries over.
    let mut carries = Vec::new();
    for (from, to) in joined.equal.iter().flat_map(|(a, b)| [(a, b), (b, a)]) {
        if recoverable(rewriter, to)
            && let (Some((rf, _, cf)), Some((rt, _, ct))) = (place(rewriter, uncast(from)), place(rewriter, uncast(to)))
        {
            carries.push(((rf, cf), (rt, ct)));
        }
    }
    loop {
        let before = fixed.len();
        for (from, to) in &carries {
            if fixed.contains(from) && !fixed.contains(to) {
                fixed.push(to.clone());
            }
        }
        // A fixed key fixes all columns of its table.
        let tables: Vec<(String, String)> = rewriter
            .scopes
            .innermost()
            .map(|scope| scope.tables().map(|(r, t)| (r.to_owned(), t.to_owned())).collect())
            .unwrap_or_default();
        for (r, t) in tables {
            let keyed = rewriter
                .names
                .keys_of(&t)
                .iter()
                .any(|key| key.iter().all(|p| fixed.contains(&(r.clone(), p.clone()))));
            if keyed {
                for column in rewriter.names.columns_of(&t) {
                    let entry = (r.clone(), column.ident.value.to_lowercase());
                    if !fixed.contains(&entry) {
                        fixed.push(entry);
                    }
                }
            }
        }
        for (relation, query) in &joined.queries {
            through_query(rewriter, relation, query, &mut fixed);
        }
        if fixed.len() == before {
            return fixed;
        }
    }
}

/// What a query in FROM gives out once for each value of those of its outputs that are fixed: what a
/// key within it fixes, or all, when it is grouped by them.
fn through_query(rewriter: &Rewriter<'_>, relation: &str, query: &Query, fixed: &mut Vec<(String, String)>) {
    let SetExpr::Select(select) = &*query.body else { return };
    let mut within = Rewriter::new(rewriter.dialect, rewriter.certain, rewriter.tables, rewriter.names);
    within.scopes = rewriter.scopes.within(query);
    let outputs: Vec<(String, &Expr)> = select
        .projection
        .iter()
        .filter_map(|item| match item {
            SelectItem::ExprWithAlias { expr, alias } => Some((alias.value.to_lowercase(), expr)),
            SelectItem::UnnamedExpr(expr) => match expr {
                Expr::Identifier(ident) => Some((ident.value.to_lowercase(), expr)),
                Expr::CompoundIdentifier(parts) => Some((parts.last()?.value.to_lowercase(), expr)),
                _ => None,
            },
            _ => None,
        })
        .collect();
    let is_fixed = |name: &String, fixed: &[(String, String)]| fixed.contains(&(relation.to_owned(), name.clone()));
    let keys: Vec<Expr> =
        outputs.iter().filter(|(name, _)| is_fixed(name, fixed)).map(|(_, expr)| (*expr).clone()).collect();
    if keys.is_empty() {
        return;
    }
    let GroupByExpr::Expressions(groups, _) = &select.group_by else { return };
    let by_groups = !groups.is_empty() && groups.iter().all(|group| keys.iter().any(|key| same(key, group)));
    let inner = fixed_columns(&within, &keys, &Joined::of(&within, select));
    for (name, expr) in &outputs {
        let known = place(&within, expr).is_some_and(|(r, _, c)| inner.contains(&(r, c)));
        if (by_groups || known) && !is_fixed(name, fixed) {
            fixed.push((relation.to_owned(), name.clone()));
        }
    }
}

/// What FROM and WHERE say of a SELECT's columns.
struct Joined {
    /// Pairs that every row has equal.
    equal: Vec<(Expr, Expr)>,
    /// Queries among the relations, by their names here.
    queries: Vec<(String, std::rc::Rc<Query>)>,
}

impl Joined {
    fn of(rewriter: &Rewriter<'_>, select: &Select) -> Self {
        let mut queries = Vec::new();
        for item in &select.from {
            for factor in std::iter::once(&item.relation).chain(item.joins.iter().map(|join| &join.relation)) {
                match factor {
                    TableFactor::Derived { subquery, alias, .. } => {
                        // One that has got its name only now is known without.
                        let name = alias.as_ref().map(|a| a.name.value.to_lowercase());
                        let known = |name: &String| rewriter.scopes.innermost().is_some_and(|scope| scope.has(name));
                        let name = name.filter(known).unwrap_or_default();
                        queries.push((name, std::rc::Rc::new((**subquery).clone())));
                    }
                    TableFactor::Table { name, alias, .. } => {
                        let table = last_part(name);
                        if let Some(query) = rewriter.scopes.common_query(&table) {
                            queries.push((alias.as_ref().map_or(table, |a| a.name.value.to_lowercase()), query));
                        }
                    }
                    _ => {}
                }
            }
        }
        Self { equal: equalities(select), queries }
    }
}

/// Where a column is: its relation's name here, its table (empty when it comes from a query) and its
/// own name, all in lower case.
fn place(rewriter: &Rewriter<'_>, column: &Expr) -> Option<(String, String, String)> {
    let scope = rewriter.scopes.innermost()?;
    match column {
        Expr::Nested(inner) => place(rewriter, inner),
        Expr::CompoundIdentifier(parts) => {
            let [.., qualifier, name] = &parts[..] else { return None };
            let qualifier = qualifier.value.to_lowercase();
            // A query under a name has columns and no table.
            let table = scope.table_of(&qualifier).unwrap_or_default().to_owned();
            Some((qualifier, table, name.value.to_lowercase()))
        }
        Expr::Identifier(ident) => {
            let name = ident.value.to_lowercase();
            match scope.tables().find(|(_, table)| rewriter.names.column_in(table, &name).is_some()) {
                Some((relation, table)) => Some((relation.to_owned(), table.to_owned(), name)),
                None => scope.query_with(&name).map(|relation| (relation.to_owned(), String::new(), name.clone())),
            }
        }
        _ => None,
    }
}

/// What is cast: other rules have columns of different types compared as one.
fn uncast(expr: &Expr) -> &Expr {
    match expr {
        Expr::Cast { expr, .. } | Expr::Nested(expr) => uncast(expr),
        other => other,
    }
}

/// Whether the value that is cast is known from the cast one: of a date from a moment it is not.
fn recoverable(rewriter: &Rewriter<'_>, expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) => recoverable(rewriter, inner),
        Expr::Cast { expr, data_type, .. } => {
            rewriter.scopes.kind(expr) == Some(Kind::Integer) && names::kind(data_type) == Kind::Text
        }
        _ => true,
    }
}

/// Pairs of columns that every row has equal: from inner joins and WHERE.
fn equalities(select: &Select) -> Vec<(Expr, Expr)> {
    fn gather(expr: &Expr, into: &mut Vec<(Expr, Expr)>) {
        match expr {
            Expr::Nested(inner) => gather(inner, into),
            Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
                gather(left, into);
                gather(right, into);
            }
            Expr::BinaryOp { left, op: BinaryOperator::Eq, right } => into.push(((**left).clone(), (**right).clone())),
            _ => {}
        }
    }
    let mut pairs = Vec::new();
    select.selection.iter().for_each(|selection| gather(selection, &mut pairs));
    for join in select.from.iter().flat_map(|item| &item.joins) {
        if let JoinOperator::Join(JoinConstraint::On(on))
        | JoinOperator::Inner(JoinConstraint::On(on))
        | JoinOperator::Left(JoinConstraint::On(on))
        | JoinOperator::LeftOuter(JoinConstraint::On(on)) = &join.join_operator
        {
            gather(on, &mut pairs);
        }
    }
    pairs
}

/// MAX or MIN of one value, alone.
fn is_extreme(expr: &Expr) -> bool {
    matches!(expr, Expr::Function(function) if extreme(function).is_some())
}

fn extreme(function: &Function) -> Option<(bool, Expr)> {
    let name = last_part(&function.name);
    if !matches!(name.as_str(), "max" | "min") || function.over.is_some() {
        return None;
    }
    match &arguments(function)?[..] {
        [one] => Some((name == "max", (*one).clone())),
        _ => None,
    }
}

/// `SELECT name, MAX(age) FROM t`: SQLite gives the row that has the extreme.
/// <https://www.sqlite.org/lang_select.html#bareagg>
pub(super) fn extreme_row(rewriter: &mut Rewriter<'_>, query: &mut Query) {
    if rewriter.dialect != Dialect::Sqlite || query.limit_clause.is_some() || query.order_by.is_some() {
        return;
    }
    let SetExpr::Select(select) = &mut *query.body else { return };
    let GroupByExpr::Expressions(keys, modifiers) = &select.group_by else { return };
    if !modifiers.is_empty() || select.having.is_some() || select.distinct.is_some() {
        return;
    }
    let keys = keys.clone();
    let mut found = None;
    let mut missing = Vec::new();
    for output in outputs(select) {
        match output {
            Expr::Function(function) if extreme(function).is_some() => {
                if found.is_some() {
                    return;
                }
                found = extreme(function);
            }
            other if holds_aggregate(other) => return,
            other => bare_columns(other, &keys, &mut missing),
        }
    }
    missing.retain(|column| !covered(rewriter, column, &keys));
    let Some((most, value)) = found else { return };
    if missing.is_empty() || outputs(select).count() != select.projection.len() {
        return;
    }
    for item in &mut select.projection {
        if let SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } = item
            && is_extreme(expr)
        {
            *expr = value.clone();
        }
    }
    let by = |expr: Expr, down: bool, nulls_first| OrderByExpr {
        expr,
        options: OrderByOptions { sort: down.then_some(OrderBySort::Desc), nulls_first },
        with_fill: None,
    };
    let what = if keys.is_empty() { "the row" } else { "each group's row" };
    rewriter.changed(
        "row-of-extreme",
        format!("{what} with the {} {} is meant", if most { "highest" } else { "lowest" }, brief(&value)),
    );
    let mut order: Vec<OrderByExpr> = keys.iter().map(|key| by(key.clone(), false, None)).collect();
    // NULL is no extreme.
    order.push(by(value, most, most.then_some(false)));
    query.order_by = Some(OrderBy { kind: OrderByKind::Expressions(order), interpolate: None });
    if keys.is_empty() {
        let one = Expr::Value(Value::Number("1".to_owned(), false).into());
        query.limit_clause = Some(LimitClause::LimitOffset { limit: Some(one), offset: None, limit_by: Vec::new() });
    } else {
        select.distinct = Some(sqlparser::ast::Distinct::On(keys));
        select.group_by = GroupByExpr::Expressions(Vec::new(), Vec::new());
    }
}
