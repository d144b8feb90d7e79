//! One session with a PostgreSQL, and how it judges a schema and a statement. Schemas stay loaded for the next record
//! that has them, each in a namespace of its own, in one transaction that is never committed.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::embedded::Embedded;
use super::server::Server;
use crate::syntax::Dialect;
use crate::syntax::lexer::{self, Kind, Lexer};

use super::wire::{self, Carrier, Ran, SqlError, Stage};

/// Schemas that stay loaded. Each holds locks on its tables, and a session can hold some thousands.
const LOADED: usize = 64;

/// SQLSTATE of an error about a namespace. The message quotes the namespace that a text names, in any language, and
/// quotes none where the search path is empty.
const NO_SCHEMA: &str = "3F000";

/// SQLSTATE of a syntax error.
const SYNTAX: &str = "42601";

/// The class of errors about insufficient resources.
const SHORTAGE: &str = "53";

/// The class of errors about intervention from outside, such as the statement timeout.
const INTERRUPTED: &str = "57";

/// Records after which an embedded database is restarted: the catalogues keep the dead rows of all schemas that were
/// ever loaded, and WebAssembly does not return memory.
const RECORDS: usize = 4_000;

/// Most rows that are fetched to see whether there are any.
pub(super) const PROOF_ROWS: u32 = 100;

/// Where and how to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `postgres://…`; the embedded PostgreSQL unless given.
    pub database_url: Option<String>,
    /// Longest time for one statement, on a server. The embedded PostgreSQL has no clock: there the process is ended
    /// from outside.
    pub statement_timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { database_url: None, statement_timeout: Duration::from_secs(5) }
    }
}

/// PostgreSQL's verdict on a schema and a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// The schema is accepted and the statement runs on it.
    Ran(Ran),
    /// A statement of the schema is refused: which one, from 1.
    SchemaRefused(usize, SqlError),
    /// The statement is refused: when it was prepared, or on the data.
    StatementRefused(Stage, SqlError),
    /// The database crashes over it, every time: why.
    Crashed(String),
}

/// A session.
pub struct Database {
    settings: Settings,
    carrier: Box<dyn Carrier>,
    loaded: Vec<Loaded>,
    /// The schemas that were refused last, each with its statement and why: their records come in series.
    refused: VecDeque<(String, usize, SqlError)>,
    /// The number of the next namespace; names begin with a prefix that is this session's alone.
    next: usize,
    prefix: String,
    records: usize,
}

/// A statement, and what is run around it.
type Asked<'a> = (&'a str, Around<'a>);

/// What is run before and after a statement, all of it rolled back.
#[derive(Debug, Clone, Copy, Default)]
pub struct Around<'a> {
    /// Statements, none of which may fail. They reset sequences, say, which a rollback does not.
    pub before: &'a str,
    /// Queries that are run after the statement.
    pub behind: &'a [String],
    /// The statement is only prepared, and nothing is run.
    pub only_prepare: bool,
}

/// A schema in its namespace.
struct Loaded {
    text: String,
    namespace: String,
}

impl Database {
    /// Starts the embedded PostgreSQL, or connects to the server.
    ///
    /// # Errors
    /// When that fails.
    pub fn open(settings: &Settings) -> io::Result<Self> {
        let carrier = carrier(settings)?;
        let mut database = Self {
            settings: settings.clone(),
            carrier,
            loaded: Vec::new(),
            refused: VecDeque::new(),
            next: 0,
            prefix: prefix(),
            records: 0,
        };
        database.begin_session()?;
        Ok(database)
    }

    /// Runs `schema` and then `sql` on it; nothing of either stays.
    ///
    /// # Errors
    /// When the session is lost. The next call has a new one.
    pub fn prove(&mut self, schema: &str, sql: &str) -> io::Result<Proof> {
        self.ask(schema, sql, Around::default(), PROOF_ROWS).map(|(proof, _)| proof)
    }

    /// The same, with at most `max_rows` rows of each result, and the results of the queries after it: of a table that
    /// the statement has changed, say.
    ///
    /// # Errors
    /// As [`Database::prove`], and when one of these queries fails.
    pub fn ask(&mut self, schema: &str, sql: &str, around: Around<'_>, max_rows: u32) -> io::Result<(Proof, Vec<Ran>)> {
        if self.records >= RECORDS && self.settings.database_url.is_none() {
            self.reopen()?;
        }
        self.records += 1;
        let proof = if shares_namespaces(schema) && shares_namespaces(sql) {
            self.in_namespace(schema, (sql, around), max_rows)
        } else {
            self.alone(schema, (sql, around), max_rows)
        };
        if proof.is_err() {
            // Whatever state the session is in, it is not one to go on with.
            self.reopen()?;
        }
        proof
    }

    /// What is wrong with the grammar of one statement, which is not run, if anything.
    ///
    /// # Errors
    /// When the session is lost.
    pub fn grammar_fault(&mut self, sql: &str) -> io::Result<Option<SqlError>> {
        self.must("SAVEPOINT statement")?;
        let error = wire::parse(&mut *self.carrier, sql)?;
        self.must("ROLLBACK TO statement; RELEASE statement")?;
        Ok(error.filter(|error| error.sqlstate == SYNTAX))
    }

    fn begin_session(&mut self) -> io::Result<()> {
        let timeout = self.settings.statement_timeout.as_millis();
        self.must(&format!(
            "SET statement_timeout = {timeout}; SET lock_timeout = {timeout}; SET client_min_messages = error; \
             SET default_transaction_isolation = 'repeatable read'; SET timezone = 'UTC'; SET datestyle = 'ISO, MDY'; \
             SET standard_conforming_strings = on; SET jit = off; SET max_parallel_workers_per_gather = 0"
        ))?;
        // Only a superuser may limit temporary files; elsewhere that is the server's to do.
        wire::batch(&mut *self.carrier, "SET temp_file_limit = '64MB'")?.ok();
        self.must("BEGIN")
    }

    fn reopen(&mut self) -> io::Result<()> {
        self.prefix = prefix();
        self.loaded.clear();
        self.records = 0;
        self.carrier = carrier(&self.settings)?;
        self.begin_session()
    }

    /// In the schema's own namespace, which is created unless it is there.
    fn in_namespace(&mut self, schema: &str, asked: Asked<'_>, max_rows: u32) -> io::Result<(Proof, Vec<Ran>)> {
        if let Some((_, statement, error)) = self.refused.iter().find(|(text, ..)| text == schema) {
            return Ok((Proof::SchemaRefused(*statement, error.clone()), Vec::new()));
        }
        let found = self.loaded.iter().position(|l| l.text == schema);
        let loaded = match found {
            Some(position) => Ok(position),
            None => match self.load(schema)? {
                // Locks or memory may be short for the others' sake: alone it has no excuse.
                Err((_, error)) if error.sqlstate.starts_with(SHORTAGE) && !self.loaded.is_empty() => {
                    self.forget()?;
                    self.load(schema)?
                }
                loaded => loaded,
            },
        };
        let position = match loaded {
            Ok(position) => position,
            Err((statement, error)) => {
                // A shortage or an interruption may pass.
                if ![SHORTAGE, INTERRUPTED].iter().any(|class| error.sqlstate.starts_with(class)) {
                    self.refused.truncate(LOADED - 1);
                    self.refused.push_front((schema.to_owned(), statement, error.clone()));
                }
                return Ok((Proof::SchemaRefused(statement, error), Vec::new()));
            }
        };
        let path = format!("SET LOCAL search_path = {}; SAVEPOINT statement", self.loaded[position].namespace);
        self.must(&path)?;
        let answers = self.run(asked, max_rows)?;
        self.must("ROLLBACK TO statement; RELEASE statement")?;
        Ok(answers)
    }

    /// Runs the statement on what is loaded, and the queries after it.
    fn run(&mut self, (sql, around): Asked<'_>, max_rows: u32) -> io::Result<(Proof, Vec<Ran>)> {
        if around.only_prepare {
            let prepared = wire::prepare(&mut *self.carrier, sql)?;
            let refused = |error| Proof::StatementRefused(Stage::Prepare, error);
            return Ok((prepared.map_or_else(refused, |()| Proof::Ran(Ran::default())), Vec::new()));
        }
        if !around.before.is_empty() {
            self.must(around.before)?;
        }
        let ran = match wire::run(&mut *self.carrier, sql, max_rows)? {
            Ok(ran) => ran,
            Err((stage, error)) => return Ok((Proof::StatementRefused(stage, error), Vec::new())),
        };
        let behind = around.behind.iter().map(|query| {
            wire::run(&mut *self.carrier, query, max_rows)?
                .map_err(|(_, error)| io::Error::other(format!("`{query}` failed: {error}")))
        });
        let behind = behind.collect::<io::Result<_>>()?;
        Ok((Proof::Ran(ran), behind))
    }

    /// Loads a schema into a new namespace; returns its position in `loaded`, or which of its statements was refused
    /// and why.
    fn load(&mut self, schema: &str) -> io::Result<Result<usize, (usize, SqlError)>> {
        if self.loaded.len() >= LOADED {
            self.forget()?;
        }
        self.next += 1;
        let namespace = format!("{}_{}", self.prefix, self.next);
        // On its own: a text that does not parse does nothing at all, and must find the savepoint.
        self.must(&format!("SAVEPOINT schema; CREATE SCHEMA {namespace}; SET LOCAL search_path = {namespace}"))?;
        match self.load_here(schema)? {
            Ok(_) => {
                self.must("RELEASE schema")?;
                self.loaded.push(Loaded { text: schema.to_owned(), namespace });
                Ok(Ok(self.loaded.len() - 1))
            }
            // Seen once in some ten thousand records: the namespace that was made just now is not found.
            // That says nothing of the schema, but that the session is not one to go on with.
            Err((_, error)) if error.sqlstate == NO_SCHEMA && !error.message.contains(['"', '«', '»', '„', '“']) => {
                Err(io::Error::other(format!("the session has lost its namespace: {error}")))
            }
            Err((done, error)) => {
                self.must("ROLLBACK TO schema; RELEASE schema")?;
                Ok(Err((done + 1, error)))
            }
        }
    }

    /// Runs a schema's statements one by one.
    fn load_here(&mut self, schema: &str) -> io::Result<Result<usize, (usize, SqlError)>> {
        let statements: Vec<&str> = lexer::statements(schema, Dialect::Postgres).map(|piece| piece.text).collect();
        wire::each(&mut *self.carrier, &statements)
    }

    /// In a transaction of its own, in the default namespace: for texts that name namespaces.
    fn alone(&mut self, schema: &str, asked: Asked<'_>, max_rows: u32) -> io::Result<(Proof, Vec<Ran>)> {
        self.forget()?;
        let answers = match self.load_here(schema)? {
            Ok(_) => self.run(asked, max_rows)?,
            Err((done, error)) => (Proof::SchemaRefused(done + 1, error), Vec::new()),
        };
        self.forget()?;
        Ok(answers)
    }

    /// Rolls everything back and begins anew.
    fn forget(&mut self) -> io::Result<()> {
        self.loaded.clear();
        self.must("ROLLBACK; BEGIN")
    }

    fn must(&mut self, sql: &str) -> io::Result<()> {
        let lost = |(_, error): (usize, SqlError)| io::Error::other(format!("`{sql}` failed: {error}"));
        wire::batch(&mut *self.carrier, sql)?.map(drop).map_err(lost)
    }
}

fn carrier(settings: &Settings) -> io::Result<Box<dyn Carrier>> {
    Ok(match &settings.database_url {
        Some(url) => Box::new(Server::open(url, settings.statement_timeout)?),
        None => Box::new(Embedded::open()?),
    })
}

/// The prefix of a session's namespaces. On a server other sessions use the same database, and creating a namespace
/// waits for an uncommitted one of the same name.
fn prefix() -> String {
    static SESSIONS: AtomicUsize = AtomicUsize::new(0);
    let now = std::time::UNIX_EPOCH.elapsed().map_or(0, |time| time.subsec_nanos());
    format!("hive_{:x}_{now:x}_{}", std::process::id(), SESSIONS.fetch_add(1, Ordering::Relaxed))
}

/// Whether a text means the same in any namespace. What stands in quotes is data, and may say anything.
fn shares_namespaces(text: &str) -> bool {
    let mut last = String::new();
    Lexer::new(text, Dialect::Postgres).all(|token| {
        let Some(name) = token.name() else {
            // A text is data, unless it is the name of a table's or a sequence's.
            let named = token.kind == Kind::Text && token.text.trim_start_matches('\'').starts_with("public.");
            let qualifies = named || token.kind == Kind::EscapedName || (token.is_symbol(".") && last == "public");
            return !qualifies;
        };
        let creates = last == "create" && matches!(name.as_str(), "schema" | "type" | "domain" | "extension");
        last = name;
        !creates && last != "search_path" && last != "pg_temp"
    })
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
