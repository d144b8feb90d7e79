//! Extracts records from chats: a column `messages` or `conversations` with turns, a `text`
//! rendered by a template, or columns such as `instruction`, `input` and `output`. The assistant's
//! turn is the completion; the manifest's headings and patterns locate the other fields in the
//! prompt.

use std::fmt;

use hive_sdk::Record;
use hive_sdk::manifest::{DatasetSpec, FieldSpec};
use regex::Regex;
use serde_json::Value;

use super::chat_sections::{Cut, Headings};
use super::mapping::{MapOverrides, MappedField, mapped, shown};
use super::read::{Columns, Fault};
use super::reader::{by_column, code};

/// Columns that contain turns, or a text of turns.
const COLUMNS: [&str; 6] = ["messages", "conversations", "conversation", "chat", "dialog", "text"];

/// Columns that make up the prompt, in order, when the answer has a column of its own and the
/// manifest names none.
const ASKED: [&str; 4] = ["instruction", "prompt", "query", "input"];

/// Columns of the system prompt.
const SYSTEM: [&str; 2] = ["system", "system_prompt"];

/// Turn markers of known templates: pattern, and the role of each marker.
const TURN_MARKS: [&str; 6] = [
    // ChatML
    r"<\|im_start\|>\s*(?P<role>system|user|assistant)\s*\n",
    // Llama 3
    r"<\|start_header_id\|>\s*(?P<role>system|user|assistant)\s*<\|end_header_id\|>\s*",
    // Gemma
    r"<start_of_turn>\s*(?P<role>user|model)\s*\n",
    // Phi, Zephyr
    r"<\|(?P<role>system|user|assistant)\|>\s*",
    // Vicuna, and older printed chats
    r"(?:^|\s)(?P<role>USER|ASSISTANT):\s",
    r"(?m)^(?P<role>Human|Assistant):\s",
];

/// The patterns of all turn markers for an expert with this completion field: those of known
/// templates, and those that only mark the answer.
fn turn_marks(completion: &FieldSpec) -> Vec<Regex> {
    // SQLCoder: the answer follows its field's name in capitals, below its heading.
    let name = format!(r"(?P<role>\[{}\])\s*", regex::escape(&completion.name.to_uppercase()));
    // Alpaca: the prompt has several headings, which the manifest's headings resolve.
    let headings = ["response", "answer", "output", "assistant"].into_iter();
    let headings: Vec<String> =
        headings.chain(completion.headings.iter().map(String::as_str)).map(regex::escape).collect();
    let heading = format!(r"(?im)^[ \t]*(?P<role>#{{2,4}}\s*(?:{})\b(?:[^\n:]*:|[ \t]*$))\s*", headings.join("|"));
    // Llama 2
    let instruction = r"(?P<role>\[/INST\])".to_owned();
    let marks = TURN_MARKS.map(str::to_owned).into_iter().chain([name, heading, instruction]);
    marks.filter_map(|pattern| Regex::new(&pattern).ok()).collect()
}

/// End-of-turn markers.
const ENDS: [&str; 9] = [
    "<|im_end|>",
    "<|eot_id|>",
    "<|end|>",
    "<end_of_turn>",
    "<|endoftext|>",
    "<|end_of_text|>",
    "</s>",
    "<|begin_of_text|>",
    "<s>",
];

/// Mapping from chats to records.
#[derive(Debug, Clone)]
pub struct ChatMap {
    form: Form,
    /// Fields that have a column of their own.
    beside: Vec<MappedField>,
    patterns: Vec<Regex>,
    headings: Headings,
    /// Required fields that are found in the chat, each with its shape.
    required: Vec<(String, Option<Regex>)>,
    /// Optional fields that may follow a heading in the chat.
    optional: Vec<String>,
    completion: String,
    turn_marks: Vec<Regex>,
}

/// The columns of the turns.
#[derive(Debug, Clone)]
enum Form {
    /// All turns in this column, except that the system prompt may have its own.
    Chat { column: String, system: Option<String> },
    /// The prompt in these columns, the answer in that one.
    Columns { system: Option<String>, asked: Vec<String>, answer: String },
}

impl ChatMap {
    /// Detects the mapping from sample rows and column names; `None` when no column contains chats,
    /// or the manifest does not declare how to read them.
    pub fn detect<'r>(
        sample: impl Iterator<Item = &'r Columns>,
        names: &[String],
        spec: &DatasetSpec,
        overrides: &MapOverrides,
    ) -> Option<Self> {
        let patterns: Vec<Regex> = spec.chat_patterns.iter().filter_map(|p| Regex::new(p).ok()).collect();
        let headings = Headings::of(&spec.fields);
        let completion = spec.fields.iter().find(|f| f.completion)?;
        if patterns.is_empty() && headings.is_empty() {
            return None;
        }
        let rows: Vec<_> = sample.collect();
        let in_most = |holds: &dyn Fn(&Columns) -> bool| rows.iter().filter(|row| holds(row)).count() * 2 > rows.len();
        let text = |row: &Columns, column: &str| row.get(column).ok().flatten().cloned();
        let declared = spec.chat_columns.iter().map(String::as_str);
        let asked: Vec<&str> = if spec.chat_columns.is_empty() { ASKED.to_vec() } else { declared.collect() };
        let find = |name: &str| names.iter().find(|column| column.trim().eq_ignore_ascii_case(name)).cloned();
        let shape = |field: &FieldSpec| field.shape.as_ref().and_then(|shape| Regex::new(shape).ok());
        // A field with its own column is not read from the chat; a column of turns is never a
        // field's.
        let column = |field: &FieldSpec| {
            mapped(field, names, overrides).filter(|field| {
                field.by == super::mapping::MappedBy::User
                    || !(COLUMNS.iter().chain(&asked)).any(|name| field.column.trim().eq_ignore_ascii_case(name))
            })
        };
        let beside: Vec<MappedField> = spec.fields.iter().filter(|f| !f.completion).filter_map(column).collect();
        let is_beside = |field: &FieldSpec| beside.iter().any(|b| b.field == field.name);
        let mut map = Self {
            form: Form::Chat { column: String::new(), system: None },
            patterns,
            headings,
            required: (spec.fields.iter())
                .filter(|f| !f.optional && !f.completion && !is_beside(f))
                .map(|f| (f.name.clone(), shape(f)))
                .collect(),
            optional: (spec.fields.iter())
                .filter(|f| f.optional && !f.headings.is_empty() && !is_beside(f))
                .map(|f| f.name.clone())
                .collect(),
            completion: completion.name.clone(),
            turn_marks: turn_marks(completion),
            beside,
        };
        let chats = COLUMNS.into_iter().filter_map(find);
        for chat in chats {
            if in_most(&|row| text(row, &chat).is_some_and(|value| turns(&value, &map.turn_marks).is_some())) {
                map.form = Form::Chat { column: chat, system: SYSTEM.into_iter().find_map(find) };
                return Some(map);
            }
        }
        let answer = mapped(completion, names, overrides)?.column;
        let asked: Vec<String> = asked.into_iter().filter_map(find).filter(|column| *column != answer).collect();
        map.form = Form::Columns { system: SYSTEM.into_iter().find_map(find), asked, answer };
        in_most(&|row| map.record(row).is_ok()).then_some(map)
    }

    /// The fields that have a column of their own.
    pub(super) fn beside(&mut self) -> &mut Vec<MappedField> {
        &mut self.beside
    }

    /// The columns that are read.
    pub(super) fn columns(&self) -> Vec<&str> {
        let chat: Vec<&String> = match &self.form {
            Form::Chat { column, system } => system.iter().chain([column]).collect(),
            Form::Columns { system, asked, answer } => system.iter().chain(asked).chain([answer]).collect(),
        };
        chat.into_iter().chain(self.beside.iter().map(|field| &field.column)).map(String::as_str).collect()
    }

    /// Extracts the record from a row's chat.
    ///
    /// # Errors
    /// Code and reason when there is none.
    pub fn record(&self, columns: &Columns) -> Result<Record, Fault> {
        let (turns, name) = self.turns(columns)?;
        let unknown = |problem: &str| (code::UNKNOWN_CHAT, format!("{name} {problem}"));
        let answered = turns.iter().position(|turn| turn.role == Role::Assistant);
        let answered = answered.ok_or_else(|| unknown("holds no turn of the assistant"))?;
        // Text after the answer, such as thanks, is not part of the prompt.
        let (before, behind) = turns.split_at(answered);
        if behind.iter().filter(|turn| turn.role == Role::Assistant).count() > 1 {
            return Err(unknown("holds several turns of the assistant, expected one"));
        }
        let answer = behind.first().map_or("", |turn| turn.text.trim());
        let said = |role: Role| before.iter().filter(move |t| t.role == role).map(|t| t.text.trim());
        let asked = said(Role::User).collect::<Vec<_>>().join("\n\n");
        let asked = without_beginning(&asked, answer);
        let system = said(Role::System).collect::<Vec<_>>().join("\n\n");
        let found = self.fields(asked, &system).ok_or_else(|| {
            let names: Vec<&str> = self.required.iter().map(|(name, _)| name.as_str()).collect();
            unknown(&format!("holds a chat in which {} cannot be distinguished", names.join(" and ")))
        })?;
        let (mut record, _) = by_column(&self.beside, columns)?;
        record.0.extend(found.0);
        record.set(&self.completion, answer);
        Ok(record)
    }

    /// The turns of a row, and their name for messages.
    fn turns(&self, columns: &Columns) -> Result<(Vec<Turn>, String), Fault> {
        let missing = |column: &str| (code::MISSING_FIELD, format!("no value in column `{column}`"));
        match &self.form {
            Form::Chat { column, system } => {
                let value = columns.get(column)?.filter(|v| !v.is_null()).ok_or_else(|| missing(column))?;
                let name = format!("column `{column}`");
                let mut turns = turns(value, &self.turn_marks).ok_or_else(|| {
                    (code::UNKNOWN_CHAT, format!("{name} holds no chat, expected turns of user and assistant"))
                })?;
                if let Some(column) = system
                    && turns.iter().all(|turn| turn.role != Role::System)
                    && let Some(Value::String(text)) = columns.get(column)?
                {
                    turns.insert(0, turn(Role::System, text));
                }
                Ok((turns, name))
            }
            Form::Columns { system, asked, answer } => {
                let mut all = Vec::new();
                for (role, column) in system.iter().map(|column| (Role::System, column)) {
                    all.extend(columns.get(column)?.and_then(Value::as_str).map(|text| turn(role, text)));
                }
                let mut parts = Vec::new();
                for column in asked {
                    match columns.get(column)? {
                        // The prompt is itself a list of turns.
                        Some(value @ Value::Array(_)) => all.extend(listed(value).unwrap_or_default()),
                        Some(Value::String(part)) if !part.trim().is_empty() => parts.push((column, part)),
                        _ => {}
                    }
                }
                match parts[..] {
                    [] => {}
                    [(_, only)] => all.push(turn(Role::User, only)),
                    _ => {
                        let parts = parts.iter().map(|(column, part)| format!("### {column}:\n{part}\n\n"));
                        all.push(turn(Role::User, &parts.collect::<String>()));
                    }
                }
                match columns.get(answer)? {
                    Some(Value::String(text)) => all.push(turn(Role::Assistant, text)),
                    Some(value @ Value::Array(_)) => all.extend(listed(value).unwrap_or_default()),
                    _ => return Err(missing(answer)),
                }
                Ok((all, format!("the chat in {}", self.asked())))
            }
        }
    }

    /// Names of the prompt's columns.
    fn asked(&self) -> String {
        match &self.form {
            Form::Chat { column, .. } => column.clone(),
            Form::Columns { system, asked, .. } => {
                system.iter().chain(asked).map(String::as_str).collect::<Vec<_>>().join(" and ")
            }
        }
    }

    /// The required fields in the prompt and system prompt: under headings, else by the patterns.
    fn fields(&self, asked: &str, system: &str) -> Option<Record> {
        let mut record = Record::default();
        let cuts = [self.headings.cut(asked), self.headings.cut(system)];
        for name in &self.optional {
            if let Some(text) = self.under(&cuts, name, false, &|_| false) {
                record.set(name, text);
            }
        }
        let told = |text: &str| self.required.iter().any(|(_, shape)| shape.as_ref().is_some_and(|s| s.is_match(text)));
        let is_cut = cuts.iter().any(|cut| !cut.sections.is_empty() || told(&cut.lead));
        let by_heading = if is_cut { self.by_heading(&cuts) } else { None };
        // A field may be in the system turn; but a system prompt alone must not be taken for one.
        let all = if system.is_empty() { asked.to_owned() } else { format!("{system}\n\n{asked}") };
        let by_pattern = || [asked, &all].into_iter().find_map(|text| self.by_pattern(text));
        // A single field is the whole prompt.
        let whole = || match &self.required[..] {
            [(field, None)] if !asked.is_empty() => Some(Record::from_pairs([(field.clone(), asked.to_owned())])),
            _ => None,
        };
        let found = by_heading.or_else(by_pattern).or_else(whole)?;
        for (field, shape) in &self.required {
            let text = found.text(field)?;
            match shape {
                Some(_) => record.set(field, text),
                None => record.set(field, self.headings.without_lead_ins(text, field)),
            }
        }
        Some(record)
    }

    fn shape(&self, field: &str) -> Option<&Regex> {
        self.required.iter().find(|(name, _)| name == field)?.1.as_ref()
    }

    /// The text under the best heading of a field.
    fn under(&self, cuts: &[Cut], field: &str, vague: bool, taken: &dyn Fn(&str) -> bool) -> Option<String> {
        let fits = |text: &str| self.shape(field).is_none_or(|shape| shape.is_match(text));
        let sections = cuts.iter().flat_map(|cut| &cut.sections);
        let of_it = sections.filter_map(|section| {
            let (_, rank) = section.fields.iter().find(|(name, _)| name == field)?;
            ((vague || !self.headings.is_vague(*rank)) && fits(&section.body)).then_some((*rank, &section.body))
        });
        // The first of the best that does not belong to another field.
        of_it.filter(|(_, body)| !taken(body)).min_by_key(|(rank, _)| *rank).map(|(_, body)| body.clone())
    }

    /// The required fields by their headings. A field without a heading is the text before the
    /// first heading, or what a shape leaves of another field's text.
    fn by_heading(&self, cuts: &[Cut; 2]) -> Option<Record> {
        let mut record = Record::default();
        let mut left: Option<Record> = None;
        // Fields with a shape first: the rest of their text belongs to another field.
        let (told, open): (Vec<_>, Vec<_>) = self.required.iter().partition(|(_, shape)| shape.is_some());
        for (field, shape) in told {
            let fits = |text: &&String| shape.as_ref().is_some_and(|shape| shape.is_match(text));
            let body = |cut: &Cut| {
                let anywhere =
                    || cut.sections.iter().map(|section| &section.body).chain([&cut.lead]).find(fits).cloned();
                self.under(std::slice::from_ref(cut), field, true, &|_| false).or_else(anywhere)
            };
            let (body, is_asked) = match body(&cuts[0]) {
                Some(body) => (body, true),
                None => (body(&cuts[1])?, false),
            };
            let (before, begun, behind) = shape.as_ref().map_or(("", &*body, ""), |shape| from_shape(&body, shape));
            let parts = self.by_pattern(begun).filter(|parts| {
                behind.is_empty()
                    && parts.text(field).is_some_and(|text| begun.starts_with(text))
                    && !self.fits_another(parts, field)
            });
            record.set(field, parts.as_ref().and_then(|parts| parts.text(field)).unwrap_or(begun));
            // The text beside it is another field, but not in the system prompt.
            let Some((other, _)) = open.first().filter(|_| is_asked) else { continue };
            let behind = parts.as_ref().and_then(|parts| parts.text(other)).unwrap_or(behind);
            let beside = if behind.is_empty() || (!before.is_empty() && self.asks(before) > self.asks(behind)) {
                before
            } else {
                behind
            };
            if !beside.is_empty() {
                left = Some(Record::from_pairs([(other.clone(), beside.to_owned())]));
            }
        }
        for (field, _) in open {
            let taken = |text: &str| record.0.values().any(|value| value.as_str() == Some(text));
            let is_told =
                |text: &str| self.required.iter().any(|(_, shape)| shape.as_ref().is_some_and(|s| s.is_match(text)));
            let lead = Some(cuts[0].lead.as_str()).filter(|lead| !lead.is_empty() && !is_told(lead));
            let left = left.as_ref().and_then(|parts| parts.text(field));
            // Of the text before and after another field, one is the prompt.
            let left = left.filter(|left| lead.is_none_or(|lead| self.asks(left) >= self.asks(lead)));
            let found = (self.under(cuts, field, false, &taken))
                .or_else(|| left.map(str::to_owned))
                .or_else(|| self.under(cuts, field, true, &taken).filter(|_| left.is_none()))
                .or_else(|| lead.map(str::to_owned))?;
            record.set(field, found);
        }
        Some(record)
    }

    /// How much a text looks like the user's request: it has a question mark and does not mention
    /// the completion, unlike `Return the SQL alone` and `You are an expert in SQL`.
    fn asks(&self, text: &str) -> u8 {
        2 * u8::from(text.ends_with('?')) + u8::from(!self.headings.names(text, &self.completion))
    }

    /// Whether a part extracted by a pattern has the shape of the field that it was taken from.
    fn fits_another(&self, parts: &Record, field: &str) -> bool {
        let others = parts.0.iter().filter(|(name, _)| *name != field);
        let shape = self.shape(field);
        others.into_iter().any(|(_, text)| shape.zip(text.as_str()).is_some_and(|(shape, text)| shape.is_match(text)))
    }

    fn by_pattern(&self, text: &str) -> Option<Record> {
        self.patterns.iter().find_map(|pattern| {
            let found = pattern.captures(text)?;
            let mut record = Record::default();
            for (field, _) in &self.required {
                record.set(field, found.name(field).map(|m| m.as_str().trim()).filter(|t| !t.is_empty())?);
            }
            Some(record)
        })
    }
}

/// The prompt without a last line that is the beginning of the answer, as in prompts for completion
/// models.
fn without_beginning<'t>(asked: &'t str, answer: &str) -> &'t str {
    let (before, last) = asked.trim_end().rsplit_once('\n').unwrap_or(("", ""));
    let begins = |last: &str| answer.get(..last.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(last));
    if last.is_empty() || !begins(last.trim()) { asked } else { before.trim_end() }
}

/// Splits a text where a line begins to match the field's shape: the text before; the text from
/// there on, with the comments directly above, up to the end of its code fence; and the text after.
fn from_shape<'t>(text: &'t str, shape: &Regex) -> (&'t str, &'t str, &'t str) {
    let line_above = |end: usize| text[..end].trim_end_matches('\n').rfind('\n').map_or(0, |at| at + 1);
    let Some(found) = shape.find(text) else { return ("", text, "") };
    let mut begin = text[..found.start()].rfind('\n').map_or(0, |at| at + 1);
    while begin > 0 {
        let above = line_above(begin);
        let line = text[above..begin].trim();
        if !(line.starts_with("--") || line.starts_with("/*") || line.ends_with("*/")) {
            break;
        }
        begin = above;
    }
    let fence = Some(line_above(begin)).filter(|above| begin > 0 && text[*above..].starts_with("```"));
    let before = text[..fence.unwrap_or(begin)].trim();
    match fence.and_then(|_| text[begin..].split_once("```")) {
        Some((inside, behind)) => (before, inside.trim(), behind.trim()),
        None => (before, text[begin..].trim_end().trim_end_matches('`').trim(), ""),
    }
}

impl fmt::Display for ChatMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields: Vec<&str> = self.required.iter().map(|(name, _)| name.as_str()).collect();
        match &self.form {
            Form::Chat { column, .. } => {
                write!(f, "{} and {} out of the chats in {column}", fields.join(", "), self.completion)?
            }
            Form::Columns { answer, .. } => {
                write!(f, "{} out of {}; {} ← {answer}", fields.join(", "), self.asked(), self.completion)?;
            }
        }
        if self.beside.is_empty() { Ok(()) } else { write!(f, "; {}", shown(&self.beside)) }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    System,
    User,
    Assistant,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Turn {
    role: Role,
    text: String,
}

fn role(name: &str) -> Option<Role> {
    Some(match name.to_lowercase().as_str() {
        "system" | "developer" => Role::System,
        "user" | "human" => Role::User,
        "assistant" | "gpt" | "model" => Role::Assistant,
        _ => return None,
    })
}

/// The turns of a list of messages, or of a text, if one of them is the assistant's.
fn turns(value: &Value, turn_marks: &[Regex]) -> Option<Vec<Turn>> {
    let turns = match value {
        Value::Array(_) => listed(value)?,
        Value::String(text) => match serde_json::from_str(text) {
            Ok(list @ Value::Array(_)) => listed(&list)?,
            _ => written(text, turn_marks)?,
        },
        _ => return None,
    };
    turns.iter().any(|t| t.role == Role::Assistant).then_some(turns)
}

/// The turns of a list of messages.
fn listed(value: &Value) -> Option<Vec<Turn>> {
    let messages = value.as_array()?;
    let message = |message: &Value| {
        let field = |names: [&str; 2]| names.iter().find_map(|n| message.get(n));
        let text = match field(["content", "value"])? {
            Value::String(text) => text.clone(),
            // Content in parts, of which only the texts are used.
            Value::Array(parts) => {
                let texts: Vec<&str> = parts.iter().filter_map(|part| part.get("text")?.as_str()).collect();
                texts.join("\n")
            }
            _ => return None,
        };
        Some(Turn { role: role(field(["role", "from"])?.as_str()?)?, text })
    };
    messages.iter().map(message).collect()
}

/// Parses the turns that a template has rendered into a text.
fn written(text: &str, turn_marks: &[Regex]) -> Option<Vec<Turn>> {
    for template in turn_marks {
        let marks: Vec<_> = template.captures_iter(text).filter_map(|c| Some((c.get(0)?, c.name("role")?))).collect();
        let (Some(first), Some(last)) = (marks.first(), marks.last()) else { continue };
        if role(first.1.as_str()).is_none() {
            // Only the answer is marked: everything before the last marker is the prompt.
            let asked = text[..last.0.start()].trim_start_matches("<s>").replace("[INST]", "");
            let answer = &text[last.0.end()..];
            return Some(vec![turn(Role::User, &asked), turn(Role::Assistant, answer)]);
        }
        let ends = marks.iter().skip(1).map(|m| m.0.start()).chain([text.len()]);
        let found = marks.iter().zip(ends).filter_map(|((mark, name), end)| {
            let role = role(name.as_str())?;
            Some(turn(role, &text[mark.end()..end]))
        });
        return Some(found.collect());
    }
    None
}

fn turn(role: Role, text: &str) -> Turn {
    let mut text = text.to_owned();
    for end in ENDS {
        text = text.replace(end, "");
    }
    Turn { role, text: text.trim().to_owned() }
}

#[cfg(test)]
#[path = "chat_tests.rs"]
mod tests;
