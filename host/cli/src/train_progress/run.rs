//! Around a run's steps: its plan, the steps that a replay repeats, and answers being graded.

use hive_errors::counted;
use hive_runtime::answer::Answer;
use hive_train::plan::Plan;
use hive_train::reporter::TrainReporter;

use super::steps::steps_template;
use super::{LINE_EVERY, TrainProgress};
use crate::plan_text::{about, brief, by_origin, rows};

impl TrainReporter for TrainProgress {
    fn plan(&mut self, plan: &Plan) {
        self.close();
        // A run that was stopped before its first checkpoint begins anew.
        if !self.repeats && plan.resumed_at > 0 {
            let time = about(plan.estimate.seconds);
            self.row("resuming", &format!("after step {} of {}, {time} left", plan.resumed_at, plan.steps));
        } else if self.screen.is_verbose() {
            rows(plan).iter().for_each(|(name, value)| self.row(name, value));
            by_origin(plan).iter().enumerate().for_each(|(i, text)| self.row(if i == 0 { "recipe" } else { "" }, text));
        } else {
            brief(plan, self.screen.row_width()).iter().for_each(|(name, value)| self.row(name, value));
            plan.concerns.iter().for_each(|concern| self.row("warning", concern));
        }
        if self.repeats && plan.resumed_at > 0 {
            self.row("resuming", &format!("after step {}", plan.resumed_at));
        }
        self.done_before = plan.resumed_at;
        self.open_bar(plan.steps, &steps_template(self.screen));
        if let Some(bar) = &self.bar {
            bar.set_position(plan.resumed_at);
            bar.set_message(format!("step {}/{}  first evaluation …", plan.resumed_at, plan.steps));
        }
    }

    fn replayed(&mut self, done: u64, total: u64) {
        if self.bar.is_none() {
            self.open_counted(total, "repeating steps: {pos}/{len}");
        }
        match &self.bar {
            Some(bar) => bar.set_position(done),
            None if done.is_multiple_of(LINE_EVERY) || done == total => {
                self.screen.note(&format!("step {done}/{total} repeated"))
            }
            None => {}
        }
        if done == total {
            self.close();
        }
    }

    fn grading(&mut self, who: &str, kind: &str, (done, total): (usize, usize), _: &Answer) {
        if done == 1 {
            self.open_counted(total as u64, "grading {prefix} prompts: {pos}/{len}");
            if self.bar.is_none() {
                self.row("grading", &format!("{who}: {}", counted(total as u64, &format!("{kind} prompt"))));
            }
        }
        if let Some(bar) = &self.bar {
            bar.set_prefix(format!("{who}, {kind}"));
            bar.set_position(done as u64);
        }
        if done == total {
            self.close();
        }
    }
}
