//! INSERT, UPDATE and DELETE: what to do with a row that is there already, updates and deletions over
//! joins, and those with a LIMIT.

use sqlparser::ast::{
    Assignment, AssignmentTarget, BinaryOperator, ConflictTarget, Delete, DoUpdate, Expr, FromTable, Ident, Insert,
    JoinConstraint, JoinOperator, LimitClause, ObjectName, OnConflict, OnConflictAction, OnInsert, OrderByExpr, Parens,
    Query, Select, SelectItem, SetExpr, SqliteOnConflict, Statement, TableFactor, TableObject, TableWithJoins, Update,
    UpdateTableFromKind, Values,
};

use super::functions::arguments;
use super::operators::condition;
use super::queries::order_item;
use super::template::enclosed;
use super::{Rewriter, rows};
use crate::schema::last_part;
use crate::statement;
use crate::walk;

/// Rewrites a statement that changes rows.
pub(super) fn statement(rewriter: &mut Rewriter<'_>, statement: &mut Statement) {
    match statement {
        Statement::Insert(insert) => self::insert(rewriter, insert),
        Statement::Update(update) => self::update(rewriter, update),
        Statement::Delete(delete) => self::delete(rewriter, delete),
        _ => {}
    }
}

fn insert(rewriter: &mut Rewriter<'_>, insert: &mut Insert) {
    let TableObject::TableName(name) = insert.table.clone() else { return };
    let table = last_part(&name);
    insert.priority = None;
    insert.into = true;
    insert.has_table_keyword = false;
    // `INSERT INTO t SET a = 1`.
    if !insert.assignments.is_empty() && insert.source.is_none() {
        let mut row = Vec::new();
        for assignment in std::mem::take(&mut insert.assignments) {
            if let AssignmentTarget::ColumnName(column) = assignment.target {
                insert.columns.push(ObjectName(column.0.into_iter().rev().take(1).collect()));
                row.push(assignment.value);
            }
        }
        insert.source = Some(Box::new(values(vec![row])));
        rewriter.changed("insert", "`INSERT … SET` is written with VALUES".to_owned());
    }
    for column in insert.columns.iter_mut().filter(|column| column.0.len() > 1) {
        column.0.drain(..column.0.len() - 1);
    }
    rows::write_one(rewriter, insert);
    let replaces = insert.replace_into || insert.or == Some(SqliteOnConflict::Replace);
    let ignores = insert.ignore || insert.or == Some(SqliteOnConflict::Ignore);
    if insert.or.take().is_some() || insert.ignore || insert.replace_into {
        (insert.ignore, insert.replace_into) = (false, false);
        rewriter.changed("insert", "what happens to a row that is there already is said by ON CONFLICT".to_owned());
    }
    if ignores {
        insert.on =
            Some(OnInsert::OnConflict(OnConflict { conflict_target: None, action: OnConflictAction::DoNothing }));
        return;
    }
    let columns: Vec<String> = if insert.columns.is_empty() {
        rewriter.names.columns_of(&table).map(|c| c.ident.value.to_lowercase()).collect()
    } else {
        insert.columns.iter().map(last_part).collect()
    };
    // The key that a new row can run into: one whose columns are all given.
    let keys = rewriter.names.keys_of(&table);
    let key = keys.iter().find(|key| key.iter().all(|part| columns.contains(part))).or_else(|| keys.first());
    let Some(key) = key.cloned() else { return };
    let ident = |name: &String| {
        rewriter.names.column_in(&table, name).map_or_else(|| Ident::new(name.clone()), |c| c.ident.clone())
    };
    let target = Some(ConflictTarget::Columns(key.iter().map(ident).collect()));
    let excluded = |name: &Ident| Expr::CompoundIdentifier(vec![Ident::new("EXCLUDED"), name.clone()]);
    if replaces {
        let others: Vec<Ident> = columns.iter().filter(|name| !key.contains(name)).map(ident).collect();
        let mut assignments: Vec<Assignment> =
            others.iter().map(|name| assignment(name.clone(), excluded(name))).collect();
        // The old row goes whole: what the new one does not say is as in any new row.
        let left = rewriter.names.columns_of(&table).map(|column| column.ident.clone());
        let left = left
            .filter(|name| !columns.contains(&name.value.to_lowercase()) && !key.contains(&name.value.to_lowercase()));
        assignments.extend(left.map(|name| assignment(name, Expr::Identifier(Ident::new("DEFAULT")))));
        let action = if assignments.is_empty() {
            OnConflictAction::DoNothing
        } else {
            OnConflictAction::DoUpdate(DoUpdate { assignments, selection: None })
        };
        insert.on = Some(OnInsert::OnConflict(OnConflict { conflict_target: target, action }));
    } else if let Some(OnInsert::OnConflict(OnConflict { action: OnConflictAction::DoUpdate(update), .. })) =
        &mut insert.on
    {
        let table = Ident::new(name.0.last().map_or_else(String::new, ToString::to_string));
        for assignment in &mut update.assignments {
            let before = assignment.value.to_string();
            qualify(&mut assignment.value, &table);
            if assignment.value.to_string() != before {
                rewriter.changed("insert", "the old row's columns are named by their table".to_owned());
            }
        }
    } else if let Some(OnInsert::DuplicateKeyUpdate(assignments)) = &insert.on {
        let mut assignments = assignments.clone();
        for assignment in &mut assignments {
            // `VALUES(a)` is what the new row would have had; a bare name is the old row's.
            values_to_excluded(&mut assignment.value);
            let table = Ident::new(name.0.last().map_or_else(String::new, ToString::to_string));
            qualify(&mut assignment.value, &table);
        }
        rewriter.changed("insert", "`ON DUPLICATE KEY UPDATE` is written ON CONFLICT DO UPDATE".to_owned());
        let action = OnConflictAction::DoUpdate(DoUpdate { assignments, selection: None });
        insert.on = Some(OnInsert::OnConflict(OnConflict { conflict_target: target, action }));
    }
}

fn assignment(column: Ident, value: Expr) -> Assignment {
    Assignment { target: AssignmentTarget::ColumnName(ObjectName::from(vec![column])), value }
}

fn values_to_excluded(expr: &mut Expr) {
    walk::edit_expressions(expr, &mut |expr| {
        if let Expr::Function(function) = expr
            && last_part(&function.name) == "values"
            && let Some([Expr::Identifier(column)]) = arguments(function).as_deref()
        {
            *expr = Expr::CompoundIdentifier(vec![Ident::new("EXCLUDED"), column.clone()]);
        }
    });
}

/// A bare column of the table that is inserted into is ambiguous beside EXCLUDED's.
fn qualify(expr: &mut Expr, table: &Ident) {
    walk::edit_expressions(expr, &mut |expr| {
        if let Expr::Identifier(column) = expr {
            *expr = Expr::CompoundIdentifier(vec![table.clone(), column.clone()]);
        }
    });
}

fn update(rewriter: &mut Rewriter<'_>, update: &mut Update) {
    // Before the join goes, while its names are in sight.
    if let Some(selection) = &mut update.selection {
        condition(rewriter, selection);
    }
    if update.or.take().is_some() {
        rewriter.changed("update", "`UPDATE OR …` is written UPDATE".to_owned());
    }
    let joins = std::mem::take(&mut update.table.joins);
    if !joins.is_empty() {
        let (from, conditions) = apart(joins);
        let from_before = match update.from.take() {
            Some(UpdateTableFromKind::BeforeSet(tables) | UpdateTableFromKind::AfterSet(tables)) => tables,
            None => Vec::new(),
        };
        let tables = from.into_iter().chain(from_before).collect();
        update.from = Some(UpdateTableFromKind::AfterSet(tables));
        update.selection = all(conditions.into_iter().chain(update.selection.take()));
        rewriter.changed("update", "`UPDATE` over a join is written with FROM".to_owned());
    }
    for assignment in &mut update.assignments {
        if let AssignmentTarget::ColumnName(name) = &mut assignment.target
            && name.0.len() > 1
        {
            rewriter.changed("update", "the column that is set stands without its table".to_owned());
            name.0.drain(..name.0.len() - 1);
        }
    }
    if let Some(limit) = update.limit.take() {
        let order = std::mem::take(&mut update.order_by);
        update.selection = chosen(rewriter, &update.table, update.selection.take(), order, limit);
    } else {
        update.order_by.clear();
    }
}

fn delete(rewriter: &mut Rewriter<'_>, delete: &mut Delete) {
    if let Some(selection) = &mut delete.selection {
        condition(rewriter, selection);
    }
    let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &mut delete.from;
    let targets = std::mem::take(&mut delete.tables);
    if let [first, ..] = &mut from[..]
        && (!first.joins.is_empty() || !targets.is_empty())
    {
        // `DELETE a FROM a JOIN b ON …`: the table that loses rows stands first.
        let wanted = targets.first().map(last_part);
        let mut all_tables =
            vec![std::mem::replace(first, TableWithJoins { relation: first.relation.clone(), joins: vec![] })];
        all_tables.extend(from.drain(1..));
        let mut tables = Vec::new();
        let mut conditions = Vec::new();
        for item in all_tables {
            tables.push(TableWithJoins { relation: item.relation, joins: Vec::new() });
            let (more, on) = apart(item.joins);
            tables.extend(more);
            conditions.extend(on);
        }
        let is_wanted = |item: &TableWithJoins| match &item.relation {
            TableFactor::Table { name, alias, .. } => {
                let called = alias.as_ref().map_or_else(|| last_part(name), |a| a.name.value.to_lowercase());
                wanted.as_ref().is_none_or(|wanted| *wanted == called)
            }
            _ => false,
        };
        let position = tables.iter().position(is_wanted).unwrap_or(0);
        let target = tables.remove(position);
        *from = vec![target];
        if !tables.is_empty() {
            delete.using = Some(tables);
        }
        delete.selection = all(conditions.into_iter().chain(delete.selection.take()));
        rewriter.changed("delete", "`DELETE` over a join is written with USING".to_owned());
    }
    if let Some(limit) = delete.limit.take() {
        let order = std::mem::take(&mut delete.order_by);
        if let [only] = &from[..] {
            delete.selection = chosen(rewriter, only, delete.selection.take(), order, limit);
        }
    } else {
        delete.order_by.clear();
    }
}

/// Joined tables side by side, and the conditions that joined them.
fn apart(joins: Vec<sqlparser::ast::Join>) -> (Vec<TableWithJoins>, Vec<Expr>) {
    let mut conditions = Vec::new();
    let mut tables = Vec::new();
    for join in joins {
        if let JoinOperator::Join(JoinConstraint::On(on))
        | JoinOperator::Inner(JoinConstraint::On(on))
        | JoinOperator::Left(JoinConstraint::On(on))
        | JoinOperator::LeftOuter(JoinConstraint::On(on)) = join.join_operator
        {
            conditions.push(on);
        }
        tables.push(TableWithJoins { relation: join.relation, joins: Vec::new() });
    }
    (tables, conditions)
}

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

/// `WHERE … ORDER BY … LIMIT n` of an UPDATE or DELETE: the rows are chosen by their key.
fn chosen(
    rewriter: &mut Rewriter<'_>,
    table: &TableWithJoins,
    selection: Option<Expr>,
    mut order: Vec<OrderByExpr>,
    limit: Expr,
) -> Option<Expr> {
    let TableFactor::Table { name, .. } = &table.relation else { return selection };
    let key: Vec<Ident> = match rewriter.names.primary_key(&last_part(name)) {
        Some(key) => {
            let table = last_part(name);
            key.iter().filter_map(|part| rewriter.names.column_in(&table, part).map(|c| c.ident.clone())).collect()
        }
        // Every row has a place.
        None => vec![Ident::new("ctid")],
    };
    order.iter_mut().for_each(|item| order_item(rewriter, item, None));
    let Ok(Statement::Query(mut query)) = statement::parse_one("SELECT 1") else { return selection };
    if let SetExpr::Select(select) = &mut *query.body {
        choose(select, &key, table, selection);
    }
    if !order.is_empty() {
        let kind = sqlparser::ast::OrderByKind::Expressions(order);
        query.order_by = Some(sqlparser::ast::OrderBy { kind, interpolate: None });
    }
    query.limit_clause = Some(LimitClause::LimitOffset { limit: Some(limit), offset: None, limit_by: Vec::new() });
    rewriter.changed("limited-change", "a change with LIMIT chooses its rows by their key".to_owned());
    let value = match &key[..] {
        [one] => Expr::Identifier(one.clone()),
        several => Expr::Tuple(several.iter().cloned().map(Expr::Identifier).collect()),
    };
    Some(Expr::InSubquery { expr: Box::new(value), subquery: query, negated: false })
}

fn choose(select: &mut Select, key: &[Ident], table: &TableWithJoins, selection: Option<Expr>) {
    select.projection = key.iter().cloned().map(|part| SelectItem::UnnamedExpr(Expr::Identifier(part))).collect();
    select.from = vec![table.clone()];
    select.selection = selection;
}

fn values(rows: Vec<Vec<Expr>>) -> Query {
    let rows = rows
        .into_iter()
        .map(|row| Parens { content: row, opening_token: token("("), closing_token: token(")") })
        .collect();
    let body = SetExpr::Values(Values { explicit_row: false, value_keyword: false, rows });
    Query {
        with: None,
        body: Box::new(body),
        order_by: None,
        limit_clause: None,
        fetch: None,
        locks: Vec::new(),
        for_clause: None,
        settings: None,
        format_clause: None,
        pipe_operators: Vec::new(),
    }
}

fn token(_: &str) -> sqlparser::ast::helpers::attached_token::AttachedToken {
    sqlparser::ast::helpers::attached_token::AttachedToken::empty()
}
