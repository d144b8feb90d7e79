//! GROUP BY: what it groups by, and whether every column that is used beside aggregates is covered. As in PostgreSQL, a
//! table's primary key covers the table. The rule is that of `crate::grouping`, which needs the tree of a whole
//! statement in canonical form; here it is asked of the columns that a level has used so far.

use super::cursor::{Step, Stop, dead, real_name};
use super::names::{Bare, Clause, Key, Level, Place, Use, View};
use super::reader::Reader;
use crate::syntax::lexer::Kind;

impl Reader<'_> {
    /// The items of GROUP BY.
    pub fn group_by(&mut self, level: usize) -> Step {
        self.levels[level].keys.get_or_insert_default();
        self.cursor.any(&["all", "distinct"])?;
        self.group_items(level)?;
        self.cursor.peek()?;
        Ok(())
    }

    fn group_items(&mut self, level: usize) -> Step {
        self.enter()?;
        loop {
            self.group_item(level)?;
            if !self.cursor.symbol(",")? {
                break;
            }
        }
        self.leave();
        Ok(())
    }

    fn group_item(&mut self, level: usize) -> Step {
        if self.cursor.at_symbol("(")? && self.cursor.look(1)?.is_some_and(|next| next.is_symbol(")")) {
            self.cursor.advance();
            self.cursor.advance();
            return Ok(());
        }
        let sets = self.cursor.at_word("grouping")? && self.cursor.look(1)?.is_some_and(|next| next.is("sets"));
        let lists = self.cursor.at_any(&["rollup", "cube"])? && self.cursor.look(1)?.is_some_and(|n| n.is_symbol("("));
        if sets || lists {
            self.cursor.advance();
            if sets {
                self.cursor.advance();
            }
            self.cursor.expect_symbol("(")?;
            self.group_items(level)?;
            return self.cursor.expect_symbol(")");
        }
        if let Some(position) = self.lone_number()? {
            self.cursor.advance();
            let here = &mut self.levels[level];
            if here.items.iter().any(|item| item.star.is_some()) {
                here.unclear = true;
            } else {
                here.group_by_item(position.wrapping_sub(1));
            }
            return Ok(());
        }
        let place = Place { output: true, ..Self::place(level, Clause::Group) };
        if let Some((token, tokens)) = self.lone_name(place)? {
            let name = real_name(&token);
            let here = &self.levels[level];
            let found = here.bare(View::Whole, &name);
            let item = here.outputs_named(&name).next();
            let unknown = here.items.iter().any(|item| item.star.is_none() && item.name.is_none());
            if let (Bare::Missing | Bare::Unclear, Some(item)) = (found, item) {
                (0..tokens).for_each(|_| self.cursor.advance());
                self.levels[level].group_by_item(item);
                return Ok(());
            }
            if found == Bare::Missing && unknown {
                // It may be the name of an item whose name is not known.
                (0..tokens).for_each(|_| self.cursor.advance());
                self.levels[level].unclear = true;
                return Ok(());
            }
        }
        let before = self.levels[level].uses.len();
        let shape = self.expression(place)?;
        let here = &mut self.levels[level];
        let keys: Vec<Key> = here.uses[before..].iter().map(|used| used.key(shape.plain)).collect();
        here.keys.get_or_insert_default().extend(keys);
        Ok(())
    }

    /// The number that is an item of GROUP BY.
    fn lone_number(&self) -> Step<Option<usize>> {
        let Some(token) = self.cursor.peek()?.filter(|token| token.kind == Kind::Number) else { return Ok(None) };
        let goes_on = self.cursor.look(1)?.is_some_and(|next| next.kind == Kind::Symbol && !",);".contains(next.text));
        Ok(if goes_on { None } else { token.text.parse().ok() })
    }

    /// Refuses a column of a clause that neither GROUP BY nor an aggregate covers. `closing`: where the statement must
    /// be other for it to be covered; `None`: at the column.
    pub fn grouped(&mut self, level: usize, clause: Clause, closing: Option<usize>) -> Step {
        let here = &self.levels[level];
        if here.unclear || (here.keys.is_none() && here.aggregate.is_none()) {
            return Ok(());
        }
        let uses = here.uses.iter().filter(|used| used.clause == clause && used.aggregates == 0);
        let names = here.bindings.iter().map(|binding| binding.columns.as_ref().map_or(0, |columns| columns.len()));
        let width = uses.clone().count() + names.sum::<usize>();
        let keys = here.keys.as_ref().map_or(0, Vec::len);
        self.compare(width.saturating_mul(1 + keys))?;
        let here = &self.levels[level];
        let uses = here.uses.iter().filter(|used| used.clause == clause && used.aggregates == 0);
        for used in uses {
            if !here.covers(used.binding, &used.column) {
                let name = here.bindings[used.binding].name.as_deref().unwrap_or_default();
                let why = format!("`{name}.{}` is neither in GROUP BY nor in an aggregate", used.column);
                return dead(closing.unwrap_or(used.start), why);
            }
        }
        if clause != Clause::Select {
            return Ok(());
        }
        for star in here.items.iter().filter_map(|item| item.star.as_ref()) {
            for (at, binding) in here.bindings.iter().enumerate() {
                if star.as_ref().is_some_and(|name| binding.name.as_ref() != Some(name)) || binding.qualified_only {
                    continue;
                }
                if let Some(column) = binding.known().find(|column| !here.covers(at, column)) {
                    let why = format!("`*` has `{column}`, which is neither in GROUP BY nor in an aggregate");
                    return closing.map_or(Err(Stop::Lost), |at| dead(at, why));
                }
            }
        }
        Ok(())
    }
}

impl Use {
    fn key(&self, plain: bool) -> Key {
        Key { binding: self.binding, column: self.column.clone(), plain }
    }
}

impl Level {
    /// Adds what a select item has to the keys.
    fn group_by_item(&mut self, item: usize) {
        let plain = self.items.get(item).is_some_and(|item| item.plain);
        let uses = self.uses.iter().filter(|used| used.clause == Clause::Select && used.item == Some(item));
        let keys: Vec<Key> = uses.map(|used| used.key(plain)).collect();
        self.keys.get_or_insert_default().extend(keys);
    }

    fn covers(&self, binding: usize, column: &str) -> bool {
        let keys = || self.keys.iter().flatten();
        let same = |key: &Key, at: usize, column: &str| {
            *key.column == *column && (key.binding == at || self.merged.iter().any(|merged| **merged == *column))
        };
        if keys().any(|key| same(key, binding, column)) {
            return true;
        }
        let table = &self.bindings[binding];
        let columns = table.columns.as_deref().unwrap_or_default();
        let grouped = |position: &usize| {
            let name = columns.get(*position).and_then(Option::as_deref).unwrap_or_default();
            keys().any(|key| key.plain && same(key, binding, name))
        };
        // A column whose name is unknown may be any.
        table.is_open() || (!table.key.is_empty() && table.key.iter().all(grouped))
    }
}
