//! Reads the beginning of a statement, clause by clause, with the names in scope at each place. Parts of one reader:
//! `query` (WITH, SELECT, set operations, ORDER BY), `from`, `expression`, `calls`, `writes`; `resolve` says what a name
//! refers to, `groups` whether GROUP BY is complete. What the reader does not know it does not judge.

use std::sync::Arc;

use super::cursor::{Cursor, Step, Stop, dead};
use super::names::{Level, Place, View};
use super::schema::{Columns, Schema};

/// Longest text that is checked, in bytes.
const MAX_BYTES: usize = 1 << 14;

/// Deepest nesting that is checked.
const MAX_DEPTH: usize = 60;

/// How many names of columns may be compared for one text.
const MAX_WORK: usize = 3_000_000;

/// A common table expression in scope.
#[derive(Debug)]
pub(super) struct CommonTable {
    pub name: Arc<str>,
    pub columns: Columns,
}

/// A reader at some place of a text.
pub(super) struct Reader<'t> {
    pub cursor: Cursor<'t>,
    pub schema: &'t Schema,
    /// The levels from the outermost to the one that is being read.
    pub levels: Vec<Level>,
    /// The common table expressions in scope, the nearest last.
    pub tables: Vec<CommonTable>,
    /// How many definitions of WITH RECURSIVE enclose this place: tables may be defined later.
    pub recursive: usize,
    /// The common table expression whose query begins here and whose columns its first branch decides.
    pub defining: Option<usize>,
    /// Tables that must still be defined, and where they are named.
    pub awaited: Vec<(Arc<str>, usize)>,
    depth: usize,
    work: usize,
}

/// Why a text cannot be, or become, a statement that PostgreSQL prepares: from which byte on, and for what reason.
pub(super) fn check(schema: &Schema, text: &str, ended: bool) -> Option<(usize, String)> {
    if text.len() > MAX_BYTES {
        return None;
    }
    let mut reader = Reader::new(schema, text, ended);
    match reader.statement() {
        Err(Stop::Dead { at, why }) => Some((at, why)),
        _ => None,
    }
}

/// The columns that a query returns, as far as they are known.
pub(super) fn outputs(schema: &Schema, query: &str) -> Columns {
    if query.len() > MAX_BYTES {
        return None;
    }
    Reader::new(schema, query, true).query(None).ok().flatten()
}

impl<'t> Reader<'t> {
    fn new(schema: &'t Schema, text: &'t str, ended: bool) -> Self {
        Self {
            cursor: Cursor::new(text, ended),
            schema,
            levels: Vec::new(),
            tables: Vec::new(),
            recursive: 0,
            defining: None,
            awaited: Vec::new(),
            depth: 0,
            work: 0,
        }
    }

    fn statement(&mut self) -> Step {
        self.query(None)?;
        while self.cursor.symbol(";")? {}
        match self.cursor.peek()? {
            None => Ok(()),
            Some(_) => Err(Stop::Lost),
        }
    }

    /// Notes that another level of nesting begins.
    pub fn enter(&mut self) -> Step {
        self.depth += 1;
        if self.depth > MAX_DEPTH { Err(Stop::Lost) } else { Ok(()) }
    }

    /// Notes that it ends.
    pub fn leave(&mut self) {
        self.depth -= 1;
    }

    /// Notes that so many names are to be compared.
    pub fn compare(&mut self, names: usize) -> Step {
        self.work += names;
        if self.work > MAX_WORK { Err(Stop::Lost) } else { Ok(()) }
    }

    /// Begins a level; returns its position.
    pub fn push(&mut self, parent: Option<Place>) -> usize {
        self.levels.push(Level::new(parent));
        self.levels.len() - 1
    }

    /// What an expression of a clause sees of a level.
    pub fn place(level: usize, clause: super::names::Clause) -> Place {
        Place { level, view: View::Whole, clause, item: None, aggregates: 0, output: false }
    }

    /// Refuses names that no definition of WITH RECURSIVE has brought, from position `from` on.
    pub fn settle_awaited(&mut self, from: usize) -> Step {
        if self.recursive > 0 {
            return Ok(());
        }
        for (name, at) in self.awaited.drain(from..) {
            if !self.tables.iter().any(|table| table.name == name) {
                return dead(at, format!("there is no table `{name}`"));
            }
        }
        Ok(())
    }
}
