//! UPDATE and DELETE over several tables, as MySQL has them. Inner joins become FROM and USING; where a
//! join is an outer one, or joins by equal names, a query over the whole join says which rows are meant
//! and what they get, found again by their key.
//!
//! <https://dev.mysql.com/doc/refman/8.4/en/update.html>, <https://dev.mysql.com/doc/refman/8.4/en/delete.html>

use sqlparser::ast::{
    Assignment, AssignmentTarget, BinaryOperator, Delete, Expr, FromTable, Ident, JoinConstraint, JoinOperator, Query,
    SelectItem, SetExpr, Statement, TableAlias, TableFactor, TableWithJoins, Update, UpdateTableFromKind,
};

use crate::dialect::conditions::condition;
use crate::dialect::rewriter::Rewriter;
use crate::dialect::syntax::{one_table, table_factor, table_name};
use crate::dialect::template::{build, enclosed};
use crate::syntax::Dialect;
use crate::syntax::last_part;
use crate::syntax::statement;

/// `DELETE FROM a USING acc a JOIN …` as `DELETE a FROM acc a JOIN …`, so that what stands behind USING is
/// in sight as FROM is.
pub(in crate::dialect) fn arrange(dialect: Dialect, statement: &mut Statement) {
    let Statement::Delete(delete) = statement else { return };
    let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &mut delete.from;
    let Some(using) = &delete.using else { return };
    let called: Vec<String> = using.iter().flat_map(relations).filter_map(called).collect();
    let is_target = |item: &TableWithJoins| {
        item.joins.is_empty()
            && matches!(&item.relation, TableFactor::Table { name, alias: None, .. } if called.contains(&last_part(name)))
    };
    if dialect != Dialect::MySql || !from.iter().all(is_target) {
        return;
    }
    delete.tables = from
        .iter()
        .filter_map(|item| match &item.relation {
            TableFactor::Table { name, .. } => Some(name.clone()),
            _ => None,
        })
        .collect();
    *from = delete.using.take().unwrap_or_default();
}

/// The tables of an item of FROM.
fn relations(item: &TableWithJoins) -> impl Iterator<Item = &TableFactor> {
    std::iter::once(&item.relation).chain(item.joins.iter().map(|join| &join.relation))
}

/// The name by which a table's columns are qualified, in lower case.
fn called(factor: &TableFactor) -> Option<String> {
    match factor {
        TableFactor::Table { name, alias, .. } => {
            Some(alias.as_ref().map_or_else(|| last_part(name), |alias| alias.name.value.to_lowercase()))
        }
        _ => None,
    }
}

/// Whether nothing but ON and WHERE says which rows come together.
fn is_inner(item: &TableWithJoins) -> bool {
    use JoinConstraint::{None, On};
    use JoinOperator::{CrossJoin, Inner, Join, StraightJoin};
    item.joins.iter().all(|join| {
        matches!(
            join.join_operator,
            Join(On(_) | None) | Inner(On(_) | None) | StraightJoin(On(_) | None) | CrossJoin(On(_) | None)
        )
    })
}

/// Joined tables side by side, and the conditions that joined them.
fn apart(items: Vec<TableWithJoins>) -> (Vec<TableWithJoins>, Vec<Expr>) {
    use JoinOperator::{CrossJoin, Inner, Join, StraightJoin};
    let mut conditions = Vec::new();
    let mut tables = Vec::new();
    let alone = |relation| TableWithJoins { relation, joins: Vec::new() };
    for item in items {
        tables.push(alone(item.relation));
        for join in item.joins {
            if let Join(JoinConstraint::On(on))
            | Inner(JoinConstraint::On(on))
            | StraightJoin(JoinConstraint::On(on))
            | CrossJoin(JoinConstraint::On(on)) = join.join_operator
            {
                conditions.push(on);
            }
            tables.push(alone(join.relation));
        }
    }
    (tables, conditions)
}

/// Conditions as one.
fn all(conditions: impl Iterator<Item = Expr>) -> Option<Expr> {
    conditions.reduce(|a, b| Expr::BinaryOp {
        left: Box::new(a),
        op: BinaryOperator::And,
        right: Box::new(match b {
            Expr::BinaryOp { op: BinaryOperator::Or, .. } => enclosed(b),
            b => b,
        }),
    })
}

/// The conditions of joins as truth values.
fn conditions(rewriter: &mut Rewriter<'_>, items: &mut [TableWithJoins]) {
    use JoinOperator::{CrossJoin, Inner, Join, Left, LeftOuter, Right, RightOuter, StraightJoin};
    for join in items.iter_mut().flat_map(|item| &mut item.joins) {
        if let Join(JoinConstraint::On(on))
        | Inner(JoinConstraint::On(on))
        | Left(JoinConstraint::On(on))
        | LeftOuter(JoinConstraint::On(on))
        | Right(JoinConstraint::On(on))
        | RightOuter(JoinConstraint::On(on))
        | StraightJoin(JoinConstraint::On(on))
        | CrossJoin(JoinConstraint::On(on)) = &mut join.join_operator
        {
            condition(rewriter, on);
        }
    }
}

/// An UPDATE over a join.
pub(super) fn update(rewriter: &mut Rewriter<'_>, update: &mut Update) {
    if update.table.joins.is_empty() {
        return;
    }
    let mut items = vec![update.table.clone()];
    if let Some(UpdateTableFromKind::BeforeSet(more) | UpdateTableFromKind::AfterSet(more)) = update.from.take() {
        items.extend(more);
    }
    conditions(rewriter, &mut items);
    let tables: Vec<TableFactor> = items.iter().flat_map(relations).cloned().collect();
    // The table whose columns are set.
    let mut set: Vec<usize> =
        update.assignments.iter().filter_map(|assignment| owner(rewriter, &tables, assignment)).collect();
    set.sort_unstable();
    set.dedup();
    let target = match set[..] {
        [] => 0,
        [one] => one,
        _ => {
            let names: Vec<String> = set.iter().filter_map(|at| called(&tables[*at])).collect();
            let why = format!("the UPDATE sets columns of `{}`, expected those of one table", names.join("`, `"));
            return rewriter.refuse("several-tables-changed", why);
        }
    };
    let target = &tables[target];
    if items.iter().all(is_inner) {
        let (mut sides, on) = apart(items);
        sides.retain(|side| side.relation != *target);
        update.table = TableWithJoins { relation: target.clone(), joins: Vec::new() };
        update.from = Some(UpdateTableFromKind::AfterSet(sides));
        update.selection = all(on.into_iter().chain(update.selection.take()));
        rewriter.changed("update", "`UPDATE` over a join is written with FROM".to_owned());
        return;
    }
    let Some((key, qualified)) = key_of(rewriter, target) else { return };
    let mut outputs: Vec<SelectItem> = Vec::new();
    let mut found = Vec::new();
    let name = |n: usize, of: &str| Ident::new(format!("{of}{n}"));
    let within = |column: Ident| Expr::CompoundIdentifier(vec![Ident::new("joined"), column]);
    for (n, (part, qualified)) in key.iter().zip(qualified).enumerate() {
        outputs.push(SelectItem::ExprWithAlias { expr: qualified, alias: name(n + 1, "key") });
        let own = Expr::CompoundIdentifier(vec![Ident::new("changed"), part.clone()]);
        found.extend(build("$1 = $2", &[&own, &within(name(n + 1, "key"))]));
    }
    for (n, assignment) in update.assignments.iter_mut().enumerate() {
        if matches!(&assignment.value, Expr::Identifier(word) if word.value.eq_ignore_ascii_case("default")) {
            continue;
        }
        let alias = name(n + 1, "value");
        let value = std::mem::replace(&mut assignment.value, within(alias.clone()));
        outputs.push(SelectItem::ExprWithAlias { expr: value, alias });
    }
    let Some(query) = query(outputs, items, update.selection.take()) else { return };
    let TableFactor::Table { name, .. } = target else { return };
    let mut relation = table_factor(name.clone());
    let alias = |name: &str| TableAlias { explicit: true, name: Ident::new(name), columns: Vec::new(), at: None };
    if let TableFactor::Table { alias: given, .. } = &mut relation {
        *given = Some(alias("changed"));
    }
    update.table = TableWithJoins { relation, joins: Vec::new() };
    let joined =
        TableFactor::Derived { lateral: false, subquery: Box::new(query), alias: Some(alias("joined")), sample: None };
    update.from = Some(UpdateTableFromKind::AfterSet(vec![TableWithJoins { relation: joined, joins: Vec::new() }]));
    update.selection = all(found.into_iter());
    rewriter.changed("update", "`UPDATE` over an outer join finds its rows by their key".to_owned());
}

/// Which of the tables has the column that is set.
fn owner(rewriter: &Rewriter<'_>, tables: &[TableFactor], assignment: &Assignment) -> Option<usize> {
    let AssignmentTarget::ColumnName(name) = &assignment.target else { return None };
    let parts: Vec<String> =
        name.0.iter().filter_map(|part| part.as_ident()).map(|ident| ident.value.to_lowercase()).collect();
    match &parts[..] {
        [.., qualifier, _] => tables.iter().position(|table| called(table).is_some_and(|name| name == *qualifier)),
        [column] => tables
            .iter()
            .position(|table| table_name(table).is_some_and(|t| rewriter.names.column_in(&t, column).is_some())),
        [] => None,
    }
}

/// What tells a table's rows apart, and the same with the name that the table goes by in the join.
fn key_of(rewriter: &Rewriter<'_>, factor: &TableFactor) -> Option<(Vec<Ident>, Vec<Expr>)> {
    let TableFactor::Table { name, alias, .. } = factor else { return None };
    let table = last_part(name);
    let key: Vec<Ident> = match rewriter.names.primary_key(&table) {
        Some(key) => key
            .iter()
            .filter_map(|part| rewriter.names.column_in(&table, part).map(|column| column.ident.clone()))
            .collect(),
        // Every row has a place.
        None => vec![Ident::new("ctid")],
    };
    let qualifier = alias.as_ref().map(|alias| &alias.name).or_else(|| name.0.last()?.as_ident())?.clone();
    let qualified = key.iter().map(|part| Expr::CompoundIdentifier(vec![qualifier.clone(), part.clone()])).collect();
    Some((key, qualified))
}

/// `SELECT … FROM … WHERE …`.
fn query(outputs: Vec<SelectItem>, from: Vec<TableWithJoins>, selection: Option<Expr>) -> Option<Query> {
    let Ok(Statement::Query(mut query)) = statement::parse_one("SELECT 1") else { return None };
    let SetExpr::Select(select) = &mut *query.body else { return None };
    select.projection = outputs;
    select.from = from;
    select.selection = selection;
    Some(*query)
}

/// A DELETE over a join.
pub(super) fn delete(rewriter: &mut Rewriter<'_>, delete: &mut Delete) {
    let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &mut delete.from;
    let targets = std::mem::take(&mut delete.tables);
    if targets.is_empty() && from.iter().all(|item| item.joins.is_empty()) {
        return;
    }
    conditions(rewriter, from);
    let mut wanted: Vec<String> = targets.iter().map(last_part).collect();
    wanted.sort();
    wanted.dedup();
    if wanted.len() > 1 {
        let why = format!("the DELETE takes rows out of `{}`, expected one table", wanted.join("`, `"));
        return rewriter.refuse("several-tables-changed", why);
    }
    let is_wanted = |factor: &TableFactor| match wanted.first() {
        Some(wanted) => called(factor).is_some_and(|name| name == *wanted),
        None => true,
    };
    let Some(target) = from.iter().flat_map(relations).find(|factor| is_wanted(factor)).cloned() else { return };
    let alone = |relation| TableWithJoins { relation, joins: Vec::new() };
    if from.iter().all(is_inner) {
        let (mut sides, on) = apart(std::mem::take(from));
        sides.retain(|side| side.relation != target);
        *from = vec![alone(target)];
        delete.using = Some(sides).filter(|sides| !sides.is_empty());
        delete.selection = all(on.into_iter().chain(delete.selection.take()));
        rewriter.changed("delete", "`DELETE` over a join is written with USING".to_owned());
        return;
    }
    let Some((key, qualified)) = key_of(rewriter, &target) else { return };
    let outputs = qualified.into_iter().map(SelectItem::UnnamedExpr).collect();
    let Some(query) = query(outputs, std::mem::take(from), delete.selection.take()) else { return };
    let value = match &key[..] {
        [one] => Expr::Identifier(one.clone()),
        several => Expr::Tuple(several.iter().cloned().map(Expr::Identifier).collect()),
    };
    let TableFactor::Table { name, .. } = &target else { return };
    *from = vec![one_table(name)];
    delete.selection = Some(Expr::InSubquery { expr: Box::new(value), subquery: Box::new(query), negated: false });
    rewriter.changed("delete", "`DELETE` over an outer join finds its rows by their key".to_owned());
}
