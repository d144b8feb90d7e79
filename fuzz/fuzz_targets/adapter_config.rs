//! PEFT's configuration of an adapter, held against a model's shape.

#![no_main]

use hive_engine::adapter::peft;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let dir = tempfile::tempdir().expect("a folder can be made");
    std::fs::write(dir.path().join(peft::CONFIG_FILE), bytes).expect("a file can be written");
    if let Ok(config) = peft::read_config(dir.path()) {
        let _ = config.adapter.sites(&hive_engine::model::shapes::smollm2_135m());
    }
});
