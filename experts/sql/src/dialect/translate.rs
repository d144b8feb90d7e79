//! The translation of a record: its dialect is detected, both texts are parsed, and every rule looks at each
//! statement, in one fixed order.

use sqlparser::ast::{Expr, FromTable, Insert, OrderByExpr, Query, Select, Statement, TableObject};

use super::changes::{Change, Translated, Untranslatable};
use super::names::{Names, Origin};
use super::rewriter::{MOST_CHANGES, Rewriter};
use super::rules::{
    affinity, binary_patterns, bit_complement, by_bytes, calls, casts, casts_to_text, collation, date_sums, dates,
    json_paths, meanings, names, operators, parentheses, queries, random, rowid, schema, truncated_dates, writes,
};
use super::syntax::one_table;
use super::{detect, exactness, grammar};
use crate::syntax::Dialect;
use crate::syntax::statement;
use crate::syntax::walk::{self, Edit};

/// Translates a record's schema and statement to PostgreSQL. `declared` is the dialect that the record names; without
/// one it is detected.
///
/// # Errors
/// When a text parses in no dialect that it could be of, or means what PostgreSQL has no statement for.
pub fn translate(schema: &str, sql: &str, declared: Option<Dialect>) -> Result<Translated, Untranslatable> {
    let plain = statement::parse_all(schema);
    let plain_sql = statement::parse_all(sql);
    let detected = match declared {
        Some(dialect) => Some((dialect, true, None)),
        None => detect::dialect_of_record(schema, &plain, sql, &plain_sql)?,
    };
    match detected {
        None | Some((Dialect::Postgres, ..)) => Ok(of_postgres(schema, plain, sql)),
        Some((dialect, certain, mark)) => {
            match read_as(dialect, certain, (schema, plain), (sql, plain_sql)) {
                // The dialect was a guess, and the parser does not read all that PostgreSQL does.
                Err(cannot) if declared.is_none() && cannot.code.ends_with("-does-not-parse") => {
                    let unread = Some(cannot).filter(|_| certain);
                    Ok(Translated { unread, ..of_postgres(schema, statement::parse_all(schema), sql) })
                }
                read => Ok(Translated { mark, ..read? }),
            }
        }
    }
}

/// Takes the names of databases off tables that the schema has without them. For a record that PostgreSQL
/// has refused unchanged; `None` when there is no such name.
pub fn unqualified(schema: &str, sql: &str) -> Option<Translated> {
    let tables = statement::parse_all(schema).ok()?;
    let mut statements = statement::parse_all(sql).ok()?;
    let names = Names::of(&tables);
    let mut changes = Vec::new();
    for statement in &mut statements {
        let mut rewriter = Rewriter::new(Dialect::Postgres, true, &tables, &names);
        names::without_databases(&mut rewriter, statement);
        changes.append(&mut rewriter.changes);
    }
    let [statement] = &statements[..] else { return None };
    let changed = !changes.is_empty();
    changed.then(|| Translated {
        schema: schema.to_owned(),
        sql: statement.to_string(),
        dialect: Dialect::Postgres,
        mark: None,
        interprets: exactness::interpreting(&changes, true),
        changes,
        notes: Vec::new(),
        unread: None,
    })
}

/// Repairs what PostgreSQL refuses in a record whose dialect is unknown: types that do not agree, groups that are not
/// complete. For a record that PostgreSQL has refused unchanged.
///
/// # Errors
/// When a text does not parse.
pub fn repair(schema: &str, sql: &str) -> Result<Translated, Untranslatable> {
    let (plain, plain_sql) = (statement::parse_all(schema), statement::parse_all(sql));
    read_as(Dialect::Sqlite, false, (schema, plain), (sql, plain_sql))
}

/// A text, and its statements as PostgreSQL's parser reads them or why it does not.
type Parsed<'t> = (&'t str, Result<Vec<Statement>, String>);

fn read_as(
    dialect: Dialect,
    certain: bool,
    (schema, plain): Parsed<'_>,
    (sql, plain_sql): Parsed<'_>,
) -> Result<Translated, Untranslatable> {
    // A schema may be PostgreSQL's already and only the statement another's.
    let read = match plain {
        Ok(tables) if detect::is_postgres_schema(schema) => Schema { tables, ..Schema::default() },
        plain => read_schema(dialect, certain, (schema, plain))?,
    };
    let Schema { tables, origin, changed: schema_changed, mut changes, mut notes } = read;
    let mut names = Names::of(&tables);
    names.learn(&origin);
    let mut statements = grammar::parse_as(sql, dialect)
        .or_else(|why| plain_sql.clone().map_err(|plain| unparsed(dialect, certain, "sql", (why, plain))))?;
    // Where PostgreSQL reads the same text as another tree, it must not stay as it is.
    let read_otherwise = certain && plain_sql.as_ref().is_ok_and(|plain| *plain != statements);
    let before = changes.len();
    for statement in &mut statements {
        let (changed, noted) = rewrite(statement, dialect, certain, (&tables, &names))?;
        changes.extend(changed);
        notes.extend(noted);
    }
    if detect::has_double_equals(sql) {
        changes.push(Change { rule: "operator", what: "`==` is written =".to_owned() });
    }
    if dialect == Dialect::Sqlite && grammar::has_not_null(sql) {
        changes.push(Change { rule: "operator", what: "`NOT NULL` is written IS NOT NULL".to_owned() });
    }
    let sql_changed = changes.len() > before || plain_sql.is_err() || read_otherwise;
    let mut changes = first_of_each(changes);
    if changes.is_empty() && (schema_changed || sql_changed) {
        let what = format!("written as {} has it and PostgreSQL does not", dialect.title());
        changes.push(Change { rule: "syntax", what });
    }
    Ok(Translated {
        schema: if schema_changed { printed(&tables) } else { schema.to_owned() },
        sql: match (&statements[..], sql_changed) {
            ([only], true) => only.to_string(),
            (several, true) => printed(several),
            (_, false) => sql.to_owned(),
        },
        dialect,
        mark: None,
        interprets: exactness::interpreting(&changes, certain),
        changes,
        notes,
        unread: None,
    })
}

/// Why a text of a dialect cannot be read: what that dialect's parser says of it, and what PostgreSQL's says.
fn unparsed(dialect: Dialect, certain: bool, text: &str, (why, plain): (String, String)) -> Untranslatable {
    Untranslatable {
        code: if text == "schema" { "schema-does-not-parse" } else { "sql-does-not-parse" },
        dialect,
        why: match certain {
            true => format!("`{text}` does not parse as {}: {why}", dialect.title()),
            // The dialect was a guess: then PostgreSQL's own reason says most.
            false => format!("`{text}` does not parse as PostgreSQL: {plain}"),
        },
    }
}

/// A schema in PostgreSQL's dialect.
#[derive(Default)]
struct Schema {
    tables: Vec<Statement>,
    origin: Origin,
    changed: bool,
    changes: Vec<Change>,
    notes: Vec<Change>,
}

fn read_schema(dialect: Dialect, certain: bool, (text, plain): Parsed<'_>) -> Result<Schema, Untranslatable> {
    let mut tables = grammar::parse_as(text, dialect)
        .or_else(|why| plain.clone().map_err(|plain| unparsed(dialect, certain, "schema", (why, plain))))?;
    let read_otherwise = certain && plain.as_ref().is_ok_and(|plain| *plain != tables);
    let (mut changes, mut notes) = (Vec::new(), Vec::new());
    let origin = Origin::of(&tables, dialect);
    schema::without_blanks(&mut tables, dialect, &mut changes);
    schema::rewrite(&mut tables, dialect, certain, &mut changes);
    let mut names = Names::of(&tables);
    names.learn(&origin);
    for table in &mut tables {
        // A view is a statement of that database's.
        let certain = certain && matches!(table, Statement::CreateView(_));
        let (changed, noted) = rewrite(table, dialect, certain, (&[], &names))?;
        changes.extend(changed);
        notes.extend(noted);
    }
    let changed = !changes.is_empty() || plain.is_err() || read_otherwise;
    Ok(Schema { tables, origin, changed, changes, notes })
}

/// Each change once, as many as are shown.
fn first_of_each(changes: Vec<Change>) -> Vec<Change> {
    let mut shown: Vec<Change> = Vec::new();
    for change in changes {
        if shown.len() < MOST_CHANGES && !shown.contains(&change) {
            shown.push(change);
        }
    }
    shown
}

/// PostgreSQL's own text. Only the order of its tables and the form of its rows are looked after,
/// since data sets get them wrong in any dialect; whatever else is wrong with it is told by whoever
/// parses it next.
fn of_postgres(schema: &str, parsed: Result<Vec<Statement>, String>, sql: &str) -> Translated {
    let mut changes = Vec::new();
    let mut text = schema.to_owned();
    if let Ok(mut tables) = parsed {
        schema::merge(&mut tables, &mut changes);
        schema::fit_rows(&mut tables, false, &mut changes);
        schema::order_tables(&mut tables, &mut changes);
        if !changes.is_empty() {
            text = printed(&tables);
        }
    }
    Translated {
        schema: text,
        sql: sql.to_owned(),
        dialect: Dialect::Postgres,
        mark: None,
        interprets: exactness::interpreting(&changes, true),
        changes,
        notes: Vec::new(),
        unread: None,
    }
}

fn printed(statements: &[Statement]) -> String {
    statements.iter().map(|statement| format!("{statement};")).collect::<Vec<_>>().join("\n")
}

/// Has every rule look at a statement.
fn rewrite(
    statement: &mut Statement,
    dialect: Dialect,
    certain: bool,
    (tables, names): (&[Statement], &Names),
) -> Result<(Vec<Change>, Vec<Change>), Untranslatable> {
    let mut rewriter = Rewriter::new(dialect, certain, tables, names);
    writes::arrange(dialect, statement);
    names::statement(&mut rewriter, statement);
    // A change of rows has its tables in sight as a query has those of FROM.
    let table = match statement {
        Statement::Insert(Insert { table: TableObject::TableName(name), .. }) => vec![one_table(name)],
        Statement::Update(update) => vec![update.table.clone()],
        Statement::Delete(delete) => match &delete.from {
            FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from) => from.clone(),
        },
        Statement::CreateTable(create) => vec![one_table(&create.name)],
        _ => Vec::new(),
    };
    rewriter.scopes.enter_from(&table);
    walk::edit(statement, &mut Walk(&mut rewriter));
    writes::statement(&mut rewriter, statement);
    if parentheses::set(statement) && rewriter.changes.is_empty() {
        rewriter.changed("precedence", "parentheses keep the order of operators".to_owned());
    }
    rewriter.refused.map_or(Ok((rewriter.changes, rewriter.notes)), Err)
}

/// One walk for all rules: what is inside is rewritten before what is around it.
struct Walk<'r, 'n>(&'r mut Rewriter<'n>);

impl Edit for Walk<'_, '_> {
    fn query(&mut self, query: &mut Query) {
        self.0.scopes.enter_query(query);
        self.0.ordered.push(query.order_by.is_some() || query.limit_clause.is_some());
    }

    fn query_end(&mut self, query: &mut Query) {
        collation::query(self.0, query);
        by_bytes::outputs_end(query);
        queries::query(self.0, query);
        self.0.scopes.leave();
        self.0.ordered.pop();
    }

    fn select(&mut self, select: &mut Select) {
        self.0.scopes.enter_select(select);
        queries::outputs_by_name(self.0, select);
        by_bytes::mark(self.0, select);
        collation::shared_columns(self.0, select);
        random::random_value(self.0, select);
    }

    fn select_end(&mut self, select: &mut Select) {
        collation::select(self.0, select);
        by_bytes::keys_end(select);
        queries::select(self.0, select);
        self.0.scopes.leave();
    }

    fn order_by(&mut self, item: &mut OrderByExpr) {
        collation::binary_order(self.0, item);
    }

    fn expr(&mut self, expr: &mut Expr) {
        rowid::rowid(self.0, expr);
        bit_complement::complement(self.0, expr);
        truncated_dates::expr(self.0, expr);
        binary_patterns::binary_pattern(self.0, expr);
        random::random(self.0, expr);
        date_sums::of_dates(self.0, expr);
        dates::plus_interval(self.0, expr);
        affinity::expr(self.0, expr);
        collation::expr(self.0, expr);
    }

    fn expr_end(&mut self, expr: &mut Expr) {
        let foreign = meanings::foreign(self.0, expr);
        let called = matches!(expr, Expr::Function(_));
        casts_to_text::cast(self.0, expr);
        json_paths::expr(self.0, expr);
        calls::expr(self.0, expr);
        dates::expr(self.0, expr);
        casts::cast(self.0, expr);
        // What a call has become is PostgreSQL's already.
        if !called || matches!(expr, Expr::Function(_) | Expr::Case { .. }) {
            operators::expr(self.0, expr);
        }
        meanings::check(self.0, foreign, expr);
    }
}
