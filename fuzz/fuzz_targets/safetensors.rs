//! A file of tensors: the header, and the values of all of them.

#![no_main]

use hive_engine::weights::source::TensorSource;
use hive_engine::weights::source::safetensors::SafetensorsSource;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let dir = tempfile::tempdir().expect("a folder can be made");
    let path = dir.path().join("model.safetensors");
    std::fs::write(&path, bytes).expect("a file can be written");
    let Ok(file) = SafetensorsSource::open(&path) else { return };
    for name in file.names() {
        let values = file.read(&name);
        let shape = file.shape(&name).unwrap_or_default();
        assert!(values.is_err() || values.is_ok_and(|values| values.len() == shape.iter().product::<usize>()));
    }
});
