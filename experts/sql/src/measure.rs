//! What answers to one prompt are held against: databases, and what the gold comes to on each. The
//! prompt's own rows make one; others are filled at random, and of these only such are kept as tell
//! the gold from statements that are nearly it.

use std::io;

use sqlparser::ast::{Insert, Query, SetExpr, Statement, TableObject};

use crate::execute::{Pool, Proof, SqlError};
use crate::fill::Filler;
use crate::near_miss::near_misses;
use crate::outcome::Rows;
use crate::schema::last_part;

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
    /// Whether the order of the rows counts.
    ordered: bool,
}

/// A database and what right answers come to on it.
#[derive(Debug)]
pub struct Filled {
    /// What it is called in messages.
    pub name: String,
    /// CREATE statements and INSERTs.
    text: String,
    accepted: Vec<Accepted>,
}

/// What answers to one prompt are held against.
#[derive(Debug)]
pub struct Measure {
    /// The databases, the prompt's own rows first.
    pub databases: Vec<Filled>,
    /// Whether the gold changes rows.
    pub changes: bool,
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

impl Measure {
    /// For golds on a schema, perhaps with rows: its text, and that parsed.
    ///
    /// # Errors
    /// When no gold runs, or there is no database on which that would tell anything.
    pub fn new(pool: &Pool, (text, schema): (&str, &[Statement]), golds: &[Statement]) -> Result<Self, NoMeasure> {
        let Some(first) = golds.first() else { return Err(NoMeasure::Broken("there is no gold".to_owned())) };
        let changes = !matches!(first, Statement::Query(_));
        let returns = !changes || returning(first);
        let after = if changes { all_rows(schema) } else { Vec::new() };
        let mut measure = Self { databases: Vec::new(), changes, after, returns, untold: (0, 0) };
        let sql: Vec<String> = golds.iter().map(ToString::to_string).collect();

        let has_rows = schema.iter().any(|s| matches!(s, Statement::Insert(_)));
        if has_rows {
            let reversed = printed(&with_rows_reversed(schema));
            measure.databases.push(measure.given(pool, golds, &sql, text.to_owned(), reversed)?);
        }
        let mut near: Vec<String> = Vec::new();
        for statement in near_misses(first, NEAR_MISSES) {
            near.push(statement.to_string());
        }
        measure.untold.1 = near.len();
        measure.tell(pool, &mut near)?;

        let tables: Vec<Statement> = schema.iter().filter(|s| !matches!(s, Statement::Insert(_))).cloned().collect();
        let tables = printed(&tables);
        let filler = Filler::new(schema, golds);
        let given = measure.databases.len();
        for seed in 0..TRIED {
            let kept = measure.databases.len() - given;
            if kept == MOST || (near.is_empty() && kept >= LEAST) {
                break;
            }
            let rows = |reversed| format!("{tables}\n{}", filler.rows(seed, reversed).join("\n"));
            let name = format!("random database {}", seed + 1);
            let Some(filled) = measure.random(pool, golds, &sql, name, rows(false), rows(true))? else { continue };
            measure.databases.push(filled);
            let before = near.len();
            measure.tell(pool, &mut near)?;
            if near.len() == before && kept >= LEAST {
                measure.databases.pop();
            }
        }
        measure.untold.0 = near.len();
        if measure.databases.is_empty() {
            let why = "it runs on none of the databases that were filled at random, and the prompt brings no rows";
            return Err(NoMeasure::Broken(why.to_owned()));
        }
        Ok(measure)
    }

    /// What an answer comes to on one of the databases.
    ///
    /// # Errors
    /// When the database is lost.
    pub fn judge(&self, pool: &Pool, filled: &Filled, sql: &str) -> io::Result<Verdict> {
        let got = match self.outcome(pool, &filled.text, sql)? {
            Came::To(outcome) => outcome,
            Came::Refused(error) => return Ok(Verdict::Refused(error)),
            Came::Crashed(why) => return Ok(Verdict::Crashed(why)),
        };
        if got.rows.more {
            return Ok(Verdict::TooMany);
        }
        if filled.accepted.iter().any(|a| self.same(&a.outcome, &got, a.ordered)) {
            return Ok(Verdict::Right);
        }
        let Some(Accepted { outcome: gold, .. }) = filled.accepted.first() else { return Ok(Verdict::Right) };
        Ok(Verdict::Differs(self.difference(gold, &got)))
    }

    fn same(&self, gold: &Outcome, got: &Outcome, ordered: bool) -> bool {
        let tables = gold.tables.len() == got.tables.len()
            && gold.tables.iter().zip(&got.tables).all(|(gold, got)| same_table(gold, got));
        tables && (!self.returns || gold.rows.same(&got.rows, ordered))
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

    /// The prompt's own rows. What the gold comes to may depend on the order in which they lie, where
    /// a LIMIT cuts through ties: each is right.
    fn given(
        &self,
        pool: &Pool,
        golds: &[Statement],
        sql: &[String],
        text: String,
        reversed: String,
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
            let turned = match self.outcome(pool, &reversed, sql)? {
                Came::To(outcome) => Some(outcome),
                // Rows that refer to rows before them cannot be turned round.
                _ => None,
            };
            accepted.extend(both_orders(gold, outcome, turned));
        }
        Ok(Filled { name: "the prompt's own rows".to_owned(), text, accepted })
    }

    /// Random rows; `None` when they do not load, or when what the gold comes to on them depends on
    /// the order in which they lie.
    fn random(
        &self,
        pool: &Pool,
        golds: &[Statement],
        sql: &[String],
        name: String,
        text: String,
        reversed: String,
    ) -> io::Result<Option<Filled>> {
        let mut accepted: Vec<Accepted> = Vec::new();
        for (gold, sql) in golds.iter().zip(sql) {
            let Came::To(outcome) = self.outcome(pool, &text, sql)? else { return Ok(None) };
            let Came::To(turned) = self.outcome(pool, &reversed, sql)? else { return Ok(None) };
            if outcome.rows.more || !self.same(&outcome, &turned, false) {
                return Ok(None);
            }
            accepted.extend(both_orders(gold, outcome, Some(turned)).into_iter().take(1));
        }
        Ok(Some(Filled { name, text, accepted }))
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
        Ok(match pool.ask(text, sql, &self.after, MAX_ROWS)? {
            (Proof::Ran(ran), after) => {
                Came::To(Outcome { rows: Rows::of(&ran), tables: after.iter().map(Rows::of).collect() })
            }
            (Proof::StatementRefused(_, error) | Proof::SchemaRefused(_, error), _) => Came::Refused(error),
            (Proof::Crashed(why), _) => Came::Crashed(why),
        })
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
    gold.columns == got.columns && gold.same(got, false)
}

/// What one gold comes to on rows in both orders. The order of its rows counts where it says one and
/// that does not depend on how the rows lie.
fn both_orders(gold: &Statement, outcome: Outcome, turned: Option<Outcome>) -> Vec<Accepted> {
    let orders = matches!(gold, Statement::Query(query) if is_ordered(query));
    let Some(turned) = turned else { return vec![Accepted { outcome, ordered: orders }] };
    let tables = outcome.tables.iter().zip(&turned.tables).all(|(a, b)| same_table(a, b));
    if tables && outcome.rows.same(&turned.rows, true) {
        return vec![Accepted { outcome, ordered: orders }];
    }
    if tables && outcome.rows.same(&turned.rows, false) {
        return vec![Accepted { outcome, ordered: false }];
    }
    vec![Accepted { outcome, ordered: false }, Accepted { outcome: turned, ordered: false }]
}

fn is_ordered(query: &Query) -> bool {
    query.order_by.is_some() || matches!(&*query.body, SetExpr::Query(inner) if is_ordered(inner))
}

fn returning(statement: &Statement) -> bool {
    match statement {
        Statement::Insert(insert) => insert.returning.is_some(),
        Statement::Update(update) => update.returning.is_some(),
        Statement::Delete(delete) => delete.returning.is_some(),
        _ => false,
    }
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
