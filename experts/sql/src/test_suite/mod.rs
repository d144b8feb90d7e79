//! The test suite of a prompt: databases, and what the golds return or leave on each, against which answers are held
//! (test-suite accuracy: Zhong, Yu, Klein, EMNLP 2020, "Semantic evaluation for text-to-SQL with distilled test
//! suites"). The prompt's own rows make one database; others have random rows, and of these only those are kept that
//! tell the gold from its mutants. It does not grade: what a verdict is worth is `examine`'s to say.

mod fixture;
mod results;
mod statements;

use std::io;

use sqlparser::ast::Statement;

use crate::catalog::Catalog;
use crate::datagen::DataGenerator;
use crate::execute::{Around, Pool, Proof, SqlError};
use crate::mutants::mutants;
use results::{Rows, Value};
use statements::{is_ordered, reads_the_clock, returns_rows, with_ties_broken};

pub use statements::modifies_data;

/// Most rows of a result that are looked at.
pub const MAX_ROWS: u32 = 10_000;

/// Random databases that are tried.
const RANDOM_TRIED: u64 = 12;

/// Random databases that are kept whatever they distinguish: they differ in how many values a column has.
const MIN_RANDOM: usize = 3;

/// Random databases that are kept at most.
const MAX_RANDOM: usize = 5;

/// Mutants of the gold that the random databases are to distinguish from it.
const MAX_MUTANTS: usize = 24;

/// What executing a statement came to.
#[derive(Debug, Clone, PartialEq)]
struct StatementResult {
    /// The rows that it returned.
    rows: Rows,
    /// The rows of every table after it, where it modifies data.
    tables: Vec<Rows>,
}

/// What a right answer may come to.
#[derive(Debug, Clone)]
struct Expected {
    result: StatementResult,
    /// Lengths of the blocks within which the order of the rows is open.
    blocks: Vec<usize>,
}

/// A database and what right answers come to on it.
#[derive(Debug)]
pub struct TestDatabase {
    /// What messages call it.
    pub name: String,
    /// CREATE statements and INSERTs.
    text: String,
    /// Empty when the result of a gold depends on physical row order: then an answer must run, and may come to
    /// anything.
    expected: Vec<Expected>,
}

/// The databases of one prompt and how to compare answers on them.
#[derive(Debug)]
pub struct TestSuite {
    /// The databases, the prompt's own rows first.
    pub databases: Vec<TestDatabase>,
    /// Whether the gold modifies data.
    pub modifies_data: bool,
    /// The golds.
    golds: Vec<String>,
    /// Whether the result of a gold depends on the clock.
    volatile: bool,
    /// Statements that reset sequences, which no rollback does.
    before: String,
    /// Queries that show what a change has done.
    after: Vec<String>,
    /// Whether the rows that the gold returns count.
    compares_rows: bool,
}

/// What an answer came to on a database.
#[derive(Debug)]
pub enum AnswerVerdict {
    /// The same as a gold.
    Right,
    /// Something else: the evidence.
    Differs(String),
    /// More rows than are looked at.
    TooManyRows,
    /// PostgreSQL refuses it.
    Refused(SqlError),
    /// The database process ended while it ran.
    Crashed(String),
}

/// Why there is no test suite.
#[derive(Debug)]
pub enum TestSuiteError {
    /// The prompt is at fault: why.
    Prompt(String),
    /// The database was lost.
    Lost(io::Error),
}

impl From<io::Error> for TestSuiteError {
    fn from(error: io::Error) -> Self {
        TestSuiteError::Lost(error)
    }
}

/// What came of executing a statement.
enum Execution {
    Finished(StatementResult),
    Refused(SqlError),
    Crashed(String),
}

/// What came of a database with random rows.
enum RandomDatabase {
    /// The golds' results on it are known.
    Usable(TestDatabase),
    /// The result of a gold depends on physical row order.
    Undetermined,
    /// PostgreSQL refuses its rows or a gold.
    Refused(SqlError),
    /// A gold returns too many rows, or the database process ended over it.
    Unusable,
}

/// Why databases were of no use, for the message when none is.
struct Failures {
    undetermined: bool,
    refused: Option<SqlError>,
}

impl TestSuite {
    /// For golds on a schema, perhaps with rows: its text, and its statements.
    ///
    /// # Errors
    /// When no gold runs, or no database tells a right answer from a wrong one.
    pub fn new(pool: &Pool, (text, schema): (&str, &[Statement]), golds: &[Statement]) -> Result<Self, TestSuiteError> {
        let Some(first) = golds.first() else { return Err(TestSuiteError::Prompt("there is no gold".to_owned())) };
        let modifies_data = modifies_data(first);
        let catalog = Catalog::read(schema);
        let sql: Vec<String> = golds.iter().map(ToString::to_string).collect();
        let volatile = sql.iter().map(String::as_str).chain([text]).any(reads_the_clock);
        let mut suite = Self {
            databases: Vec::new(),
            modifies_data,
            volatile,
            golds: sql,
            before: if modifies_data { fixture::reset_sequences(&catalog) } else { String::new() },
            after: if modifies_data { fixture::select_all_tables(&catalog) } else { Vec::new() },
            compares_rows: !modifies_data || returns_rows(first),
        };
        if schema.iter().any(|s| matches!(s, Statement::Insert(_))) {
            // In the opposite order, rows that number themselves would get other numbers.
            let reversed = (!fixture::rows_number_themselves(&catalog, schema))
                .then(|| fixture::printed(&fixture::with_rows_reversed(schema)));
            let own = suite.own_database(pool, golds, text.to_owned(), reversed)?;
            suite.databases.push(own);
        }
        let failures = suite.add_random_databases(pool, &catalog, schema, golds)?;
        suite.check_usable(failures)?;
        Ok(suite)
    }

    /// Adds databases with random rows until they tell all mutants from the gold.
    fn add_random_databases(
        &mut self,
        pool: &Pool,
        catalog: &Catalog,
        schema: &[Statement],
        golds: &[Statement],
    ) -> Result<Failures, TestSuiteError> {
        let mut mutants: Vec<String> = golds
            .first()
            .map_or_else(Vec::new, |gold| mutants(gold, MAX_MUTANTS))
            .iter()
            .map(ToString::to_string)
            .collect();
        let tables: Vec<Statement> = schema.iter().filter(|s| !matches!(s, Statement::Insert(_))).cloned().collect();
        let tables = fixture::printed(&tables);
        let generator = DataGenerator::new(catalog, schema, golds);
        let own = self.databases.len();
        let mut failures = Failures {
            undetermined: self.databases.iter().any(|database| database.expected.is_empty()),
            refused: None,
        };
        for seed in 0..RANDOM_TRIED {
            let kept = self.databases.len() - own;
            if kept == MAX_RANDOM || (mutants.is_empty() && kept >= MIN_RANDOM) {
                break;
            }
            let text = |reversed| format!("{tables}\n{}", generator.rows(seed, reversed).join("\n"));
            let name = format!("random database {}", seed + 1);
            match self.random_database(pool, golds, name, text(false), text(true))? {
                RandomDatabase::Usable(database) => self.databases.push(database),
                RandomDatabase::Undetermined => {
                    failures.undetermined = true;
                    continue;
                }
                RandomDatabase::Refused(error) => {
                    failures.refused = Some(error);
                    continue;
                }
                RandomDatabase::Unusable => continue,
            }
            let before = mutants.len();
            self.remove_distinguished(pool, &mut mutants)?;
            if mutants.len() == before && kept >= MIN_RANDOM {
                self.databases.pop();
            }
        }
        Ok(failures)
    }

    /// Refuses a suite that takes wrong answers for right ones.
    fn check_usable(&self, failures: Failures) -> Result<(), TestSuiteError> {
        let expected = || self.databases.iter().flat_map(|database| &database.expected);
        // No rows, and rows of NULL alone, come in one order only.
        let has_value = |expected: &Expected| expected.result.rows.rows.iter().flatten().any(|v| *v != Value::Null);
        let determined = self.modifies_data || expected().any(has_value);
        if failures.undetermined && !determined {
            let why = "what it returns depends on physical row order, so no answer can be told right: it needs an ORDER BY \
                       (within STRING_AGG and its like, or before LIMIT)";
            return Err(TestSuiteError::Prompt(why.to_owned()));
        }
        if self.databases.is_empty() {
            let why = "it runs on none of the databases that were filled at random, and the prompt brings no rows";
            let why =
                failures.refused.map_or_else(|| why.to_owned(), |error| format!("{why}; PostgreSQL says: {error}"));
            return Err(TestSuiteError::Prompt(why));
        }
        if !self.modifies_data && expected().all(|expected| expected.result.rows.rows.is_empty()) {
            let why = "it returns no row on any database, so any answer that returns none would be right";
            return Err(TestSuiteError::Prompt(why.to_owned()));
        }
        Ok(())
    }

    /// What an answer comes to on one of the databases.
    ///
    /// # Errors
    /// When the database is lost.
    pub fn judge(&self, pool: &Pool, database: &TestDatabase, sql: &str) -> io::Result<AnswerVerdict> {
        let fresh;
        let mut expected = &database.expected;
        if self.volatile || reads_the_clock(sql) {
            // The golds' results may have changed since the suite was made.
            fresh = self.expected_now(pool, database)?;
            expected = &fresh;
        }
        let got = match self.execute(pool, &database.text, sql)? {
            Execution::Finished(result) => result,
            Execution::Refused(error) => return Ok(AnswerVerdict::Refused(error)),
            Execution::Crashed(why) => return Ok(AnswerVerdict::Crashed(why)),
        };
        if got.rows.more {
            return Ok(AnswerVerdict::TooManyRows);
        }
        if expected.iter().any(|expected| self.matches(expected, &got)) {
            return Ok(AnswerVerdict::Right);
        }
        let Some(Expected { result: gold, .. }) = expected.first() else { return Ok(AnswerVerdict::Right) };
        Ok(AnswerVerdict::Differs(self.difference(gold, &got)))
    }

    /// What the golds come to now.
    fn expected_now(&self, pool: &Pool, database: &TestDatabase) -> io::Result<Vec<Expected>> {
        let mut expected = Vec::new();
        for (sql, known) in self.golds.iter().zip(&database.expected) {
            if let Execution::Finished(result) = self.execute(pool, &database.text, sql)? {
                let count = result.rows.rows.len();
                let fits = known.blocks.iter().sum::<usize>() == count;
                expected.push(Expected { blocks: if fits { known.blocks.clone() } else { vec![count] }, result });
            }
        }
        Ok(expected)
    }

    fn matches(&self, expected: &Expected, got: &StatementResult) -> bool {
        let gold = &expected.result;
        let tables = gold.tables.len() == got.tables.len()
            && gold.tables.iter().zip(&got.tables).all(|(gold, got)| same_table(gold, got));
        tables && (!self.compares_rows || gold.rows.same(&got.rows, &expected.blocks))
    }

    fn difference(&self, gold: &StatementResult, got: &StatementResult) -> String {
        for ((gold, got), query) in gold.tables.iter().zip(&got.tables).zip(&self.after) {
            if !same_table(gold, got) {
                let table = query.trim_start_matches(fixture::SELECT_ALL);
                return format!("in table {table}: {}", gold.difference(got, SHOWN_ROWS));
            }
        }
        gold.rows.difference(&got.rows, SHOWN_ROWS)
    }

    /// The prompt's own rows. A gold's result may depend on their physical order, where a LIMIT cuts through ties.
    /// `reversed`: the same rows in the opposite order, where that can be told.
    fn own_database(
        &self,
        pool: &Pool,
        golds: &[Statement],
        text: String,
        reversed: Option<String>,
    ) -> Result<TestDatabase, TestSuiteError> {
        let mut expected: Vec<Expected> = Vec::new();
        for (gold, sql) in golds.iter().zip(&self.golds) {
            let result = match self.execute(pool, &text, sql)? {
                Execution::Finished(result) => result,
                Execution::Refused(error) => {
                    let why = format!("the gold fails on the prompt's own rows: {error}");
                    return Err(TestSuiteError::Prompt(why));
                }
                Execution::Crashed(why) => {
                    return Err(TestSuiteError::Prompt(format!("the database ends over the gold: {why}")));
                }
            };
            if result.rows.more || result.tables.iter().any(|t| t.more) {
                let why = format!("the gold has more than {MAX_ROWS} rows, expected fewer");
                return Err(TestSuiteError::Prompt(why));
            }
            let reversed_result = match &reversed {
                None => None,
                Some(reversed) => match self.execute(pool, reversed, sql)? {
                    Execution::Finished(result) => Some(result),
                    // Rows that refer to rows before them cannot be reversed.
                    _ => None,
                },
            };
            match self.expected(pool, &text, gold, result, reversed_result)? {
                Some(found) => expected.push(found),
                // One gold whose result is open leaves all open.
                None => {
                    expected.clear();
                    break;
                }
            }
        }
        Ok(TestDatabase { name: "the prompt's own rows".to_owned(), text, expected })
    }

    /// A database with random rows. `reversed`: the same rows in the opposite order.
    fn random_database(
        &self,
        pool: &Pool,
        golds: &[Statement],
        name: String,
        text: String,
        reversed: String,
    ) -> io::Result<RandomDatabase> {
        let mut expected: Vec<Expected> = Vec::new();
        for (gold, sql) in golds.iter().zip(&self.golds) {
            let mut results = Vec::new();
            for text in [&text, &reversed] {
                match self.execute(pool, text, sql)? {
                    Execution::Finished(result) => results.push(result),
                    Execution::Refused(error) => return Ok(RandomDatabase::Refused(error)),
                    Execution::Crashed(_) => return Ok(RandomDatabase::Unusable),
                }
            }
            let (Some(reversed), Some(result)) = (results.pop(), results.pop()) else {
                return Ok(RandomDatabase::Unusable);
            };
            match self.expected(pool, &text, gold, result, Some(reversed))? {
                Some(found) if !found.result.rows.more => expected.push(found),
                Some(_) => return Ok(RandomDatabase::Unusable),
                None => return Ok(RandomDatabase::Undetermined),
            }
        }
        Ok(RandomDatabase::Usable(TestDatabase { name, text, expected }))
    }

    /// What right answers come to beside one gold: the order of its rows counts where it has an ORDER BY, except for
    /// ties that this leaves open. `None` when its result depends on physical row order. `reversed`: its result on the
    /// same rows in the opposite order.
    fn expected(
        &self,
        pool: &Pool,
        text: &str,
        gold: &Statement,
        result: StatementResult,
        reversed: Option<StatementResult>,
    ) -> io::Result<Option<Expected>> {
        let mut blocks = result.rows.unordered();
        if let Some(reversed) = &reversed {
            let tables = result.tables.iter().zip(&reversed.tables).all(|(a, b)| same_table(a, b));
            match result.rows.blocks(&reversed.rows).filter(|_| tables) {
                Some(found) => blocks = found,
                None => return Ok(None),
            }
        }
        let Statement::Query(query) = gold else {
            return Ok(Some(Expected { blocks: result.rows.unordered(), result }));
        };
        if !is_ordered(query) {
            return Ok(Some(Expected { blocks: result.rows.unordered(), result }));
        }
        // Ties broken in both directions show what the order leaves open, and whether a LIMIT cuts through them.
        let width = result.rows.columns.len();
        let tied = |descending| {
            with_ties_broken(query, width, descending).map(|sql| self.execute(pool, text, &sql)).transpose()
        };
        if let (Some(Execution::Finished(up)), Some(Execution::Finished(down))) = (tied(false)?, tied(true)?) {
            return Ok(up.rows.blocks(&down.rows).map(|blocks| Expected { result: up, blocks }));
        }
        // Values without an order, such as JSON: then the reversed rows show most of what is open.
        Ok(Some(Expected { blocks: if reversed.is_some() { blocks } else { vec![1; result.rows.rows.len()] }, result }))
    }

    /// Removes the mutants that the latest database distinguishes from the gold, and those that do not run.
    fn remove_distinguished(&self, pool: &Pool, mutants: &mut Vec<String>) -> io::Result<()> {
        let Some(database) = self.databases.last() else { return Ok(()) };
        let mut left = Vec::new();
        for sql in mutants.drain(..) {
            if matches!(self.judge(pool, database, &sql)?, AnswerVerdict::Right) {
                left.push(sql);
            }
        }
        *mutants = left;
        Ok(())
    }

    fn execute(&self, pool: &Pool, text: &str, sql: &str) -> io::Result<Execution> {
        let around = Around { before: &self.before, behind: &self.after, ..Around::default() };
        Ok(match pool.ask(text, sql, around, MAX_ROWS)? {
            (Proof::Ran(ran), after) => Execution::Finished(StatementResult {
                rows: Rows::of(&ran),
                tables: after.iter().map(Rows::of).collect(),
            }),
            (Proof::StatementRefused(_, error) | Proof::SchemaRefused(_, error), _) => Execution::Refused(error),
            (Proof::Crashed(why), _) => Execution::Crashed(why),
        })
    }
}

/// Rows of a difference that are shown.
const SHOWN_ROWS: usize = 4;

/// Whether two tables are the same, their columns in the same order.
fn same_table(gold: &Rows, got: &Rows) -> bool {
    gold.columns == got.columns && gold.same(got, &gold.unordered())
}
