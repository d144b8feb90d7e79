//! Queries: WITH, SELECT, VALUES, set operations, ORDER BY and what follows it.

use std::sync::Arc;

use super::cursor::{Step, Stop, dead, real_name};
use super::expression::Shape;
use super::names::{Binding, Clause, Item, Place};
use super::reader::{CommonTable, Reader};
use super::resolve::viable;
use super::schema::Columns;
use super::words;
use crate::syntax::lexer::{Kind, Token};

/// Words that may follow FROM.
pub(super) const AFTER_FROM: [&str; 14] = [
    "where",
    "group",
    "having",
    "window",
    "order",
    "limit",
    "offset",
    "fetch",
    "for",
    "union",
    "intersect",
    "except",
    "returning",
    "on",
];

/// Most columns of which a query's outputs are kept: stars over stars multiply them.
const MAX_COLUMNS: usize = 2_000;

/// The columns that a select list or a table returns.
pub(super) fn all(names: Vec<Option<Arc<str>>>) -> Columns {
    Some(names.into())
}

/// Columns whose first names are replaced.
pub(super) fn renamed(columns: Columns, names: &[Arc<str>]) -> Columns {
    if names.is_empty() {
        return columns;
    }
    let columns = columns?;
    let first = names.iter().cloned().map(Some);
    all(first.chain(columns.iter().skip(names.len()).cloned()).collect())
}

impl<'t> Reader<'t> {
    /// A query, or a statement in WITH that changes rows; returns its columns.
    pub fn query(&mut self, parent: Option<Place>) -> Step<Columns> {
        self.enter()?;
        let (tables, defining) = (self.tables.len(), self.defining.take());
        if self.cursor.word("with")? {
            self.with(parent)?;
        }
        self.defining = defining;
        let columns = if self.cursor.at_any(&["insert", "update", "delete"])? {
            self.write(parent)?
        } else {
            self.selection(parent)?
        };
        self.tables.truncate(tables);
        self.leave();
        Ok(columns)
    }

    fn with(&mut self, parent: Option<Place>) -> Step {
        let recursive = self.cursor.word("recursive")?;
        let awaited = self.awaited.len();
        self.recursive += usize::from(recursive);
        loop {
            let name = self.cursor.name()?;
            let name = real_name(&name);
            let names = if self.cursor.symbol("(")? { self.names()? } else { Vec::new() };
            self.cursor.expect("as")?;
            if self.cursor.word("not")? || self.cursor.at_word("materialized")? {
                self.cursor.expect("materialized")?;
            }
            self.cursor.expect_symbol("(")?;
            let columns = (!names.is_empty()).then(|| names.iter().cloned().map(Some).collect());
            if recursive {
                self.defining = columns.is_none().then_some(self.tables.len());
                self.tables.push(CommonTable { name: Arc::clone(&name), columns });
            }
            let at = self.tables.len();
            let found = self.query(parent)?;
            self.cursor.expect_symbol(")")?;
            let mut columns = renamed(found, &names);
            while self.cursor.at_any(&["search", "cycle"])? {
                // They add columns.
                columns = None;
                while !self.cursor.at_any(&["select", "insert", "update", "delete", "values"])?
                    && !self.cursor.at_symbol(",")?
                {
                    self.cursor.take()?;
                }
            }
            if recursive {
                self.tables[at - 1].columns = columns;
            } else {
                self.tables.push(CommonTable { name, columns });
            }
            if !self.cursor.symbol(",")? {
                break;
            }
        }
        self.recursive -= usize::from(recursive);
        self.cursor.peek()?;
        self.settle_awaited(awaited)
    }

    /// Names between commas, up to the closing parenthesis.
    pub fn names(&mut self) -> Step<Vec<Arc<str>>> {
        let mut names = Vec::new();
        loop {
            names.push(real_name(&self.cursor.name()?));
            if self.cursor.symbol(")")? {
                return Ok(names);
            }
            self.cursor.expect_symbol(",")?;
        }
    }

    /// A query behind its WITH.
    fn selection(&mut self, parent: Option<Place>) -> Step<Columns> {
        let defining = self.defining.take();
        let (columns, mut level) = self.term(parent)?;
        let mut combined = false;
        while self.cursor.any(&["union", "intersect", "except"])? {
            combined = true;
            if level.take().is_some() {
                self.levels.pop();
            }
            if let Some(table) = defining.and_then(|at| self.tables.get_mut(at)) {
                table.columns.clone_from(&columns);
            }
            self.cursor.any(&["all", "distinct"])?;
            self.branch(parent)?;
        }
        if self.cursor.word("order")? {
            self.cursor.expect("by")?;
            match level {
                Some(level) => self.order_by(level)?,
                None => self.order_outputs(parent, if combined { columns.clone() } else { None })?,
            }
        }
        if level.is_some() {
            self.levels.pop();
        }
        while self.cursor.at_any(&["limit", "offset", "fetch", "for"])? {
            self.bounds(parent)?;
        }
        Ok(columns)
    }

    /// A further branch of a set operation.
    pub fn branch(&mut self, parent: Option<Place>) -> Step {
        if self.term(parent)?.1.is_some() {
            self.levels.pop();
        }
        Ok(())
    }

    /// A SELECT, VALUES, TABLE or a query in parentheses; returns its columns, and the level of a SELECT, which stays.
    fn term(&mut self, parent: Option<Place>) -> Step<(Columns, Option<usize>)> {
        if self.cursor.symbol("(")? {
            let columns = self.query(parent)?;
            self.cursor.expect_symbol(")")?;
            return Ok((columns, None));
        }
        if self.cursor.word("values")? {
            return Ok((self.rows(parent)?, None));
        }
        if self.cursor.word("table")? {
            let level = self.push(parent);
            self.table_item(level, false)?;
            let columns = self.levels.pop().and_then(|level| level.bindings.into_iter().next()?.columns);
            return Ok((columns, None));
        }
        self.cursor.expect("select")?;
        let level = self.push(parent);
        self.select(level)?;
        Ok((self.outputs(level), Some(level)))
    }

    /// The rows of VALUES.
    fn rows(&mut self, parent: Option<Place>) -> Step<Columns> {
        let level = self.push(parent);
        self.levels[level].closed = true;
        let place = Self::place(level, Clause::Free);
        let width = loop {
            self.cursor.expect_symbol("(")?;
            let mut width = 0;
            loop {
                self.expression(place)?;
                width += 1;
                if !self.cursor.symbol(",")? {
                    break;
                }
            }
            self.cursor.expect_symbol(")")?;
            if !self.cursor.symbol(",")? {
                break width;
            }
        };
        self.levels.pop();
        Ok(all((1..=width).map(|n| Some(Arc::from(format!("column{n}")))).collect()))
    }

    /// A SELECT up to its WINDOW clause.
    fn select(&mut self, level: usize) -> Step {
        let place = Self::place(level, Clause::Select);
        if self.cursor.word("distinct")? {
            if self.cursor.word("on")? {
                self.cursor.expect_symbol("(")?;
                let place = Place { output: true, clause: Clause::Order, ..place };
                self.expressions(place)?;
                self.cursor.expect_symbol(")")?;
            } else {
                self.levels[level].distinct = true;
            }
        } else {
            self.cursor.word("all")?;
        }
        let next = self.cursor.peek()?;
        let ends = |token: &Token<'_>| token.is("from") || token.is_any(&AFTER_FROM) || token.is_symbol(")");
        if next.is_some_and(|next| !ends(&next)) {
            self.select_list(place)?;
        }
        if self.cursor.word("from")? {
            self.from(level)?;
        }
        self.close_from(level, &AFTER_FROM)?;
        if self.cursor.word("where")? {
            self.expression(Place { clause: Clause::Free, ..place })?;
        }
        if self.cursor.word("group")? {
            self.cursor.expect("by")?;
            self.group_by(level)?;
        }
        let closing = self.cursor.offset();
        if self.cursor.word("having")? {
            self.levels[level].keys.get_or_insert_default();
            self.grouped(level, Clause::Select, Some(closing))?;
            self.expression(Place { clause: Clause::Having, ..place })?;
            self.cursor.peek()?;
            self.grouped(level, Clause::Having, None)?;
        }
        self.cursor.peek()?;
        self.grouped(level, Clause::Select, Some(closing))?;
        let mut windows = Vec::new();
        if self.cursor.word("window")? {
            loop {
                windows.push(real_name(&self.cursor.name()?));
                self.cursor.expect("as")?;
                self.cursor.expect_symbol("(")?;
                self.window(place)?;
                if !self.cursor.symbol(",")? {
                    break;
                }
            }
        }
        self.cursor.peek()?;
        let unknown = self.levels[level].windows.iter().find(|(name, _)| !windows.contains(name));
        if let Some((name, at)) = unknown {
            let at = if windows.is_empty() { self.cursor.offset() } else { *at };
            return dead(at, format!("there is no window `{name}`"));
        }
        Ok(())
    }

    /// Completes FROM where a clause that may follow it begins, or the query ends.
    pub fn close_from(&mut self, level: usize, after: &[&str]) -> Step {
        let closes = match self.cursor.peek()? {
            None => true,
            Some(token) => token.is_any(after) || token.is_symbol(")") || token.is_symbol(";"),
        };
        if closes { self.close(level, self.cursor.offset()) } else { Err(Stop::Lost) }
    }

    /// A select list, or that of RETURNING.
    pub fn select_list(&mut self, place: Place) -> Step {
        loop {
            let item = self.levels[place.level].items.len();
            // What an item is, is known when it has been read; a subquery in it may ask for the list.
            self.levels[place.level].items.push(Item::default());
            let read = if self.cursor.symbol("*")? {
                Item { star: Some(None), ..Item::default() }
            } else {
                self.item(Place { item: Some(item), ..place })?
            };
            self.levels[place.level].items[item] = read;
            if !self.cursor.symbol(",")? {
                return Ok(());
            }
        }
    }

    fn item(&mut self, place: Place) -> Step<Item> {
        let shape = self.expression(place)?;
        let mut item = Item { name: shape.name, plain: shape.plain, star: None };
        if let Some(qualifier) = shape.star {
            // Of `(x).*` nothing is known.
            item.star = Some(Some(qualifier.unwrap_or_else(|| Arc::from(""))));
        }
        if self.cursor.word("as")? {
            item.name = Some(real_name(&self.cursor.name()?));
        } else if let Some(token) = self.cursor.peek()? {
            let word = token.text.to_ascii_lowercase();
            if token.kind == Kind::Name || token.kind == Kind::Word && words::is_bare_label(&word) {
                self.cursor.advance();
                item.name = Some(real_name(&token));
            }
        }
        Ok(item)
    }

    /// The columns that a level returns.
    pub fn outputs(&self, level: usize) -> Columns {
        let level = &self.levels[level];
        let mut names: Vec<Option<Arc<str>>> = Vec::new();
        for item in &level.items {
            if names.len() > MAX_COLUMNS {
                return None;
            }
            match &item.star {
                None => names.push(item.name.clone()),
                Some(None) => {
                    if level.unclear && level.bindings.len() > 1 {
                        return None;
                    }
                    let seen = level.bindings.iter().filter(|binding| !binding.qualified_only);
                    for binding in seen {
                        let columns = binding.columns.as_ref()?.iter().enumerate();
                        names.extend(
                            columns.filter(|(at, _)| !binding.merged.contains(at)).map(|(_, name)| name.clone()),
                        );
                    }
                }
                Some(Some(name)) => {
                    let binding = level.bindings.iter().find(|binding| binding.name.as_ref() == Some(name))?;
                    names.extend(binding.columns.as_ref()?.iter().cloned());
                }
            }
        }
        all(names)
    }

    /// ORDER BY of a SELECT.
    fn order_by(&mut self, level: usize) -> Step {
        let outputs = self.outputs(level);
        let before = self.levels[level].aggregate;
        let place = Self::place(level, Clause::Order);
        loop {
            let lone = self.lone_name(place)?;
            let is_output = |name: Arc<str>| {
                outputs.as_ref().is_none_or(|all| all.iter().any(|o| o.as_ref().is_none_or(|o| *o == name)))
            };
            match lone {
                Some((token, tokens)) if is_output(real_name(&token)) => {
                    (0..tokens).for_each(|_| self.cursor.advance())
                }
                _ => {
                    let uses = self.levels[level].uses.len();
                    let shape = self.expression(Place { output: lone.is_none(), ..place })?;
                    self.cursor.peek()?;
                    self.ordered(level, &shape, uses)?;
                }
            }
            self.direction()?;
            if !self.cursor.symbol(",")? {
                break;
            }
        }
        self.cursor.peek()?;
        if before.is_none()
            && let Some(at) = self.levels[level].aggregate
        {
            self.grouped(level, Clause::Select, Some(at))?;
        }
        self.grouped(level, Clause::Order, None)
    }

    /// Refuses a column in ORDER BY that SELECT DISTINCT does not return. `uses`: how many uses came before it.
    fn ordered(&self, level: usize, shape: &Shape, uses: usize) -> Step {
        let here = &self.levels[level];
        let stars = here.items.iter().any(|item| item.star.is_some());
        let [used] = &here.uses[uses.min(here.uses.len())..] else { return Ok(()) };
        if !here.distinct || !shape.plain || stars || here.unclear {
            return Ok(());
        }
        let returned = here.uses.iter().any(|other| {
            let same =
                other.column == used.column && (other.binding == used.binding || here.merged.contains(&used.column));
            same && other.clause == Clause::Select && other.item.is_some_and(|item| here.items[item].plain)
        });
        let why = || format!("SELECT DISTINCT does not return `{}`, by which it is ordered", used.column);
        if returned { Ok(()) } else { dead(used.start, why()) }
    }

    /// ORDER BY of several queries together, or of one in parentheses: by their outputs.
    fn order_outputs(&mut self, parent: Option<Place>, outputs: Columns) -> Step {
        let level = self.push(parent);
        self.levels[level].closed = true;
        self.levels[level].unclear = true;
        self.levels[level].bindings.push(Binding::new(None, None));
        let place = Self::place(level, Clause::Order);
        loop {
            if let Some((token, _)) = self.lone_name(place)?
                && let Some(outputs) = &outputs
                && outputs.iter().all(Option::is_some)
            {
                let name = real_name(&token);
                let mut known = outputs.iter().flatten();
                if !known.any(|output| *output == name) {
                    let common = viable(token.text, outputs.iter().flatten().map(|name| &**name));
                    return dead(token.start + common, format!("`{name}` is no output of the queries"));
                }
            }
            self.expression(place)?;
            self.direction()?;
            if !self.cursor.symbol(",")? {
                break;
            }
        }
        self.levels.pop();
        Ok(())
    }

    /// A name that stands alone as an item of GROUP BY or ORDER BY, in parentheses or not, and how many tokens that is.
    pub fn lone_name(&mut self, place: Place) -> Step<Option<(Token<'t>, usize)>> {
        match self.looked_up_alone() {
            Err(Stop::End) => {
                // What has come so far may be impossible already.
                self.expression(Place { output: true, ..place })?;
                Err(Stop::End)
            }
            other => other,
        }
    }

    fn looked_up_alone(&self) -> Step<Option<(Token<'t>, usize)>> {
        let mut open = 0;
        while self.cursor.look(open)?.is_some_and(|token| token.is_symbol("(")) {
            open += 1;
        }
        let Some(token) = self.cursor.look(open)? else { return Ok(None) };
        let is_name = match token.kind {
            Kind::Name => true,
            Kind::Word => words::is_name(&token.text.to_ascii_lowercase()),
            _ => false,
        };
        if !is_name {
            return Ok(None);
        }
        for ahead in 1..=open {
            if !self.cursor.look(open + ahead)?.is_some_and(|token| token.is_symbol(")")) {
                return Ok(None);
            }
        }
        let ends = match self.cursor.look(2 * open + 1)? {
            None => true,
            Some(next) => {
                next.is_symbol(",")
                    || next.is_symbol(")")
                    || next.is_symbol(";")
                    || next.is_any(&["asc", "desc", "nulls", "using"])
                    || next.is_any(&AFTER_FROM)
            }
        };
        Ok(ends.then_some((token, 2 * open + 1)))
    }

    /// LIMIT, OFFSET, FETCH or FOR.
    fn bounds(&mut self, parent: Option<Place>) -> Step {
        if self.cursor.word("for")? {
            while self.cursor.peek()?.is_some_and(|token| token.kind != Kind::Symbol || token.is_symbol(",")) {
                self.cursor.advance();
            }
            return Ok(());
        }
        let fetches = self.cursor.at_word("fetch")?;
        self.cursor.advance();
        if fetches {
            self.cursor.any(&["first", "next"])?;
        }
        if !self.cursor.any(&["all", "row", "rows"])? {
            let level = self.push(parent);
            self.levels[level].closed = true;
            self.levels[level].bindings.push(Binding::new(None, None));
            self.expression(Self::place(level, Clause::Free))?;
            self.levels.pop();
        }
        while self.cursor.any(&["row", "rows", "only", "with", "ties"])? {}
        Ok(())
    }
}
