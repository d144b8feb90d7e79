//! The data types of weights that `--dtype` accepts.

use clap::ValueEnum;
use hive_engine::weights::source::floats::FloatKind;

/// Data types of weights.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Dtype {
    /// The upper half of a 32-bit float: same range, 8 bits of precision
    Bf16,
    /// IEEE half: 11 bits of precision, up to 65504
    F16,
    /// IEEE single: 24 bits of precision
    F32,
}

impl From<Dtype> for FloatKind {
    fn from(dtype: Dtype) -> Self {
        match dtype {
            Dtype::Bf16 => Self::Bf16,
            Dtype::F16 => Self::F16,
            Dtype::F32 => Self::F32,
        }
    }
}
