//! Prompts that a manifest declares: turns of text with the record's fields in them. The plugin and
//! a host that has no plugin fill them in with the same code, so that a model is asked in the words
//! that it was trained with. It knows no chat template; that is the base model's.
//!
//! In a turn's `content`, `{field}` stands for a field of the record, `{field|filter|filter}` for
//! the field changed by filters, `{{` and `}}` for the braces themselves. An optional field that the
//! record lacks is the empty text.
//!
//! | filter | |
//! |---|---|
//! | `trim` | without blanks at both ends |
//! | `compact` | [`compact`]: every run of blanks outside quotes as one space, one statement a line |
//! | `line` | with a line break at its end, unless it is empty |

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::ExpertError;
use crate::manifest::Manifest;
use crate::protocol::{Message, Record, Role};

/// One turn of a declared prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PromptTurn {
    /// Who speaks.
    pub role: Role,
    /// What is said, with fields in braces.
    #[schemars(length(min = 1))]
    pub content: String,
}

/// What a turn's text consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'t> {
    /// Text as it stands.
    Text(&'t str),
    /// A field of the record.
    Field {
        /// Its name.
        name: &'t str,
        /// What is done to its text, in this order.
        filters: &'t str,
    },
}

/// A change to a field's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Filter {
    Trim,
    Compact,
    Line,
}

/// The names of all filters.
pub const FILTERS: [&str; 3] = ["trim", "compact", "line"];

impl Filter {
    fn named(name: &str) -> Option<Self> {
        match name {
            "trim" => Some(Self::Trim),
            "compact" => Some(Self::Compact),
            "line" => Some(Self::Line),
            _ => None,
        }
    }

    fn apply(self, text: &str) -> String {
        match self {
            Self::Trim => text.trim().to_owned(),
            Self::Compact => compact(text),
            Self::Line if text.is_empty() => String::new(),
            Self::Line => format!("{text}\n"),
        }
    }
}

/// Takes a turn's text apart.
///
/// # Errors
/// A brace without its partner, a field without a name, a filter that is none, or too many of them.
pub fn pieces(content: &str) -> Result<Vec<Piece<'_>>, ExpertError> {
    let mut pieces = Vec::new();
    let mut rest = content;
    while let Some(at) = rest.find(['{', '}']) {
        if at > 0 {
            pieces.push(Piece::Text(&rest[..at]));
        }
        let (brace, after) = rest[at..].split_at(1);
        if let Some(after) = after.strip_prefix(brace) {
            pieces.push(Piece::Text(brace));
            rest = after;
            continue;
        }
        let end = if brace == "{" { after.find('}') } else { None };
        let Some(end) = end else {
            return Err(ExpertError::new(format!(
                "`{brace}` has no partner (a brace that is text is written twice: `{brace}{brace}`)"
            )));
        };
        let (name, filters) = after[..end].split_once('|').unwrap_or((&after[..end], ""));
        if name.trim().is_empty() {
            return Err(ExpertError::new(format!("`{{{}}}` names no field", &after[..end])));
        }
        if filters.split('|').count() > MAX_FILTERS {
            return Err(ExpertError::new(format!("`{name}` has more than {MAX_FILTERS} filters")));
        }
        for filter in filters.split('|').filter(|_| !filters.is_empty()) {
            if Filter::named(filter.trim()).is_none() {
                return Err(ExpertError::new(format!(
                    "`{filter}` is no filter, expected one of: {}",
                    FILTERS.join(", ")
                )));
            }
        }
        pieces.push(Piece::Field { name: name.trim(), filters });
        rest = &after[end + 1..];
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    Ok(pieces)
}

/// Most bytes of all turns of a prompt together. No context holds as many; a template that repeats
/// a field a thousand times is stopped here.
const MAX_PROMPT: usize = 1 << 22;

/// Most filters of one field.
const MAX_FILTERS: usize = 8;

impl Manifest {
    /// The turns before the completion, with this record in them.
    ///
    /// # Errors
    /// When the manifest declares no prompt, a turn cannot be read, the record lacks a field that is
    /// not optional, or the prompt becomes larger than any context.
    pub fn prompt_of(&self, record: &Record) -> Result<Vec<Message>, ExpertError> {
        if self.prompt.is_empty() {
            return Err(ExpertError::new(format!("the manifest of expert `{}` declares no `prompt`", self.name)));
        }
        let mut room = MAX_PROMPT;
        let mut turns = Vec::new();
        for turn in &self.prompt {
            let content = self.filled(turn, record, room)?;
            room = room.saturating_sub(content.len().max(1));
            turns.push(Message { role: turn.role, content });
        }
        Ok(turns)
    }

    fn filled(&self, turn: &PromptTurn, record: &Record, room: usize) -> Result<String, ExpertError> {
        let mut out = String::new();
        for piece in pieces(&turn.content)? {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Field { name, filters } => {
                    let optional = self.dataset.fields.iter().any(|f| f.name == name && f.optional);
                    let text = match record.text(name) {
                        None if optional => "",
                        _ => record.require(name)?,
                    };
                    let filters = filters.split('|').filter_map(|filter| Filter::named(filter.trim()));
                    out.push_str(&filters.fold(text.to_owned(), |text, filter| filter.apply(&text)));
                }
            }
            if out.len() > room {
                return Err(ExpertError::new(format!("the prompt has more than {MAX_PROMPT} bytes")));
            }
        }
        Ok(out)
    }
}

/// `text` with every run of blanks outside quotes (`'`, `"`) as one space and one statement, ended by
/// a semicolon, a line. Line comments (`--`) become block comments, since the line no longer ends
/// where they do.
pub fn compact(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.trim().chars().peekable();
    let mut quote: Option<char> = None;
    let mut space = false;
    while let Some(c) = chars.next() {
        if let Some(end) = quote {
            out.push(c);
            if c == end {
                quote = None;
            }
            continue;
        }
        if c.is_whitespace() {
            space = true;
            continue;
        }
        if c == ';' {
            out.push(';');
            if chars.clone().any(|c| !c.is_whitespace()) {
                out.push('\n');
            }
            space = false;
            continue;
        }
        if std::mem::take(&mut space) && !out.is_empty() && !out.ends_with(['(', '\n']) && !matches!(c, ')' | ',') {
            out.push(' ');
        }
        if c == '-' && chars.peek() == Some(&'-') {
            chars.next();
            let comment: String = chars.by_ref().take_while(|c| *c != '\n').collect();
            out.push_str(&format!("/* {} */", comment.trim().replace("*/", "* /")));
            space = true;
            continue;
        }
        if matches!(c, '\'' | '"') {
            quote = Some(c);
        }
        out.push(c);
    }
    out
}
