//! A run's steps and evaluations.

use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use hive_engine::train::{EvalReport, Graded, Reporter, SkipReport, StepReport};

use super::{LINE_EVERY, TrainProgress};
use crate::fitting::fitted;
use crate::numbers::short;
use crate::progress_bar::{bar, bar_width};
use crate::screen::Screen;

/// Below so many columns no bar is drawn beside the text.
const NARROW: usize = 70;

/// Maximum time between plain lines, as far as steps finish.
const SILENCE: Duration = Duration::from_secs(30);

/// The template of the bar over steps: the text is a [`step_line`].
pub(super) fn steps_template(screen: Screen) -> String {
    match screen.width() {
        0..NARROW => "{wide_msg}".to_owned(),
        _ => format!("{} {{wide_msg}}", bar(screen)),
    }
}

/// One step: its number, loss, speed and the time left always; held-out loss, gradient and learning rate where there is
/// room. `metrics.jsonl` has all of them.
fn step_line(r: &StepReport, eval: Option<f64>, speed: f64, left: Duration, screen: Screen) -> String {
    let mut parts = vec![(0, format!("step {}/{}", r.step, r.total)), (0, format!("loss {:.4}", r.loss))];
    parts.extend(eval.map(|loss| (1, format!("eval {loss:.4}"))));
    parts.push((3, format!("lr {:.2e}", r.learning_rate)));
    parts.push((2, format!("grad {:.2}", r.grad_norm)));
    parts.push((0, format!("{speed:.0} tok/s")));
    parts.push((0, format!("{} left", short(left))));
    let beside = if screen.has_bars() && screen.width() >= NARROW { bar_width(screen) + 1 } else { 0 };
    fitted(&parts, "  ", screen.width() - beside)
}

impl Reporter for TrainProgress {
    fn step(&mut self, r: &StepReport) -> hive_engine::Result<()> {
        self.unsaved.store(true, Ordering::SeqCst);
        let (begin, before) = *self.begin.get_or_insert_with(|| {
            let spent = Duration::from_secs_f64(r.seconds.max(0.0));
            (Instant::now().checked_sub(spent).unwrap_or_else(Instant::now), r.step - 1)
        });
        let each = begin.elapsed().as_secs_f64() / (r.step - before) as f64;
        let left = Duration::from_secs_f64(each * (r.total - r.step) as f64);
        let speed = r.input_tokens as f64 / r.seconds;
        let text = step_line(r, self.last_eval, speed, left, self.screen);
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
                self.screen.note(&text);
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
        let graded = r.graded.map_or_else(String::new, |Graded { answers, right, credit, .. }| {
            let seconds = r.score_seconds;
            format!(", right answers {right} of {answers}, partial credit {credit:.3} ({seconds:.0} s for the answers)")
        });
        if let Some(bar) = self.bar.as_ref().filter(|_| r.step == 0) {
            bar.set_message(format!("step 0/{}  first step …", bar.length().unwrap_or(0)));
        }
        let at = if r.step == 0 { "before training".to_owned() } else { format!("after step {}", r.step) };
        let accuracy = 100.0 * r.token_accuracy;
        let text = format!("{at}: held-out loss {:.4}, token accuracy {accuracy:.1} %{graded}{best}", r.loss);
        self.row("evaluation", &text);
        Ok(())
    }

    fn skipped(&mut self, r: &SkipReport) -> hive_engine::Result<()> {
        self.unsaved.store(true, Ordering::SeqCst);
        let SkipReport { step, total, problem, skipped, .. } = r;
        self.row("skipped", &format!("step {step}/{total}: {problem}; {skipped} skipped so far"));
        if let Some(bar) = &self.bar {
            bar.set_position(*step);
        }
        Ok(())
    }

    fn saving(&mut self, _step: u64) -> hive_engine::Result<()> {
        Ok(())
    }

    fn checkpoint(&mut self, step: u64, path: &Path) -> hive_engine::Result<()> {
        self.unsaved.store(false, Ordering::SeqCst);
        tracing::debug!(step, path = %path.display(), "checkpoint");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::Level;
    use console::measure_text_width;

    fn line(screen: Screen) -> String {
        let report = StepReport {
            step: 1_200,
            total: 12_000,
            loss: 0.84213,
            grad_norm: 0.71,
            learning_rate: 1.25e-4,
            loss_tokens: 0,
            input_tokens: 0,
            seconds: 1.0,
        };
        step_line(&report, Some(0.9123), 1_234.0, Duration::from_secs(3_900), screen)
    }

    #[test]
    fn a_step_fits_every_terminal_and_keeps_what_matters() {
        for (width, bar, expected) in [
            (60, 0, "step 1200/12000  loss 0.8421  1234 tok/s  1h05m left"),
            (80, 11, "step 1200/12000  loss 0.8421  eval 0.9123  1234 tok/s  1h05m left"),
            (120, 25, "step 1200/12000  loss 0.8421  eval 0.9123  lr 1.25e-4  grad 0.71  1234 tok/s  1h05m left"),
        ] {
            let text = line(Screen::terminal(width));
            assert_eq!(text, expected, "{width}");
            assert!(measure_text_width(&text) + bar <= width, "{width}: {text}");
        }
        let plain = line(Screen::terminal(80).at(Level::Verbose));
        assert_eq!(plain, "step 1200/12000  loss 0.8421  eval 0.9123  grad 0.71  1234 tok/s  1h05m left");
    }
}
