//! Macros that compile a piece of plain Rust for an instruction set chosen at run time.

/// A value that a closure captures and moves, which makes it `FnOnce` and nothing more.
pub(crate) struct Once;

/// `with!(simd => expression)`: the expression, compiled for `simd`, an instruction set of `pulp`. Functions that it
/// calls and that are not inlined are not recompiled, so everything hot must be inlined.
///
/// It is a macro because the closure must meet two conditions; if it fails one of them, the code is silently compiled
/// for the oldest processors. It must be `#[inline(always)]`, and it must be `FnOnce` only: `pulp` would call any other
/// closure through a shim of the compiler, which need not be inlined.
macro_rules! with {
    ($simd:expr => $($body:tt)*) => {{
        let once = $crate::ops::simd::dispatch::Once;
        $simd.vectorize(
            #[inline(always)]
            || {
                let _once = once;
                $($body)*
            },
        )
    }};
}
pub(crate) use with;

/// `wide!(expression)`: as [`with`], for the widest instruction set allowed.
macro_rules! wide {
    ($($body:tt)*) => {{
        let once = $crate::ops::simd::dispatch::Once;
        $crate::ops::simd::arch().dispatch(
            #[inline(always)]
            || {
                let _once = once;
                $($body)*
            },
        )
    }};
}
pub(crate) use wide;
