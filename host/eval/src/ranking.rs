//! The checkpoints of a run by right answers, and whether the loss would have picked the same.

use hive_runtime::statistics::Figures;
use serde::Serialize;

use super::report::Report;

/// One checkpoint.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ranked {
    /// Its name.
    pub name: String,
    /// Its step.
    pub step: u64,
    /// Right answers and partial credit.
    #[serde(flatten)]
    pub figures: Figures,
    /// Its loss on the run's held-out records.
    pub eval_loss: Option<f64>,
}

/// Checkpoints, the best first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ranking {
    /// By right answers; among equals by partial credit, then the lower loss, then the earlier step.
    pub checkpoints: Vec<Ranked>,
    /// The step that the loss would have picked.
    pub by_loss: Option<u64>,
    /// Whether no other has more right answers.
    pub agree: Option<bool>,
}

impl Ranking {
    /// Of the checkpoints among a report's candidates.
    pub fn of(report: &Report) -> Self {
        let mut checkpoints: Vec<Ranked> = report
            .candidates
            .iter()
            .filter_map(|c| match &c.origin {
                super::candidate::Origin::Run { step: Some(step), .. } => {
                    Some(Ranked { name: c.name.clone(), step: *step, figures: c.figures, eval_loss: c.facts.eval_loss })
                }
                _ => None,
            })
            .collect();
        let loss = |r: &Ranked| r.eval_loss.unwrap_or(f64::INFINITY);
        checkpoints.sort_by(|a, b| {
            let (x, y) = (a.figures, b.figures);
            let by_right = y.right_answers.value.total_cmp(&x.right_answers.value);
            let by_credit = y.partial_credit.value.total_cmp(&x.partial_credit.value);
            by_right.then(by_credit).then(loss(a).total_cmp(&loss(b))).then(a.step.cmp(&b.step))
        });
        let by_loss = checkpoints.iter().filter(|r| r.eval_loss.is_some()).min_by(|a, b| loss(a).total_cmp(&loss(b)));
        let right = |r: &Ranked| r.figures.right_answers.count();
        let agree = by_loss.zip(checkpoints.first()).map(|(picked, best)| right(picked) >= right(best));
        let by_loss = by_loss.map(|r| r.step);
        Self { checkpoints, by_loss, agree }
    }
}
