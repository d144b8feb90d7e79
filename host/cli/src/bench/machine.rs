//! `hive bench machine`: the machine's limits, for comparison with measured speeds.

mod limits;
mod products;

use std::time::Instant;

use clap::Args;
use serde_json::json;

use super::median;
use crate::error::CommandResult;
use crate::numbers::whole;
use crate::output::result;
use limits::{multiply_add_peak, triad};
use products::products;

/// Repetitions per measurement; the median is reported.
const TIMES: usize = 5;

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

impl BenchMachine {
    pub(super) fn run(self) -> CommandResult {
        let threads = hive_engine::threads();
        let (one, all) = (multiply_add_peak(1), multiply_add_peak(threads));
        let triad = triad(threads);
        let products = products(self.tokens);
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
