//! Tokenizers in GGUF metadata: made here, and the published one where it is present.

use hive_tests::check_all;
use std::path::{Path, PathBuf};

use super::*;

/// Metadata of a tokenizer over three letters, with one merge.
fn metadata() -> HashMap<String, Value> {
    let texts = |list: &[&str]| Value::Array(list.iter().map(|text| Value::String((*text).into())).collect());
    let kinds = [3, 1, 1, 1, 4].map(Value::I32).to_vec();
    HashMap::from([
        ("tokenizer.ggml.model".into(), Value::String("gpt2".into())),
        ("tokenizer.ggml.pre".into(), Value::String("smollm".into())),
        ("tokenizer.ggml.tokens".into(), texts(&["<|im_end|>", "a", "b", "ab", "<tool>"])),
        ("tokenizer.ggml.merges".into(), texts(&["a b"])),
        ("tokenizer.ggml.token_type".into(), Value::Array(kinds)),
    ])
}

fn build(metadata: &HashMap<String, Value>) -> Result<Tokenizer> {
    read(&Metadata::new(Path::new("tiny.gguf"), metadata))
}

#[test]
fn metadata_come_out_as_they_went_in() {
    let tokenizer = build(&metadata()).expect("builds");
    assert_eq!(tokenizer.encode("ab<|im_end|>").expect("encodes"), [3, 0]);
    let written = write(&tokenizer, 5).expect("GGUF can describe it");
    for (key, value) in metadata() {
        assert_eq!(format!("{:?}", written[&key]), format!("{value:?}"), "{key}");
    }
    let said = write(&tokenizer, 4).expect_err("refused").to_string();
    assert!(said.starts_with("Failed to write the tokenizer as GGUF: it has 5 tokens"), "{said}");
}

#[test]
fn unsupported_tokenizers_are_refused_by_name() {
    let refused = |key: &str, value: Option<Value>| {
        let mut metadata = metadata();
        match value {
            Some(value) => metadata.insert(key.into(), value),
            None => metadata.remove(key),
        };
        build(&metadata).expect_err("refused").to_string()
    };
    let pre = refused("tokenizer.ggml.pre", Some(Value::String("tekken".into())));
    assert!(pre.contains("tiny.gguf") && pre.contains("its pre-tokenizer is `tekken`, expected one of"), "{pre}");
    let model = refused("tokenizer.ggml.model", Some(Value::String("llama".into())));
    assert!(model.contains("`tokenizer.ggml.model` is `llama`, expected `gpt2` (byte-level BPE)"), "{model}");
    assert!(refused("tokenizer.ggml.merges", None).contains("`tokenizer.ggml.merges` is missing"));
    let merges = refused("tokenizer.ggml.merges", Some(Value::Array(vec![Value::String("ab".into())])));
    assert!(merges.contains("`tokenizer.ggml.merges` holds `ab`, expected two parts"), "{merges}");
    let kinds = refused("tokenizer.ggml.token_type", Some(Value::Array(vec![Value::I32(1)])));
    assert!(kinds.contains("its kinds of tokens have 1 entries for 5 tokens"), "{kinds}");
}

/// The base model of the quickstart, where it was pulled.
fn pulled() -> Option<PathBuf> {
    let home = std::env::var_os("HIVE_HOME").map(PathBuf::from).or_else(|| {
        let data = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from);
        data.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".local/share"))).map(|d| d.join("hive"))
    })?;
    let file = home.join("models/smollm2-135m-instruct-q4_1/SmolLM2-135M-Instruct.Q4_1.gguf");
    if file.exists() {
        return Some(file);
    }
    eprintln!("skipped: no model at `{}` (hive model pull smollm2-135m-instruct-q4_1)", file.display());
    None
}

/// The published tokenizer of the same model, where there is one beside the repository.
fn published() -> Option<Tokenizer> {
    let folder = std::env::var_os("HIVE_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let file = folder.join("tokenizers/smollm2/tokenizer.json");
    if file.exists() {
        return Some(Tokenizer::from_file(&file).expect("reads"));
    }
    eprintln!("skipped: no reference file at `{}` (set HIVE_SHARED)", file.display());
    None
}

#[test]
fn the_tokenizer_of_a_published_gguf_is_the_published_one() {
    let Some(file) = pulled() else { return };
    let rebuilt = crate::weights::source::open(&file).expect("opens").tokenizer.expect("a tokenizer");
    let digits = rebuilt.encode("12345 and 3.14").expect("encodes");
    assert_eq!(digits, [33, 34, 35, 36, 37, 284, 216, 35, 30, 33, 36]);
    let Some(published) = published() else { return };
    assert_eq!(rebuilt.vocab_size(), published.vocab_size());
    check_all(
        [
            "12345 and 3.14",
            "{\"a\": [1, 2]}",
            "    \t  \n  x",
            "Ελληνικά, русский, עברית, 漢字 🚀",
            "SELECT 'O''Brien';",
            "\u{1}\u{7f}",
        ],
        |text| {
            let ids = published.encode(text).expect("encodes");
            assert_eq!(rebuilt.encode(text).expect("encodes"), ids, "{text:?}");
            assert_eq!(rebuilt.decode(&ids).expect("decodes"), published.decode(&ids).expect("decodes"), "{text:?}");
        },
    );
    let original = crate::weights::source::gguf::carried(&file).expect("reads").metadata;
    for (key, value) in &write(&published, 49_152).expect("GGUF can describe it") {
        assert!(format!("{value:?}") == format!("{:?}", original[key]), "{key} differs");
    }
}
