//! An expert's manifest, and the prompt that it declares.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let _ = hive_plugins::manifest::check("manifest.json", text);
});
