//! Expressions, without the precedence of their operators, which decides on no name.

use std::sync::Arc;

use super::cursor::{Step, Stop, real_name};
use super::names::{Place, Reference};
use super::reader::Reader;
use super::words;
use crate::syntax::lexer::{Kind, Token};

/// What an expression is, as far as the name of its output and GROUP BY need it.
#[derive(Debug, Clone, Default)]
pub(super) struct Shape {
    /// The name of its output without AS; `None` when it is not known.
    pub name: Option<Arc<str>>,
    /// Whether a cast around it leaves it that name.
    pub strong: bool,
    /// Whether it is a column and nothing else, or a row of such.
    pub plain: bool,
    /// Whether it is `t.*`, and of what.
    pub star: Option<Option<Arc<str>>>,
}

impl Shape {
    /// Something that has no name.
    pub fn unnamed() -> Self {
        Self { name: Some(Arc::from("?column?")), ..Self::default() }
    }

    /// Something with a name of its own.
    pub fn named(name: &str) -> Self {
        Self { name: Some(Arc::from(name)), strong: true, ..Self::default() }
    }
}

/// The characters of operators.
const OPERATORS: &str = "+-*/<>=~!@#%^&|`?";

impl<'t> Reader<'t> {
    /// An expression.
    pub fn expression(&mut self, place: Place) -> Step<Shape> {
        self.enter()?;
        let mut shape = self.operand(place)?;
        let place = Place { output: false, ..place };
        while let Some(token) = self.cursor.peek()? {
            let more = match token.kind {
                Kind::Symbol => self.after_symbol(token, &mut shape, place)?,
                Kind::Word => self.after_word(token, &mut shape, place)?,
                _ => false,
            };
            if !more {
                break;
            }
        }
        self.leave();
        Ok(shape)
    }

    /// Expressions between commas.
    pub fn expressions(&mut self, place: Place) -> Step {
        loop {
            self.expression(place)?;
            if !self.cursor.symbol(",")? {
                return Ok(());
            }
        }
    }

    /// What a symbol behind an operand brings; whether it belongs to the expression.
    fn after_symbol(&mut self, token: Token<'t>, shape: &mut Shape, place: Place) -> Step<bool> {
        match token.text {
            "[" => {
                self.cursor.advance();
                shape.plain = false;
                while !self.cursor.symbol("]")? {
                    if !self.cursor.symbol(":")? && !self.cursor.symbol(",")? {
                        self.expression(place)?;
                    }
                }
            }
            ":" => {
                if !self.cursor.look(1)?.is_some_and(|next| next.is_symbol(":")) {
                    return Ok(false);
                }
                self.cursor.advance();
                self.cursor.advance();
                self.type_name()?;
                shape.plain = false;
                if !shape.strong {
                    shape.name = None;
                }
            }
            "." => {
                self.cursor.advance();
                shape.plain = false;
                if self.cursor.symbol("*")? {
                    shape.star = Some(None);
                } else {
                    let field = self.cursor.name()?;
                    shape.name = Some(real_name(&field));
                    shape.strong = true;
                }
            }
            symbol if OPERATORS.contains(symbol) => {
                while self.cursor.peek()?.is_some_and(|next| next.kind == Kind::Symbol && OPERATORS.contains(next.text))
                {
                    self.cursor.advance();
                }
                self.operand(place)?;
                *shape = Shape::unnamed();
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The same for a word.
    fn after_word(&mut self, token: Token<'t>, shape: &mut Shape, place: Place) -> Step<bool> {
        let word = token.text.to_ascii_lowercase();
        match word.as_str() {
            "and" | "or" | "overlaps" | "escape" | "in" | "like" | "ilike" => {
                self.cursor.advance();
                self.operand(place)?;
            }
            "similar" => {
                self.cursor.advance();
                self.cursor.word("to")?;
                self.operand(place)?;
            }
            "between" => {
                self.cursor.advance();
                self.cursor.any(&["symmetric", "asymmetric"])?;
                self.operand(place)?;
            }
            "not" | "isnull" | "notnull" => self.cursor.advance(),
            "is" => {
                self.cursor.advance();
                self.cursor.word("not")?;
                if self.cursor.word("distinct")? {
                    self.cursor.expect("from")?;
                    self.operand(place)?;
                } else if self.cursor.word("json")? {
                    self.cursor.any(&["value", "array", "object", "scalar"])?;
                    while self.cursor.any(&["with", "without", "unique", "keys"])? {}
                } else {
                    self.cursor.any(&["nfc", "nfd", "nfkc", "nfkd"])?;
                    if !self.cursor.any(&["null", "true", "false", "unknown", "document", "normalized"])? {
                        return Err(Stop::Lost);
                    }
                }
            }
            "at" => {
                self.cursor.advance();
                if !self.cursor.word("local")? {
                    self.cursor.expect("time")?;
                    self.cursor.expect("zone")?;
                    self.operand(place)?;
                }
                *shape = Shape::named("timezone");
                return Ok(true);
            }
            "collate" => {
                self.cursor.advance();
                let name = self.cursor.name()?;
                if name.kind == Kind::Word && words::is_reserved(&name.text.to_ascii_lowercase()) {
                    return Err(Stop::Lost);
                }
                while self.cursor.symbol(".")? {
                    self.cursor.name()?;
                }
                shape.plain = false;
                return Ok(true);
            }
            "operator" if self.cursor.look(1)?.is_some_and(|next| next.is_symbol("(")) => {
                self.cursor.advance();
                self.cursor.advance();
                self.cursor.skip_parenthesis()?;
                self.operand(place)?;
            }
            _ => return Ok(false),
        }
        *shape = Shape::unnamed();
        Ok(true)
    }

    fn operand(&mut self, place: Place) -> Step<Shape> {
        if let Some(tail) = self.cursor.tail() {
            self.tail_name(&tail, place)?;
        }
        let token = self.cursor.peek()?.ok_or(Stop::Lost)?;
        match token.kind {
            Kind::Text | Kind::Number => {
                self.cursor.advance();
                if self.cursor.word("uescape")? {
                    self.cursor.advance();
                }
                Ok(Shape::unnamed())
            }
            Kind::Symbol if token.text == "(" => {
                self.cursor.advance();
                self.parenthesis(place)
            }
            Kind::Symbol if token.text == "$" => {
                self.cursor.advance();
                self.cursor.advance();
                Ok(Shape::unnamed())
            }
            Kind::Symbol if token.text != "*" && OPERATORS.contains(token.text) => {
                self.prefix(place)?;
                Ok(Shape::unnamed())
            }
            Kind::Name => self.reference(place),
            Kind::Word => self.word_operand(token, place),
            _ => Err(Stop::Lost),
        }
    }

    /// The operand behind a prefix operator.
    fn prefix(&mut self, place: Place) -> Step {
        self.cursor.advance();
        self.enter()?;
        self.operand(Place { output: false, ..place })?;
        self.leave();
        Ok(())
    }

    fn word_operand(&mut self, token: Token<'t>, place: Place) -> Step<Shape> {
        let word = token.text.to_ascii_lowercase();
        let here = place;
        let place = Place { output: false, ..place };
        match word.as_str() {
            "not" => {
                self.prefix(place)?;
                Ok(Shape::unnamed())
            }
            "case" => self.case(place),
            "cast" | "treat" if self.cursor.look(1)?.is_some_and(|next| next.is_symbol("(")) => {
                self.cursor.advance();
                self.cursor.advance();
                let mut shape = self.expression(place)?;
                self.cursor.expect("as")?;
                self.type_name()?;
                self.cursor.expect_symbol(")")?;
                shape.plain = false;
                if !shape.strong {
                    shape.name = None;
                }
                Ok(shape)
            }
            "exists" if self.cursor.look(1)?.is_some_and(|next| next.is_symbol("(")) => {
                self.cursor.advance();
                self.cursor.advance();
                self.subquery(place)?;
                Ok(Shape::named("exists"))
            }
            "any" | "some" | "all" | "row" if self.cursor.look(1)?.is_some_and(|next| next.is_symbol("(")) => {
                self.cursor.advance();
                self.cursor.advance();
                if word == "row" && self.cursor.symbol(")")? {
                    return Ok(Shape::named("row"));
                }
                self.parenthesis(place)?;
                Ok(if word == "row" { Shape::named("row") } else { Shape::unnamed() })
            }
            "array" => {
                self.cursor.advance();
                if self.cursor.symbol("(")? {
                    self.subquery(place)?;
                } else {
                    self.cursor.expect_symbol("[")?;
                    self.array(place)?;
                }
                Ok(Shape::named("array"))
            }
            value if words::is_value(value) => {
                self.cursor.advance();
                if self.cursor.symbol("(")? {
                    self.cursor.skip_parenthesis()?;
                }
                // `null` and the like have no name, `true` that of its type.
                Ok(Shape { name: None, ..Shape::unnamed() })
            }
            // These two begin no expression, but a function's name.
            "left" | "right" => self.reference(here),
            word if words::is_reserved(word) => Err(Stop::Lost),
            _ => self.reference(here),
        }
    }

    /// The rest of `ARRAY[`.
    fn array(&mut self, place: Place) -> Step {
        self.enter()?;
        while !self.cursor.symbol("]")? {
            if self.cursor.symbol("[")? {
                self.array(place)?;
            } else if !self.cursor.symbol(",")? {
                self.expression(place)?;
            }
        }
        self.leave();
        Ok(())
    }

    fn case(&mut self, place: Place) -> Step<Shape> {
        self.cursor.expect("case")?;
        if !self.cursor.at_word("when")? {
            self.expression(place)?;
        }
        let mut last = Shape::default();
        while !self.cursor.word("end")? {
            let is_else = self.cursor.at_word("else")?;
            if !self.cursor.any(&["when", "then", "else"])? {
                return Err(Stop::Lost);
            }
            let shape = self.expression(place)?;
            if is_else {
                last = shape;
            }
        }
        let name = if last.strong { last.name } else { Some(Arc::from("case")) };
        Ok(Shape { name, strong: last.strong, ..Shape::default() })
    }

    /// What follows an opening parenthesis: a subquery, an expression or a row of them.
    fn parenthesis(&mut self, place: Place) -> Step<Shape> {
        if self.at_query()? {
            return self.subquery(place);
        }
        let mut shape = self.expression(place)?;
        while self.cursor.any(&["union", "intersect", "except"])? {
            // The parenthesis before was the first branch of a query.
            self.cursor.any(&["all", "distinct"])?;
            self.branch(Some(place))?;
            shape = Shape::default();
        }
        while self.cursor.symbol(",")? {
            let next = self.expression(place)?;
            shape = Shape { plain: shape.plain && next.plain, ..Shape::named("row") };
        }
        self.cursor.expect_symbol(")")?;
        Ok(shape)
    }

    /// Whether a query begins here, behind an opening parenthesis.
    pub fn at_query(&self) -> Step<bool> {
        if self.cursor.at_word("values")? {
            return Ok(self.cursor.look(1)?.is_some_and(|next| next.is_symbol("(")));
        }
        self.cursor.at_any(&["select", "with", "table"])
    }

    /// A query in an expression, up to the parenthesis that closes it.
    pub fn subquery(&mut self, place: Place) -> Step<Shape> {
        let columns = self.query(Some(place))?;
        self.cursor.expect_symbol(")")?;
        let first = columns.and_then(|columns| columns.first().cloned().flatten());
        Ok(Shape { name: first, strong: true, ..Shape::default() })
    }

    /// A name: a column, a function's call, or the type before a text.
    fn reference(&mut self, place: Place) -> Step<Shape> {
        let first = self.cursor.take()?;
        let mut parts: Vec<Token<'t>> = vec![first];
        let mut star = false;
        loop {
            match self.cursor.peek() {
                Err(Stop::End) => {
                    self.unfinished(&parts, place)?;
                    return Err(Stop::End);
                }
                Err(other) => return Err(other),
                Ok(Some(next)) if next.is_symbol(".") => {
                    self.cursor.advance();
                    if matches!(self.cursor.peek(), Err(Stop::End)) && parts.len() < 3 {
                        if parts.len() == 2 {
                            self.known_namespace(&parts[0])?;
                        }
                        self.tail_column(self.cursor.tail(), &reference_to(&parts, None, place), place)?;
                    }
                    if self.cursor.symbol("*")? {
                        star = true;
                        break;
                    }
                    parts.push(self.cursor.name()?);
                }
                Ok(_) => break,
            }
        }
        let next = self.cursor.peek()?;
        if next.is_some_and(|next| next.is_symbol("(")) && !star {
            let shape = self.call(&parts, place)?;
            // `numeric(3) '1'`
            if self.cursor.peek()?.is_some_and(|next| next.kind == Kind::Text) {
                self.cursor.advance();
            }
            return Ok(shape);
        }
        if let [only] = &parts[..]
            && only.kind == Kind::Word
            && self.typed_text(only)?
        {
            return Ok(Shape::default());
        }
        if parts.len() + usize::from(star) > 3 {
            return Err(Stop::Lost);
        }
        if parts.len() + usize::from(star) == 3 {
            self.known_namespace(&parts[0])?;
        }
        let last = *parts.last().ok_or(Stop::Lost)?;
        if star {
            let mut reference = reference_to(&parts, None, place);
            reference.end = last.end();
            let qualifier = reference.qualifier.clone().map(|(name, _)| name);
            self.refer(reference, place)?;
            return Ok(Shape { star: Some(qualifier), ..Shape::default() });
        }
        let reference = reference_to(&parts[..parts.len() - 1], Some(last), place);
        self.refer(reference, place)?;
        Ok(Shape { name: Some(real_name(&last)), strong: true, plain: true, star: None })
    }

    /// Refuses a complete name at the end of the text that can be nothing, whatever follows.
    fn unfinished(&mut self, parts: &[Token<'t>], place: Place) -> Step {
        let [.., last] = parts else { return Ok(()) };
        let word = last.text.to_ascii_lowercase();
        let maybe_call = match parts {
            [_] => {
                words::is_function(&word)
                    || words::is_type(&word)
                    || !words::is_name(&word)
                    || self.schema.types.iter().any(|name| **name == *word)
                    || self.schema.namespaces().iter().any(|name| **name == *word)
                    || word == "pg_catalog"
                    || matches!(word.as_str(), "u" | "national")
            }
            [qualifier, _] => qualifier.is("pg_catalog") || self.schema.namespaces().contains(&real_name(qualifier)),
            [namespace, _, _] => {
                self.known_namespace(namespace)?;
                false
            }
            _ => true,
        };
        // A name that ends the text may still be a qualifier.
        let output = place.output && self.levels[place.level].items.iter().any(|item| item.name.is_none());
        if maybe_call || output {
            return Ok(());
        }
        let reference = reference_to(&parts[..parts.len() - 1], Some(*last), place);
        self.refer(reference, place)
    }
}

/// A reference to `column` behind `qualifiers`.
fn reference_to(qualifiers: &[Token<'_>], column: Option<Token<'_>>, place: Place) -> Reference {
    let end = column.or(qualifiers.last().copied()).map_or(0, |token| token.end());
    Reference {
        namespace: (qualifiers.len() > 1).then(|| real_name(&qualifiers[qualifiers.len() - 2])),
        qualifier: qualifiers.last().map(|token| (real_name(token), token.start)),
        column: column.map(|token| (real_name(&token), token.start)),
        end,
        clause: place.clause,
        item: place.item,
        aggregates: place.aggregates,
        output: place.output,
    }
}
