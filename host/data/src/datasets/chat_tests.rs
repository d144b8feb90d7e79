//! Tests of chats in every form.

use hive_sdk::Record;
use serde_json::{Value, json};

use super::*;

fn spec() -> DatasetSpec {
    serde_json::from_value(json!({
        "fields": [
            {"name": "question", "aliases": ["prompt", "instruction"], "headings": ["question", "query"],
             "vague_headings": ["instruction", "input"]},
            {"name": "schema", "aliases": ["context"], "headings": ["schema", "context", "tables"],
             "vague_headings": ["input"], "shape": r"(?i)\bcreate\s"},
            {"name": "sql", "aliases": ["output", "completion", "answer"], "headings": ["answer", "sql"], "completion": true},
            {"name": "dialect", "optional": true},
            {"name": "evidence", "headings": ["evidence", "hint"], "optional": true}],
        "chat_patterns": [r"(?is)^\s*(?:```\w*\s*)?(?P<schema>create\s.+;)\s*(?:```)?\s*(?P<question>[^;]+)$",
            r"(?is)^\s*(?P<schema>create\s.+\))\s*\n\s*\n\s*(?P<question>[^;]+)$",
            r"(?is)^\s*(?P<question>.+?)\s*(?:```\w*\s*)?(?P<schema>create\s.+?)\s*(?:```)?\s*$"],
    }))
    .unwrap()
}

/// The records of rows from one file.
fn records(rows: &[Value]) -> Vec<Result<Record, Fault>> {
    let rows: Vec<Columns> = rows.iter().map(|row| row.as_object().unwrap().clone().into()).collect();
    let names: Vec<String> = rows[0].names().map(str::to_owned).collect();
    let map = ChatMap::detect(rows.iter(), &names, &spec(), &MapOverrides::default()).unwrap();
    rows.iter().map(|row| map.record(row)).collect()
}

fn of_turns(turns: Value) -> Result<Record, Fault> {
    records(&[json!({"messages": turns})]).remove(0)
}

/// Question and schema from a user turn.
fn asked(text: &str) -> (String, String) {
    let record = of_turns(json!([{"role": "user", "content": text}, {"role": "assistant", "content": "SELECT 1"}]));
    let record = record.unwrap_or_else(|(_, why)| panic!("{text}: {why}"));
    assert_eq!(record.text("sql"), Some("SELECT 1"));
    let field = |name: &str| record.text(name).unwrap().to_owned();
    (field("question"), field("schema"))
}

const T: &str = "CREATE TABLE t (a INT);";

#[test]
fn every_template_gives_the_same_record() {
    let asked = format!("Schema: {T}\nQuestion: How many?");
    let expected = Record::from_pairs([("question", "How many?"), ("schema", T), ("sql", "SELECT 1")]);
    for text in [
        format!(
            "<|im_start|>system\nBe good.<|im_end|>\n<|im_start|>user\n{asked}<|im_end|>\n<|im_start|>assistant\nSELECT 1<|im_end|>\n"
        ),
        format!(
            "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n{asked}<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nSELECT 1<|eot_id|>"
        ),
        format!("<start_of_turn>user\n{asked}<end_of_turn>\n<start_of_turn>model\nSELECT 1<end_of_turn>"),
        format!("Below is a task.\n\n{asked}\n\n### Response:\nSELECT 1</s>"),
        format!("Below is a task.\n\n{asked}\n\n### Response\nSELECT 1</s>"),
        format!("Below is a task.\n\n{asked}\n\n### SQL Query:\nSELECT 1</s>"),
        format!("<s>[INST] {asked} [/INST] SELECT 1 </s>"),
    ] {
        assert_eq!(records(&[json!({"text": text})]).remove(0).unwrap(), expected, "{text}");
    }
    let turns = json!([{"from": "system", "value": "Be good."}, {"from": "human", "value": asked}, {"from": "gpt", "value": "SELECT 1"}]);
    assert_eq!(records(&[json!({"conversations": turns})]).remove(0).unwrap(), expected);
    // Also as text with JSON, as in CSV, and with content in parts.
    assert_eq!(records(&[json!({"conversations": turns.to_string()})]).remove(0).unwrap(), expected);
    let parts = json!([{"role": "user", "content": [{"type": "text", "text": asked}]}, {"role": "assistant", "content": "SELECT 1"}]);
    assert_eq!(of_turns(parts).unwrap(), expected);
}

#[test]
fn what_others_ask_with() {
    // SQLCoder's newer prompt, and NSText2SQL's with the answer's first word.
    for text in [
        format!(
            "### Task\nGenerate a SQL query to answer the following question:\n`How many?`\n\n### Database Schema\n{T}\n\n### SQL\n"
        ),
        format!(
            "{T}\n\n-- Using valid SQL, answer the following questions for the tables provided above.\n-- How many?\nSELECT"
        ),
    ] {
        assert_eq!(asked(&text), ("How many?".to_owned(), T.to_owned()), "{text}");
    }
    let expected = Record::from_pairs([("question", "How many?"), ("schema", T), ("sql", "SELECT 1")]);
    let row = json!({"instruction": T, "input": "How many?", "output": "SELECT 1"});
    assert_eq!(records(&[row]).remove(0).unwrap(), expected);
    // The system prompt has a column of its own.
    let turns = json!([{"from": "human", "value": "How many?"}, {"from": "gpt", "value": "SELECT 1"}]);
    let row = json!({"system": format!("Schema:\n{T}"), "conversations": turns});
    assert_eq!(records(&[row]).remove(0).unwrap(), expected);
    for text in [
        format!(
            "<|system|>\nBe good.<|end|>\n<|user|>\nSchema: {T}\nQuestion: How many?<|end|>\n<|assistant|>\nSELECT 1<|end|>"
        ),
        format!("Be good. USER: Schema: {T}\nQuestion: How many? ASSISTANT: SELECT 1</s>"),
        format!("Human: Schema: {T}\nQuestion: How many?\nAssistant: SELECT 1"),
    ] {
        assert_eq!(records(&[json!({"text": text})]).remove(0).unwrap(), expected, "{text}");
    }
    // Text after the answer is not part of the prompt.
    let thanks = json!([
        {"role": "developer", "content": T}, {"role": "user", "content": "How many?"},
        {"role": "assistant", "content": "SELECT 1"}, {"role": "user", "content": "Thanks!"}
    ]);
    assert_eq!(of_turns(thanks).unwrap(), expected);
}

#[test]
fn headings_of_every_kind() {
    for text in [
        format!("### Schema\n{T}\n\n### Question\nHow many?"),
        format!("### Question\nHow many?\n\n### Schema\n{T}"),
        format!("## Database schema:\n{T}\n\n## Question:\nHow many?"),
        format!("**Schema:**\n{T}\n\n**Question:** How many?"),
        format!("**Schema**\n```sql\n{T}\n```\n**Question**\nHow many?"),
        format!("<schema>\n{T}\n</schema>\n<question>How many?</question>"),
        format!("<schema>{T}</schema>\n\nHow many?"),
        format!("How many?\n\nHere is the schema:\n{T}"),
        format!("How many? Here is the schema:\n\n```sql\n{T}\n```"),
        format!("Given the following schema:\n{T}\n\nHow many?"),
        format!("Given the following schema, write SQL for the question.\n{T}\n\nQuestion: How many?"),
        format!("Schema:\n{T}\n\nWrite a SQL query to answer the following question: How many?"),
        format!("You are an expert.\n\nSchema:\n```\n{T}\n```\n\nHow many?"),
        format!("How many?\n\nSchema:\n{T}\n\nReturn the SQL alone."),
        format!(
            "### Task\nGenerate a SQL query to answer [QUESTION]How many?[/QUESTION]\n\n### Database Schema\n\
            The query will run on a database with the following schema:\n{T}\n\n### Answer\n\
            Given the database schema, here is the SQL query that answers [QUESTION]How many?[/QUESTION]\n[SQL]\n"
        ),
        format!("Question: How many? Schema: {T}"),
        format!("=== Schema ===\n{T}\n=== Question ===\nHow many?"),
        format!("Here's my database schema:\n```\n{T}\n```\nHow many?"),
        format!("Given the following SQL tables, your job is to write SQL for a request.\n\n{T}\n\nHow many?"),
        format!("How many?\n\n{T}"),
        format!("How many?\n\n```sql\n{T}\n```\n\nReturn the SQL alone."),
        format!("Be quick. ```sql\n{T}\n```\nHow many?"),
        format!("{T}\n\nHow many?"),
        format!("### Instruction:\nConvert the text to SQL.\n\n### Input:\n{T}\n\nHow many?"),
        format!("### Instruction:\nHow many?\n\n### Input:\n{T}"),
        format!("### Instructions\nWrite SQL.\n### Input\nQuestion: How many?\nContext: {T}"),
    ] {
        assert_eq!(asked(&text), ("How many?".to_owned(), T.to_owned()), "{text}");
    }
    for (before, behind) in
        [("List all.", "Return the SQL alone."), ("You are an expert in SQL.", "List all."), ("Be brief.", "List all.")]
    {
        assert_eq!(asked(&format!("{before}\n\nSchema:\n{T}\n\n{behind}")).0, "List all.", "{before} {behind}");
    }
    let several = "-- Table: t\nCREATE TABLE t (a INT)\n\nCREATE TABLE u (b INT)";
    assert_eq!(asked(&format!("### Schema\n{several}\n### Question\nHow many?")).1, several);
    let with_hint = of_turns(json!([
        {"role": "user", "content": format!("Schema: {T}\nHint: old means 9\nQuestion: How many old?")},
        {"role": "assistant", "content": "SELECT 1"}]));
    let record = with_hint.unwrap();
    assert_eq!((record.text("evidence"), record.text("question")), (Some("old means 9"), Some("How many old?")));
}

#[test]
fn the_schema_may_stand_in_the_systems_turn() {
    for system in [
        T.to_owned(),
        format!("You write SQL.\nSCHEMA:\n{T}"),
        format!("You write SQL. The schema is below.\n\n### Schema\n```sql\n{T}\n```"),
        format!("You write SQL. You know these tables.\n{T}\n\nBe brief."),
    ] {
        let record = of_turns(json!([{"role": "system", "content": system}, {"role": "user", "content": "How many?"},
            {"role": "assistant", "content": "SELECT 1"}]));
        let expected = Record::from_pairs([("schema", T), ("question", "How many?"), ("sql", "SELECT 1")]);
        assert_eq!(
            record.map(|r| (r.text("question").map(str::to_owned), r.text("schema").map(str::to_owned))).unwrap(),
            (expected.text("question").map(str::to_owned), expected.text("schema").map(str::to_owned)),
            "{system}"
        );
    }
}

#[test]
fn columns_of_what_is_asked_and_of_the_answer() {
    let field = |rows: Value, name: &str| records(&[rows]).remove(0).unwrap().text(name).map(str::to_owned);
    let alpaca = json!({"instruction": "How many?", "input": T, "output": "SELECT 1"});
    assert_eq!(field(alpaca.clone(), "question").unwrap(), "How many?");
    assert_eq!(field(alpaca, "schema").unwrap(), T);
    let alpaca =
        json!({"Instruction": "Convert text to SQL", "Input": format!("{T}\nHow many?"), "Output": "SELECT 1"});
    assert_eq!(field(alpaca, "question").unwrap(), "How many?");
    let alone = json!({"instruction": format!("{T}\n\nHow many?"), "input": "", "output": "SELECT 1"});
    assert_eq!(field(alone, "question").unwrap(), "How many?");
    let pair = json!({"prompt": format!("Schema: {T}\nQuestion: How many?"), "completion": "SELECT 1"});
    assert_eq!(
        (field(pair.clone(), "question").unwrap(), field(pair, "sql").unwrap()),
        ("How many?".into(), "SELECT 1".into())
    );
    let turns = json!({"prompt": [{"role": "user", "content": format!("Schema: {T}\nQuestion: How many?")}],
        "completion": [{"role": "assistant", "content": "SELECT 1"}]});
    assert_eq!(field(turns, "schema").unwrap(), T);
    // A field beside the chat in a column of its own.
    let beside = json!({"messages": [{"role": "user", "content": format!("{T}\nHow many?")},
        {"role": "assistant", "content": "SELECT 1"}], "Dialect": "mysql"});
    assert_eq!(field(beside, "dialect").unwrap(), "mysql");
    // Columns unrelated to the fields are not a chat.
    let row: Columns = json!({"prompt": "a", "completion": "b"}).as_object().unwrap().clone().into();
    let names = ["prompt".to_owned(), "completion".to_owned()];
    assert!(ChatMap::detect([&row].into_iter(), &names, &spec(), &MapOverrides::default()).is_none());
}

#[test]
fn what_is_no_such_chat_is_told() {
    let good = json!({"text": format!("<|im_start|>user\n{T} How many?<|im_end|><|im_start|>assistant\nb<|im_end|>")});
    let said = |text: &str| records(&[good.clone(), good.clone(), json!({"text": text})]).remove(2).unwrap_err();
    assert_eq!(said("hello").0, code::UNKNOWN_CHAT);
    let two = "<|im_start|>assistant\na<|im_end|><|im_start|>assistant\nb<|im_end|>";
    assert!(said(two).1.contains("several turns"));
    let vague = "<|im_start|>user\nhi<|im_end|><|im_start|>assistant\nb<|im_end|>";
    assert!(said(vague).1.contains("question and schema cannot be distinguished"));
}
