//! Whether a record may be trained on: its parts are there, it is brought into PostgreSQL's dialect,
//! nothing in it is forbidden, the lints have looked, and a real PostgreSQL has run it.

use std::sync::Arc;

use hive_sdk::{ExpertError, Facts, Finding, LintLevel, Manifest, Record, Settings as GateSettings, Verdict};
use sqlparser::ast::Statement;

use crate::catalog::Catalog;
use crate::dialect::{self, Translated, Untranslatable};
use crate::execute::{self, Fault, Pool, Proof, SqlError, Stage};
use crate::facts::{facts, facts_of_words};
use crate::import::{self, Imported, Source};
use crate::lint::{self, Context, Lints, Outcome, Words};
use crate::resolve::resolve;
use crate::syntax::Dialect;
use crate::syntax::lexer;
use crate::syntax::statement::{self, NotOne, Script};

/// Codes of rejection besides those of lints, stable: they are counted and compared between runs.
pub mod code {
    /// `question` is absent, not text, or blank.
    pub const NO_QUESTION: &str = "no-question";
    /// `schema` is absent, not text, or blank.
    pub const NO_SCHEMA: &str = "no-schema";
    /// `schema` is not PostgreSQL, and cannot be brought there.
    pub const SCHEMA_DOES_NOT_PARSE: &str = "schema-does-not-parse";
    /// `schema` holds no CREATE TABLE and no CREATE VIEW.
    pub const SCHEMA_HAS_NO_TABLE: &str = "schema-has-no-table";
    /// PostgreSQL refuses a statement of the schema.
    pub const SCHEMA_FAILS: &str = "schema-fails";
    /// `sql` is absent, not text, or blank.
    pub const NO_SQL: &str = "no-sql";
    /// `sql` is not PostgreSQL, and cannot be brought there.
    pub const SQL_DOES_NOT_PARSE: &str = "sql-does-not-parse";
    /// PostgreSQL refuses the statement for its types or functions.
    pub const TYPE_MISMATCH: &str = "type-mismatch";
    /// A name could mean several columns.
    pub const AMBIGUOUS_NAME: &str = "ambiguous-name";
    /// PostgreSQL refuses the statement otherwise.
    pub const STATEMENT_FAILS: &str = "statement-fails";
    /// The statement fails on the record's own rows.
    pub const FAILS_ON_DATA: &str = "fails-on-data";
    /// The record reaches out of the database.
    pub const FORBIDDEN: &str = "forbidden";
    /// The statement takes longer than it may.
    pub const TOO_SLOW: &str = "too-slow";
    /// The statement needs more memory or disk than it may.
    pub const TOO_EXPENSIVE: &str = "too-expensive";
    /// The database ends over it.
    pub const CRASHED: &str = "crashed";
    /// The dialect that the record names is not known.
    pub const UNKNOWN_DIALECT: &str = "unknown-dialect";
    /// The database file that the record names cannot be imported.
    pub const NO_DATABASE: &str = "no-database";
    /// The schema is that of the database file that the record names.
    pub const CARRIED_OVER: &str = "carried-over";
    /// The database file has more rows than are imported.
    pub const ROWS_LEFT_BEHIND: &str = "rows-left-behind";
    /// A statement of a dump that makes neither tables nor rows, or COPY's rows: passed over, or written as
    /// INSERT.
    pub const DUMP_STATEMENT: &str = "dump-statement";
    /// Its dialect is known by a mark that no other has.
    pub const DIALECT_BY_MARK: &str = "dialect-by-mark";
    /// The parser does not read the statement, so some lints have not looked at it.
    pub const NOT_LINTED: &str = "not-linted";
    /// The SQL stood in tags, a code fence or after a label: taken off.
    pub const WRAPPED_SQL: &str = "wrapped-sql";
}

/// Labels by which data sets are compared.
const CONFORMS: &str = "conforms as given";
const CORRECT: &str = "correct as given";

/// Judges records.
pub struct Validator {
    lints: Lints,
    pool: Arc<Pool>,
}

impl Validator {
    /// With the manifest's levels, and the settings' where those differ, on databases from `pool`.
    pub fn new(manifest: &Manifest, settings: &GateSettings, pool: Arc<Pool>) -> Self {
        Self { lints: Lints::of(manifest, &settings.lints), pool }
    }

    /// Opens a database now, to know that it can be had.
    ///
    /// # Errors
    /// When it cannot.
    pub fn warm_up(&self) -> Result<(), ExpertError> {
        self.pool.warm_up().map_err(|e| ExpertError::new(e.to_string()))
    }

    /// The verdict on one record.
    ///
    /// # Errors
    /// When the database is lost, which is no fault of the record's that could be told.
    pub fn validate(&self, record: &Record) -> Result<Verdict, ExpertError> {
        let mut seen = Facts::default();
        match self.judge(record, Reading::AsItIs, &mut seen) {
            Ok(verdict) => Ok(verdict),
            Err(Stop::Reject(code, why)) => {
                // What PostgreSQL refuses in a record of no certain dialect can often be mended. A
                // record that cannot is rejected for what was wrong with it as it came.
                let postgres = seen.labels.get("dialect").is_some_and(|d| d == Dialect::Postgres.name());
                for (reading, codes) in [(Reading::Unqualified, &UNQUALIFIABLE[..]), (Reading::Mended, &MENDABLE)] {
                    let mut mended = Facts::default();
                    if postgres
                        && codes.contains(&code.as_str())
                        && let Ok(mut verdict) = self.judge(record, reading, &mut mended)
                        && let Verdict::Repaired { facts, .. } = &mut verdict
                    {
                        facts.labels.insert(CORRECT.to_owned(), "no".to_owned());
                        return Ok(verdict);
                    }
                }
                for label in [CONFORMS, CORRECT] {
                    seen.labels.entry(label.to_owned()).or_insert_with(|| "no".to_owned());
                }
                Ok(Verdict::Reject { code, why, facts: seen })
            }
            Err(Stop::Lost(error)) => Err(ExpertError::new(format!("the database was lost: {error}"))),
        }
    }

    fn judge(&self, record: &Record, reading: Reading, seen: &mut Facts) -> Result<Verdict, Stop> {
        let parts = Parts::of(record)?;
        let declared = match record.text("dialect") {
            None => None,
            Some(name) if Dialect::is_unnamed(name) => None,
            Some(name) => Some(name.parse::<Dialect>().map_err(|()| {
                let why = format!("`dialect` is `{name}`, expected postgresql, mysql or sqlite");
                Stop::reject(code::UNKNOWN_DIALECT, why)
            })?),
        };
        let imported = import::import(record, declared).map_err(|why| Stop::reject(code::NO_DATABASE, why))?;
        let declared = imported.dialect.or(declared);
        let mut changes = Vec::new();
        let bare = statement::bare(parts.sql);
        if let Some(wrapping) = bare.wrapping {
            let message = format!("took {wrapping} off the SQL, expected the statement alone");
            changes.push(Finding { code: code::WRAPPED_SQL.to_owned(), message });
        }
        changes.extend(
            imported
                .changes
                .iter()
                .take(MOST_TOLD)
                .map(|message| Finding { code: code::DUMP_STATEMENT.to_owned(), message: message.clone() }),
        );
        let certain = || Stop::reject(code::STATEMENT_FAILS, "its dialect is certain");
        let translated = match reading {
            Reading::AsItIs => dialect::translate(&imported.text, bare.sql, declared),
            Reading::Unqualified => dialect::unqualified(&imported.text, bare.sql).ok_or_else(certain).map(Ok)?,
            Reading::Mended if declared.is_some() => return Err(certain()),
            Reading::Mended => dialect::repair(&imported.text, bare.sql),
        };
        let translated = translated.map_err(|cannot| untranslatable(&cannot, &imported))?;
        let foreign = !translated.changes.is_empty();
        seen.labels.insert("dialect".to_owned(), translated.dialect.name().to_owned());
        let by = translated.mark.as_ref().map_or("not told", |_| translated.dialect.name());
        seen.labels.insert("dialect by a mark".to_owned(), by.to_owned());
        if let Some(mark) = translated.mark.as_ref().filter(|_| foreign) {
            let message = format!("read as {}'s, which alone has {mark}", translated.dialect.title());
            changes.push(Finding { code: code::DIALECT_BY_MARK.to_owned(), message });
        }
        let finding = |c: &dialect::Change| Finding { code: c.rule.to_owned(), message: c.what.clone() };
        changes.extend(translated.changes.iter().map(finding));

        for (text, code) in [(&translated.schema, code::SCHEMA_FAILS), (&translated.sql, code::STATEMENT_FAILS)] {
            if text.contains('\0') {
                return Err(Stop::reject(code, "a text holds a NUL, which no text of PostgreSQL's does"));
            }
        }
        let script = self.script(&translated, &imported)?;
        let catalog = Catalog::read_script(&script);
        if catalog.is_empty() {
            self.unread_fault(&script, &translated, &imported)?;
            let why = "`schema` has no table: got no CREATE TABLE or CREATE VIEW, expected at least one";
            return Err(Stop::reject(code::SCHEMA_HAS_NO_TABLE, why));
        }
        let texts = Texts { translated: &translated, imported: &imported, script: &script };
        let passed = match one_statement(&translated.sql)? {
            Form::Tree(statement) => self.judge_tree(parts.question, &catalog, &texts, *statement, seen)?,
            Form::Text(why) => self.judge_text(parts.question, &catalog, &texts, why, seen)?,
        };
        let Passed { sql, repairs, notes: mut remarks } = passed;
        changes.extend(repairs);
        remarks.extend(translated.notes.iter().map(finding));
        let interprets = self.weigh_meaning(&translated.interprets, &changes, &mut remarks)?;
        let kind = match (changes.is_empty(), interprets) {
            (true, _) => "none",
            (false, false) => "keep the meaning",
            (false, true) => "interpret",
        };
        seen.labels.insert("repairs".to_owned(), kind.to_owned());
        let style = [
            lint::code::NEEDLESS_ALIAS,
            lint::code::SELECT_STAR,
            lint::code::GIANT_LIMIT,
            code::WRAPPED_SQL,
            code::DUMP_STATEMENT,
        ];
        let correct =
            changes.iter().all(|c| style.contains(&c.code.as_str())) || self.runs_as_given(&imported.text, bare.sql)?;
        let yes = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
        seen.labels.insert(CORRECT.to_owned(), yes(correct));
        let no_fault = [lint::code::EMPTY_RESULT, code::NOT_LINTED];
        let plain = changes.is_empty() && remarks.iter().all(|n| no_fault.contains(&n.code.as_str()));
        seen.labels.insert(CONFORMS.to_owned(), yes(plain));
        let facts = std::mem::take(seen);
        let mut record = record.clone();
        if imported.source == Source::Schema {
            if translated.schema != parts.schema {
                record.set("schema", translated.schema);
            }
        } else {
            remarks.extend(skipped_rows(&imported));
            changes.extend(set_imported(&mut record, &imported, declared, &translated.schema, &script));
        }
        if changes.is_empty() {
            return Ok(Verdict::Accept { notes: remarks, facts });
        }
        record.set("sql", sql);
        if foreign && record.0.contains_key("dialect") {
            record.set("dialect", Dialect::Postgres.name());
        }
        Ok(Verdict::Repaired { record, changes, notes: remarks, facts })
    }

    /// The statements of a schema, all of which may run.
    fn script(&self, translated: &Translated, imported: &Imported) -> Result<Script, Stop> {
        let text = &translated.schema;
        if text.len() > statement::MAX_BYTES {
            let why =
                format!("the tables and rows have {} bytes, expected at most {}", text.len(), statement::MAX_BYTES);
            return Err(Stop::reject(code::SCHEMA_DOES_NOT_PARSE, why));
        }
        let script = Script::parse(text);
        let Some((at, why)) = execute::refusal_in(text) else { return Ok(script) };
        let place = |position| imported.locate(text, at, position).unwrap_or_else(|| "`schema`".to_owned());
        if let Some(cannot) = &translated.unread {
            return Err(in_neither(cannot, imported));
        }
        // What is no statement of any kind is not forbidden, but wrong.
        let piece = lexer::statements(text, Dialect::Postgres).nth(at).map_or("", |piece| piece.text);
        if !script.unread().is_empty()
            && let Some(error) = self.grammar_fault(piece)?
        {
            let why = format!("{} does not parse as PostgreSQL: {error}", place(error.position));
            return Err(Stop::reject(code::SCHEMA_DOES_NOT_PARSE, why));
        }
        Err(Stop::reject(code::FORBIDDEN, format!("in {}: {why}", place(None))))
    }

    /// What is wrong with the grammar of what the parser has not read of a schema, if anything.
    fn unread_fault(&self, script: &Script, translated: &Translated, imported: &Imported) -> Result<(), Stop> {
        for unread in script.unread() {
            let Some(error) = self.grammar_fault(&unread.text)? else { continue };
            if let Some(cannot) = &translated.unread {
                return Err(in_neither(cannot, imported));
            }
            let mut pieces = lexer::statements(&translated.schema, Dialect::Postgres);
            let at = pieces.position(|piece| piece.text == unread.text).unwrap_or_default();
            let place =
                imported.locate(&translated.schema, at, error.position).unwrap_or_else(|| "`schema`".to_owned());
            let why = format!("{place} does not parse as PostgreSQL: {error}");
            return Err(Stop::reject(code::SCHEMA_DOES_NOT_PARSE, why));
        }
        Ok(())
    }

    /// Judges a statement that the parser reads.
    fn judge_tree(
        &self,
        question: &str,
        catalog: &Catalog,
        texts: &Texts<'_>,
        statement: Statement,
        seen: &mut Facts,
    ) -> Result<Passed, Stop> {
        let sql = &texts.translated.sql;
        let mut resolved = resolve(statement.clone(), Some(catalog));
        *seen = Facts { labels: std::mem::take(&mut seen.labels), ..Facts::default() };
        let found = facts(question, catalog, &statement, &resolved);
        seen.labels.extend(found.labels);
        (seen.measures, seen.keys) = (found.measures, found.keys);
        let aliased = if resolved.needless_aliases.is_empty() { "no" } else { "yes" };
        seen.labels.insert("needless aliases as given".to_owned(), aliased.to_owned());

        let refused = execute::refusal(sql);
        let mut proof = None;
        if !resolved.findings.is_empty() && refused.is_none() {
            // Whether a name means nothing is for PostgreSQL to say.
            let said = self.prove(&texts.translated.schema, sql)?;
            let states = match &said {
                Proof::StatementRefused(Stage::Prepare, error) => Some(refusal_code(error)),
                Proof::StatementRefused(Stage::Run, _) | Proof::Ran(_) => None,
                Proof::SchemaRefused(..) | Proof::Crashed(_) => {
                    self.weigh(&said, texts, true, &mut Vec::new())?;
                    None
                }
            };
            let before = resolved.findings.len();
            resolved.findings.retain(|finding| states == Some(finding.code.as_str()));
            if states.is_none() && before > 0 {
                // The parser took something for a name that is none, so its tree is of no use.
                let why = "the parser and PostgreSQL read it differently".to_owned();
                return self.judge_text(question, catalog, texts, why, seen);
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
        // What runs is what trains: the text as it was given, unless something in it was changed.
        let given = |proof: Option<Proof>| match proof {
            Some(proof) => Ok(proof),
            None => self.prove(&texts.translated.schema, sql),
        };
        let (sql, repairs, proof) = match repaired {
            None => (sql.clone(), Vec::new(), given(proof)?),
            Some(repaired) => {
                let text = repaired.to_string();
                match self.prove(&texts.translated.schema, &text)? {
                    Proof::StatementRefused(..) if self.runs(&texts.translated.schema, sql)? => {
                        // A matter of style is not worth a statement that runs.
                        notes.extend(repairs);
                        (sql.clone(), Vec::new(), given(proof)?)
                    }
                    proof => (text, repairs, proof),
                }
            }
        };
        self.weigh(&proof, texts, matches!(statement, Statement::Query(_)), &mut notes)?;
        Ok(Passed { sql, repairs, notes })
    }

    /// Judges a statement that the parser does not read, or reads wrongly: by its words, and by PostgreSQL.
    fn judge_text(
        &self,
        question: &str,
        catalog: &Catalog,
        texts: &Texts<'_>,
        why: String,
        seen: &mut Facts,
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
        *seen = Facts { labels: std::mem::take(&mut seen.labels), ..Facts::default() };
        let found = facts_of_words(question, catalog, &words);
        seen.labels.extend(found.labels);
        (seen.measures, seen.keys) = (found.measures, found.keys);
        let mut notes = match self.lints.judge_words(question, &words) {
            Outcome::Pass { notes, .. } => notes,
            Outcome::Reject(finding) => return Err(Stop::Reject(finding.code, finding.message)),
        };
        if let Some(why) = execute::refusal(sql) {
            return Err(Stop::reject(code::FORBIDDEN, why));
        }
        let proof = self.prove(&texts.translated.schema, sql)?;
        self.weigh(&proof, texts, words.reads(), &mut notes)?;
        let message =
            format!("lints that look at names, groups and joins were passed over, PostgreSQL takes it: {why}");
        notes.push(Finding { code: code::NOT_LINTED.to_owned(), message });
        Ok(Passed { sql: sql.clone(), repairs: Vec::new(), notes })
    }

    /// What PostgreSQL says against the grammar of one statement, if anything.
    fn grammar_fault(&self, sql: &str) -> Result<Option<SqlError>, Stop> {
        match self.pool.grammar_fault(sql).map_err(Stop::Lost)? {
            None => Ok(None),
            Some(Fault::Syntax(error)) => Ok(Some(error)),
            Some(Fault::Crashed(why)) => Err(Stop::reject(code::CRASHED, format!("the database ended over it: {why}"))),
        }
    }

    fn prove(&self, schema: &str, sql: &str) -> Result<Proof, Stop> {
        self.pool.prove(schema, sql).map_err(Stop::Lost)
    }

    /// Whether PostgreSQL takes the record as it came, in whatever dialect it was written.
    fn runs_as_given(&self, schema: &str, sql: &str) -> Result<bool, Stop> {
        let one = lexer::statements(sql, Dialect::Postgres).count() == 1;
        let refused = [schema, sql].into_iter().any(|text| execute::refusal(text).is_some());
        Ok(one && !refused && self.runs(schema, sql)?)
    }

    fn runs(&self, schema: &str, sql: &str) -> Result<bool, Stop> {
        Ok(matches!(self.prove(schema, sql)?, Proof::Ran(_)))
    }

    /// Repairs that decide what is meant, as a rejection or a note; whether there are any.
    fn weigh_meaning(&self, rules: &[&str], changes: &[Finding], notes: &mut Vec<Finding>) -> Result<bool, Stop> {
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

    /// What the proof says, as a rejection or a note. `reads`: the statement is a query.
    fn weigh(&self, proof: &Proof, texts: &Texts<'_>, reads: bool, notes: &mut Vec<Finding>) -> Result<(), Stop> {
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
            Proof::SchemaRefused(at, error) => Err(schema_refused(*at, error, texts)),
            Proof::StatementRefused(stage, error) => {
                let why = format!("PostgreSQL refuses the statement: {error}");
                // A row that another refers to may be anywhere but in tables that have none.
                let unproved = *stage == Stage::Run && error.sqlstate == FOREIGN_KEY && !has_rows;
                match refusal_code(error) {
                    _ if unproved => Ok(()),
                    code::STATEMENT_FAILS if *stage == Stage::Run => Err(Stop::reject(code::FAILS_ON_DATA, why)),
                    code => Err(Stop::reject(code, why)),
                }
            }
            Proof::Crashed(why) => Err(Stop::reject(code::CRASHED, format!("the database ended over it: {why}"))),
        }
    }
}

/// The state of an error about a row that another row refers to.
const FOREIGN_KEY: &str = "23503";

/// Most statements of a dump that are told one by one.
const MOST_TOLD: usize = 40;

/// The code of rejection for what PostgreSQL refuses.
fn refusal_code(error: &SqlError) -> &'static str {
    use lint::code as lints;
    match error.sqlstate.as_str() {
        "42P01" => lints::UNKNOWN_TABLE,
        "42703" => lints::UNKNOWN_COLUMN,
        "42803" => lints::INCOMPLETE_GROUP_BY,
        "42702" | "42725" | "42P09" | "42712" => code::AMBIGUOUS_NAME,
        "42883" | "42804" | "42846" | "42P08" | "42P18" | "42P38" => code::TYPE_MISMATCH,
        "42601" => code::SQL_DOES_NOT_PARSE,
        "57014" => code::TOO_SLOW,
        // A value that no type holds, such as `CHR(0)`.
        "54000" => code::STATEMENT_FAILS,
        // Disk, memory, stack: PostgreSQL's classes 53 and 54.
        state if state.starts_with("53") || state.starts_with("54") => code::TOO_EXPENSIVE,
        _ => code::STATEMENT_FAILS,
    }
}

/// A statement of the schema, or of its rows, that PostgreSQL refuses.
fn schema_refused(at: usize, error: &SqlError, texts: &Texts<'_>) -> Stop {
    let Texts { translated, imported, .. } = texts;
    let piece = lexer::statements(&translated.schema, Dialect::Postgres).nth(at.saturating_sub(1));
    let place = imported.locate(&translated.schema, at.saturating_sub(1), error.position);
    if error.sqlstate == "42601" {
        if let Some(cannot) = translated.unread.as_ref().filter(|cannot| cannot.code == code::SCHEMA_DOES_NOT_PARSE) {
            return in_neither(cannot, imported);
        }
        let place = place.unwrap_or_else(|| "`schema`".to_owned());
        return Stop::reject(code::SCHEMA_DOES_NOT_PARSE, format!("{place} does not parse as PostgreSQL: {error}"));
    }
    let what = piece.map_or_else(|| format!("statement {at}"), |piece| format!("`{}`", piece.brief()));
    let place = place
        .unwrap_or_else(|| if imported.source == Source::Database { "the database" } else { "`schema`" }.to_owned());
    Stop::reject(code::SCHEMA_FAILS, format!("PostgreSQL refuses {what} in {place}: {error}"))
}

/// A text that is neither PostgreSQL's nor of the dialect that it seemed to be of.
fn in_neither(cannot: &Untranslatable, imported: &Imported) -> Stop {
    match untranslatable(cannot, imported) {
        Stop::Reject(code, why) => Stop::Reject(code, neither(&why, cannot.dialect)),
        lost @ Stop::Lost(_) => lost,
    }
}

fn neither(why: &str, dialect: Dialect) -> String {
    let title = dialect.title();
    why.replacen(&format!("does not parse as {title}"), &format!("parses neither as PostgreSQL nor as {title}"), 1)
}

/// A text that is not of the dialect that it is said to be of: where the fault stands.
fn untranslatable(cannot: &Untranslatable, imported: &Imported) -> Stop {
    let dialect = cannot.dialect;
    let place = || {
        let mut pieces = lexer::statements(&imported.text, dialect).enumerate();
        pieces.find_map(|(at, piece)| {
            let why = dialect::parse_as(piece.text, dialect).err()?;
            let (why, line) = match why.rsplit_once(" at Line: ") {
                Some((why, place)) => (why.to_owned(), place.split(',').next().and_then(|n| n.parse().ok())),
                None => (why, None),
            };
            let place = imported.locate_untranslated(at, line.unwrap_or(1_usize).saturating_sub(1))?;
            Some(format!("{place} does not parse as {}: {why}", dialect.title()))
        })
    };
    let is_schema = cannot.code == code::SCHEMA_DOES_NOT_PARSE;
    let why = is_schema.then(place).flatten().unwrap_or_else(|| cannot.why.clone());
    Stop::reject(cannot.code, why)
}

fn skipped_rows(imported: &Imported) -> Option<Finding> {
    let rows = Some(imported.skipped_rows).filter(|n| *n > 0)?;
    let message = format!("{rows} rows of the database are left behind: the first thousand of a table are enough");
    Some(Finding { code: code::ROWS_LEFT_BEHIND.to_owned(), message })
}

/// Sets the schema that the record's prompt shows, without rows, and its rows apart, where
/// they have changed. Rows of a database file stay there.
fn set_imported(
    record: &mut Record,
    imported: &Imported,
    declared: Option<Dialect>,
    translated: &str,
    script: &Script,
) -> Option<Finding> {
    if imported.source == Source::Inserts {
        if translated != imported.text || !imported.changes.is_empty() {
            record.set("schema", script.text(false));
            record.set(import::INSERTS, script.text(true));
        }
        return None;
    }
    // A schema of the record's own is what its author wants to be shown.
    let own = record.text("schema").and_then(|own| dialect::translate(own, "SELECT 1", declared).ok());
    match own {
        Some(own) => {
            record.set("schema", own.schema);
            None
        }
        None => {
            record.set("schema", script.text(false));
            let message = "the schema is that of the database".to_owned();
            Some(Finding { code: code::CARRIED_OVER.to_owned(), message })
        }
    }
}

/// How a record is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// As its dialect, named or found out, has it.
    AsItIs,
    /// Without the names of databases before tables.
    Unqualified,
    /// With what PostgreSQL refuses in it changed.
    Mended,
}

/// Codes of rejections that `dialect::unqualified` may have an answer to.
const UNQUALIFIABLE: [&str; 2] = [lint::code::UNKNOWN_TABLE, code::STATEMENT_FAILS];

/// Codes of rejections that `dialect::repair` may have an answer to.
const MENDABLE: [&str; 7] = [
    code::SCHEMA_DOES_NOT_PARSE,
    code::SCHEMA_FAILS,
    code::TYPE_MISMATCH,
    code::STATEMENT_FAILS,
    code::FAILS_ON_DATA,
    lint::code::INCOMPLETE_GROUP_BY,
    code::SQL_DOES_NOT_PARSE,
];

/// What a record's tables and rows are, and where they stand.
struct Texts<'a> {
    translated: &'a Translated,
    imported: &'a Imported,
    script: &'a Script,
}

/// A statement that has passed.
struct Passed {
    /// Its text now.
    sql: String,
    /// What was changed.
    repairs: Vec<Finding>,
    /// What was remarked.
    notes: Vec<Finding>,
}

/// A statement: its tree, or why the parser does not read it.
enum Form {
    Tree(Box<Statement>),
    Text(String),
}

/// Why judging ends early.
enum Stop {
    Reject(String, String),
    Lost(std::io::Error),
}

impl Stop {
    fn reject(code: impl Into<String>, why: impl Into<String>) -> Self {
        Stop::Reject(code.into(), why.into())
    }
}

/// The texts of a record.
struct Parts<'r> {
    question: &'r str,
    schema: &'r str,
    sql: &'r str,
}

impl<'r> Parts<'r> {
    fn of(record: &'r Record) -> Result<Self, Stop> {
        let text = |field, code| record.text(field).ok_or_else(|| Stop::reject(code, missing(record, field)));
        Ok(Self {
            question: text("question", code::NO_QUESTION)?,
            // A database file brings its own.
            schema: match record.text(import::DATABASE) {
                Some(_) => record.text("schema").unwrap_or_default(),
                None => text("schema", code::NO_SCHEMA)?,
            },
            sql: text("sql", code::NO_SQL)?,
        })
    }
}

fn one_statement(sql: &str) -> Result<Form, Stop> {
    let empty = || Stop::reject(code::NO_SQL, "`sql` holds no statement, expected one");
    let several = |n: usize| {
        let why = format!("`sql` holds several statements: got {n}, expected 1");
        Stop::reject(lint::code::SEVERAL_STATEMENTS, why)
    };
    match statement::parse_one(sql) {
        Ok(statement) => Ok(Form::Tree(Box::new(statement))),
        Err(NotOne::Empty) => Err(empty()),
        Err(NotOne::Several(n)) => Err(several(n)),
        Err(NotOne::Syntax(why)) => match lexer::statements(sql, Dialect::Postgres).count() {
            0 => Err(empty()),
            1 => Ok(Form::Text(why)),
            n => Err(several(n)),
        },
    }
}

fn missing(record: &Record, field: &str) -> String {
    match record.0.get(field) {
        None => format!("got no field `{field}`, expected text"),
        Some(value) if value.is_string() => format!("`{field}` is blank, expected text"),
        Some(value) if value.is_null() => format!("`{field}` is null, expected text"),
        Some(_) => format!("`{field}` is not text, expected text"),
    }
}
