//! What answers to one prompt are held against: databases, and what the gold comes to on each. The
//! prompt's own rows make one; others are filled at random, and of these only such are kept as tell
//! the gold from statements that are nearly it.

use std::io;

use sqlparser::ast::{
    ColumnOption, CreateTable, DataType, Expr, Insert, OrderByExpr, OrderByKind, OrderByOptions, OrderBySort, Query,
    SetExpr, Statement, TableObject, Value,
};

use crate::execute::{Around, Pool, Proof, SqlError};
use crate::fill::Filler;
use crate::near_miss::near_misses;
use crate::outcome::{self, Rows};
use crate::schema::last_part;
use crate::walk::{self, Look};

/// Most rows of a result that are looked at.
pub const MAX_ROWS: u32 = 10_000;

/// Random databases that are tried.
const TRIED: u64 = 12;

/// Random databases that are kept in any case: each is of another kind, with few values or many.
const LEAST: usize = 3;

/// Random databases that are kept at most.
const MOST: usize = 5;

/// Statements that are nearly the gold.
const NEAR_MISSES: usize = 24;

/// What a statement came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The rows that it returned.
    pub rows: Rows,
    /// The rows of every table after it, where it changes any.
    pub tables: Vec<Rows>,
}

/// What a right answer may come to.
#[derive(Debug, Clone)]
struct Accepted {
    outcome: Outcome,
    /// Lengths of the blocks within which the order of the rows is open.
    blocks: Vec<usize>,
}

/// A database and what right answers come to on it.
#[derive(Debug)]
pub struct Filled {
    /// What it is called in messages.
    pub name: String,
    /// CREATE statements and INSERTs.
    text: String,
    /// Nothing when what a gold comes to depends on how the rows lie: then an answer must run, and may
    /// come to anything.
    accepted: Vec<Accepted>,
}

/// What answers to one prompt are held against.
#[derive(Debug)]
pub struct Measure {
    /// The databases, the prompt's own rows first.
    pub databases: Vec<Filled>,
    /// Whether the gold changes rows.
    pub changes: bool,
    /// The golds.
    golds: Vec<String>,
    /// Whether what a gold comes to depends on the clock.
    volatile: bool,
    /// Statements that set sequences back, which no rollback does.
    before: String,
    /// Queries that show what a change has done.
    after: Vec<String>,
    /// Whether what the gold returns counts.
    returns: bool,
    /// Statements that are nearly the gold and that no database tells from it, of how many.
    pub untold: (usize, usize),
}

/// What an answer came to on a database.
#[derive(Debug)]
pub enum Verdict {
    /// The same as a gold.
    Right,
    /// Something else: what shows it.
    Differs(String),
    /// More rows than are looked at.
    TooMany,
    /// PostgreSQL refuses it.
    Refused(SqlError),
    /// The database ends over it.
    Crashed(String),
}

/// Why there is no measure.
#[derive(Debug)]
pub enum NoMeasure {
    /// The prompt is at fault: why.
    Broken(String),
    /// The database was lost.
    Lost(io::Error),
}

impl From<io::Error> for NoMeasure {
    fn from(error: io::Error) -> Self {
        NoMeasure::Lost(error)
    }
}

/// What became of a database that was filled at random.
enum Tried {
    /// The golds' results on it.
    Filled(Filled),
    /// What a gold returns on it depends on physical row order.
    Undetermined,
    /// PostgreSQL refuses its rows or a gold.
    Refused(SqlError),
    /// A gold returns too many rows, or the database ends over it.
    Unusable,
}

impl Measure {
    /// For golds on a schema, perhaps with rows: its text, and that parsed.
    ///
    /// # Errors
    /// When no gold runs, or there is no database on which that would tell anything.
    pub fn new(pool: &Pool, (text, schema): (&str, &[Statement]), golds: &[Statement]) -> Result<Self, NoMeasure> {
        let Some(first) = golds.first() else { return Err(NoMeasure::Broken("there is no gold".to_owned())) };
        let changes = changes(first);
        let sql: Vec<String> = golds.iter().map(ToString::to_string).collect();
        let mut measure = Self {
            databases: Vec::new(),
            changes,
            volatile: sql.iter().map(String::as_str).chain([text]).any(reads_the_clock),
            golds: sql.clone(),
            before: if changes { sequences_set_back(schema) } else { String::new() },
            after: if changes { all_rows(schema) } else { Vec::new() },
            returns: !changes || returns(first),
            untold: (0, 0),
        };
        if schema.iter().any(|s| matches!(s, Statement::Insert(_))) {
            // Rows that number themselves would get other numbers.
            let reversed = (!numbers_itself(schema)).then(|| printed(&with_rows_reversed(schema)));
            measure.databases.push(measure.given(pool, golds, &sql, text.to_owned(), reversed)?);
        }
        let mut near: Vec<String> = near_misses(first, NEAR_MISSES).iter().map(ToString::to_string).collect();
        measure.untold.1 = near.len();

        let tables: Vec<Statement> = schema.iter().filter(|s| !matches!(s, Statement::Insert(_))).cloned().collect();
        let tables = printed(&tables);
        let filler = Filler::new(schema, golds);
        let given = measure.databases.len();
        // Why a database was no use, to be told when none is.
        let mut undetermined = measure.databases.iter().any(|filled| filled.accepted.is_empty());
        let mut refused = None;
        for seed in 0..TRIED {
            let kept = measure.databases.len() - given;
            if kept == MOST || (near.is_empty() && kept >= LEAST) {
                break;
            }
            let rows = |reversed| format!("{tables}\n{}", filler.rows(seed, reversed).join("\n"));
            let name = format!("random database {}", seed + 1);
            match measure.random(pool, golds, &sql, name, rows(false), rows(true))? {
                Tried::Filled(filled) => measure.databases.push(filled),
                Tried::Undetermined => {
                    undetermined = true;
                    continue;
                }
                Tried::Refused(error) => {
                    refused = Some(error);
                    continue;
                }
                Tried::Unusable => continue,
            }
            let before = near.len();
            measure.tell(pool, &mut near)?;
            if near.len() == before && kept >= LEAST {
                measure.databases.pop();
            }
        }
        measure.untold.0 = near.len();
        // Of no rows, and of NULL alone, there is one order.
        let has_value =
            |accepted: &Accepted| accepted.outcome.rows.rows.iter().flatten().any(|v| *v != outcome::Value::Null);
        let determined = changes || measure.databases.iter().flat_map(|filled| &filled.accepted).any(has_value);
        if undetermined && !determined {
            let why = "what it returns depends on physical row order, so no answer can be told right: it needs an ORDER BY \
                       (within STRING_AGG and its like, or before LIMIT)";
            return Err(NoMeasure::Broken(why.to_owned()));
        }
        if measure.databases.is_empty() {
            let why = "it runs on none of the databases that were filled at random, and the prompt brings no rows";
            let why = refused.map_or_else(|| why.to_owned(), |error| format!("{why}; PostgreSQL says: {error}"));
            return Err(NoMeasure::Broken(why));
        }
        let accepted = || measure.databases.iter().flat_map(|filled| &filled.accepted);
        if !changes && accepted().all(|accepted| accepted.outcome.rows.rows.is_empty()) {
            let why = "it returns no row on any database, so any answer that returns none would be right";
            return Err(NoMeasure::Broken(why.to_owned()));
        }
        Ok(measure)
    }

    /// What an answer comes to on one of the databases.
    ///
    /// # Errors
    /// When the database is lost.
    pub fn judge(&self, pool: &Pool, filled: &Filled, sql: &str) -> io::Result<Verdict> {
        let fresh;
        let mut accepted = &filled.accepted;
        if self.volatile || reads_the_clock(sql) {
            // What the gold came to when the measure was made may be so no longer.
            fresh = self.now(pool, filled)?;
            accepted = &fresh;
        }
        let got = match self.outcome(pool, &filled.text, sql)? {
            Came::To(outcome) => outcome,
            Came::Refused(error) => return Ok(Verdict::Refused(error)),
            Came::Crashed(why) => return Ok(Verdict::Crashed(why)),
        };
        if got.rows.more {
            return Ok(Verdict::TooMany);
        }
        if accepted.iter().any(|a| self.same(&a.outcome, &got, &a.blocks)) {
            return Ok(Verdict::Right);
        }
        let Some(Accepted { outcome: gold, .. }) = accepted.first() else { return Ok(Verdict::Right) };
        Ok(Verdict::Differs(self.difference(gold, &got)))
    }

    /// What the golds come to now.
    fn now(&self, pool: &Pool, filled: &Filled) -> io::Result<Vec<Accepted>> {
        let mut accepted = Vec::new();
        if !filled.accepted.is_empty() {
            for (sql, known) in self.golds.iter().zip(&filled.accepted) {
                if let Came::To(outcome) = self.outcome(pool, &filled.text, sql)? {
                    let whole = outcome.rows.rows.len();
                    let fits = known.blocks.iter().sum::<usize>() == whole;
                    accepted.push(Accepted { blocks: if fits { known.blocks.clone() } else { vec![whole] }, outcome });
                }
            }
        }
        Ok(accepted)
    }

    fn same(&self, gold: &Outcome, got: &Outcome, blocks: &[usize]) -> bool {
        let tables = gold.tables.len() == got.tables.len()
            && gold.tables.iter().zip(&got.tables).all(|(gold, got)| same_table(gold, got));
        tables && (!self.returns || gold.rows.same(&got.rows, blocks))
    }

    fn difference(&self, gold: &Outcome, got: &Outcome) -> String {
        for ((gold, got), query) in gold.tables.iter().zip(&got.tables).zip(&self.after) {
            if !same_table(gold, got) {
                let table = query.trim_start_matches(SELECT_ALL);
                return format!("in table {table}: {}", gold.difference(got, SHOWN));
            }
        }
        gold.rows.difference(&got.rows, SHOWN)
    }

    /// The prompt's own rows. What a gold comes to may depend on how they lie, where a LIMIT cuts through
    /// ties.
    fn given(
        &self,
        pool: &Pool,
        golds: &[Statement],
        sql: &[String],
        text: String,
        reversed: Option<String>,
    ) -> Result<Filled, NoMeasure> {
        let mut accepted: Vec<Accepted> = Vec::new();
        for (gold, sql) in golds.iter().zip(sql) {
            let outcome = match self.outcome(pool, &text, sql)? {
                Came::To(outcome) => outcome,
                Came::Refused(error) => {
                    return Err(NoMeasure::Broken(format!("the gold fails on the prompt's own rows: {error}")));
                }
                Came::Crashed(why) => return Err(NoMeasure::Broken(format!("the database ends over the gold: {why}"))),
            };
            if outcome.rows.more || outcome.tables.iter().any(|t| t.more) {
                return Err(NoMeasure::Broken(format!("the gold has more than {MAX_ROWS} rows, expected fewer")));
            }
            let turned = match &reversed {
                None => None,
                Some(reversed) => match self.outcome(pool, reversed, sql)? {
                    Came::To(outcome) => Some(outcome),
                    // Rows that refer to rows before them cannot be turned round.
                    _ => None,
                },
            };
            match self.settled(pool, &text, gold, outcome, turned)? {
                Some(one) => accepted.push(one),
                // One gold that is open leaves all open.
                None => {
                    accepted.clear();
                    break;
                }
            }
        }
        Ok(Filled { name: "the prompt's own rows".to_owned(), text, accepted })
    }

    /// Random rows, and what the golds come to on them.
    fn random(
        &self,
        pool: &Pool,
        golds: &[Statement],
        sql: &[String],
        name: String,
        text: String,
        reversed: String,
    ) -> io::Result<Tried> {
        let mut accepted: Vec<Accepted> = Vec::new();
        for (gold, sql) in golds.iter().zip(sql) {
            let mut outcomes = Vec::new();
            for text in [&text, &reversed] {
                match self.outcome(pool, text, sql)? {
                    Came::To(outcome) => outcomes.push(outcome),
                    Came::Refused(error) => return Ok(Tried::Refused(error)),
                    Came::Crashed(_) => return Ok(Tried::Unusable),
                }
            }
            let (Some(turned), Some(outcome)) = (outcomes.pop(), outcomes.pop()) else { return Ok(Tried::Unusable) };
            match self.settled(pool, &text, gold, outcome, Some(turned))? {
                Some(one) if !one.outcome.rows.more => accepted.push(one),
                Some(_) => return Ok(Tried::Unusable),
                None => return Ok(Tried::Undetermined),
            }
        }
        Ok(Tried::Filled(Filled { name, text, accepted }))
    }

    /// What one gold comes to, `turned` on the same rows in the opposite order: the order of its rows counts
    /// where it says one, but for ties that it leaves open. `None` when what it comes to depends on how
    /// the rows lie.
    fn settled(
        &self,
        pool: &Pool,
        text: &str,
        gold: &Statement,
        outcome: Outcome,
        turned: Option<Outcome>,
    ) -> io::Result<Option<Accepted>> {
        let mut blocks = outcome.rows.unordered();
        if let Some(turned) = &turned {
            let tables = outcome.tables.iter().zip(&turned.tables).all(|(a, b)| same_table(a, b));
            match outcome.rows.blocks(&turned.rows).filter(|_| tables) {
                Some(found) => blocks = found,
                None => return Ok(None),
            }
        }
        let Statement::Query(query) = gold else {
            return Ok(Some(Accepted { blocks: outcome.rows.unordered(), outcome }));
        };
        if !is_ordered(query) {
            return Ok(Some(Accepted { blocks: outcome.rows.unordered(), outcome }));
        }
        // Ties in both directions show what the order leaves open, and whether a LIMIT cuts through them.
        let width = outcome.rows.columns.len();
        let tied =
            |descending| ties_broken(query, width, descending).map(|sql| self.outcome(pool, text, &sql)).transpose();
        if let (Some(Came::To(up)), Some(Came::To(down))) = (tied(false)?, tied(true)?) {
            return Ok(up.rows.blocks(&down.rows).map(|blocks| Accepted { outcome: up, blocks }));
        }
        // Values that have no order, such as JSON: then how the rows lie shows most of it.
        Ok(Some(Accepted { blocks: if turned.is_some() { blocks } else { vec![1; outcome.rows.rows.len()] }, outcome }))
    }

    /// Takes off the list what the latest database tells from the gold, and what does not run.
    fn tell(&self, pool: &Pool, near: &mut Vec<String>) -> io::Result<()> {
        let Some(filled) = self.databases.last() else { return Ok(()) };
        let mut left = Vec::new();
        for sql in near.drain(..) {
            if matches!(self.judge(pool, filled, &sql)?, Verdict::Right) {
                left.push(sql);
            }
        }
        *near = left;
        Ok(())
    }

    fn outcome(&self, pool: &Pool, text: &str, sql: &str) -> io::Result<Came> {
        Ok(
            match pool.ask(
                text,
                sql,
                Around { before: &self.before, behind: &self.after, ..Around::default() },
                MAX_ROWS,
            )? {
                (Proof::Ran(ran), after) => {
                    Came::To(Outcome { rows: Rows::of(&ran), tables: after.iter().map(Rows::of).collect() })
                }
                (Proof::StatementRefused(_, error) | Proof::SchemaRefused(_, error), _) => Came::Refused(error),
                (Proof::Crashed(why), _) => Came::Crashed(why),
            },
        )
    }
}

/// What a statement came to, if to anything.
enum Came {
    To(Outcome),
    Refused(SqlError),
    Crashed(String),
}

/// Rows of a difference that are shown.
const SHOWN: usize = 4;

const SELECT_ALL: &str = "SELECT * FROM ";

/// A table has its columns where they are.
fn same_table(gold: &Rows, got: &Rows) -> bool {
    gold.columns == got.columns && gold.same(got, &gold.unordered())
}

/// A query whose ORDER BY goes on with all its columns.
fn ties_broken(query: &Query, width: usize, descending: bool) -> Option<String> {
    let mut query = query.clone();
    let OrderByKind::Expressions(keys) = &mut query.order_by.as_mut()?.kind else { return None };
    for column in 1..=width {
        let options = OrderByOptions { sort: descending.then_some(OrderBySort::Desc), nulls_first: None };
        let expr = Expr::Value(Value::Number(column.to_string(), false).into());
        keys.push(OrderByExpr { expr, options, with_fill: None });
    }
    Some(query.to_string())
}

fn is_ordered(query: &Query) -> bool {
    query.order_by.is_some() || matches!(&*query.body, SetExpr::Query(inner) if is_ordered(inner))
}

/// Whether a statement changes rows, in a common table expression perhaps.
pub fn changes(statement: &Statement) -> bool {
    let mut search = Changes(!matches!(statement, Statement::Query(_)));
    walk::statement(statement, &mut search);
    search.0
}

struct Changes(bool);

impl Look for Changes {
    fn statement(&mut self, statement: &Statement) {
        self.0 |= !matches!(statement, Statement::Query(_));
    }

    fn query(&mut self, query: &Query) {
        self.0 |= changes_in(&query.body);
    }
}

fn changes_in(body: &SetExpr) -> bool {
    match body {
        SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => true,
        SetExpr::SetOperation { left, right, .. } => changes_in(left) || changes_in(right),
        _ => false,
    }
}

/// Whether a statement returns rows.
fn returns(statement: &Statement) -> bool {
    match statement {
        Statement::Query(query) => match &*query.body {
            SetExpr::Insert(inner) | SetExpr::Update(inner) | SetExpr::Delete(inner) | SetExpr::Merge(inner) => {
                returns(inner)
            }
            _ => true,
        },
        Statement::Insert(insert) => insert.returning.is_some(),
        Statement::Update(update) => update.returning.is_some(),
        Statement::Delete(delete) => delete.returning.is_some(),
        _ => false,
    }
}

/// Whether what a text comes to depends on the clock.
fn reads_the_clock(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    ["now()", "current_date", "current_time", "localtime", "clock_timestamp", "'now'", "'today'"]
        .iter()
        .any(|word| lower.contains(word))
}

/// Columns that take the next number of a sequence.
fn numbered(create: &CreateTable) -> impl Iterator<Item = &sqlparser::ast::ColumnDef> {
    create.columns.iter().filter(|column| {
        let serial = matches!(&column.data_type, DataType::Custom(name, _) if last_part(name).ends_with("serial"));
        let identity = |option: &ColumnOption| matches!(option, ColumnOption::Generated { generation_expr: None, .. });
        serial || column.options.iter().any(|option| identity(&option.option))
    })
}

/// Sets every sequence to the number behind the highest of its column.
fn sequences_set_back(schema: &[Statement]) -> String {
    let creates = schema.iter().filter_map(|statement| match statement {
        Statement::CreateTable(create) => Some(create),
        _ => None,
    });
    let one = |create: &CreateTable, column: &sqlparser::ast::ColumnDef| {
        let (table, name) = (create.name.to_string(), column.name.value.replace('\'', "''"));
        format!(
            "SELECT setval(pg_get_serial_sequence('{}', '{name}'), COALESCE(MAX({}), 0) + 1, false) FROM {table};",
            table.replace('\'', "''"),
            column.name
        )
    };
    creates.flat_map(|create| numbered(create).map(move |column| one(create, column))).collect()
}

/// Whether rows of the schema number themselves.
fn numbers_itself(schema: &[Statement]) -> bool {
    let columns = |table: &str| {
        schema.iter().find_map(|statement| match statement {
            Statement::CreateTable(create) if last_part(&create.name) == table => {
                Some(numbered(create).map(|column| column.name.value.to_lowercase()).collect::<Vec<_>>())
            }
            _ => None,
        })
    };
    schema.iter().any(|statement| match statement {
        Statement::Insert(Insert { table: TableObject::TableName(name), columns: given, .. }) => {
            let given: Vec<String> = given.iter().map(last_part).collect();
            let own = columns(&last_part(name)).unwrap_or_default();
            !given.is_empty() && own.iter().any(|column| !given.contains(column))
        }
        _ => false,
    })
}

/// Queries for all rows of every table.
fn all_rows(schema: &[Statement]) -> Vec<String> {
    schema
        .iter()
        .filter_map(|statement| match statement {
            Statement::CreateTable(create) => Some(format!("{SELECT_ALL}{}", create.name)),
            _ => None,
        })
        .collect()
}

fn printed(statements: &[Statement]) -> String {
    statements.iter().map(|statement| format!("{statement};")).collect::<Vec<_>>().join("\n")
}

/// The same rows, in each table in the opposite order.
fn with_rows_reversed(schema: &[Statement]) -> Vec<Statement> {
    let target = |statement: &Statement| match statement {
        Statement::Insert(Insert { table: TableObject::TableName(name), .. }) => Some(last_part(name)),
        _ => None,
    };
    let mut turned = schema.to_vec();
    let mut names: Vec<String> = schema.iter().filter_map(target).collect();
    names.sort();
    names.dedup();
    for name in names {
        let places: Vec<usize> = (0..schema.len()).filter(|i| target(&schema[*i]).as_ref() == Some(&name)).collect();
        for (from, to) in places.iter().zip(places.iter().rev()) {
            turned[*to] = schema[*from].clone();
            if let Statement::Insert(insert) = &mut turned[*to]
                && let Some(source) = &mut insert.source
                && let SetExpr::Values(values) = &mut *source.body
            {
                values.rows.reverse();
            }
        }
    }
    turned
}
