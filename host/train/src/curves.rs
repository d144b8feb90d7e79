//! The lines of `metrics.jsonl` as curves and as scores with intervals, for the pages of runs.

use hive_pages::{Series, Style};
use hive_runtime::statistics::{Mean, Rate};
use hive_sdk::manifest::Metric;
use serde_json::Value;

/// (step, value) of every line that has this key.
pub(crate) fn points(lines: &[Value], key: &str) -> Vec<(f64, f64)> {
    lines.iter().filter_map(|line| Some((line["step"].as_f64()?, line[key].as_f64()?))).collect()
}

/// The number of the last step that was made.
pub(crate) fn last_step(lines: &[Value]) -> u64 {
    lines.iter().filter(|line| line["loss"].is_number()).filter_map(|line| line["step"].as_u64()).max().unwrap_or(0)
}

/// A curve by this name, with the values of this key.
pub(crate) fn series(lines: &[Value], name: &str, colour: usize, key: &str) -> Series {
    let points = points(lines, key);
    Series { name: name.to_owned(), what: name.to_owned(), colour, style: Style::Plain, points }
}

/// The step of the best evaluation so far.
pub(crate) fn best_step(lines: &[Value]) -> Option<u64> {
    lines.iter().rev().find(|line| line["best"] == true).and_then(|line| line["step"].as_u64())
}

/// What makes an evaluation the best, in words.
pub(crate) fn best_by(metric: Metric) -> &'static str {
    match metric {
        Metric::EvalLoss => "lowest held-out loss",
        Metric::TokenAccuracy => "highest token accuracy",
        Metric::Score => "highest partial credit",
    }
}

/// Right answers of an evaluation during training.
pub(crate) fn right_answers(line: &Value) -> Option<Rate> {
    let (share, of) = (line["right_answers"].as_f64()?, line["graded"].as_u64()? as usize);
    let right = (share * of as f64).round() as usize;
    Some(Rate::of((0..of).map(|i| i < right)))
}

/// Partial credit of an evaluation during training. Runs of older versions do not have its interval: it is then NaN.
pub(crate) fn partial_credit(line: &Value) -> Option<Mean> {
    let bound = |key: &str| line[key].as_f64().unwrap_or(f64::NAN);
    let (value, of) = (line["partial_credit"].as_f64()?, line["graded"].as_u64()? as usize);
    Some(Mean { value, of, low: bound("partial_credit_low"), high: bound("partial_credit_high") })
}

/// `37.5 % [13.7, 69.4] of 8`
pub(crate) fn rate_text(rate: Rate) -> String {
    format!("{rate} of {}", rate.of)
}

/// `0.345 [0.210, 0.480] of 8`
pub(crate) fn mean_text(mean: Mean) -> String {
    if mean.low.is_nan() {
        return format!("{} of {}, interval not recorded", mean.credit(), mean.of);
    }
    format!("{mean} of {}", mean.of)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn scores_during_training_have_their_number_and_interval() {
        let line = json!({
            "step": 5, "graded": 8, "right_answers": 0.375, "partial_credit": 0.5, "partial_credit_low": 0.25,
            "partial_credit_high": 0.75,
        });
        assert_eq!(right_answers(&line).map(rate_text).as_deref(), Some("37.5 % [13.7, 69.4] of 8"));
        assert_eq!(partial_credit(&line).map(mean_text).as_deref(), Some("0.500 [0.250, 0.750] of 8"));
        let older = json!({"step": 5, "graded": 8, "right_answers": 0.375, "partial_credit": 0.5});
        assert_eq!(partial_credit(&older).map(mean_text).as_deref(), Some("0.500 of 8, interval not recorded"));
        assert_eq!(right_answers(&json!({"step": 5, "eval_loss": 1.0})), None);
    }

    #[test]
    fn the_best_evaluation_is_the_last_that_was_best() {
        let line = |step: u64, best: bool| json!({"step": step, "eval_loss": 1.0, "best": best});
        assert_eq!(best_step(&[line(0, false), line(5, true), line(10, true), line(15, false)]), Some(10));
        assert_eq!(best_step(&[line(0, false)]), None);
        assert_eq!(last_step(&[json!({"step": 7, "loss": 1.0}), line(7, true), line(9, true)]), 7);
    }
}
