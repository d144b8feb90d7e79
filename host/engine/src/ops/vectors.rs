//! Which vectors loops are compiled for: the widest of the machine, found at run time by `pulp`, or
//! narrower ones when asked for.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};

use pulp::Arch;

/// The widest vectors that may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Widest {
    /// Whatever the machine has: AVX-512, AVX2 or NEON.
    Any,
    /// Not AVX-512, of which the use makes some processors run slower.
    Avx2,
}

impl FromStr for Widest {
    type Err = UnknownVectors;

    fn from_str(name: &str) -> Result<Self, UnknownVectors> {
        match name {
            "any" => Ok(Self::Any),
            "avx2" => Ok(Self::Avx2),
            _ => Err(UnknownVectors),
        }
    }
}

/// A name that is none of [`Widest`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownVectors;

impl fmt::Display for UnknownVectors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected `any` or `avx2`")
    }
}

impl std::error::Error for UnknownVectors {}

static NO_AVX512: AtomicBool = AtomicBool::new(false);

/// From now on no wider vectors are used. Results do not depend on it: every sum is made in an order
/// of its own, not in that of the vectors.
pub fn limit(widest: Widest) {
    NO_AVX512.store(widest == Widest::Avx2, Ordering::Relaxed);
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
