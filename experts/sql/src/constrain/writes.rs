//! INSERT, UPDATE, DELETE.

use std::sync::Arc;

use super::cursor::{Step, Stop, dead, real_name};
use super::names::{Binding, Clause, Place};
use super::reader::Reader;
use super::resolve::viable;
use super::schema::Columns;
use super::words;
use crate::syntax::lexer::{Kind, Token};

impl Reader<'_> {
    /// A statement that changes rows; returns the columns of RETURNING.
    pub fn write(&mut self, parent: Option<Place>) -> Step<Columns> {
        let level = self.push(parent);
        match self.cursor.take()? {
            token if token.is("insert") => self.insert(level)?,
            token if token.is("update") => self.update(level)?,
            _ => self.delete(level)?,
        }
        let columns = if self.cursor.word("returning")? {
            self.select_list(Self::place(level, Clause::Free))?;
            match self.cursor.peek()? {
                Some(next) if !next.is_symbol(")") && !next.is_symbol(";") => return Err(Stop::Lost),
                _ => self.outputs(level),
            }
        } else {
            Some(Arc::from([]))
        };
        self.levels.pop();
        Ok(columns)
    }

    /// The table that a statement changes, with its alias. `bare`: the alias may stand without AS.
    fn target(&mut self, level: usize, bare: bool) -> Step {
        self.cursor.word("only")?;
        let (namespace, token) = self.table_name(false)?;
        // Only tables can be changed, no common table expression.
        let tables = std::mem::take(&mut self.tables);
        let found = self.table(namespace.as_ref(), &token);
        self.tables = tables;
        let mut binding = found?;
        self.cursor.symbol("*")?;
        let alias = if self.cursor.word("as")? {
            Some(self.cursor.name()?)
        } else {
            let next = self.cursor.peek()?.filter(|next| bare && !next.is("set"));
            let is_name = |kind, text: &str| kind == Kind::Name || kind == Kind::Word && words::is_name(text);
            let alias = next.filter(|next| is_name(next.kind, &next.text.to_ascii_lowercase()));
            if alias.is_some() {
                self.cursor.advance();
            }
            alias
        };
        if let Some(alias) = alias {
            binding.name = Some(real_name(&alias));
            binding.alias = true;
        }
        self.levels[level].bindings.push(binding);
        Ok(())
    }

    /// A column that a statement writes: of the table itself.
    fn written_column(&mut self, level: usize) -> Step {
        let binding = &self.levels[level].bindings[0];
        let known = || binding.known().map(|name| &**name);
        let open = binding.is_open();
        let table = binding.name.as_deref().unwrap_or_default();
        if let Some(tail) = self.cursor.tail()
            && !open
        {
            let common = viable(tail.text, known());
            if common < tail.text.len() {
                return dead(tail.start + common, format!("no column of `{table}` begins with `{}`", tail.text));
            }
        }
        let token = self.cursor.name()?;
        let name = real_name(&token);
        if !open && !known().any(|column| *column == *name) {
            return dead(token.start + viable(token.text, known()), format!("`{table}` has no column `{name}`"));
        }
        // A part of it: `a[1]`, `a.b`.
        while self.cursor.peek()?.is_some_and(|next| next.is_symbol("[") || next.is_symbol(".")) {
            if self.cursor.symbol(".")? {
                self.cursor.name()?;
            } else {
                while !self.cursor.symbol("]")? {
                    self.cursor.take()?;
                }
            }
        }
        Ok(())
    }

    fn written_columns(&mut self, level: usize) -> Step {
        loop {
            self.written_column(level)?;
            if self.cursor.symbol(")")? {
                return Ok(());
            }
            self.cursor.expect_symbol(",")?;
        }
    }

    fn insert(&mut self, level: usize) -> Step {
        self.cursor.expect("into")?;
        self.target(level, false)?;
        self.levels[level].closed = true;
        if self.cursor.at_symbol("(")? {
            match self.cursor.look(1) {
                Err(Stop::End) => {
                    // The column that begins here may be impossible already.
                    self.cursor.advance();
                    let begins = |text: &str| ["select", "with", "table", "values"].iter().any(|w| w.starts_with(text));
                    if self.cursor.tail().is_some_and(|tail| !begins(&tail.text.to_ascii_lowercase())) {
                        self.written_column(level)?;
                    }
                    return Err(Stop::End);
                }
                next => {
                    let next = next?;
                    let query = |token: Token<'_>| {
                        token.is_any(&["select", "with", "table"]) || token.is_symbol("(") || token.is("values")
                    };
                    if !next.is_some_and(query) {
                        self.cursor.advance();
                        self.written_columns(level)?;
                    }
                }
            }
        }
        if self.cursor.word("overriding")? {
            self.cursor.any(&["system", "user"])?;
            self.cursor.expect("value")?;
        }
        if self.cursor.word("default")? {
            self.cursor.expect("values")?;
        } else {
            let around = self.levels[level].parent;
            self.query(around)?;
        }
        if self.cursor.word("on")? {
            self.cursor.expect("conflict")?;
            self.conflict(level)?;
        }
        Ok(())
    }

    fn conflict(&mut self, level: usize) -> Step {
        let place = Self::place(level, Clause::Free);
        if self.cursor.word("on")? {
            self.cursor.expect("constraint")?;
            self.cursor.name()?;
        } else if self.cursor.symbol("(")? {
            loop {
                self.expression(place)?;
                // The name of an operator class.
                while self.cursor.peek()?.is_some_and(|next| next.kind == Kind::Word) {
                    self.cursor.advance();
                }
                if self.cursor.symbol(")")? {
                    break;
                }
                self.cursor.expect_symbol(",")?;
            }
            if self.cursor.word("where")? {
                self.expression(place)?;
            }
        }
        self.cursor.expect("do")?;
        if self.cursor.word("nothing")? {
            return Ok(());
        }
        self.cursor.expect("update")?;
        let excluded = Binding {
            name: Some(Arc::from("excluded")),
            qualified_only: true,
            alias: true,
            ..self.levels[level].bindings[0].clone()
        };
        self.levels[level].bindings.push(excluded);
        self.cursor.expect("set")?;
        self.assignments(level)?;
        if self.cursor.word("where")? {
            self.expression(place)?;
        }
        self.cursor.peek()?;
        self.levels[level].bindings.pop();
        Ok(())
    }

    fn assignments(&mut self, level: usize) -> Step {
        let place = Self::place(level, Clause::Free);
        loop {
            if self.cursor.symbol("(")? {
                self.written_columns(level)?;
            } else {
                self.written_column(level)?;
            }
            self.cursor.expect_symbol("=")?;
            self.expression(place)?;
            if !self.cursor.symbol(",")? {
                return Ok(());
            }
        }
    }

    fn update(&mut self, level: usize) -> Step {
        self.target(level, true)?;
        self.cursor.expect("set")?;
        self.assignments(level)?;
        if self.cursor.word("from")? {
            self.from(level)?;
        }
        self.close_and_filter(level)
    }

    fn delete(&mut self, level: usize) -> Step {
        self.cursor.expect("from")?;
        self.target(level, true)?;
        if self.cursor.word("using")? {
            self.from(level)?;
        }
        self.close_and_filter(level)
    }

    fn close_and_filter(&mut self, level: usize) -> Step {
        self.close_from(level, &["where", "returning"])?;
        if self.cursor.word("where")? {
            if self.cursor.at_word("current")? && self.cursor.look(1)?.is_some_and(|next| next.is("of")) {
                return Err(Stop::Lost);
            }
            self.expression(Self::place(level, Clause::Free))?;
        }
        Ok(())
    }
}
