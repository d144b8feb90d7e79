//! The tokens of the beginning of a statement, and where it stops being known: at its end, unless it is the whole
//! statement, more may come, and the last word may go on.

use std::sync::Arc;

use crate::syntax::Dialect;
use crate::syntax::lexer::{Kind, Lexer, Token};

/// Why the reading of a statement ends before it has been read.
#[derive(Debug)]
pub(super) enum Stop {
    /// More may come.
    End,
    /// It is not written as this check expects, and the check says nothing.
    Lost,
    /// It cannot become a statement that PostgreSQL prepares.
    Dead {
        /// From which byte on.
        at: usize,
        /// For people.
        why: String,
    },
}

/// The result of a step of reading.
pub(super) type Step<T = ()> = Result<T, Stop>;

/// A verdict against the text.
pub(super) fn dead<T>(at: usize, why: String) -> Step<T> {
    Err(Stop::Dead { at, why })
}

/// A place among the tokens of a text.
pub(super) struct Cursor<'t> {
    /// The text.
    pub text: &'t str,
    tokens: Vec<Token<'t>>,
    at: usize,
    ended: bool,
    /// Whether the last token may go on.
    open: bool,
}

impl<'t> Cursor<'t> {
    /// Reads the tokens of `text`. `ended`: nothing follows it.
    pub fn new(text: &'t str, ended: bool) -> Self {
        let tokens: Vec<Token<'t>> = Lexer::new(text, Dialect::Postgres).collect();
        let goes_on = |last: &Token<'t>| {
            last.end() == text.len() && (last.kind != Kind::Symbol || matches!(last.text, "-" | "/" | "&" | "$"))
        };
        let open = !ended && tokens.last().is_some_and(goes_on);
        Self { text, tokens, at: 0, ended, open }
    }

    /// The next token; `None` at the end of a whole statement.
    pub fn peek(&self) -> Step<Option<Token<'t>>> {
        self.look(0)
    }

    /// The token `ahead` places behind the next.
    pub fn look(&self, ahead: usize) -> Step<Option<Token<'t>>> {
        let at = self.at + ahead;
        match self.tokens.get(at) {
            Some(_) if self.open && at + 1 == self.tokens.len() => Err(Stop::End),
            Some(token) if token.kind == Kind::Unterminated => Err(Stop::Lost),
            Some(token) => Ok(Some(*token)),
            None if self.ended => Ok(None),
            None => Err(Stop::End),
        }
    }

    /// The last token of the text, where it is the next and may go on.
    pub fn tail(&self) -> Option<Token<'t>> {
        (self.open && self.at + 1 == self.tokens.len()).then(|| self.tokens[self.at])
    }

    /// Where the next token begins, or the text ends.
    pub fn offset(&self) -> usize {
        self.tokens.get(self.at).map_or(self.text.len(), |token| token.start)
    }

    /// Passes the next token.
    pub fn advance(&mut self) {
        self.at += 1;
    }

    /// Takes the next token, which must be there.
    pub fn take(&mut self) -> Step<Token<'t>> {
        let token = self.peek()?.ok_or(Stop::Lost)?;
        self.at += 1;
        Ok(token)
    }

    /// Whether the next token is this word.
    pub fn at_word(&self, word: &str) -> Step<bool> {
        Ok(self.peek()?.is_some_and(|token| token.is(word)))
    }

    /// Whether the next token is one of these words.
    pub fn at_any(&self, words: &[&str]) -> Step<bool> {
        Ok(self.peek()?.is_some_and(|token| token.is_any(words)))
    }

    /// Whether the next token is this character.
    pub fn at_symbol(&self, symbol: &str) -> Step<bool> {
        Ok(self.peek()?.is_some_and(|token| token.is_symbol(symbol)))
    }

    /// Takes the next token if it is this word.
    pub fn word(&mut self, word: &str) -> Step<bool> {
        let found = self.at_word(word)?;
        self.at += usize::from(found);
        Ok(found)
    }

    /// Takes the next token if it is one of these words.
    pub fn any(&mut self, words: &[&str]) -> Step<bool> {
        let found = self.at_any(words)?;
        self.at += usize::from(found);
        Ok(found)
    }

    /// Takes the next token if it is this character.
    pub fn symbol(&mut self, symbol: &str) -> Step<bool> {
        let found = self.at_symbol(symbol)?;
        self.at += usize::from(found);
        Ok(found)
    }

    /// Takes this word.
    pub fn expect(&mut self, word: &str) -> Step {
        if self.word(word)? { Ok(()) } else { Err(Stop::Lost) }
    }

    /// Takes this character.
    pub fn expect_symbol(&mut self, symbol: &str) -> Step {
        if self.symbol(symbol)? { Ok(()) } else { Err(Stop::Lost) }
    }

    /// Takes a name.
    pub fn name(&mut self) -> Step<Token<'t>> {
        let token = self.take()?;
        if matches!(token.kind, Kind::Word | Kind::Name) { Ok(token) } else { Err(Stop::Lost) }
    }

    /// Passes everything up to the parenthesis that closes the one just taken, and that parenthesis.
    pub fn skip_parenthesis(&mut self) -> Step {
        let mut depth = 1;
        while depth > 0 {
            let token = self.take()?;
            if token.is_symbol("(") {
                depth += 1;
            } else if token.is_symbol(")") {
                depth -= 1;
            }
        }
        Ok(())
    }
}

/// The name that PostgreSQL takes a token for: without quotes in lower case (of ASCII alone), with them as it stands, and
/// at most 63 bytes long.
pub(super) fn real_name(token: &Token<'_>) -> Arc<str> {
    match token.kind {
        Kind::Name => shortened(&token.text[1..token.text.len() - 1].replace("\"\"", "\"")),
        _ => shortened(&token.text.to_ascii_lowercase()),
    }
}

/// A name as PostgreSQL keeps it.
pub(super) fn shortened(name: &str) -> Arc<str> {
    let mut end = name.len().min(63);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    Arc::from(&name[..end])
}
