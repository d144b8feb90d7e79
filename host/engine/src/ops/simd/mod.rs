//! SIMD: the instruction set that loops are compiled for. `pulp` detects the widest one of the machine at run time
//! (AVX-512, AVX2 or NEON); [`set_limit`] allows narrower ones only. The loops themselves are plain Rust.

pub(crate) mod dispatch;
pub mod loops;

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};

use pulp::Arch;

/// The widest vectors that may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SimdLimit {
    /// Whatever the machine has: AVX-512, AVX2 or NEON.
    Any,
    /// At most AVX2: some processors clock lower while they use AVX-512.
    Avx2,
}

impl FromStr for SimdLimit {
    type Err = UnknownSimdLimit;

    fn from_str(name: &str) -> Result<Self, UnknownSimdLimit> {
        match name {
            "any" => Ok(Self::Any),
            "avx2" => Ok(Self::Avx2),
            _ => Err(UnknownSimdLimit),
        }
    }
}

/// A name that is not one of [`SimdLimit`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownSimdLimit;

impl fmt::Display for UnknownSimdLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected `any` or `avx2`")
    }
}

impl std::error::Error for UnknownSimdLimit {}

static NO_AVX512: AtomicBool = AtomicBool::new(false);

/// Limits the width of vectors from now on. Results do not depend on it: the order of every sum is fixed, whatever the
/// width of the vectors.
pub fn set_limit(limit: SimdLimit) {
    NO_AVX512.store(limit == SimdLimit::Avx2, Ordering::Relaxed);
}

/// The vector instructions in use, such as `AVX2`; `None` if the machine has none that hive knows.
pub fn in_use() -> Option<&'static str> {
    match arch() {
        Arch::Scalar => None,
        #[cfg(target_arch = "x86_64")]
        Arch::V4(_) => Some("AVX-512"),
        #[cfg(target_arch = "x86_64")]
        Arch::V3(_) => Some("AVX2"),
        #[cfg(target_arch = "aarch64")]
        Arch::Neon(_) => Some("NEON"),
        #[allow(unreachable_patterns)]
        _ => Some("others"),
    }
}

/// The instruction set to compute with.
#[inline(always)]
pub(crate) fn arch() -> Arch {
    if NO_AVX512.load(Ordering::Relaxed) { without_avx512() } else { Arch::new() }
}

#[cold]
fn without_avx512() -> Arch {
    #[cfg(target_arch = "x86_64")]
    {
        pulp::x86::V3::try_new().map_or(Arch::Scalar, Arch::V3)
    }
    #[cfg(not(target_arch = "x86_64"))]
    Arch::new()
}
