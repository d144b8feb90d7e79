//! Lints: what the expert looks for in every record besides whether it executes. One file per lint, each with its code
//! in the manifest. A lint reports only what is certain, and a repair never changes what a statement returns.

mod alias;
mod group_by;
mod language;
mod left_join;
mod limit;
mod purpose;
mod star;
mod words;

use std::collections::BTreeMap;

use hive_sdk::{Finding, LintLevel, Manifest};
use sqlparser::ast::Statement;

use crate::catalog::Catalog;
use crate::resolve::Resolved;

pub use words::Words;

/// Codes of lints. They are stable: they are counted and compared between runs.
pub mod code {
    /// A selected column is neither grouped nor aggregated.
    pub const INCOMPLETE_GROUP_BY: &str = "incomplete-group-by";
    /// A table has a needless alias.
    pub const NEEDLESS_ALIAS: &str = "needless-alias";
    /// A table that the schema does not have.
    pub const UNKNOWN_TABLE: &str = "unknown-table";
    /// A column that the tables do not have.
    pub const UNKNOWN_COLUMN: &str = "unknown-column";
    /// The question asks for rows without a match too.
    pub const LEFT_JOIN_WANTED: &str = "left-join-wanted";
    /// A LIMIT of thousands that the question does not ask for.
    pub const GIANT_LIMIT: &str = "giant-limit";
    /// `SELECT *`.
    pub const SELECT_STAR: &str = "select-star";
    /// More than one statement.
    pub const SEVERAL_STATEMENTS: &str = "several-statements";
    /// A statement that destroys more than the question asks for.
    pub const DESTRUCTIVE: &str = "destructive-statement";
    /// A statement that is not an answer.
    pub const NOT_AN_ANSWER: &str = "not-an-answer";
    /// A question in another language.
    pub const NON_ENGLISH: &str = "non-english-question";
    /// A repair decides what an ambiguous statement means.
    pub const INTERPRETED: &str = "interpreted";
    /// The statement returns nothing on the record's own rows.
    pub const EMPTY_RESULT: &str = "empty-result";
}

/// What a lint sees.
pub struct Context<'a> {
    /// The question.
    pub question: &'a str,
    /// What the record's schema declares.
    pub catalog: &'a Catalog,
    /// The statements of the schema, its rows included.
    pub tables: &'a [Statement],
    /// The statement.
    pub statement: &'a Statement,
    /// The statement with every name resolved.
    pub resolved: &'a Resolved,
}

/// What a lint found.
struct Found {
    message: String,
    /// The statement without the fault, if that can be had.
    repaired: Option<Statement>,
}

impl Found {
    fn new(message: impl Into<String>) -> Option<Self> {
        Some(Self { message: message.into(), repaired: None })
    }

    fn repaired(message: impl Into<String>, statement: Statement) -> Option<Self> {
        Some(Self { message: message.into(), repaired: Some(statement) })
    }
}

type Check = fn(&Context<'_>) -> Option<Found>;

/// The lints in the order in which they run: those that reject first, those on style last.
const CHECKS: [(&str, Check); 9] = [
    (code::NON_ENGLISH, language::check),
    (code::NOT_AN_ANSWER, purpose::not_an_answer),
    (code::DESTRUCTIVE, purpose::destructive),
    (code::UNKNOWN_TABLE, |context| named(context, code::UNKNOWN_TABLE)),
    (code::UNKNOWN_COLUMN, |context| named(context, code::UNKNOWN_COLUMN)),
    (code::INCOMPLETE_GROUP_BY, group_by::check),
    (code::LEFT_JOIN_WANTED, left_join::check),
    (code::SELECT_STAR, star::check),
    (code::GIANT_LIMIT, limit::check),
];

/// The verdict of all lints on a statement.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It passes, perhaps changed.
    Pass {
        /// The repaired statement, if it was changed.
        statement: Option<Box<Statement>>,
        /// What was changed.
        changes: Vec<Finding>,
        /// What was found without being changed.
        notes: Vec<Finding>,
    },
    /// It is rejected.
    Reject(Finding),
}

/// The level of each lint.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lints(BTreeMap<String, LintLevel>);

impl Lints {
    /// The levels of the manifest, overridden by those in `changed`.
    pub fn of(manifest: &Manifest, changed: &BTreeMap<String, LintLevel>) -> Self {
        let mut levels: BTreeMap<_, _> = manifest.dataset.lints.iter().map(|l| (l.code.clone(), l.level)).collect();
        levels.extend(changed.iter().map(|(code, level)| (code.clone(), *level)));
        Self(levels)
    }

    /// The level of one lint.
    pub fn level(&self, code: &str) -> LintLevel {
        self.0.get(code).copied().unwrap_or(LintLevel::Off)
    }

    /// Runs the lints that need no syntax tree.
    pub fn judge_words(&self, question: &str, words: &Words<'_>) -> Outcome {
        let mut notes = Vec::new();
        let found = [
            (code::NON_ENGLISH, language::of_question(question)),
            (code::NOT_AN_ANSWER, words.not_an_answer()),
            (
                code::DESTRUCTIVE,
                words.destructive().filter(|_| !purpose::asks_for_all(question)).map(purpose::too_much),
            ),
        ];
        for (code, message) in found {
            let (level, Some(message)) = (self.level(code), message) else { continue };
            let finding = Finding { code: code.to_owned(), message };
            match level {
                LintLevel::Off => {}
                LintLevel::Reject => return Outcome::Reject(finding),
                LintLevel::Repair | LintLevel::Note => notes.push(finding),
            }
        }
        Outcome::Pass { statement: None, changes: Vec::new(), notes }
    }

    /// Runs all lints.
    pub fn judge(&self, context: &Context<'_>) -> Outcome {
        let mut changes = Vec::new();
        let mut notes = Vec::new();
        let mut current: Option<Box<Statement>> = None;
        let aliases = (code::NEEDLESS_ALIAS, alias::check as Check);
        for (code, check) in CHECKS.into_iter().chain([aliases]) {
            let level = self.level(code);
            if level == LintLevel::Off {
                continue;
            }
            // The next lint sees the repaired statement; its names mean the same.
            let statement = current.as_deref().unwrap_or(context.statement);
            let Some(found) = check(&Context { statement, ..*context }) else { continue };
            let finding = Finding { code: code.to_owned(), message: found.message };
            match (level, found.repaired) {
                (LintLevel::Reject, _) => return Outcome::Reject(finding),
                (LintLevel::Repair, Some(repaired)) => {
                    current = Some(Box::new(repaired));
                    changes.push(finding);
                }
                // A fault that PostgreSQL refuses cannot be a mere note.
                (LintLevel::Repair, None) if code == code::INCOMPLETE_GROUP_BY => return Outcome::Reject(finding),
                _ => notes.push(finding),
            }
        }
        Outcome::Pass { statement: current, changes, notes }
    }
}

/// Why the statement's LIMIT is giant, for grading answers.
pub fn giant_limit(question: &str, statement: &Statement) -> Option<String> {
    limit::giant(question, statement).map(|(message, _)| message)
}

/// The findings with this code from resolving the names.
fn named(context: &Context<'_>, code: &str) -> Option<Found> {
    let found = context.resolved.findings.iter().find(|finding| finding.code == code)?;
    Found::new(found.message.clone())
}

#[cfg(test)]
mod tests;
