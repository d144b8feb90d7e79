//! The comparison of runs as a self-contained page.

use std::path::Path;

use hive_pages::{Chart, ChartSpec, Mark, PageError, Series, Stopwatch, Style, line_chart, relative, render, smoothed};
use serde_json::json;

use super::{ComparedRun, RunComparison};
use crate::curves::{last_step, points, right_answers};
use crate::run_page::FILE;

/// What pages of this kind say they are.
pub const KIND: &str = "comparison of runs";

/// Number of colours that curves can have.
const COLOURS: usize = 6;

impl RunComparison {
    /// The page, to be written into `folder`: it links to the pages of the runs. `stopwatch` was started when the runs
    /// were read.
    ///
    /// # Errors
    /// When the template cannot be rendered.
    pub fn html(&self, folder: &Path, stopwatch: &Stopwatch) -> Result<String, PageError> {
        let link = |run: &ComparedRun| json!({"name": run.name, "href": relative(folder, &run.run.join(FILE))});
        let charts: Vec<Chart> =
            [self.training(), self.held_out(), self.right(), self.credit()].into_iter().flatten().collect();
        let values = json!({
            "names": self.runs.iter().map(|run| &run.name).collect::<Vec<_>>(),
            "links": self.runs.iter().map(link).collect::<Vec<_>>(), "charts": charts,
            "results": self.results(), "differences": self.differences, "remarks": self.remarks,
        });
        render(KIND, include_str!("page.html"), &[stopwatch.made()], &values)
    }

    fn training(&self) -> Option<Chart> {
        let half_life = self.half_life();
        let steps = if half_life == 1 { "step" } else { "steps" };
        line_chart(ChartSpec {
            title: "Training loss, smoothed",
            unit: "nats per loss token",
            span: None,
            last: self.last(),
            series: self.series("training loss", Style::Line, |run| smoothed(&points(&run.lines, "loss"), half_life)),
            marks: Vec::new(),
            note: format!("Exponential moving average of the losses of single steps, half-life {half_life} {steps}."),
        })
    }

    fn held_out(&self) -> Option<Chart> {
        let mark = |(series, run): (usize, &ComparedRun)| {
            let step = run.best_eval?.step as f64;
            Some(Mark { step, what: format!("lowest of {}", run.name), series })
        };
        line_chart(ChartSpec {
            title: "Held-out loss",
            unit: "nats per loss token",
            span: None,
            last: self.last(),
            series: self.series("held-out loss", Style::Plain, |run| points(&run.lines, "eval_loss")),
            marks: self.runs.iter().enumerate().filter_map(mark).collect(),
            note: "On each run's own held-out records.".to_owned(),
        })
    }

    fn right(&self) -> Option<Chart> {
        line_chart(ChartSpec {
            title: "Right answers to held-out records",
            unit: "share of 1",
            span: Some((0.0, 1.0)),
            last: self.last(),
            series: self.series("share of right answers", Style::Plain, |run| points(&run.lines, "right_answers")),
            marks: Vec::new(),
            note: self.answers(),
        })
    }

    fn credit(&self) -> Option<Chart> {
        line_chart(ChartSpec {
            title: "Partial credit for answers to held-out records",
            unit: "mean score, 0 to 1",
            span: Some((0.0, 1.0)),
            last: self.last(),
            series: self.series("partial credit", Style::Plain, |run| points(&run.lines, "partial_credit")),
            marks: Vec::new(),
            note: self.answers(),
        })
    }

    /// One curve per run.
    fn series(&self, what: &str, style: Style, points: impl Fn(&ComparedRun) -> Vec<(f64, f64)>) -> Vec<Series> {
        let one = |(i, run): (usize, &ComparedRun)| Series {
            name: run.name.clone(),
            what: format!("{what} of {}", run.name),
            colour: i % COLOURS + 1,
            style,
            points: points(run),
        };
        self.runs.iter().enumerate().map(one).collect()
    }

    /// How many answers there were at an evaluation.
    fn answers(&self) -> String {
        let of = |run: &ComparedRun| Some(format!("{} of {}", run.lines.iter().find_map(right_answers)?.of, run.name));
        let all: Vec<String> = self.runs.iter().filter_map(of).collect();
        format!("Answers that were graded at each evaluation during training: {}.", all.join(", "))
    }

    fn last(&self) -> u64 {
        self.runs.iter().map(|run| last_step(&run.lines)).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use hive_tests::check_all;

    use super::super::tests::two;
    use super::*;

    #[test]
    fn the_page_has_the_curves_and_tables_of_all_runs_and_links_to_them() {
        let place = tempfile::tempdir().unwrap();
        let compared = two(place.path());
        std::fs::write(place.path().join("sql-2/report.html"), "").unwrap();
        let folder = place.path().join("side");
        let page = compared.html(&folder, &Stopwatch::start()).unwrap();
        assert!(hive_pages::is_page(KIND, &page), "{page}");
        check_all(
            [
                "<th scope=\"row\">adapter.rank</th>",
                "half-life 1 step.",
                "Training loss of sql-1 falls from 2.5 at step 1 to ",
                "Held-out loss of sql-2 falls from 2.5 at step 0 to 0.75 at step 3; lowest 0.5 at step 2",
                ">lowest of sql-1: step 2</text>",
                "<a href=\"..&#x2f;sql-2&#x2f;report.html\">",
                "50.0 % [9.5, 90.5] of 2",
            ],
            |part| assert!(page.contains(part), "`{part}` is missing:\n{page}"),
        );
        assert!(!page.contains("sql-1&#x2f;report.html"), "a page that is not there is not linked");
        assert!(!page.contains("Right answers to held-out records"), "no answer was graded during training");
    }
}
