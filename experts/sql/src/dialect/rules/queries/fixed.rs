//! The columns that have one value in each group: those that are grouped by, what they are joined with, and all
//! of a table one of whose keys is among them.

use sqlparser::ast::{
    BinaryOperator, Expr, GroupByExpr, JoinConstraint, JoinOperator, Query, Select, SelectItem, SetExpr, TableFactor,
};

use crate::catalog::ValueKind;
use crate::dialect::rewriter::Rewriter;
use crate::dialect::syntax::same;
use crate::grouping::is_aggregate;
use crate::syntax::last_part;
use crate::syntax::walk::{self, Look};

/// The columns, with their relations, that have one value in each group: those grouped by, what
/// they are joined with, and all of a table one of whose keys is among them.
pub(super) fn fixed_columns(rewriter: &Rewriter<'_>, keys: &[Expr], joined: &Joined) -> Vec<(String, String)> {
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
pub(super) struct Joined {
    /// Pairs that every row has equal.
    equal: Vec<(Expr, Expr)>,
    /// Queries among the relations, by their names here.
    queries: Vec<(String, std::rc::Rc<Query>)>,
}

impl Joined {
    pub fn of(rewriter: &Rewriter<'_>, select: &Select) -> Self {
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
pub(super) fn place(rewriter: &Rewriter<'_>, column: &Expr) -> Option<(String, String, String)> {
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
            rewriter.scopes.kind(expr) == Some(ValueKind::Integer) && ValueKind::of(data_type) == ValueKind::Text
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

/// Whether PostgreSQL takes the column as it is, because the primary key of its table is grouped.
pub(super) fn covered(rewriter: &Rewriter<'_>, column: &Expr, keys: &[Expr]) -> bool {
    let Some((relation, table, _)) = place(rewriter, column) else { return false };
    let Some(key) = rewriter.names.primary_key(&table) else { return false };
    key.iter().all(|part| keys.iter().any(|k| place(rewriter, k).is_some_and(|(r, _, c)| r == relation && c == *part)))
}

/// Columns of an expression outside of aggregates, unless they are keys.
pub(super) fn bare_columns(expr: &Expr, known: &[Expr], into: &mut Vec<Expr>) {
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
