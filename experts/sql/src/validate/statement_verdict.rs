//! The verdict on a record's statement, by its tree or, where the parser does not read it, by its words.

use hive_sdk::{Facts, Finding, LintLevel};
use sqlparser::ast::Statement;

use super::stop::{Stop, neither, refusal_code};
use super::{Validator, code};
use crate::catalog::Catalog;
use crate::dialect::Translated;
use crate::execute::{self, Proof, Stage};
use crate::facts::{facts, facts_of_words};
use crate::import::Imported;
use crate::lint::{self, Context, Outcome, Words};
use crate::resolve::{Resolved, resolve};
use crate::syntax::statement::{self, Script};

/// A record's tables and rows.
pub(super) struct Texts<'a> {
    pub translated: &'a Translated,
    pub imported: &'a Imported,
    /// The statements of the translated schema.
    pub script: &'a Script,
}

/// A statement that has passed.
pub(super) struct Passed {
    /// Its text, repaired or as given.
    pub sql: String,
    /// What was changed.
    pub repairs: Vec<Finding>,
    /// What was found without being changed.
    pub notes: Vec<Finding>,
}

impl Validator {
    /// Judges a statement that the parser reads.
    pub(super) fn judge_tree(
        &self,
        question: &str,
        catalog: &Catalog,
        texts: &Texts<'_>,
        statement: Statement,
        collected: &mut Facts,
    ) -> Result<Passed, Stop> {
        let sql = &texts.translated.sql;
        let mut resolved = resolve(statement.clone(), Some(catalog));
        *collected = Facts { labels: std::mem::take(&mut collected.labels), ..Facts::default() };
        let found = facts(question, catalog, &statement, &resolved);
        collected.labels.extend(found.labels);
        (collected.measures, collected.keys) = (found.measures, found.keys);
        let aliased = if resolved.needless_aliases.is_empty() { "no" } else { "yes" };
        collected.labels.insert("needless aliases as given".to_owned(), aliased.to_owned());

        let refused = execute::refusal(sql);
        let mut proof = None;
        if !resolved.findings.is_empty() && refused.is_none() {
            let said = self.prove(&texts.translated.schema, sql)?;
            if !self.confirms_names(&said, texts, &mut resolved)? {
                let why = "the parser and PostgreSQL read it differently".to_owned();
                return self.judge_unparsed(question, catalog, texts, why, collected);
            }
            proof = Some(said);
        }
        let context =
            Context { question, catalog, tables: &texts.script.trees, statement: &statement, resolved: &resolved };
        let outcome = self.lints.judge(&context);
        if let (Some(why), Outcome::Pass { .. }) = (refused, &outcome) {
            return Err(Stop::reject(code::FORBIDDEN, why));
        }
        let (repaired, repairs, mut notes) = match outcome {
            Outcome::Pass { statement, changes, notes } => (statement, changes, notes),
            Outcome::Reject(finding) => return Err(Stop::Reject(finding.code, finding.message)),
        };
        // The text that is executed is the one for training: as given, unless a lint repaired it.
        let as_given = |proof: Option<Proof>| match proof {
            Some(proof) => Ok(proof),
            None => self.prove(&texts.translated.schema, sql),
        };
        let (sql, repairs, proof) = match repaired {
            None => (sql.clone(), Vec::new(), as_given(proof)?),
            Some(repaired) => {
                let text = repaired.to_string();
                match self.prove(&texts.translated.schema, &text)? {
                    Proof::StatementRefused(..) if self.runs(&texts.translated.schema, sql)? => {
                        // The repair of a matter of style must not break a statement that runs.
                        notes.extend(repairs);
                        (sql.clone(), Vec::new(), as_given(proof)?)
                    }
                    proof => (text, repairs, proof),
                }
            }
        };
        self.weigh_proof(&proof, texts, matches!(statement, Statement::Query(_)), &mut notes)?;
        Ok(Passed { sql, repairs, notes })
    }

    /// Drops the findings on names that PostgreSQL does not confirm. False when it knows all names: then the parser took
    /// something else for a name, and its tree is of no use.
    fn confirms_names(&self, proof: &Proof, texts: &Texts<'_>, resolved: &mut Resolved) -> Result<bool, Stop> {
        let code = match proof {
            Proof::StatementRefused(Stage::Prepare, error) => Some(refusal_code(error)),
            Proof::StatementRefused(Stage::Run, _) | Proof::Ran(_) => None,
            Proof::SchemaRefused(..) | Proof::Crashed(_) => {
                self.weigh_proof(proof, texts, true, &mut Vec::new())?;
                None
            }
        };
        resolved.findings.retain(|finding| code == Some(finding.code.as_str()));
        Ok(code.is_some())
    }

    /// Judges a statement that the parser does not read, or reads wrongly, by its words and by executing it.
    pub(super) fn judge_unparsed(
        &self,
        question: &str,
        catalog: &Catalog,
        texts: &Texts<'_>,
        why: String,
        collected: &mut Facts,
    ) -> Result<Passed, Stop> {
        let sql = &texts.translated.sql;
        if sql.len() > statement::MAX_BYTES {
            let why = format!("`sql` has {} bytes, expected at most {}", sql.len(), statement::MAX_BYTES);
            return Err(Stop::reject(code::TOO_EXPENSIVE, why));
        }
        if let Some(error) = self.grammar_fault(sql)? {
            let why = match &texts.translated.unread {
                Some(cannot) if cannot.code == code::SQL_DOES_NOT_PARSE => neither(&cannot.why, cannot.dialect),
                _ => format!("`sql` does not parse as PostgreSQL: {error}"),
            };
            return Err(Stop::reject(code::SQL_DOES_NOT_PARSE, why));
        }
        let words = Words::of(sql);
        *collected = Facts { labels: std::mem::take(&mut collected.labels), ..Facts::default() };
        let found = facts_of_words(question, catalog, &words);
        collected.labels.extend(found.labels);
        (collected.measures, collected.keys) = (found.measures, found.keys);
        let mut notes = match self.lints.judge_words(question, &words) {
            Outcome::Pass { notes, .. } => notes,
            Outcome::Reject(finding) => return Err(Stop::Reject(finding.code, finding.message)),
        };
        if let Some(why) = execute::refusal(sql) {
            return Err(Stop::reject(code::FORBIDDEN, why));
        }
        let proof = self.prove(&texts.translated.schema, sql)?;
        self.weigh_proof(&proof, texts, words.reads(), &mut notes)?;
        let message =
            format!("lints that look at names, groups and joins were passed over, PostgreSQL takes it: {why}");
        notes.push(Finding { code: code::NOT_LINTED.to_owned(), message });
        Ok(Passed { sql: sql.clone(), repairs: Vec::new(), notes })
    }

    /// Rejects or notes repairs that decide what is meant; returns whether there are any.
    pub(super) fn weigh_meaning(
        &self,
        rules: &[&str],
        changes: &[Finding],
        notes: &mut Vec<Finding>,
    ) -> Result<bool, Stop> {
        let lints = changes.iter().map(|change| change.code.as_str()).filter(|code| *code == lint::code::GIANT_LIMIT);
        let all: Vec<String> = rules.iter().copied().chain(lints).map(|rule| format!("`{rule}`")).collect();
        if all.is_empty() {
            return Ok(false);
        }
        let message = format!("these repairs decide what is meant: {}", all.join(", "));
        match self.lints.level(lint::code::INTERPRETED) {
            LintLevel::Off => {}
            LintLevel::Reject => return Err(Stop::reject(lint::code::INTERPRETED, message)),
            _ => notes.push(Finding { code: lint::code::INTERPRETED.to_owned(), message }),
        }
        Ok(true)
    }
}
