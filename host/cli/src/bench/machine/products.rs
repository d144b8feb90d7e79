//! The speed of the engine's matrix products, at the sizes of known base models.

use hive_engine::ops::matmul::{nn, nt, tn};
use hive_engine::ops::matrix::Write;

use super::rate;

/// The form of a matrix product, as in the engine.
#[derive(Debug, Clone, Copy)]
enum Form {
    /// x·Wᵀ, the forward pass of a linear layer
    Forward,
    /// g·W, the gradient of its input
    Backward,
    /// gᵀ·x, the gradient of its weight
    Weight,
}

/// Output and input features of each product.
const SHAPES: [(&str, Form, usize, usize); 15] = [
    ("SmolLM2 q, o", Form::Forward, 576, 576),
    ("SmolLM2 k, v", Form::Forward, 192, 576),
    ("SmolLM2 gate, up", Form::Forward, 1536, 576),
    ("SmolLM2 down", Form::Forward, 576, 1536),
    ("SmolLM2 gate, up dx", Form::Backward, 576, 1536),
    ("SmolLM2 down dx", Form::Backward, 1536, 576),
    ("SmolLM2 up, x·A", Form::Forward, 12, 576),
    ("SmolLM2 up, z·B", Form::Forward, 1536, 12),
    ("SmolLM2 up, dB", Form::Weight, 1536, 12),
    ("SmolLM2 head", Form::Forward, 49152, 576),
    ("SmolLM2 head dx", Form::Backward, 576, 49152),
    ("Qwen3-0.6B q", Form::Forward, 2048, 1024),
    ("Qwen3-0.6B gate, up", Form::Forward, 3072, 1024),
    ("Qwen3-0.6B down", Form::Forward, 1024, 3072),
    ("Qwen3-0.6B gate dx", Form::Backward, 1024, 3072),
];

/// A product and its speed.
#[derive(Debug)]
pub(super) struct Product {
    pub(super) name: &'static str,
    pub(super) m: usize,
    pub(super) n: usize,
    pub(super) k: usize,
    pub(super) gflops: f64,
}

/// All products, on this many rows.
pub(super) fn products(tokens: usize) -> Vec<Product> {
    SHAPES.into_iter().map(|(name, form, out, input)| product(name, form, tokens, out, input)).collect()
}

fn product(name: &'static str, form: Form, tokens: usize, out: usize, input: usize) -> Product {
    let (m, n, k) = match form {
        Form::Forward | Form::Backward => (tokens, out, input),
        Form::Weight => (out, input, tokens),
    };
    let value = |i: usize| (i % 251) as f32 / 251.0 - 0.5;
    let (a, b): (Vec<f32>, Vec<f32>) = ((0..m * k).map(value).collect(), (0..n * k).map(value).collect());
    let mut dst = vec![0.0; m * n];
    let flops = 2.0 * (m * n * k) as f64;
    // At least 20 ms per repetition.
    let repeats = (2e9 / flops).ceil() as usize;
    let gflops = rate(flops * repeats as f64 / 1e9, || {
        for _ in 0..repeats {
            match form {
                Form::Forward => nt(&mut dst, &a, &b, (m, n, k), 1.0, Write::Replace),
                Form::Backward => nn(&mut dst, &a, &b, (m, n, k), 1.0, Write::Replace),
                Form::Weight => tn(&mut dst, &a, &b, (m, n, k), 1.0, Write::Replace),
            }
        }
    });
    Product { name, m, n, k, gflops }
}
