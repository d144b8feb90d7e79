//! What a name refers to: a column of the nearest level that has it. A reference in a select list waits until FROM is
//! complete, and goes to the level around it if nothing in FROM has it.

use std::sync::Arc;

use super::cursor::{Step, Stop, dead};
use super::names::{Bare, Binding, Clause, Level, Place, Reference, SYSTEM_COLUMNS, Use, View};
use super::reader::Reader;
use super::words;
use crate::syntax::lexer::{Kind, Token};

/// The length in bytes from which a name may have been cut off, at the end of a character.
const LONG: usize = 60;

/// How many bytes of a name as it is written may be the beginning of one of `candidates`; all, if it is one of them.
pub(super) fn viable<'n>(written: &str, candidates: impl Iterator<Item = &'n str>) -> usize {
    let quoted = written.strip_prefix('"');
    let letters = quoted.map_or(written, |rest| rest.strip_suffix('"').unwrap_or(rest));
    let closed = quoted.is_some_and(|rest| rest.ends_with('"'));
    let (mut longest, mut complete) = (0, false);
    for candidate in candidates {
        let doubled;
        let candidate = match quoted {
            Some(_) if candidate.contains('"') => {
                doubled = candidate.replace('"', "\"\"");
                &doubled
            }
            _ => candidate,
        };
        let mut common = 0;
        for (written, known) in letters.chars().zip(candidate.chars()) {
            if quoted.map_or_else(|| written.to_ascii_lowercase(), |_| written) != known {
                break;
            }
            common += written.len_utf8();
        }
        if common == candidate.len() && common >= LONG {
            // PostgreSQL has cut it off, and takes what goes on for the same.
            common = letters.len();
            complete = true;
        }
        // The quote at the end may be the first of two.
        complete |= common == letters.len() && matches!(candidate.as_bytes().get(common), None | Some(b'"'));
        longest = longest.max(common);
    }
    match (longest == letters.len(), closed && !complete) {
        (true, false) => written.len(),
        (true, true) => written.len() - 1,
        (false, _) => longest + usize::from(quoted.is_some()),
    }
}

/// What a look-up at one level says.
enum Look {
    Found(usize),
    Unclear,
    Missing,
}

impl Reader<'_> {
    /// Finds what a reference at a place refers to, or lets it wait.
    pub fn refer(&mut self, reference: Reference, place: Place) -> Step {
        self.resolve(reference, place.level, place.view, None)
    }

    /// Completes the FROM clause of a level; `closing` is where what follows it begins.
    pub fn close(&mut self, level: usize, closing: usize) -> Step {
        self.levels[level].closed = true;
        for reference in std::mem::take(&mut self.levels[level].pending) {
            self.resolve(reference, level, View::Whole, Some(closing))?;
        }
        Ok(())
    }

    fn resolve(&mut self, mut reference: Reference, level: usize, view: View, closing: Option<usize>) -> Step {
        let (first_level, first_view) = (level, view);
        let (mut level, mut view) = (level, view);
        loop {
            if view == View::Whole && !self.levels[level].closed {
                self.levels[level].pending.push(reference);
                return Ok(());
            }
            match self.look_at(&reference, level, view, closing)? {
                Look::Found(binding) => {
                    if let Some((column, _)) = &reference.column {
                        let used = Use {
                            binding,
                            column: Arc::clone(column),
                            clause: reference.clause,
                            item: reference.item,
                            aggregates: reference.aggregates,
                            start: reference.start(),
                        };
                        self.levels[level].uses.push(used);
                    }
                    return Ok(());
                }
                Look::Unclear => return Ok(()),
                Look::Missing => {}
            }
            let here = &mut self.levels[level];
            let Some(around) = here.parent else { break };
            if reference.aggregates > 0 {
                // Which level the aggregate belongs to depends on all that stands in it.
                here.unclear = true;
                self.levels[around.level].unclear = true;
            }
            reference.clause = around.clause;
            reference.item = around.item;
            reference.aggregates += around.aggregates;
            (level, view) = (around.level, around.view);
        }
        self.missing(&reference, first_level, first_view, closing)
    }

    fn look_at(&mut self, reference: &Reference, level: usize, view: View, closing: Option<usize>) -> Step<Look> {
        let width: usize = self.levels[level]
            .seen(view)
            .iter()
            .map(|binding| 1 + binding.columns.as_ref().map_or(0, |columns| columns.len()))
            .sum();
        self.compare(width)?;
        let here = &self.levels[level];
        let Some((qualifier, _)) = &reference.qualifier else {
            let Some((column, _)) = &reference.column else { return Ok(Look::Unclear) };
            let is_output = || reference.output && here.items.iter().any(|item| item.name.as_ref() == Some(column));
            return match here.bare(view, column) {
                // ORDER BY takes an output before a column, GROUP BY a column before an output.
                _ if reference.clause == Clause::Order && is_output() => Ok(Look::Unclear),
                Bare::Found(binding) => Ok(Look::Found(binding)),
                Bare::Missing if !is_output() => Ok(Look::Missing),
                Bare::Unclear | Bare::Missing => Ok(Look::Unclear),
                Bare::Ambiguous => dead(reference.start(), format!("`{column}` is a column of several tables in FROM")),
            };
        };
        let Some(at) = here.binding(view, reference.namespace.as_deref(), qualifier) else { return Ok(Look::Missing) };
        match &reference.column {
            Some((column, _)) if !here.bindings[at].has(column) => {
                if here.bindings[at].is_open() {
                    return Ok(Look::Unclear);
                }
                self.no_column(reference, &here.bindings[at], closing)
            }
            _ => Ok(Look::Found(at)),
        }
    }

    /// Refuses a column that the binding before it does not have. `closing`: where another choice may bring it, if some
    /// table has one of that name.
    fn no_column<T>(&self, reference: &Reference, binding: &Binding, closing: Option<usize>) -> Step<T> {
        let Some((column, start)) = &reference.column else { return Err(Stop::Lost) };
        let name = binding.name.as_deref().unwrap_or_default();
        let why = format!("`{name}` has no column `{column}`");
        match closing {
            Some(closing) if self.schema.has_column(column) => dead(closing, why),
            _ => {
                let written = &self.cursor.text[*start..reference.end];
                dead(start + viable(written, binding.known().map(|name| &**name)), why)
            }
        }
    }

    /// Refuses a reference that nothing in scope has.
    fn missing(&self, reference: &Reference, level: usize, view: View, closing: Option<usize>) -> Step {
        let text = self.cursor.text;
        let (name, start, what) = match (&reference.qualifier, &reference.column) {
            (Some((name, start)), _) => (name, *start, "table"),
            (None, Some((name, start))) => (name, *start, "column"),
            (None, None) => return Err(Stop::Lost),
        };
        let why = format!("there is no {what} `{name}` in FROM");
        if let Some(closing) = closing {
            // Another table could have brought it, but only if there is such a column at all.
            let Some((column, start)) = &reference.column else { return dead(closing, why) };
            let common = || self.tables.iter().map(|table| Binding::new(None, table.columns.clone()));
            if self.schema.has_column(column) || common().any(|table| table.is_open() || table.has(column)) {
                return dead(closing, why);
            }
            let common: Vec<Arc<str>> = common().flat_map(|table| table.known().cloned().collect::<Vec<_>>()).collect();
            let relations = self.schema.relations().iter().filter_map(|relation| relation.columns.as_deref());
            let candidates = relations.flatten().flatten().chain(&common);
            let written = &text[*start..reference.end];
            return dead(start + viable(written, candidates.map(|name| &**name)), why);
        }
        let written = &text[start..];
        let end = written.find(|c: char| c == '.' || c.is_whitespace() || "(),".contains(c)).unwrap_or(written.len());
        let end = if written.starts_with('"') { reference.end.max(start) - start } else { end };
        let place = Place { level, view, ..Self::place(level, Clause::Free) };
        let names = self.names_at(place, what == "column");
        dead(start + viable(&written[..end], names.iter().map(|name| &**name)), why)
    }

    /// The names that an expression at a place may begin with: of tables in FROM and, with `columns`, of columns.
    fn names_at(&self, place: Place, columns: bool) -> Vec<Arc<str>> {
        let mut names = Vec::new();
        let (mut level, mut view) = (place.level, place.view);
        loop {
            for binding in self.levels[level].seen(view) {
                names.extend(binding.name.clone());
                if columns {
                    names.extend(binding.known().cloned());
                }
            }
            match self.levels[level].parent {
                Some(around) => (level, view) = (around.level, around.view),
                None => return names,
            }
        }
    }

    /// Whether everything in scope at a place is known.
    fn is_known(&self, place: Place) -> bool {
        let (mut level, mut view) = (place.level, place.view);
        loop {
            let here = &self.levels[level];
            if (view == View::Whole && !here.closed) || here.seen(view).iter().any(Binding::is_open) {
                return false;
            }
            match here.parent {
                Some(around) => (level, view) = (around.level, around.view),
                None => return true,
            }
        }
    }

    /// Refuses the beginning of a name with which nothing in scope begins. `token` is the last of the text.
    pub fn tail_name(&self, token: &Token<'_>, place: Place) -> Step {
        if !matches!(token.kind, Kind::Word | Kind::Name) && !token.text.starts_with('"') || !self.is_known(place) {
            return Ok(());
        }
        let here = &self.levels[place.level];
        if place.output && here.items.iter().any(|item| item.name.is_none()) {
            return Ok(());
        }
        let mut names = self.names_at(place, true);
        if place.output {
            names.extend(here.items.iter().filter_map(|item| item.name.clone()));
        }
        names.extend(self.schema.namespaces().iter().cloned());
        let system = here.bindings.iter().any(|binding| binding.system);
        let others = SYSTEM_COLUMNS.into_iter().filter(|_| system);
        let common = viable(token.text, names.iter().map(|name| &**name).chain(others));
        let lower = token.text.to_ascii_lowercase();
        if common == token.text.len() || words::begins_any(&lower) || "u&\"".starts_with(&lower) {
            return Ok(());
        }
        if self.schema.types.iter().any(|name| name.starts_with(&lower)) {
            return Ok(());
        }
        dead(token.start + common, format!("no name in scope begins with `{}`", token.text))
    }

    /// Refuses the beginning of a column, or nothing yet, behind the name of a table that does not have it or is not there.
    pub fn tail_column(&self, token: Option<Token<'_>>, reference: &Reference, place: Place) -> Step {
        let Some((qualifier, _)) = &reference.qualifier else { return Ok(()) };
        let (mut level, mut view) = (place.level, place.view);
        loop {
            let here = &self.levels[level];
            if view == View::Whole && !here.closed {
                return Ok(());
            }
            if let Some(at) = here.binding(view, reference.namespace.as_deref(), qualifier) {
                let binding = &here.bindings[at];
                let Some(token) = token.filter(|_| !binding.is_open()) else { return Ok(()) };
                let system = SYSTEM_COLUMNS.into_iter().filter(|_| binding.system);
                let common = viable(token.text, binding.known().map(|name| &**name).chain(system));
                if common == token.text.len() {
                    return Ok(());
                }
                return dead(token.start + common, format!("no column of `{qualifier}` begins with `{}`", token.text));
            }
            match here.parent {
                Some(around) => (level, view) = (around.level, around.view),
                None => break,
            }
        }
        let outer = self.schema.namespaces().contains(qualifier) || matches!(&**qualifier, "pg_catalog" | "u");
        if outer { Ok(()) } else { self.missing(reference, place.level, place.view, None) }
    }

    /// Refuses what waits for columns that a new item of FROM, the last, does not have. `start` is where it gets its name.
    pub fn bound(&mut self, level: usize, start: usize) -> Step {
        self.compare(self.levels[level].pending.len() + self.levels[level].bindings.len())?;
        let here = &self.levels[level];
        let Some(binding) = here.bindings.last() else { return Ok(()) };
        let Some(name) = &binding.name else { return Ok(()) };
        if !binding.is_open() {
            for reference in &here.pending {
                let names = reference.qualifier.as_ref().is_some_and(|(qualifier, _)| qualifier == name);
                let qualifies = names && (reference.namespace.is_none() || !binding.alias);
                if let Some((column, _)) = &reference.column
                    && qualifies
                    && !binding.has(column)
                {
                    return self.no_column(reference, binding, Some(start));
                }
            }
        }
        let others = &here.bindings[..here.bindings.len() - 1];
        let twice = others.iter().any(|other| other.name.as_ref() == Some(name) && (other.alias || binding.alias));
        if twice { dead(start, format!("`{name}` is in FROM already")) } else { Ok(()) }
    }
}

impl Level {
    /// The items of the select list that have this name.
    pub fn outputs_named(&self, name: &str) -> impl Iterator<Item = usize> {
        self.items.iter().enumerate().filter(move |(_, item)| item.name.as_deref() == Some(name)).map(|(at, _)| at)
    }
}
