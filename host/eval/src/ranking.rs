//! The checkpoints of a run ordered by right answers, and whether the loss would have picked the same one.

use hive_runtime::statistics::Figures;
use serde::Serialize;

use super::candidate::Origin;
use super::report::Report;

/// One checkpoint and its results.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RankedCheckpoint {
    /// Its name.
    pub name: String,
    /// Its step.
    pub step: u64,
    /// Right answers and partial credit.
    #[serde(flatten)]
    pub figures: Figures,
    /// Its loss on the run's held-out records, in nats per token.
    pub eval_loss: Option<f64>,
}

/// Checkpoints, the best first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ranking {
    /// By right answers; ties by partial credit, then lower loss, then earlier step.
    pub checkpoints: Vec<RankedCheckpoint>,
    /// The step with the lowest loss.
    pub by_loss: Option<u64>,
    /// Whether no checkpoint has more right answers than the one with the lowest loss.
    pub agree: Option<bool>,
}

impl Ranking {
    /// Ranks the checkpoints among a report's candidates.
    pub fn of(report: &Report) -> Self {
        let mut checkpoints: Vec<RankedCheckpoint> = report
            .candidates
            .iter()
            .filter_map(|c| match &c.origin {
                Origin::Run { step: Some(step), .. } => Some(RankedCheckpoint {
                    name: c.name.clone(),
                    step: *step,
                    figures: c.figures,
                    eval_loss: c.facts.eval_loss,
                }),
                _ => None,
            })
            .collect();
        let loss = |r: &RankedCheckpoint| r.eval_loss.unwrap_or(f64::INFINITY);
        checkpoints.sort_by(|a, b| {
            let (x, y) = (a.figures, b.figures);
            let by_right = y.right_answers.value.total_cmp(&x.right_answers.value);
            let by_credit = y.partial_credit.value.total_cmp(&x.partial_credit.value);
            by_right.then(by_credit).then(loss(a).total_cmp(&loss(b))).then(a.step.cmp(&b.step))
        });
        let by_loss = checkpoints.iter().filter(|r| r.eval_loss.is_some()).min_by(|a, b| loss(a).total_cmp(&loss(b)));
        let right = |r: &RankedCheckpoint| r.figures.right_answers.count();
        let agree = by_loss.zip(checkpoints.first()).map(|(picked, best)| right(picked) >= right(best));
        let by_loss = by_loss.map(|r| r.step);
        Self { checkpoints, by_loss, agree }
    }
}
