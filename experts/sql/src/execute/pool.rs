//! A pool of databases, one for each caller, so that several threads can work at the same time.

use std::io;
use std::sync::{Mutex, PoisonError};

use super::database::{Around, Database, PROOF_ROWS, Proof, Settings};
use super::wire::{Ran, SqlError};

/// Why PostgreSQL cannot read a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Its grammar is wrong.
    Syntax(SqlError),
    /// The database crashes over it, every time: why.
    Crashed(String),
}

/// Databases that are open and free.
pub struct Pool {
    settings: Settings,
    free: Mutex<Vec<Database>>,
}

impl Pool {
    /// Opens no database yet.
    pub fn new(settings: Settings) -> Self {
        Self { settings, free: Mutex::default() }
    }

    /// As [`Database::prove`], on a database that is free.
    ///
    /// # Errors
    /// As [`Pool::ask`].
    pub fn prove(&self, schema: &str, sql: &str) -> io::Result<Proof> {
        self.ask(schema, sql, Around::default(), PROOF_ROWS).map(|(proof, _)| proof)
    }

    /// Prepares a statement on a schema without running it; its proof has no rows.
    ///
    /// # Errors
    /// As [`Pool::ask`].
    pub fn prepare(&self, schema: &str, sql: &str) -> io::Result<Proof> {
        let around = Around { only_prepare: true, ..Around::default() };
        self.ask(schema, sql, around, 0).map(|(proof, _)| proof)
    }

    /// As [`Database::ask`]. A session that is lost is tried again on a new database; a record that loses that one too
    /// is to blame.
    ///
    /// # Errors
    /// When no database can be opened.
    pub fn ask(&self, schema: &str, sql: &str, around: Around<'_>, max_rows: u32) -> io::Result<(Proof, Vec<Ran>)> {
        if let Ok(answers) = self.with(|database| database.ask(schema, sql, around, max_rows)) {
            return Ok(answers);
        }
        // A database of its own, so that nothing else can be to blame.
        let mut database = Database::open(&self.settings)?;
        match database.ask(schema, sql, around, max_rows) {
            Ok(answers) => {
                self.free.lock().unwrap_or_else(PoisonError::into_inner).push(database);
                Ok(answers)
            }
            Err(error) => Ok((Proof::Crashed(error.to_string()), Vec::new())),
        }
    }

    /// What is wrong with the grammar of one statement, which is not run.
    ///
    /// # Errors
    /// As [`Pool::ask`].
    pub fn grammar_fault(&self, sql: &str) -> io::Result<Option<Fault>> {
        if let Ok(fault) = self.with(|database| database.grammar_fault(sql)) {
            return Ok(fault.map(Fault::Syntax));
        }
        let mut database = Database::open(&self.settings)?;
        match database.grammar_fault(sql) {
            Ok(fault) => {
                self.free.lock().unwrap_or_else(PoisonError::into_inner).push(database);
                Ok(fault.map(Fault::Syntax))
            }
            Err(error) => Ok(Some(Fault::Crashed(error.to_string()))),
        }
    }

    /// Opens a database now, to find out whether that works.
    ///
    /// # Errors
    /// When it does not.
    pub fn warm_up(&self) -> io::Result<()> {
        self.with(|_| Ok(()))
    }

    fn with<T>(&self, work: impl FnOnce(&mut Database) -> io::Result<T>) -> io::Result<T> {
        let taken = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut database = match taken {
            Some(database) => database,
            None => Database::open(&self.settings)?,
        };
        let done = work(&mut database);
        // A database whose session is lost has opened another, or goes.
        if done.is_ok() {
            self.free.lock().unwrap_or_else(PoisonError::into_inner).push(database);
        }
        done
    }
}
