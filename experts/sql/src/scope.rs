//! Name lookup at one place of a statement: the relations in FROM, their columns, and the canonical name of each. It
//! walks no statement.

/// One item of a FROM clause.
#[derive(Debug, Clone)]
pub struct Binding {
    /// The name by which the statement refers to it, in lower case; `None` when it has none.
    pub name: Option<String>,
    /// Its name in canonical form.
    pub canonical: String,
    /// Its columns; `None` when they are unknown, so that no column may be reported as unknown.
    pub columns: Option<Vec<BoundColumn>>,
    /// Canonical names of its primary key; empty when there is none.
    pub key: Vec<String>,
}

/// A column of a [`Binding`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoundColumn {
    /// The name by which the statement refers to it, in lower case.
    pub name: String,
    /// The name that stands for it in canonical form.
    pub canonical: String,
}

/// The bindings of one SELECT, UPDATE or DELETE.
pub type Scope = Vec<Binding>;

/// The result of looking a column up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// Canonical names of the binding and of the column.
    Found(String, String),
    /// There may be such a column.
    Unclear,
    /// No relation in scope has such a column.
    NoColumn,
    /// No relation has the name before the dot.
    NoTable,
}

/// Columns that every PostgreSQL table has.
const SYSTEM_COLUMNS: [&str; 6] = ["ctid", "oid", "tableoid", "xmin", "xmax", "cmin"];

/// Looks `column` up in `scopes`, of which the innermost is the last. `qualifier`: the name before the dot.
pub fn look_up(scopes: &[Scope], qualifier: Option<&str>, column: &str) -> Lookup {
    match qualifier {
        Some(qualifier) => qualified(scopes, qualifier, column),
        None => bare(scopes, column),
    }
}

fn qualified(scopes: &[Scope], qualifier: &str, column: &str) -> Lookup {
    let bindings = scopes.iter().rev().flatten();
    match bindings.into_iter().find(|b| b.name.as_deref() == Some(qualifier)) {
        Some(binding) => match &binding.columns {
            None => Lookup::Found(binding.canonical.clone(), column.to_owned()),
            Some(_) if SYSTEM_COLUMNS.contains(&column) => Lookup::Unclear,
            Some(columns) => match columns.iter().find(|c| c.name == column) {
                Some(found) => Lookup::Found(binding.canonical.clone(), found.canonical.clone()),
                None => Lookup::NoColumn,
            },
        },
        None => Lookup::NoTable,
    }
}

fn bare(scopes: &[Scope], column: &str) -> Lookup {
    for scope in scopes.iter().rev() {
        for binding in scope {
            let columns = binding.columns.as_deref().unwrap_or_default();
            if let Some(found) = columns.iter().find(|c| c.name == column) {
                return Lookup::Found(binding.canonical.clone(), found.canonical.clone());
            }
        }
        match &scope[..] {
            [only] if only.columns.is_none() => {
                return Lookup::Found(only.canonical.clone(), column.to_owned());
            }
            several if several.iter().any(|b| b.columns.is_none()) => return Lookup::Unclear,
            _ => {}
        }
    }
    let whole_row = scopes.iter().flatten().any(|b| b.name.as_deref() == Some(column));
    if whole_row || SYSTEM_COLUMNS.contains(&column) { Lookup::Unclear } else { Lookup::NoColumn }
}
