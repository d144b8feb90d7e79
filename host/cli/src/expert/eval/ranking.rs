//! The checkpoints of a run as a table, the best first, and whether the loss picks the same one.

use hive_eval::Ranking;

use crate::columns::Table;

/// The lines of the table, within this width.
pub(super) fn lines(ranking: &Ranking, width: Option<usize>) -> Vec<String> {
    let mut rows =
        vec![["rank", "checkpoint", "right answers", "partial credit", "eval loss"].map(str::to_owned).to_vec()];
    for (i, one) in ranking.checkpoints.iter().enumerate() {
        rows.push(vec![
            (i + 1).to_string(),
            one.name.clone(),
            one.figures.right_answers.share(),
            one.figures.partial_credit.credit(),
            one.eval_loss.map_or_else(|| "–".to_owned(), |loss| format!("{loss:.4}")),
        ]);
    }
    let mut lines = vec![String::new()];
    lines.extend(Table::new(rows).dropping(&[3, 4]).lines(width));
    lines.push(match (ranking.by_loss, ranking.agree) {
        (Some(step), Some(true)) => format!("The loss picks step {step}: no other has more right answers."),
        (Some(step), _) => format!("The loss picks step {step}: others have more right answers."),
        (None, _) => "No checkpoint was evaluated by its loss.".to_owned(),
    });
    lines
}
