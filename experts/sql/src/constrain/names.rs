//! The names at one level of a statement (a SELECT, an UPDATE …): what FROM has, what it returns, and which columns it
//! uses. It looks up; whoever asks decides.

use std::sync::Arc;

use super::schema::Columns;

/// An item of FROM.
#[derive(Debug, Clone)]
pub(super) struct Binding {
    /// The name by which the statement refers to it; `None` when it has none.
    pub name: Option<Arc<str>>,
    /// Whether `name` is an alias, so that no PostgreSQL schema may stand before it.
    pub alias: bool,
    /// Its columns.
    pub columns: Columns,
    /// The positions of its primary key's columns.
    pub key: Vec<usize>,
    /// The positions of columns that USING or NATURAL has merged with another's.
    pub merged: Vec<usize>,
    /// Whether it has the columns of the system.
    pub system: bool,
    /// Whether its columns need its name before them.
    pub qualified_only: bool,
}

impl Binding {
    /// One with these columns and nothing else.
    pub fn new(name: Option<Arc<str>>, columns: Columns) -> Self {
        let (key, merged) = (Vec::new(), Vec::new());
        Self { name, alias: true, columns, key, merged, system: false, qualified_only: false }
    }

    /// The names of its columns that are known.
    pub fn known(&self) -> impl Iterator<Item = &Arc<str>> {
        self.columns.iter().flat_map(|columns| columns.iter().flatten())
    }

    /// Whether it may have columns of which nothing is known.
    pub fn is_open(&self) -> bool {
        self.columns.as_ref().is_none_or(|columns| columns.iter().any(Option::is_none))
    }

    /// The positions of the columns of this name, without those that have been merged.
    pub fn positions(&self, name: &str) -> impl Iterator<Item = usize> {
        let columns = self.columns.as_deref().unwrap_or_default().iter().enumerate();
        columns
            .filter(move |(at, column)| column.as_deref() == Some(name) && !self.merged.contains(at))
            .map(|(at, _)| at)
    }

    /// Whether there is a column of this name.
    pub fn has(&self, name: &str) -> bool {
        self.known().any(|column| **column == *name) || (self.system && SYSTEM_COLUMNS.contains(&name))
    }
}

/// Columns that every PostgreSQL table has.
pub(super) const SYSTEM_COLUMNS: [&str; 6] = ["ctid", "tableoid", "xmin", "xmax", "cmin", "cmax"];

/// The part of a statement in which an expression stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Clause {
    /// The select list, or a window.
    Select,
    /// A part whose columns need no group: FROM, WHERE, the arguments of LIMIT.
    Free,
    /// GROUP BY.
    Group,
    /// HAVING.
    Having,
    /// ORDER BY, or DISTINCT ON.
    Order,
}

/// A column that a level uses.
#[derive(Debug, Clone)]
pub(super) struct Use {
    /// The position of its binding.
    pub binding: usize,
    /// Its name.
    pub column: Arc<str>,
    /// Where it is used.
    pub clause: Clause,
    /// The select item in which it is used.
    pub item: Option<usize>,
    /// How many aggregates of the level enclose it.
    pub aggregates: usize,
    /// Where the reference begins.
    pub start: usize,
}

/// A select item.
#[derive(Debug, Clone, Default)]
pub(super) struct Item {
    /// Its name; `None` when it is not known.
    pub name: Option<Arc<str>>,
    /// Whether it is a column and nothing else.
    pub plain: bool,
    /// Whether it is `*` or `t.*`, and of which binding.
    pub star: Option<Option<Arc<str>>>,
}

/// What GROUP BY has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    /// The position of a column's binding.
    pub binding: usize,
    /// The column. Part of a larger expression, it is taken as covered wherever it stands: whether an expression of the
    /// statement equals the key is not compared.
    pub column: Arc<str>,
    /// Whether the key is this column alone.
    pub plain: bool,
}

/// A reference that waits for FROM.
#[derive(Debug, Clone)]
pub(super) struct Reference {
    /// The PostgreSQL schema before the table.
    pub namespace: Option<Arc<str>>,
    /// The table or alias before the column, and where it is written.
    pub qualifier: Option<(Arc<str>, usize)>,
    /// The column, and where it is written; `None` for all of them.
    pub column: Option<(Arc<str>, usize)>,
    /// Where it ends.
    pub end: usize,
    /// Where it stands.
    pub clause: Clause,
    /// The select item in which it stands.
    pub item: Option<usize>,
    /// How many aggregates enclose it.
    pub aggregates: usize,
    /// Whether it may be the name of an output.
    pub output: bool,
}

impl Reference {
    /// Where it begins.
    pub fn start(&self) -> usize {
        let column = self.column.as_ref().map(|(_, at)| *at);
        self.qualifier.as_ref().map(|(_, at)| *at).or(column).unwrap_or(self.end)
    }
}

/// The bindings of a level that an expression sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    /// All, once FROM is complete.
    Whole,
    /// Those at these positions, now.
    Range(usize, usize),
}

/// A SELECT, INSERT, UPDATE or DELETE.
#[derive(Debug)]
pub(super) struct Level {
    /// The level around it and what of it is seen.
    pub parent: Option<Place>,
    /// Its FROM clause.
    pub bindings: Vec<Binding>,
    /// Whether FROM is complete.
    pub closed: bool,
    /// References that wait for FROM.
    pub pending: Vec<Reference>,
    /// Its select list.
    pub items: Vec<Item>,
    /// The columns that it uses.
    pub uses: Vec<Use>,
    /// What it groups by; `None` without GROUP BY.
    pub keys: Option<Vec<Key>>,
    /// Columns that USING or NATURAL has merged.
    pub merged: Vec<Arc<str>>,
    /// Where its first aggregate in the select list, HAVING or ORDER BY stands.
    pub aggregate: Option<usize>,
    /// Whether it is not known which columns must be grouped, or what NATURAL has merged.
    pub unclear: bool,
    /// Whether it is SELECT DISTINCT, whose ORDER BY may have nothing but its outputs.
    pub distinct: bool,
    /// Windows that it uses by name, with where.
    pub windows: Vec<(Arc<str>, usize)>,
}

impl Level {
    /// One below `parent`.
    pub fn new(parent: Option<Place>) -> Self {
        Self {
            parent,
            bindings: Vec::new(),
            closed: false,
            pending: Vec::new(),
            items: Vec::new(),
            uses: Vec::new(),
            keys: None,
            merged: Vec::new(),
            aggregate: None,
            unclear: false,
            distinct: false,
            windows: Vec::new(),
        }
    }

    /// The bindings of a view.
    pub fn seen(&self, view: View) -> &[Binding] {
        match view {
            View::Whole => &self.bindings,
            View::Range(from, to) => self.bindings.get(from..to).unwrap_or_default(),
        }
    }

    /// The first binding of this name in a view, with its position.
    pub fn binding(&self, view: View, namespace: Option<&str>, name: &str) -> Option<usize> {
        let first = match view {
            View::Whole => 0,
            View::Range(from, _) => from,
        };
        let named = |b: &Binding| b.name.as_deref() == Some(name) && (namespace.is_none() || !b.alias);
        self.seen(view).iter().position(named).map(|at| at + first)
    }

    /// Looks a column without a qualifier up.
    pub fn bare(&self, view: View, name: &str) -> Bare {
        let first = match view {
            View::Whole => 0,
            View::Range(from, _) => from,
        };
        let (mut found, mut count, mut open, mut row) = (None, 0, false, false);
        for (at, binding) in self.seen(view).iter().enumerate() {
            row |= binding.name.as_deref() == Some(name);
            if binding.qualified_only {
                continue;
            }
            open |= binding.is_open();
            let here = binding.positions(name).count();
            if here > 0 {
                found = found.or(Some(at + first));
                count += here;
            }
            row |= binding.system && SYSTEM_COLUMNS.contains(&name);
        }
        match found {
            Some(_) if count > 1 && !self.unclear => Bare::Ambiguous,
            Some(binding) => Bare::Found(binding),
            None if open || row => Bare::Unclear,
            None => Bare::Missing,
        }
    }
}

/// The result of looking a bare name up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bare {
    /// The position of the binding that has it.
    Found(usize),
    /// Several have it.
    Ambiguous,
    /// It may be there, or is a row.
    Unclear,
    /// Nothing here has that name.
    Missing,
}

/// A place in a statement: what an expression there sees, and how what it uses counts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// The position of its level.
    pub level: usize,
    /// What it sees of that level.
    pub view: View,
    /// The clause.
    pub clause: Clause,
    /// The select item.
    pub item: Option<usize>,
    /// How many aggregates enclose it.
    pub aggregates: usize,
    /// Whether a name standing alone may be that of an output.
    pub output: bool,
}
