//! Grades a completion by executing it in a real PostgreSQL, on the databases of the prompt's test suite. Its score is 1
//! if it comes to the same as a gold on every one of them, else 0.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use hive_sdk::{ExpertError, Finding, Grade, Record};
use sqlparser::ast::Statement;

use crate::dialect;
use crate::execute::{self, Pool, SqlError};
use crate::grade::{self, check, code as text};
use crate::import;
use crate::lint::{Words, code as lints};
use crate::syntax::Dialect;
use crate::syntax::lexer;
use crate::syntax::statement::{self, NotOne, Script};
use crate::test_suite::{AnswerVerdict, MAX_ROWS, TestDatabase, TestSuite, TestSuiteError, modifies_data};
use crate::validate::{code as records, refusal_code};

/// Codes of findings besides those of the text's grade.
pub mod code {
    /// It runs, and returns or leaves other rows than the gold.
    pub const WRONG_ROWS: &str = "wrong-rows";
    /// It returns more rows than are compared.
    pub const TOO_MANY_ROWS: &str = "too-many-rows";
}

/// Test suites and schemas that are cached: the answers of several candidates to one prompt come one after another.
const CACHED: usize = 24;

/// Grades completions by executing them.
pub struct Examiner {
    pool: Arc<Pool>,
    suites: Mutex<VecDeque<(SuiteKey, Arc<TestSuite>)>>,
    /// By [`import::fingerprint`].
    schemas: Mutex<VecDeque<(String, Arc<PromptSchema>)>>,
}

/// What a test suite depends on.
#[derive(PartialEq, Eq)]
struct SuiteKey {
    schema: String,
    golds: Vec<String>,
}

/// A prompt's schema and rows, in PostgreSQL's dialect.
struct PromptSchema {
    text: String,
    statements: Vec<Statement>,
}

impl Examiner {
    /// Executes on databases from `pool`.
    pub fn new(pool: Arc<Pool>) -> Self {
        Self { pool, suites: Mutex::default(), schemas: Mutex::default() }
    }

    /// Grades `completion` against the `sql` of `prompt` and the `alternatives`. All of these are PostgreSQL, since the
    /// prompt has passed `validate`.
    ///
    /// # Errors
    /// When the prompt is at fault, or the database is lost.
    pub fn examine(&self, prompt: &Record, alternatives: &[String], completion: &str) -> Result<Grade, ExpertError> {
        let suite = self.suite(prompt, alternatives)?;
        let mut grade = grade::grade(prompt, completion)?;
        grade.score = 0.0;
        grade.findings.retain(|f| f.code != text::DIFFERS_FROM_GOLD);
        grade.check(check::EXECUTES, false);
        grade.check(check::ROWS, false);
        let sql = statement::bare(completion).sql;
        let answer = match statement::parse_one(sql) {
            Ok(answer) => Some(answer),
            // PostgreSQL may accept what the parser does not read.
            Err(NotOne::Syntax(_)) if lexer::statements(sql, Dialect::Postgres).count() == 1 => None,
            Err(_) => return Ok(grade),
        };
        if let Some(why) = execute::refusal(sql) {
            return Ok(grade.with(records::FORBIDDEN, why));
        }
        let words = Words::of(sql);
        let destroyed = match &answer {
            Some(answer) => destroys(answer),
            None => (!matches!(
                words.first().as_str(),
                "select" | "values" | "table" | "insert" | "update" | "delete" | "merge"
            ))
            .then_some("the statement"),
        };
        if let Some(what) = destroyed {
            return Ok(grade.with(lints::DESTRUCTIVE, format!("{what} changes tables, which no prompt asks for")));
        }
        if answer.as_ref().map_or_else(|| words.changes(), modifies_data) && !suite.modifies_data {
            return Ok(grade.with(lints::DESTRUCTIVE, "it changes rows, and the question asks for some"));
        }
        for database in &suite.databases {
            let verdict = suite.judge(&self.pool, database, sql).map_err(lost)?;
            if matches!(verdict, AnswerVerdict::Right) {
                continue;
            }
            if answer.is_none() && !matches!(&verdict, AnswerVerdict::Refused(error) if error.sqlstate == "42601") {
                read_by_postgresql(&mut grade);
            }
            return Ok(wrong(grade, answer.as_ref(), &suite, database, verdict));
        }
        if answer.is_none() {
            read_by_postgresql(&mut grade);
        }
        grade.score = 1.0;
        grade.check(check::EXECUTES, true);
        grade.check(check::ROWS, true);
        // There are other ways than LEFT JOIN to keep rows without a match.
        if grade.checks.contains_key(check::LEFT_JOIN) {
            grade.check(check::LEFT_JOIN, true);
        }
        grade.findings.retain(|f| f.code != text::LEFT_JOIN_WANTED);
        Ok(grade)
    }

    /// The prompt's test suite, from the cache or made now.
    fn suite(&self, prompt: &Record, alternatives: &[String]) -> Result<Arc<TestSuite>, ExpertError> {
        let mut golds = vec![statement::bare(prompt.require("sql")?).sql.to_owned()];
        golds.extend(alternatives.iter().map(|a| statement::bare(a).sql.to_owned()));
        let schema = self.schema(prompt)?;
        let key = SuiteKey { schema: schema.text.clone(), golds };
        let mut cached = self.suites.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, suite)) = cached.iter().find(|(known, _)| *known == key) {
            return Ok(Arc::clone(suite));
        }
        let parsed = key.golds.iter().map(|gold| {
            let statement = statement::parse_one(gold).map_err(|_| {
                ExpertError::new(format!("the gold `{gold}` is not one statement that the parser reads"))
            })?;
            match (execute::refusal(gold), destroys(&statement)) {
                (Some(why), _) => Err(ExpertError::new(format!("the gold may not run: {why}"))),
                (_, Some(what)) => {
                    Err(ExpertError::new(format!("the gold is {what}, expected to read or change rows")))
                }
                _ => Ok(statement),
            }
        });
        let parsed = parsed.collect::<Result<Vec<_>, _>>()?;
        let suite = TestSuite::new(&self.pool, (&schema.text, &schema.statements), &parsed).map_err(|e| match e {
            TestSuiteError::Prompt(why) => ExpertError::new(format!("the gold is no measure: {why}")),
            TestSuiteError::Lost(error) => lost(error),
        })?;
        let suite = Arc::new(suite);
        cached.truncate(CACHED - 1);
        cached.push_front((key, Arc::clone(&suite)));
        Ok(suite)
    }

    /// The prompt's schema with its rows, from the cache or made now.
    fn schema(&self, prompt: &Record) -> Result<Arc<PromptSchema>, ExpertError> {
        let fingerprint = import::fingerprint(prompt);
        let mut cached = self.schemas.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, schema)) = cached.iter().find(|(known, _)| *known == fingerprint) {
            return Ok(Arc::clone(schema));
        }
        let declared = prompt.text("dialect").and_then(|name| name.parse().ok());
        let imported = import::import(prompt, declared).map_err(ExpertError::new)?;
        let translated = dialect::translate(&imported.text, "SELECT 1", imported.dialect.or(declared));
        let translated = translated.map_err(|e| ExpertError::new(e.why))?;
        if let Some(why) = execute::refusal(&translated.schema) {
            return Err(ExpertError::new(format!("the schema may not be loaded: {why}")));
        }
        let script = Script::parse(&translated.schema);
        let schema = Arc::new(PromptSchema { text: translated.schema, statements: script.trees });
        cached.truncate(CACHED - 1);
        cached.push_front((fingerprint, Arc::clone(&schema)));
        Ok(schema)
    }
}

/// Removes the parser's findings against a statement that PostgreSQL reads.
fn read_by_postgresql(grade: &mut Grade) {
    grade.findings.retain(|f| f.code != text::DOES_NOT_PARSE && f.code != text::NOT_POSTGRESQL);
    grade.check(check::POSTGRESQL, true);
}

fn lost(error: std::io::Error) -> ExpertError {
    ExpertError::new(format!("the database was lost: {error}"))
}

/// The command of a statement that changes tables rather than their rows.
pub(crate) fn destroys(statement: &Statement) -> Option<&'static str> {
    match statement {
        Statement::Drop { .. } => Some("`DROP`"),
        Statement::Truncate(_) => Some("`TRUNCATE`"),
        Statement::AlterTable(_) => Some("`ALTER TABLE`"),
        Statement::CreateTable(_) => Some("`CREATE TABLE`"),
        Statement::CreateView(_) => Some("`CREATE VIEW`"),
        Statement::CreateIndex(_) => Some("`CREATE INDEX`"),
        _ => None,
    }
}

/// The grade of an answer that is not right on one of the databases.
fn wrong(
    mut grade: Grade,
    answer: Option<&Statement>,
    suite: &TestSuite,
    database: &TestDatabase,
    verdict: AnswerVerdict,
) -> Grade {
    let place = &database.name;
    match verdict {
        AnswerVerdict::Right => grade,
        AnswerVerdict::Differs(difference) => {
            grade.check(check::EXECUTES, true);
            let what = if suite.modifies_data {
                "leaves other rows than the gold"
            } else {
                "returns other rows than the gold"
            };
            grade.evidence = Some(format!("on {place}: {difference}"));
            grade.with(code::WRONG_ROWS, format!("on {place} it {what}"))
        }
        AnswerVerdict::TooManyRows => {
            grade.check(check::EXECUTES, true);
            grade.with(code::TOO_MANY_ROWS, format!("on {place} it returns more than {MAX_ROWS} rows"))
        }
        AnswerVerdict::Refused(error) => {
            let code = finding_code(&error);
            // A name that belongs to another database is not invented.
            let foreign =
                matches!(error.sqlstate.as_str(), "42883" | "42703") && answer.is_some_and(dialect::calls_foreign);
            if foreign || error.sqlstate == "42601" {
                grade.check(check::POSTGRESQL, false);
            } else if let lints::UNKNOWN_TABLE | lints::UNKNOWN_COLUMN = code {
                grade.check(check::NAMES, false);
            }
            if code == lints::INCOMPLETE_GROUP_BY {
                grade.check(check::GROUP_BY, false);
            }
            let known = grade.findings.iter().any(|f| f.code == code);
            if !known || code == records::STATEMENT_FAILS {
                let message = format!("PostgreSQL refuses it on {place}: {error}");
                grade.findings.push(Finding { code: code.to_owned(), message });
            }
            grade
        }
        AnswerVerdict::Crashed(why) => grade.with(records::CRASHED, format!("the database crashes on it: {why}")),
    }
}

/// The finding's code for an error of PostgreSQL's.
fn finding_code(error: &SqlError) -> &'static str {
    match refusal_code(error) {
        records::SQL_DOES_NOT_PARSE => text::DOES_NOT_PARSE,
        code => code,
    }
}
