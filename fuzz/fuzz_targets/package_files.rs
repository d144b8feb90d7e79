//! Everything that is checked of a package behind its digests: one file of a sound package is the
//! fuzzer's, and listed as it is. The first byte says which file.

#![no_main]

use std::collections::BTreeMap;
use std::sync::LazyLock;

use hive_errors::Diagnostic as _;
use hive_packages::{FileDigest, Integrity, Package, Source, Sources, write};
use libfuzzer_sys::fuzz_target;
use sha2::{Digest, Sha256};

/// A sound package's files, but for the list of them.
static SOUND: LazyLock<BTreeMap<&str, Vec<u8>>> = LazyLock::new(|| {
    let digest = "0".repeat(64);
    let manifest = r#"{"name": "shout", "version": "0.1.0", "abi": 3, "description": "Says it louder", "license": "MIT",
        "base_models": ["tiny"], "dataset": {"fields": [{"name": "question"}, {"name": "loud", "completion": true}]},
        "prompt": [{"role": "user", "content": "{question|trim}"}]}"#;
    let package = format!(
        r#"{{"format": 1, "name": "shout", "version": "0.1.0", "description": "Says it louder", "license": "MIT",
        "hive": "0.1.0", "base": {{"id": "tiny", "digest": "{digest}", "tokenizer": "{digest}", "template": "{digest}"}},
        "adapter": {{"method": "lora", "rank": 2, "alpha": 4.0, "rslora": false, "target_modules": ["q_proj"],
        "tensors": 1, "parameters": 1}}, "libraries": {{}}}}"#
    );
    let config = r#"{"peft_type": "LORA", "r": 2, "lora_alpha": 4, "target_modules": ["q_proj"]}"#;
    let golden = r#"{"format": 1, "tolerance": 0.001, "prompts": [{"id": "p", "record": {"question": "Hm?"},
        "messages": [{"role": "user", "content": "Hm?"}], "ids": [1, 2]}]}"#;
    let one = r#"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#;
    let two = r#"{"base_logits":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]},
        "adapted_logits":{"dtype":"F32","shape":[1,1],"data_offsets":[4,8]}}"#;
    BTreeMap::from([
        ("LICENSE", b"MIT".to_vec()),
        ("README.md", b"# shout".to_vec()),
        ("adapter_config.json", config.into()),
        ("adapter_model.safetensors", tensors(one, 1)),
        ("golden.json", golden.into()),
        ("hive_base.json", format!(r#"{{"id": "tiny", "digest": "{digest}"}}"#).into()),
        ("manifest.json", manifest.into()),
        ("package.json", package.into()),
        ("probe.safetensors", tensors(two, 2)),
    ])
});

/// A safetensors file of this header and so many numbers.
fn tensors(header: &str, values: usize) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &vec![0; 4 * values]].concat()
}

/// Opens a package of these files.
fn opened(files: &BTreeMap<&str, Vec<u8>>) -> Result<(), String> {
    let dir = tempfile::tempdir().expect("a folder can be made");
    let digests = files.iter().map(|(name, bytes)| {
        let sha256 = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        ((*name).to_owned(), FileDigest { size: bytes.len() as u64, sha256 })
    });
    let list = Integrity::of(&digests.collect());
    let mut sources: Sources =
        files.iter().map(|(name, bytes)| ((*name).to_owned(), Source::Bytes(bytes.clone()))).collect();
    sources.insert("integrity.json".to_owned(), Source::Bytes(serde_json::to_vec(&list).expect("a list is JSON")));
    let path = dir.path().join("p.expert");
    write(&path, &sources).expect("a package can be written");
    Package::open(&path, dir.path()).map(drop).map_err(|error| format!("{error} {:?}", error.details()))
}

fuzz_target!(init: assert_eq!(opened(&SOUND), Ok(())), |bytes: &[u8]| {
    let Some((which, bytes)) = bytes.split_first() else { return };
    let mut files = SOUND.clone();
    if let Some(file) = files.values_mut().nth(usize::from(*which) % SOUND.len()) {
        *file = bytes.to_vec();
        let _ = opened(&files);
    }
});
