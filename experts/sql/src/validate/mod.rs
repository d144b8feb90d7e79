//! Whether a record may be used for training: it has its parts, is translated into PostgreSQL's dialect, holds nothing
//! forbidden, passes the lints, and a real PostgreSQL has executed it. It decides; translating, linting and executing
//! are `dialect`'s, `lint`'s and `execute`'s.

pub mod code;
mod parts;
mod proof;
mod record_fields;
mod statement_verdict;
mod stop;

use std::sync::Arc;

use hive_sdk::{ExpertError, Facts, Finding, Manifest, Record, Settings as GateSettings, Verdict};

use crate::catalog::Catalog;
use crate::dialect::{self, Translated};
use crate::execute::{self, Pool};
use crate::import::{self, Imported, Source};
use crate::lint::{self, Lints};
use crate::syntax::statement::{self, Bare, Script};
use crate::syntax::{Dialect, lexer};
use parts::{Parts, StatementForm, one_statement};
use record_fields::{set_imported, skipped_rows};
use statement_verdict::{Passed, Texts};
use stop::{Stop, in_neither, untranslatable};

pub(crate) use stop::refusal_code;

/// Labels by which data sets are compared.
const CONFORMS: &str = "conforms as given";
const CORRECT: &str = "correct as given";

/// Most statements of a dump that are reported one by one.
const MAX_REPORTED: usize = 40;

/// Judges records.
pub struct Validator {
    lints: Lints,
    pool: Arc<Pool>,
}

/// How a record is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// In its dialect, named or detected.
    AsItIs,
    /// Without the names of databases before tables.
    Unqualified,
    /// With rewrites of what PostgreSQL refuses in it.
    Mended,
}

/// Codes of rejections that `dialect::unqualified` may resolve.
const UNQUALIFIABLE: [&str; 2] = [lint::code::UNKNOWN_TABLE, code::STATEMENT_FAILS];

/// Codes of rejections that `dialect::repair` may resolve.
const MENDABLE: [&str; 7] = [
    code::SCHEMA_DOES_NOT_PARSE,
    code::SCHEMA_FAILS,
    code::TYPE_MISMATCH,
    code::STATEMENT_FAILS,
    code::FAILS_ON_DATA,
    lint::code::INCOMPLETE_GROUP_BY,
    code::SQL_DOES_NOT_PARSE,
];

impl Validator {
    /// Judges with the levels of the manifest and, where they differ, of the settings, on databases from `pool`.
    pub fn new(manifest: &Manifest, settings: &GateSettings, pool: Arc<Pool>) -> Self {
        Self { lints: Lints::of(manifest, &settings.lints), pool }
    }

    /// Opens a database now, so that a missing one is noticed before any record is judged.
    ///
    /// # Errors
    /// When it cannot.
    pub fn warm_up(&self) -> Result<(), ExpertError> {
        self.pool.warm_up().map_err(|e| ExpertError::new(e.to_string()))
    }

    /// The verdict on one record.
    ///
    /// # Errors
    /// When the database is lost, for which the record may not be to blame.
    pub fn validate(&self, record: &Record) -> Result<Verdict, ExpertError> {
        let mut collected = Facts::default();
        match self.judge(record, Reading::AsItIs, &mut collected) {
            Ok(verdict) => Ok(verdict),
            Err(Stop::Reject(code, why)) => {
                if let Some(repaired) = self.repaired(record, &code, &collected) {
                    return Ok(repaired);
                }
                for label in [CONFORMS, CORRECT] {
                    collected.labels.entry(label.to_owned()).or_insert_with(|| "no".to_owned());
                }
                Ok(Verdict::Reject { code, why, facts: collected })
            }
            Err(Stop::Lost(error)) => Err(ExpertError::new(format!("the database was lost: {error}"))),
        }
    }

    /// Repairs what PostgreSQL refuses in a record whose dialect is unknown, where that is possible. A record that
    /// cannot be repaired is rejected with its first code and reason.
    fn repaired(&self, record: &Record, code: &str, collected: &Facts) -> Option<Verdict> {
        let postgres = collected.labels.get("dialect").is_some_and(|d| d == Dialect::Postgres.name());
        for (reading, codes) in [(Reading::Unqualified, &UNQUALIFIABLE[..]), (Reading::Mended, &MENDABLE)] {
            if postgres
                && codes.contains(&code)
                && let Ok(mut verdict) = self.judge(record, reading, &mut Facts::default())
                && let Verdict::Repaired { facts, .. } = &mut verdict
            {
                facts.labels.insert(CORRECT.to_owned(), "no".to_owned());
                return Some(verdict);
            }
        }
        None
    }

    /// Judges a record. `collected`: the facts so far, for the verdict or, if judging stops, for the rejection.
    fn judge(&self, record: &Record, reading: Reading, collected: &mut Facts) -> Result<Verdict, Stop> {
        let parts = Parts::read(record)?;
        let declared = import::declared_dialect(record).map_err(|why| Stop::reject(code::UNKNOWN_DIALECT, why))?;
        let imported = import::import(record, declared).map_err(|why| Stop::reject(code::NO_DATABASE, why))?;
        let declared = imported.dialect.or(declared);
        let bare = statement::bare(parts.sql);
        let mut changes = text_changes(&bare, &imported);
        let translated = translate(reading, &imported, bare.sql, declared)?;
        collected.labels.extend(dialect_labels(&translated));
        changes.extend(dialect_changes(&translated));
        refuse_nul(&translated)?;
        let script = self.script(&translated, &imported)?;
        let catalog = Catalog::read_script(&script);
        if catalog.is_empty() {
            self.unread_fault(&script, &translated, &imported)?;
            let why = "`schema` has no table: got no CREATE TABLE or CREATE VIEW, expected at least one";
            return Err(Stop::reject(code::SCHEMA_HAS_NO_TABLE, why));
        }
        let texts = Texts { translated: &translated, imported: &imported, script: &script };
        let passed = match one_statement(&translated.sql)? {
            StatementForm::Tree(statement) => {
                self.judge_tree(parts.question, &catalog, &texts, *statement, collected)?
            }
            StatementForm::Unparsed(why) => self.judge_unparsed(parts.question, &catalog, &texts, why, collected)?,
        };
        let Passed { sql, repairs, mut notes } = passed;
        changes.extend(repairs);
        notes.extend(translated.notes.iter().map(finding));
        let interprets = self.weigh_meaning(&translated.interprets, &changes, &mut notes)?;
        let correct = is_style_alone(&changes) || self.runs_as_given(&imported.text, bare.sql)?;
        collected.labels.extend(as_given_labels(&changes, &notes, interprets, correct));
        let facts = std::mem::take(collected);
        let mut record = record.clone();
        let foreign = !translated.changes.is_empty();
        if imported.source == Source::Schema {
            if translated.schema != parts.schema {
                record.set("schema", translated.schema);
            }
        } else {
            notes.extend(skipped_rows(&imported));
            changes.extend(set_imported(&mut record, &imported, declared, &translated.schema, &script));
        }
        if changes.is_empty() {
            return Ok(Verdict::Accept { notes, facts });
        }
        record.set("sql", sql);
        if foreign && record.0.contains_key("dialect") {
            record.set("dialect", Dialect::Postgres.name());
        }
        Ok(Verdict::Repaired { record, changes, notes, facts })
    }

    /// Parses the schema, and refuses statements that may not be executed.
    fn script(&self, translated: &Translated, imported: &Imported) -> Result<Script, Stop> {
        let text = &translated.schema;
        if text.len() > statement::MAX_BYTES {
            let why =
                format!("the tables and rows have {} bytes, expected at most {}", text.len(), statement::MAX_BYTES);
            return Err(Stop::reject(code::SCHEMA_DOES_NOT_PARSE, why));
        }
        let script = Script::parse(text);
        let Some((index, why)) = execute::refusal_in(text) else { return Ok(script) };
        let place = |position| imported.locate(text, index, position).unwrap_or_else(|| "`schema`".to_owned());
        if let Some(cannot) = &translated.unread {
            return Err(in_neither(cannot, imported));
        }
        // What is no statement at all does not parse, rather than being forbidden.
        let piece = lexer::statements(text, Dialect::Postgres).nth(index).map_or("", |piece| piece.text);
        if !script.unread().is_empty()
            && let Some(error) = self.grammar_fault(piece)?
        {
            let why = format!("{} does not parse as PostgreSQL: {error}", place(error.position));
            return Err(Stop::reject(code::SCHEMA_DOES_NOT_PARSE, why));
        }
        Err(Stop::reject(code::FORBIDDEN, format!("in {}: {why}", place(None))))
    }

    /// Refuses a schema with a statement that neither the parser nor PostgreSQL can parse.
    fn unread_fault(&self, script: &Script, translated: &Translated, imported: &Imported) -> Result<(), Stop> {
        for unread in script.unread() {
            let Some(error) = self.grammar_fault(&unread.text)? else { continue };
            if let Some(cannot) = &translated.unread {
                return Err(in_neither(cannot, imported));
            }
            let mut pieces = lexer::statements(&translated.schema, Dialect::Postgres);
            let index = pieces.position(|piece| piece.text == unread.text).unwrap_or_default();
            let place =
                imported.locate(&translated.schema, index, error.position).unwrap_or_else(|| "`schema`".to_owned());
            let why = format!("{place} does not parse as PostgreSQL: {error}");
            return Err(Stop::reject(code::SCHEMA_DOES_NOT_PARSE, why));
        }
        Ok(())
    }
}

/// What was changed in the record's texts before any translation: wrapping around the SQL, statements of a dump.
fn text_changes(bare: &Bare<'_>, imported: &Imported) -> Vec<Finding> {
    let mut changes = Vec::new();
    if let Some(wrapping) = bare.wrapping {
        let message = format!("took {wrapping} off the SQL, expected the statement alone");
        changes.push(Finding { code: code::WRAPPED_SQL.to_owned(), message });
    }
    changes.extend(
        imported
            .changes
            .iter()
            .take(MAX_REPORTED)
            .map(|message| Finding { code: code::DUMP_STATEMENT.to_owned(), message: message.clone() }),
    );
    changes
}

/// Translates the record's texts into PostgreSQL's dialect.
fn translate(reading: Reading, imported: &Imported, sql: &str, declared: Option<Dialect>) -> Result<Translated, Stop> {
    let certain = || Stop::reject(code::STATEMENT_FAILS, "its dialect is certain");
    let translated = match reading {
        Reading::AsItIs => dialect::translate(&imported.text, sql, declared),
        Reading::Unqualified => dialect::unqualified(&imported.text, sql).ok_or_else(certain).map(Ok)?,
        Reading::Mended if declared.is_some() => return Err(certain()),
        Reading::Mended => dialect::repair(&imported.text, sql),
    };
    translated.map_err(|cannot| untranslatable(&cannot, imported))
}

/// Labels that name the dialect, and how it is known.
fn dialect_labels(translated: &Translated) -> [(String, String); 2] {
    let name = translated.dialect.name();
    let by_mark = translated.mark.as_ref().map_or("not told", |_| name);
    [("dialect".to_owned(), name.to_owned()), ("dialect by a mark".to_owned(), by_mark.to_owned())]
}

/// What the translation changed.
fn dialect_changes(translated: &Translated) -> Vec<Finding> {
    let mark = translated.mark.as_ref().filter(|_| !translated.changes.is_empty()).map(|mark| Finding {
        code: code::DIALECT_BY_MARK.to_owned(),
        message: format!("read as {}'s, which alone has {mark}", translated.dialect.title()),
    });
    mark.into_iter().chain(translated.changes.iter().map(finding)).collect()
}

fn finding(change: &dialect::Change) -> Finding {
    Finding { code: change.rule.to_owned(), message: change.what.clone() }
}

fn refuse_nul(translated: &Translated) -> Result<(), Stop> {
    for (text, code) in [(&translated.schema, code::SCHEMA_FAILS), (&translated.sql, code::STATEMENT_FAILS)] {
        if text.contains('\0') {
            return Err(Stop::reject(code, "a text holds a NUL, which no text of PostgreSQL's does"));
        }
    }
    Ok(())
}

/// Whether all changes are matters of style or form.
fn is_style_alone(changes: &[Finding]) -> bool {
    const STYLE: [&str; 5] = [
        lint::code::NEEDLESS_ALIAS,
        lint::code::SELECT_STAR,
        lint::code::GIANT_LIMIT,
        code::WRAPPED_SQL,
        code::DUMP_STATEMENT,
    ];
    changes.iter().all(|change| STYLE.contains(&change.code.as_str()))
}

/// Labels that describe the record as it was given. `interprets`: a repair decides what is meant.
fn as_given_labels(changes: &[Finding], notes: &[Finding], interprets: bool, correct: bool) -> [(String, String); 3] {
    const NO_FAULT: [&str; 2] = [lint::code::EMPTY_RESULT, code::NOT_LINTED];
    let repairs = match (changes.is_empty(), interprets) {
        (true, _) => "none",
        (false, false) => "keep the meaning",
        (false, true) => "interpret",
    };
    let conforms = changes.is_empty() && notes.iter().all(|note| NO_FAULT.contains(&note.code.as_str()));
    let yes_or_no = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    [
        ("repairs".to_owned(), repairs.to_owned()),
        (CORRECT.to_owned(), yes_or_no(correct)),
        (CONFORMS.to_owned(), yes_or_no(conforms)),
    ]
}
