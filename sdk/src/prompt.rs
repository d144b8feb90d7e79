//! Prompts declared in a manifest: turns of text with placeholders for the record's fields. The
//! plugin and a host without the plugin fill them in with the same code, so that a model is
//! prompted in use exactly as in training. Chat templates are not handled here; they belong to the
//! base model.
//!
//! In a turn's `content`, `{field}` stands for a field of the record, `{field|filter|filter}` for
//! the field after these filters, `{{` and `}}` for literal braces. An optional field that the
//! record lacks is empty.
//!
//! | filter | |
//! |---|---|
//! | `trim` | without blanks at both ends |
//! | `compact` | [`compact`]: every run of blanks outside quotes as one space, one statement a line |
//! | `line` | with a line break at its end, unless it is empty |
//! | `lower`, `upper` | in lower or upper case |
//! | `json` | JSON without blanks between its parts, keys in their order; what is not JSON stays |
//! | `lines` | the items of a JSON array, one a line; what is no JSON array stays |

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::ExpertError;
use crate::manifest::Manifest;
use crate::protocol::{Grammar, Message, Record, Rendered, Role};
use crate::text::{lines_of, minified};

/// One turn of a declared prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PromptTurn {
    /// The speaker.
    pub role: Role,
    /// The text, with fields in braces.
    #[schemars(length(min = 1))]
    pub content: String,
}

/// A piece of a turn's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'t> {
    /// Literal text.
    Text(&'t str),
    /// A field of the record.
    Field {
        /// Its name.
        name: &'t str,
        /// Filters applied to its text, in this order.
        filters: &'t str,
    },
}

/// A filter for a field's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Filter {
    Trim,
    Compact,
    Line,
    Lower,
    Upper,
    Json,
    Lines,
}

/// The names of all filters.
pub const FILTERS: [&str; 7] = ["trim", "compact", "line", "lower", "upper", "json", "lines"];

impl Filter {
    fn named(name: &str) -> Option<Self> {
        match name {
            "trim" => Some(Self::Trim),
            "compact" => Some(Self::Compact),
            "line" => Some(Self::Line),
            "lower" => Some(Self::Lower),
            "upper" => Some(Self::Upper),
            "json" => Some(Self::Json),
            "lines" => Some(Self::Lines),
            _ => None,
        }
    }

    fn apply(self, text: &str) -> String {
        match self {
            Self::Trim => text.trim().to_owned(),
            Self::Compact => compact(text),
            Self::Line if text.is_empty() => String::new(),
            Self::Line => format!("{text}\n"),
            Self::Lower => text.to_lowercase(),
            Self::Upper => text.to_uppercase(),
            Self::Json => minified(text).unwrap_or_else(|| text.to_owned()),
            Self::Lines => lines_of(text).unwrap_or_else(|| text.to_owned()),
        }
    }
}

/// Splits a turn's text into pieces.
///
/// # Errors
/// On an unmatched brace, a field without a name, an unknown filter, or too many filters.
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

/// Maximum bytes of all turns of a prompt together. No context holds as many; this stops a template
/// that repeats a field a thousand times.
const MAX_PROMPT: usize = 1 << 22;

/// Maximum number of filters per field.
const MAX_FILTERS: usize = 8;

impl Manifest {
    /// The turns before the completion, filled in from this record.
    ///
    /// # Errors
    /// When the manifest declares no prompt, a turn cannot be parsed, the record lacks a required
    /// field, or the prompt becomes larger than any context.
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

    /// The record as a chat: the declared prompt, and the completion as the model's turn. The completion of a record
    /// without one is empty.
    ///
    /// # Errors
    /// As [`Manifest::prompt_of`].
    pub fn rendered(&self, record: &Record) -> Result<Rendered, ExpertError> {
        let mut messages = self.prompt_of(record)?;
        let completion_start = messages.len();
        let completion = self.completion_field().and_then(|field| record.text(field));
        messages.extend(completion.map(Message::assistant));
        Ok(Rendered { messages, completion_start })
    }

    /// What `generation` declares of the answer to this record, as a grammar; `None` if nothing, or if the record's own
    /// schema is none.
    ///
    /// # Errors
    /// None at present.
    pub fn grammar(&self, record: &Record) -> Result<Option<Grammar>, ExpertError> {
        let generation = &self.generation;
        if let Some(lark) = &generation.grammar {
            return Ok(Some(Grammar { lark: lark.clone() }));
        }
        let of_record = || serde_json::from_str(record.text(generation.json_schema_field.as_deref()?)?).ok();
        let schema = generation.json_schema.clone().or_else(of_record);
        Ok(schema.map(|schema| Grammar::of_json_schema(&schema)))
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

/// `text` with every run of blanks outside quotes (`'`, `"`) collapsed to one space, and one
/// statement, ended by a semicolon, per line. Line comments (`--`) become block comments, because
/// the line no longer ends where they do.
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

#[cfg(test)]
mod tests {
    use super::*;
    use hive_tests::check_all;

    fn manifest(turns: &[(&str, &str)]) -> Manifest {
        let turns: Vec<_> =
            turns.iter().map(|(role, content)| serde_json::json!({"role": role, "content": content})).collect();
        Manifest::parse(
            &serde_json::json!({
                "name": "t", "version": "0.1.0", "abi": 3, "description": "d", "license": "MIT", "base_models": ["b"],
                "dataset": {"fields": [
                    {"name": "question"}, {"name": "hint", "optional": true}, {"name": "answer", "completion": true}
                ]},
                "prompt": turns,
            })
            .to_string(),
        )
        .unwrap()
    }

    fn user(content: &str, record: &[(&str, &str)]) -> Result<String, String> {
        let record = Record::from_pairs(record.iter().copied());
        let messages = manifest(&[("user", content)]).prompt_of(&record).map_err(|e| e.message)?;
        Ok(messages[0].content.clone())
    }

    #[test]
    fn fields_stand_where_they_are_named() {
        let record = [("question", "  what?  "), ("answer", "so")];
        assert_eq!(user("Q: {question|trim}!", &record).unwrap(), "Q: what?!");
        assert_eq!(user("{{{question}}}", &record).unwrap(), "{  what?  }");
        assert_eq!(user("{hint|trim|line}{question | trim}", &record).unwrap(), "what?");
        let record = [("question", "what?"), ("hint", " think\n")];
        assert_eq!(user("{hint|trim|line}{question|trim}", &record).unwrap(), "think\nwhat?");
    }

    #[test]
    fn filters_change_what_stands_in_a_field() {
        let record = [("question", "{ \"b\": 1, \"a\": [\"x\"] }"), ("hint", "[\"One\", 2]")];
        check_all(
            [
                ("{question|json}", "{\"b\":1,\"a\":[\"x\"]}"),
                ("{hint|lines|lower}", "one\n2"),
                ("{question|lines|upper}", "{ \"B\": 1, \"A\": [\"X\"] }"),
            ],
            |(content, expected)| assert_eq!(user(content, &record).unwrap(), expected, "{content}"),
        );
    }

    #[test]
    fn a_record_is_its_prompt_and_its_completion() {
        let manifest = manifest(&[("system", "Short."), ("user", "{question}")]);
        let whole = manifest.rendered(&Record::from_pairs([("question", "q"), ("answer", "a")])).unwrap();
        assert_eq!((whole.completion_start, whole.messages.len()), (2, 3));
        assert_eq!(whole.completion(), [Message::assistant("a")]);
        let prompt = manifest.rendered(&Record::from_pairs([("question", "q")])).unwrap();
        assert_eq!(prompt, whole.into_prompt());
    }

    #[test]
    fn what_cannot_be_filled_in_is_an_error() {
        let record = [("question", "q")];
        check_all(
            [
                ("{question", "`{` has no partner"),
                ("question}", "`}` has no partner"),
                ("{}", "names no field"),
                ("{question|loud}", "`loud` is no filter, expected one of: trim, compact, line, lower, upper"),
                ("{questoin}", "the record has no text in `questoin`"),
            ],
            |(content, expected)| {
                let got = user(content, &record).unwrap_err();
                assert!(got.contains(expected), "{content}: {got}");
            },
        );
        assert!(user("{question}", &[]).unwrap_err().contains("no text in `question`"));
        assert!(manifest(&[]).prompt_of(&Record::default()).unwrap_err().message.contains("declares no `prompt`"));
    }

    #[test]
    fn compacting_spares_what_is_quoted() {
        assert_eq!(compact("SELECT  'a  b',\n\t\"c  d\"  FROM t"), "SELECT 'a  b', \"c  d\" FROM t");
        assert_eq!(compact("CREATE TABLE t (\n  a INT\n);\n\nSELECT 1;\n"), "CREATE TABLE t (a INT);\nSELECT 1;");
        assert_eq!(compact("SELECT 1 -- one\nFROM t"), "SELECT 1 /* one */ FROM t");
        assert_eq!(compact("SELECT 'it''s  --x'"), "SELECT 'it''s  --x'");
    }
}
