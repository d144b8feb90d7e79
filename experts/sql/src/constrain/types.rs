//! Types: their names, and texts behind them, such as `date '2020-01-01'`.

use super::cursor::{Step, Stop};
use super::reader::Reader;
use crate::syntax::lexer::{Kind, Token};

/// The units behind the text of an interval.
const UNITS: [&str; 7] = ["year", "month", "day", "hour", "minute", "second", "to"];

impl<'t> Reader<'t> {
    /// Whether what follows a type's name is a text of that type; if it is, it is taken.
    pub fn typed_text(&mut self, name: &Token<'t>) -> Step<bool> {
        let word = name.text.to_ascii_lowercase();
        let words = ["character", "char", "varying"];
        if matches!(word.as_str(), "national" | "character" | "char" | "bit") && self.cursor.at_any(&words)? {
            return Err(Stop::Lost);
        }
        let is_text = |token: Option<Token<'_>>| token.is_some_and(|token| token.kind == Kind::Text);
        let mut ahead = 0;
        if matches!(word.as_str(), "timestamp" | "time") && self.cursor.at_any(&["with", "without"])? {
            ahead = 3;
        } else if word == "double" && self.cursor.at_word("precision")? {
            ahead = 1;
        }
        if !is_text(self.cursor.look(ahead)?) {
            return Ok(false);
        }
        for _ in 0..=ahead {
            self.cursor.advance();
        }
        if word == "interval" {
            self.units()?;
        }
        Ok(true)
    }

    /// The units behind the text of an interval.
    fn units(&mut self) -> Step {
        while self.cursor.any(&UNITS)? {
            if self.cursor.symbol("(")? {
                self.cursor.skip_parenthesis()?;
            }
        }
        Ok(())
    }

    /// The name of a type.
    pub fn type_name(&mut self) -> Step {
        self.cursor.word("setof")?;
        let first = self.cursor.name()?;
        while self.cursor.symbol(".")? {
            self.cursor.name()?;
        }
        if first.is("double") {
            self.cursor.word("precision")?;
        }
        if first.is_any(&["national", "character", "char", "nchar", "bit"]) {
            while self.cursor.any(&["character", "char", "varying"])? {}
        }
        if first.is("interval") {
            self.units()?;
        }
        if self.cursor.symbol("(")? {
            self.cursor.skip_parenthesis()?;
        }
        if first.is_any(&["timestamp", "time"])
            && self.cursor.at_any(&["with", "without"])?
            && self.cursor.look(1)?.is_some_and(|next| next.is("time"))
        {
            self.cursor.advance();
            self.cursor.advance();
            self.cursor.expect("zone")?;
        }
        self.cursor.word("array")?;
        while self.cursor.at_symbol("[")? {
            self.cursor.advance();
            while !self.cursor.symbol("]")? {
                self.cursor.take()?;
            }
        }
        Ok(())
    }
}
