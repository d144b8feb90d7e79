//! Renders a record as a chat. Records are judged by `validate`, not here.

use hive_sdk::{ExpertError, Manifest, Message, Record, Rendered};

use crate::document;
use crate::texts;

/// Renders a record: the turns that the manifest declares, then the JSON value, minified. A value that is no JSON stays
/// as it is, because `validate` has the last word on it.
///
/// # Errors
/// When `text` or `schema` is absent. A record without `json` renders as a prompt alone.
pub fn render(manifest: &Manifest, record: &Record) -> Result<Rendered, ExpertError> {
    let record = texts::as_texts(record);
    let mut messages = manifest.prompt_of(&with_minified_schema(&record))?;
    let completion_start = messages.len();
    if let Some(json) = record.text("json") {
        let bare = document::bare(json).text;
        messages.push(Message::assistant(document::minified(bare).unwrap_or_else(|| bare.to_owned())));
    }
    Ok(Rendered { messages, completion_start })
}

/// The record with its schema as short as it can be written: each token costs time in every step.
fn with_minified_schema(record: &Record) -> Record {
    let mut record = record.clone();
    if let Some(short) = record.text("schema").and_then(document::minified) {
        record.set("schema", short);
    }
    record
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        Manifest::parse(include_str!("../../../manifests/json.json")).unwrap()
    }

    #[test]
    fn schema_and_answer_are_minified() {
        let record = Record::from_pairs([
            ("text", "  Two pears, please. \n"),
            ("schema", "{\n  \"type\": \"object\",\n  \"properties\": {\"b\": {}, \"a\": {}}\n}"),
            ("json", "```json\n{ \"b\": 2, \"a\": \"it's\" }\n```"),
        ]);
        let chat = render(&manifest(), &record).unwrap();
        let turns: Vec<_> = chat.messages.iter().map(|m| m.content.as_str()).collect();
        assert_eq!(chat.completion_start, 2);
        assert!(turns[1].contains(r#"{"type":"object","properties":{"b":{},"a":{}}}"#), "{}", turns[1]);
        assert!(turns[1].contains("Two pears, please.") && !turns[1].ends_with('\n'), "{}", turns[1]);
        assert_eq!(turns[2], r#"{"b":2,"a":"it's"}"#);
    }

    #[test]
    fn without_json_there_is_a_prompt_alone() {
        let record = Record::from_pairs([("text", "t"), ("schema", "{}")]);
        let chat = render(&manifest(), &record).unwrap();
        assert_eq!((chat.messages.len(), chat.completion_start), (2, 2));
        let error = render(&manifest(), &Record::from_pairs([("text", "t")])).unwrap_err();
        assert_eq!(error.message, "the record has no text in `schema` (its fields: text)");
    }
}
