//! Whether a record may be trained on: its parts are there, it is brought into PostgreSQL's dialect,
//! nothing in it is forbidden, the lints have looked, and a real PostgreSQL has run it.

use std::sync::Arc;

use hive_sdk::{ExpertError, Facts, Finding, LintLevel, Manifest, Record, Settings as GateSettings, Verdict};
use sqlparser::ast::Statement;

use crate::carry::{self, Carried};
use crate::dialect::{self, Dialect};
use crate::execute::{self, Pool, Proof, SqlError, Stage};
use crate::facts::facts;
use crate::lint::{self, Context, Lints, Outcome};
use crate::resolve::resolve;
use crate::schema::Schema;
use crate::statement::{self, NotOne};

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
    /// The database file that the record names cannot be carried over.
    pub const NO_DATABASE: &str = "no-database";
    /// The schema is that of the database file that the record names.
    pub const CARRIED_OVER: &str = "carried-over";
    /// The database file has more rows than are carried over.
    pub const ROWS_LEFT_BEHIND: &str = "rows-left-behind";
    /// Its dialect is known by a mark that no other has.
    pub const DIALECT_BY_MARK: &str = "dialect-by-mark";
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
                if MENDABLE.contains(&code.as_str())
                    && seen.labels.get("dialect").is_some_and(|d| d == Dialect::Postgres.name())
                {
                    let mut mended = Facts::default();
                    if let Ok(mut verdict) = self.judge(record, Reading::Mended, &mut mended)
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
        let carried = carry::carried(record).map_err(|why| Stop::reject(code::NO_DATABASE, why))?;
        let declared = carried.as_ref().and_then(|c| c.dialect).or(declared);
        let given = carried.as_ref().map_or(parts.schema, |c| c.text.as_str());
        let mut changes = Vec::new();
        let bare = statement::bare(parts.sql);
        if let Some(wrapping) = bare.wrapping {
            let message = format!("took {wrapping} off the SQL, expected the statement alone");
            changes.push(Finding { code: code::WRAPPED_SQL.to_owned(), message });
        }
        let translated = match reading {
            Reading::AsItIs => dialect::translate(given, bare.sql, declared),
            Reading::Mended if declared.is_some() => {
                return Err(Stop::reject(code::STATEMENT_FAILS, "its dialect is certain"));
            }
            Reading::Mended => dialect::mend(given, bare.sql),
        };
        let translated = translated.map_err(|cannot| Stop::reject(cannot.code, cannot.why))?;
        let foreign = !translated.changes.is_empty();
        seen.labels.insert("dialect".to_owned(), translated.dialect.name().to_owned());
        let by = translated.mark.as_ref().map_or("not told", |_| translated.dialect.name());
        seen.labels.insert("dialect by a mark".to_owned(), by.to_owned());
        if let Some(mark) = translated.mark.filter(|_| foreign) {
            let message = format!("read as {}'s, which alone has {mark}", translated.dialect.title());
            changes.push(Finding { code: code::DIALECT_BY_MARK.to_owned(), message });
        }
        let finding = |c: dialect::Change| Finding { code: c.rule.to_owned(), message: c.what };
        let left: Vec<Finding> = translated.notes.into_iter().map(finding).collect();
        changes.extend(translated.changes.into_iter().map(finding));

        let tables = statement::parse_all(&translated.schema).map_err(|why| {
            Stop::reject(code::SCHEMA_DOES_NOT_PARSE, format!("`schema` does not parse as PostgreSQL: {why}"))
        })?;
        if let Some(why) = tables.iter().find_map(execute::refusal) {
            return Err(Stop::reject(code::FORBIDDEN, format!("in `schema`: {why}")));
        }
        let schema = Schema::of(&tables);
        if schema.is_empty() {
            let why = "`schema` has no table: got no CREATE TABLE or CREATE VIEW, expected at least one";
            return Err(Stop::reject(code::SCHEMA_HAS_NO_TABLE, why));
        }
        let statement = one_statement(&translated.sql)?;
        let resolved = resolve(statement.clone(), Some(&schema));
        *seen = Facts { labels: std::mem::take(&mut seen.labels), ..Facts::default() };
        let found = facts(parts.question, &schema, &statement, &resolved);
        seen.labels.extend(found.labels);
        (seen.measures, seen.keys) = (found.measures, found.keys);
        let aliased = if resolved.needless_aliases.is_empty() { "no" } else { "yes" };
        seen.labels.insert("needless aliases as given".to_owned(), aliased.to_owned());

        let context = Context {
            question: parts.question,
            schema: &schema,
            tables: &tables,
            statement: &statement,
            resolved: &resolved,
        };
        let refused = execute::refusal(&statement);
        let outcome = self.lints.judge(&context);
        if let (Some(why), Outcome::Pass { .. }) = (refused, &outcome) {
            return Err(Stop::reject(code::FORBIDDEN, why));
        }
        let (repaired, repairs, mut notes) = match outcome {
            Outcome::Pass { statement, changes, notes } => (statement, changes, notes),
            Outcome::Reject(finding) => return Err(Stop::Reject(finding.code, finding.message)),
        };
        notes.extend(left);
        // What runs is what trains: the text as it was given, unless something in it was changed.
        let mut sql = translated.sql;
        let proof = match repaired {
            None => self.prove(&translated.schema, &sql)?,
            Some(repaired) => {
                let text = repaired.to_string();
                match self.prove(&translated.schema, &text)? {
                    Proof::StatementRefused(..) if self.runs(&translated.schema, &sql)? => {
                        // A matter of style is not worth a statement that runs.
                        notes.extend(repairs);
                        self.prove(&translated.schema, &sql)?
                    }
                    proof => {
                        sql = text;
                        changes.extend(repairs);
                        proof
                    }
                }
            }
        };
        self.weigh(&proof, &tables, &statement, &mut notes)?;
        self.weigh_meaning(&translated.interprets, &changes, &mut notes)?;
        let kind = match (changes.is_empty(), notes.iter().any(|note| note.code == lint::code::INTERPRETED)) {
            (true, _) => "none",
            (false, false) => "keep the meaning",
            (false, true) => "interpret",
        };
        seen.labels.insert("repairs".to_owned(), kind.to_owned());
        let style = [lint::code::NEEDLESS_ALIAS, lint::code::SELECT_STAR, lint::code::GIANT_LIMIT, code::WRAPPED_SQL];
        let correct =
            changes.iter().all(|c| style.contains(&c.code.as_str())) || self.runs_as_given(given, bare.sql)?;
        let yes = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
        seen.labels.insert(CORRECT.to_owned(), yes(correct));
        let plain = changes.is_empty() && notes.iter().all(|n| n.code == lint::code::EMPTY_RESULT);
        seen.labels.insert(CONFORMS.to_owned(), yes(plain));
        let facts = std::mem::take(seen);
        let mut record = record.clone();
        if let Some(carried) = &carried {
            notes.extend(left_behind(carried));
            changes.extend(carry_back(&mut record, carried, declared, &translated.schema, &tables));
        } else if translated.schema != parts.schema {
            record.set("schema", translated.schema);
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

    fn prove(&self, schema: &str, sql: &str) -> Result<Proof, Stop> {
        self.pool.prove(schema, sql).map_err(Stop::Lost)
    }

    /// Whether PostgreSQL takes the record as it came, in whatever dialect it was written.
    fn runs_as_given(&self, schema: &str, sql: &str) -> Result<bool, Stop> {
        let (Ok(tables), Ok(statement)) = (statement::parse_all(schema), statement::parse_one(sql)) else {
            return Ok(false);
        };
        let refused = tables.iter().chain([&statement]).any(|statement| execute::refusal(statement).is_some());
        Ok(!refused && self.runs(schema, sql)?)
    }

    fn runs(&self, schema: &str, sql: &str) -> Result<bool, Stop> {
        Ok(matches!(self.prove(schema, sql)?, Proof::Ran(_)))
    }

    /// Repairs that decide what is meant, as a rejection or a note.
    fn weigh_meaning(&self, rules: &[&str], changes: &[Finding], notes: &mut Vec<Finding>) -> Result<(), Stop> {
        let lints = changes.iter().map(|change| change.code.as_str()).filter(|code| *code == lint::code::GIANT_LIMIT);
        let all: Vec<String> = rules.iter().copied().chain(lints).map(|rule| format!("`{rule}`")).collect();
        if all.is_empty() {
            return Ok(());
        }
        let message = format!("these repairs decide what is meant: {}", all.join(", "));
        match self.lints.level(lint::code::INTERPRETED) {
            LintLevel::Off => {}
            LintLevel::Reject => return Err(Stop::reject(lint::code::INTERPRETED, message)),
            _ => notes.push(Finding { code: lint::code::INTERPRETED.to_owned(), message }),
        }
        Ok(())
    }

    /// What the proof says, as a rejection or a note.
    fn weigh(
        &self,
        proof: &Proof,
        schema: &[Statement],
        statement: &Statement,
        notes: &mut Vec<Finding>,
    ) -> Result<(), Stop> {
        let has_rows = schema.iter().any(|s| matches!(s, Statement::Insert(_)));
        match proof {
            Proof::Ran(ran) => {
                let empty = ran.rows.is_empty() && matches!(statement, Statement::Query(_));
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
            Proof::SchemaRefused(at, error) => {
                let why = format!("PostgreSQL refuses statement {at} of `schema`: {error}");
                Err(Stop::reject(code::SCHEMA_FAILS, why))
            }
            Proof::StatementRefused(stage, error) => self.weigh_refusal(*stage, error, has_rows, notes),
            Proof::Crashed(why) => Err(Stop::reject(code::CRASHED, format!("the database ended over it: {why}"))),
        }
    }

    fn weigh_refusal(
        &self,
        stage: Stage,
        error: &SqlError,
        has_rows: bool,
        notes: &mut Vec<Finding>,
    ) -> Result<(), Stop> {
        use lint::code as lints;
        let why = format!("PostgreSQL refuses the statement: {error}");
        let code = match error.sqlstate.as_str() {
            "42P01" => lints::UNKNOWN_TABLE,
            "42703" | "42704" => lints::UNKNOWN_COLUMN,
            "42803" => lints::INCOMPLETE_GROUP_BY,
            "42702" | "42725" | "42P09" | "42712" => code::AMBIGUOUS_NAME,
            "42883" | "42804" | "42846" | "42P08" | "42P18" | "42P38" => code::TYPE_MISMATCH,
            "42601" => code::SQL_DOES_NOT_PARSE,
            "57014" => code::TOO_SLOW,
            // Disk, memory, stack: PostgreSQL's classes 53 and 54.
            state if state.starts_with("53") || state.starts_with("54") => code::TOO_EXPENSIVE,
            // What depends on rows that another database would have: keys that are taken or absent,
            // a division by what is zero here.
            state if stage == Stage::Run && (state.starts_with("23") || state == "22012" || state == "21000") => {
                // On tables without rows that says nothing.
                if has_rows {
                    notes.push(Finding { code: code::FAILS_ON_DATA.to_owned(), message: why });
                }
                return Ok(());
            }
            _ if stage == Stage::Run => code::FAILS_ON_DATA,
            _ => code::STATEMENT_FAILS,
        };
        Err(Stop::reject(code, why))
    }
}

fn left_behind(carried: &Carried) -> Option<Finding> {
    let rows = Some(carried.left_behind).filter(|n| *n > 0)?;
    let message = format!("{rows} rows of the database are left behind: the first thousand of a table are enough");
    Some(Finding { code: code::ROWS_LEFT_BEHIND.to_owned(), message })
}

/// Sets the schema that the record's prompt shows, without rows, and its rows apart, where
/// translating has changed them. Rows of a database file stay there.
fn carry_back(
    record: &mut Record,
    carried: &Carried,
    declared: Option<Dialect>,
    translated: &str,
    statements: &[Statement],
) -> Option<Finding> {
    let printed = |rows: bool| {
        let some = statements.iter().filter(|s| matches!(s, Statement::Insert(_)) == rows);
        some.map(|statement| format!("{statement};")).collect::<Vec<_>>().join("\n")
    };
    if record.text(carry::DATABASE).is_none() {
        if translated != carried.text {
            record.set("schema", printed(false));
            record.set(carry::INSERTS, printed(true));
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
            record.set("schema", printed(false));
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
    /// With what PostgreSQL refuses in it changed.
    Mended,
}

/// Codes of rejections that `dialect::mend` may have an answer to.
const MENDABLE: [&str; 6] = [
    code::SCHEMA_FAILS,
    code::TYPE_MISMATCH,
    code::STATEMENT_FAILS,
    code::FAILS_ON_DATA,
    lint::code::INCOMPLETE_GROUP_BY,
    code::SQL_DOES_NOT_PARSE,
];

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
            schema: match record.text(carry::DATABASE) {
                Some(_) => record.text("schema").unwrap_or_default(),
                None => text("schema", code::NO_SCHEMA)?,
            },
            sql: text("sql", code::NO_SQL)?,
        })
    }
}

fn one_statement(sql: &str) -> Result<Statement, Stop> {
    statement::parse_one(sql).map_err(|why| match why {
        NotOne::Empty => Stop::reject(code::NO_SQL, "`sql` holds no statement, expected one"),
        NotOne::Syntax(why) => {
            Stop::reject(code::SQL_DOES_NOT_PARSE, format!("`sql` does not parse as PostgreSQL: {why}"))
        }
        NotOne::Several(n) => {
            let why = format!("`sql` holds several statements: got {n}, expected 1");
            Stop::reject(lint::code::SEVERAL_STATEMENTS, why)
        }
    })
}

fn missing(record: &Record, field: &str) -> String {
    match record.0.get(field) {
        None => format!("got no field `{field}`, expected text"),
        Some(value) if value.is_string() => format!("`{field}` is blank, expected text"),
        Some(value) if value.is_null() => format!("`{field}` is null, expected text"),
        Some(_) => format!("`{field}` is not text, expected text"),
    }
}
