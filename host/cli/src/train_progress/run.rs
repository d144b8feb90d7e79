//! Around a run's steps: its plan, the steps that a replay repeats, and answers being graded.

use hive_runtime::answer::Answer;
use hive_train::plan::Plan;
use hive_train::reporter::TrainReporter;

use super::{LINE_EVERY, TrainProgress};
use crate::columns::heading;
use crate::plan_text::{by_origin, rows};

impl TrainReporter for TrainProgress {
    fn plan(&mut self, plan: &Plan) {
        self.close();
        for (name, value) in rows(plan) {
            self.line(&format!("{} {value}", heading(name)));
        }
        for line in recipe(plan) {
            self.line(&line);
        }
        if plan.resumed_at > 0 {
            self.line(&format!("{} after step {}", heading("resuming"), plan.resumed_at));
        }
        self.done_before = plan.resumed_at;
        self.open_bar(plan.steps, "{bar:24.cyan/dim} step {pos}/{len}  {wide_msg}");
        if let Some(bar) = &self.bar {
            bar.set_position(plan.resumed_at);
            bar.set_message("first evaluation …");
        }
    }

    fn replayed(&mut self, done: u64, total: u64) {
        if self.bar.is_none() {
            self.open_bar(total, "{bar:24.cyan/dim} repeating steps: {pos}/{len}");
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

    fn grading(&mut self, who: &str, done: usize, total: usize, _: &Answer) {
        if done == 1 {
            self.open_bar(total as u64, "{bar:24.cyan/dim} grading {prefix}: prompt {pos}/{len}");
            if self.bar.is_none() {
                self.line(&format!("grading {who}: {total} prompts"));
            }
        }
        if let Some(bar) = &self.bar {
            bar.set_prefix(who.to_owned());
            bar.set_position(done as u64);
        }
        if done == total {
            self.close();
        }
    }
}

/// The plan's recipe, one origin after the other.
fn recipe(plan: &Plan) -> Vec<String> {
    let mut text = Vec::new();
    for (i, (origin, lines)) in by_origin(plan).into_iter().enumerate() {
        for (j, line) in lines.iter().enumerate() {
            let head = if i == 0 && j == 0 { "recipe" } else { "" };
            let from = if j == 0 { format!("{origin}: ") } else { " ".repeat(origin.len() + 2) };
            text.push(format!("{} {from}{line}", heading(head)));
        }
    }
    text
}
