//! One primitive per file, forward and backward side by side, over row-major f32 slices.
//!
//! Nothing here knows of models, adapters' files or training: a primitive gets its shapes as
//! arguments. Every backward is derived by hand (the base is frozen, so no autograd is needed)
//! and checked against candle's autograd and finite differences in `tests/`.

pub mod attention;
pub mod cross_entropy;
pub mod decode_linear;
pub mod dora;
pub mod dropout;
pub mod embedding;
mod gemm;
pub mod matmul;
pub mod matrix;
pub mod quantised;
pub mod rms_norm;
pub mod roofline;
pub mod rope;
pub mod simd;
pub mod swiglu;
