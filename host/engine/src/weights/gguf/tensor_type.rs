//! The types of tensors in GGUF files, with the numbers of ggml's `enum ggml_type`.

use std::fmt;

use crate::weights::source::floats::FloatKind;

/// How the values of a tensor are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TensorType {
    /// Plain floats.
    Float(FloatKind),
    Q4_0,
    Q4_1,
    Q5_0,
    Q5_1,
    Q8_0,
    Q2K,
    Q3K,
    Q4K,
    Q5K,
    Q6K,
}

/// The types that are read: number, type, name.
const KNOWN: [(u32, TensorType, &str); 13] = [
    (0, TensorType::Float(FloatKind::F32), "F32"),
    (1, TensorType::Float(FloatKind::F16), "F16"),
    (30, TensorType::Float(FloatKind::Bf16), "BF16"),
    (2, TensorType::Q4_0, "Q4_0"),
    (3, TensorType::Q4_1, "Q4_1"),
    (6, TensorType::Q5_0, "Q5_0"),
    (7, TensorType::Q5_1, "Q5_1"),
    (8, TensorType::Q8_0, "Q8_0"),
    (10, TensorType::Q2K, "Q2_K"),
    (11, TensorType::Q3K, "Q3_K"),
    (12, TensorType::Q4K, "Q4_K"),
    (13, TensorType::Q5K, "Q5_K"),
    (14, TensorType::Q6K, "Q6_K"),
];

/// The types that ggml has besides, for messages.
const OTHERS: [(u32, &str); 19] = [
    (9, "Q8_1"),
    (15, "Q8_K"),
    (16, "IQ2_XXS"),
    (17, "IQ2_XS"),
    (18, "IQ3_XXS"),
    (19, "IQ1_S"),
    (20, "IQ4_NL"),
    (21, "IQ3_S"),
    (22, "IQ2_S"),
    (23, "IQ4_XS"),
    (24, "I8"),
    (25, "I16"),
    (26, "I32"),
    (27, "I64"),
    (28, "F64"),
    (29, "IQ1_M"),
    (34, "TQ1_0"),
    (35, "TQ2_0"),
    (39, "MXFP4"),
];

impl TensorType {
    /// The type with this number in a file.
    ///
    /// # Errors
    /// What the number stands for and what is read, when it is none of them.
    pub(crate) fn from_number(number: u32) -> Result<Self, String> {
        if let Some((_, known, _)) = KNOWN.iter().find(|(n, ..)| *n == number) {
            return Ok(*known);
        }
        let other = OTHERS.iter().find(|(n, _)| *n == number).map_or("unknown to hive", |(_, name)| name);
        let read: Vec<&str> = KNOWN.iter().map(|(.., name)| *name).collect();
        Err(format!("has type {number} ({other}), expected one of {}", read.join(", ")))
    }

    /// The number of this type in a file.
    pub(crate) fn number(self) -> u32 {
        self.entry().0
    }

    /// The plain float type; `None` for quantised blocks.
    pub(crate) fn float(self) -> Option<FloatKind> {
        if let Self::Float(kind) = self { Some(kind) } else { None }
    }

    /// Values per block; 1 for plain floats.
    pub(crate) fn block_values(self) -> usize {
        match self {
            Self::Float(_) => 1,
            Self::Q4_0 | Self::Q4_1 | Self::Q5_0 | Self::Q5_1 | Self::Q8_0 => 32,
            Self::Q2K | Self::Q3K | Self::Q4K | Self::Q5K | Self::Q6K => 256,
        }
    }

    /// Bytes per block.
    pub(crate) fn block_bytes(self) -> usize {
        match self {
            Self::Float(kind) => kind.size(),
            Self::Q4_0 => 18,
            Self::Q4_1 => 20,
            Self::Q5_0 => 22,
            Self::Q5_1 => 24,
            Self::Q8_0 => 34,
            Self::Q2K => 84,
            Self::Q3K => 110,
            Self::Q4K => 144,
            Self::Q5K => 176,
            Self::Q6K => 210,
        }
    }

    fn entry(self) -> &'static (u32, Self, &'static str) {
        // Every type is in the table; the first entry only satisfies the compiler.
        KNOWN.iter().find(|(_, known, _)| *known == self).unwrap_or(&KNOWN[0])
    }
}

impl fmt::Display for TensorType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.entry().2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_in_the_table_once() {
        hive_tests::check_all(KNOWN, |(number, kind, name)| {
            assert_eq!(TensorType::from_number(number), Ok(kind));
            assert_eq!((kind.number(), kind.to_string().as_str()), (number, name));
            assert!(OTHERS.iter().all(|(other, _)| *other != number));
        });
    }

    #[test]
    fn other_types_are_named() {
        let got = TensorType::from_number(23).expect_err("refused");
        assert!(got.starts_with("has type 23 (IQ4_XS), expected one of F32, F16"), "{got}");
        let got = TensorType::from_number(77).expect_err("refused");
        assert!(got.starts_with("has type 77 (unknown to hive)"), "{got}");
    }
}
