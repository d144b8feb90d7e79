//! Records out of chats: a column `messages` or `conversations` with turns, or a `text` in which a
//! template has written them out. The assistant's turn is the completion; where the other fields
//! stand in what was asked, the expert's patterns say.

use std::fmt;
use std::sync::LazyLock;

use hive_sdk::Record;
use hive_sdk::manifest::DatasetSpec;
use regex::Regex;
use serde_json::{Map, Value};

use super::reader::code;

/// Columns that hold turns or a text of turns.
const COLUMNS: [&str; 4] = ["messages", "conversations", "conversation", "text"];

/// How the known templates mark a turn: pattern, and the role of each mark.
const TEMPLATES: [&str; 5] = [
    // ChatML
    r"<\|im_start\|>\s*(?P<role>system|user|assistant)\s*\n",
    // Llama 3
    r"<\|start_header_id\|>\s*(?P<role>system|user|assistant)\s*<\|end_header_id\|>\s*",
    // Gemma
    r"<start_of_turn>\s*(?P<role>user|model)\s*\n",
    // Alpaca: what is asked has several headings, of which the fields' patterns make sense.
    r"(?i)(?P<role>###\s*(?:response|answer|output|sql)[^\n:]*:)\s*",
    // Llama 2
    r"(?P<role>\[/INST\])",
];

/// What ends a turn.
const ENDS: [&str; 8] = [
    "<|im_end|>",
    "<|eot_id|>",
    "<end_of_turn>",
    "<|endoftext|>",
    "<|end_of_text|>",
    "</s>",
    "<|begin_of_text|>",
    "<s>",
];

/// How chats become records.
#[derive(Debug, Clone)]
pub struct ChatMap {
    column: String,
    patterns: Vec<Regex>,
    required: Vec<String>,
    completion: String,
}

impl ChatMap {
    /// For rows like these; `None` when no column holds chats, or the expert has no patterns.
    pub fn detect<'r>(sample: impl Iterator<Item = &'r Map<String, Value>>, spec: &DatasetSpec) -> Option<Self> {
        let patterns: Vec<Regex> = spec.chat_patterns.iter().filter_map(|p| Regex::new(p).ok()).collect();
        let completion = spec.fields.iter().find(|f| f.completion)?.name.clone();
        let required = spec.fields.iter().filter(|f| !f.optional && !f.completion).map(|f| f.name.clone()).collect();
        let rows: Vec<_> = sample.collect();
        let column = COLUMNS.into_iter().find(|column| {
            rows.iter().filter(|row| row.get(*column).is_some_and(|value| turns(value).is_some())).count() * 2
                > rows.len()
        })?;
        (!patterns.is_empty()).then(|| Self { column: column.to_owned(), patterns, required, completion })
    }

    /// The record that a row's chat holds.
    ///
    /// # Errors
    /// Code and reason when it holds none.
    pub fn record(&self, columns: &Map<String, Value>) -> Result<Record, (&'static str, String)> {
        let unknown = |what: &str| (code::UNKNOWN_CHAT, format!("column `{}` {what}", self.column));
        let value = columns.get(&self.column).filter(|v| !v.is_null());
        let value = value.ok_or_else(|| (code::MISSING_FIELD, format!("no value in column `{}`", self.column)))?;
        let turns = turns(value).ok_or_else(|| unknown("holds no chat, expected turns of user and assistant"))?;
        let said = |role: Role| turns.iter().filter(move |t| t.role == role).map(|t| t.text.trim());
        let mut answers = said(Role::Assistant);
        let answer = answers.next().ok_or_else(|| unknown("holds no turn of the assistant"))?;
        if answers.next().is_some() {
            return Err(unknown("holds several turns of the assistant, expected one"));
        }
        let asked = said(Role::User).collect::<Vec<_>>().join("\n\n");
        let all = said(Role::System).chain([asked.as_str()]).collect::<Vec<_>>().join("\n\n");
        // A schema may stand in the system's turn; a system prompt alone must not pass for a field.
        let found = [&asked, &all].into_iter().find_map(|text| self.fields(text));
        let mut record = found.ok_or_else(|| {
            unknown(&format!("holds a chat in which {} cannot be told apart", self.required.join(" and ")))
        })?;
        record.set(&self.completion, answer);
        Ok(record)
    }

    fn fields(&self, text: &str) -> Option<Record> {
        self.patterns.iter().find_map(|pattern| {
            let found = pattern.captures(text)?;
            let mut record = Record::default();
            for field in &self.required {
                record.set(field, found.name(field).map(|m| m.as_str().trim()).filter(|t| !t.is_empty())?);
            }
            Some(record)
        })
    }
}

impl fmt::Display for ChatMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} and {} out of the chats in {}", self.required.join(", "), self.completion, self.column)
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
        "system" => Role::System,
        "user" | "human" => Role::User,
        "assistant" | "gpt" | "model" => Role::Assistant,
        _ => return None,
    })
}

/// The turns of a list of messages, or of a text.
fn turns(value: &Value) -> Option<Vec<Turn>> {
    let turns = match value {
        Value::Array(messages) => messages
            .iter()
            .map(|message| {
                let text = |names: [&str; 2]| names.iter().find_map(|n| message.get(n)).and_then(Value::as_str);
                Some(Turn { role: role(text(["role", "from"])?)?, text: text(["content", "value"])?.to_owned() })
            })
            .collect::<Option<Vec<_>>>()?,
        Value::String(text) => written(text)?,
        _ => return None,
    };
    turns.iter().any(|t| t.role == Role::Assistant).then_some(turns)
}

/// The turns that a template has written into one text.
fn written(text: &str) -> Option<Vec<Turn>> {
    static COMPILED: LazyLock<Vec<Regex>> =
        LazyLock::new(|| TEMPLATES.iter().filter_map(|t| Regex::new(t).ok()).collect());
    for template in &*COMPILED {
        let marks: Vec<_> = template.captures_iter(text).filter_map(|c| Some((c.get(0)?, c.name("role")?))).collect();
        let (Some(first), Some(last)) = (marks.first(), marks.last()) else { continue };
        if role(first.1.as_str()).is_none() {
            // Only the answer is marked: what stands before the last mark was asked.
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
mod tests {
    use super::*;

    fn map() -> ChatMap {
        let spec: DatasetSpec = serde_json::from_value(serde_json::json!({
            "fields": [{"name": "question"}, {"name": "schema"}, {"name": "sql", "completion": true}],
            "chat_patterns": [r"(?is)schema:\s*(?P<schema>.+?)\s*question:\s*(?P<question>.+)",
                r"(?is)^(?P<schema>create .+;)\s*(?P<question>[^;]+)$"],
        }))
        .unwrap();
        let row = serde_json::json!({"text": "<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\nb<|im_end|>"});
        ChatMap::detect([row.as_object().unwrap()].into_iter(), &spec).unwrap()
    }

    fn record(text: &str) -> Result<Record, (&'static str, String)> {
        map().record(serde_json::json!({"text": text}).as_object().unwrap())
    }

    #[test]
    fn every_template_gives_the_same_record() {
        let asked = "Schema: CREATE TABLE t (a INT)\nQuestion: How many?";
        let expected =
            Record::from_pairs([("question", "How many?"), ("schema", "CREATE TABLE t (a INT)"), ("sql", "SELECT 1")]);
        for text in [
            format!(
                "<|im_start|>system\nBe good.<|im_end|>\n<|im_start|>user\n{asked}<|im_end|>\n<|im_start|>assistant\nSELECT 1<|im_end|>\n"
            ),
            format!(
                "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n{asked}<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nSELECT 1<|eot_id|>"
            ),
            format!("<start_of_turn>user\n{asked}<end_of_turn>\n<start_of_turn>model\nSELECT 1<end_of_turn>"),
            format!("Below is a task.\n\n{asked}\n\n### Response:\nSELECT 1</s>"),
            format!("<s>[INST] {asked} [/INST] SELECT 1 </s>"),
        ] {
            assert_eq!(record(&text).unwrap(), expected, "{text}");
        }
        let messages =
            serde_json::json!([{"role": "user", "content": asked}, {"role": "assistant", "content": "SELECT 1"}]);
        assert_eq!(turns(&messages).unwrap().len(), 2);
        let shared = serde_json::json!([{"from": "human", "value": asked}, {"from": "gpt", "value": "SELECT 1"}]);
        assert_eq!(turns(&shared).unwrap()[1].role, Role::Assistant);
    }

    #[test]
    fn the_schema_may_stand_in_the_systems_turn() {
        let text = "<|im_start|>system\nCREATE TABLE t (a INT);<|im_end|>\n<|im_start|>user\nHow many?<|im_end|>\n<|im_start|>assistant\nSELECT 1<|im_end|>";
        assert_eq!(record(text).unwrap().text("question"), Some("How many?"));
    }

    #[test]
    fn what_is_no_such_chat_is_told() {
        assert_eq!(record("hello").unwrap_err().0, code::UNKNOWN_CHAT);
        let two = "<|im_start|>assistant\na<|im_end|><|im_start|>assistant\nb<|im_end|>";
        assert!(record(two).unwrap_err().1.contains("several turns"));
        let vague = "<|im_start|>user\nhi<|im_end|><|im_start|>assistant\nb<|im_end|>";
        assert!(record(vague).unwrap_err().1.contains("question and schema cannot be told apart"));
    }
}
