//! A run's steps and evaluations.

use std::path::Path;
use std::time::{Duration, Instant};

use hive_engine::train::{EvalReport, Graded, Reporter, SkipReport, StepReport};
use indicatif::HumanDuration;

use super::{LINE_EVERY, TrainProgress};
use crate::columns::heading;

/// Maximum time between plain lines, as far as steps finish.
const SILENCE: Duration = Duration::from_secs(30);

impl Reporter for TrainProgress {
    fn step(&mut self, r: &StepReport) -> hive_engine::Result<()> {
        let (begin, before) = *self.begin.get_or_insert_with(|| {
            let spent = Duration::from_secs_f64(r.seconds.max(0.0));
            (Instant::now().checked_sub(spent).unwrap_or_else(Instant::now), r.step - 1)
        });
        let each = begin.elapsed().as_secs_f64() / (r.step - before) as f64;
        let left = Duration::from_secs_f64(each * (r.total - r.step) as f64);
        let eval = self.last_eval.map_or_else(String::new, |l| format!("  eval {l:.4}"));
        let text = format!(
            "loss {:.4}{eval}  lr {:.2e}  grad {:.2}  {:.0} tok/s  {} left",
            r.loss,
            r.learning_rate,
            r.grad_norm,
            r.input_tokens as f64 / r.seconds,
            HumanDuration(left)
        );
        match &self.bar {
            Some(bar) => {
                // Set the text first: the bar may be drawn in between.
                bar.set_message(text);
                bar.set_position(r.step);
            }
            None if r.step.is_multiple_of(LINE_EVERY)
                || r.step == r.total
                || r.step == self.done_before + 1
                || self.last_line.is_none_or(|at| at.elapsed() >= SILENCE) =>
            {
                self.last_line = Some(Instant::now());
                self.screen.note(&format!("step {}/{}  {text}", r.step, r.total));
            }
            None => {}
        }
        Ok(())
    }

    fn evaluated(&mut self, r: &EvalReport) -> hive_engine::Result<()> {
        self.last_eval = Some(r.loss);
        let best = match r.place {
            Some(0) => ", the best so far",
            _ => "",
        };
        let graded = r.graded.map_or_else(String::new, |Graded { answers, right, credit }| {
            let seconds = r.score_seconds;
            format!(", right answers {right} of {answers}, partial credit {credit:.3} ({seconds:.0} s for the answers)")
        });
        if let Some(bar) = self.bar.as_ref().filter(|_| r.step == 0) {
            bar.set_message("first step …");
        }
        let at = if r.step == 0 { "before training".to_owned() } else { format!("after step {}", r.step) };
        self.line(&format!(
            "{} {at}: held-out loss {:.4}, token accuracy {:.1} %{graded}{best}",
            heading("evaluation"),
            r.loss,
            100.0 * r.token_accuracy
        ));
        Ok(())
    }

    fn skipped(&mut self, r: &SkipReport) -> hive_engine::Result<()> {
        let SkipReport { step, total, problem, skipped, .. } = r;
        self.line(&format!("{} step {step}/{total}: {problem}; {skipped} skipped so far", heading("skipped")));
        if let Some(bar) = &self.bar {
            bar.set_position(*step);
        }
        Ok(())
    }

    fn saving(&mut self, _step: u64) -> hive_engine::Result<()> {
        Ok(())
    }

    fn checkpoint(&mut self, step: u64, path: &Path) -> hive_engine::Result<()> {
        tracing::debug!(step, path = %path.display(), "checkpoint");
        Ok(())
    }
}
