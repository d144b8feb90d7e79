//! Records as no author expects them, and data sets hold them: made from a sound one.

use hive_sdk::Record;
use serde_json::{Value, json};

/// What is said of the record of a megabyte.
pub(crate) const HUGE: &str = "every field of 1 MB";

/// Texts that break careless code: bytes of several lengths, characters that join, marks of direction, control
/// characters, template and control-token names.
const UNICODE: &str = "e\u{301} ß İ ﷽ 漢字 👩‍👩‍👧‍👦 \u{202e}abc\u{202c} \u{0}\u{1b}[31m \u{feff}{field} {{x}} <|im_end|> %s $1 \\ \" ' ` \r\n\t";

/// A text of a megabyte.
pub(crate) fn large() -> String {
    "word 1, \u{e9}('x');\n".repeat((1 << 20) / 18)
}

/// Odd forms of `record`, each with a few words that say what is odd.
pub(crate) fn odd_records(record: &Record) -> Vec<(&'static str, Record)> {
    let every = |value: &dyn Fn(&Value) -> Value| {
        Record(record.0.iter().map(|(name, old)| (name.clone(), value(old))).collect())
    };
    let text = |old: &Value, change: &dyn Fn(&str) -> String| json!(change(old.as_str().unwrap_or_default()));
    let cut = |text: &str| text.chars().take(text.chars().count() / 2).collect::<String>();
    let mut odd = vec![
        ("every field empty", every(&|_| json!(""))),
        ("every field blank", every(&|_| json!(" \n\t "))),
        ("every field a number", every(&|_| json!(7))),
        ("every field null", every(&|_| Value::Null)),
        ("every field a list", every(&|_| json!(["a", {"b": []}]))),
        ("every field in Unicode", every(&|_| json!(UNICODE))),
        ("every field with Unicode in front", every(&|old| text(old, &|t| format!("{UNICODE}{t}")))),
        ("every field cut off", every(&|old| text(old, &cut))),
        ("every field twice", every(&|old| text(old, &|t| format!("{t}{t}")))),
        ("every field of brackets", every(&|_| json!("(".repeat(5000)))),
        ("no fields", Record::default()),
    ];
    for name in record.0.keys() {
        odd.push(("one field missing", record.without(name)));
    }
    let large = large();
    odd.push((HUGE, every(&|_| json!(large))));
    odd
}

/// Odd answers to a prompt with this gold answer, each with a few words that say what is odd.
pub(crate) fn odd_answers(gold: &str) -> Vec<(&'static str, String)> {
    vec![
        ("a blank answer", " \n ".to_owned()),
        ("an answer in Unicode", UNICODE.to_owned()),
        ("the gold after Unicode", format!("{UNICODE}{gold}")),
        ("half of the gold", gold.chars().take(gold.chars().count() / 2).collect()),
        ("an answer of brackets", "(".repeat(5000)),
        ("an answer of one character", "\u{301}".to_owned()),
        (HUGE, large()),
    ]
}
