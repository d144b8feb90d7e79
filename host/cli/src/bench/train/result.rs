//! The result of timing, as a text and as one JSON line.

use hive_train::metrics::peak_memory_mb;
use serde_json::json;

use super::super::median;
use super::timed::Timed;

/// The result; `trainable` is the number of trainable parameters.
pub(super) fn text(timed: &Timed, trainable: usize, as_json: bool) -> String {
    let step_s = median(&timed.seconds);
    let tokens_per_s = timed.tokens as f64 / step_s;
    let gflops = timed.flops / step_s / 1e9;
    let peak = peak_memory_mb();
    if as_json {
        return json!({
            "tokens_per_s": round(tokens_per_s, 2), "step_s": round(step_s, 4), "steps_s": timed.seconds,
            "useful_gflop_per_s": round(gflops, 2), "peak_rss_mb": peak, "losses": timed.losses,
            "trainable": trainable, "threads": hive_engine::threads(), "tokens_per_step": timed.tokens,
        })
        .to_string();
    }
    let peak = peak.map_or_else(String::new, |mb| format!(", peak {mb} MB"));
    let losses = timed.losses.iter().map(|l| format!("{l:.5}")).collect::<Vec<_>>().join(" ");
    format!(
        "{tokens_per_s:.1} tokens/s, {step_s:.3} s per step of {} tokens, {gflops:.1} useful GFLOP/s, {trainable} \
         trainable parameters{peak}\nloss {losses}",
        timed.tokens
    )
}

fn round(value: f64, digits: i32) -> f64 {
    let unit = 10f64.powi(digits);
    (value * unit).round() / unit
}
