//! Tests of reading data files, from bytes to records and messages.

use hive_tests::check_all;
use std::collections::BTreeMap;

use hive_errors::Diagnostic as _;

use super::*;
use crate::datasets::ParquetTable;
use crate::datasets::mapping::MappedBy;

fn spec() -> DatasetSpec {
    serde_json::from_str(
        r#"{"fields": [{"name": "question", "aliases": ["prompt", "instruction"]},
            {"name": "note", "optional": true},
            {"name": "rows", "optional": true, "path": true},
            {"name": "sql", "aliases": ["answer"], "completion": true}]}"#,
    )
    .unwrap()
}

struct Read {
    records: Vec<(Record, Source)>,
    mapping: ColumnMap,
    report: ReadReport,
    said: String,
}

fn read(bytes: &[u8], map: Option<&str>) -> Result<Read, DatasetError> {
    read_as("data.jsonl", bytes, map)
}

fn read_as(name: &str, bytes: &[u8], map: Option<&str>) -> Result<Read, DatasetError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    let overrides = map.map(str::parse).transpose()?.unwrap_or_default();
    read_path(&path, &overrides)
}

fn read_path(path: &Path, overrides: &MapOverrides) -> Result<Read, DatasetError> {
    let mut reader = RecordReader::open(path, &spec(), overrides, &BTreeMap::new())?;
    let all = reader.by_ref().collect::<Result<Vec<_>, _>>()?;
    let records = all.into_iter().filter_map(|r| Some((r.record.ok()?, r.source))).collect();
    let Some(Mapping::Columns(mapping)) = reader.mapping().cloned() else { panic!("columns are mapped") };
    Ok(Read { records, mapping, report: reader.report().clone(), said: reader.mappings() })
}

/// Codes and counts of the rows that did not give a record.
fn rejects(read: &Read) -> Vec<(String, usize)> {
    read.report.rejects.by_count().into_iter().map(|(code, r)| (code.to_owned(), r.count)).collect()
}

/// The error's message without the folder, and its details.
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
fn names_of_files_are_relative_to_the_file_that_they_stand_in() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("sub")).unwrap();
    for (name, bytes) in [
        ("sub/a.jsonl", &br#"{"question": "q", "sql": "s", "rows": "b/x.db", "note": "b/x.db"}"#[..]),
        ("sub/a.csv", b"question,sql,rows,note\nq,s,b/x.db,b/x.db\n"),
    ] {
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let read = read_path(&path, &MapOverrides::default()).unwrap();
        let (record, _) = &read.records[0];
        assert_eq!(record.text("rows"), dir.path().join("sub/b/x.db").to_str(), "{name}");
        assert_eq!(record.text("note"), Some("b/x.db"));
    }
    let whole = dir.path().join("y.db").to_string_lossy().into_owned();
    let line = format!(r#"{{"question": "q", "sql": "s", "rows": "{whole}"}}"#);
    let read = read(line.as_bytes(), None).unwrap();
    assert_eq!(read.records[0].0.text("rows"), Some(whole.as_str()));
}

#[test]
fn a_column_that_only_later_rows_have_is_read_from_there_on() {
    let mut text = "{\"question\": \"q\", \"sql\": \"s\"}\n".repeat(100);
    text += "{\"question\": \"q\", \"sql\": \"s\", \"more\": 1, \"Note\": \"late\"}\n";
    let read = read(text.as_bytes(), None).unwrap();
    assert_eq!(read.records[99].0.text("note"), None);
    assert_eq!(read.records[100].0.text("note"), Some("late"));
    assert_eq!(read.mapping.to_string(), "question, sql, note ← Note");
}

#[test]
fn names_then_aliases_and_the_rest_is_dropped() {
    let read = read(
        b"\xef\xbb\xbf{\"prompt\": \"q\", \"sql\": \"s\", \"id\": 1}\r\n\r\n  \n{\"sql\": 5, \"prompt\": true}",
        None,
    );
    let read = read.unwrap();
    assert_eq!(read.mapping.to_string(), "question ← prompt, sql; not read: id");
    assert_eq!(read.mapping.fields[0].by, MappedBy::Alias);
    assert_eq!(read.mapping.dropped, ["id"]);
    assert_eq!(read.records[0].0, Record::from_pairs([("question", "q"), ("sql", "s")]));
    assert_eq!(read.records[1].0, Record::from_pairs([("question", "true"), ("sql", "5")]));
    assert!(matches!(read.records[1].1, Source::Line { line: 4, .. }), "blank lines count as lines");
    assert_eq!((read.report.records, read.report.converted), (2, 2));
}

#[test]
fn the_user_may_say_which_column() {
    let read = read(br#"{"question": "q", "other": "o", "sql": "s"}"#, Some("question=other")).unwrap();
    assert_eq!(read.records[0].0.text("question"), Some("o"));
    assert_eq!(read.mapping.fields[0].by, MappedBy::User);
}

#[test]
fn a_record_that_cannot_be_used_is_counted() {
    let read = read(
        b"{\"question\": \"q\", \"sql\": \"s\"}\n{\"question\": \"q\"}\n{\"question\": [ 1, {\"a\": null} ], \"sql\": \"s\"}\n{\"question\": null, \"sql\": \"s\"}",
        None,
    )
    .unwrap();
    assert_eq!(read.records.len(), 2);
    assert_eq!(read.records[1].0.text("question"), Some("[1,{\"a\":null}]"), "a list is compact JSON");
    assert_eq!(rejects(&read), [("missing-field".to_owned(), 2)]);
}

#[test]
fn a_bad_line_costs_that_line() {
    let good = "{\"question\": \"q\", \"sql\": \"s\"}\n";
    check_all(
        [
            ("{\"question\": \"q\",", "not JSON: EOF while parsing a value at column 17"),
            ("[1]", "got a list, expected an object"),
            ("{} {}", "not JSON: trailing characters at column 4"),
            ("{\"question\": \"\\ud800\", \"sql\": \"s\"}", "not JSON: unexpected end of hex escape at column 21"),
        ],
        |(line, expected)| {
            let (code, why, records) = rejected("data.jsonl", format!("{good}{line}\n{good}").as_bytes());
            assert_eq!((code.as_str(), records), ("not-json", 2), "{line}");
            assert_eq!(why, expected);
        },
    );
    // NaN is null: ignored if the column is not used, a missing value if it is.
    let read = read(
        b"{\"question\": \"q\", \"sql\": \"NaN\", \"score\": NaN}\n{\"question\": -Infinity, \"sql\": \"s\"}",
        None,
    );
    let read = read.unwrap();
    assert_eq!(read.records.len(), 1);
    assert_eq!(read.records[0].0.text("sql"), Some("NaN"));
    assert_eq!(rejects(&read), [("missing-field".to_owned(), 1)]);
}

#[test]
fn a_file_fails_when_nothing_in_it_can_be_read_and_says_why() {
    let bad = b"{\"question\": }\n\xff\n[1]\n{\"question\": }\n".repeat(2000);
    let (text, details, exit) = failure(&bad, None);
    assert_eq!(text, "Failed to read data set `data.jsonl`: not one of its 8000 rows can be read");
    assert_eq!(exit, 1);
    assert_eq!(details.len(), 2, "{details:?}");
    assert!(
        details[0].starts_with("   6000  not-json  ")
            && details[0].ends_with("data.jsonl:1: not JSON: expected value at column 14"),
        "{details:?}"
    );
    // One good row after thousands of bad ones, all of which are reported.
    let late = [&bad[..], b"{\"question\": \"q\", \"sql\": \"s\"}\n"].concat();
    let read = read(&late, None).unwrap();
    assert_eq!((read.records.len(), read.report.rejects.total()), (1, 8000));
    // One of several files.
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in
        [("a.jsonl", &bad[..8]), ("b.jsonl", b"{\"question\": \"q\", \"sql\": \"s\"}\n"), ("c.jsonl", b"}\n")]
    {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    let reader = RecordReader::open(folder.path(), &spec(), &MapOverrides::default(), &BTreeMap::new()).unwrap();
    let read: Vec<bool> = reader.map(|r| r.unwrap().record.is_ok()).collect();
    assert_eq!(read, [false, true, false]);
}

#[test]
fn names_are_found_however_they_are_written() {
    check_all(
        [
            (r#"{"Question": "q", "SQL": "s"}"#, "question ← Question, sql ← SQL"),
            (r#"{" Question ": "q", "sql": "s", "SQL": "t"}"#, "question ← \" Question \", sql; not read: SQL"),
            (r#"{"PROMPT": "q", "Answer": "s"}"#, "question ← PROMPT, sql ← Answer"),
        ],
        |(row, said)| {
            let read = read(row.as_bytes(), None).unwrap();
            assert_eq!(read.said, said);
            assert_eq!(read.records[0].0, Record::from_pairs([("question", "q"), ("sql", "s")]), "{row}");
        },
    );
    let read = read(br#"{"My Question": "q", "SQL": "s"}"#, Some("question=my_question")).unwrap();
    assert_eq!(read.records[0].0.text("question"), Some("q"));
}

#[test]
fn a_table_is_read_whatever_separates_its_values() {
    let expected = [
        Record::from_pairs([("question", "a, b"), ("sql", "SELECT 1, 2; --")]),
        Record::from_pairs([("question", "c"), ("sql", "x\ny")]),
    ];
    check_all(
        [
            ("a.csv", ',', "question ← Question, sql"),
            ("a.csv", ';', "CSV with semicolons: question ← Question, sql"),
            ("a.csv", '\t', "CSV with tabs: question ← Question, sql"),
            ("a.tsv", '\t', "CSV with tabs: question ← Question, sql"),
            ("a.txt", '|', "CSV with pipes: question ← Question, sql"),
        ],
        |(name, separator, said)| {
            let rows = ["Question#sql", "\"a, b\"#\"SELECT 1, 2; --\"", "c#\"x\ny\"", ""];
            let text = rows.join("\r\n").replace('#', &separator.to_string());
            let read = read_as(name, text.as_bytes(), None).unwrap();
            assert_eq!(read.said, said);
            assert_eq!(read.records.into_iter().map(|r| r.0).collect::<Vec<_>>(), expected, "{said}");
        },
    );
    let read = read_as("a.csv", b"sep=;\nquestion;sql\n1,5;s\n", None).unwrap();
    assert_eq!(read.records[0].0.text("question"), Some("1,5"));
}

#[test]
fn a_quote_that_is_never_closed_costs_its_row() {
    let text = b"question,sql\nq1,s1\n\"q2,s2\nq3,s3\nq4,\"s\n4\"\nq5,s5\n";
    let read = read_as("data.csv", text, None).unwrap();
    let questions: Vec<_> = read.records.iter().map(|(r, _)| r.text("question").unwrap()).collect();
    assert_eq!(questions, ["q1", "q3", "q4", "q5"]);
    assert!(matches!(read.records[2].1, Source::Line { line: 5, .. }), "{:?}", read.records[2].1);
    assert_eq!(rejects(&read), [("ragged-row".to_owned(), 1)]);
    let long = [&b"question,sql\nq1,s1\n\"q2,s2\n"[..], &b"q,s\n".repeat(3 << 20)].concat();
    let read = read_as("data.csv", &long, None).unwrap();
    assert_eq!((read.records.len(), rejects(&read)), ((3 << 20) + 1, vec![("ragged-row".to_owned(), 1)]));
}

#[test]
fn a_bad_element_of_a_list_costs_itself() {
    let good = r#"{"question": "q", "sql": "s", "more": [{"a": 1}, {"a": 2}]}"#;
    check_all(
        [
            (r#"{"question": "q", "sql": }"#, "not-json"),
            ("7", "not-json"),
            ("", "not-json"),
            (r#"{"question": "q", "sql": "s"#, "not-json"),
            (r#"{"question": "it is "so"", "sql": "s" , "more": [1]}"#, "not-json"),
        ],
        |(bad, code)| {
            let read = read_as("data.json", format!("[{good},\n{bad},\n{good},\n{good}]").as_bytes(), None).unwrap();
            assert_eq!((read.records.len(), rejects(&read)), (3, vec![(code.to_owned(), 1)]), "{bad}");
        },
    );
    check_all(["", ",", ",\n", ", {\"question\": \"q", "] ]", "] x"], |end| {
        let read = read_as("data.json", format!("[{good},{good}{end}").as_bytes(), None).unwrap();
        assert_eq!((read.records.len(), read.report.rejects.total()), (2, 1), "{end}");
    });
}

#[test]
fn values_that_are_given_for_all_records() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.jsonl");
    std::fs::write(&path, "{\"question\": \"q\", \"note\": \"own\"}\n{\"question\": \"r\", \"note\": \" \"}\n")
        .unwrap();
    let spec: DatasetSpec = serde_json::from_str(
        r#"{"fields": [{"name": "question"}, {"name": "schema"}, {"name": "note", "optional": true},
            {"name": "sql", "completion": true, "optional": true}]}"#,
    )
    .unwrap();
    let fixed = |pairs: &[&str]| {
        let pairs: Vec<String> = pairs.iter().map(|p| (*p).to_owned()).collect();
        crate::datasets::fixed_fields(&pairs, &spec.fields)
    };
    let values = fixed(&["note=all", "schema = CREATE TABLE t (a INT)"]).unwrap();
    let mut reader = RecordReader::open(&path, &spec, &MapOverrides::default(), &values).unwrap();
    let notes: Vec<_> = reader.by_ref().map(|r| r.unwrap().record.unwrap()).collect();
    assert_eq!(notes[0].text("note"), Some("own"));
    assert_eq!((notes[1].text("note"), notes[1].text("schema")), (Some("all"), Some("CREATE TABLE t (a INT)")));
    assert!(reader.mappings().ends_with("; where a record has none: note = all, schema = CREATE TABLE t (a INT)"));
    check_all(
        [
            (&["note"][..], "Failed to read `--field`: got `note`, expected `field=value`"),
            (&["note=1", "note=2"], "Failed to read `--field`: the field `note` is given twice"),
            (
                &["not=1"],
                "Failed to apply `--field`: the expert has no field `not`, expected one of: `question`, `schema`, `note`",
            ),
            (
                &["sql=1"],
                "Failed to apply `--field`: `sql` is what the model learns to write, every record has its own",
            ),
        ],
        |(pairs, expected)| {
            let error = fixed(pairs).unwrap_err();
            assert_eq!(error.to_string(), expected);
            assert_eq!(DatasetError::from(error).exit_code(), 2);
        },
    );
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
    check_all(
        [
            (
                "qestion=text",
                "Failed to apply `--map`: the expert has no field `qestion`, expected one of: `question`, `note`, `rows`, `sql`",
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
                Some("several go in one: `--map FIELD=COLUMN,FIELD=COLUMN`"),
            ),
            (
                "sql=a,sql=b",
                "Failed to read `--map`: the field `sql` is mapped twice",
                Some("several go in one: `--map FIELD=COLUMN,FIELD=COLUMN`"),
            ),
        ],
        |(map, expected, hint)| {
            assert_eq!(failure(data, Some(map)).0, expected);
            assert_eq!(read(data, Some(map)).err().unwrap().hint().as_deref(), hint);
            assert_eq!(read(data, Some(map)).err().unwrap().exit_code(), 2);
        },
    );
}

#[test]
fn an_empty_file_is_an_error() {
    let (text, _, exit) = failure(b"\n\n", None);
    assert!(text.ends_with("data.jsonl` holds no records"), "{text}");
    assert_eq!(exit, 1);
}

/// Code and reason of the first unusable row, and the number of records.
fn rejected(name: &str, bytes: &[u8]) -> (String, String, usize) {
    let read = read_as(name, bytes, None).unwrap();
    let (code, rejected) =
        read.report.rejects.by_count().into_iter().next().map(|(c, r)| (c.to_owned(), r.clone())).unwrap();
    // After the file's name and the line.
    let (_, place) = rejected.examples[0].split_once(&format!("{name}:")).unwrap();
    let why = place.split_once(": ").unwrap().1.to_owned();
    (code, why, read.records.len())
}

#[test]
fn a_row_that_cannot_be_read_costs_itself_alone() {
    let good = b"{\"question\": \"q\", \"sql\": \"s\"}\n";
    let with = |bad: &[u8]| [&good[..], bad, b"\n", &good[..]].concat();
    let (code, why, records) = rejected("data.jsonl", &with(b"{\"question\": \"\xff\", \"sql\": \"s\"}"));
    assert_eq!((code.as_str(), why.as_str(), records), ("not-utf8", "byte 15 of the line is not valid UTF-8", 2));
    let long = format!("{{\"question\": \"{}\", \"sql\": \"s\"}}", "x".repeat(50 << 20));
    let (code, _, records) = rejected("data.jsonl", &with(long.as_bytes()));
    assert_eq!((code.as_str(), records), ("row-too-long", 2));
    let (code, why, records) = rejected("data.jsonl", &with(br#"{"question": "a\u0000b", "sql": "s"}"#));
    assert_eq!((code.as_str(), why.as_str(), records), ("nul-byte", "`question` holds a NUL byte", 2));
    let (code, why, records) = rejected("data.jsonl", &with(b"{\"question\": \"a\0b\", \"sql\": \"s\"}"));
    assert_eq!(
        (code.as_str(), why.as_str(), records),
        ("nul-byte", "byte 16 of the line is NUL, which is not allowed in text", 2)
    );
    // The first rows may all be unreadable.
    let bad = [b"\xff\n".repeat(100), good.to_vec()].concat();
    assert_eq!(rejected("data.jsonl", &bad).2, 1);
    let (code, why, records) = rejected("data.csv", b"question,sql\r\nq,s\r\nonly one\r\n\"a \"\"b\"\",\nc\",s\r\n");
    assert_eq!((code.as_str(), records), ("ragged-row", 2));
    assert_eq!(why, "got 1, expected 2 values, as many as the header has");
}

/// The lines of the next test, compressed by `xz`.
const XZ: &[u8] = include_bytes!("testdata/two.jsonl.xz");

#[test]
fn every_form_gives_the_same_records() {
    use std::io::Write;
    let lines = b"{\"question\": \"q, \\\"1\\\"\", \"sql\": \"[s]\"}\n{\"question\": \"q2\", \"sql\": \"s2\"}\n";
    let expected = [
        Record::from_pairs([("question", "q, \"1\""), ("sql", "[s]")]),
        Record::from_pairs([("question", "q2"), ("sql", "s2")]),
    ];
    let array = b" [ {\"question\": \"q, \\\"1\\\"\", \"sql\": \"[s]\"} ,\n{\"question\": \"q2\", \"sql\": \"s2\"} ]\n";
    let csv = b"\xef\xbb\xbfquestion,sql\n\"q, \"\"1\"\"\",[s]\nq2,s2\n";
    let gzip = |bytes: &[u8]| {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(bytes).unwrap();
        packed.finish().unwrap()
    };
    let dir = tempfile::tempdir().unwrap();
    let table = dir.path().join("t.parquet");
    let mut writer = ParquetTable::create(&table, &["question", "sql"]).unwrap();
    writer.write(&["q, \"1\"", "[s]"]).unwrap();
    writer.write(&["q2", "s2"]).unwrap();
    writer.finish().unwrap();
    let table = std::fs::read(&table).unwrap();
    let zst = zstd::encode_all(&lines[..], 3).unwrap();
    check_all(
        [
            ("a.jsonl.xz", XZ.to_vec()),
            ("a.jsonl", lines.to_vec()),
            ("a.json", array.to_vec()),
            ("a.csv", csv.to_vec()),
            ("a.parquet", table.clone()),
            ("a.jsonl.gz", gzip(lines)),
            ("a.csv.gz", gzip(csv)),
            ("a.jsonl.zst", zst.clone()),
            ("no-name-at-all", array.to_vec()),
            ("misnamed.csv", table.clone()),
        ],
        |(name, bytes)| {
            let read = read_as(name, &bytes, None).unwrap_or_else(|e| panic!("{name}: {e}"));
            let records: Vec<_> = read.records.into_iter().map(|r| r.0).collect();
            assert_eq!(records, expected, "{name}");
        },
    );
    // All of them, as one folder.
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in [("b.jsonl", &lines[..]), ("a.parquet", &table), ("c/d.jsonl.zst", &zst), ("README.md", b"x")]
    {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    let read = read_path(folder.path(), &MapOverrides::default()).unwrap();
    assert_eq!(read.records.len(), 6);
    assert!(matches!(&read.records[0].1, Source::Row { file, row: 1 } if file.ends_with("a.parquet")));
}

#[test]
fn files_that_are_not_what_they_should_be() {
    let said = |name: &str, bytes: &[u8]| match read_as(name, bytes, None) {
        Err(error) => {
            assert_eq!(error.exit_code(), 1, "{error}");
            error.to_string().rsplit_once(&format!("{name}`: ")).map_or_else(|| error.to_string(), |e| e.1.to_owned())
        }
        Ok(_) => panic!("{name} was read"),
    };
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.parquet");
    let mut writer = ParquetTable::create(&path, &["question", "sql"]).unwrap();
    for i in 0..1000 {
        writer.write(&[&format!("q{i}"), &format!("select {}", i * 7919 % 1000)]).unwrap();
    }
    writer.finish().unwrap();
    let table = std::fs::read(&path).unwrap();
    assert!(!said("t.parquet", &table[..table.len() - 9]).is_empty());
    let mut broken = table.clone();
    broken[100..400].fill(0x55);
    assert!(said("t.parquet", &broken).contains("cannot be read"));
    assert!(said("t.parquet", b"hello").contains("does not begin with `PAR1`"));
    assert!(said("t.gz", &[0x1f, 0x8b, 8, 0, 1, 2]).contains("cannot be unpacked"));
    assert!(said("t.txt", b"hello").contains("its kind is not clear: it begins with `h`"));
    assert!(said("t.csv", b"a,a\n1,2\n").contains("names the column `a` twice"));
    assert_eq!(said("t.json", b"[1]"), "not one of its 1 rows can be read");
    assert!(said("t.zip", b"PK\x03\x04rest").contains("it is a ZIP archive or a spreadsheet: unpack it"));
    let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n";
    for name in ["t.parquet", "t.jsonl", "t.csv"] {
        assert_eq!(said(name, pointer), "it is a Git LFS pointer: `git lfs pull` gets the file");
    }
    assert!(said("t.jsonl.xz", &XZ[..XZ.len() - 30]).contains("cannot be unpacked"));
    assert!(said("t.jsonl", b"\xff\xfe{\0\"\0").contains("UTF-16"));
    assert!(said("t.parquet", b"").contains("does not begin with `PAR1`"));
    let line = b"{\"question\": \"q\", \"sql\": \"s\"}\n".repeat(100_000);
    let zst = zstd::encode_all(&line[..], 3).unwrap();
    assert!(said("t.jsonl.zst", &zst[..zst.len() / 2]).contains("cannot be unpacked"));
    let open = [&b"question,sql\n\"q"[..], &vec![b'x'; 70 << 20]].concat();
    assert_eq!(said("t.csv", &open), "not one of its 1 rows can be read");
    let empty = tempfile::tempdir().unwrap();
    let error = read_path(empty.path(), &MapOverrides::default()).err().unwrap();
    assert!(error.to_string().contains("holds no data file"), "{error}");
}

#[test]
fn a_text_of_a_table_that_is_not_utf8_costs_its_row() {
    use parquet::basic::{LogicalType, Repetition, Type as PhysicalType};
    use parquet::data_type::{ByteArray, ByteArrayType};
    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::types::Type;
    use std::sync::Arc;

    let field = |name: &str, kind| {
        let field = Type::primitive_type_builder(name, PhysicalType::BYTE_ARRAY).with_repetition(Repetition::OPTIONAL);
        Arc::new(field.with_logical_type(kind).build().unwrap())
    };
    let text = || Some(LogicalType::String);
    // The last column is declared as bytes: they may be anything.
    let fields = vec![field("question", text()), field("sql", text()), field("picture", None)];
    let schema = Arc::new(Type::group_type_builder("records").with_fields(fields).build().unwrap());
    let mut file = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut file, schema, Arc::new(WriterProperties::default())).unwrap();
    let mut group = writer.next_row_group().unwrap();
    for values in [[&b"q1"[..], b"caf\xe9", b"q3"], [b"s1", b"s2", b"s3"], [b"\xff\x00", b"\xfe", b"p"]] {
        let mut column = group.next_column().unwrap().unwrap();
        let values: Vec<ByteArray> = values.iter().map(|v| v.to_vec().into()).collect();
        column.typed::<ByteArrayType>().write_batch(&values, Some(&[1, 1, 1]), None).unwrap();
        column.close().unwrap();
    }
    group.close().unwrap();
    writer.close().unwrap();
    let read = read_as("t.parquet", &file, None).unwrap();
    assert_eq!((read.records.len(), rejects(&read)), (2, vec![("not-utf8".to_owned(), 1)]));
}

#[test]
fn a_damaged_table_is_an_error_whatever_the_damage() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.parquet");
    let mut writer = ParquetTable::create(&path, &["question", "sql"]).unwrap();
    for i in 0..500 {
        writer.write(&[&format!("q{i}"), &format!("select {}", i * 7919 % 500)]).unwrap();
    }
    writer.finish().unwrap();
    let whole = std::fs::read(&path).unwrap();
    // A deterministic generator.
    let mut state = 1_u64;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    for _ in 0..400 {
        let mut bytes = whole.clone();
        for _ in 0..1 + next(4) {
            let at = 4 + next(bytes.len() - 8);
            bytes[at] = next(256) as u8;
        }
        std::fs::write(&path, &bytes).unwrap();
        match read_path(&path, &MapOverrides::default()) {
            Ok(read) => assert!(read.records.len() <= 500),
            Err(DatasetError::Damaged { file, .. } | DatasetError::Unmapped { file, .. }) => assert_eq!(file, path),
            Err(DatasetError::Empty { .. }) => {}
            Err(other) => panic!("{other}"),
        }
    }
}
