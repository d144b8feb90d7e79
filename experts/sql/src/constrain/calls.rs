//! Calls of functions, with what may follow them: FILTER, WITHIN GROUP, OVER; and the definitions of windows.

use super::cursor::{Step, Stop, dead, real_name};
use super::expression::Shape;
use super::names::{Clause, Place, View};
use super::reader::Reader;
use super::resolve::viable;
use super::words;
use crate::syntax::lexer::{Kind, Token};

/// Words between the arguments of functions with a syntax of their own.
const BETWEEN: [&str; 10] =
    ["distinct", "all", "variadic", "from", "for", "placing", "both", "leading", "trailing", "using"];

/// Functions whose arguments have a syntax of their own, which is not read.
const UNREAD: [&str; 9] = [
    "json_array",
    "json_arrayagg",
    "json_exists",
    "json_object",
    "json_objectagg",
    "json_query",
    "json_scalar",
    "json_serialize",
    "json_value",
];

/// How the functions begin whose arguments have names.
const NAMED: [&str; 5] = ["json", "make_", "parse_ident", "random", "regexp_"];

impl<'t> Reader<'t> {
    /// A call; its name has been read.
    pub fn call(&mut self, name: &[Token<'t>], place: Place) -> Step<Shape> {
        let [.., last] = name else { return Err(Stop::Lost) };
        let function = real_name(last);
        let built_in = name.len() == 1 || name[0].is("pg_catalog");
        if built_in && !words::is_function(&function) && !words::is_type(&function) {
            let at = last.start + viable(last.text, words::functions().iter().copied());
            return dead(at, format!("there is no function `{function}` that an answer may call"));
        }
        self.enter()?;
        self.cursor.expect_symbol("(")?;
        let aggregates = built_in && words::is_aggregate(&function);
        let covers = aggregates || &*function == "grouping";
        let inside = Place { output: false, aggregates: place.aggregates + usize::from(covers), ..place };
        let before = (self.levels[place.level].pending.len(), self.levels[place.level].uses.len());
        if UNREAD.contains(&&*function) {
            self.levels[place.level].unclear = true;
            self.cursor.skip_parenthesis()?;
        } else {
            self.arguments(&function, inside)?;
        }
        let within = self.cursor.word("within")?;
        if within {
            self.cursor.expect("group")?;
            self.cursor.expect_symbol("(")?;
            self.cursor.expect("order")?;
            self.cursor.expect("by")?;
            self.sorted(inside)?;
            self.cursor.expect_symbol(")")?;
        }
        if self.cursor.at_word("filter")? && self.cursor.look(1)?.is_some_and(|next| next.is_symbol("(")) {
            self.cursor.advance();
            self.cursor.advance();
            self.cursor.expect("where")?;
            self.expression(inside)?;
            self.cursor.expect_symbol(")")?;
        }
        let over = self.cursor.word("over")?;
        if over {
            if aggregates {
                // It is the window that takes the rows: what stands in it is as if it stood alone.
                let level = &mut self.levels[place.level];
                level.pending[before.0..].iter_mut().for_each(|reference| reference.aggregates -= 1);
                level.uses[before.1..].iter_mut().for_each(|used| used.aggregates -= 1);
            }
            self.over(Place { output: false, ..place })?;
        } else {
            self.cursor.peek()?;
            self.alone(&function, name[0].start, place, within)?;
        }
        self.leave();
        let named = if &*function == "trim" { Shape::default() } else { Shape::named(&function) };
        Ok(named)
    }

    /// Judges a call without OVER: it aggregates, or its function needs a window. `start`: where it begins; `within`:
    /// whether it has WITHIN GROUP.
    fn alone(&mut self, function: &str, start: usize, place: Place, within: bool) -> Step {
        if words::needs_window(function, within) {
            return dead(self.cursor.offset(), format!("`{function}` needs OVER"));
        }
        if !words::is_aggregate(function) || place.aggregates > 0 {
            return Ok(());
        }
        let level = &mut self.levels[place.level];
        match place.clause {
            Clause::Select | Clause::Having | Clause::Order => {
                level.aggregate.get_or_insert(start);
            }
            Clause::Free | Clause::Group => {
                // With columns of a query around this one alone it would be an aggregate of that query.
                if (level.parent.is_none() || !level.unclear) && !UNREAD.contains(&function) {
                    return dead(start, format!("`{function}` aggregates, which is not possible here"));
                }
            }
        }
        Ok(())
    }

    /// Arguments, up to the closing parenthesis.
    fn arguments(&mut self, function: &str, place: Place) -> Step {
        if function == "extract" && self.cursor.look(1)?.is_some_and(|next| next.is("from")) {
            self.cursor.advance();
        }
        loop {
            if self.cursor.symbol(")")? {
                return Ok(());
            }
            if self.cursor.any(&BETWEEN)? || self.cursor.symbol(",")? || self.cursor.symbol("*")? {
                continue;
            }
            if self.cursor.word("order")? {
                self.cursor.expect("by")?;
                self.sorted(place)?;
                continue;
            }
            if function == "normalize" && self.cursor.any(&["nfc", "nfd", "nfkc", "nfkd"])? {
                continue;
            }
            if NAMED.iter().any(|begin| function.starts_with(begin)) {
                // What begins here may be the argument's name: whether it is must be known before it is looked up.
                if self.cursor.tail().is_some_and(|tail| tail.kind == Kind::Word) {
                    return Err(Stop::End);
                }
                if self.cursor.peek()?.is_some_and(|token| token.kind == Kind::Word) {
                    self.cursor.look(1)?;
                }
            }
            if self.is_named()? {
                for _ in 0..3 {
                    self.cursor.advance();
                }
            }
            self.expression(place)?;
        }
    }

    /// Whether an argument with its name begins here: `days => 1`.
    fn is_named(&self) -> Step<bool> {
        if !self.cursor.peek()?.is_some_and(|token| token.kind == Kind::Word) || self.cursor.tail().is_some() {
            return Ok(false);
        }
        // Whether a name is unknown must not wait for what follows it.
        let symbol = |ahead| match self.cursor.look(ahead) {
            Ok(Some(token)) if token.kind == Kind::Symbol => Some(token.text),
            _ => None,
        };
        match symbol(1) {
            Some("=") if self.cursor.look(2).is_err() => Err(Stop::End),
            Some("=") => Ok(symbol(2) == Some(">")),
            Some(":") if self.cursor.look(2).is_err() => Err(Stop::End),
            Some(":") => Ok(symbol(2) == Some("=")),
            _ => Ok(false),
        }
    }

    /// Expressions to sort by, in which no name is that of an output.
    fn sorted(&mut self, place: Place) -> Step {
        loop {
            self.expression(place)?;
            self.direction()?;
            if !self.cursor.symbol(",")? {
                return Ok(());
            }
        }
    }

    /// What follows an expression to sort by.
    pub fn direction(&mut self) -> Step {
        if self.cursor.word("using")? {
            while self.cursor.peek()?.is_some_and(|token| token.kind == Kind::Symbol && !",)".contains(token.text)) {
                self.cursor.advance();
            }
        } else {
            self.cursor.any(&["asc", "desc"])?;
        }
        if self.cursor.word("nulls")? {
            self.cursor.any(&["first", "last"])?;
        }
        Ok(())
    }

    /// The window behind OVER.
    fn over(&mut self, place: Place) -> Step {
        if self.cursor.symbol("(")? {
            return self.window(place);
        }
        let name = self.cursor.name()?;
        if place.view == View::Whole {
            self.levels[place.level].windows.push((real_name(&name), name.start));
        }
        Ok(())
    }

    /// The definition of a window, behind its opening parenthesis.
    pub fn window(&mut self, place: Place) -> Step {
        let begins = ["partition", "order", "range", "rows", "groups"];
        if self.cursor.peek()?.is_some_and(|token| token.kind != Kind::Symbol && !token.is_any(&begins)) {
            let name = self.cursor.name()?;
            self.levels[place.level].windows.push((real_name(&name), name.start));
        }
        if self.cursor.word("partition")? {
            self.cursor.expect("by")?;
            self.expressions(place)?;
        }
        if self.cursor.word("order")? {
            self.cursor.expect("by")?;
            self.sorted(place)?;
        }
        // The frame has no names, but for those in the offsets of odd ones.
        self.cursor.skip_parenthesis()
    }
}
