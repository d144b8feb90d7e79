//! FROM: tables, derived tables, functions, joins.

use std::sync::Arc;

use super::cursor::{Step, Stop, dead, real_name};
use super::names::{Binding, Clause, Place, View};
use super::query::{all, renamed};
use super::reader::Reader;
use super::resolve::viable;
use super::schema::Columns;
use super::words;
use crate::syntax::lexer::{Kind, Token};

/// Words that begin a join.
const JOINS: [&str; 7] = ["join", "inner", "left", "right", "full", "cross", "natural"];

/// Functions whose rows have one column, named as they are or as their alias is.
const SCALAR: [&str; 6] = [
    "generate_series",
    "generate_subscripts",
    "json_object_keys",
    "jsonb_object_keys",
    "regexp_split_to_table",
    "string_to_table",
];

/// The columns of functions that name them.
const NAMED: [(&str, &[&str]); 8] = [
    ("json_array_elements", &["value"]),
    ("json_array_elements_text", &["value"]),
    ("json_each", &["key", "value"]),
    ("json_each_text", &["key", "value"]),
    ("jsonb_array_elements", &["value"]),
    ("jsonb_array_elements_text", &["value"]),
    ("jsonb_each", &["key", "value"]),
    ("jsonb_each_text", &["key", "value"]),
];

/// An alias of an item of FROM.
#[derive(Debug, Default)]
struct Alias {
    /// The name, and where it is written.
    name: Option<(Arc<str>, usize)>,
    /// The names that it gives columns.
    columns: Vec<Arc<str>>,
    /// Whether it gives the columns types, and thereby all columns that there are.
    typed: bool,
}

impl<'t> Reader<'t> {
    /// The items of FROM, or of USING in DELETE.
    pub fn from(&mut self, level: usize) -> Step {
        loop {
            let first = self.levels[level].bindings.len();
            self.joined(level, first, false)?;
            if !self.cursor.symbol(",")? {
                return Ok(());
            }
        }
    }

    /// An item and what is joined to it. `first`: the position of its first binding. `nested`: in parentheses, so that an
    /// alias behind them may hide the names inside.
    fn joined(&mut self, level: usize, first: usize, nested: bool) -> Step {
        self.enter()?;
        self.factor(level, first, nested)?;
        while self.cursor.at_any(&JOINS)? {
            self.join(level, first, nested)?;
        }
        self.leave();
        Ok(())
    }

    fn join(&mut self, level: usize, first: usize, nested: bool) -> Step {
        let natural = self.cursor.word("natural")?;
        let cross = self.cursor.word("cross")?;
        if !self.cursor.word("inner")? && self.cursor.any(&["left", "right", "full"])? {
            self.cursor.word("outer")?;
        }
        self.cursor.expect("join")?;
        let second = self.levels[level].bindings.len();
        self.factor(level, first, nested)?;
        if cross {
            return Ok(());
        }
        if natural {
            self.merge_common(level, first, second);
            return Ok(());
        }
        // `a JOIN b JOIN c ON … ON …`
        self.enter()?;
        while self.cursor.at_any(&JOINS)? {
            self.join(level, second, nested)?;
        }
        self.leave();
        if self.cursor.word("on")? {
            let last = self.levels[level].bindings.len();
            let place = Place { view: View::Range(first, last), ..Self::place(level, Clause::Free) };
            self.expression(place)?;
            return Ok(());
        }
        self.cursor.expect("using")?;
        self.cursor.expect_symbol("(")?;
        let mut names = Vec::new();
        loop {
            names.push(self.merged_name(level, first, second)?);
            if self.cursor.symbol(")")? {
                break;
            }
            self.cursor.expect_symbol(",")?;
        }
        if self.cursor.word("as")? {
            let alias = real_name(&self.cursor.name()?);
            let columns = all(names.into_iter().map(Some).collect());
            self.levels[level].bindings.push(Binding { qualified_only: true, ..Binding::new(Some(alias), columns) });
        }
        Ok(())
    }

    /// A column of USING, which both sides must have.
    fn merged_name(&mut self, level: usize, first: usize, second: usize) -> Step<Arc<str>> {
        let here = &self.levels[level];
        let known = !here.bindings[first..].iter().any(Binding::is_open);
        let on_both = |name: &Arc<str>| {
            let on = |side: &[Binding]| side.iter().any(|binding| binding.positions(name).next().is_some());
            on(&here.bindings[first..second]) && on(&here.bindings[second..])
        };
        let candidates = || here.bindings[second..].iter().flat_map(Binding::known).filter(|name| on_both(name));
        if let Some(tail) = self.cursor.tail()
            && known
        {
            let common = viable(tail.text, candidates().map(|name| &**name));
            if common < tail.text.len() {
                let why = format!("no column of both tables begins with `{}`", tail.text);
                return dead(tail.start + common, why);
            }
        }
        let token = self.cursor.name()?;
        let name = real_name(&token);
        if known && !on_both(&name) {
            let common = viable(token.text, candidates().map(|name| &**name));
            return dead(token.start + common, format!("`{name}` is not a column of both tables"));
        }
        let left = || self.levels[level].bindings[first..second].iter();
        let twice = left().map(|binding| binding.positions(&name).count()).sum::<usize>() > 1;
        if known && twice && !self.levels[level].unclear {
            return dead(token.start, format!("`{name}` is a column of several tables before the join"));
        }
        self.merge(level, second, &name);
        Ok(name)
    }

    /// Merges the columns of a name: those of the bindings from `second` on no longer count by themselves.
    fn merge(&mut self, level: usize, second: usize, name: &Arc<str>) {
        let here = &mut self.levels[level];
        for binding in &mut here.bindings[second..] {
            let merged: Vec<usize> = binding.positions(name).collect();
            binding.merged.extend(merged);
        }
        here.merged.push(Arc::clone(name));
    }

    /// Merges the columns that both sides of NATURAL JOIN have.
    fn merge_common(&mut self, level: usize, first: usize, second: usize) {
        let here = &mut self.levels[level];
        if here.bindings[first..].iter().any(Binding::is_open) {
            here.unclear = true;
            return;
        }
        let left = &here.bindings[first..second];
        let is_common = |name: &Arc<str>| left.iter().any(|binding| binding.positions(name).next().is_some());
        let common: Vec<Arc<str>> =
            here.bindings[second..].iter().flat_map(Binding::known).filter(|name| is_common(name)).cloned().collect();
        for name in &common {
            self.merge(level, second, name);
        }
    }

    /// One item, without what is joined to it.
    fn factor(&mut self, level: usize, first: usize, nested: bool) -> Step {
        let lateral = self.cursor.word("lateral")?;
        if self.cursor.at_symbol("(")? {
            if self.at_nested_query()? {
                self.cursor.advance();
                return self.derived(level, lateral, nested);
            }
            self.cursor.advance();
            return self.parenthesized(level, first);
        }
        if self.cursor.at_word("rows")? && self.cursor.look(1)?.is_some_and(|next| next.is("from")) {
            self.cursor.advance();
            self.cursor.advance();
            self.cursor.expect_symbol("(")?;
            self.cursor.skip_parenthesis()?;
            return self.rows_of(level, None, nested);
        }
        self.table_item(level, nested)
    }

    /// Whether a derived table begins here, at its opening parenthesis.
    fn at_nested_query(&self) -> Step<bool> {
        let mut ahead = 1;
        while self.cursor.look(ahead)?.is_some_and(|token| token.is_symbol("(")) {
            ahead += 1;
        }
        Ok(self.cursor.look(ahead)?.is_some_and(|token| token.is_any(&["select", "values", "with", "table"])))
    }

    /// `( … )` around joins.
    fn parenthesized(&mut self, level: usize, _first: usize) -> Step {
        let inner = self.levels[level].bindings.len();
        self.joined(level, inner, true)?;
        self.cursor.expect_symbol(")")?;
        let alias = self.alias()?;
        let Some((name, start)) = alias.name else { return Ok(()) };
        let here = &mut self.levels[level];
        let inside: Vec<Binding> = here.bindings.drain(inner..).collect();
        // What USING has merged comes first; which order that gives is left open where columns are renamed.
        let merged = inside.iter().any(|binding| !binding.merged.is_empty());
        let mut names = Some(Vec::new());
        for binding in inside.iter().filter(|binding| !binding.qualified_only) {
            match (&binding.columns, &mut names) {
                (Some(columns), Some(names)) => names.extend(
                    columns.iter().enumerate().filter(|(at, _)| !binding.merged.contains(at)).map(|(_, n)| n.clone()),
                ),
                _ => names = None,
            }
        }
        let columns = names.filter(|_| !merged || alias.columns.is_empty()).and_then(all);
        here.bindings.push(Binding::new(Some(name), renamed(columns, &alias.columns)));
        self.bound(level, start)
    }

    /// A subquery, behind its opening parenthesis.
    fn derived(&mut self, level: usize, lateral: bool, nested: bool) -> Step {
        let place = if lateral {
            let seen = self.levels[level].bindings.len();
            Some(Place { view: View::Range(0, seen), ..Self::place(level, Clause::Free) })
        } else {
            self.levels[level].parent
        };
        let columns = self.query(place)?;
        self.cursor.expect_symbol(")")?;
        let alias = self.alias()?;
        let start = self.cursor.offset();
        let (name, start) = alias.name.map_or((None, start), |(name, start)| (Some(name), start));
        self.levels[level].bindings.push(Binding::new(name, renamed(columns, &alias.columns)));
        if nested { Ok(()) } else { self.bound(level, start) }
    }

    /// A table by name, or a function.
    pub fn table_item(&mut self, level: usize, nested: bool) -> Step {
        let only = self.cursor.word("only")?;
        let enclosed = only && self.cursor.symbol("(")?;
        let (namespace, token) = self.table_name(true)?;
        if enclosed {
            self.cursor.expect_symbol(")")?;
        }
        if !enclosed && self.cursor.at_symbol("(")? {
            return self.function_item(level, &token, nested);
        }
        let mut binding = self.table(namespace.as_ref(), &token)?;
        self.cursor.symbol("*")?;
        let alias = self.alias()?;
        let start = alias.name.as_ref().map_or(token.start, |(_, start)| *start);
        if let Some((name, _)) = alias.name {
            binding.name = Some(name);
            binding.alias = true;
        }
        binding.columns = renamed(binding.columns, &alias.columns);
        self.levels[level].bindings.push(binding);
        if !nested {
            self.bound(level, start)?;
        }
        if self.cursor.word("tablesample")? {
            self.cursor.name()?;
            self.cursor.expect_symbol("(")?;
            self.cursor.skip_parenthesis()?;
            if self.cursor.word("repeatable")? {
                self.cursor.expect_symbol("(")?;
                self.cursor.skip_parenthesis()?;
            }
        }
        Ok(())
    }

    /// The name of a table, with the PostgreSQL schema before it. `calls`: it may be that of a function.
    pub fn table_name(&mut self, calls: bool) -> Step<(Option<Token<'t>>, Token<'t>)> {
        if let Some(tail) = self.cursor.tail() {
            self.tail_table(&tail, None, calls)?;
        }
        let first = self.cursor.name()?;
        if first.kind == Kind::Word && words::is_value(&first.text.to_ascii_lowercase()) {
            return Err(Stop::Lost);
        }
        match self.cursor.peek() {
            Err(Stop::End) => {
                let name = real_name(&first);
                let known = self.schema.namespaces().contains(&name)
                    || is_system(&name)
                    || (calls && words::is_function(&name));
                if !known {
                    self.table(None, &first)?;
                }
                return Err(Stop::End);
            }
            Err(other) => return Err(other),
            Ok(_) => {}
        }
        if !self.cursor.symbol(".")? {
            return Ok((None, first));
        }
        self.known_namespace(&first)?;
        let namespace = real_name(&first);
        if let Some(tail) = self.cursor.tail() {
            self.tail_table(&tail, Some(&namespace), calls)?;
        }
        Ok((Some(first), self.cursor.name()?))
    }

    /// Refuses a PostgreSQL schema that is not there.
    pub fn known_namespace(&self, token: &Token<'t>) -> Step {
        let name = real_name(token);
        if self.schema.incomplete || self.schema.namespaces().contains(&name) || is_system(&name) {
            return Ok(());
        }
        let names = self.schema.namespaces().iter().map(|name| &**name);
        dead(token.start + viable(token.text, names), format!("there is no schema `{name}`"))
    }

    /// Refuses the beginning of a name with which no table begins.
    fn tail_table(&self, token: &Token<'t>, namespace: Option<&str>, calls: bool) -> Step {
        let is_name = matches!(token.kind, Kind::Word | Kind::Name) || token.text.starts_with('"');
        if !is_name || self.schema.incomplete || self.recursive > 0 || namespace.is_some_and(is_system) {
            return Ok(());
        }
        let relations = self.schema.relations().iter().map(|relation| &*relation.name);
        let tables = self.tables.iter().map(|table| &*table.name);
        let namespaces =
            self.schema.namespaces().iter().map(|name| &**name).chain(["pg_catalog", "information_schema"]);
        let bare = namespace.is_none();
        let candidates = relations.chain(tables.filter(|_| bare)).chain(namespaces.filter(|_| bare));
        let common = viable(token.text, candidates);
        let lower = token.text.to_ascii_lowercase();
        let otherwise =
            ["lateral", "only", "rows"].iter().any(|word| word.starts_with(&lower)) || words::begins_value(&lower);
        let function = || words::functions().iter().any(|name| name.starts_with(&lower));
        let system = lower.starts_with("pg_");
        if common == token.text.len() || (calls && bare && (otherwise || function())) || system {
            return Ok(());
        }
        dead(token.start + common, format!("no table begins with `{}`", token.text))
    }

    /// What a table's name binds.
    pub fn table(&mut self, namespace: Option<&Token<'t>>, token: &Token<'t>) -> Step<Binding> {
        let name = real_name(token);
        let namespace = namespace.map(real_name);
        if namespace.is_none()
            && let Some(table) = self.tables.iter().rev().find(|table| table.name == name)
        {
            return Ok(Binding { alias: true, ..Binding::new(Some(name), table.columns.clone()) });
        }
        if let Some(relation) = self.schema.relation(namespace.as_deref(), &name)
            && !namespace.as_deref().is_some_and(is_system)
        {
            return Ok(Binding {
                alias: false,
                key: relation.key.clone(),
                system: relation.table,
                ..Binding::new(Some(name), relation.columns.clone())
            });
        }
        let unknown = Binding { alias: false, ..Binding::new(Some(Arc::clone(&name)), None) };
        if self.schema.incomplete || namespace.as_deref().is_some_and(is_system) || name.starts_with("pg_") {
            return Ok(unknown);
        }
        if self.recursive > 0 && namespace.is_none() {
            self.awaited.push((name, token.start));
            return Ok(unknown);
        }
        let relations = self.schema.relations().iter().map(|relation| &*relation.name);
        let tables = self.tables.iter().map(|table| &*table.name);
        dead(token.start + viable(token.text, relations.chain(tables)), format!("there is no table `{name}`"))
    }

    /// A function as an item; its name has been read.
    fn function_item(&mut self, level: usize, name: &Token<'t>, nested: bool) -> Step {
        let function = real_name(name);
        if matches!(&*function, "json_table" | "xmltable") {
            self.cursor.expect_symbol("(")?;
            self.cursor.skip_parenthesis()?;
            return self.rows_of(level, None, nested);
        }
        let seen = self.levels[level].bindings.len();
        let place = Place { view: View::Range(0, seen), ..Self::place(level, Clause::Free) };
        self.call(std::slice::from_ref(name), place)?;
        self.rows_of(level, Some(function), nested)
    }

    /// What follows a function as an item.
    fn rows_of(&mut self, level: usize, function: Option<Arc<str>>, nested: bool) -> Step {
        let ordinality = self.cursor.at_word("with")?;
        if ordinality {
            self.cursor.advance();
            self.cursor.expect("ordinality")?;
        }
        let alias = self.alias()?;
        let start = alias.name.as_ref().map_or(self.cursor.offset(), |(_, start)| *start);
        let name = alias.name.map(|(name, _)| name).or_else(|| function.clone());
        let mut columns: Columns = None;
        if alias.typed {
            columns = all(alias.columns.iter().cloned().map(Some).collect());
        } else if let Some(function) = &function {
            let named = NAMED.iter().find(|(known, _)| **known == **function);
            let mut names: Option<Vec<Option<Arc<str>>>> =
                named.map(|(_, names)| names.iter().map(|name| Some(Arc::from(*name))).collect());
            if SCALAR.contains(&&**function) {
                names = Some(vec![name.clone()]);
            }
            if let (Some(names), true) = (&mut names, ordinality) {
                names.push(Some(Arc::from("ordinality")));
            }
            columns = renamed(names.and_then(all), &alias.columns);
        }
        self.levels[level].bindings.push(Binding::new(name, columns));
        if nested { Ok(()) } else { self.bound(level, start) }
    }

    /// An alias, if there is one.
    fn alias(&mut self) -> Step<Alias> {
        let mut alias = Alias::default();
        let explicit = self.cursor.word("as")?;
        let Some(token) = self.cursor.peek()? else { return Ok(alias) };
        let bare =
            token.kind == Kind::Name || token.kind == Kind::Word && words::is_name(&token.text.to_ascii_lowercase());
        if bare {
            self.cursor.advance();
            alias.name = Some((real_name(&token), token.start));
        } else if !explicit {
            return Ok(alias);
        }
        if !self.cursor.at_symbol("(")? {
            return Ok(alias);
        }
        self.cursor.advance();
        loop {
            alias.columns.push(real_name(&self.cursor.name()?));
            if !self.cursor.at_symbol(",")? && !self.cursor.at_symbol(")")? {
                self.type_name()?;
                if self.cursor.word("collate")? {
                    self.cursor.name()?;
                }
                alias.typed = true;
            }
            if self.cursor.symbol(")")? {
                return Ok(alias);
            }
            self.cursor.expect_symbol(",")?;
        }
    }
}

/// Whether a PostgreSQL schema is the system's.
fn is_system(namespace: &str) -> bool {
    matches!(namespace, "pg_catalog" | "information_schema")
}
