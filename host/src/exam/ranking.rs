//! The checkpoints of a run by graded score, and whether the loss would have picked the same.

use serde::Serialize;

use super::report::Report;
use super::statistics::Rate;

/// One checkpoint.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ranked {
    /// Its name.
    pub name: String,
    /// Its step.
    pub step: u64,
    /// Its score.
    pub score: Rate,
    /// Its loss on the run's held-out records.
    pub eval_loss: Option<f64>,
}

/// Checkpoints, the best first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ranking {
    /// By score; among equals the lower loss, then the earlier step.
    pub checkpoints: Vec<Ranked>,
    /// The step that the loss would have picked.
    pub by_loss: Option<u64>,
    /// Whether that is the best by score, or as good.
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
                    Some(Ranked { name: c.name.clone(), step: *step, score: c.score, eval_loss: c.facts.eval_loss })
                }
                _ => None,
            })
            .collect();
        let loss = |r: &Ranked| r.eval_loss.unwrap_or(f64::INFINITY);
        checkpoints.sort_by(|a, b| {
            b.score.value.total_cmp(&a.score.value).then(loss(a).total_cmp(&loss(b))).then(a.step.cmp(&b.step))
        });
        let by_loss = checkpoints.iter().filter(|r| r.eval_loss.is_some()).min_by(|a, b| loss(a).total_cmp(&loss(b)));
        let agree = by_loss.zip(checkpoints.first()).map(|(picked, best)| picked.score.value >= best.score.value);
        let by_loss = by_loss.map(|r| r.step);
        Self { checkpoints, by_loss, agree }
    }
}
