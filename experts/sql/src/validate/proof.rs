//! What executing a record's texts in PostgreSQL says of them.

use hive_sdk::{Finding, LintLevel};

use super::statement_verdict::Texts;
use super::stop::{Stop, refusal_code, schema_refused};
use super::{Validator, code};
use crate::execute::{self, Fault, Proof, SqlError, Stage};
use crate::lint;
use crate::syntax::{Dialect, lexer};

/// The state of an error about a foreign key.
const FOREIGN_KEY: &str = "23503";

impl Validator {
    /// The syntax error that PostgreSQL finds in one statement, if any.
    pub(super) fn grammar_fault(&self, sql: &str) -> Result<Option<SqlError>, Stop> {
        match self.pool.grammar_fault(sql).map_err(Stop::Lost)? {
            None => Ok(None),
            Some(Fault::Syntax(error)) => Ok(Some(error)),
            Some(Fault::Crashed(why)) => Err(Stop::reject(code::CRASHED, format!("the database crashed on it: {why}"))),
        }
    }

    /// Executes a statement on a schema.
    pub(super) fn prove(&self, schema: &str, sql: &str) -> Result<Proof, Stop> {
        self.pool.prove(schema, sql).map_err(Stop::Lost)
    }

    /// Whether PostgreSQL executes the record's texts as they were given.
    pub(super) fn runs_as_given(&self, schema: &str, sql: &str) -> Result<bool, Stop> {
        let one = lexer::statements(sql, Dialect::Postgres).count() == 1;
        let refused = [schema, sql].into_iter().any(|text| execute::refusal(text).is_some());
        Ok(one && !refused && self.runs(schema, sql)?)
    }

    /// Whether PostgreSQL executes a statement on a schema.
    pub(super) fn runs(&self, schema: &str, sql: &str) -> Result<bool, Stop> {
        Ok(matches!(self.prove(schema, sql)?, Proof::Ran(_)))
    }

    /// Rejects a record for its proof, or notes an empty result. `reads`: the statement is a query.
    pub(super) fn weigh_proof(
        &self,
        proof: &Proof,
        texts: &Texts<'_>,
        reads: bool,
        notes: &mut Vec<Finding>,
    ) -> Result<(), Stop> {
        let has_rows = texts.script.has_rows();
        match proof {
            Proof::Ran(ran) => {
                let empty = ran.rows.is_empty() && reads;
                let message = "the statement returns no row on the record's own data";
                match self.lints.level(lint::code::EMPTY_RESULT) {
                    LintLevel::Off => Ok(()),
                    LintLevel::Reject if has_rows && empty => Err(Stop::reject(lint::code::EMPTY_RESULT, message)),
                    _ if has_rows && empty => {
                        notes.push(Finding { code: lint::code::EMPTY_RESULT.to_owned(), message: message.to_owned() });
                        Ok(())
                    }
                    _ => Ok(()),
                }
            }
            Proof::SchemaRefused(number, error) => {
                Err(schema_refused(*number, error, texts.translated, texts.imported))
            }
            Proof::StatementRefused(stage, error) => {
                let why = format!("PostgreSQL refuses the statement: {error}");
                // Without rows, a foreign key cannot be satisfied, whatever the statement.
                let unproved = *stage == Stage::Run && error.sqlstate == FOREIGN_KEY && !has_rows;
                match refusal_code(error) {
                    _ if unproved => Ok(()),
                    code::STATEMENT_FAILS if *stage == Stage::Run => Err(Stop::reject(code::FAILS_ON_DATA, why)),
                    code => Err(Stop::reject(code, why)),
                }
            }
            Proof::Crashed(why) => Err(Stop::reject(code::CRASHED, format!("the database crashed on it: {why}"))),
        }
    }
}
