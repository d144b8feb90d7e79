//! `hive bench machine`: the machine's limits, for comparison with measured speeds.

use std::time::Instant;

use clap::Args;
use hive_engine::ops::matmul::{nn, nt, tn};
use hive_engine::ops::matrix::Write;
use hive_engine::ops::roofline::multiply_adds;
use serde_json::json;

use super::median;
use crate::error::CommandResult;
use crate::numbers::whole;
use crate::output::result;

/// Repetitions per measurement; the median is reported.
const TIMES: usize = 5;

/// Values in each array of the triad: 64 MiB, more than the caches hold.
const TRIAD: usize = 16 << 20;

/// `hive bench machine`
#[derive(Debug, Args)]
pub struct BenchMachine {
    /// Rows of the matrix products: tokens of a micro-batch
    #[arg(long, default_value_t = 512, allow_negative_numbers = true, value_parser = whole::<usize>(1..=4096))]
    tokens: usize,
    /// Print one JSON line
    #[arg(long)]
    json: bool,
}

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

impl BenchMachine {
    pub(super) fn run(self) -> CommandResult {
        let threads = hive_engine::threads();
        let (one, all) = (multiply_add_peak(1), multiply_add_peak(threads));
        let triad = triad(threads);
        let products = self.products();
        if self.json {
            let products: Vec<_> = products
                .iter()
                .map(|p| json!({"product": p.name, "m": p.m, "n": p.n, "k": p.k, "gflop_per_s": p.gflops.round()}))
                .collect();
            return result(
                &json!({
                    "threads": threads, "multiply_add_gflop_per_s_one_thread": one.round(),
                    "multiply_add_gflop_per_s": all.round(), "triad_gb_per_s": (triad * 10.0).round() / 10.0,
                    "products": products,
                })
                .to_string(),
            );
        }
        let mut text = format!(
            "multiply-adds in registers, f32   {one:6.1} GFLOP/s on one thread, {all:.1} on {threads}\n\
             memory, a = b + s·c               {triad:6.1} GB/s on {threads} threads\n\n\
             product                      m      n      k   GFLOP/s   of the peak"
        );
        for p in &products {
            text.push_str(&format!(
                "\n{:<22} {:>7} {:>6} {:>6} {:>9.1} {:>11.0} %",
                p.name,
                p.m,
                p.n,
                p.k,
                p.gflops,
                100.0 * p.gflops / all
            ));
        }
        result(&text)
    }

    fn products(&self) -> Vec<Product> {
        let tokens = self.tokens;
        let shapes = [
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
        shapes.into_iter().map(|(name, form, out, input)| product(name, form, tokens, out, input)).collect()
    }
}

#[derive(Debug)]
struct Product {
    name: &'static str,
    m: usize,
    n: usize,
    k: usize,
    gflops: f64,
}

/// The median rate of `f` in units of `work` per second.
fn rate(work: f64, mut f: impl FnMut()) -> f64 {
    f();
    let rates: Vec<f64> = (0..TIMES)
        .map(|_| {
            let begin = Instant::now();
            f();
            work / begin.elapsed().as_secs_f64()
        })
        .collect();
    median(&rates)
}

fn multiply_add_peak(threads: usize) -> f64 {
    /// About a tenth of a second.
    const ROUNDS: u64 = 20_000_000;
    let work = multiply_adds(1) as f64 * ROUNDS as f64 * threads as f64;
    rate(work / 1e9, || {
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| multiply_adds(ROUNDS));
            }
        });
    })
}

/// Memory bandwidth of a = b + s·c in GB/s; counts the read of the written line.
fn triad(threads: usize) -> f64 {
    let (mut a, b, c) = (vec![0.0f32; TRIAD], vec![1.0f32; TRIAD], vec![2.0f32; TRIAD]);
    let part = TRIAD.div_ceil(threads);
    rate((4 * TRIAD * size_of::<f32>()) as f64 / 1e9, || {
        std::thread::scope(|scope| {
            for ((a, b), c) in a.chunks_mut(part).zip(b.chunks(part)).zip(c.chunks(part)) {
                scope.spawn(move || a.iter_mut().zip(b).zip(c).for_each(|((a, b), c)| *a = b + 3.0 * c));
            }
        });
    })
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
