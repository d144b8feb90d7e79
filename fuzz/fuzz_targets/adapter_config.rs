//! PEFT's configuration of an adapter, held against a model's shape and a file of one tensor.

#![no_main]

use hive_engine::adapter::peft;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let dir = tempfile::tempdir().expect("a folder can be made");
    std::fs::write(dir.path().join(peft::CONFIG_FILE), bytes).expect("a file can be written");
    let shape = hive_engine::weights::shapes::smollm2_135m();
    if let Ok(config) = peft::read_config(dir.path()) {
        let _ = config.adapter.sites(&shape);
        let header = br#"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#;
        let file = [&(header.len() as u64).to_le_bytes()[..], header, &[0; 4]].concat();
        std::fs::write(dir.path().join(peft::TENSOR_FILE), file).expect("a file can be written");
        assert!(peft::load(dir.path(), &shape, None).is_err(), "no adapter has one tensor called x");
    }
});
