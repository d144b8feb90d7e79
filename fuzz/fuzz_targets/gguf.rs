//! A GGUF file: metadata, shapes, tokenizer, and the values of all tensors.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let dir = tempfile::tempdir().expect("a folder can be made");
    let path = dir.path().join("model.gguf");
    std::fs::write(&path, bytes).expect("a file can be written");
    let Ok(base) = hive_engine::weights::source::open(&path) else { return };
    for name in base.tensors.names() {
        let _ = base.tensors.read(&name);
    }
});
