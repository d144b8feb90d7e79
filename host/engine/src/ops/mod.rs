//! Primitives over row-major `f32` slices: one per file or folder, with forward and backward side by side.
//!
//! Nothing here knows about models, adapter files or training; shapes are arguments. Every backward pass is derived by
//! hand (the base is frozen, so autograd is not needed) and tested against candle's autograd and finite differences.

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
