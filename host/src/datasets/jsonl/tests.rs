//! Reading JSON lines, from bytes to records and messages.

use super::*;
use crate::datasets::mapping::MappedBy;

fn fields() -> Vec<FieldSpec> {
    serde_json::from_str(
        r#"[{"name": "question", "aliases": ["prompt", "instruction"]},
            {"name": "note", "optional": true},
            {"name": "sql", "aliases": ["answer"], "completion": true}]"#,
    )
    .unwrap()
}

struct Read {
    records: Vec<SourcedRecord>,
    mapping: ColumnMap,
    report: ReadReport,
}

fn read(bytes: &[u8], map: Option<&str>) -> Result<Read, DatasetError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("data.jsonl");
    std::fs::write(&path, bytes).unwrap();
    let overrides = map.map(str::parse).transpose()?.unwrap_or_default();
    let mut reader = JsonlReader::open(&path, &fields(), &overrides)?;
    let records = reader.by_ref().collect::<Result<Vec<_>, _>>()?;
    Ok(Read { records, mapping: reader.mapping().clone(), report: reader.report().clone() })
}

/// The error's message with the folder cut off, and its details.
fn failure(bytes: &[u8], map: Option<&str>) -> (String, Vec<String>, u8) {
    let error = read(bytes, map).err().unwrap();
    let text = error.to_string();
    let at = text.find("data.jsonl");
    let start = at.and_then(|at| text[..at].rfind(['`', ' ']).map(|p| p + 1).or(Some(0)));
    let text = match (start, at) {
        (Some(start), Some(at)) => format!("{}{}", &text[..start], &text[at..]),
        _ => text,
    };
    (text, error.details(), error.exit_code())
}

#[test]
fn names_then_aliases_and_the_rest_is_dropped() {
    let read = read(
        b"\xef\xbb\xbf{\"prompt\": \"q\", \"sql\": \"s\", \"id\": 1}\r\n\r\n  \n{\"sql\": 5, \"prompt\": true}",
        None,
    );
    let read = read.unwrap();
    assert_eq!(read.mapping.to_string(), "question ← prompt, sql ← sql");
    assert_eq!(read.mapping.fields[0].by, MappedBy::Alias);
    assert_eq!(read.mapping.dropped, ["id"]);
    assert_eq!(read.records[0].record, Record::from_pairs([("question", "q"), ("sql", "s")]));
    assert_eq!(read.records[1].record, Record::from_pairs([("question", "true"), ("sql", "5")]));
    assert!(matches!(read.records[1].source, Source::Line { line: 4, .. }), "blank lines count as lines");
    assert_eq!((read.report.records, read.report.converted), (2, 2));
}

#[test]
fn the_user_may_say_which_column() {
    let read = read(br#"{"question": "q", "other": "o", "sql": "s"}"#, Some("question=other")).unwrap();
    assert_eq!(read.records[0].record.text("question"), Some("o"));
    assert_eq!(read.mapping.fields[0].by, MappedBy::User);
}

#[test]
fn a_record_that_cannot_be_used_is_counted() {
    let read = read(
        b"{\"question\": \"q\", \"sql\": \"s\"}\n{\"question\": \"q\"}\n{\"question\": [1], \"sql\": \"s\"}\n{\"question\": null, \"sql\": \"s\"}",
        None,
    )
    .unwrap();
    assert_eq!(read.records.len(), 1);
    let counts: Vec<_> =
        read.report.rejects.by_count().into_iter().map(|(code, r)| (code.to_owned(), r.count)).collect();
    assert_eq!(counts, [("missing-field".to_owned(), 2), ("not-text".to_owned(), 1)]);
}

#[test]
fn bad_lines_name_file_line_and_column() {
    let good = "{\"question\": \"q\", \"sql\": \"s\"}\n";
    for (line, expected) in [
        ("{\"question\": \"q\",", "data.jsonl:2: not JSON: EOF while parsing a value at column 17"),
        ("[1]", "data.jsonl:2: got a list, expected one JSON object per line"),
        ("{} {}", "data.jsonl:2: not JSON: trailing characters at column 4"),
    ] {
        let (text, _, exit) = failure(format!("{good}{line}").as_bytes(), None);
        assert_eq!((text.as_str(), exit), (expected, 1));
    }
    let mut bytes = good.as_bytes().to_vec();
    bytes.extend(b"{\"question\": \"\xff\"}");
    assert_eq!(failure(&bytes, None).0, "data.jsonl:2: not UTF-8: byte 15 of the line is no character");
}

#[test]
fn missing_fields_are_told_with_what_was_found() {
    let (text, details, exit) = failure(br#"{"text": "q", "label": "s"}"#, None);
    assert_eq!(text, "Failed to find fields `question`, `sql` among the columns of `data.jsonl`");
    assert_eq!(
        details,
        [
            "`question` is read from: `question`, `prompt`, `instruction`",
            "`sql` is read from: `sql`, `answer`",
            "columns found: `text`, `label`"
        ]
    );
    assert_eq!(exit, 1);
}

#[test]
fn a_wrong_map_is_told() {
    let data = br#"{"text": "q", "sql": "s"}"#;
    for (map, expected, hint) in [
        (
            "qestion=text",
            "Failed to apply `--map`: the expert has no field `qestion`, expected one of: `question`, `note`, `sql`",
            Some("did you mean `question`?"),
        ),
        (
            "question=txt",
            "Failed to apply `--map`: `data.jsonl` has no column `txt`, its columns are: `text`, `sql`",
            Some("did you mean `text`?"),
        ),
        (
            "question",
            "Failed to read `--map`: got `question`, expected `field=column`",
            Some("several go in one: `--map question=prompt,sql=answer`"),
        ),
        (
            "sql=a,sql=b",
            "Failed to read `--map`: the field `sql` is mapped twice",
            Some("several go in one: `--map question=prompt,sql=answer`"),
        ),
    ] {
        assert_eq!(failure(data, Some(map)).0, expected);
        assert_eq!(read(data, Some(map)).err().unwrap().hint().as_deref(), hint);
        assert_eq!(read(data, Some(map)).err().unwrap().exit_code(), 2);
    }
}

#[test]
fn an_empty_file_is_an_error() {
    let (text, _, exit) = failure(b"\n\n", None);
    assert!(text.ends_with("data.jsonl` holds no records"), "{text}");
    assert_eq!(exit, 1);
}
