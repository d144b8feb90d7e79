//! INSERT, UPDATE and DELETE: what to do with a row that is there already, what a row's own columns are set to, and
//! changes with a LIMIT. Those over joins are in `joined`.

use sqlparser::ast::{
    Assignment, AssignmentTarget, ConflictTarget, Delete, DoUpdate, Expr, FromTable, Ident, Insert, LimitClause,
    ObjectName, OnConflict, OnConflictAction, OnInsert, OrderByExpr, Parens, Query, Select, SelectItem, SetExpr,
    SqliteOnConflict, Statement, TableFactor, TableObject, TableWithJoins, Update, Values,
};

use super::joined;
use super::rows::{fit_values, fractions, fractions_of_rows, inserted_columns, keys_without_case, set_column};
use crate::dialect::conditions::condition;
use crate::dialect::ordering::order_item;
use crate::dialect::rewriter::Rewriter;
use crate::dialect::syntax::{arguments, brief};
use crate::dialect::template::enclosed;
use crate::syntax::Dialect;
use crate::syntax::last_part;
use crate::syntax::{statement, walk};

/// Rewrites a statement that changes rows.
pub(in crate::dialect) fn statement(rewriter: &mut Rewriter<'_>, statement: &mut Statement) {
    match statement {
        Statement::Insert(insert) => self::insert(rewriter, insert),
        Statement::Update(update) => self::update(rewriter, update),
        Statement::Delete(delete) => self::delete(rewriter, delete),
        _ => {}
    }
}

pub(super) fn insert(rewriter: &mut Rewriter<'_>, insert: &mut Insert) {
    let TableObject::TableName(name) = insert.table.clone() else { return };
    let table = last_part(&name);
    insert.priority = None;
    insert.into = true;
    insert.has_table_keyword = false;
    assignments_as_row(rewriter, insert);
    for column in insert.columns.iter_mut().filter(|column| column.0.len() > 1) {
        column.0.drain(..column.0.len() - 1);
    }
    fit_values(rewriter, insert);
    fractions_of_rows(rewriter, &table, insert);
    if insert.ignore || insert.replace_into || matches!(insert.on, Some(OnInsert::DuplicateKeyUpdate(_))) {
        keys_without_case(rewriter, &table, insert);
    }
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
    let columns = inserted_columns(rewriter, &table, insert);
    // The key that a new row can run into: one whose columns are all given.
    let keys = rewriter.names.keys_of(&table);
    let key = keys.iter().find(|key| key.iter().all(|part| columns.contains(part))).or_else(|| keys.first());
    let Some(key) = key.cloned() else { return };
    if replaces {
        insert.on = Some(replacing(rewriter, &table, &columns, &key));
    } else {
        updating(rewriter, insert, &name, &key);
    }
}

/// `INSERT INTO t SET a = 1` with VALUES.
fn assignments_as_row(rewriter: &mut Rewriter<'_>, insert: &mut Insert) {
    if insert.assignments.is_empty() || insert.source.is_some() {
        return;
    }
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

/// A column as the schema writes it.
fn column_ident(rewriter: &Rewriter<'_>, table: &str, name: &str) -> Ident {
    rewriter.names.column_in(table, name).map_or_else(|| Ident::new(name), |column| column.ident.clone())
}

fn conflict_target(rewriter: &Rewriter<'_>, table: &str, key: &[String]) -> Option<ConflictTarget> {
    Some(ConflictTarget::Columns(key.iter().map(|name| column_ident(rewriter, table, name)).collect()))
}

/// What REPLACE does to a row that is there already.
fn replacing(rewriter: &Rewriter<'_>, table: &str, columns: &[String], key: &[String]) -> OnInsert {
    let excluded = |name: &Ident| Expr::CompoundIdentifier(vec![Ident::new("EXCLUDED"), name.clone()]);
    let others = columns.iter().filter(|name| !key.contains(name)).map(|name| column_ident(rewriter, table, name));
    let mut assignments: Vec<Assignment> = others.map(|name| assignment(name.clone(), excluded(&name))).collect();
    // The old row goes whole: what the new one does not say is as in any new row.
    let left = rewriter.names.columns_of(table).map(|column| column.ident.clone());
    let left = left.filter(|name| ![columns, key].iter().any(|names| names.contains(&name.value.to_lowercase())));
    assignments.extend(left.map(|name| assignment(name, Expr::Identifier(Ident::new("DEFAULT")))));
    let action = if assignments.is_empty() {
        OnConflictAction::DoNothing
    } else {
        OnConflictAction::DoUpdate(DoUpdate { assignments, selection: None })
    };
    OnInsert::OnConflict(OnConflict { conflict_target: conflict_target(rewriter, table, key), action })
}

/// `ON CONFLICT … DO UPDATE` and `ON DUPLICATE KEY UPDATE`, where a bare name is the old row's.
fn updating(rewriter: &mut Rewriter<'_>, insert: &mut Insert, name: &ObjectName, key: &[String]) {
    let old = Ident::new(name.0.last().map_or_else(String::new, ToString::to_string));
    match &mut insert.on {
        Some(OnInsert::OnConflict(OnConflict { action: OnConflictAction::DoUpdate(update), .. })) => {
            for assignment in &mut update.assignments {
                let before = assignment.value.to_string();
                qualify(&mut assignment.value, &old);
                if assignment.value.to_string() != before {
                    rewriter.changed("insert", "the old row's columns are named by their table".to_owned());
                }
            }
        }
        Some(OnInsert::DuplicateKeyUpdate(assignments)) => {
            let mut assignments = assignments.clone();
            from_left_to_right(rewriter, &mut assignments);
            for assignment in &mut assignments {
                // `VALUES(a)` is what the new row would have had.
                values_to_excluded(&mut assignment.value);
                qualify(&mut assignment.value, &old);
            }
            rewriter.changed("insert", "`ON DUPLICATE KEY UPDATE` is written ON CONFLICT DO UPDATE".to_owned());
            let conflict_target = conflict_target(rewriter, &last_part(name), key);
            let action = OnConflictAction::DoUpdate(DoUpdate { assignments, selection: None });
            insert.on = Some(OnInsert::OnConflict(OnConflict { conflict_target, action }));
        }
        _ => {}
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
    if let Some(on) = update.or.take() {
        passing_over(rewriter, &update.table, &update.assignments, on);
    }
    if update.table.joins.is_empty() {
        from_left_to_right(rewriter, &mut update.assignments);
    }
    fractions(rewriter, &update.table, &update.assignments);
    joined::update(rewriter, update);
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

/// `UPDATE OR IGNORE` and the like: what becomes of a row that a key stands against. Where no column of a
/// key is set, nothing does.
fn passing_over(rewriter: &mut Rewriter<'_>, table: &TableWithJoins, set: &[Assignment], on: SqliteOnConflict) {
    if matches!(on, SqliteOnConflict::Abort | SqliteOnConflict::Fail | SqliteOnConflict::Rollback) {
        return rewriter.changed("update", "`UPDATE OR …` is written UPDATE".to_owned());
    }
    let TableFactor::Table { name, .. } = &table.relation else { return };
    let table = last_part(name);
    let in_key = set.iter().find_map(|assignment| {
        let column = set_column(assignment)?;
        let not_null = rewriter.names.column_in(&table, &column).is_some_and(|column| column.not_null);
        (not_null || rewriter.names.keys_of(&table).iter().any(|key| key.contains(&column))).then_some(column)
    });
    match in_key {
        Some(column) => {
            let why = format!(
                "an UPDATE of `{column}` that passes over rows which break a key or a NOT NULL has no counterpart"
            );
            rewriter.refuse("update-passing-over", why);
        }
        None => rewriter.changed("update", "an UPDATE that no key stands against is written UPDATE".to_owned()),
    }
}

/// MySQL sets one column after the other, so that a later value sees what an earlier column has become;
/// in PostgreSQL all values are of the old row.
fn from_left_to_right(rewriter: &mut Rewriter<'_>, assignments: &mut [Assignment]) {
    if rewriter.dialect != Dialect::MySql || !rewriter.certain {
        return;
    }
    for at in 1..assignments.len() {
        let (before, rest) = assignments.split_at_mut(at);
        let Some(assignment) = rest.first_mut() else { return };
        let mut unlike = None;
        let mut seen = false;
        walk::edit_expressions(&mut assignment.value, &mut |expr| {
            let name = match &*expr {
                Expr::Identifier(ident) => ident.value.to_lowercase(),
                Expr::CompoundIdentifier(parts) => parts.last().map_or_else(String::new, |p| p.value.to_lowercase()),
                _ => return,
            };
            let Some(earlier) = before.iter().rev().find(|earlier| set_column(earlier).is_some_and(|set| set == name))
            else {
                return;
            };
            let (column, value) = (rewriter.scopes.kind(expr), rewriter.scopes.kind(&earlier.value));
            let null = matches!(&earlier.value, Expr::Value(value) if value.value == sqlparser::ast::Value::Null);
            if !null && (column.is_none() || column != value) {
                unlike = Some(name);
                return;
            }
            seen = true;
            *expr = enclosed(earlier.value.clone());
        });
        if let Some(column) = unlike {
            let why = format!("`{column}` is read after it is set, and what it holds by then is not known");
            return rewriter.refuse("order-of-assignments", why);
        }
        if seen {
            let what = format!("{} is of the columns as they were set before", brief(&assignment.value));
            rewriter.changed("order-of-assignments", what);
        }
    }
}

fn delete(rewriter: &mut Rewriter<'_>, delete: &mut Delete) {
    if let Some(selection) = &mut delete.selection {
        condition(rewriter, selection);
    }
    joined::delete(rewriter, delete);
    let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
    if let Some(limit) = delete.limit.take() {
        let order = std::mem::take(&mut delete.order_by);
        if let [only] = &from[..] {
            delete.selection = chosen(rewriter, only, delete.selection.take(), order, limit);
        }
    } else {
        delete.order_by.clear();
    }
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

pub(super) fn values(rows: Vec<Vec<Expr>>) -> Query {
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
