//! Dialects: SQL that was written for MySQL or SQLite becomes PostgreSQL. Text that is PostgreSQL
//! already comes back byte for byte. Rewrites sit on the syntax tree, one rule each, and what each
//! has changed is told. It proves nothing: that is `execute`'s.
//!
//! ```text
//! whose it is   signs: the marks of each database    untranslated: those of dialects that are not read
//!               reading, spelling: their grammars    foreign: remarks on another's spellings
//! names         names: which there are               kinds: what kind of values an expression has
//!               origin: what PostgreSQL's types do not say of a column
//! schemas       tables, types, keys                  rows: values against columns
//!               stored: what MySQL rounds
//! calls         functions, texts, dates, regexps     calls: those without rules of their own
//!               rounding, random, truncated_dates    meanings: names that mean something else
//!               distinct_concat
//! expressions   operators, patterns                  comparisons: types that differ
//!               affinity: SQLite's of the two        shown: numbers as texts
//!               collation: regard to case            numbers: texts as numbers
//!               bits: of whole numbers               by_bytes: outputs told apart by bytes
//!               json: paths                          enums: MySQL's ENUM
//!               bytes: X'41' and B'1'
//! statements    queries, groups, writes, joined_writes
//! afterwards    parentheses: so that the text is read as the tree was meant
//!               exactness: which changes keep the meaning
//! ```

mod affinity;
mod bits;
mod by_bytes;
mod bytes;
mod calls;
mod collation;
mod comparisons;
mod dates;
mod distinct_concat;
mod enums;
mod exactness;
mod foreign;
mod functions;
mod groups;
mod joined_writes;
mod json;
mod keys;
mod kinds;
mod meanings;
mod names;
mod numbers;
mod operators;
mod origin;
mod parentheses;
mod patterns;
mod queries;
mod random;
mod reading;
mod regexps;
mod rounding;
mod rows;
mod shown;
mod signs;
mod spelling;
mod stored;
mod tables;
mod template;
mod texts;
mod truncated_dates;
mod types;
mod untranslated;
mod whole;
mod writes;

use std::str::FromStr;

use sqlparser::ast::{Expr, FromTable, Ident, Insert, OrderByExpr, Query, Select, Statement, TableObject};

pub use foreign::{calls_foreign, foreign, foreign_text};
pub(crate) use groups::completed as completed_groups;
pub(crate) use names::{Kind, kind as kind_of};
pub(crate) use reading::{MySql, Sqlite};
pub(crate) use spelling::readable;

use crate::statement;
use crate::walk::{self, Edit};
use kinds::Scopes;
use names::Names;
use origin::Origin;

/// Whose SQL a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// PostgreSQL.
    Postgres,
    /// MySQL and MariaDB.
    MySql,
    /// SQLite.
    Sqlite,
}

impl Dialect {
    /// Its name, as its makers write it.
    pub fn title(self) -> &'static str {
        match self {
            Dialect::Postgres => "PostgreSQL",
            Dialect::MySql => "MySQL",
            Dialect::Sqlite => "SQLite",
        }
    }

    /// Its name, as records give it.
    pub fn name(self) -> &'static str {
        match self {
            Dialect::Postgres => "postgresql",
            Dialect::MySql => "mysql",
            Dialect::Sqlite => "sqlite",
        }
    }
}

impl Dialect {
    /// Whether a record's name for its dialect says no more than that it is SQL.
    pub fn is_unnamed(name: &str) -> bool {
        matches!(
            name.trim().to_lowercase().as_str(),
            "" | "ansi" | "sql" | "standard" | "generic" | "ansi sql" | "unknown"
        )
    }
}

impl FromStr for Dialect {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Ok(match name.trim().to_lowercase().as_str() {
            "postgres" | "postgresql" | "pg" => Dialect::Postgres,
            "mysql" | "mariadb" => Dialect::MySql,
            "sqlite" | "sqlite3" => Dialect::Sqlite,
            _ => return Err(()),
        })
    }
}

/// One thing that was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Stable name of the rule.
    pub rule: &'static str,
    /// What was got and what stands there now.
    pub what: String,
}

/// A record's SQL in PostgreSQL's dialect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Translated {
    /// The schema.
    pub schema: String,
    /// The statement.
    pub sql: String,
    /// The dialect in which it was read.
    pub dialect: Dialect,
    /// The mark by which the dialect was known, where the record does not name it.
    pub mark: Option<String>,
    /// What was changed; empty when both texts are as they were given.
    pub changes: Vec<Change>,
    /// What may mean something else in PostgreSQL and was left as it is.
    pub notes: Vec<Change>,
    /// Rules among the changes that decide what is meant where the record does not say.
    pub interprets: Vec<&'static str>,
    /// Why the texts could not be read as those of the database that they seemed to be of. They are as
    /// they were given, and what PostgreSQL says of them is yet to be heard.
    pub unread: Option<Untranslatable>,
}

/// Why a text cannot be brought into PostgreSQL's dialect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Untranslatable {
    /// A stable code.
    pub code: &'static str,
    /// The dialect in which it was read.
    pub dialect: Dialect,
    /// What was got and expected.
    pub why: String,
}

/// Most changes that are told one by one.
const TOLD: usize = 40;

/// What the rules share: the dialect, the names, what is in sight, and what was changed.
pub(crate) struct Rewriter<'n> {
    dialect: Dialect,
    /// The record is that dialect's for certain, so what means something else in PostgreSQL is
    /// changed, and not only what PostgreSQL refuses.
    certain: bool,
    names: &'n Names,
    scopes: Scopes<'n>,
    /// Of each open query, whether it has ORDER BY or LIMIT.
    ordered: Vec<bool>,
    changes: Vec<Change>,
    notes: Vec<Change>,
    /// The schema's statements.
    tables: &'n [Statement],
    /// What no statement of PostgreSQL's means.
    refused: Option<Untranslatable>,
}

impl<'n> Rewriter<'n> {
    fn new(dialect: Dialect, certain: bool, tables: &'n [Statement], names: &'n Names) -> Self {
        Rewriter {
            dialect,
            certain,
            names,
            scopes: Scopes::new(names),
            ordered: Vec::new(),
            changes: Vec::new(),
            notes: Vec::new(),
            tables,
            refused: None,
        }
    }

    /// Notes why the statement cannot be translated, if nothing else is noted yet.
    fn refuse(&mut self, code: &'static str, why: String) {
        let dialect = self.dialect;
        self.refused.get_or_insert(Untranslatable { code, dialect, why });
    }

    /// Notes a change, once.
    fn changed(&mut self, rule: &'static str, what: String) {
        let change = Change { rule, what };
        if self.changes.len() < TOLD && !self.changes.contains(&change) {
            self.changes.push(change);
        }
    }

    /// Notes what was left as it is and may mean something else, once for each rule.
    fn noted(&mut self, rule: &'static str, what: String) {
        if !self.notes.iter().any(|note| note.rule == rule) {
            self.notes.push(Change { rule, what });
        }
    }

    /// Whether the innermost query has ORDER BY or LIMIT.
    fn ordered(&self) -> bool {
        self.ordered.last().copied().unwrap_or(false)
    }

    /// Whether a table of the innermost FROM has a column of this name.
    fn is_column(&self, ident: &Ident) -> bool {
        self.scopes.here(&ident.value.to_lowercase())
    }
}

/// Brings a record's schema and statement into PostgreSQL's dialect. `declared` is the dialect that
/// the record names; otherwise the texts tell.
///
/// # Errors
/// When a text parses in no dialect that it could be of, or means what PostgreSQL has no statement for.
pub fn translate(schema: &str, sql: &str, declared: Option<Dialect>) -> Result<Translated, Untranslatable> {
    let plain = statement::parse_all(schema);
    let plain_sql = statement::parse_all(sql);
    let owner = match declared {
        Some(dialect) => Some((dialect, true, None)),
        None => told(schema, &plain, sql, &plain_sql)?,
    };
    match owner {
        None | Some((Dialect::Postgres, ..)) => Ok(of_postgres(schema, plain, sql)),
        Some((dialect, certain, mark)) => {
            match read_as(dialect, certain, (schema, plain), (sql, plain_sql)) {
                // Whose it is was a guess, and the parser does not read all that PostgreSQL does.
                Err(cannot) if declared.is_none() && cannot.code.ends_with("-does-not-parse") => {
                    let unread = Some(cannot).filter(|_| certain);
                    Ok(Translated { unread, ..of_postgres(schema, statement::parse_all(schema), sql) })
                }
                read => Ok(Translated { mark, ..read? }),
            }
        }
    }
}

/// Whose SQL a record is that does not say so, whether that is certain, and by what mark; `None` for
/// PostgreSQL.
fn told(
    schema: &str,
    plain: &Result<Vec<Statement>, String>,
    sql: &str,
    plain_sql: &Result<Vec<Statement>, String>,
) -> Result<Option<(Dialect, bool, Option<String>)>, Untranslatable> {
    let declared = plain.as_ref().map(|tables| names::declared(tables)).unwrap_or_default();
    if let Some((owner, mark)) = untranslated::mark(schema, sql, &declared) {
        let why = format!("the record is {owner}'s (`{mark}`), expected PostgreSQL, MySQL or SQLite");
        return Err(Untranslatable { code: "untranslated-dialect", dialect: Dialect::Postgres, why });
    }
    let owner = match (plain, plain_sql) {
        (Ok(tables), Ok(statements)) => signs::of_statements(schema, tables, statements)
            .or_else(|| signs::has_double_equals(sql).then(|| signs::Owner::Certain(Dialect::Sqlite, "==".to_owned()))),
        _ => Some(signs::of_text(schema, sql)),
    };
    match owner {
        None => Ok(None),
        Some(signs::Owner::Certain(dialect, mark)) => Ok(Some((dialect, true, Some(mark)))),
        Some(signs::Owner::Guess(dialect)) => Ok(Some((dialect, false, None))),
        Some(signs::Owner::Mixed(mysql, sqlite)) => {
            let why = format!("the record has MySQL's {mysql} and SQLite's {sqlite}, expected one dialect");
            Err(Untranslatable { code: "mixed-dialects", dialect: Dialect::Postgres, why })
        }
    }
}

/// Takes the names of databases off tables that the schema has without them. For a record that PostgreSQL
/// has refused as it came; `None` when there is no such name.
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

/// Changes what PostgreSQL refuses in a record that is nobody's for certain: its types that do not
/// agree, its groups that are not complete. For a record that PostgreSQL has refused as it came.
///
/// # Errors
/// When a text does not parse.
pub fn mend(schema: &str, sql: &str) -> Result<Translated, Untranslatable> {
    let (plain, plain_sql) = (statement::parse_all(schema), statement::parse_all(sql));
    read_as(Dialect::Sqlite, false, (schema, plain), (sql, plain_sql))
}

type Parsed<'t> = (&'t str, Result<Vec<Statement>, String>);

fn read_as(
    dialect: Dialect,
    certain: bool,
    (schema, plain): Parsed<'_>,
    (sql, plain_sql): Parsed<'_>,
) -> Result<Translated, Untranslatable> {
    let cannot = |code, what: &str, why: String, plain: String| Untranslatable {
        code,
        dialect,
        why: match certain {
            true => format!("`{what}` does not parse as {}: {why}", dialect.title()),
            // Whose it is was a guess: then PostgreSQL's own reason says most.
            false => format!("`{what}` does not parse as PostgreSQL: {plain}"),
        },
    };
    let mut changes = Vec::new();
    let mut notes = Vec::new();
    let mut origin = Origin::default();
    // A schema may be PostgreSQL's already and only the statement another's.
    let (tables, schema_changed) = match &plain {
        Ok(tables) if signs::is_postgres(schema) => (tables.clone(), false),
        _ => {
            let parsed = statement::parse_all_as(schema, dialect);
            let parsed = parsed.or_else(|why| plain.clone().map_err(|plain| (why, plain)));
            let mut tables = parsed.map_err(|(why, plain)| cannot("schema-does-not-parse", "schema", why, plain))?;
            let read_otherwise = certain && plain.as_ref().is_ok_and(|plain| *plain != tables);
            origin = Origin::of(&tables, dialect);
            rows::without_blanks(&mut tables, dialect, &mut changes);
            tables::rewrite(&mut tables, dialect, certain, &mut changes);
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
            (tables, changed)
        }
    };
    let mut names = Names::of(&tables);
    names.learn(&origin);
    let mut statements = statement::parse_all_as(sql, dialect)
        .or_else(|why| plain_sql.clone().map_err(|plain| (why, plain)))
        .map_err(|(why, plain)| cannot("sql-does-not-parse", "sql", why, plain))?;
    // Where PostgreSQL reads the same text as another tree, it must not stay as it is.
    let read_otherwise = certain && plain_sql.as_ref().is_ok_and(|plain| *plain != statements);
    let before = changes.len();
    for statement in &mut statements {
        let (changed, noted) = rewrite(statement, dialect, certain, (&tables, &names))?;
        changes.extend(changed);
        notes.extend(noted);
    }
    if signs::has_double_equals(sql) {
        changes.push(Change { rule: "operator", what: "`==` is written =".to_owned() });
    }
    if dialect == Dialect::Sqlite && spelling::has_not_null(sql) {
        changes.push(Change { rule: "operator", what: "`NOT NULL` is written IS NOT NULL".to_owned() });
    }
    let sql_changed = changes.len() > before || plain_sql.is_err() || read_otherwise;
    let mut told: Vec<Change> = Vec::new();
    for change in changes {
        if told.len() < TOLD && !told.contains(&change) {
            told.push(change);
        }
    }
    if told.is_empty() && (schema_changed || sql_changed) {
        let what = format!("written as {} has it and PostgreSQL does not", dialect.title());
        told.push(Change { rule: "syntax", what });
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
        interprets: exactness::interpreting(&told, certain),
        changes: told,
        notes,
        unread: None,
    })
}

/// PostgreSQL's own text. Only the order of its tables and the form of its rows are looked after,
/// since data sets get them wrong in any dialect; whatever else is wrong with it is told by whoever
/// parses it next.
fn of_postgres(schema: &str, parsed: Result<Vec<Statement>, String>, sql: &str) -> Translated {
    let mut changes = Vec::new();
    let mut text = schema.to_owned();
    if let Ok(mut tables) = parsed {
        tables::merge(&mut tables, &mut changes);
        rows::fit(&mut tables, false, &mut changes);
        keys::order(&mut tables, &mut changes);
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
    joined_writes::arrange(dialect, statement);
    names::statement(&mut rewriter, statement);
    // A change of rows has its tables in sight as a query has those of FROM.
    let table = match statement {
        Statement::Insert(Insert { table: TableObject::TableName(name), .. }) => vec![kinds::one_table(name)],
        Statement::Update(update) => vec![update.table.clone()],
        Statement::Delete(delete) => match &delete.from {
            FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from) => from.clone(),
        },
        Statement::CreateTable(create) => vec![kinds::one_table(&create.name)],
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
        names::rowid(self.0, expr);
        bits::complement(self.0, expr);
        truncated_dates::expr(self.0, expr);
        comparisons::binary_pattern(self.0, expr);
        random::random(self.0, expr);
        operators::of_dates(self.0, expr);
        dates::plus_interval(self.0, expr);
        affinity::expr(self.0, expr);
        collation::expr(self.0, expr);
    }

    fn expr_end(&mut self, expr: &mut Expr) {
        let foreign = meanings::foreign(self.0, expr);
        let called = matches!(expr, Expr::Function(_));
        shown::cast(self.0, expr);
        json::expr(self.0, expr);
        functions::expr(self.0, expr);
        dates::expr(self.0, expr);
        types::cast(self.0, expr);
        // What a call has become is PostgreSQL's already.
        if !called || matches!(expr, Expr::Function(_) | Expr::Case { .. }) {
            operators::expr(self.0, expr);
        }
        meanings::check(self.0, foreign, expr);
    }
}

#[cfg(test)]
mod tests;
