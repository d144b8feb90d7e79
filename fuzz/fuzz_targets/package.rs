//! A package's archive and everything that is checked of its files. The bytes are a tar, packed here:
//! a fuzzer would not find its way past gzip's checksum.

#![no_main]

use std::io::Write;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let dir = tempfile::tempdir().expect("a folder can be made");
    let path = dir.path().join("p.expert");
    let mut packed = flate2_of(bytes);
    std::fs::write(&path, &mut packed).expect("a file can be written");
    let _ = hive_packages::Package::open(&path, dir.path());
    // And as it is.
    let mut file = std::fs::File::create(&path).expect("a file can be made");
    file.write_all(bytes).expect("a file can be written");
    let _ = hive_packages::Package::open(&path, dir.path());
});

/// A gzip member that holds the bytes uncompressed (RFC 1951, section 3.2.4; RFC 1952).
fn flate2_of(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let mut blocks = bytes.chunks(0xffff).peekable();
    if bytes.is_empty() {
        out.extend_from_slice(&[1, 0, 0, 0xff, 0xff]);
    }
    while let Some(block) = blocks.next() {
        let length = block.len() as u16;
        out.push(u8::from(blocks.peek().is_none()));
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&(!length).to_le_bytes());
        out.extend_from_slice(block);
    }
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    out.extend_from_slice(&(!crc).to_le_bytes());
    out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    out
}
