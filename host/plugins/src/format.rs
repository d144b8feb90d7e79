//! Detects the kind of file that a library is, from its first bytes, so that a text file or a
//! library for another machine gets a clear error instead of the system loader's. Not a parser.

use std::io::{self, Read};
use std::path::Path;

/// Machine numbers in ELF and PE headers, with Rust's names for them.
const ELF_MACHINES: [(u16, &str); 5] = [(3, "x86"), (40, "arm"), (62, "x86_64"), (183, "aarch64"), (243, "riscv64")];
const MACH_MACHINES: [(u32, &str); 2] = [(0x0100_0007, "x86_64"), (0x0100_000c, "aarch64")];

/// The kind of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Format {
    /// A binary for this system and machine, named as in `std::env::consts`; `None` is unknown.
    Binary { system: &'static str, machine: Option<&'static str> },
    /// Nothing that can be loaded.
    Other(&'static str),
}

impl Format {
    /// Reads the file's first bytes.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let mut head = Vec::new();
        std::fs::File::open(path)?.take(64).read_to_end(&mut head)?;
        Ok(Self::from_head(&head))
    }

    fn from_head(head: &[u8]) -> Self {
        let u16_at = |at: usize| head.get(at..at + 2).and_then(|b| b.try_into().ok()).map(u16::from_le_bytes);
        let u32_at = |at: usize| head.get(at..at + 4).and_then(|b| b.try_into().ok()).map(u32::from_le_bytes);
        match head {
            [] => Format::Other("an empty file"),
            [0x7f, b'E', b'L', b'F', ..] => {
                let machine = u16_at(18).and_then(|n| ELF_MACHINES.iter().find(|m| m.0 == n)).map(|m| m.1);
                Format::Binary { system: "linux", machine }
            }
            [0xcf, 0xfa, 0xed, 0xfe, ..] => {
                let machine = u32_at(4).and_then(|n| MACH_MACHINES.iter().find(|m| m.0 == n)).map(|m| m.1);
                Format::Binary { system: "macos", machine }
            }
            // A universal binary may contain any machine: left to the loader.
            [0xca, 0xfe, 0xba, 0xbe, ..] => Format::Binary { system: "macos", machine: None },
            [b'M', b'Z', ..] => Format::Binary { system: "windows", machine: None },
            _ => Format::Other("a file that is not a library"),
        }
    }

    /// Why it cannot be loaded on this machine, as (got, expected).
    pub(super) fn fault(&self) -> Option<(String, String)> {
        use std::env::consts::{ARCH, OS};
        // The BSDs also load ELF.
        let family = if OS == "macos" || OS == "windows" { OS } else { "linux" };
        let expected = format!("a library for {OS} on {ARCH}");
        match self {
            Format::Other(what) => Some(((*what).to_owned(), expected)),
            Format::Binary { system, machine } => {
                let fits = *system == family && machine.is_none_or(|m| m == ARCH);
                (!fits).then(|| (format!("a library for {system} on {}", machine.unwrap_or("any machine")), expected))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_for_another_machine_is_named() {
        let mut head = b"\x7fELF".to_vec();
        head.resize(18, 0);
        head.extend(243u16.to_le_bytes());
        let format = Format::from_head(&head);
        assert_eq!(format, Format::Binary { system: "linux", machine: Some("riscv64") });
        assert_eq!(format.fault().map(|f| f.0), Some("a library for linux on riscv64".to_owned()));
        assert_eq!(Format::from_head(b"#!/bin/sh"), Format::Other("a file that is not a library"));
        assert_eq!(Format::from_head(b"\x7fEL"), Format::Other("a file that is not a library"));
    }

    #[test]
    fn the_test_binary_itself_fits_this_machine() {
        let exe = std::env::current_exe().unwrap();
        assert_eq!(Format::of(&exe).unwrap().fault(), None);
    }
}
