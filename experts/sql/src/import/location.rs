//! Where a statement of an imported text was written, for messages: field or file, and line. A translation may
//! reorder the statements and change their text, so a statement is found again by its kind and table.

use super::dump;
use super::{Imported, Source};
use crate::syntax::Dialect;
use crate::syntax::lexer::{self, Lexer, Piece};

/// Where a statement was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceLocation {
    /// The field or file, as messages call it.
    pub(super) origin: String,
    pub(super) line: usize,
    /// The line of its first row, if the rows came from COPY.
    pub(super) first_row_line: Option<usize>,
}

impl Imported {
    /// Where the statement was written that is now statement `index`, from 0, of `translated`, the translation of this
    /// text: "line 3 of `schema`". `position`: the character, from 1, at which PostgreSQL found the fault.
    pub fn locate(&self, translated: &str, index: usize, position: Option<usize>) -> Option<String> {
        // A translation may reorder statements, but not those of one kind on one table.
        let now: Vec<Piece<'_>> = lexer::statements(translated, Dialect::Postgres).collect();
        let failed = now.get(index)?;
        let wanted = kind_and_target(failed);
        let nth = now[..index].iter().filter(|piece| kind_and_target(piece) == wanted).count();
        let dialect = self.dialect.unwrap_or_else(|| dump::guess_dialect(&self.text));
        let then: Vec<Piece<'_>> = lexer::statements(&self.text, dialect).collect();
        if self.locations.is_empty() && self.source == Source::Schema {
            // The text ends within a statement, so it was not split and stands as it was given.
            let end = position.and_then(|position| failed.text.char_indices().nth(position.saturating_sub(1)));
            let before = failed.start + end.map_or(0, |(end, _)| end);
            let line = 1 + translated.as_bytes()[..before].iter().filter(|c| **c == b'\n').count();
            return Some(format!("line {line} of `schema`"));
        }
        if then.len() != self.locations.len() {
            return None;
        }
        let same = |(piece, location)| (kind_and_target(piece) == wanted).then_some(location);
        let location: &SourceLocation = then.iter().zip(&self.locations).filter_map(same).nth(nth)?;
        // Each row of COPY has a line of its own; other statements have the line breaks of their text.
        let before = position.and_then(|position| failed.text.char_indices().nth(position.saturating_sub(1)));
        let before = before.map(|(end, _)| &failed.text[..end]);
        let line = match (before, location.first_row_line) {
            (Some(before), Some(first)) => first + complete_rows(before),
            (Some(before), None) if then.iter().any(|piece| piece.text == failed.text) => {
                location.line + before.matches('\n').count()
            }
            _ => location.line,
        };
        Some(format!("line {line} of {}", location.origin))
    }

    /// Where statement `index` of this text was written, `lines` below its first line.
    pub fn locate_untranslated(&self, index: usize, lines: usize) -> Option<String> {
        self.locations.get(index).map(|location| format!("line {} of {}", location.line + lines, location.origin))
    }
}

/// The kind of a statement, and what it creates or changes.
fn kind_and_target(piece: &Piece<'_>) -> (String, Option<String>) {
    (piece.word(0), piece.target())
}

/// How many rows are complete in the beginning of an INSERT.
fn complete_rows(text: &str) -> usize {
    let (mut depth, mut rows, mut values) = (0usize, 0, false);
    for token in Lexer::new(text, Dialect::Postgres) {
        values |= depth == 0 && token.is("values");
        if values && token.is_symbol("(") {
            depth += 1;
        } else if values && token.is_symbol(")") {
            depth = depth.saturating_sub(1);
            rows += usize::from(depth == 0);
        }
    }
    rows
}
